use std::time::Duration;

use domain::policy::{Concern, PolicyConfig, Reminders};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::refused;

fn body(changes: Value) -> Value {
    let mut body = json!({"name": "Production", "steps": [{"channels": [1]}]});
    for (k, v) in changes.as_object().expect("an object") {
        body[k] = v.clone();
    }
    body
}

#[test]
fn the_least_that_is_said_has_sensible_defaults() {
    let policy = PolicyConfig::from_json(body(json!({}))).unwrap();
    assert_eq!(policy.steps[0].after, Duration::ZERO);
    assert!(policy.steps[0].tells(Concern::Down) && policy.steps[0].tells(Concern::Recovered));
    assert_eq!((policy.reminders, policy.recovery_after), (None, Duration::ZERO));
    assert!(!policy.default && policy.tags.is_empty());
}

#[test]
fn steps_stand_in_the_order_of_their_delays() {
    let steps =
        json!([{"after": "30m", "channels": [3]}, {"channels": [1, 1]}, {"after": "10m", "rotations": [2]}]);
    let policy = PolicyConfig::from_json(body(json!({"steps": steps}))).unwrap();
    let delays: Vec<u64> = policy.steps.iter().map(|s| s.after.as_secs() / 60).collect();
    assert_eq!(delays, [0, 10, 30]);
    assert_eq!(policy.steps[0].channels.len(), 1, "once is enough");
}

#[test]
fn every_mistake_is_named_by_its_field() {
    let table = [
        (json!({"steps": []}), vec![("steps", "steps-none")]),
        (json!({"steps": null}), vec![("steps", "steps-none")]),
        (json!({"steps": 1}), vec![("steps", "type-list")]),
        (
            json!({"steps": vec![json!({"channels": [1]}); 21]}),
            vec![("steps", "steps-too-many")],
        ),
        (
            json!({"steps": [{"channels": [1]}, {"after": "8d"}, {"channels": [1], "events": []}]}),
            vec![
                ("steps.1.after", "duration-range"),
                ("steps.1.channels", "step-nobody"),
                ("steps.2.events", "step-no-events"),
            ],
        ),
        (
            json!({"steps": [{"channels": [1], "events": ["up"], "loud": true}]}),
            vec![
                ("steps.0.events", "choice-unknown"),
                ("steps.0.loud", "unknown-field"),
            ],
        ),
        (json!({"severity": "bad"}), vec![("severity", "choice-unknown")]),
        (
            json!({"reminders": {"first": "1m"}}),
            vec![("reminders.first", "duration-range")],
        ),
        (
            json!({"reminders": {"first": "2h", "longest": "1h"}}),
            vec![("reminders.longest", "reminders-shrink")],
        ),
        (
            json!({"recovery_after": "2h"}),
            vec![("recovery_after", "duration-range")],
        ),
        (json!({"name": ""}), vec![("name", "required")]),
    ];
    for (changes, expected) in table {
        let complaints = refused(PolicyConfig::from_json(body(changes.clone())));
        let complaints: Vec<(&str, &str)> = complaints.iter().map(|(f, c)| (f.as_str(), *c)).collect();
        assert_eq!(complaints, expected, "{changes}");
    }
}

proptest! {
    #[test]
    fn what_is_kept_is_what_was_said(
        steps in proptest::collection::vec((0_u64..10_000, 1_i64..9, any::<bool>()), 1..6),
        reminders in proptest::option::of((300_u64..7200, 0_u64..100_000)),
    ) {
        let steps: Vec<Value> = steps
            .iter()
            .map(|(after, channel, quiet)| {
                let hours = json!({"zone": "Europe/Berlin", "spans": [{"days": ["mon"], "from": "22:00", "to": "07:00"}]});
                let quiet = quiet.then(|| json!({"hours": hours, "action": "hold"}));
                json!({"after": format!("{after}s"), "channels": [channel], "quiet": quiet})
            })
            .collect();
        let reminders = reminders.map(|(first, more)| json!({"first": format!("{first}s"), "longest": format!("{}s", first + more)}));
        let policy = PolicyConfig::from_json(body(json!({"steps": steps, "reminders": reminders}))).unwrap();
        prop_assert_eq!(PolicyConfig::from_json(policy.to_json()).unwrap(), policy);
    }

    #[test]
    fn reminders_never_come_faster_and_never_slower_than_said(first in 300_u64..86_400, more in 0_u64..600_000, sent in 0_u32..200) {
        let reminders = Reminders {
            first: Duration::from_secs(first),
            longest: Duration::from_secs(first + more),
        };
        let (now, then) = (reminders.interval(sent), reminders.interval(sent + 1));
        prop_assert!(now >= reminders.first && then >= now && then <= reminders.longest);
    }
}
