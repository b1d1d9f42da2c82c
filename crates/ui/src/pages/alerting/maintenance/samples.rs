//! Maintenance windows: none, some, the form in its three ways with its complaints, and what deleting asks.

use std::collections::HashMap;

use domain::{
    field::{FieldError, FieldErrors},
    id::MonitorId,
    in_force::InForce,
    maintenance::Window,
    zone::Tz,
};
use serde_json::Value;

use super::{
    edit::{DeletePage, EditPage, Existing},
    *,
};
use crate::{
    locale::Language,
    pages::samples::{NOW, shell},
};

fn hours(n: u64) -> Duration {
    Duration::from_hours(n)
}

fn window(ahead: u64, length: u64) -> Window {
    let from = NOW.plus(hours(ahead));
    Window {
        from,
        to: from.plus(hours(length)),
    }
}

fn config(when: Value) -> MaintenanceConfig {
    let body = json!({ "title": "New disks", "note": "", "matcher": { "tags": ["db"] }, "when": when });
    MaintenanceConfig::read(body).unwrap()
}

fn cron() -> Value {
    json!({ "cron": "0 2 * * SUN", "timezone": "Europe/Berlin", "duration": "3h" })
}

fn weekly() -> Value {
    let spans = json!([
        { "days": ["sat", "sun"], "from": "22:00", "to": "04:00" },
        { "days": ["wed"], "from": "01:00", "to": "02:30" },
    ]);
    json!({ "hours": { "zone": "Europe/Berlin", "spans": spans } })
}

fn once() -> Value {
    json!({ "from": NOW.minus(hours(1)).to_rfc3339(), "to": NOW.plus(hours(2)).to_rfc3339() })
}

/// A window over everything that is open at the time of the samples.
pub(crate) fn sample_in_force() -> InForce {
    let mut config = config(once());
    config.matcher = domain::matcher::Matcher::EVERYTHING;
    let maintenance = Maintenance {
        id: MaintenanceId(1),
        config,
        author: "me@example.org".to_owned(),
        created_at: NOW,
        exceptions: Vec::new(),
    };
    InForce::at(NOW, &[], &[maintenance])
}

fn about(names: &[&str], more: u64) -> About {
    About {
        words: "tagged db".to_owned(),
        first: (7..)
            .map(MonitorId)
            .zip(names.iter().map(|n| (*n).to_owned()))
            .collect(),
        more,
        monitors: names.len() as u64 + more,
        open_incidents: 1,
    }
}

pub(crate) fn lists(language: Language) -> Vec<MaintenancePage> {
    vec![list_of(language, false), list_of(language, true)]
}

fn list_of(language: Language, filled: bool) -> MaintenancePage {
    let shell = shell(language, Section::Alerting, "alerting-maintenance");
    let rule = |id, when: Value| Rule {
        id,
        title: "New disks".to_owned(),
        words: "tagged db".to_owned(),
        when: words::when(&shell, &config(when).when),
        author: "me@example.org".to_owned(),
    };
    let coming = |id, title: &str, ahead, length| {
        let Window { from, to } = window(ahead, length);
        Coming {
            id,
            title: title.to_owned(),
            from,
            to,
        }
    };
    let mut form = Form::new(language).with("length", "1h");
    let (mut now, mut next, mut rules, mut over) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    if filled {
        now.push(Open {
            id: 1,
            title: "New disks".to_owned(),
            about: about(&["Database", "Replica"], 3),
            until: NOW.plus(hours(2)),
        });
        next = vec![
            coming(2, "Weekly updates of the operating system", 9, 3),
            coming(3, "Backups", 31, 6),
            coming(2, "Weekly updates of the operating system", 177, 3),
        ];
        rules = vec![rule(1, once()), rule(2, cron()), rule(3, weekly())];
        over = vec![rule(9, once())];
        let unknown = FieldError::new("what", "monitor-name-unknown", "There is no monitor \"Shopp\".");
        form = form.with("what", "Shopp").refused(FieldErrors(vec![unknown]));
    }
    MaintenancePage {
        tabs: links(&shell, Tab::Maintenance),
        now,
        coming: next,
        rules,
        over,
        form,
        shell,
    }
}

pub(crate) fn forms(language: Language) -> Vec<EditPage> {
    let zone = Tz::Europe__Berlin;
    let view = |form: Form, maintenance: Option<Existing>, preview: Vec<Window>| {
        let mut shell = shell(language, Section::Alerting, "maintenance-new");
        if maintenance.is_some() {
            "New disks".clone_into(&mut shell.title);
        }
        EditPage {
            tabs: links(&shell, Tab::Maintenance),
            form,
            maintenance,
            preview,
            tags: vec!["db".to_owned(), "prod".to_owned()],
            zone,
            shell,
        }
    };
    let existing = Existing {
        id: 2,
        author: "me@example.org".to_owned(),
        about: about(&["Database", "Replica"], 0),
        open: Some(window(0, 2)),
        coming: vec![window(168, 3), window(336, 3)],
        cancelled: vec![(NOW.plus(hours(504)), "you@example.org".to_owned())],
        ended: Some((NOW.minus(hours(168)), "me@example.org".to_owned())),
    };
    let of = |when| fields::stored(Form::new(language), &config(when), &HashMap::new(), zone);
    let errors = FieldErrors(vec![
        FieldError::new("title", "required", "This field is required."),
        FieldError::new("matcher", "matcher-empty", "Say which monitors."),
        FieldError::new(
            "when.to",
            "end-before-start",
            "The end must come after the start.",
        ),
    ]);
    let wrong = fields::fresh(Form::new(language), zone, NOW).refused(errors);
    vec![
        view(wrong, None, Vec::new()),
        view(of(cron()), Some(existing), Vec::new()),
        view(
            of(weekly()),
            None,
            vec![window(9, 3), window(31, 6), window(177, 3)],
        ),
    ]
}

pub(crate) fn deletes(language: Language) -> Vec<DeletePage> {
    let shell = shell(language, Section::Alerting, "maintenance-delete");
    vec![DeletePage {
        id: 2,
        title: "New disks".to_owned(),
        when: words::when(&shell, &config(cron()).when),
        about: about(&["Database"], 0),
        open: true,
        shell,
    }]
}
