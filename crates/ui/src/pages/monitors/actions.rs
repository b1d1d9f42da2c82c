//! Pausing, resuming and deleting a monitor.

use askama::Template;
use axum::extract::Path;
use domain::{
    clock::Timestamp,
    id::{IncidentId, MonitorId},
};

use super::find;
use crate::{
    Flash, Section, Shell, SignedIn,
    error::{self, Error},
    shell::page,
};

#[derive(Template)]
#[template(path = "pages/monitors/delete.html")]
pub(crate) struct DeletePage {
    pub(super) shell: Shell,
    pub(super) href: String,
    pub(super) name: String,
    pub(super) target: String,
    pub(super) created_at: Timestamp,
    pub(super) incident: Option<IncidentId>,
}

pub(super) async fn pause(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    set_enabled(&signed_in, &id, false, "flash-monitor-paused").await
}

pub(super) async fn resume(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    set_enabled(&signed_in, &id, true, "flash-monitor-resumed").await
}

async fn set_enabled(signed_in: &SignedIn, id: &str, enabled: bool, flash: &str) -> error::Result {
    let id: MonitorId = id.parse().map_err(|_| Error::NotFound)?;
    let monitor = signed_in.store().monitors().set_enabled(id, enabled).await?;
    let monitor = monitor.ok_or(Error::NotFound)?;
    signed_in.visit.app.scheduler.changed(id);
    tracing::info!(
        monitor.id = id.0,
        monitor.enabled = enabled,
        user = signed_in.by(),
        "monitor switched"
    );
    let flash = Flash::good(flash).about(&monitor.config.name);
    Ok(flash.redirect(&signed_in.visit, &format!("/monitors/{id}")))
}

pub(super) async fn ask(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let (monitor, _) = find(signed_in.store(), &id).await?;
    let open = signed_in.store().incidents().open_of(&[monitor.id]).await?;
    page(&DeletePage {
        shell: signed_in.shell(Section::Monitors, "monitor-delete-title"),
        href: format!("/monitors/{}", monitor.id),
        target: monitor.config.target.to_string(),
        created_at: monitor.created_at,
        incident: open.get(&monitor.id).map(|i| i.id),
        name: monitor.config.name,
    })
}

pub(super) async fn delete(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let (monitor, _) = find(signed_in.store(), &id).await?;
    signed_in.store().monitors().delete(monitor.id).await?;
    signed_in.visit.app.scheduler.changed(monitor.id);
    tracing::info!(
        monitor.id = monitor.id.0,
        user = signed_in.by(),
        "monitor deleted"
    );
    let flash = Flash::good("flash-monitor-deleted").about(&monitor.config.name);
    Ok(flash.redirect(&signed_in.visit, "/monitors"))
}
