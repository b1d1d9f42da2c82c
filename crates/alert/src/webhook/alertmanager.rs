//! What Alertmanager sends to its webhook receivers, version 4:
//! <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>, `template.Data` and `webhook.Message` in
//! its source.
//!
//! Each message is a group of one alert. Alerts are known by their labels, so these say what the monitor was called when
//! the incident opened, and its number; what changes between the opening and the recovery is told in the annotations. An acknowledgement has no counterpart there: the alert is
//! sent again, still firing, and says who has it.

use std::collections::BTreeMap;

use domain::{
    clock::Timestamp,
    delivery::{Event, Notice, Subject},
    incident::{Incident, IncidentKind, Origin, Progress},
    text::sanitize,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Site, own::span};
use crate::lifecycle;

const VERSION: &str = "4";
/// Go's zero time: what Alertmanager sends as the end of an alert that has none.
const NO_END: &str = "0001-01-01T00:00:00Z";
/// Of one label or annotation, in characters.
const LONGEST: usize = 300;
/// The labels that make a group. They tell the monitors apart, also two of one name.
const GROUPED_BY: [&str; 5] = ["alertname", "instance", "monitor", "monitor_id", "origin"];

/// Alertmanager leaves out what is empty.
type Texts = BTreeMap<&'static str, String>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    version: &'static str,
    group_key: String,
    truncated_alerts: u32,
    status: Status,
    receiver: String,
    group_labels: Texts,
    common_labels: Texts,
    common_annotations: Texts,
    #[serde(rename = "externalURL")]
    external_url: String,
    alerts: [Alert; 1],
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Firing,
    Resolved,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: Status,
    labels: Texts,
    annotations: Texts,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

impl Group {
    pub(super) fn new(notice: &Notice, site: &Site) -> Self {
        let notice = &*lifecycle::current(notice);
        let alert = match &notice.subject {
            Some(subject) => Alert::about(subject, notice, site),
            None => Alert::test(notice, site),
        };
        let of_group = |(name, _): &(&&'static str, &String)| GROUPED_BY.contains(*name);
        let group_labels: Texts = alert
            .labels
            .iter()
            .filter(of_group)
            .map(|(n, v)| (*n, v.clone()))
            .collect();
        Self {
            version: VERSION,
            group_key: key(&group_labels),
            truncated_alerts: 0,
            status: alert.status,
            receiver: text(&notice.channel_name),
            group_labels,
            common_labels: alert.labels.clone(),
            common_annotations: alert.annotations.clone(),
            external_url: site.public_url.as_str().trim_end_matches('/').to_owned(),
            alerts: [alert],
        }
    }
}

impl Alert {
    fn about(subject: &Subject, notice: &Notice, site: &Site) -> Self {
        let (incident, monitor) = (&subject.incident, &subject.monitor);
        let (name, severity) = (alert_name(incident), incident.severity.as_str());
        let ended = match notice.event {
            Event::Resolved => Some(incident.resolved_at().unwrap_or(notice.at)),
            Event::Opened | Event::Reminder | Event::Flapping | Event::Acknowledged | Event::Test => None,
        };
        let known_as = &subject.opened_as;
        let (number, own) = match &incident.origin {
            Origin::Monitor(id) => (id.to_string(), String::new()),
            own => (String::new(), own.to_string()),
        };
        let labels = filled([
            ("alertname", name),
            ("instance", &known_as.target),
            ("kind", &known_as.kind),
            ("monitor", &known_as.name),
            ("monitor_id", &number),
            ("origin", &own),
            ("severity", severity),
            ("tags", &known_as.tags.join(",")),
        ]);
        let annotations = filled([
            // The same as long as it fires: whoever is told of it again reads what is the matter.
            (
                "summary",
                &format!("{}: {}", monitor.name, incident.reason.detail),
            ),
            ("description", &described(subject, notice, ended)),
            ("acknowledged_by", acknowledged_by(incident)),
        ]);
        let page = site.links.incident(incident.id);
        Self {
            status: if ended.is_some() {
                Status::Resolved
            } else {
                Status::Firing
            },
            labels,
            annotations,
            starts_at: incident.since.to_rfc3339(),
            ends_at: ended.map_or_else(|| NO_END.to_owned(), |at| at.to_rfc3339()),
            fingerprint: fingerprint(&format!("{page} {} {name}", monitor.id)),
            generator_url: page,
        }
    }

    /// Routes that go by severity page nobody for it.
    fn test(notice: &Notice, site: &Site) -> Self {
        Self {
            status: Status::Firing,
            labels: filled([
                ("alertname", "WatchbellTest"),
                ("instance", site.public_url.host_str().unwrap_or_default()),
                ("kind", "test"),
                ("monitor", "Watchbell"),
                ("severity", "none"),
            ]),
            annotations: filled([
                ("summary", "A test of this channel"),
                ("description", "Somebody asked Watchbell for it. Nothing is down."),
            ]),
            starts_at: notice.at.to_rfc3339(),
            ends_at: NO_END.to_owned(),
            generator_url: site.links.channels(),
            fingerprint: fingerprint(&format!("test {}", notice.delivery)),
        }
    }
}

/// Of an outage.
const OUTAGE: &str = "WatchbellMonitorDown";

/// What Alertmanager calls an incident by.
pub(crate) fn alert_name(incident: &Incident) -> &'static str {
    if incident.origin.own().is_some() {
        return "WatchbellTrouble";
    }
    match incident.kind {
        IncidentKind::Down => OUTAGE,
        IncidentKind::Degraded => "WatchbellMonitorDegraded",
        IncidentKind::Certificate => "WatchbellCertificateExpiring",
        IncidentKind::NoData => "WatchbellNoData",
    }
}

fn filled<const N: usize>(texts: [(&'static str, &str); N]) -> Texts {
    let texts = texts.map(|(name, value)| (name, text(value)));
    texts.into_iter().filter(|(_, v)| !v.is_empty()).collect()
}

fn text(value: &str) -> String {
    sanitize(value, LONGEST)
}

/// Without a route: `{}:{alertname="…", monitor="…"}`, names in order.
fn key(labels: &Texts) -> String {
    let quoted =
        |(name, value): (&&str, &String)| format!("{name}={}", serde_json::Value::from(value.as_str()));
    let labels: Vec<String> = labels.iter().map(quoted).collect();
    format!("{{}}:{{{}}}", labels.join(", "))
}

/// Sixteen hexadecimal digits, the same for every message about one incident, and no other installation's.
fn fingerprint(of: &str) -> String {
    let digest = Sha256::digest(of.as_bytes());
    let first = digest.iter().take(8);
    format!("{:016x}", first.fold(0_u64, |n, b| n << 8 | u64::from(*b)))
}

fn acknowledged_by(incident: &Incident) -> &str {
    match &incident.progress {
        Progress::Acknowledged { by, .. }
        | Progress::Resolved {
            acknowledged: Some((_, by)),
            ..
        } => by,
        Progress::Open
        | Progress::Resolved {
            acknowledged: None, ..
        } => "",
    }
}

fn described(subject: &Subject, notice: &Notice, ended: Option<Timestamp>) -> String {
    let (incident, target) = (&subject.incident, &subject.monitor.target);
    let since = incident.since.to_rfc3339();
    match (notice.event, ended) {
        (_, None) if incident.kind != IncidentKind::Down => incident.reason.detail.clone(),
        (_, Some(at)) if alert_name(incident) != OUTAGE || subject.deleted => format!(
            "Over at {}, after {}. It began at {since}.",
            at.to_rfc3339(),
            span(incident.duration(at)),
        ),
        (_, Some(at)) => format!(
            "Up again at {}, after {}. {target} had been down since {since}.",
            at.to_rfc3339(),
            span(incident.duration(at)),
        ),
        (_, None) => format!("Down since {since}: {target}"),
    }
}
