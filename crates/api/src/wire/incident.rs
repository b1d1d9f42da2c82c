//! Incidents.

use domain::{
    clock::Timestamp,
    incident::{Incident, Progress},
    outcome::ReasonKind,
};
use serde::Serialize;
use store::IncidentEvent;
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, delivery::DeliveryView, ms, one_of};

fn states() -> Object {
    one_of(["open", "resolved"])
}

fn events() -> Object {
    one_of(["opened", "acknowledged", "resolved"])
}

fn reasons() -> Object {
    one_of(ReasonKind::ALL.iter().map(|k| k.as_str()))
}

/// An outage, or a trouble of Watchbell itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentView {
    pub id: i64,
    /// `null`: it is of no monitor, but of Watchbell itself.
    pub monitor_id: Option<i64>,
    /// The name now, or the last one of a monitor that is gone; `Watchbell: …` of a trouble of Watchbell itself.
    pub monitor_name: String,
    /// What of Watchbell itself is in trouble: `zone:<name>`, `channel:<id>`; `null` of a monitor's.
    pub origin: Option<String>,
    #[schema(schema_with = states)]
    pub state: &'static str,
    /// The first failing check.
    pub since: Time,
    /// When the failure was confirmed.
    pub opened_at: Time,
    pub acknowledged_at: Option<Time>,
    pub acknowledged_by: Option<String>,
    pub resolved_at: Option<Time>,
    /// From the first failing check to the recovery, or to now while it lasts.
    pub duration_ms: f64,
    #[schema(schema_with = reasons)]
    pub reason_kind: &'static str,
    pub reason: String,
}

/// An outage with all that followed from it.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentDetail {
    #[serde(flatten)]
    pub incident: IncidentView,
    /// Oldest first.
    pub events: Vec<IncidentEventView>,
    /// Newest first, at most 500; the rest is at `/deliveries?incident=`.
    pub deliveries: Vec<DeliveryView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentEventView {
    pub at: Time,
    #[schema(schema_with = events)]
    pub event: &'static str,
    /// The reason, or who acknowledged.
    pub detail: String,
}

impl IncidentView {
    pub(crate) fn new(incident: &Incident, monitor_name: String, now: Timestamp) -> Self {
        let acknowledged = match &incident.progress {
            Progress::Open => None,
            Progress::Acknowledged { at, by } => Some((*at, by.clone())),
            Progress::Resolved { acknowledged, .. } => acknowledged.clone(),
        };
        let (acknowledged_at, acknowledged_by) = acknowledged.unzip();
        Self {
            id: incident.id.0,
            monitor_id: incident.origin.monitor().map(|id| id.0),
            monitor_name,
            origin: incident.origin.own(),
            state: if incident.is_open() { "open" } else { "resolved" },
            since: Time(incident.since),
            opened_at: Time(incident.opened_at),
            acknowledged_at: acknowledged_at.map(Time),
            acknowledged_by,
            resolved_at: incident.resolved_at().map(Time),
            duration_ms: ms(incident.duration(now)),
            reason_kind: incident.reason.kind.as_str(),
            reason: incident.reason.detail.clone(),
        }
    }
}

impl From<IncidentEvent> for IncidentEventView {
    fn from(e: IncidentEvent) -> Self {
        Self {
            at: Time(e.at),
            event: e.kind.as_str(),
            detail: e.detail,
        }
    }
}
