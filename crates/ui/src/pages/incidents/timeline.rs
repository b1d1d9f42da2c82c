//! From the first failing check to the last delivery, in order.

use std::collections::{BTreeMap, HashMap};

use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    hold::HeldBy,
    id::MonitorId,
    incident::Incident,
};
use store::{IncidentEvent, IncidentEventKind, outbox::Delivery};

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
    names: &HashMap<MonitorId, String>,
) -> Vec<Moment> {
    let own = incident.origin.own().is_some();
    let key = if own {
        "timeline-own-began"
    } else {
        "timeline-first-failure"
    };
    let first = Moment {
        at: incident.since,
        shape: "degraded",
        what: shell.t(key).to_string(),
        more: incident.reason.detail.clone(),
    };
    let mut story = vec![first];
    story.extend(events.iter().map(|e| event(shell, e, own, names)));
    story.extend(sent(shell, deliveries));
    // Stable: what happened in one transaction keeps the order above.
    story.sort_by_key(|m| m.at);
    story
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

fn event(shell: &Shell, e: &IncidentEvent, own: bool, names: &HashMap<MonitorId, String>) -> Moment {
    let (shape, what, more) = match e.kind {
        IncidentEventKind::Opened if own => ("down", shell.t("timeline-own-opened"), String::new()),
        IncidentEventKind::Resolved if own => ("up", shell.t("timeline-own-resolved"), e.detail.clone()),
        IncidentEventKind::Opened => ("down", shell.t("timeline-opened"), String::new()),
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
        IncidentEventKind::NobodyOnCall => ("down", shell.t("timeline-nobody-on-call"), String::new()),
        IncidentEventKind::Snoozed => ("paused", snoozed(shell, e), String::new()),
        IncidentEventKind::Recovering => ("degraded", shell.t("timeline-recovering"), String::new()),
        IncidentEventKind::Relapsed => ("down", shell.t("timeline-relapsed"), String::new()),
        IncidentEventKind::Flapping => ("degraded", shell.t("timeline-flapping"), String::new()),
        IncidentEventKind::Worsened => ("degraded", shell.t("timeline-worsened"), e.detail.clone()),
        IncidentEventKind::Resolved => ("up", shell.t("timeline-resolved"), e.detail.clone()),
    };
    Moment {
        at: e.at,
        shape,
        what: what.to_string(),
        more,
    }
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

/// What holds its alerts back.
fn held(shell: &Shell, by: &str, names: &HashMap<MonitorId, String>) -> Text {
    match by.parse() {
        Ok(HeldBy::Silence(id)) => shell.t("timeline-held-silence").arg("id", id),
        Ok(HeldBy::Maintenance(id)) => shell.t("timeline-held-maintenance").arg("id", id),
        Ok(HeldBy::Parent(id)) => {
            let name = names.get(&id).cloned().unwrap_or_else(|| format!("#{id}"));
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
                .arg("event", event_word(shell, last.event));
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

fn event_word(shell: &Shell, event: Event) -> String {
    shell.event(&event).to_string()
}
