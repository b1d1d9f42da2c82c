//! From the first failing check to the last delivery, in order.

use std::collections::{BTreeMap, HashMap};

use domain::{
    clock::Timestamp,
    delivery::DeliveryState,
    hold::HeldBy,
    id::{MonitorId, RotationId},
    incident::Incident,
};
use store::{IncidentEvent, IncidentEventKind, outbox::Delivery};

use super::kind::{self, Words};
use crate::{Shell, locale::Text};

/// One thing that happened.
pub(crate) struct Moment {
    pub(super) at: Timestamp,
    pub(super) shape: &'static str,
    pub(super) what: String,
    pub(super) more: String,
}

pub(super) fn tell(
    shell: &Shell,
    incident: &Incident,
    events: &[IncidentEvent],
    deliveries: &[Delivery],
    names: &Names,
) -> Vec<Moment> {
    let words = kind::words(incident);
    // What is said of the incident may have become worse since.
    let opened = events.iter().find(|e| e.kind == IncidentEventKind::Opened);
    let reason = opened.map_or(incident.reason.detail.as_str(), |e| e.detail.as_str());
    let first = Moment {
        at: incident.since,
        shape: "degraded",
        what: shell.t(words.first).to_string(),
        more: reason.to_owned(),
    };
    let mut story = vec![first];
    story.extend(events.iter().filter_map(|e| event(shell, e, words, names)));
    story.extend(sent(shell, deliveries));
    // Stable: what happened in one transaction keeps the order above.
    story.sort_by_key(|m| m.at);
    story
}

/// What the story calls by name.
#[derive(Default)]
pub(super) struct Names {
    pub(super) monitors: HashMap<MonitorId, String>,
    pub(super) rotations: HashMap<RotationId, String>,
}

/// Monitors whose names the story needs.
pub(super) fn parents(events: &[IncidentEvent]) -> Vec<MonitorId> {
    let held = events.iter().filter(|e| e.kind == IncidentEventKind::Held);
    held.filter_map(|e| match e.detail.parse() {
        Ok(HeldBy::Parent(id)) => Some(id),
        Ok(HeldBy::Silence(_) | HeldBy::Maintenance(_)) | Err(_) => None,
    })
    .collect()
}

fn event(shell: &Shell, e: &IncidentEvent, words: &Words, names: &Names) -> Option<Moment> {
    let (shape, what, more) = match e.kind {
        IncidentEventKind::Opened => (words.shape, shell.t(words.opened?), String::new()),
        IncidentEventKind::Acknowledged => (
            "maintenance",
            shell.t("timeline-acknowledged").arg("by", &e.detail),
            String::new(),
        ),
        IncidentEventKind::Held => ("paused", held(shell, &e.detail, names), String::new()),
        IncidentEventKind::Released => ("unknown", shell.t("timeline-released"), String::new()),
        IncidentEventKind::OnCall => (
            "unknown",
            shell.t("timeline-on-call").arg("name", &e.detail),
            String::new(),
        ),
        IncidentEventKind::NobodyOnCall => ("down", nobody_on_call(shell, &e.detail, names), String::new()),
        IncidentEventKind::Snoozed => ("paused", snoozed(shell, e), String::new()),
        IncidentEventKind::Recovering => ("degraded", shell.t(words.recovering), String::new()),
        IncidentEventKind::Relapsed => (words.shape, shell.t(words.relapsed), String::new()),
        IncidentEventKind::Flapping => ("degraded", shell.t("timeline-flapping"), String::new()),
        IncidentEventKind::Worsened => ("degraded", shell.t("timeline-worsened"), e.detail.clone()),
        IncidentEventKind::Resolved => ("up", shell.t(words.resolved), e.detail.clone()),
    };
    Some(Moment {
        at: e.at,
        shape,
        what: what.to_string(),
        more,
    })
}

/// The detail says until when, and who it was.
fn snoozed(shell: &Shell, e: &IncidentEvent) -> Text {
    let (until, by) = e.detail.split_once(' ').unwrap_or((&e.detail, ""));
    match Timestamp::parse_rfc3339(until) {
        Some(until) if until <= e.at => shell.t("timeline-woken").arg("by", by),
        Some(until) => {
            let span = shell.span(&until.since(e.at));
            shell.t("timeline-snoozed").arg("by", by).arg("span", span)
        }
        None => shell.t("timeline-snoozed-plain").arg("by", by),
    }
}

/// The detail is the rotation.
fn nobody_on_call(shell: &Shell, rotation: &str, names: &Names) -> Text {
    let known = rotation.parse().ok().and_then(|id| names.rotations.get(&id));
    match known {
        Some(name) => shell.t("outlook-nobody-on-call").arg("rotations", name),
        // It was deleted since.
        None => shell.t("timeline-nobody-on-call"),
    }
}

/// What holds its alerts back.
fn held(shell: &Shell, by: &str, names: &Names) -> Text {
    match by.parse() {
        Ok(HeldBy::Silence(id)) => shell.t("timeline-held-silence").arg("id", id),
        Ok(HeldBy::Maintenance(id)) => shell.t("timeline-held-maintenance").arg("id", id),
        Ok(HeldBy::Parent(id)) => {
            let name = names
                .monitors
                .get(&id)
                .cloned()
                .unwrap_or_else(|| format!("#{id}"));
            shell.t("timeline-held-parent").arg("name", name)
        }
        Err(_) => shell.t("timeline-held"),
    }
}

/// Deliveries that came to an end, those of one channel, event and end together.
fn sent(shell: &Shell, deliveries: &[Delivery]) -> Vec<Moment> {
    let mut groups: BTreeMap<(i64, &str, &str), Vec<&Delivery>> = BTreeMap::new();
    for d in deliveries.iter().filter(|d| d.finished_at.is_some()) {
        groups
            .entry((d.channel.0, d.event.as_str(), d.state.as_str()))
            .or_default()
            .push(d);
    }
    groups
        .into_values()
        .filter_map(|group| {
            let last = group.iter().max_by_key(|d| d.finished_at)?;
            let (shape, key) = match last.state {
                DeliveryState::Sent => ("up", "timeline-sent"),
                DeliveryState::Failed | DeliveryState::Expired => ("down", "timeline-not-sent"),
                DeliveryState::Cancelled => ("paused", "timeline-cancelled"),
                DeliveryState::Pending | DeliveryState::Sending => return None,
            };
            let what = shell
                .t(key)
                .arg("channel", &last.channel_name)
                .arg("event", shell.event(&last.event, &last.kind).to_string());
            let recipients: Vec<&str> = group
                .iter()
                .map(|d| d.recipient.as_str())
                .filter(|r| !r.is_empty())
                .collect();
            let why = if last.state == DeliveryState::Sent {
                None
            } else {
                last.reason.as_deref()
            };
            let more: Vec<&str> = recipients.into_iter().chain(why).collect();
            Some(Moment {
                at: last.finished_at?,
                shape,
                what: what.to_string(),
                more: more.join(" · "),
            })
        })
        .collect()
}
