//! Where an incident's escalation stands, whom a policy is for, and monitors by what binds them.

use std::time::Duration;

use domain::{
    id::MonitorId,
    policy::{Policy, PolicyConfig, Severity},
    rotation::{ContactDraft, OverrideDraft, RotationDraft},
};
use serde_json::{Value, json};
use store::{Because, NextAct, StoreError};

use crate::harness::{Db, both, incident_of};

async fn policy(db: &Db, body: Value) -> Policy {
    let config = PolicyConfig::from_json(body).unwrap();
    db.store.policies().create(&config).await.unwrap()
}

async fn monitor(db: &Db, name: &str, more: Value) -> MonitorId {
    let mut body = json!({"name": name, "kind": "tcp", "target": {"host": "127.0.0.1", "port": 9}, "schedule": {"every": "1m"}});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let config = domain::monitor::MonitorConfig::from_json(body, None).unwrap();
    db.store.monitors().create(&config).await.unwrap().id
}

both! {
    async fn the_next_step_names_who_is_on_call_then(db: Db) {
        let (phone, pager) = (db.mail_channel(&["ada@example.org"]).await.id, db.mail_channel(&["bob@example.org"]).await.id);
        let mut people = Vec::new();
        for (name, channel) in [("Ada", phone), ("Bob", pager)] {
            let draft = ContactDraft::from_json(json!({"name": name, "channels": [channel.0]})).unwrap();
            people.push(db.store.contacts().create(&draft).await.unwrap());
        }
        let layer = json!({
            "name": "Days", "people": [people[0].id.0],
            "handover": {"every": 1, "unit": "days", "at": "09:00", "from": "2020-01-01"},
        });
        let plan = RotationDraft::from_json(json!({"name": "Operations", "zone": "UTC", "layers": [layer]})).unwrap();
        let rotation = db.store.rotations().create(&plan).await.unwrap().id;
        // Bob takes over between now and the step.
        let takes_over = OverrideDraft {
            contact: people[1].id,
            from: db.now().plus(Duration::from_mins(5)),
            to: db.now().plus(Duration::from_hours(1)),
            note: "Holidays".into(),
        };
        db.store.rotations().add_override(rotation, &takes_over, "admin").await.unwrap();
        let policy = policy(&db, json!({"name": "People", "steps": [{"after": "10m", "rotations": [rotation.0]}]})).await;
        let id = monitor(&db, "Shop", json!({"policy": policy.id})).await;
        let forecast = db.store.forecast(id, db.now()).await.unwrap().unwrap();
        assert_eq!(forecast.steps[0].on_call, [(rotation, Some("Ada".to_owned()))]);
        let shop = db.store.monitors().get(id).await.unwrap().unwrap();
        let incident = incident_of(db.go_down(&shop).await);
        let standing = db.store.incidents().standing(incident).await.unwrap().unwrap();
        let Some(NextAct::Step { reaches, on_call, .. }) = standing.next else {
            panic!("{:?}", standing.next);
        };
        assert_eq!(on_call, [(rotation, Some("Bob".to_owned()))]);
        assert_eq!(reaches[0].recipients, ["bob@example.org"]);
    }

    async fn what_comes_next_is_what_happens_then(db: Db) {
        let (chat, pager) = (db.mail_channel(&["chat@example.org"]).await.id, db.mail_channel(&["pager@example.org"]).await.id);
        let night = policy(&db, json!({
            "name": "Night", "severity": "warning", "reminders": {"first": "1h"},
            "steps": [{"channels": [chat]}, {"after": "10m", "channels": [pager]}],
        })).await;
        let id = monitor(&db, "Shop", json!({"policy": night.id})).await;
        let shop = db.store.monitors().get(id).await.unwrap().unwrap();
        let incident = incident_of(db.go_down(&shop).await);
        let incidents = db.store.incidents();
        let standing = incidents.standing(incident).await.unwrap().unwrap();
        assert_eq!(standing.policy, Some((night.id, "Night".to_owned())));
        assert!(standing.tells);
        let Some(NextAct::Step { after, reaches, .. }) = standing.next else {
            panic!("{:?}", standing.next);
        };
        assert_eq!(after, Duration::from_mins(10));
        assert_eq!(reaches[0].recipients, ["pager@example.org"]);
        let severity = incidents.get(incident).await.unwrap().unwrap().incident.severity;
        assert_eq!(severity, Severity::Warning);

        db.advance(Duration::from_mins(11));
        db.due().await;
        let later = incidents.standing(incident).await.unwrap().unwrap();
        assert_eq!(later.next, Some(NextAct::Reminder(1)));

        let until = db.now().plus(Duration::from_hours(2));
        incidents.snooze(incident, until, "me").await.unwrap();
        let snoozed = incidents.standing(incident).await.unwrap().unwrap();
        assert_eq!((snoozed.next, snoozed.snoozed_by.as_deref()), (None, Some("me")));
        assert_eq!(snoozed.escalation.snoozed_until, Some(until));
        db.store.monitors().delete(id).await.unwrap();
        let over = incidents.standing(incident).await.unwrap().unwrap();
        assert_eq!((over.next, over.policy), (None, Some((night.id, "Night".to_owned()))));
    }

    async fn policies_know_their_monitors(db: Db) {
        let channel = db.mail_channel(&["a@example.org"]).await.id;
        let named = policy(&db, json!({"name": "Named", "tags": ["eu"], "steps": [{"channels": [channel]}]})).await;
        let one = monitor(&db, "One", json!({"policy": named.id})).await;
        let two = monitor(&db, "Two", json!({"policy": named.id, "tags": ["eu"]})).await;
        let tagged = monitor(&db, "Tagged", json!({"tags": ["eu"]})).await;
        let own = monitor(&db, "Own", json!({"channels": [channel]})).await;
        let lost = monitor(&db, "Lost", json!({})).await;
        monitor(&db, "Paused", json!({"enabled": false})).await;
        let policies = db.store.policies();
        assert_eq!(policies.users().await.unwrap().into_iter().collect::<Vec<_>>(), [(named.id, 2)]);
        let of = db.store.monitors().with_policy(named.id, 10).await.unwrap();
        assert_eq!(of, [(one, "One".to_owned()), (two, "Two".to_owned())]);
        assert_eq!(db.store.monitors().with_policy(named.id, 1).await.unwrap().len(), 1);

        assert_eq!(policies.unheard().await.unwrap(), 1, "Lost");
        let get = async |id| db.store.monitors().get(id).await.unwrap().unwrap();
        let rule = policies.by_rule(&get(tagged).await, None).await.unwrap();
        assert_eq!(rule.map(|(p, why)| (p.id, why)), Some((named.id, Because::Tag("eu".to_owned()))));
        assert_eq!(policies.by_rule(&get(tagged).await, Some(named.id)).await.unwrap(), None);
        assert_eq!(policies.by_rule(&get(own).await, None).await.unwrap(), None);
        let default = policy(&db, json!({"name": "Rest", "default": true, "steps": [{"channels": [channel]}]})).await;
        let rule = policies.by_rule(&get(lost).await, None).await.unwrap();
        assert_eq!(rule.map(|(p, why)| (p.id, why)), Some((default.id, Because::Default)));
        assert_eq!(policies.unheard().await.unwrap(), 0);
        // Its own channel is an answer, even if it is a bad one.
        let mut off = domain::channel::ChannelDraft::from_json(
            json!({"name": "Mail", "kind": "email", "config": {"to": ["a@example.org"]}, "enabled": false}), None).unwrap();
        off.enabled = false;
        db.store.channels().update(channel, &off).await.unwrap();
        assert_eq!(policies.unheard().await.unwrap(), 1, "Own");
    }

    async fn monitors_are_found_by_name_and_by_what_they_depend_on(db: Db) {
        let router = monitor(&db, "Router", json!({})).await;
        let shop = monitor(&db, "Shop", json!({"parents": [router]})).await;
        let twin = monitor(&db, "shop", json!({"parents": [router]})).await;
        let monitors = db.store.monitors();
        let children = monitors.children(router, 10).await.unwrap();
        assert_eq!(children, [(shop, "Shop".to_owned()), (twin, "shop".to_owned())]);
        assert!(monitors.children(shop, 10).await.unwrap().is_empty());
        let called = monitors.called(&["SHOP".to_owned(), "nothing".to_owned()]).await.unwrap();
        assert_eq!(called, children);
        let names = monitors.names(&[router, MonitorId(99)]).await.unwrap();
        assert_eq!(names, [(router, "Router".to_owned())]);
    }
}

#[test]
fn a_complaint_names_the_step_as_it_was_written() {
    let body = json!({"steps": [{"channels": [1]}, {"channels": [1, 9], "rotations": [4]}]});
    let field = |e: StoreError| e.in_policy(&body).unwrap().field;
    assert_eq!(
        field(StoreError::UnknownChannel(domain::id::ChannelId(9))),
        "steps.1.channels"
    );
    assert_eq!(
        field(StoreError::UnknownRotation(domain::id::RotationId(4))),
        "steps.1.rotations"
    );
    assert!(StoreError::Busy.in_policy(&body).is_err());
    assert!(StoreError::Busy.in_monitor().is_err());
}
