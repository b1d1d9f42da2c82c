//! Quiet hours and events of steps, and who keeps to them: also those who were told because they were on call.

use std::time::Duration;

use domain::{
    channel::Channel,
    delivery::{DeliveryState, Event},
    id::RotationId,
    maintenance::MaintenanceConfig,
    monitor::Monitor,
    rotation::{Contact, ContactDraft, OverrideDraft, RotationDraft},
    silence::{Silence, SilenceDraft},
};
use serde_json::{Value, json};
use store::outbox::{Delivery, DeliveryFilter};

use crate::harness::{Db, both, incident_of};

const HOUR: Duration = Duration::from_hours(1);

/// Until this hour of the morning; a test begins at midnight.
fn night(to: &str) -> Value {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    json!({ "hours": { "zone": "UTC", "spans": [{ "days": days, "from": "22:00", "to": to }] }, "action": "hold" })
}

/// The first first.
async fn planned(db: &Db, channel: &Channel) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        limit: 100,
        ..DeliveryFilter::default()
    };
    let mut rows = db.store.outbox().page(&filter).await.unwrap().items;
    rows.retain(|r| r.channel == channel.id);
    rows.reverse();
    rows
}

async fn person(db: &Db, name: &str, channel: &Channel) -> Contact {
    let draft = ContactDraft::from_json(json!({ "name": name, "channels": [channel.id.0] })).unwrap();
    db.store.contacts().create(&draft).await.unwrap()
}

/// Always the same person.
async fn rotation(db: &Db, person: &Contact) -> RotationId {
    let handover = json!({ "every": 1, "unit": "days", "at": "09:00", "from": "2020-01-01" });
    let layer = json!({ "name": "Days", "people": [person.id.0], "handover": handover });
    let body = json!({ "name": "Operations", "zone": "UTC", "layers": [layer] });
    let plan = RotationDraft::from_json(body).unwrap();
    db.store.rotations().create(&plan).await.unwrap().id
}

async fn take_over(db: &Db, rotation: RotationId, person: &Contact) {
    let takes_over = OverrideDraft {
        contact: person.id,
        from: db.now(),
        to: db.now().plus(HOUR * 100),
        note: "Holidays".into(),
    };
    let rotations = db.store.rotations();
    rotations
        .add_override(rotation, &takes_over, "admin")
        .await
        .unwrap()
        .unwrap();
}

async fn silence(db: &Db, monitor: &Monitor, duration: &str) -> Silence {
    let draft = json!({ "matcher": { "monitors": [monitor.id] }, "reason": "Busy", "duration": duration });
    let draft = SilenceDraft::from_json(draft, db.now()).unwrap();
    db.store.silences().create(&draft, "ada").await.unwrap()
}

both! {
    async fn whoever_was_on_call_keeps_to_the_hours_of_the_step_that_told_them(db: Db) {
        let (phone, pager) = (db.webhook("https://phone.example/x").await, db.webhook("https://pager.example/x").await);
        let (ada, bob) = (person(&db, "Ada", &phone).await, person(&db, "Bob", &pager).await);
        let rotation = rotation(&db, &ada).await;
        let policy = db.policy(json!({ "name": "People", "reminders": { "first": "1h", "longest": "1h" },
            "steps": [{ "rotations": [rotation.0], "quiet": night("07:00") }] })).await;
        let monitor = db.monitor_with(json!({ "policy": policy.id })).await;
        db.go_down(&monitor).await;
        take_over(&db, rotation, &bob).await;
        for _ in 0..6 {
            db.advance(HOUR);
            assert_eq!(db.told(&phone).await, []);
        }
        let rows = planned(&db, &phone).await;
        assert_eq!(rows.len(), 1, "nobody is reminded of what they do not know: {rows:?}");
        db.advance(HOUR);
        assert_eq!(db.told(&phone).await, [Event::Opened]);
        db.advance(HOUR * 15);
        assert_eq!(db.told(&phone).await, [], "at ten in the evening");
        db.come_up(&monitor).await;
        assert_eq!(db.told(&phone).await, []);
        db.advance(HOUR * 9);
        assert_eq!(db.told(&phone).await, [Event::Resolved]);
        let rows = planned(&db, &phone).await;
        assert!(rows.iter().all(|r| matches!(r.state, DeliveryState::Sent | DeliveryState::Cancelled)), "{rows:?}");
        assert_eq!(planned(&db, &pager).await, [], "who came on call later was not told");
    }

    async fn whoever_was_on_call_hears_of_a_deletion_in_the_hours_of_the_step(db: Db) {
        let phone = db.webhook("https://phone.example/x").await;
        let ada = person(&db, "Ada", &phone).await;
        let duty = rotation(&db, &ada).await;
        let policy = db.policy(json!({ "name": "Nights", "steps": [
            { "rotations": [duty.0], "quiet": night("07:00") }] })).await;
        let monitor = db.monitor_with(json!({ "policy": policy.id })).await;
        db.advance(HOUR * 8);
        db.go_down(&monitor).await;
        assert_eq!(db.told(&phone).await, [Event::Opened]);
        db.advance(HOUR * 15);
        db.store.monitors().delete(monitor.id).await.unwrap();
        assert_eq!(db.told(&phone).await, [], "at eleven in the evening");
        db.advance(HOUR * 9);
        assert_eq!(db.told(&phone).await, [Event::Resolved]);
    }

    async fn whoever_was_on_call_hears_what_the_step_tells(db: Db) {
        let (phone, pager) = (db.webhook("https://phone.example/x").await, db.webhook("https://pager.example/x").await);
        let (ada, bob) = (person(&db, "Ada", &phone).await, person(&db, "Bob", &pager).await);
        let (outages, ends) = (rotation(&db, &ada).await, rotation(&db, &ada).await);
        let policy = db.policy(json!({ "name": "Split", "steps": [
            { "rotations": [outages.0], "events": ["down"] }, { "rotations": [ends.0], "events": ["recovered"] }] })).await;
        let monitor = db.monitor_with(json!({ "policy": policy.id })).await;
        let id = incident_of(db.go_down(&monitor).await);
        assert_eq!((db.told(&phone).await, db.told(&pager).await), (vec![Event::Opened], vec![]));
        take_over(&db, outages, &bob).await;
        take_over(&db, ends, &bob).await;
        db.store.incidents().acknowledge(id, "ada").await.unwrap();
        assert_eq!((db.told(&phone).await, db.told(&pager).await), (vec![Event::Acknowledged], vec![]));
        db.come_up(&monitor).await;
        assert_eq!((db.told(&phone).await, db.told(&pager).await), (vec![], vec![Event::Resolved]));
    }

    async fn a_step_without_hours_is_not_kept_waiting_by_one_that_has_some(db: Db) {
        let chat = db.webhook("https://chat.example/x").await;
        let policy = db.policy(json!({ "name": "Louder", "reminders": { "first": "1h", "longest": "1h" }, "steps": [
            { "channels": [chat.id.0], "quiet": night("07:00") },
            { "after": "10m", "channels": [chat.id.0], "quiet": night("05:00") },
            { "after": "30m", "channels": [chat.id.0] }] })).await;
        let monitor = db.monitor_with(json!({ "policy": policy.id })).await;
        let midnight = db.now();
        db.go_down(&monitor).await;
        let held_until = async || planned(&db, &chat).await.iter().map(|r| r.held_until).collect::<Vec<_>>();
        assert_eq!(held_until().await, [Some(midnight.plus(HOUR * 7))]);
        db.advance(HOUR / 6);
        assert_eq!(db.told(&chat).await, []);
        assert_eq!(held_until().await, [Some(midnight.plus(HOUR * 5))]);
        db.advance(HOUR / 3);
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        assert_eq!(held_until().await, [Some(db.now())], "and nothing else");
        db.advance(HOUR);
        assert_eq!(db.told(&chat).await, [Event::Reminder], "in the night");
    }

    async fn of_two_steps_at_the_same_time_the_one_without_hours_counts(db: Db) {
        let chat = db.webhook("https://chat.example/x").await;
        let policy = db.policy(json!({ "name": "Both", "steps": [{ "channels": [chat.id.0], "quiet": night("07:00") }, { "channels": [chat.id.0] }] })).await;
        let monitor = db.monitor_with(json!({ "policy": policy.id })).await;
        db.go_down(&monitor).await;
        assert_eq!(db.told(&chat).await, [Event::Opened]);
    }

    async fn hours_that_end_in_a_silence_are_followed_by_it(db: Db) {
        let body = json!({ "name": "Chat", "kind": "webhook", "config": { "url": "https://chat.example/x" }, "quiet": night("07:00") });
        let chat = db.channel(body).await;
        let held = async || {
            let row = planned(&db, &chat).await.pop().unwrap();
            (row.state, row.held_until, row.reason)
        };
        let monitor = db.monitor(&[&chat]).await;
        db.go_down(&monitor).await;
        db.advance(HOUR * 6);
        let silence = silence(&db, &monitor, "4h").await;
        db.advance(HOUR);
        assert_eq!(db.told(&chat).await, []);
        let until = silence.ends_at;
        assert_eq!(held().await, (DeliveryState::Pending, Some(until), Some(format!("Held until {until} by a silence."))));
        db.advance(HOUR);
        assert_eq!(db.told(&chat).await, []);
        // It ends early while a window is open.
        let until = db.now().plus(HOUR * 5);
        let when = json!({ "from": db.now().to_rfc3339(), "to": until.to_rfc3339() });
        let work = json!({ "title": "Work", "matcher": { "monitors": [monitor.id] }, "when": when });
        let work = MaintenanceConfig::from_json(work, db.now(), None).unwrap();
        db.store.maintenances().create(&work, "ada").await.unwrap();
        db.store.silences().end(silence.id, "ada").await.unwrap();
        assert_eq!(db.told(&chat).await, []);
        assert_eq!(held().await, (DeliveryState::Pending, Some(until), Some(format!("Held until {until} by a maintenance window."))));
        db.advance(HOUR * 5);
        assert_eq!(db.told(&chat).await, [Event::Opened]);
    }

    async fn what_is_over_within_that_silence_is_told_to_nobody(db: Db) {
        let body = json!({ "name": "Chat", "kind": "webhook", "config": { "url": "https://chat.example/x" }, "quiet": night("07:00") });
        let chat = db.channel(body).await;
        let monitor = db.monitor(&[&chat]).await;
        db.go_down(&monitor).await;
        db.advance(HOUR * 6);
        let silence = silence(&db, &monitor, "4h").await;
        db.advance(HOUR);
        assert_eq!(db.told(&chat).await, []);
        db.advance(HOUR);
        db.come_up(&monitor).await;
        assert_eq!(db.told(&chat).await, []);
        db.store.silences().end(silence.id, "ada").await.unwrap();
        assert_eq!(db.told(&chat).await, []);
        let rows = planned(&db, &chat).await;
        assert!(rows.iter().all(|r| r.state == DeliveryState::Cancelled), "{rows:?}");
    }
}
