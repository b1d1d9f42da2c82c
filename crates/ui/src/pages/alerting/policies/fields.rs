//! Between the fields of the form and the JSON that the domain reads: the one validation is there.
//!
//! A step's fields are called as in the API, with its place among the steps: `steps.0.after`, `steps.0.channels.7`.

use domain::{
    duration,
    policy::{Concern, PolicyConfig, Severity, Step},
};
use serde_json::{Value, json};

use crate::{
    components::Form,
    locale::Language,
    pages::{
        form::{between_commas, ticked, value},
        hours_fields,
    },
};

type Pairs = Vec<(String, String)>;

/// The button that was pressed: `add`, or `remove.<place>`. Saving has none.
const BUTTON: &str = "do";
const MOST_STEPS: usize = 20;

/// The fields that carry their own complaints, those of steps aside.
pub(super) const NAMES: [&str; 7] = [
    "name",
    "severity",
    "steps",
    "reminders.first",
    "reminders.longest",
    "recovery_after",
    "tags",
];
const OF_STEPS: [&str; 4] = ["after", "channels", "rotations", "events"];

pub(super) fn names(form: &Form) -> Vec<String> {
    let of_step = |n: usize| OF_STEPS.map(|field| format!("steps.{n}.{field}"));
    let fixed = NAMES.iter().map(|name| (*name).to_owned());
    let steps = (0..count(form)).flat_map(|n| {
        let quiet = hours_fields::names(&quiet_hours(n));
        of_step(n).into_iter().chain(quiet).chain([quiet_action(n)])
    });
    fixed.chain(steps).collect()
}

pub(super) fn quiet_action(n: usize) -> String {
    format!("steps.{n}.quiet.action")
}

/// Before the names of the fields about a step's quiet hours.
pub(super) fn quiet_hours(n: usize) -> String {
    format!("steps.{n}.quiet.hours")
}

/// Without the rows of hours that do not count.
pub(super) fn tidied(typed: Pairs) -> Pairs {
    (0..count_typed(&typed)).fold(typed, |typed, n| {
        hours_fields::without_gaps(&typed, &quiet_hours(n))
    })
}

/// How many steps the form has.
pub(super) fn count(form: &Form) -> usize {
    (0..MOST_STEPS)
        .take_while(|n| form.ticked(&format!("steps.{n}.after")))
        .count()
}

fn count_typed(typed: &[(String, String)]) -> usize {
    (0..MOST_STEPS)
        .take_while(|n| ticked(typed, &format!("steps.{n}.after")))
        .count()
}

/// What was typed, as the body of the API.
pub(super) fn body(typed: &[(String, String)]) -> Value {
    let text = |name: &str| {
        Some(value(typed, name).trim())
            .filter(|v| !v.is_empty())
            .map(Value::from)
    };
    let steps: Vec<Value> = (0..count_typed(typed)).map(|n| step(typed, n)).collect();
    let reminders = ticked(typed, "reminders")
        .then(|| json!({ "first": text("reminders.first"), "longest": text("reminders.longest") }));
    json!({
        "name": value(typed, "name"),
        "severity": text("severity"),
        "steps": steps,
        "reminders": reminders,
        "recovery_after": text("recovery_after"),
        "tags": between_commas(value(typed, "tags")),
        "default": ticked(typed, "default"),
    })
}

fn step(typed: &[(String, String)], n: usize) -> Value {
    let field = |name: &str| format!("steps.{n}.{name}");
    let after = value(typed, &field("after")).trim();
    let ids = |list: &str| {
        let prefix = field(list) + ".";
        let ids = typed.iter().filter_map(|(name, _)| name.strip_prefix(&prefix));
        ids.filter_map(|id| id.parse::<i64>().ok()).collect::<Vec<_>>()
    };
    let told = |c: &&Concern| ticked(typed, &format!("steps.{n}.events.{c}"));
    let events: Vec<&str> = Concern::ALL.iter().filter(told).map(|c| c.as_str()).collect();
    let action = value(typed, &quiet_action(n));
    let quiet = (!action.is_empty()).then(|| {
        let zone = value(typed, &format!("{}.zone", quiet_hours(n))).trim();
        json!({ "action": action, "hours": hours_fields::body(typed, &quiet_hours(n), zone) })
    });
    json!({
        "after": Some(after).filter(|a| !a.is_empty()),
        "channels": ids("channels"),
        "rotations": ids("rotations"),
        "events": events,
        "quiet": quiet,
    })
}

/// The form after another button than the one that saves, and the step that it is about. `None`: it is to be saved.
pub(super) fn rearranged(typed: &[(String, String)]) -> Option<(Pairs, usize)> {
    let button = value(typed, BUTTON);
    let steps = count_typed(typed);
    let mut pairs: Pairs = typed.iter().filter(|(n, _)| n != BUTTON).cloned().collect();
    if button == "add" {
        if steps < MOST_STEPS {
            pairs.extend(empty_step(steps));
        }
        return Some((pairs, steps.min(MOST_STEPS - 1)));
    }
    let place: usize = button.strip_prefix("remove.")?.parse().ok()?;
    let moved = pairs.into_iter().filter_map(|(name, value)| {
        let Some((n, field)) = of_step(&name) else {
            return Some((name, value));
        };
        match n.cmp(&place) {
            std::cmp::Ordering::Less => Some((name, value)),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some((format!("steps.{}.{field}", n - 1), value)),
        }
    });
    Some((moved.collect(), place.saturating_sub(1)))
}

/// The place and the rest of the name of a step's field.
fn of_step(name: &str) -> Option<(usize, &str)> {
    let (n, field) = name.strip_prefix("steps.")?.split_once('.')?;
    Some((n.parse().ok()?, field))
}

fn empty_step(n: usize) -> Pairs {
    let events = Concern::ALL
        .iter()
        .map(|c| (format!("steps.{n}.events.{c}"), "on".to_owned()));
    let after = (format!("steps.{n}.after"), String::new());
    std::iter::once(after).chain(events).collect()
}

/// The form as it begins: one step, at once.
pub(super) fn fresh(language: Language) -> Form {
    let form = Form::new(language)
        .with("severity", Severity::Critical)
        .tick("reminders", true)
        .with("reminders.first", "1h")
        .with("reminders.longest", "1d");
    empty_step(0)
        .into_iter()
        .fold(form, |form, (name, value)| form.with(&name, value))
}

/// The form of a policy as it is stored.
pub(super) fn stored(language: Language, config: &PolicyConfig) -> Form {
    let spans = config
        .reminders
        .map(|r| (duration::format(r.first), duration::format(r.longest)));
    let (first, longest) = spans.unwrap_or_else(|| ("1h".to_owned(), "1d".to_owned()));
    let form = Form::new(language)
        .with("name", &config.name)
        .with("severity", config.severity)
        .tick("reminders", config.reminders.is_some())
        .with("reminders.first", first)
        .with("reminders.longest", longest)
        .with("recovery_after", span(config.recovery_after))
        .with("tags", config.tags.join(", "))
        .tick("default", config.default);
    config
        .steps
        .iter()
        .enumerate()
        .fold(form, |form, (n, step)| stored_step(form, n, step))
}

fn stored_step(form: Form, n: usize, step: &Step) -> Form {
    let field = |name: &str| format!("steps.{n}.{name}");
    let mut form = form.with(&field("after"), span(step.after));
    for id in &step.channels {
        form = form.tick(&format!("steps.{n}.channels.{id}"), true);
    }
    for id in &step.rotations {
        form = form.tick(&format!("steps.{n}.rotations.{id}"), true);
    }
    for concern in &step.events {
        form = form.tick(&format!("steps.{n}.events.{concern}"), true);
    }
    match &step.quiet {
        Some(quiet) => hours_fields::stored(
            form.with(&quiet_action(n), quiet.action),
            &quiet_hours(n),
            &quiet.hours,
        ),
        None => form,
    }
}

/// Empty where there is nothing to wait for.
fn span(d: std::time::Duration) -> String {
    if d.is_zero() {
        String::new()
    } else {
        duration::format(d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Pairs {
        list.iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn what_a_form_shows_reads_back_as_the_same_policy() {
        let quiet = json!({"action": "digest", "hours": {"zone": "Asia/Shanghai", "spans": [
            {"days": ["mon"], "from": "22:00", "to": "07:00"}]}});
        let bodies = [
            json!({"name": "Night", "severity": "warning", "recovery_after": "2m", "tags": ["a", "b"], "default": true,
                   "reminders": {"first": "30m", "longest": "4h"},
                   "steps": [{"channels": [1, 12], "events": ["down"]},
                             {"after": "10m", "channels": [2], "rotations": [3], "quiet": quiet}]}),
            json!({"name": "Day", "steps": [{"channels": [1]}]}),
        ];
        for original in bodies {
            let config = PolicyConfig::from_json(original).unwrap();
            let typed = stored(Language::English, &config).pairs();
            let again = PolicyConfig::from_json(body(&typed)).unwrap();
            assert_eq!(again, config);
        }
    }

    #[test]
    fn steps_come_and_go_without_losing_what_was_typed() {
        let typed = pairs(&[
            ("name", "N"),
            ("steps.0.after", "1x"),
            ("steps.0.channels.1", "on"),
            ("steps.1.after", "5m"),
            ("steps.1.channels.12", "on"),
            ("do", "add"),
        ]);
        let (added, place) = rearranged(&typed).unwrap();
        assert_eq!((place, count_typed(&added)), (2, 3));
        assert_eq!(value(&added, "steps.0.after"), "1x");
        assert!(ticked(&added, "steps.2.events.down") && !ticked(&added, "do"));

        let mut typed = added;
        typed.push((BUTTON.to_owned(), "remove.0".to_owned()));
        let (removed, place) = rearranged(&typed).unwrap();
        assert_eq!((place, count_typed(&removed)), (0, 2));
        assert_eq!(value(&removed, "steps.0.after"), "5m");
        assert!(ticked(&removed, "steps.0.channels.12") && !ticked(&removed, "steps.0.channels.1"));
        assert_eq!(value(&removed, "name"), "N");
        assert!(rearranged(&removed).is_none(), "this one is saved");

        let full: Pairs = (0..MOST_STEPS)
            .map(|n| (format!("steps.{n}.after"), String::new()))
            .chain(pairs(&[("do", "add")]))
            .collect();
        let (same, place) = rearranged(&full).unwrap();
        assert_eq!((place, count_typed(&same)), (MOST_STEPS - 1, MOST_STEPS));
    }

    #[test]
    fn mistakes_come_back_at_the_step_that_they_were_made_in() {
        let typed = pairs(&[
            ("name", ""),
            ("steps.0.after", "1h"),
            ("steps.0.channels.1", "on"),
            ("steps.0.events.down", "on"),
            ("steps.1.after", "soon"),
            ("recovery_after", "2h"),
        ]);
        let errors = PolicyConfig::from_json(body(&typed)).unwrap_err();
        let fields: Vec<&str> = errors.0.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "name",
                "steps.1.after",
                "steps.1.channels",
                "steps.1.events",
                "recovery_after"
            ]
        );
        let known = names(&Form::typed(Language::English, &typed, &[]));
        assert!(fields.iter().all(|f| known.iter().any(|n| n == f)));
    }
}
