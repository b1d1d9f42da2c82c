//! The body of a webhook. Its shape is published in `docs/webhook-schema.json`; a test holds the two together.
//!
//! Fields are only ever added. Everything that has no value is `null` and present, so that a receiver can rely on names.

use domain::{
    delivery::{Event, Notice, Subject},
    incident::{Incident, IncidentKind, Progress},
    outcome::Reason,
};
use serde::Serialize;

use crate::links::Pages;

#[derive(Serialize)]
pub(super) struct Payload<'a> {
    r#type: &'static str,
    /// When it happened, not when it was sent: the header has that.
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    incident: Option<IncidentView<'a>>,
    monitor: Option<MonitorView<'a>>,
    check: Option<CheckView<'a>>,
}

#[derive(Serialize)]
struct IncidentView<'a> {
    id: i64,
    /// What of Watchbell itself is in trouble, as `channel:7`; `None` where it is a monitor.
    origin: Option<String>,
    /// What it is about: `down`, `degraded`, `certificate`, `no_data`.
    kind: IncidentKind,
    severity: &'static str,
    state: &'static str,
    since: String,
    opened_at: String,
    acknowledged_at: Option<String>,
    acknowledged_by: Option<&'a str>,
    resolved_at: Option<String>,
    /// From the first failing check to the recovery, or to the event while the incident is open.
    duration_seconds: u64,
    reason: ReasonView<'a>,
    url: String,
    /// Where whoever reads this acknowledges it without a login; `None` where there is nothing to acknowledge.
    acknowledge_url: Option<String>,
}

#[derive(Serialize)]
struct MonitorView<'a> {
    id: i64,
    name: &'a str,
    kind: &'a str,
    target: &'a str,
    tags: &'a [String],
    url: String,
}

/// The verdict that the event stands on.
#[derive(Serialize)]
struct CheckView<'a> {
    status: &'static str,
    at: String,
    reason: Option<ReasonView<'a>>,
}

#[derive(Serialize)]
struct ReasonView<'a> {
    kind: &'static str,
    detail: &'a str,
}

impl<'a> Payload<'a> {
    pub(super) fn new(notice: &'a Notice, pages: Pages<'_>) -> Self {
        let data = match &notice.subject {
            None => Data {
                incident: None,
                monitor: None,
                check: None,
            },
            Some(subject) => Data::about(subject, notice, pages),
        };
        Self {
            r#type: named(notice),
            timestamp: notice.at.to_rfc3339(),
            data,
        }
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// What happened, by the name that receivers know it by.
pub(super) fn named(notice: &Notice) -> &'static str {
    let kind = notice.subject.as_ref().map(|s| s.incident.kind);
    notice.event.name_of(kind.unwrap_or_default())
}

impl<'a> Data<'a> {
    fn about(subject: &'a Subject, notice: &'a Notice, pages: Pages<'_>) -> Self {
        let (incident, monitor) = (&subject.incident, &subject.monitor);
        Self {
            incident: Some(IncidentView::new(incident, notice, pages)),
            monitor: incident.origin.monitor().map(|id| MonitorView {
                id: id.0,
                name: &monitor.name,
                kind: &monitor.kind,
                target: &monitor.target,
                tags: &monitor.tags,
                url: pages.links.monitor(id),
            }),
            check: (incident.origin.monitor()).and_then(|_| CheckView::new(subject, notice.event)),
        }
    }
}

impl<'a> IncidentView<'a> {
    fn new(incident: &'a Incident, notice: &Notice, pages: Pages<'_>) -> Self {
        let (state, acknowledged) = match &incident.progress {
            Progress::Open => ("open", None),
            Progress::Acknowledged { at, by } => ("acknowledged", Some((*at, by.as_str()))),
            Progress::Resolved { acknowledged, .. } => (
                "resolved",
                acknowledged.as_ref().map(|(at, by)| (*at, by.as_str())),
            ),
        };
        Self {
            id: incident.id.0,
            origin: incident.origin.own(),
            kind: incident.kind,
            severity: incident.severity.as_str(),
            state,
            since: incident.since.to_rfc3339(),
            opened_at: incident.opened_at.to_rfc3339(),
            acknowledged_at: acknowledged.map(|(at, _)| at.to_rfc3339()),
            acknowledged_by: acknowledged.map(|(_, by)| by),
            resolved_at: incident.resolved_at().map(|at| at.to_rfc3339()),
            duration_seconds: incident.duration(notice.at).as_secs(),
            reason: ReasonView::new(&incident.reason),
            url: pages.links.incident(incident.id),
            acknowledge_url: pages.acknowledge(notice.event, incident),
        }
    }
}

impl<'a> CheckView<'a> {
    fn new(subject: &'a Subject, event: Event) -> Option<Self> {
        let incident = &subject.incident;
        let (found, afterwards) = match incident.kind {
            IncidentKind::Down => ("down", Some("up")),
            IncidentKind::Degraded => ("degraded", Some("up")),
            IncidentKind::NoData => ("unknown", None),
            // It changes nothing in what the check found.
            IncidentKind::Certificate => return None,
        };
        match event {
            Event::Opened | Event::Reminder | Event::Acknowledged => Some(Self {
                status: found,
                at: incident.opened_at.to_rfc3339(),
                reason: Some(ReasonView::new(&incident.reason)),
            }),
            // Nobody looked: it is over with its monitor.
            Event::Resolved if subject.deleted => None,
            Event::Resolved => incident.resolved_at().zip(afterwards).map(|(at, status)| Self {
                status,
                at: at.to_rfc3339(),
                reason: None,
            }),
            // What the last check found may be over already.
            Event::Flapping | Event::Test => None,
        }
    }
}

impl<'a> ReasonView<'a> {
    fn new(reason: &'a Reason) -> Self {
        Self {
            kind: reason.kind.as_str(),
            detail: &reason.detail,
        }
    }
}

#[cfg(test)]
mod tests;
