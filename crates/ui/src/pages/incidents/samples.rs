//! An outage that lasts, one that is over, and a quiet list.

use std::collections::HashMap;

use domain::{
    channel::ChannelKind,
    delivery::DeliveryState,
    escalation::{Escalation, Recovering},
    hold::{HeldBy, Hold},
    id::{ChannelId, MonitorId, PolicyId, RotationId},
    incident::{Incident, IncidentKind},
    outcome::{Reason, ReasonKind},
    policy::Severity,
};
use store::{IncidentEvent, IncidentEventKind, NextAct, Reach, Standing, outbox::Delivery};

use super::*;
use crate::{
    locale::Language,
    pages::{
        alerting::Held,
        deliveries,
        samples::{NOW, shell},
    },
};

pub(crate) fn lists(language: Language) -> Vec<IncidentsPage> {
    let rows = vec![
        Row::new(incident(42, true), NOW),
        Row::new(incident(38, false), NOW),
        Row::new(
            own(40, Origin::Channel(ChannelId(3)), "Watchbell: Ops chat", true),
            NOW,
        ),
        Row::new(of_kind(37, IncidentKind::Degraded, true), NOW),
        Row::new(of_kind(36, IncidentKind::Certificate, true), NOW),
        Row::new(of_kind(35, IncidentKind::NoData, true), NOW),
        Row::new(of_kind(34, IncidentKind::Certificate, false), NOW),
    ];
    vec![
        list(language, rows, false),
        list(language, Vec::new(), false),
        list(language, Vec::new(), true),
    ]
}

fn list(language: Language, rows: Vec<Row>, filtered: bool) -> IncidentsPage {
    let shell = shell(language, Section::Incidents, "nav-incidents");
    IncidentsPage {
        chips: chips(&shell, &Search::default()),
        rows,
        filtered,
        pager: Pager::new(&shell, "/incidents", &[], None, Some("c")),
        shell,
    }
}

pub(crate) fn sample_incident(id: i64, open: bool) -> Incident {
    let since = NOW.minus(Duration::from_secs(if open { 102 } else { 400_000 }));
    Incident {
        severity: Severity::default(),
        id: IncidentId(id),
        kind: IncidentKind::Down,
        origin: Origin::Monitor(MonitorId(7)),
        since,
        opened_at: since.plus(Duration::from_secs(5)),
        reason: Reason::new(
            ReasonKind::Status,
            "The server answered 503 Service Unavailable, expected 200-299.",
        ),
        progress: if open {
            Progress::Open
        } else {
            Progress::Resolved {
                at: since.plus(Duration::from_secs(754)),
                acknowledged: Some((since.plus(Duration::from_secs(61)), "me@example.org".to_owned())),
            }
        },
    }
}

/// Of a kind.
pub(crate) fn sample_of(id: i64, kind: IncidentKind, open: bool) -> Incident {
    let (why, detail) = match kind {
        IncidentKind::Down => return sample_incident(id, open),
        IncidentKind::Degraded => (ReasonKind::Slow, "The check took 1.24 s, more than 800 ms."),
        IncidentKind::Certificate => (
            ReasonKind::Certificate,
            "The certificate of CN=shop.example expires on 2026-12-10 08:00 UTC, in 14 days.",
        ),
        IncidentKind::NoData => (
            ReasonKind::NoData,
            "The system does not allow ping for this user.",
        ),
    };
    Incident {
        kind,
        severity: Severity::Warning,
        reason: Reason::new(why, detail),
        ..sample_incident(id, open)
    }
}

fn of_kind(id: i64, kind: IncidentKind, open: bool) -> IncidentRow {
    IncidentRow {
        incident: sample_of(id, kind, open),
        monitor_name: "Shop".to_owned(),
    }
}

fn incident(id: i64, open: bool) -> IncidentRow {
    IncidentRow {
        incident: sample_incident(id, open),
        monitor_name: "Shop".to_owned(),
    }
}

/// Between two steps.
fn waiting() -> Standing {
    let reach = |name: &str| Reach {
        channel: ChannelId(3),
        name: name.to_owned(),
        kind: ChannelKind::Email,
        recipients: vec!["me@example.org".to_owned()],
    };
    Standing {
        escalation: Escalation {
            begun_at: Some(NOW.minus(Duration::from_secs(97))),
            through: Some(Duration::from_secs(97)),
            told_at: Some(NOW.minus(Duration::from_secs(97))),
            next_at: Some(NOW.plus(Duration::from_mins(28))),
            ..Escalation::default()
        },
        policy: Some((PolicyId(1), "Night shift".to_owned())),
        snoozed_by: None,
        tells: true,
        next: Some(NextAct::Step {
            after: Duration::from_mins(30),
            reaches: vec![reach("Pager"), reach("Team mail")],
            on_call: vec![(RotationId(1), Some("Ada".to_owned())), (RotationId(2), None)],
        }),
    }
}

/// Each other way in which it can stand.
fn standings() -> Vec<Standing> {
    let until = NOW.plus(Duration::from_hours(2));
    let with = |change: &dyn Fn(&mut Standing)| {
        let mut standing = waiting();
        change(&mut standing);
        standing
    };
    vec![
        with(&|s| s.next = Some(NextAct::Reminder(3))),
        with(&|s| {
            s.escalation.snoozed_until = Some(until);
            s.snoozed_by = Some("me@example.org".to_owned());
        }),
        with(&|s| {
            s.escalation.told_at = None;
            s.escalation.held = Some(Hold {
                by: HeldBy::Parent(MonitorId(3)),
                until: Some(until),
            });
        }),
        with(&|s| {
            s.escalation.recovering = Some(Recovering { since: NOW, until });
        }),
        with(&|s| s.escalation.flapping = Some(NOW)),
        with(&|s| {
            s.tells = false;
            s.next = None;
            s.policy = None;
            s.escalation.told_at = None;
        }),
        with(&|s| {
            s.next = Some(NextAct::Step {
                after: Duration::from_mins(30),
                reaches: Vec::new(),
                on_call: vec![(RotationId(2), None)],
            });
        }),
    ]
}

/// Of Watchbell itself.
fn own(id: i64, origin: Origin, name: &str, open: bool) -> IncidentRow {
    let reason = match origin {
        Origin::Zone(_) => "None of the reference targets answered.",
        Origin::Channel(_) | Origin::Monitor(_) => {
            "The receiver says that this address is gone for good (410). Remove the channel or enter the new address."
        }
    };
    IncidentRow {
        incident: Incident {
            severity: Severity::default(),
            origin,
            reason: Reason::new(ReasonKind::Connect, reason),
            ..sample_incident(id, open)
        },
        monitor_name: name.to_owned(),
    }
}

pub(crate) fn details(language: Language) -> Vec<IncidentPage> {
    let mut all = vec![
        detail(language, incident(42, true), true),
        detail(language, incident(42, false), false),
        detail(
            language,
            own(42, Origin::Channel(ChannelId(3)), "Watchbell: Ops chat", true),
            true,
        ),
        detail(
            language,
            own(42, Origin::Zone("wan".to_owned()), "Watchbell: wan", false),
            false,
        ),
    ];
    for kind in [
        IncidentKind::Degraded,
        IncidentKind::Certificate,
        IncidentKind::NoData,
    ] {
        all.push(detail(language, of_kind(42, kind, true), true));
        all.push(detail(language, of_kind(42, kind, false), false));
    }
    for standing in standings() {
        let mut page = detail(language, incident(42, true), true);
        let held = standing.escalation.held;
        let held = held.map(|hold| Held::new(&page.shell, hold, "Router".to_owned(), None));
        let open = sample_incident(42, true);
        page.stand = Some(standing::view(
            &page.shell,
            &open,
            &standing,
            (held, &rotations()),
        ));
        page.nobody = standing::why_nobody(&open, Some(&standing));
        page.taken_down = Vec::new();
        page.deliveries = Vec::new();
        all.push(page);
    }
    all
}

fn rotations() -> HashMap<RotationId, String> {
    [(RotationId(2), "Weekends".to_owned())].into_iter().collect()
}

fn detail(language: Language, row: IncidentRow, open: bool) -> IncidentPage {
    let mut shell = shell(language, Section::Incidents, "nav-incidents");
    shell.title = shell.t("overview-incident").arg("id", 42).to_string();
    let since = row.incident.since;
    let event = |seconds, kind, detail: &str| IncidentEvent {
        at: since.plus(Duration::from_secs(seconds)),
        kind,
        detail: detail.to_owned(),
    };
    let mut events = vec![event(5, IncidentEventKind::Opened, &row.incident.reason.detail)];
    if row.incident.kind == IncidentKind::Certificate {
        let nearer = "The certificate of CN=shop.example expires on 2026-12-10 08:00 UTC, in 7 days.";
        events.push(event(90, IncidentEventKind::Worsened, nearer));
    }
    // Troubles of Watchbell itself have neither steps nor dependencies.
    let of_monitor = open && row.incident.origin.own().is_none();
    if of_monitor && row.incident.kind == IncidentKind::Down {
        let snoozed = format!("{} me@example.org", since.plus(Duration::from_mins(30)));
        events.push(event(6, IncidentEventKind::Held, "parent:3"));
        events.push(event(20, IncidentEventKind::Released, "parent:3"));
        events.push(event(30, IncidentEventKind::OnCall, "Ada"));
        events.push(event(30, IncidentEventKind::NobodyOnCall, "2"));
        events.push(event(30, IncidentEventKind::Snoozed, &snoozed));
        events.push(event(
            60,
            IncidentEventKind::Snoozed,
            &format!("{} me@example.org", since.plus(Duration::from_mins(1))),
        ));
    }
    let kind = row.incident.kind;
    let about = |n, state| Delivery {
        kind,
        ..deliveries::delivery(n, state)
    };
    let mut sent = vec![about(1, DeliveryState::Pending)];
    if !open {
        events.push(event(61, IncidentEventKind::Acknowledged, "me@example.org"));
        events.push(event(754, IncidentEventKind::Resolved, ""));
        sent = vec![
            about(1, DeliveryState::Sent),
            about(2, DeliveryState::Failed),
            about(3, DeliveryState::Cancelled),
        ];
    }
    let names = Names {
        monitors: [(MonitorId(3), "Router".to_owned())].into_iter().collect(),
        rotations: rotations(),
    };
    let stand = of_monitor.then(|| standing::view(&shell, &row.incident, &waiting(), (None, &rotations())));
    let taken_down = ["Shop: checkout", "Shop: search"].map(str::to_owned);
    IncidentPage {
        severity: words::severity(&shell, row.incident.severity),
        stand,
        snoozes: snooze::choices(&shell, domain::zone::Tz::Europe__Berlin),
        taken_down: if of_monitor && kind == IncidentKind::Down {
            taken_down.to_vec()
        } else {
            Vec::new()
        },
        nobody: "nobody-yet",
        timeline: timeline::tell(&shell, &row.incident, &events, &sent, &names),
        opened_at: row.incident.opened_at,
        row: Row::new(row, NOW),
        more: !open,
        deliveries: sent.into_iter().map(Line::from).collect(),
        shell,
    }
}
