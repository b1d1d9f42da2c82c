//! An outage that lasts, one that is over, and a quiet list.

use domain::{
    delivery::DeliveryState,
    id::{ChannelId, MonitorId},
    incident::Incident,
    outcome::{Reason, ReasonKind},
    policy::Severity,
};
use store::{IncidentEvent, IncidentEventKind};

use super::*;
use crate::{
    locale::Language,
    pages::{
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

fn incident(id: i64, open: bool) -> IncidentRow {
    IncidentRow {
        incident: sample_incident(id, open),
        monitor_name: "Shop".to_owned(),
    }
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
    vec![
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
    ]
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
    let mut events = vec![event(5, IncidentEventKind::Opened, "503")];
    let mut sent = vec![deliveries::delivery(1, DeliveryState::Pending)];
    if !open {
        events.push(event(61, IncidentEventKind::Acknowledged, "me@example.org"));
        events.push(event(754, IncidentEventKind::Resolved, ""));
        sent = vec![
            deliveries::delivery(1, DeliveryState::Sent),
            deliveries::delivery(2, DeliveryState::Failed),
            deliveries::delivery(3, DeliveryState::Cancelled),
        ];
    }
    IncidentPage {
        timeline: timeline::tell(&shell, &row.incident, &events, &sent),
        opened_at: row.incident.opened_at,
        row: Row::new(row, NOW),
        more: !open,
        deliveries: sent.into_iter().map(Line::from).collect(),
        shell,
    }
}
