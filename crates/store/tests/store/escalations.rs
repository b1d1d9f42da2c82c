//! Who is told of an open incident, and when: policies, reminders, dependencies, snoozing, flapping.

use std::time::Duration;

use domain::{
    channel::Channel,
    clock::Timestamp,
    delivery::Event,
    id::IncidentId,
    monitor::Monitor,
    outcome::Verdict,
    policy::{Policy, PolicyConfig},
    state::{Known, MonitorState},
};
use serde_json::{Value, json};
use store::{Because, Record, Recorded, Snoozed, StoreError};

use crate::harness::{Db, both, incident_of, outcome};

const MIN: Duration = Duration::from_mins(1);

impl Db {
    /// As [`Db::come_up`], of a monitor that changed at these times.
    async fn come_up_after(&self, monitor: &Monitor, changes: Vec<Timestamp>) -> Record {
        let at = self.now();
        let recorded = Recorded {
            monitor: monitor.id,
            revision: monitor.revision,
            outcome: outcome(at, Verdict::Up),
            state: MonitorState {
                known: Known::Up {
                    since: at,
                    failing: None,
                },
                changes,
                ..MonitorState::default()
            },
            transitions: vec![domain::state::Transition::Resolved {
                kind: domain::incident::IncidentKind::Down,
                since: at,
                at,
            }],
        };
        self.store.record(recorded).await.unwrap()
    }
}

/// Chat at once, the team after 10 minutes, the pager after 30.
async fn three_steps(db: &Db, more: Value) -> ([Channel; 3], Policy) {
    let chat = db.webhook("https://chat.example/x").await;
    let team = db.mail_channel(&["team@example.org"]).await;
    let pager = db.webhook("https://pager.example/x").await;
    let mut body = json!({
        "name": "Production",
        "steps": [
            {"channels": [chat.id.0]},
            {"after": "10m", "channels": [team.id.0]},
            {"after": "30m", "channels": [pager.id.0]},
        ],
    });
    for (k, v) in more.as_object().unwrap() {
        body[k] = v.clone();
    }
    let policy = db.policy(body).await;
    ([chat, team, pager], policy)
}

both! {
    async fn steps_come_one_after_the_other(db: Db) {
        let ([chat, team, pager], policy) = three_steps(&db, json!({})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        db.go_down(&monitor).await;
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        assert_eq!(db.told(&team).await, []);
        assert_eq!(db.store.outbox().next_due(db.now()).await.unwrap(), Some(db.now().plus(10 * MIN)));
        db.advance(10 * MIN);
        assert_eq!(db.told(&team).await, [Event::Opened]);
        assert_eq!((db.told(&chat).await, db.told(&pager).await), (vec![], vec![]));
        db.advance(20 * MIN);
        assert_eq!(db.told(&pager).await, [Event::Opened]);
        db.come_up(&monitor).await;
        for channel in [&chat, &team, &pager] {
            assert_eq!(db.told(channel).await, [Event::Resolved]);
        }
        assert_eq!(db.store.outbox().next_due(db.now()).await.unwrap(), None);
    }

    async fn an_acknowledged_incident_goes_no_further(db: Db) {
        let ([chat, team, pager], policy) = three_steps(&db, json!({"reminders": {}})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        let id = incident_of(db.go_down(&monitor).await);
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        db.advance(5 * MIN);
        db.store.incidents().acknowledge(id, "ada").await.unwrap().unwrap();
        assert_eq!(db.told(&chat).await, [Event::Acknowledged]);
        db.advance(Duration::from_hours(30));
        for channel in [&chat, &team, &pager] {
            assert_eq!(db.told(channel).await, []);
        }
        db.come_up(&monitor).await;
        assert_eq!(db.told(&chat).await, [Event::Resolved]);
        assert_eq!(db.told(&team).await, [], "who was not told of the outage does not hear of its end");
    }

    async fn what_is_over_before_a_step_is_not_told_by_it(db: Db) {
        let ([chat, team, _], policy) = three_steps(&db, json!({})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        db.go_down(&monitor).await;
        db.advance(9 * MIN);
        db.come_up(&monitor).await;
        db.advance(Duration::from_hours(1));
        assert_eq!(db.told(&chat).await, [Event::Resolved], "one message for both");
        assert_eq!(db.told(&team).await, []);
    }

    async fn reminders_come_ever_later_and_only_the_last_one_waits(db: Db) {
        let ([chat, ..], policy) = three_steps(&db, json!({"reminders": {"first": "1h", "longest": "3h"}})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        db.go_down(&monitor).await;
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        // The steps of 10 and 30 minutes count as telling, so that nobody is reminded right after one.
        db.advance(30 * MIN);
        db.due().await;
        for wait in [1, 2, 3, 3] {
            db.advance(Duration::from_mins(wait * 60 - 1));
            assert_eq!(db.told(&chat).await, [], "before {wait} h");
            db.advance(MIN);
            assert_eq!(db.told(&chat).await, [Event::Reminder], "after {wait} h");
        }
        // Two that nobody could be told are one.
        db.advance(Duration::from_hours(3));
        db.due().await;
        db.advance(Duration::from_hours(3));
        assert_eq!(db.told(&chat).await, [Event::Reminder]);
    }

    async fn a_channel_of_two_steps_is_reminded_by_the_second(db: Db) {
        let chat = db.webhook("https://chat.example/x").await;
        let policy = db.policy(json!({"name": "Twice", "steps": [
            {"channels": [chat.id.0]}, {"channels": [chat.id.0]}, {"after": "10m", "channels": [chat.id.0]}]})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id, "channels": [chat.id]})).await;
        db.go_down(&monitor).await;
        assert_eq!(db.told(&chat).await, [Event::Opened], "at the same time once");
        db.advance(10 * MIN);
        assert_eq!(db.told(&chat).await, [Event::Reminder]);
    }

    async fn a_step_tells_what_it_was_asked_to(db: Db) {
        let (outage, end) = (db.webhook("https://a.example/x").await, db.webhook("https://b.example/x").await);
        let policy = db.policy(json!({"name": "Split", "steps": [
            {"channels": [outage.id.0], "events": ["down"]}, {"channels": [end.id.0], "events": ["recovered"]}]})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        let id = incident_of(db.go_down(&monitor).await);
        assert_eq!((db.told(&outage).await, db.told(&end).await), (vec![Event::Opened], vec![]));
        db.store.incidents().acknowledge(id, "ada").await.unwrap();
        assert_eq!((db.told(&outage).await, db.told(&end).await), (vec![Event::Acknowledged], vec![]));
        db.come_up(&monitor).await;
        assert_eq!((db.told(&outage).await, db.told(&end).await), (vec![], vec![Event::Resolved]));
        // Of what no step tells anybody nobody hears the end.
        db.worry(&monitor, domain::incident::IncidentKind::Degraded).await;
        db.relieve(&monitor, domain::incident::IncidentKind::Degraded).await;
        assert_eq!((db.told(&outage).await, db.told(&end).await), (vec![], vec![]));
    }

    async fn the_rule_that_is_said_most_plainly_counts(db: Db) {
        let hook = db.webhook("https://a.example/x").await;
        let step = json!([{"channels": [hook.id.0]}]);
        let default = db.policy(json!({"name": "Rest", "steps": step, "default": true})).await;
        let tagged = db.policy(json!({"name": "Prod", "steps": step, "tags": ["prod", "shop"]})).await;
        let named = db.policy(json!({"name": "Named", "steps": step, "tags": ["prod"]})).await;
        let table = [
            (json!({}), Some((default.id, Because::Default))),
            (json!({"tags": ["shop"]}), Some((tagged.id, Because::Tag("shop".into())))),
            (json!({"tags": ["prod"]}), Some((tagged.id, Because::Tag("prod".into())))),
            (json!({"tags": ["prod"], "policy": named.id}), Some((named.id, Because::Named))),
            (json!({"tags": ["prod"], "channels": [hook.id]}), None),
            (json!({"channels": [hook.id], "policy": named.id}), Some((named.id, Because::Named))),
        ];
        for (body, expected) in table {
            let monitor = db.monitor_with(body.clone()).await;
            let forecast = db.store.forecast(monitor.id, db.now()).await.unwrap().unwrap();
            let chosen = forecast.policy.map(|(id, _, because)| (id, because));
            assert_eq!(chosen, expected, "{body}");
            let reached: Vec<_> = forecast.steps.iter().flat_map(|s| &s.reaches).map(|r| r.channel).collect();
            assert!(!reached.is_empty() && reached.iter().all(|c| *c == hook.id), "{body}");
        }
        // The last one that is called the default is it.
        let other = db.policy(json!({"name": "New rest", "steps": step, "default": true})).await;
        assert!(!db.store.policies().get(default.id).await.unwrap().unwrap().config.default);
        assert!(db.store.policies().get(other.id).await.unwrap().unwrap().config.default);
    }

    async fn an_open_incident_goes_on_by_what_its_policy_says_now(db: Db) {
        let ([chat, team, pager], policy) = three_steps(&db, json!({"tags": ["prod"]})).await;
        let monitor = db.monitor_with(json!({"tags": ["prod"]})).await;
        db.go_down(&monitor).await;
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        let mut body = policy.config.to_json();
        body["steps"][1]["after"] = "20m".into();
        body["tags"] = json!([]);
        let changed = PolicyConfig::from_json(body).unwrap();
        db.store.policies().update(policy.id, &changed).await.unwrap().unwrap();
        db.advance(10 * MIN);
        assert_eq!(db.told(&team).await, []);
        db.advance(10 * MIN);
        assert_eq!(db.told(&team).await, [Event::Opened], "it was chosen when the incident opened");
        assert!(db.store.policies().delete(policy.id).await.unwrap());
        db.advance(20 * MIN);
        assert_eq!(db.told(&pager).await, []);
        db.come_up(&monitor).await;
        assert_eq!((db.told(&chat).await, db.told(&team).await), (vec![Event::Resolved], vec![Event::Resolved]));
    }

    async fn a_channel_that_is_deleted_leaves_its_steps(db: Db) {
        let ([chat, team, pager], policy) = three_steps(&db, json!({})).await;
        assert!(db.store.channels().delete(team.id).await.unwrap());
        assert!(db.store.channels().delete(chat.id).await.unwrap());
        let left = db.store.policies().get(policy.id).await.unwrap().unwrap();
        assert_eq!(left.config.channels().into_iter().collect::<Vec<_>>(), [pager.id]);
        let refused = db.store.channels().delete(pager.id).await;
        assert!(matches!(&refused, Err(StoreError::NobodyLeft(name)) if name == "Production"), "{refused:?}");
        assert!(db.store.channels().get(pager.id).await.unwrap().is_some());
    }

    async fn a_recovery_is_told_when_it_lasts(db: Db) {
        let ([chat, ..], policy) = three_steps(&db, json!({"recovery_after": "5m"})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        let id = incident_of(db.go_down(&monitor).await);
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        db.advance(MIN);
        db.come_up(&monitor).await;
        db.advance(4 * MIN);
        assert_eq!(db.told(&chat).await, []);
        assert!(db.incident(id).await.is_open());
        assert_eq!(incident_of(db.go_down(&monitor).await), id, "the same outage");
        assert_eq!(db.told(&chat).await, []);
        db.advance(MIN);
        let up_at = db.now();
        db.come_up(&monitor).await;
        db.advance(5 * MIN);
        assert_eq!(db.told(&chat).await, [Event::Resolved]);
        assert_eq!(db.incident(id).await.resolved_at(), Some(up_at), "it ended when it was up, not when that was told");
    }

    async fn a_monitor_that_flaps_is_told_once_and_then_when_it_is_stable(db: Db) {
        let hook = db.webhook("https://a.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        let id = incident_of(db.go_down(&monitor).await);
        assert_eq!(db.told(&hook).await, [Event::Opened]);
        let mut changes: Vec<Timestamp> = (1..6_u32).rev().map(|m| db.now().minus(m * MIN)).collect();
        changes.push(db.now());
        db.come_up_after(&monitor, changes.clone()).await;
        assert_eq!(db.told(&hook).await, [Event::Flapping]);
        for _ in 0..5 {
            db.advance(MIN);
            db.go_down(&monitor).await;
            db.advance(MIN);
            db.come_up_after(&monitor, changes.clone()).await;
            assert_eq!(db.told(&hook).await, []);
        }
        let up_at = db.now();
        db.advance(14 * MIN);
        assert_eq!(db.told(&hook).await, []);
        db.advance(MIN);
        assert_eq!(db.told(&hook).await, [Event::Resolved]);
        assert_eq!(db.incident(id).await.resolved_at(), Some(up_at));
    }

    async fn one_that_stays_down_after_flapping_is_told_of_again(db: Db) {
        let hook = db.webhook("https://a.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        let id = incident_of(db.go_down(&monitor).await);
        assert_eq!(db.told(&hook).await, [Event::Opened]);
        db.come_up_after(&monitor, vec![db.now(); 6]).await;
        assert_eq!(db.told(&hook).await, [Event::Flapping]);
        db.advance(MIN);
        assert_eq!(incident_of(db.go_down(&monitor).await), id);
        db.advance(14 * MIN);
        assert_eq!(db.told(&hook).await, []);
        db.advance(MIN);
        assert_eq!(db.told(&hook).await, [Event::Reminder]);
    }

    async fn snoozing_is_for_a_while(db: Db) {
        let ([chat, team, _], policy) = three_steps(&db, json!({})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        let id = incident_of(db.go_down(&monitor).await);
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        let until = db.now().plus(20 * MIN);
        let snoozed = db.store.incidents().snooze(id, until, "ada").await.unwrap();
        assert_eq!(snoozed, Some(Snoozed::Until(until)));
        db.advance(19 * MIN);
        assert_eq!((db.told(&chat).await, db.told(&team).await), (vec![], vec![]));
        db.advance(MIN);
        assert_eq!(db.told(&chat).await, [Event::Reminder]);
        assert_eq!(db.told(&team).await, [Event::Opened], "its time came meanwhile");
        db.store.incidents().acknowledge(id, "ada").await.unwrap();
        let late = db.store.incidents().snooze(id, db.now().plus(MIN), "ada").await.unwrap();
        assert!(matches!(late, Some(Snoozed::NoNeed(_))), "{late:?}");
        assert_eq!(db.store.incidents().snooze(IncidentId(99), until, "ada").await.unwrap(), None);
    }

    async fn a_paused_monitor_tells_nobody_until_it_goes_on(db: Db) {
        let ([chat, team, _], policy) = three_steps(&db, json!({})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        db.go_down(&monitor).await;
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        db.store.monitors().set_enabled(monitor.id, false).await.unwrap();
        db.advance(15 * MIN);
        assert_eq!(db.told(&team).await, []);
        db.store.monitors().set_enabled(monitor.id, true).await.unwrap();
        assert_eq!(db.told(&team).await, [Event::Opened]);
    }

    async fn a_restart_changes_nothing(db: Db) {
        let mut db = db;
        let ([chat, team, _], policy) = three_steps(&db, json!({})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        db.go_down(&monitor).await;
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        db.advance(8 * MIN);
        db.reopen().await;
        db.store.outbox().recover_claims().await.unwrap();
        assert_eq!((db.told(&chat).await, db.told(&team).await), (vec![], vec![]));
        db.advance(2 * MIN);
        assert_eq!((db.told(&chat).await, db.told(&team).await), (vec![], vec![Event::Opened]));
    }
}
