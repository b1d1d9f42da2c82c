//! `/healthz` and `/readyz`: does the process live, and does the whole loop work.

use std::{sync::Arc, time::Duration};

use alert::dead_man::Pulse;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::clock::{Clock, Timestamp};
use serde_json::{Map, Value, json};
use store::StoreError;

/// A tick older than this is stale.
const STALE: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(crate) struct Vitals {
    pub(crate) store: store::Store,
    pub(crate) scheduler: scheduler::Handle,
    pub(crate) dispatcher: alert::DispatcherHandle,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Vitals {
    /// What the dead-man's switch looks at.
    pub(crate) fn pulse(&self) -> Pulse {
        let (scheduler, dispatcher) = (self.scheduler.health(), self.dispatcher.health());
        Pulse {
            scheduler_tick: scheduler.last_tick,
            scheduler_behind: scheduler.behind,
            dispatcher_tick: dispatcher.last_tick,
        }
    }
}

pub(crate) fn router(vitals: Vitals) -> Router {
    Router::new()
        .route(
            "/healthz",
            get(|| async { ([(header::CACHE_CONTROL, "no-store")], "ok\n") }),
        )
        .route("/readyz", get(ready))
        .with_state(vitals)
}

async fn ready(State(vitals): State<Vitals>) -> Response {
    let now = vitals.clock.now();
    let (mut stale, mut found) = (Map::new(), Map::new());
    let answers = async {
        vitals.store.ping().await?;
        messages(&vitals.store, now).await
    };
    match tokio::time::timeout(Duration::from_secs(3), answers).await {
        Ok(Ok(messages)) => found = messages,
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "the database does not answer");
            stale.insert("database".into(), "does not answer; see the log".into());
        }
        Err(_) => {
            stale.insert("database".into(), "no answer within 3 s".into());
        }
    }
    let ticks = [
        ("scheduler", vitals.scheduler.health().last_tick),
        ("dispatcher", vitals.dispatcher.health().last_tick),
    ];
    for (name, last) in ticks {
        if is_stale(now, last) {
            stale.insert(name.into(), format!("last tick at {last}").into());
        }
    }
    // Being offline is no reason to restart anything, so it is told and changes nothing.
    let offline: Map<_, _> = vitals
        .scheduler
        .offline()
        .into_iter()
        .map(|(zone, since)| (zone.to_string(), since.to_rfc3339().into()))
        .collect();
    found.insert("ready".into(), stale.is_empty().into());
    if stale.is_empty() {
        if !offline.is_empty() {
            found.insert("offline_since".into(), offline.into());
        }
        return Json(found).into_response();
    }
    found.insert("stale".into(), stale.into());
    (StatusCode::SERVICE_UNAVAILABLE, Json(found)).into_response()
}

/// How the messages do. A receiver or a mail server that is down is no reason to restart anything either.
async fn messages(store: &store::Store, now: Timestamp) -> Result<Map<String, Value>, StoreError> {
    let backlog = store.outbox().backlog().await?;
    let outbox = json!({
        "oldest_pending_seconds": backlog.oldest_pending.map(|t| now.since(t).as_secs()),
        "due": backlog.due,
        "failed_24h": backlog.failed,
    });
    let mut found = Map::from_iter([("outbox".to_owned(), outbox)]);
    let health = store.mail().health_of_all().await?;
    let mut open: Vec<_> = health
        .into_iter()
        .filter_map(|(id, health)| Some((id.0, health.breaker.open_since()?)))
        .collect();
    open.sort_unstable();
    if !open.is_empty() {
        let open: Map<_, _> = open
            .into_iter()
            .map(|(id, since)| (id.to_string(), since.to_rfc3339().into()))
            .collect();
        found.insert("mail_breakers_open_since".into(), open.into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests;

fn is_stale(now: Timestamp, tick: Timestamp) -> bool {
    now.since(tick) > STALE
}
