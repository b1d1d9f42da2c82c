//! Incidents.

use domain::{
    clock::Timestamp,
    incident::{Incident, IncidentKind, Progress},
    outcome::ReasonKind,
};
use serde::Serialize;
use store::{IncidentEvent, IncidentEventKind, Standing};
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, delivery::DeliveryView, forecast::HeldView, ms, one_of, policy::severities};

fn states() -> Object {
    one_of(["open", "resolved"])
}

fn events() -> Object {
    one_of(IncidentEventKind::ALL.iter().map(|k| k.as_str()))
}

fn kinds() -> Object {
    one_of(IncidentKind::ALL.iter().map(|k| k.as_str()))
}

fn reasons() -> Object {
    one_of(ReasonKind::ALL.iter().map(|k| k.as_str()))
}

/// An outage or a warning of a monitor, or a trouble of Watchbell itself.
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
    /// What it is about: the monitor is down, up but slow, its certificate is about to expire, or Watchbell cannot look.
    #[schema(schema_with = kinds)]
    pub kind: &'static str,
    /// Of the policy that it had when it opened; `critical` without one. What is not `down` is a `warning` at most.
    #[schema(schema_with = severities)]
    pub severity: &'static str,
    /// When it began.
    pub since: Time,
    /// When it was confirmed.
    pub opened_at: Time,
    pub acknowledged_at: Option<Time>,
    pub acknowledged_by: Option<String>,
    pub resolved_at: Option<Time>,
    /// From `since` to the end, or to now while it lasts.
    pub duration_ms: f64,
    #[schema(schema_with = reasons)]
    pub reason_kind: &'static str,
    pub reason: String,
}

/// An incident with all that followed from it.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentDetail {
    #[serde(flatten)]
    pub incident: IncidentView,
    /// Where telling people stands. `null`: it is from before there were policies.
    pub escalation: Option<EscalationView>,
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
    /// The reason, who acknowledged, what holds it back (`parent:7`), or until when it is snoozed and by whom.
    pub detail: String,
}

/// For how long nobody is to be told anything more.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnoozeDraft {
    /// From 1m to 7d.
    #[serde(rename = "for")]
    #[schema(example = "2h")]
    pub span: String,
}

/// How far an incident has come in telling people.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationView {
    /// `null`: the channels of the monitor alone.
    pub policy: Option<IncidentPolicy>,
    /// From when the delays of the steps count. `null`: nobody was told yet, because something holds it back.
    pub begun_at: Option<Time>,
    /// When there is something to do; `null`: not by the clock.
    pub next_at: Option<Time>,
    /// Nobody is told before this ends.
    pub held: Option<HeldView>,
    /// Somebody wants to hear nothing before then.
    pub snoozed_until: Option<Time>,
    pub snoozed_by: Option<String>,
    /// The target is up again; it is told then, if it stays so.
    pub recovering_until: Option<Time>,
    /// It changes too often to be told of each change.
    pub flapping: bool,
    /// How many there were.
    pub reminders: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentPolicy {
    pub id: i64,
    pub name: String,
}

impl From<Standing> for EscalationView {
    fn from(standing: Standing) -> Self {
        let e = standing.escalation;
        let policy = standing.policy;
        Self {
            policy: policy.map(|(id, name)| IncidentPolicy { id: id.0, name }),
            begun_at: e.begun_at.map(Time),
            next_at: e.next_at.map(Time),
            held: e.held.map(Into::into),
            snoozed_until: e.snoozed_until.map(Time),
            snoozed_by: standing.snoozed_by.filter(|_| e.snoozed_until.is_some()),
            recovering_until: e.recovering.map(|r| Time(r.until)),
            flapping: e.flapping.is_some(),
            reminders: e.reminders,
        }
    }
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
            kind: incident.kind.as_str(),
            severity: incident.severity.as_str(),
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
