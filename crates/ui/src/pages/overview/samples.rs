//! The overview on the first day, on a bad day and on a good one.

use std::time::Duration;

use domain::{
    delivery::DeliveryState,
    id::{IncidentId, MonitorId},
    monitor::{Monitor, MonitorConfig},
    outcome::Phases,
};
use serde_json::json;
use store::{
    IncidentRow,
    outbox::Lost,
    samples::{Sample, SampleKind},
};

use super::*;
use crate::{
    locale::Language,
    pages::{
        incidents::sample_of,
        samples::{NOW, noisy_shell, shell},
    },
};

pub(crate) fn samples(language: Language) -> Vec<OverviewPage> {
    vec![
        first_day(language),
        bad_day(language),
        good_day(language),
        calm_day(language),
    ]
}

fn first_day(language: Language) -> OverviewPage {
    let shell = noisy_shell(language, Section::Overview, "nav-overview");
    view(
        shell,
        &[],
        Vec::new(),
        Some(Checklist {
            mail: true,
            channel: false,
            monitor: false,
        }),
    )
}

fn bad_day(language: Language) -> OverviewPage {
    let shell = shell(language, Section::Overview, "nav-overview");
    let texts = shell.clone();
    let trouble = |status: Status, name: &str, why: &str, incident: Option<i64>, by: Option<&str>| Trouble {
        mark: texts.status(&status),
        name: name.to_owned(),
        href: "/monitors/2".to_owned(),
        since: Some(NOW.minus(Duration::from_secs(754))),
        why: why.to_owned(),
        incident: incident.map(IncidentId),
        acknowledged_by: by.map(str::to_owned),
    };
    let expiring = IncidentRow {
        incident: sample_of(40, IncidentKind::Certificate, true),
        monitor_name: "Documentation".to_owned(),
    };
    let troubles = vec![
        trouble(
            Status::Down,
            "Mail gateway",
            "Connection refused by 198.51.100.25:25.",
            Some(41),
            None,
        ),
        trouble(
            Status::Down,
            "Shop",
            "The server answered 503 Service Unavailable, expected 200-299.",
            Some(42),
            Some("me@example.org"),
        ),
        trouble(
            Status::Unknown,
            "Router",
            "The system does not allow ping for this user.",
            None,
            None,
        ),
        trouble(
            Status::Degraded,
            "Staging API",
            "The check took 1.24 s, more than 800 ms.",
            Some(39),
            None,
        ),
        Trouble::expiring(&texts, &expiring),
    ];
    view(
        shell,
        &[
            Status::Down,
            Status::Up,
            Status::Unknown,
            Status::Up,
            Status::Degraded,
            Status::Paused,
            Status::Maintenance,
        ],
        troubles,
        None,
    )
}

fn good_day(language: Language) -> OverviewPage {
    let shell = shell(language, Section::Overview, "nav-overview");
    view(
        shell,
        &[Status::Up, Status::Up, Status::Pending],
        Vec::new(),
        None,
    )
}

fn neglected() -> Neglected {
    Neglected {
        channel: domain::id::ChannelId(3),
        name: "Ops <chat>".to_owned(),
        attention: domain::attention::Attention {
            since: NOW,
            rejection: domain::attention::Rejection::NotFound,
            reason: "The receiver does not know the address (404). Check the URL of this channel.".to_owned(),
            said: None,
            until: NOW,
        },
    }
}

fn lost() -> [Lost; 2] {
    let of = |id, name: &str, state, messages| Lost {
        channel: domain::id::ChannelId(id),
        name: name.to_owned(),
        state,
        messages,
    };
    [
        of(1, "Team mail", DeliveryState::Failed, 1),
        of(4, "Old <pager>", DeliveryState::Expired, 12),
    ]
}

/// Everything is up, and something will not stay so.
fn calm_day(language: Language) -> OverviewPage {
    let shell = shell(language, Section::Overview, "nav-overview");
    let row = IncidentRow {
        incident: sample_of(40, IncidentKind::Certificate, true),
        monitor_name: "Documentation".to_owned(),
    };
    let troubles = vec![Trouble::expiring(&shell, &row)];
    OverviewPage {
        unheard: 0,
        suspended: 0,
        neglected: Vec::new(),
        lost: Vec::new(),
        more_troubles: 0,
        ..view(shell, &[Status::Up, Status::Up], troubles, None)
    }
}

fn view(
    shell: Shell,
    statuses: &[Status],
    troubles: Vec<Trouble>,
    checklist: Option<Checklist>,
) -> OverviewPage {
    let of = |status: Status| statuses.iter().filter(|s| **s == status).count() as u64;
    let numbers: Vec<(Status, u64)> = Status::ALL.into_iter().map(|s| (s, of(s))).collect();
    let total = statuses.len() as u64;
    let search = Search::default();
    let rows = statuses
        .iter()
        .enumerate()
        .map(|(i, status)| sample_row(&shell, i, *status))
        .collect();
    OverviewPage {
        second_channel: (checklist.is_none() && troubles.is_empty()).then_some("second-channel-mail"),
        checklist,
        verdict: verdict(&shell, total, &of, u64::from(!troubles.is_empty())),
        concerns: Concerns::none(shell.language),
        suspended: u64::from(!troubles.is_empty()),
        unheard: u64::from(!troubles.is_empty()) * 2,
        neglected: troubles.iter().take(1).map(|_| neglected()).collect(),
        lost: if troubles.is_empty() {
            Vec::new()
        } else {
            loss::view(&shell, &lost())
        },
        more_troubles: if troubles.is_empty() { 0 } else { 3 },
        troubles,
        statuses: counts(&shell, &search, total, &numbers),
        tags: vec!["prod".to_owned(), "home".to_owned()],
        pager: Pager::new(&shell, "/", &[("q", "")], None, (total > 3).then_some("c")),
        search,
        rows,
        total,
        shell,
    }
}

fn sample_row(shell: &Shell, i: usize, status: Status) -> Row {
    let names = [
        "Mail gateway",
        "Shop",
        "Router",
        "Documentation",
        "Staging API",
        "Backup server",
    ];
    let config = json!({
        "name": names[i % names.len()], "kind": "http",
        "target": { "url": "https://shop.example/health?deep=true" },
        "schedule": { "every": "30s" }, "tags": ["prod"], "enabled": status != Status::Paused,
    });
    let monitor = Monitor {
        id: MonitorId(i as i64 + 1),
        revision: 1,
        created_at: NOW,
        config: MonitorConfig::from_json(config, None).unwrap(),
        locked: false,
    };
    let length = if status == Status::Pending { 0 } else { 50 - i * 4 };
    let tail: Vec<Sample> = (0..length)
        .map(|n| {
            let kind = match (n * 7 + i * 3) % 41 {
                0 => SampleKind::Down,
                1 => SampleKind::Unknown,
                _ if status == Status::Down && n + 6 > length => SampleKind::Down,
                _ => SampleKind::Up,
            };
            Sample {
                monitor: monitor.id,
                at: NOW,
                kind,
                latency: (kind == SampleKind::Up)
                    .then(|| Duration::from_millis(60 + (n as u64 * 37 + i as u64 * 91) % 90)),
                phases: Phases::default(),
                cause: None,
                maintenance: status == Status::Maintenance && n + 9 > length,
            }
        })
        .collect();
    let figures = if length == 0 {
        [None, None]
    } else {
        [Some(0.9987), Some(if i == 0 { 1.0 } else { 0.999_83 })]
    };
    row::row(shell, &monitor, status, &tail, figures)
}
