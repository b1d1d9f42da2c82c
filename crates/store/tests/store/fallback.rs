//! A channel that stands in for another one.

use std::time::Duration;

use domain::{channel::ChannelDraft, delivery::DeliveryState, id::ChannelId};
use serde_json::json;
use store::{StoreError, outbox::Next};

use crate::harness::{Db, both};

/// A mail channel with one recipient and a fallback.
async fn mail_with(db: &Db, fallback: ChannelId) -> domain::channel::Channel {
    let body = json!({
        "name": "Mail", "kind": "email", "config": { "to": ["a@example.org"] }, "fallback": fallback.0,
    });
    let draft = ChannelDraft::from_json(body, None).unwrap();
    db.store.channels().create(&draft).await.unwrap()
}

both! {
    async fn after_two_minutes_the_fallback_tells_it_and_then_the_first_is_done(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = mail_with(&db, hook.id).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Retry { at: db.now().plus(Duration::from_hours(1)) }).await;

        db.advance(Duration::from_secs(119));
        assert!(db.due().await.is_empty(), "it has two minutes for itself");
        db.advance(Duration::from_secs(1));
        assert_eq!(db.due().await, [hook.id]);
        assert_eq!(db.due().await, [hook.id], "once");
        let instead = db.claim_one(&hook).await;
        assert_eq!(instead.notice.event, first.notice.event);
        assert_eq!(db.state(first.notice.delivery).await, DeliveryState::Pending, "not before it is told");
        db.finish(&instead, Next::Sent).await;
        assert_eq!(db.state(first.notice.delivery).await, DeliveryState::Cancelled);
        let (row, _) = db.store.outbox().get(first.notice.delivery).await.unwrap().unwrap();
        assert!(row.reason.unwrap().contains("stands in for this one"));
    }

    async fn a_recovery_is_told_once_as_well(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = mail_with(&db, hook.id).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Retry { at: db.now().plus(Duration::from_mins(5)) }).await;
        db.advance(Duration::from_mins(2));
        let instead = {
            db.due().await;
            db.claim_one(&hook).await
        };
        db.finish(&instead, Next::Sent).await;

        // Whoever was told of the outage is told of its end; mail is still down, and done once that has happened.
        db.come_up(&monitor).await;
        let (recovery, told) = (db.claim_one(&mail).await, db.claim_one(&hook).await);
        db.finish(&told, Next::Sent).await;
        db.finish(&recovery, Next::Retry { at: db.now().plus(Duration::from_mins(5)) }).await;
        db.advance(Duration::from_mins(2));
        assert!(db.due().await.is_empty());
        assert_eq!(db.state(recovery.notice.delivery).await, DeliveryState::Cancelled);
    }

    async fn what_will_never_be_delivered_is_told_by_the_fallback_at_once(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = mail_with(&db, hook.id).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Failed).await;
        let instead = db.claim_one(&hook).await;
        db.finish(&instead, Next::Failed).await;
        assert_eq!(db.state(first.notice.delivery).await, DeliveryState::Failed, "the record of what was");
        assert!(db.due().await.is_empty(), "nobody stands in for a stand-in");
    }

    async fn who_is_told_anyway_is_not_told_twice(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = mail_with(&db, hook.id).await;
        let monitor = db.monitor(&[&mail, &hook]).await;
        db.go_down(&monitor).await;
        let (first, other) = (db.claim_one(&mail).await, db.claim_one(&hook).await);
        db.finish(&other, Next::Sent).await;
        db.finish(&first, Next::Wait).await;
        assert_eq!(db.state(first.notice.delivery).await, DeliveryState::Pending);
        db.advance(Duration::from_mins(3));
        assert!(db.due().await.is_empty());
        assert_eq!(db.state(first.notice.delivery).await, DeliveryState::Cancelled, "it is told");
    }

    async fn a_fallback_is_another_channel_that_exists(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = mail_with(&db, hook.id).await;
        let draft = |fallback: i64| {
            let body = json!({
                "name": "Mail", "kind": "email", "config": { "to": ["a@example.org"] }, "fallback": fallback,
            });
            ChannelDraft::from_json(body, None).unwrap()
        };
        for bad in [mail.id.0, 77] {
            let refused = db.store.channels().update(mail.id, &draft(bad)).await;
            assert!(matches!(refused, Err(StoreError::UnknownChannel(ChannelId(id))) if id == bad));
        }
        db.store.channels().delete(hook.id).await.unwrap();
        let mail = db.store.channels().get(mail.id).await.unwrap().unwrap();
        assert_eq!(mail.fallback, None, "it went with its channel");
    }
}
