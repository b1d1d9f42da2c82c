//! Messages that are collected, and deliveries that travel in one message.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{
    channel::Channel,
    delivery::{DeliveryState, Event},
    gathering::WINDOW,
    incident::IncidentKind,
    monitor::Monitor,
};
use serde_json::json;
use store::outbox::{Claimed, Delivery, DeliveryFilter, Next, Terms};

use crate::harness::{Db, LEASE, both};

async fn monitors(db: &Db, channels: &[&Channel], count: usize) -> Vec<Monitor> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(db.monitor(channels).await);
    }
    all
}

async fn down(db: &Db, monitors: &[Monitor]) {
    for monitor in monitors {
        db.go_down(monitor).await;
        db.advance(Duration::from_millis(1));
    }
}

async fn up(db: &Db, monitors: &[Monitor]) {
    for monitor in monitors {
        db.come_up(monitor).await;
        db.advance(Duration::from_millis(1));
    }
}

async fn all(db: &Db) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        limit: 500,
        ..Default::default()
    };
    db.store.outbox().page(&filter).await.unwrap().items
}

/// Deliveries that a claim speaks for, by the API's eyes.
async fn members(db: &Db, claimed: &Claimed) -> usize {
    let digest = Some(claimed.notice.delivery);
    let filter = DeliveryFilter {
        digest,
        limit: 500,
        ..Default::default()
    };
    db.store.outbox().page(&filter).await.unwrap().items.len()
}

/// A mail channel whose monitors have just gone down: the first is told, the others are collected and due.
async fn storm(db: &Db, to: &[&str], count: usize) -> (Channel, Vec<Monitor>) {
    let mail = db.mail_channel(to).await;
    let monitors = monitors(db, &[&mail], count).await;
    down(db, &monitors).await;
    for first in db.claim(&mail).await {
        assert!(!first.notice.is_digest());
        db.finish(&first, Next::Sent).await;
    }
    assert!(db.claim(&mail).await.is_empty(), "the others are collected");
    db.advance(WINDOW);
    (mail, monitors)
}

both! {
    async fn the_first_is_told_at_once_and_the_others_as_one(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org", "b@example.org"], 101).await;
        let digests = db.claim(&mail).await;
        let told: HashSet<_> = digests.iter().map(|c| c.notice.recipient.as_str()).collect();
        assert_eq!((digests.len(), told.len()), (2, 2), "one for each recipient");
        for digest in &digests {
            assert_eq!((digest.notice.count(), digest.notice.also.len()), (100, 49));
            assert_eq!(digest.notice.counted, [((Event::Opened, IncidentKind::Down), 50)]);
            assert_eq!(members(&db, digest).await, 100);
            assert!(db.finish(digest, Next::Sent).await);
        }
        let rows = all(&db).await;
        assert!(rows.iter().all(|d| d.state == DeliveryState::Sent));
        let ids: HashSet<_> = rows.iter().map(|d| d.message_id.as_str()).collect();
        assert_eq!(ids.len(), 4, "messages");
    }

    async fn a_few_go_each_by_itself(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org"], 6).await;
        let claimed = db.claim(&mail).await;
        assert_eq!(claimed.len(), 5);
        assert!(claimed.iter().all(|c| !c.notice.is_digest()));
    }

    async fn while_more_come_a_window_follows_the_other(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org"], 10).await;
        let digest = db.claim_one(&mail).await;
        db.finish(&digest, Next::Sent).await;
        let more = monitors(&db, &[&mail], 10).await;
        down(&db, &more).await;
        assert!(db.claim(&mail).await.is_empty(), "the next window has begun");
        db.advance(WINDOW);
        assert_eq!(db.claim_one(&mail).await.notice.count(), 10);
    }

    async fn programs_get_each_event_by_itself_and_at_once(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitors = monitors(&db, &[&hook], 20).await;
        down(&db, &monitors).await;
        let claimed = db.claim(&hook).await;
        assert_eq!(claimed.len(), 20);
        assert!(claimed.iter().all(|c| !c.notice.is_digest()));
    }

    async fn the_tail_of_a_storm_is_one_message(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org"], 8).await;
        let digest = db.claim_one(&mail).await;
        assert_eq!(digest.notice.count(), 7);
        db.finish(&digest, Next::Sent).await;
        let late = monitors(&db, &[&mail], 3).await;
        down(&db, &late).await;
        db.advance(WINDOW);
        let tail = db.claim_one(&mail).await;
        assert_eq!(tail.notice.count(), 3);
        db.finish(&tail, Next::Sent).await;
        // Long after it a few are a few again.
        db.advance(WINDOW * 4);
        let (first, few) = (monitors(&db, &[&mail], 1).await, monitors(&db, &[&mail], 3).await);
        down(&db, &first).await;
        let alone = db.claim_one(&mail).await;
        db.finish(&alone, Next::Sent).await;
        down(&db, &few).await;
        db.advance(WINDOW);
        assert_eq!(db.claim(&mail).await.len(), 3);
    }

    async fn a_digest_is_tried_again_as_the_same_message(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org"], 61).await;
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Retry { at: db.now().plus(Duration::from_mins(1)) }).await;
        assert!(db.claim(&mail).await.is_empty());
        // What comes meanwhile travels in another one: nobody knows whether this one arrived.
        let more = monitors(&db, &[&mail], 7).await;
        down(&db, &more).await;
        db.advance(Duration::from_mins(1));
        let again = db.claim(&mail).await;
        assert_eq!(again.len(), 2, "the retry, and these");
        let again = again.iter().find(|c| c.attempt == 2).unwrap();
        assert_eq!(again.notice.message_id, first.notice.message_id);
        assert_eq!(again.notice.delivery, first.notice.delivery);
        assert_eq!(again.notice.count(), 60);
        db.finish(again, Next::Sent).await;
        let one = all(&db).await.into_iter().find(|d| d.digest_of == Some(first.notice.delivery)
            && d.id != first.notice.delivery).unwrap();
        let (row, attempts) = db.store.outbox().get(one.id).await.unwrap().unwrap();
        assert_eq!((row.state, row.attempts, attempts.len()), (DeliveryState::Sent, 2, 2), "what is shown of a follower");
    }

    async fn a_kill_while_a_digest_is_sent_changes_nothing(db: Db) {
        let mut db = db;
        let (mail, _) = storm(&db, &["a@example.org"], 61).await;
        let first = db.claim_one(&mail).await;
        db.reopen().await;
        assert_eq!(db.store.outbox().recover_claims().await.unwrap(), 60);
        let again = db.claim_one(&mail).await;
        assert_eq!((again.attempt, again.notice.count()), (2, 60));
        assert_eq!(again.notice.message_id, first.notice.message_id);
        assert!(!db.finish(&first, Next::Sent).await, "fenced off");
        assert!(db.finish(&again, Next::Sent).await);
        let (_, attempts) = db.store.outbox().get(again.notice.delivery).await.unwrap().unwrap();
        assert_eq!(attempts.len(), 2);
    }

    async fn a_kill_within_a_window_changes_nothing(db: Db) {
        let mut db = db;
        let mail = db.mail_channel(&["a@example.org"]).await;
        let monitors = monitors(&db, &[&mail], 20).await;
        down(&db, &monitors[..10]).await;
        db.reopen().await;
        down(&db, &monitors[10..]).await;
        assert_eq!(db.claim(&mail).await.len(), 1, "the first");
        db.advance(WINDOW);
        assert_eq!(db.claim_one(&mail).await.notice.count(), 19);
    }

    async fn who_is_cancelled_leaves_the_digest_and_another_row_leads(db: Db) {
        let (mail, monitors) = storm(&db, &["a@example.org"], 11).await;
        let digest = db.claim_one(&mail).await;
        assert!(db.store.outbox().release(&digest.lease).await.unwrap());
        let leader = digest.notice.subject.as_ref().unwrap().monitor.id;
        assert_eq!(leader, monitors[1].id);
        db.store.monitors().delete(leader).await.unwrap();
        assert_eq!(db.due().await, [mail.id]);
        let again = db.claim_one(&mail).await;
        assert_eq!((again.notice.count(), again.attempt), (9, 1));
        assert_eq!(again.notice.message_id, digest.notice.message_id);
        // Also while it is being sent: it may have arrived, so that its end is told.
        let deleted = again.notice.subject.as_ref().unwrap().monitor.id;
        db.store.monitors().delete(deleted).await.unwrap();
        assert!(db.finish(&again, Next::Retry { at: db.now() }).await);
        let mut claimed = db.claim(&mail).await;
        assert_eq!(claimed.len(), 2);
        let over = claimed.pop().unwrap();
        assert_eq!((over.notice.event, over.notice.subject.unwrap().monitor.id), (Event::Resolved, deleted));
        let last = claimed.pop().unwrap();
        assert_eq!((last.notice.count(), last.attempt), (8, 2));
        assert!(db.finish(&last, Next::Sent).await);
        let (_, attempts) = db.store.outbox().get(digest.notice.delivery).await.unwrap().unwrap();
        assert_eq!(attempts.len(), 2, "they stand with the digest");
    }

    async fn who_unsubscribes_is_told_nothing_of_what_was_collected(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org", "b@example.org"], 20).await;
        let digests = db.claim(&mail).await;
        db.store.optouts().add(mail.id, "a@example.org").await.unwrap();
        for digest in &digests {
            let held = db.store.outbox().still_held(&digest.lease).await.unwrap();
            assert_eq!(held.is_some(), digest.notice.recipient == "b@example.org");
            db.store.outbox().release(&digest.lease).await.unwrap();
        }
        assert_eq!(db.claim_one(&mail).await.notice.recipient, "b@example.org");
        let gone = all(&db).await.into_iter().filter(|d| d.state == DeliveryState::Cancelled);
        assert_eq!(gone.count(), 19);
    }

    async fn what_was_over_before_it_went_out_is_one_digest_of_recoveries(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let monitors = monitors(&db, &[&mail], 21).await;
        down(&db, &monitors).await;
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Sent).await;
        up(&db, &monitors).await;
        let first = db.claim_one(&mail).await;
        assert_eq!((first.notice.event, first.notice.count()), (Event::Resolved, 1));
        db.finish(&first, Next::Sent).await;
        db.advance(WINDOW);
        let digest = db.claim_one(&mail).await;
        assert_eq!((digest.notice.event, digest.notice.count()), (Event::Resolved, 20));
        db.finish(&digest, Next::Sent).await;
        let merged = all(&db).await.into_iter().filter(|d| d.state == DeliveryState::Cancelled);
        assert_eq!(merged.count(), 20);
    }

    async fn recoveries_wait_for_the_digest_that_is_being_sent(db: Db) {
        let (mail, monitors) = storm(&db, &["a@example.org"], 21).await;
        let digest = db.claim_one(&mail).await;
        up(&db, &monitors).await;
        db.advance(WINDOW);
        let first = db.claim(&mail).await;
        assert_eq!(first.len(), 1, "only of the one whose outage was told by itself");
        assert_eq!(first[0].notice.subject.as_ref().unwrap().monitor.id, monitors[0].id);
        db.finish(&first[0], Next::Sent).await;
        db.finish(&digest, Next::Sent).await;
        let after = db.claim_one(&mail).await;
        assert_eq!((after.notice.event, after.notice.count()), (Event::Resolved, 20));
    }

    async fn what_there_is_no_room_for_travels_in_the_next_digest(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org"], 4).await;
        let terms = Terms { room: Some(1), ..Terms::new(16, LEASE) };
        let digest = db.store.outbox().claim(mail.id, &terms).await.unwrap().remove(0);
        assert_eq!(digest.notice.count(), 3);
        // Put off before it was tried: what comes now joins it.
        let until = db.now().plus(WINDOW);
        db.store.outbox().postpone(&[&digest.lease], until, "no room", db.store.mail().changes()).await.unwrap();
        let more = monitors(&db, &[&mail], 2).await;
        down(&db, &more).await;
        db.advance(WINDOW);
        let again = db.claim_one(&mail).await;
        assert_eq!((again.notice.count(), again.attempt), (5, 1));
        assert_eq!(again.notice.message_id, digest.notice.message_id);
    }

    async fn who_was_sent_too_much_gets_it_together(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org", "b@example.org"], 4).await;
        let terms = Terms { crowded: vec!["a@example.org".into()], ..Terms::new(16, LEASE) };
        let claimed = db.store.outbox().claim(mail.id, &terms).await.unwrap();
        let counts = |to: &str| -> Vec<u64> {
            claimed.iter().filter(|c| c.notice.recipient == to).map(|c| c.notice.count()).collect()
        };
        assert_eq!((counts("a@example.org"), counts("b@example.org")), (vec![3], vec![1, 1, 1]));
    }

    async fn what_a_person_asked_for_is_never_collected(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org"], 8).await;
        let digest = db.claim_one(&mail).await;
        db.finish(&digest, Next::Sent).await;
        for row in all(&db).await {
            db.store.outbox().resend(row.id, "ana").await.unwrap().unwrap();
        }
        let claimed = db.claim(&mail).await;
        assert_eq!(claimed.len(), 8);
        assert!(claimed.iter().all(|c| !c.notice.is_digest()));
    }

    async fn an_outage_goes_before_a_recovery_and_both_before_the_rest(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let monitors = monitors(&db, &[&mail], 3).await;
        for monitor in &monitors[..2] {
            db.go_down(monitor).await;
            db.advance(WINDOW);
            let claimed = db.claim_one(&mail).await;
            db.finish(&claimed, Next::Sent).await;
        }
        db.advance(WINDOW);
        let open = db.store.incidents().page(&store::IncidentFilter { limit: 5, ..Default::default() }).await.unwrap();
        db.store.incidents().acknowledge(open.items[0].incident.id, "ana").await.unwrap().unwrap();
        db.come_up(&monitors[0]).await;
        db.go_down(&monitors[2]).await;
        db.advance(WINDOW);
        let order: Vec<_> = db.claim(&mail).await.iter().map(|c| c.notice.event).collect();
        assert_eq!(order, [Event::Opened, Event::Resolved, Event::Acknowledged]);
    }

    async fn of_a_digest_that_reaches_nobody_the_fallback_tells_each(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let body = json!({ "name": "Mail", "kind": "email", "config": { "to": ["a@example.org"] }, "fallback": hook.id.0 });
        let draft = domain::channel::ChannelDraft::from_json(body, None).unwrap();
        let mail = db.store.channels().create(&draft).await.unwrap();
        let monitors = monitors(&db, &[&mail], 12).await;
        down(&db, &monitors).await;
        let first = db.claim_one(&mail).await;
        db.finish(&first, Next::Sent).await;
        db.advance(WINDOW);
        let digest = db.claim_one(&mail).await;
        db.finish(&digest, Next::Retry { at: db.now().plus(Duration::from_hours(1)) }).await;
        db.advance(Duration::from_mins(2));
        assert_eq!(db.due().await, [hook.id]);
        let instead = db.claim(&hook).await;
        assert_eq!(instead.len(), 11);
        for one in &instead {
            db.finish(one, Next::Sent).await;
        }
        let done = all(&db).await.into_iter().filter(|d| d.state == DeliveryState::Cancelled);
        assert_eq!(done.count(), 11);

        // Refused for good, it is told at once.
        up(&db, &monitors).await;
        db.advance(WINDOW);
        for claimed in db.claim(&mail).await {
            db.finish(&claimed, Next::Failed).await;
        }
        assert!(db.due().await.contains(&hook.id));
    }

    async fn what_nobody_sent_in_a_day_expires_with_its_digest(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org"], 30).await;
        let digest = db.claim_one(&mail).await;
        db.finish(&digest, Next::Wait).await;
        db.advance(Duration::from_hours(24));
        assert!(db.due().await.is_empty());
        let expired: Vec<_> = all(&db).await.into_iter().filter(|d| d.state == DeliveryState::Expired).collect();
        assert_eq!(expired.len(), 29);
        assert!(expired.iter().all(|d| d.reason.as_deref() == Some("Not delivered within 1d. Last: 451 greylisted")),
            "{:?}", expired[0].reason);
    }

    async fn only_a_message_about_one_outage_is_changed_when_it_is_over(db: Db) {
        let chat = json!({ "name": "Chat", "kind": "slack", "config": { "url": "https://hooks.slack.com/services/T/B/x" } });
        let chat = db.channel(chat).await;
        let mut monitors = Vec::new();
        for _ in 0..13 {
            let monitor = db.monitor(&[&chat]).await;
            db.go_down(&monitor).await;
            db.advance(Duration::from_millis(1));
            monitors.push(monitor);
        }
        let alone = db.claim_one(&chat).await;
        db.finish(&alone, Next::Sent).await;
        db.advance(WINDOW);
        let digest = db.claim_one(&chat).await;
        assert_eq!(digest.notice.count(), 12);
        db.finish(&digest, Next::Sent).await;

        let leader = digest.notice.subject.as_ref().unwrap().monitor.id;
        for (told, reference) in [(alone.notice.subject.unwrap().monitor.id, Some("4711")), (leader, None)] {
            db.advance(WINDOW * 4);
            db.come_up(monitors.iter().find(|m| m.id == told).unwrap()).await;
            let recovery = db.claim_one(&chat).await;
            assert_eq!((recovery.notice.event, recovery.notice.count()), (Event::Resolved, 1));
            assert_eq!(recovery.notice.thread_reference.as_deref(), reference);
            db.finish(&recovery, Next::Sent).await;
        }
    }

    async fn each_of_several_kinds_in_a_digest_is_described_or_counted_as_what_it_is(db: Db) {
        let (mail, _) = storm(&db, &["a@example.org"], 1).await;
        let kinds = [IncidentKind::Down, IncidentKind::Certificate, IncidentKind::NoData];
        let first = monitors(&db, &[&mail], 1).await;
        down(&db, &first).await;
        let alone = db.claim_one(&mail).await;
        db.finish(&alone, Next::Sent).await;
        let monitors = monitors(&db, &[&mail], 60).await;
        for (monitor, kind) in monitors.iter().zip(kinds.into_iter().cycle()) {
            match kind {
                IncidentKind::Down => db.go_down(monitor).await,
                other => db.worry(monitor, other).await,
            };
            db.advance(Duration::from_millis(1));
        }
        db.advance(WINDOW);
        let mut counted: HashMap<IncidentKind, u64> = HashMap::new();
        let mut described: HashMap<IncidentKind, u64> = HashMap::new();
        let digest = db.claim_one(&mail).await;
        for one in std::iter::once(&digest.notice).chain(&digest.notice.also) {
            assert_eq!(one.event, Event::Opened);
            let subject = one.subject.as_ref().unwrap();
            let at = monitors.iter().position(|m| m.id == subject.monitor.id).unwrap();
            assert_eq!(subject.incident.kind, kinds[at % 3]);
            *described.entry(subject.incident.kind).or_default() += 1;
        }
        for ((event, kind), n) in &digest.notice.counted {
            assert_eq!(*event, Event::Opened);
            assert_eq!(counted.insert(*kind, *n), None, "each sort once");
        }
        let of = |found: &HashMap<IncidentKind, u64>| kinds.map(|kind| found.get(&kind).copied().unwrap_or(0));
        assert_eq!((of(&described), of(&counted)), ([17, 17, 16], [3, 3, 4]));
    }
}
