//! From the first failing check to the last delivery, in order.

use std::collections::BTreeMap;

use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    incident::Incident,
};
use store::{IncidentEvent, IncidentEventKind, outbox::Delivery};

use crate::Shell;

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
    story.extend(events.iter().map(|e| event(shell, e, own)));
    story.extend(sent(shell, deliveries));
    // Stable: what happened in one transaction keeps the order above.
    story.sort_by_key(|m| m.at);
    story
}

fn event(shell: &Shell, e: &IncidentEvent, own: bool) -> Moment {
    let (shape, what, more) = match e.kind {
        IncidentEventKind::Opened if own => ("down", shell.t("timeline-own-opened"), String::new()),
        IncidentEventKind::Resolved if own => ("up", shell.t("timeline-own-resolved"), e.detail.clone()),
        IncidentEventKind::Opened => ("down", shell.t("timeline-opened"), String::new()),
        IncidentEventKind::Acknowledged => (
            "maintenance",
            shell.t("timeline-acknowledged").arg("by", &e.detail),
            String::new(),
        ),
        IncidentEventKind::Resolved => ("up", shell.t("timeline-resolved"), e.detail.clone()),
    };
    Moment {
        at: e.at,
        shape,
        what: what.to_string(),
        more,
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
