//! `/metrics` in OpenMetrics text. Numbers are read when they are asked for; nothing is counted twice.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{clock::Timestamp, state::Status};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::ConstCounter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use store::{StoreError, accounts::Scope};

use crate::probes::Vitals;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByState {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByProfile {
    profile: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByZone {
    zone: String,
}

pub(crate) fn router(vitals: Vitals) -> Router {
    Router::new().route("/metrics", get(show)).with_state(vitals)
}

async fn show(State(vitals): State<Vitals>, headers: HeaderMap) -> Response {
    match may_read(&vitals, &headers).await {
        Ok(true) => {}
        Ok(false) => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"watchbell\"")];
            let text = "Send an API token with the scope read: Authorization: Bearer <token>.\n";
            return (StatusCode::UNAUTHORIZED, challenge, text).into_response();
        }
        Err(error) => return unavailable(&error),
    }
    match collect(&vitals).await {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &StoreError) -> Response {
    tracing::warn!(error = %error, "metrics could not be read");
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "The database does not answer; see the log.\n",
    )
        .into_response()
}

async fn may_read(vitals: &Vitals, headers: &HeaderMap) -> Result<bool, StoreError> {
    if vitals.store.settings().general().await?.metrics_open {
        return Ok(true);
    }
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    let Some(bearer) = bearer else { return Ok(false) };
    let token = vitals.store.accounts().token(bearer.trim()).await?;
    Ok(token.is_some_and(|t| matches!(t.scope, Scope::Read | Scope::Write)))
}

async fn collect(vitals: &Vitals) -> Result<String, StoreError> {
    let mut registry = Registry::with_prefix("watchbell");

    let monitors = Family::<ByStatus, Gauge>::default();
    for status in Status::ALL {
        monitors
            .get_or_create(&ByStatus {
                status: status.as_str(),
            })
            .set(0);
    }
    let counts = vitals.store.monitors().counts().await?;
    for (status, count) in vitals.scheduler.count_stale(counts) {
        monitors
            .get_or_create(&ByStatus {
                status: status.as_str(),
            })
            .set(clamp(count));
    }
    registry.register("monitors", "Monitors by status", monitors);

    let open = vitals.store.incidents().open_count().await?;
    gauge(
        &mut registry,
        "incidents_open",
        "Incidents that are open",
        clamp(open),
    );

    let neglected = vitals.store.channels().neglected().await?;
    gauge(
        &mut registry,
        "channels_needing_attention",
        "Channels whose receivers refuse them as such",
        i64::try_from(neglected.len()).unwrap_or(i64::MAX),
    );

    deliveries(&mut registry, &vitals.store, vitals.clock.now()).await?;
    breakers(&mut registry, &vitals.store).await?;

    let offline = Family::<ByZone, Gauge>::default();
    for zone in vitals.store.settings().zones().await?.zones.iter() {
        let zone = zone.name.to_string();
        offline.get_or_create(&ByZone { zone }).set(0);
    }
    for (zone, _) in vitals.scheduler.offline() {
        let zone = zone.to_string();
        offline.get_or_create(&ByZone { zone }).set(1);
    }
    let help = "1 while no reference of the zone answers: what fails there is unknown";
    registry.register("zone_offline", help, offline);

    let health = vitals.scheduler.health();
    counter(
        &mut registry,
        "self_checks",
        "How often the references of a zone were asked",
        health.self_checks,
    );
    let running = i64::try_from(health.running).unwrap_or(i64::MAX);
    gauge(&mut registry, "checks_running", "Checks under way", running);
    counter(&mut registry, "checks", "Checks since the start", health.checks);
    counter(
        &mut registry,
        "checks_skipped",
        "Checks skipped because of overload",
        health.skipped,
    );
    let dropped = vitals.store.samples().dropped();
    counter(
        &mut registry,
        "samples_dropped",
        "Samples that could not be kept",
        dropped,
    );

    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = encode(&mut text, &registry);
    Ok(text)
}

pub(crate) async fn deliveries(
    registry: &mut Registry,
    store: &store::Store,
    now: Timestamp,
) -> Result<(), StoreError> {
    let backlog = store.outbox().backlog().await?;
    let oldest = backlog.oldest_pending.map_or(0, |t| now.since(t).as_secs());
    gauge(
        registry,
        "deliveries_pending",
        "Deliveries not final yet",
        clamp(backlog.pending),
    );
    gauge(
        registry,
        "deliveries_waiting",
        "Deliveries that wait for settings",
        clamp(backlog.waiting),
    );
    gauge(
        registry,
        "deliveries_failed",
        "Deliveries that failed or expired in the last 24 hours",
        clamp(backlog.failed),
    );
    let age = Gauge::<i64>::default();
    age.set(clamp(oldest));
    let help = "Age of the oldest delivery that is not final";
    registry.register_with_unit("deliveries_oldest_pending", help, Unit::Seconds, age);
    gauge(
        registry,
        "deliveries_due",
        "Deliveries that could be taken now, and were not yet",
        clamp(backlog.due),
    );
    let ended = Family::<ByState, Gauge>::default();
    for (state, count) in store.outbox().ended().await? {
        let state = state.as_str();
        ended.get_or_create(&ByState { state }).set(clamp(count));
    }
    let help = "Deliveries that ended in the last 24 hours, by how they ended";
    registry.register("deliveries_ended", help, ended);
    Ok(())
}

/// By the id of the mail profile; one that was never used is closed.
pub(crate) async fn breakers(registry: &mut Registry, store: &store::Store) -> Result<(), StoreError> {
    let open = Family::<ByProfile, Gauge>::default();
    for (id, health) in store.mail().health_of_all().await? {
        let is_open = health.breaker.open_since().is_some();
        let profile = id.to_string();
        open.get_or_create(&ByProfile { profile }).set(is_open.into());
    }
    let help = "1 while the mail server fails and one message at a time tries it";
    registry.register("mail_breaker_open", help, open);
    Ok(())
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn counter(registry: &mut Registry, name: &str, help: &str, value: u64) {
    registry.register(name, help, ConstCounter::new(value));
}

fn clamp(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
