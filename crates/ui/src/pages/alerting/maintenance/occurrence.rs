//! One window of a rule: ended now, called off, or let happen after all.

use axum::{Form as FormBody, extract::Path};
use domain::{clock::Timestamp, maintenance::Maintenance};

use super::find;
use crate::{Flash, SignedIn, Typed, error, pages::form::value};

pub(super) async fn end(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let m = find(who.store(), &id).await?;
    let ended = who.store().maintenances().end(m.id, who.by()).await?;
    let flash = match ended {
        Some(_) => {
            tracing::info!(
                maintenance.id = m.id.0,
                user = who.by(),
                "maintenance window ended"
            );
            "flash-maintenance-ended"
        }
        None => "flash-maintenance-not-open",
    };
    Ok(Flash::good(flash)
        .about(&m.config.title)
        .redirect(&who.visit, "/maintenance"))
}

pub(super) async fn cancel(who: SignedIn, Path(id): Path<String>, FormBody(typed): Typed) -> error::Result {
    let m = find(who.store(), &id).await?;
    let cancelled = match from(&typed) {
        Some(from) => who.store().maintenances().cancel(m.id, from, who.by()).await?,
        None => None,
    };
    if cancelled.is_some() {
        tracing::info!(
            maintenance.id = m.id.0,
            user = who.by(),
            "one maintenance window called off"
        );
    }
    Ok(done(&who, &m, cancelled.is_some(), "flash-maintenance-cancelled"))
}

pub(super) async fn restore(who: SignedIn, Path(id): Path<String>, FormBody(typed): Typed) -> error::Result {
    let m = find(who.store(), &id).await?;
    let restored = match from(&typed) {
        Some(from) => who.store().maintenances().restore(m.id, from).await?,
        None => None,
    };
    if restored.is_some() {
        tracing::info!(
            maintenance.id = m.id.0,
            user = who.by(),
            "one maintenance window happens after all"
        );
    }
    Ok(done(&who, &m, restored.is_some(), "flash-maintenance-restored"))
}

fn from(typed: &[(String, String)]) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(value(typed, "from"))
}

fn done(who: &SignedIn, m: &Maintenance, done: bool, good: &str) -> axum::response::Response {
    let flash = if done {
        Flash::good(good)
    } else {
        Flash::bad("flash-maintenance-passed")
    };
    let flash = flash.about(&m.config.title);
    flash.redirect(&who.visit, &format!("/maintenance/{}", m.id))
}
