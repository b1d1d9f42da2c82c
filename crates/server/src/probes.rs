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
use serde_json::{Map, json};

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
    let mut stale = Map::new();
    match tokio::time::timeout(Duration::from_secs(3), vitals.store.ping()).await {
        Ok(Ok(())) => {}
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
    if stale.is_empty() && offline.is_empty() {
        Json(json!({ "ready": true })).into_response()
    } else if stale.is_empty() {
        Json(json!({ "ready": true, "offline_since": offline })).into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "ready": false, "stale": stale })),
        )
            .into_response()
    }
}

fn is_stale(now: Timestamp, tick: Timestamp) -> bool {
    now.since(tick) > STALE
}
