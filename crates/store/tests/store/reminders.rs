//! Who is reminded, and what becomes of a reminder that is not sent yet.

use std::time::Duration;

use domain::{
    channel::Channel,
    delivery::{DeliveryState, Event},
};
use serde_json::json;
use store::outbox::{DeliveryFilter, Next};

use crate::harness::{Db, both, incident_of};

const MIN: Duration = Duration::from_mins(1);

/// What was planned for a channel, the first first.
async fn planned(db: &Db, channel: &Channel) -> Vec<(Event, DeliveryState)> {
    let filter = DeliveryFilter {
        limit: 100,
        ..DeliveryFilter::default()
    };
    let page = db.store.outbox().page(&filter).await.unwrap();
    let of_channel = page.items.iter().rev().filter(|r| r.channel == channel.id);
    of_channel.map(|r| (r.event, r.state)).collect()
}

both! {
    async fn whoever_a_step_tells_is_not_reminded_at_the_same_time(db: Db) {
        let (chat, team) = (db.webhook("https://chat.example/x").await, db.mail_channel(&["team@example.org"]).await);
        let late = db.webhook("https://late.example/x").await;
        let policy = db.policy(json!({"name": "Both", "reminders": {"first": "10m", "longest": "10m"}, "steps": [
            {"channels": [chat.id.0]}, {"after": "10m", "channels": [team.id.0]}, {"after": "30m", "channels": [late.id.0, team.id.0]}]})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        let id = incident_of(db.go_down(&monitor).await);
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        db.advance(10 * MIN);
        assert_eq!((db.told(&team).await, db.told(&chat).await), (vec![Event::Opened], vec![Event::Reminder]));
        assert_eq!(planned(&db, &team).await, [(Event::Opened, DeliveryState::Sent)]);
        // The end of a snooze, a step that tells somebody else, and the team again.
        db.store.incidents().snooze(id, db.now().plus(20 * MIN), "ada").await.unwrap();
        db.advance(20 * MIN);
        let told = (db.told(&late).await, db.told(&team).await, db.told(&chat).await);
        assert_eq!(told, (vec![Event::Opened], vec![Event::Reminder], vec![Event::Reminder]));
        assert_eq!(planned(&db, &late).await, [(Event::Opened, DeliveryState::Sent)]);
        assert_eq!(planned(&db, &team).await, [(Event::Opened, DeliveryState::Sent), (Event::Reminder, DeliveryState::Sent)]);
    }

    async fn what_is_acknowledged_or_snoozed_reminds_nobody_any_more(db: Db) {
        let chat = db.webhook("https://chat.example/x").await;
        let policy = db.policy(json!({"name": "Chat", "reminders": {"first": "10m", "longest": "10m"}, "steps": [{"channels": [chat.id.0]}]})).await;
        let monitor = db.monitor_with(json!({"policy": policy.id})).await;
        let id = incident_of(db.go_down(&monitor).await);
        assert_eq!(db.told(&chat).await, [Event::Opened]);
        let reminder_that_is_tried_again = async || {
            db.advance(10 * MIN);
            db.due().await;
            let claimed = db.claim_one(&chat).await;
            assert_eq!(claimed.notice.event, Event::Reminder);
            assert!(db.finish(&claimed, Next::Retry { at: db.now().plus(MIN) }).await);
            claimed.notice.delivery
        };
        let reason = async |id| db.store.outbox().get(id).await.unwrap().unwrap().0.reason.unwrap();

        let first = reminder_that_is_tried_again().await;
        db.store.incidents().snooze(id, db.now().plus(10 * MIN), "ada").await.unwrap();
        assert_eq!((db.state(first).await, reason(first).await.as_str()), (DeliveryState::Cancelled, "Snoozed before it was sent."));
        db.advance(MIN);
        assert_eq!(db.told(&chat).await, []);

        let second = reminder_that_is_tried_again().await;
        db.store.incidents().acknowledge(id, "ada").await.unwrap();
        assert_eq!((db.state(second).await, reason(second).await.as_str()), (DeliveryState::Cancelled, "Acknowledged before it was sent."));
        db.advance(MIN);
        assert_eq!(db.told(&chat).await, [Event::Acknowledged]);
    }
}
