//! The zones and their references.

use axum::{Json, extract::State};
use domain::{field::FieldError, reach::Zones};
use store::{StoreError, ZonesRevision};

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::Body,
    wire::zones::{ZonesDraft, ZonesView},
};

/// So many times offline are shown.
const GAPS: u64 = 20;

/// Read the zones
#[utoipa::path(get, path = "/settings/zones", tag = "settings", operation_id = "get_zones",
    responses((status = 200, body = ZonesView)))]
pub(crate) async fn get(_: Reader, State(app): State<App>) -> Result<Json<ZonesView>, Problem> {
    let stored = app.store.settings().zones().await.map_err(failure)?;
    Ok(Json(view(&app, stored).await?))
}

/// Save the zones
///
/// The next self-check asks these references; they are asked once at once. `wan` and `lan` are as usual when they are left
/// out; another zone that is left out is gone, which is refused while monitors are in it.
#[utoipa::path(put, path = "/settings/zones", tag = "settings", operation_id = "put_zones",
    request_body = ZonesDraft,
    responses((status = 200, body = ZonesView)))]
pub(crate) async fn put(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<Json<ZonesView>, Problem> {
    let zones = Zones::from_json(body)?;
    let saved = app.store.settings().save_zones(&zones, &caller.name).await;
    let saved = saved.map_err(refusal)?;
    app.scheduler.zones_changed();
    tracing::info!(settings.revision = saved.revision, caller = %caller.name, "zones saved");
    Ok(Json(view(&app, saved).await?))
}

async fn view(app: &App, stored: ZonesRevision) -> Result<ZonesView, Problem> {
    let gaps = app.store.gaps();
    let answers = gaps.answers(&stored.zones).await.map_err(failure)?;
    let recent = gaps.recent(GAPS).await.map_err(failure)?;
    Ok(ZonesView::new(stored, &app.scheduler.offline(), &answers, recent))
}

fn refusal(e: StoreError) -> Problem {
    match e {
        StoreError::ZoneInUse { zone, monitors } => FieldError::new(
            "zones",
            "zone-in-use",
            format!(
                "{monitors} monitors are in the zone \"{zone}\". Give them another zone before you remove it."
            ),
        )
        .into(),
        other => failure(other),
    }
}
