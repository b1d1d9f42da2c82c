//! The pages of monitors, well and ill.

use std::time::Duration;

use domain::{
    id::{ChannelId, IncidentId, PolicyId},
    in_force::InForce,
    incident::IncidentKind,
    monitor::MonitorConfig,
    outcome::{Certificate, Evidence, Outcome, Phases, Reason, ReasonKind, Verdict},
    state::{Known, Streak},
    target::Kind,
};
use serde_json::{Value, json};
use store::{
    IncidentRow,
    samples::{Cause, Point, Sample, SampleKind, Stats},
};

use super::{
    actions::DeletePage,
    chart::Chart,
    check::{self, CheckPage},
    edit::{EditPage, Existing, Listener},
    fields,
    show::{self, MonitorPage},
    *,
};
use crate::{
    locale::Language,
    pages::samples::{NOW, shell},
};

mod relations;
use relations::{escalating, relatives, silent};

pub(crate) struct Samples {
    pub(crate) lists: Vec<MonitorsPage>,
    pub(crate) pages: Vec<MonitorPage>,
    pub(crate) checks: Vec<CheckPage>,
    pub(crate) forms: Vec<EditPage>,
    pub(crate) deletes: Vec<DeletePage>,
}

pub(crate) fn samples(language: Language) -> Samples {
    Samples {
        lists: vec![list(language)],
        pages: vec![page_of(language, true), page_of(language, false)],
        checks: vec![check_of(language, true), check_of(language, false)],
        forms: vec![
            fresh(language, Kind::Http),
            refused(language),
            fresh(language, Kind::Ping),
            changed(language),
        ],
        deletes: vec![delete(language)],
    }
}

fn body() -> Value {
    json!({
        "name": "Shop", "kind": "http",
        "target": {"url": "https://shop.example/health?deep=true", "headers": {"Authorization": "Bearer secret"}},
        "schedule": {"every": "30s"}, "tags": ["prod", "eu"], "channels": [1, 2], "slow_above": "800ms",
    })
}

fn monitor() -> Monitor {
    Monitor {
        id: MonitorId(7),
        revision: 3,
        created_at: NOW.minus(Duration::from_hours(24 * 41)),
        config: MonitorConfig::from_json(body(), None).unwrap(),
        locked: false,
    }
}

fn list(language: Language) -> MonitorsPage {
    let shell = shell(language, Section::Monitors, "nav-monitors");
    MonitorsPage {
        search: Search::default(),
        statuses: Vec::new(),
        tags: Vec::new(),
        rows: Vec::new(),
        pager: Pager::new(&shell, "/monitors", &[], None, None),
        total: 0,
        shell,
    }
}

fn phases(i: usize, slow: u64) -> Phases {
    let ms = |n: u64| Some(Duration::from_millis(n));
    let wave = (i * i * 7 + i * 13) as u64 % 23;
    Phases {
        dns: ms(4 + wave % 5),
        connect: ms(11 + wave % 7),
        tls: ms(19 + wave % 11),
        wait: ms(48 + wave + slow),
        transfer: ms(3 + wave % 3),
        total: Duration::from_millis(90 + wave * 2 + slow),
    }
}

fn series() -> Vec<Point> {
    (0..96)
        .map(|i| {
            let (up, down) = match i {
                0..9 | 80..86 => (0, 0),
                60..62 => (4, 11),
                62 => (0, 15),
                _ => (15, 0),
            };
            let slow = if (55..66).contains(&i) { 90 } else { 0 };
            Point {
                at: NOW,
                up,
                down,
                unknown: u64::from(i == 30),
                maintenance: if (80..86).contains(&i) { 15 } else { 0 },
                p50: Some(Duration::from_millis(96)),
                p95: (up > 0)
                    .then(|| phases(i, slow).total + Duration::from_millis(34 + (i as u64 * 17) % 29)),
                phases: if up > 0 {
                    phases(i, slow)
                } else {
                    Phases::default()
                },
            }
        })
        .collect()
}

fn tail(down: bool) -> Vec<Sample> {
    (0..60)
        .map(|i| {
            let failed = (down && i > 55) || i == 21;
            Sample {
                monitor: MonitorId(7),
                at: NOW.minus(Duration::from_secs((60 - i as u64) * 30 - 12)),
                kind: if failed { SampleKind::Down } else { SampleKind::Up },
                latency: (!failed).then(|| phases(i, 0).total),
                phases: phases(i, 0),
                cause: failed.then(|| Cause {
                    kind: "status",
                    detail: "The server answered 503 Service Unavailable, expected 200-299.".into(),
                }),
                maintenance: !down && i > 50,
            }
        })
        .collect()
}

fn page_of(language: Language, down: bool) -> MonitorPage {
    let mut shell = shell(language, Section::Monitors, "nav-monitors");
    shell.title = "Shop".to_owned();
    let reason = Reason::new(
        ReasonKind::Status,
        "The server answered 503 Service Unavailable, expected 200-299.",
    );
    let known = if down {
        Known::Down {
            since: NOW.minus(Duration::from_secs(102)),
            reason: reason.clone(),
            successes: 0,
        }
    } else {
        let failing = Some(Streak {
            first_at: NOW,
            failures: 1,
            reason: reason.clone(),
        });
        Known::Up {
            since: NOW.minus(Duration::from_hours(80)),
            failing,
        }
    };
    let state = MonitorState {
        known,
        ..MonitorState::default()
    };
    let incident = |id, open: bool| IncidentRow {
        incident: crate::pages::incidents::sample_incident(id, open),
        monitor_name: "Shop".to_owned(),
    };
    let of_kind = |id, kind| {
        let mut row = incident(id, true);
        row.incident = crate::pages::incidents::sample_of(id, kind, true);
        row
    };
    let incidents = if down {
        vec![
            incident(42, true),
            of_kind(41, IncidentKind::Certificate),
            of_kind(40, IncidentKind::NoData),
            incident(38, false),
        ]
    } else {
        Vec::new()
    };
    let open: Vec<IncidentRow> = incidents
        .iter()
        .filter(|r| r.incident.is_open())
        .cloned()
        .collect();
    let stats = Stats {
        up: 2861,
        down: 26,
        unknown: 1,
        maintenance: if down { 90 } else { 0 },
        uptime: Some(0.991),
        coverage: 0.905,
        p50: Some(Duration::from_millis(96)),
        p90: Some(Duration::from_millis(121)),
        p95: Some(Duration::from_millis(139)),
        p99: Some(Duration::from_millis(248)),
    };
    let (monitor, tail) = (monitor(), tail(down));
    let in_force = if down {
        InForce::at(NOW, &[], &[])
    } else {
        crate::pages::alerting::maintenance::sample_in_force()
    };
    let series = if down { series() } else { Vec::new() };
    MonitorPage {
        href: "/monitors/7".to_owned(),
        id: 7,
        name: monitor.config.name.clone(),
        target: monitor.config.target.to_string(),
        tags: monitor.config.tags.clone(),
        zone: monitor.config.zone.to_string(),
        enabled: true,
        locked: !down,
        now: show::now(&monitor, &state, &tail, &open, &in_force),
        rhythm: show::rhythm(&shell, &monitor.config.schedule),
        decision: show::decision(&shell, &monitor),
        warns: show::warns(&shell, &monitor),
        ranges: show::range_links(7, "24h"),
        chart: Chart::new(&shell, &series, NOW.minus(Duration::from_hours(24)), NOW),
        figures: show::figures(&stats),
        strip: show::strip(&shell, &tail),
        results: tail.iter().rev().take(8).map(show::result_row).collect(),
        incidents: incidents.iter().map(|row| show::line(&shell, row)).collect(),
        outlook: if down { escalating(&shell) } else { silent(&shell) },
        parents: relatives(&[(3, "Router")], down),
        children: relatives(&[(8, "Shop: checkout"), (9, "Shop: search")], down),
        more_children: down,
        shell,
    }
}

fn check_of(language: Language, up: bool) -> CheckPage {
    let shell = shell(language, Section::Monitors, "check-title");
    let certificate = Certificate {
        subject: "CN=shop.example".to_owned(),
        issuer: "C=US, O=Let's Encrypt, CN=E7".to_owned(),
        names: vec!["shop.example".to_owned(), "www.shop.example".to_owned()],
        not_before: NOW.minus(Duration::from_hours(24 * 30)),
        not_after: if up {
            NOW.plus(Duration::from_hours(24 * 60))
        } else {
            NOW.minus(Duration::from_hours(5))
        },
        chain_length: 2,
    };
    let evidence = Evidence {
        remote: Some("203.0.113.7:443".parse().unwrap()),
        http_status: up.then_some(200),
        http_version: up.then(|| "HTTP/2.0".to_owned()),
        hops: vec![
            "http://shop.example/health".to_owned(),
            "https://shop.example/health".to_owned(),
        ],
        body_bytes: up.then_some(5120),
        certificate: Some(certificate),
    };
    let mut phases = phases(3, 0);
    if !up {
        (phases.wait, phases.transfer) = (None, None);
    }
    let verdict = if up {
        Verdict::Up
    } else {
        Verdict::Down(Reason::new(
            ReasonKind::Tls,
            "The certificate expired 5 hours ago. Renew it on the server.",
        ))
    };
    let outcome = Outcome {
        at: NOW,
        verdict,
        phases,
        evidence: Box::new(evidence),
    };
    check::view(shell, "/monitors/7".to_owned(), "Shop".to_owned(), outcome)
}

fn listener(id: i64, name: &str, summary: &str, ticked: bool) -> Listener {
    Listener {
        id: ChannelId(id),
        name: name.to_owned(),
        summary: summary.to_owned(),
        enabled: true,
        ticked,
    }
}

fn fresh(language: Language, kind: Kind) -> EditPage {
    let shell = shell(language, Section::Monitors, "monitor-new-title");
    let channels = if kind == Kind::Ping {
        Vec::new()
    } else {
        vec![
            listener(1, "On call", "me@example.org", true),
            listener(2, "Chat", "https://chat.example/…", false),
        ]
    };
    EditPage {
        form: fields::fresh(language),
        kind,
        monitor: None,
        policies: if kind == Kind::Ping {
            Vec::new()
        } else {
            vec![(PolicyId(1), "Night shift".to_owned())]
        },
        by_rule: shell.t("monitor-by-rule").to_string(),
        channels,
        zones: ["wan", "lan", "office-vpn"].map(str::to_owned).to_vec(),
        shell,
    }
}

fn refused(language: Language) -> EditPage {
    let typed = [
        ("name", "Shop"),
        ("target.url", "shop.example"),
        ("rhythm", "every"),
        ("schedule.every", "0s"),
        ("confirm_after", "0"),
        ("slow_above", "fast"),
        ("certificate_days", "30, soon"),
    ];
    let typed: Vec<(String, String)> = typed
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    let errors = MonitorConfig::from_json(fields::body(&typed, Kind::Http, true), None).unwrap_err();
    let mut page = fresh(language, Kind::Http);
    page.form = crate::components::Form::typed(language, &typed, &[fields::HEADERS]).refused(errors);
    page
}

fn changed(language: Language) -> EditPage {
    let monitor = Existing {
        href: "/monitors/7".to_owned(),
        name: "Shop".to_owned(),
        locked: true,
    };
    EditPage {
        form: fields::stored(language, &self::monitor().config),
        monitor: Some(monitor),
        ..fresh(language, Kind::Http)
    }
}

fn delete(language: Language) -> DeletePage {
    DeletePage {
        shell: shell(language, Section::Monitors, "monitor-delete-title"),
        href: "/monitors/7".to_owned(),
        name: "Shop".to_owned(),
        target: "https://shop.example/health".to_owned(),
        created_at: NOW,
        incident: Some(IncidentId(42)),
    }
}
