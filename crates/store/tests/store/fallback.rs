//! A channel that stands in for another one.

use std::time::Duration;

use domain::{channel::ChannelDraft, delivery::DeliveryState, gathering::WINDOW, id::ChannelId};
use serde_json::json;
use store::{
    StoreError,
    outbox::{DeliveryFilter, Next},
};

use crate::harness::{Db, LEASE, both};

/// A mail channel with one recipient and a fallback.
async fn mail_with(db: &Db, fallback: ChannelId) -> domain::channel::Channel {
    mail_to(db, &["a@example.org"], fallback).await
}

async fn mail_to(db: &Db, to: &[&str], fallback: ChannelId) -> domain::channel::Channel {
    let body = json!({ "name": "Mail", "kind": "email", "config": { "to": to }, "fallback": fallback.0 });
    let draft = ChannelDraft::from_json(body, None).unwrap();
    db.store.channels().create(&draft).await.unwrap()
}

/// Deliveries by this channel.
async fn instead(db: &Db, channel: ChannelId) -> usize {
    let filter = DeliveryFilter {
        channel: Some(channel),
        limit: 500,
        ..Default::default()
    };
    db.store.outbox().page(&filter).await.unwrap().items.len()
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

    async fn an_attempt_that_takes_too_long_is_not_waited_for(db: Db) {
        for (next, ends) in [
            (Next::Sent, DeliveryState::Sent),
            (Next::Retry { at: db.now().plus(Duration::from_hours(1)) }, DeliveryState::Cancelled),
            (Next::Wait, DeliveryState::Cancelled),
            (Next::Failed, DeliveryState::Failed),
        ] {
            let hook = db.webhook("https://hooks.example/x").await;
            let mail = mail_with(&db, hook.id).await;
            let monitor = db.monitor(&[&mail]).await;
            db.go_down(&monitor).await;
            let first = db.claim_one(&mail).await;
            db.advance(Duration::from_secs(119));
            assert!(db.due().await.is_empty());
            db.advance(Duration::from_secs(1));
            assert_eq!(db.due().await, [hook.id], "while it is being sent");
            let instead = db.claim_one(&hook).await;
            db.finish(&instead, Next::Sent).await;
            assert_eq!(db.state(first.notice.delivery).await, DeliveryState::Sending, "its attempt goes on");
            assert!(db.finish(&first, next).await);
            assert_eq!(db.state(first.notice.delivery).await, ends, "{next:?}");
            assert!(db.due().await.is_empty());
        }
    }

    async fn what_the_fallback_told_meanwhile_is_done_however_the_claim_ends(db: Db) {
        for way in ["released", "postponed", "its lease ran out", "a restart"] {
            let hook = db.webhook("https://hooks.example/x").await;
            let mail = mail_with(&db, hook.id).await;
            let monitor = db.monitor(&[&mail]).await;
            db.go_down(&monitor).await;
            let first = db.claim_one(&mail).await;
            db.advance(Duration::from_mins(2));
            assert_eq!(db.due().await, [hook.id], "{way}");
            let instead = db.claim_one(&hook).await;
            db.finish(&instead, Next::Sent).await;
            let outbox = db.store.outbox();
            match way {
                "released" => assert!(outbox.release(&first.lease).await.unwrap()),
                "postponed" => {
                    let until = db.now().plus(Duration::from_mins(1));
                    let seen = db.store.mail().changes();
                    outbox.postpone(&[&first.lease], until, "no room", seen).await.unwrap();
                }
                "a restart" => assert_eq!(outbox.recover_claims().await.unwrap(), 1),
                _ => db.advance(LEASE),
            }
            assert!(db.due().await.is_empty(), "{way}: nobody tells it again");
            assert_eq!(db.state(first.notice.delivery).await, DeliveryState::Cancelled, "{way}");
        }
    }

    async fn a_message_that_kills_its_sender_is_told_by_the_fallback(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = mail_with(&db, hook.id).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        for _ in 0..5 {
            db.claim_one(&mail).await;
            assert_eq!(db.store.outbox().recover_claims().await.unwrap(), 1);
        }
        assert_eq!(db.due().await, [hook.id]);
    }

    async fn one_dead_address_of_three_calls_nobody_else(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = mail_to(&db, &["a@example.org", "dead@example.org", "slow@example.org"], hook.id).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let rows = db.claim(&mail).await;
        let of = |address: &str| rows.iter().find(|c| c.notice.recipient == address).unwrap();
        db.finish(of("dead@example.org"), Next::Failed).await;
        assert!(db.due().await.is_empty(), "the others may still be told");
        db.finish(of("a@example.org"), Next::Sent).await;
        let later = Next::Retry { at: db.now().plus(Duration::from_mins(10)) };
        db.finish(of("slow@example.org"), later).await;
        for _ in 0..5 {
            db.advance(Duration::from_mins(1));
            assert!(db.due().await.is_empty(), "the channel told somebody");
        }
        assert_eq!(db.state(of("slow@example.org").notice.delivery).await, DeliveryState::Pending);
        db.advance(Duration::from_mins(5));
        assert_eq!(db.due().await, [mail.id], "it keeps its own tries");
    }

    async fn when_nobody_of_the_channel_is_told_the_fallback_tells_it_once(db: Db) {
        for last in [Next::Failed, Next::Retry { at: db.now().plus(Duration::from_hours(1)) }] {
            let hook = db.webhook("https://hooks.example/x").await;
            let mail = mail_to(&db, &["a@example.org", "b@example.org"], hook.id).await;
            let monitor = db.monitor(&[&mail]).await;
            db.go_down(&monitor).await;
            let rows = db.claim(&mail).await;
            db.finish(&rows[0], Next::Failed).await;
            assert!(db.due().await.is_empty());
            db.finish(&rows[1], last).await;
            if last != Next::Failed {
                assert!(db.due().await.is_empty(), "the second one has two minutes");
                db.advance(Duration::from_mins(2));
            }
            assert_eq!(db.due().await, [hook.id]);
            let instead = db.claim_one(&hook).await;
            db.finish(&instead, Next::Sent).await;
            assert!(db.due().await.is_empty());
            let ends = if last == Next::Failed { DeliveryState::Failed } else { DeliveryState::Cancelled };
            assert_eq!(db.state(rows[1].notice.delivery).await, ends);
            assert_eq!(db.state(rows[0].notice.delivery).await, DeliveryState::Failed);
        }
    }

    async fn what_suspended_recipients_miss_is_told_by_the_fallback_if_there_are_no_others(db: Db) {
        for (address, told) in [("a@example.org", false), ("b@example.org", true)] {
            db.sql(&format!(
                "INSERT INTO mail_recipients (address_key, address, refusals, suspended_at, suspended_why, updated_at) \
                 VALUES ('{address}', '{address}', 2, 0, 'refused', 0)"
            ))
            .await;
            let hook = db.webhook("https://hooks.example/x").await;
            let mail = mail_to(&db, &["a@example.org", "b@example.org"], hook.id).await;
            let monitor = db.monitor(&[&mail]).await;
            db.go_down(&monitor).await;
            let left = db.claim(&mail).await;
            assert_eq!(left.is_empty(), told, "{address} is suspended as well");
            for claimed in left {
                db.finish(&claimed, Next::Sent).await;
            }
            assert_eq!(db.due().await.contains(&hook.id), told);
        }
    }

    async fn what_a_person_had_sent_again_is_told_by_nobody_else(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = mail_with(&db, hook.id).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Failed).await;
        let instead = db.claim_one(&hook).await;
        db.finish(&instead, Next::Sent).await;
        let asked_for = db.store.outbox().resend(first.notice.delivery, "ana").await.unwrap().unwrap();
        let again = db.claim_one(&mail).await;
        db.finish(&again, Next::Retry { at: db.now().plus(Duration::from_mins(5)) }).await;
        db.advance(Duration::from_mins(5));
        assert_eq!(db.due().await, [mail.id], "it is still to be sent");
        let again = db.claim_one(&mail).await;
        assert_eq!(again.notice.delivery, asked_for);
        db.finish(&again, Next::Failed).await;
        assert!(db.due().await.is_empty());
        assert_eq!(db.state(asked_for).await, DeliveryState::Failed);
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

    async fn a_fallback_does_not_tell_what_it_was_asked_not_to(db: Db) {
        let config = json!({ "url": "https://hooks.example/x", "events": ["resolved"] });
        let hook = db.channel(json!({ "name": "Hook", "kind": "webhook", "config": config })).await;
        let mail = mail_with(&db, hook.id).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Retry { at: db.now().plus(Duration::from_hours(1)) }).await;
        db.advance(Duration::from_mins(3));
        assert!(db.due().await.is_empty());
        assert_eq!(db.state(first.notice.delivery).await, DeliveryState::Pending, "it is still to be told");
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

    async fn of_a_digest_that_is_refused_so_many_are_told_at_a_time(db: Db) {
        let mut db = db;
        let hook = db.webhook("https://hooks.example/x").await;
        let mail = mail_with(&db, hook.id).await;
        for _ in 0..250 {
            let monitor = db.monitor(&[&mail]).await;
            db.go_down(&monitor).await;
        }
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Sent).await;
        db.advance(WINDOW);
        let digest = db.claim_one(&mail).await;
        assert_eq!(digest.notice.count(), 249);
        assert!(db.finish(&digest, Next::Failed).await);
        assert_eq!(instead(&db, hook.id).await, 0, "no transaction grows with what travels together");
        // Also when the process ends before anybody looks.
        db.reopen().await;
        assert_eq!(db.due().await, [hook.id]);
        assert_eq!(instead(&db, hook.id).await, 200);
        for _ in 0..3 {
            db.due().await;
            assert_eq!(instead(&db, hook.id).await, 249);
        }
    }

    async fn a_digest_without_a_fallback_asks_for_none(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        for _ in 0..12 {
            let monitor = db.monitor(&[&mail]).await;
            db.go_down(&monitor).await;
        }
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Sent).await;
        db.advance(WINDOW);
        let digest = db.claim_one(&mail).await;
        db.finish(&digest, Next::Failed).await;
        // One that comes later is not for what has ended.
        let hook = db.webhook("https://hooks.example/x").await;
        let body = json!({ "name": "Mail", "kind": "email", "config": { "to": ["a@example.org"] }, "fallback": hook.id.0 });
        let draft = ChannelDraft::from_json(body, None).unwrap();
        db.store.channels().update(mail.id, &draft).await.unwrap().unwrap();
        assert!(db.due().await.is_empty());
        assert_eq!(instead(&db, hook.id).await, 0);
    }
}
