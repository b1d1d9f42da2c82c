//! One notice of each event.

use domain::{
    clock::Timestamp,
    delivery::{Event, MonitorLabel, Notice, Subject},
    id::{ChannelId, DeliveryId, IncidentId, MonitorId},
    incident::{Incident, IncidentKind, Origin, Progress},
    outcome::{Reason, ReasonKind},
    policy::Severity,
};
use uuid::Uuid;

pub(super) const SINCE: Timestamp = Timestamp::from_millis(1_795_000_000_000);
pub(super) const OPENED: Timestamp = Timestamp::from_millis(1_795_000_005_250);
pub(super) const ENDED: Timestamp = Timestamp::from_millis(1_795_000_065_000);

pub(super) fn notice(event: Event, at: Timestamp, progress: Option<Progress>) -> Notice {
    Notice {
        delivery: DeliveryId(Uuid::nil()),
        event,
        at,
        recipient: String::new(),
        channel: ChannelId(1),
        channel_name: "Hook".into(),
        subject: progress.map(|progress| Subject {
            took_down: Vec::new(),
            deleted: false,
            incident: Incident {
                severity: Severity::default(),
                id: IncidentId(7),
                origin: Origin::Monitor(MonitorId(3)),
                kind: IncidentKind::Down,
                since: SINCE,
                opened_at: OPENED,
                reason: Reason::new(ReasonKind::Status, "The answer was 503."),
                progress,
            },
            monitor: shop(),
            opened_as: shop(),
            checks: Vec::new(),
        }),
        message_id: "x@example.org".into(),
        thread: None,
        thread_reference: None,
        also: Vec::new(),
        counted: Vec::new(),
        shared_with: Vec::new(),
    }
}

/// An outage that ended because its monitor was deleted.
fn deleted(progress: Progress) -> Notice {
    let mut notice = notice(Event::Resolved, ENDED, Some(progress));
    if let Some(subject) = &mut notice.subject {
        subject.deleted = true;
    }
    notice
}

/// Of an incident that is no outage.
fn beside(kind: IncidentKind, event: Event, progress: Progress) -> Notice {
    let mut notice = notice(event, ENDED, Some(progress));
    if let Some(subject) = &mut notice.subject {
        subject.incident.kind = kind;
        subject.incident.severity = kind.severity(Severity::default());
    }
    notice
}

fn shop() -> MonitorLabel {
    MonitorLabel {
        id: MonitorId(3),
        name: "Shop \"<b>\" 商店".into(),
        kind: "http".into(),
        target: "https://shop.example/health".into(),
        tags: vec!["prod".into()],
    }
}

pub(super) fn samples() -> Vec<Notice> {
    let acknowledged = Progress::Acknowledged {
        at: ENDED,
        by: "ann@example.org".into(),
    };
    let resolved = |acknowledged| Progress::Resolved {
        at: ENDED,
        acknowledged,
    };
    vec![
        notice(Event::Opened, OPENED, Some(Progress::Open)),
        notice(Event::Reminder, ENDED, Some(Progress::Open)),
        notice(Event::Acknowledged, ENDED, Some(acknowledged)),
        notice(Event::Resolved, ENDED, Some(resolved(None))),
        notice(
            Event::Resolved,
            ENDED,
            Some(resolved(Some((OPENED, "ann@example.org".into())))),
        ),
        notice(Event::Flapping, ENDED, Some(Progress::Open)),
        deleted(resolved(None)),
        beside(IncidentKind::Certificate, Event::Opened, Progress::Open),
        beside(IncidentKind::Degraded, Event::Opened, Progress::Open),
        beside(IncidentKind::Degraded, Event::Resolved, resolved(None)),
        beside(IncidentKind::NoData, Event::Opened, Progress::Open),
        beside(IncidentKind::NoData, Event::Resolved, resolved(None)),
        notice(Event::Test, ENDED, None),
    ]
}
