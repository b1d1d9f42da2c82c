//! A channel whose receiver refuses it as such needs attention, and is not stormed.

use std::time::Duration;

use domain::{
    attention::{Attention, Rejection, TRIED_EVERY},
    channel::Channel,
    delivery::{Attempt, AttemptVerdict, DeliveryState, Event},
    incident::{Incident, Origin},
};
use serde_json::json;
use store::outbox::{Claimed, Next};

use crate::harness::{Db, attempt, both, channel_draft};

async fn refuse(db: &Db, claimed: &Claimed, rejection: Option<Rejection>, next: Next) {
    let refused = Attempt {
        rejection,
        reply_code: Some(404),
        reply_text: Some("who?".to_owned()),
        ..attempt(db.now(), claimed.attempt, next)
    };
    assert!(
        db.store
            .outbox()
            .finish(&claimed.lease, &refused, next)
            .await
            .unwrap()
    );
}

async fn attention(db: &Db, channel: &Channel) -> Option<Attention> {
    db.store
        .channels()
        .health(&[channel.id])
        .await
        .unwrap()
        .remove(&channel.id)
        .unwrap()
        .attention
}

async fn open(db: &Db) -> Vec<Incident> {
    db.store.troubles().all_open().await.unwrap()
}

/// So many outages that are told by this channel.
async fn outages(db: &Db, channel: &Channel, n: usize) {
    for _ in 0..n {
        let monitor = db.monitor(&[channel]).await;
        db.go_down(&monitor).await;
    }
}

fn later(db: &Db) -> Next {
    Next::Retry {
        at: db.now().plus(Duration::from_secs(5)),
    }
}

async fn save(db: &Db, channel: &Channel, enabled: bool) {
    let body = json!({"name": "Hook", "kind": "webhook", "enabled": enabled, "config": {"url": "https://hook.example/new"}});
    db.store
        .channels()
        .update(channel.id, &channel_draft(body))
        .await
        .unwrap()
        .unwrap();
}

async fn waiting(db: &Db, channel: &Channel) -> u64 {
    db.store.channels().health(&[channel.id]).await.unwrap()[&channel.id].waiting
}

both! {
    async fn three_in_a_row_of_whatever_message_are_told_by_another_channel(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        outages(&db, &hook, 1).await;
        let other = db.mail_channel(&["me@example.net"]).await;
        let row = db.claim_one(&hook).await;
        refuse(&db, &row, Some(Rejection::NotFound), later(&db)).await;
        db.advance(Duration::from_secs(6));
        // It has begun to be refused: one at a time.
        outages(&db, &hook, 2).await;
        let mut claimed = db.claim(&hook).await;
        assert_eq!(claimed.len(), 1);
        refuse(&db, &claimed.remove(0), Some(Rejection::Unauthorised), later(&db)).await;
        assert_eq!(attention(&db, &hook).await, None);
        assert!(open(&db).await.is_empty());
        let row = db.claim_one(&hook).await;
        refuse(&db, &row, Some(Rejection::NotFound), later(&db)).await;

        let needs = attention(&db, &hook).await.unwrap();
        assert_eq!((needs.rejection, needs.since, needs.said.as_deref()), (Rejection::NotFound, db.now(), Some("who?")));
        assert_eq!(needs.until, db.now().plus(TRIED_EVERY));
        let neglected = db.store.channels().neglected().await.unwrap();
        assert_eq!((neglected.len(), neglected[0].channel, neglected[0].attention.clone()), (1, hook.id, needs));
        assert_eq!(open(&db).await[0].origin, Origin::Channel(hook.id));
        let told = db.claim_one(&other).await;
        assert_eq!(told.notice.event, Event::Opened);
        assert_eq!(told.notice.subject.as_ref().unwrap().monitor.name, "Watchbell: Hook");
        db.finish(&told, Next::Sent).await;
    }

    async fn one_is_enough_when_the_message_is_not_tried_again(db: Db) {
        for next in [Next::Wait, Next::Failed] {
            let hook = db.webhook("https://hook.example/a").await;
            outages(&db, &hook, 1).await;
            let row = db.claim_one(&hook).await;
            refuse(&db, &row, Some(Rejection::Unauthorised), next).await;
            assert!(attention(&db, &hook).await.is_some(), "{next:?}");
            assert!(open(&db).await.iter().any(|i| i.origin == Origin::Channel(hook.id)));
        }
    }

    async fn what_is_put_off_waits_and_says_why_unless_the_channel_was_saved_since(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        outages(&db, &hook, 2).await;
        let (since, until) = (db.now(), db.now().plus(Duration::from_mins(10)));
        db.advance(Duration::from_secs(1));
        let outbox = db.store.outbox();
        assert!(outbox.put_off(hook.id, since, until, "Slow down.").await.unwrap());
        assert!(db.claim(&hook).await.is_empty());
        assert_eq!(outbox.oldest_due(db.now()).await.unwrap(), None);
        save(&db, &hook, true).await;
        assert!(!outbox.put_off(hook.id, since, until, "Slow down.").await.unwrap());
        assert_eq!(db.claim(&hook).await.len(), 2);
    }

    async fn one_message_is_tried_at_long_intervals_and_the_others_wait_and_say_so(db: Db) {
        let hook = db.channel(json!({"name": "Chat", "kind": "slack", "config": {"url": "https://hooks.slack.com/services/T/B/x"}})).await;
        outages(&db, &hook, 4).await;
        db.advance(domain::gathering::WINDOW);
        let mut all = db.claim(&hook).await;
        assert_eq!(all.len(), 4);
        refuse(&db, &all.remove(0), Some(Rejection::Gone), Next::Failed).await;
        for row in &all {
            db.store.outbox().release(&row.lease).await.unwrap();
        }
        assert!(attention(&db, &hook).await.is_some());
        assert!(db.claim(&hook).await.is_empty());
        for row in &all {
            let (delivery, _) = db.store.outbox().get(row.notice.delivery).await.unwrap().unwrap();
            assert_eq!(delivery.state, DeliveryState::Pending);
            assert_eq!(delivery.next_attempt_at, Some(db.now().plus(TRIED_EVERY)));
            assert!(delivery.reason.unwrap().starts_with("The channel needs attention"));
        }
        for _ in 0..3 {
            db.advance(TRIED_EVERY);
            let mut tried = db.claim(&hook).await;
            assert_eq!(tried.len(), 1);
            assert!(db.claim(&hook).await.is_empty(), "one at a time");
            refuse(&db, &tried.remove(0), Some(Rejection::NotFound), later(&db)).await;
        }
        // The receiver is there again: everything is due at once.
        db.advance(TRIED_EVERY);
        let row = db.claim_one(&hook).await;
        db.finish(&row, Next::Sent).await;
        assert_eq!(attention(&db, &hook).await, None);
        assert_eq!(db.claim(&hook).await.len(), 2);
        assert!(open(&db).await.is_empty());
    }

    async fn an_endpoint_that_is_gone_gets_nothing_until_somebody_says_so(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        let other = db.mail_channel(&["me@example.net"]).await;
        outages(&db, &hook, 3).await;
        let all = db.claim(&hook).await;
        refuse(&db, &all[0], Some(Rejection::Gone), Next::Failed).await;
        // It was on its way when the first one came back.
        refuse(&db, &all[1], Some(Rejection::Gone), Next::Failed).await;
        db.store.outbox().release(&all[2].lease).await.unwrap();
        for _ in 0..5 {
            db.advance(TRIED_EVERY);
            assert!(db.claim(&hook).await.is_empty());
        }
        assert_eq!(waiting(&db, &hook).await, 2);
        let told = db.claim(&other).await;
        assert_eq!(told.len(), 1, "told once");
        db.finish(&told[0], Next::Sent).await;

        save(&db, &hook, true).await;
        assert_eq!((attention(&db, &hook).await, waiting(&db, &hook).await), (None, 0));
        assert_eq!(open(&db).await.len(), 1, "whether it works is not known yet");
        let all = db.claim(&hook).await;
        assert_eq!(all.len(), 2);
        db.finish(&all[0], Next::Sent).await;
        assert!(open(&db).await.is_empty());
        let told = db.claim_one(&other).await;
        assert_eq!(told.notice.event, Event::Resolved);
    }

    async fn saved_and_still_refused_it_is_the_same_trouble(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        let other = db.mail_channel(&["me@example.net"]).await;
        outages(&db, &hook, 2).await;
        let all = db.claim(&hook).await;
        refuse(&db, &all[0], Some(Rejection::Gone), Next::Failed).await;
        db.store.outbox().release(&all[1].lease).await.unwrap();
        let first = open(&db).await;
        save(&db, &hook, true).await;
        let row = db.claim_one(&hook).await;
        refuse(&db, &row, Some(Rejection::Gone), Next::Failed).await;
        assert!(attention(&db, &hook).await.is_some());
        assert_eq!(open(&db).await, first);
        assert_eq!(db.claim(&other).await.len(), 1);
        // What nobody uses is in nobody's way.
        save(&db, &hook, false).await;
        assert_eq!(attention(&db, &hook).await, None);
        assert!(open(&db).await.is_empty());
    }

    async fn a_test_that_succeeds_ends_it(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        outages(&db, &hook, 2).await;
        let all = db.claim(&hook).await;
        refuse(&db, &all[0], Some(Rejection::Gone), Next::Failed).await;
        db.store.outbox().release(&all[1].lease).await.unwrap();
        assert!(db.claim(&hook).await.is_empty());
        db.store.channels().works(hook.id).await.unwrap();
        assert_eq!(attention(&db, &hook).await, None);
        assert!(open(&db).await.is_empty());
        assert_eq!(db.claim(&hook).await.len(), 1);
    }

    async fn a_channel_that_is_deleted_takes_its_trouble_with_it(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        let other = db.mail_channel(&["me@example.net"]).await;
        outages(&db, &hook, 1).await;
        let row = db.claim_one(&hook).await;
        refuse(&db, &row, Some(Rejection::Gone), Next::Failed).await;
        let told = db.claim_one(&other).await;
        db.finish(&told, Next::Sent).await;
        assert!(db.store.channels().delete(hook.id).await.unwrap());
        assert!(open(&db).await.is_empty());
        assert!(db.claim(&other).await.is_empty(), "nobody has to be told");
    }

    async fn one_refused_recipient_does_not_make_a_channel_fail(db: Db) {
        let mail = db.mail_channel(&["gone@example.net", "me@example.net"]).await;
        outages(&db, &mail, 1).await;
        let refused = |claimed: &Claimed| Attempt {
            step: Some("rcpt_to".to_owned()),
            reply_code: Some(550),
            verdict: AttemptVerdict::Refused { reason: "No such user.".to_owned() },
            ..attempt(db.now(), claimed.attempt, Next::Failed)
        };
        let all = db.claim(&mail).await;
        assert!(db.store.outbox().finish(&all[0].lease, &refused(&all[0]), Next::Failed).await.unwrap());
        let health = db.store.channels().health(&[mail.id]).await.unwrap().remove(&mail.id).unwrap();
        assert_eq!(health.last_failure, None, "the other one may still hear of it");
        assert!(db.store.outbox().finish(&all[1].lease, &refused(&all[1]), Next::Failed).await.unwrap());
        let health = db.store.channels().health(&[mail.id]).await.unwrap().remove(&mail.id).unwrap();
        assert!(health.last_failure.is_some(), "nobody heard of it");
    }
}
