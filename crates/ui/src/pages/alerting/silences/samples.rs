//! Silences: none, some, and the form with its complaints.

use std::time::Duration;

use domain::{
    field::{FieldError, FieldErrors},
    id::MonitorId,
    zone::Tz,
};

use super::{
    form::{EditPage, Existing},
    *,
};
use crate::{
    components::Form,
    locale::Language,
    pages::samples::{NOW, shell},
};

pub(crate) fn lists(language: Language) -> Vec<SilencesPage> {
    vec![list_of(language, false), list_of(language, true)]
}

fn list_of(language: Language, filled: bool) -> SilencesPage {
    let shell = shell(language, Section::Alerting, "alerting-silences");
    let hours = |n: u64| Duration::from_hours(n);
    let row =
        |id, words: &str, names: &[&str], monitors, open_incidents, reason: &str, starts_at, ends_at| Row {
            id,
            about: About {
                words: words.to_owned(),
                first: (7..)
                    .map(MonitorId)
                    .zip(names.iter().map(|n| (*n).to_owned()))
                    .collect(),
                more: monitors - names.len() as u64,
                monitors,
                open_incidents,
            },
            reason: reason.to_owned(),
            author: "me@example.org".to_owned(),
            starts_at,
            ends_at,
        };
    let past = |ended_by: Option<&str>| Past {
        words: "tagged staging".to_owned(),
        reason: "Load test".to_owned(),
        author: "deploy (me@example.org)".to_owned(),
        starts_at: NOW.minus(hours(30)),
        ends_at: NOW.minus(hours(28)),
        ended_by: ended_by.map(str::to_owned),
    };
    let (mut active, mut pending, mut over) = (Vec::new(), Vec::new(), Vec::new());
    if filled {
        let names = ["Database", "Mail gateway", "Shop", "Shop API", "Staging API"];
        let (begun, soon) = (NOW.minus(hours(1)), NOW.plus(hours(9)));
        active.push(row(
            2,
            "tagged prod or web, of the kind HTTP",
            &names,
            12,
            3,
            "Moving the rack to room 2",
            begun,
            NOW.plus(hours(1)),
        ));
        active.push(row(
            3,
            "tagged nobody",
            &[],
            0,
            0,
            "A typing error",
            begun,
            NOW.plus(hours(2)),
        ));
        pending.push(row(
            4,
            "Chosen by name",
            &["Router"],
            1,
            0,
            "New firmware",
            soon,
            NOW.plus(hours(11)),
        ));
        over = vec![past(Some("you@example.org")), past(None)];
    }
    SilencesPage {
        tabs: links(&shell, Tab::Silences),
        active,
        pending,
        over,
        pager: Pager::new(&shell, "/silences", &[], None, filled.then_some("c")),
        shell,
    }
}

pub(crate) fn forms(language: Language) -> Vec<EditPage> {
    let existing = |over: bool| Existing {
        id: 2,
        author: "me@example.org".to_owned(),
        starts_at: NOW.minus(Duration::from_hours(1)),
        ends_at: NOW.plus(Duration::from_hours(1)),
        over,
        ended_by: over.then(|| "you@example.org".to_owned()),
        words: "Shop or Router".to_owned(),
        reason: "Moving the rack".to_owned(),
    };
    let view = |title: &str, form: Form, silence: Option<Existing>| {
        let shell = shell(language, Section::Alerting, title);
        EditPage {
            tabs: links(&shell, Tab::Silences),
            form,
            silence,
            tags: vec!["prod".to_owned(), "web".to_owned()],
            zone: Tz::Asia__Shanghai,
            shell,
        }
    };
    let fresh = Form::new(language)
        .with("length", "1h")
        .with(matcher::MONITORS, "#7 Shop");
    let wrong = FieldErrors(vec![
        FieldError::new("matcher", "matcher-empty", "Say which monitors."),
        FieldError::new("reason", "required", "This field is required."),
        FieldError::new(
            "ends_at",
            "end-passed",
            "This has passed already. Choose a later end.",
        ),
    ]);
    let refused = Form::new(language)
        .with("length", "exactly")
        .with("ends_at", "2026-11-01T09:00")
        .refused(wrong);
    let stored = Form::new(language)
        .with("reason", "Moving the rack")
        .with("ends_at", "2026-11-24T09:00")
        .with(matcher::MONITORS, "#7 Shop\n#9 Router")
        .with(matcher::TAGS, "prod");
    vec![
        view("silence-new", fresh, None),
        view("silence-new", refused, None),
        view("silence-edit", stored.clone(), Some(existing(false))),
        view("silence-edit", stored, Some(existing(true))),
    ]
}
