use std::time::Duration;

use domain::{
    delivery::{AttemptVerdict, DeliveryState, Event},
    monitor::Monitor,
};
use store::outbox::{DeliveryFilter, Lost, Next, Terms};

use crate::harness::{Db, LEASE, both, channel_draft, incident_of};

/// A webhook with one opened delivery that is due.
async fn outage(db: &Db) -> (domain::channel::Channel, Monitor) {
    let hook = db.webhook("https://hooks.example/x").await;
    let monitor = db.monitor(&[&hook]).await;
    db.go_down(&monitor).await;
    (hook, monitor)
}

async fn states(db: &Db) -> Vec<(Event, DeliveryState)> {
    let page = db
        .store
        .outbox()
        .page(&DeliveryFilter {
            limit: 50,
            ..Default::default()
        })
        .await
        .unwrap();
    let mut states: Vec<_> = page
        .items
        .iter()
        .map(|d| (d.created_at, d.event, d.state))
        .collect();
    states.sort_by_key(|s| (s.0, s.1 as u8));
    states
        .into_iter()
        .map(|(_, event, state)| (event, state))
        .collect()
}

both! {
    async fn a_claim_is_exclusive_and_counted_before_it_is_sent(db: Db) {
        let (hook, monitor) = outage(&db).await;
        assert_eq!(db.store.outbox().due_channels(db.now()).await.unwrap(), [hook.id]);
        let claimed = db.claim_one(&hook).await;
        assert_eq!(claimed.attempt, 1);
        assert_eq!(claimed.notice.event, Event::Opened);
        assert_eq!(claimed.notice.thread, None);
        let subject = claimed.notice.subject.as_ref().unwrap();
        assert_eq!((subject.monitor.id, subject.monitor.target.as_str()), (monitor.id, "shop.example:443"));
        assert!(db.claim(&hook).await.is_empty());
        assert!(db.store.outbox().due_channels(db.now()).await.unwrap().is_empty());

        assert!(db.finish(&claimed, Next::Sent).await);
        let (delivery, attempts) = db.store.outbox().get(claimed.notice.delivery).await.unwrap().unwrap();
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Sent, 1));
        assert_eq!(delivery.reason.as_deref(), Some("Accepted by mx.example:25 as 4711."));
        assert_eq!(attempts, [crate::harness::attempt(db.now(), 1, Next::Sent)]);
        let health = db.store.channels().health(&[hook.id]).await.unwrap().remove(&hook.id).unwrap();
        assert_eq!(health.last_success, Some(db.now()));
        assert_eq!(db.store.outbox().next_due(db.now()).await.unwrap(), None);
    }

    async fn an_outdated_lease_is_fenced_off(db: Db) {
        let (hook, _) = outage(&db).await;
        let lost = db.claim_one(&hook).await;
        db.advance(LEASE + Duration::from_millis(1));
        assert_eq!(db.store.outbox().due_channels(db.now()).await.unwrap(), [hook.id]);
        let held = db.claim_one(&hook).await;
        assert_eq!(held.attempt, 2);
        assert_eq!(held.notice.message_id, lost.notice.message_id, "a duplicate carries the same id");

        assert!(!db.finish(&lost, Next::Sent).await);
        assert!(!db.store.outbox().release(&lost.lease).await.unwrap());
        let (delivery, attempts) = db.store.outbox().get(lost.notice.delivery).await.unwrap().unwrap();
        assert_eq!((delivery.state, attempts.len()), (DeliveryState::Sending, 1), "only that it was missed");
        assert!(db.finish(&held, Next::Sent).await);
    }

    async fn before_sending_a_claim_and_its_channel_are_looked_at_again(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        let outbox = db.store.outbox();
        assert_eq!(outbox.still_held(&claimed.lease).await.unwrap().unwrap().name, "Hook");
        let save = |enabled: bool| channel_draft(serde_json::json!({"name": "New", "kind": "webhook",
            "enabled": enabled, "config": {"url": "https://hooks.example/new"}}));
        db.store.channels().update(hook.id, &save(true)).await.unwrap().unwrap();
        assert_eq!(outbox.still_held(&claimed.lease).await.unwrap().unwrap().name, "New");
        db.store.channels().update(hook.id, &save(false)).await.unwrap().unwrap();
        assert!(outbox.still_held(&claimed.lease).await.unwrap().is_none());
        db.store.channels().update(hook.id, &save(true)).await.unwrap().unwrap();
        outbox.recover_claims().await.unwrap();
        assert!(outbox.still_held(&claimed.lease).await.unwrap().is_none());
        let again = db.claim_one(&hook).await;
        assert!(db.store.channels().delete(hook.id).await.unwrap());
        assert!(outbox.still_held(&again.lease).await.unwrap().is_none());
    }

    async fn a_late_result_counts_while_nobody_else_has_the_row(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        db.advance(LEASE * 2);
        assert!(db.finish(&claimed, Next::Sent).await);
        assert!(db.claim(&hook).await.is_empty());
    }

    async fn a_row_that_kills_its_sender_is_given_up(db: Db) {
        let (hook, _) = outage(&db).await;
        for attempt in 1..=5 {
            assert_eq!(db.claim_one(&hook).await.attempt, attempt);
            assert_eq!(db.store.outbox().recover_claims().await.unwrap(), 1);
        }
        assert!(db.claim(&hook).await.is_empty());
        let page = db.store.outbox().page(&DeliveryFilter { limit: 1, ..Default::default() }).await.unwrap();
        assert_eq!(page.items[0].state, DeliveryState::Failed);
        assert!(page.items[0].reason.as_ref().unwrap().contains("without a result"));
        let (_, attempts) = db.store.outbox().get(page.items[0].id).await.unwrap().unwrap();
        assert_eq!(attempts.len(), 5);
        assert!(matches!(attempts[4].verdict, AttemptVerdict::Refused { .. }));
    }

    async fn a_restart_gives_back_what_was_being_sent(db: Db) {
        let mut db = db;
        let (hook, _) = outage(&db).await;
        db.claim_one(&hook).await;
        db.reopen().await;
        assert_eq!(db.store.outbox().recover_claims().await.unwrap(), 1);
        // Not sent yet, and held by nothing that somebody could save.
        let health = db.store.channels().health(&[hook.id]).await.unwrap();
        assert_eq!((health[&hook.id].waiting, health[&hook.id].pending), (0, 1));
        let again = db.claim_one(&hook).await;
        assert_eq!(again.attempt, 2);
        db.finish(&again, Next::Sent).await;
        let (_, attempts) = db.store.outbox().get(again.notice.delivery).await.unwrap().unwrap();
        assert_eq!(attempts.iter().map(|a| a.number).collect::<Vec<_>>(), [1, 2], "the log has each of them");
        assert!(matches!(&attempts[0].verdict, AttemptVerdict::Deferred { reason } if reason.contains("was stopped")));
    }

    async fn what_another_instance_is_sending_is_left_to_it(db: Db) {
        let (hook, _) = outage(&db).await;
        db.claim_one(&hook).await;
        db.sql("UPDATE deliveries SET claimed_by = NULL").await;
        let recovered = db.store.outbox().recover_claims().await.unwrap();
        assert_eq!(recovered, u64::from(db.is_sqlite()), "a SQLite file has one instance");
    }

    async fn a_restart_tries_what_waits_again(db: Db) {
        let mut db = db;
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        db.finish(&claimed, Next::Wait).await;
        db.reopen().await;
        assert!(db.claim(&hook).await.is_empty());
        assert_eq!(db.store.outbox().recover_claims().await.unwrap(), 0);
        assert_eq!(db.claim_one(&hook).await.attempt, 2);
    }

    async fn a_clock_that_was_set_back_does_not_hold_rows(db: Db) {
        let (first, _) = outage(&db).await;
        let (second, _) = outage(&db).await;
        let retried = db.claim_one(&first).await;
        db.finish(&retried, Next::Retry { at: db.now().plus(Duration::from_hours(1)) }).await;
        db.claim_one(&second).await;
        let back = db.now().minus(Duration::from_hours(48));
        db.clock.set(back);
        assert_eq!(db.store.outbox().due_channels(db.now()).await.unwrap(), [first.id, second.id]);
        assert_eq!(db.claim_one(&first).await.expires_at, back.plus(Duration::from_hours(24)));
        assert_eq!(db.claim_one(&second).await.attempt, 2);
    }

    async fn whoever_heard_of_the_outage_hears_of_the_recovery(db: Db) {
        let mail = db.mail_channel(&["a@example.org", "b@example.org"]).await;
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&mail, &hook]).await;
        db.go_down(&monitor).await;
        for claimed in db.claim(&mail).await.iter().chain(&db.claim(&hook).await) {
            db.finish(claimed, Next::Sent).await;
        }
        // Meanwhile the hook is taken off the monitor and a recipient off the channel.
        let draft = channel_draft(serde_json::json!(
            {"name": "Mail", "kind": "email", "config": {"to": ["b@example.org", "c@example.org"]}}));
        db.store.channels().update(mail.id, &draft).await.unwrap().unwrap();
        let changed = crate::harness::config(serde_json::json!({"channels": [mail.id.0]}));
        let monitor = db.store.monitors().update(monitor.id, &changed).await.unwrap().unwrap();
        let record = db.come_up(&monitor).await;
        assert!(matches!(record, store::Record::Stored { deliveries: 3, .. }), "{record:?}");
        let mut told: Vec<_> = db.claim(&mail).await.into_iter().map(|c| c.notice.recipient).collect();
        told.sort();
        assert_eq!(told, ["a@example.org", "b@example.org"], "who never heard of the outage does not hear of its end");
        assert_eq!(db.claim_one(&hook).await.notice.event, Event::Resolved);
    }

    async fn damaged_settings_do_not_keep_an_outage_from_being_recorded(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&mail, &hook]).await;
        db.sql(&format!("UPDATE channels SET config = 'nonsense' WHERE id = {}", mail.id)).await;
        db.sql("INSERT INTO settings (scope, revision, body, saved_at, saved_by) VALUES ('mail', 1, '{', 0, 'x')").await;
        db.go_down(&monitor).await;
        let claimed = db.claim_one(&hook).await;
        assert!(claimed.notice.message_id.ends_with("@watchbell.test"));
        assert!(db.claim(&mail).await.is_empty());
        assert_eq!(db.store.outbox().due_channels(db.now()).await.unwrap(), []);
        let of_mail = DeliveryFilter { channel: Some(mail.id), limit: 5, ..Default::default() };
        let page = db.store.outbox().page(&of_mail).await.unwrap();
        assert_eq!((page.items.len(), page.items[0].recipient.as_str()), (1, ""));
        assert!(page.items[0].waiting && page.items[0].reason.as_ref().unwrap().contains("damaged"));
    }

    async fn giving_back_does_not_count(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        assert!(db.store.outbox().release(&claimed.lease).await.unwrap());
        assert_eq!(db.claim_one(&hook).await.attempt, 1);
    }

    async fn a_retry_waits_until_it_is_due(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        let at = db.now().plus(Duration::from_secs(30));
        db.finish(&claimed, Next::Retry { at }).await;
        assert!(db.claim(&hook).await.is_empty());
        assert_eq!(db.store.outbox().next_due(db.now()).await.unwrap(), Some(at));
        let health = db.store.channels().health(&[hook.id]).await.unwrap().remove(&hook.id).unwrap();
        assert_eq!(health.last_failure, Some((db.now(), "451 greylisted".into())));
        db.advance(Duration::from_secs(30));
        assert_eq!(db.claim_one(&hook).await.attempt, 2);
    }

    async fn a_recovery_waits_while_the_opening_is_being_sent(db: Db) {
        let (hook, monitor) = outage(&db).await;
        let opening = db.claim_one(&hook).await;
        db.advance(Duration::from_mins(1));
        db.come_up(&monitor).await;
        assert!(db.claim(&hook).await.is_empty(), "never UP before DOWN");
        assert!(db.store.outbox().due_channels(db.now()).await.unwrap().is_empty());
        let next = db.store.outbox().next_due(db.now()).await.unwrap().unwrap();
        assert!(next > db.now(), "a dispatcher does not spin on a row that has to wait");

        db.finish(&opening, Next::Sent).await;
        let recovery = db.claim_one(&hook).await;
        assert_eq!(recovery.notice.event, Event::Resolved);
        assert_eq!(recovery.notice.thread.as_deref(), Some(opening.notice.message_id.as_str()));
    }

    async fn an_opening_that_was_not_sent_is_merged_into_the_recovery(db: Db) {
        let (hook, monitor) = outage(&db).await;
        let opening = db.claim_one(&hook).await;
        let later = db.now().plus(Duration::from_hours(1));
        db.finish(&opening, Next::Retry { at: later }).await;
        db.advance(Duration::from_mins(1));
        db.come_up(&monitor).await;
        assert_eq!(db.store.outbox().due_channels(db.now()).await.unwrap(), [hook.id]);
        let recovery = db.claim_one(&hook).await;
        assert_eq!((recovery.notice.event, recovery.notice.thread.as_deref()), (Event::Resolved, None));
        let (opened, _) = db.store.outbox().get(opening.notice.delivery).await.unwrap().unwrap();
        assert_eq!(opened.state, DeliveryState::Cancelled);
        assert_eq!(opened.reason.as_deref(), Some("Merged into the recovery message."));
    }

    async fn each_recipient_has_an_order_of_its_own(db: Db) {
        let mail = db.mail_channel(&["a@example.org", "b@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let both = db.claim(&mail).await;
        db.finish(&both[0], Next::Sent).await;
        db.come_up(&monitor).await;
        let up = db.claim_one(&mail).await;
        assert_eq!(up.notice.recipient, both[0].notice.recipient);
    }

    async fn what_is_too_old_expires_visibly(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        db.finish(&claimed, Next::Retry { at: db.now().plus(Duration::from_hours(2)) }).await;
        db.advance(Duration::from_hours(24));
        assert_eq!(db.store.outbox().next_due(db.now()).await.unwrap(), Some(db.now()));
        assert!(db.store.outbox().due_channels(db.now()).await.unwrap().is_empty());
        let (delivery, _) = db.store.outbox().get(claimed.notice.delivery).await.unwrap().unwrap();
        assert_eq!(delivery.state, DeliveryState::Expired);
        assert_eq!(delivery.reason.as_deref(), Some("Not delivered within 1d. Last: 451 greylisted"));
        assert_eq!(delivery.finished_at, Some(db.now()));
        assert_eq!(db.store.outbox().backlog().await.unwrap().failed, 1);
        let lost = Lost {
            channel: hook.id,
            name: hook.name.clone(),
            state: DeliveryState::Expired,
            messages: 1,
        };
        assert_eq!(db.store.outbox().lost().await.unwrap(), [lost]);
        assert!(db.claim(&hook).await.is_empty());
        db.advance(Duration::from_hours(24) + Duration::from_millis(1));
        assert!(db.store.outbox().lost().await.unwrap().is_empty(), "it is not told for ever");
    }

    async fn what_was_lost_is_told_until_its_channel_delivers_again(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        db.finish(&claimed, Next::Failed).await;
        let lost = db.store.outbox().lost().await.unwrap();
        let [lost] = lost.as_slice() else {
            panic!("{lost:?}");
        };
        assert_eq!((lost.channel, lost.state, lost.messages), (hook.id, DeliveryState::Failed, 1));
        db.advance(Duration::from_hours(1));
        db.store.outbox().resend(claimed.notice.delivery, "me").await.unwrap().unwrap();
        assert_eq!(db.store.outbox().lost().await.unwrap().len(), 1, "it is not delivered yet");
        let again = db.claim_one(&hook).await;
        db.finish(&again, Next::Sent).await;
        assert!(db.store.outbox().lost().await.unwrap().is_empty());
    }

    async fn waiting_rows_are_released_by_saving_their_channel(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        db.advance(Duration::from_millis(1));
        db.finish(&claimed, Next::Wait).await;
        db.advance(Duration::from_hours(1));
        assert!(db.claim(&hook).await.is_empty());
        assert_eq!(db.store.outbox().backlog().await.unwrap().waiting, 1);
        let health = db.store.channels().health(&[hook.id]).await.unwrap();
        assert_eq!((health[&hook.id].waiting, health[&hook.id].pending), (1, 1));

        let draft = channel_draft(serde_json::json!(
            {"name": "Hook", "kind": "webhook", "config": {"url": "https://hooks.example/new"}}));
        db.store.channels().update(hook.id, &draft).await.unwrap().unwrap();
        assert_eq!(db.claim_one(&hook).await.attempt, 2);
    }

    async fn a_correction_that_came_during_the_attempt_is_not_waited_for(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        let started = crate::harness::attempt(db.now(), 1, Next::Wait);
        db.advance(Duration::from_secs(1));
        let draft = channel_draft(serde_json::json!(
            {"name": "Hook", "kind": "webhook", "config": {"url": "https://hooks.example/new"}}));
        db.store.channels().update(hook.id, &draft).await.unwrap().unwrap();
        assert!(db.store.outbox().finish(&claimed.lease, &started, Next::Wait).await.unwrap());
        assert_eq!(db.claim_one(&hook).await.attempt, 2);
    }

    async fn a_saved_channel_is_tried_at_once_and_not_when_the_retry_is_due(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        let later = Next::Retry { at: db.now().plus(Duration::from_mins(30)) };
        db.finish(&claimed, later).await;
        assert!(db.claim(&hook).await.is_empty());
        let draft = channel_draft(serde_json::json!(
            {"name": "Hook", "kind": "webhook", "config": {"url": "https://hooks.example/new"}}));
        db.advance(Duration::from_secs(1));
        db.store.channels().update(hook.id, &draft).await.unwrap().unwrap();

        let again = db.claim_one(&hook).await;
        let started = crate::harness::attempt(db.now(), 2, later);
        assert!(db.store.outbox().finish(&again.lease, &started, later).await.unwrap());
        let third = db.claim_one(&hook).await;
        assert_eq!(third.attempt, 3, "saved in the millisecond in which the attempt began");
        db.advance(Duration::from_millis(1));
        db.finish(&third, later).await;
        assert!(db.claim(&hook).await.is_empty(), "one that began after the save is not repeated at once");
    }

    async fn deleting_a_channel_cancels_what_is_pending(db: Db) {
        let (hook, _) = outage(&db).await;
        let claimed = db.claim_one(&hook).await;
        assert!(db.store.channels().delete(hook.id).await.unwrap());
        assert!(!db.finish(&claimed, Next::Sent).await);
        let (delivery, _) = db.store.outbox().get(claimed.notice.delivery).await.unwrap().unwrap();
        assert_eq!(delivery.state, DeliveryState::Cancelled);
        assert_eq!((delivery.reason.as_deref(), delivery.channel_name.as_str()), (Some("The channel was deleted."), "Hook"));
        assert_eq!(db.store.outbox().resend(claimed.notice.delivery, "me@example.org").await.unwrap(), None);
        assert!(!db.store.channels().delete(hook.id).await.unwrap());
    }

    async fn deleting_a_monitor_closes_its_incident_and_cancels_what_nobody_sent(db: Db) {
        let (_, monitor) = outage(&db).await;
        assert!(db.store.monitors().delete(monitor.id).await.unwrap());
        assert_eq!(states(&db).await, [(Event::Opened, DeliveryState::Cancelled)]);
        assert_eq!(db.store.incidents().open_count().await.unwrap(), 0);
        let page = db.store.incidents().page(&store::IncidentFilter { limit: 5, ..Default::default() }).await.unwrap();
        assert_eq!(page.items[0].monitor_name, "Shop", "history keeps the name");
    }

    async fn resending_makes_a_message_of_its_own(db: Db) {
        let (hook, monitor) = outage(&db).await;
        let sent = db.claim_one(&hook).await;
        db.finish(&sent, Next::Sent).await;
        let again = db.store.outbox().resend(sent.notice.delivery, "me@example.org").await.unwrap().unwrap();
        let resent = db.claim_one(&hook).await;
        assert_eq!(resent.notice.delivery, again);
        assert_eq!(resent.notice.event, Event::Opened);
        assert_ne!(resent.notice.message_id, sent.notice.message_id);
        db.finish(&resent, Next::Sent).await;
        let twice = db.store.outbox().resend(again, "me@example.org").await.unwrap();
        assert!(twice.is_some());
        // Also when the monitor is gone meanwhile.
        db.store.monitors().delete(monitor.id).await.unwrap();
        db.store.outbox().resend(again, "me@example.org").await.unwrap().unwrap();
        assert_eq!(db.claim_one(&hook).await.notice.subject.unwrap().monitor.name, "Shop");
    }

    async fn a_recovery_answers_the_opening_and_not_a_copy_of_it(db: Db) {
        for copies in [1, 5] {
            let (hook, monitor) = outage(&db).await;
            let opening = db.claim_one(&hook).await;
            db.finish(&opening, Next::Sent).await;
            for _ in 0..copies {
                db.advance(Duration::from_secs(1));
                db.store.outbox().resend(opening.notice.delivery, "ana").await.unwrap().unwrap();
                let copy = db.claim_one(&hook).await;
                db.finish(&copy, Next::Sent).await;
            }
            db.come_up(&monitor).await;
            let recovery = db.claim_one(&hook).await;
            assert_eq!(recovery.notice.thread, Some(opening.notice.message_id));
        }
    }

    async fn a_damaged_row_fails_alone(db: Db) {
        let (hook, first) = outage(&db).await;
        let second = db.monitor(&[&hook]).await;
        db.advance(Duration::from_secs(1));
        db.go_down(&second).await;
        db.sql(&format!("UPDATE incidents SET reason_kind = 'nonsense' WHERE monitor_id = {}", first.id)).await;
        let claimed = db.claim_one(&hook).await;
        assert_eq!(claimed.notice.subject.unwrap().monitor.id, second.id);
        let failed = DeliveryFilter { state: Some(DeliveryState::Failed), limit: 5, ..Default::default() };
        let page = db.store.outbox().page(&failed).await.unwrap();
        assert!(page.items[0].reason.as_ref().unwrap().contains("reason_kind"));
    }

    async fn deliveries_are_paged_by_key(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mut incidents = Vec::new();
        for _ in 0..5 {
            let monitor = db.monitor(&[&hook]).await;
            incidents.push(incident_of(db.go_down(&monitor).await));
            db.advance(Duration::from_secs(1));
        }
        let mut filter = DeliveryFilter { channel: Some(hook.id), limit: 2, ..Default::default() };
        let mut seen = Vec::new();
        loop {
            let page = db.store.outbox().page(&filter).await.unwrap();
            seen.extend(page.items.iter().map(|d| d.incident));
            match page.next {
                Some(next) => filter.cursor = Some(next),
                None => break,
            }
        }
        incidents.reverse();
        assert_eq!(seen, incidents);
        let of_one = DeliveryFilter { incident: Some(incidents[0]), limit: 5, ..Default::default() };
        assert_eq!(db.store.outbox().page(&of_one).await.unwrap().items.len(), 1);
    }

    async fn parallel_claims_share_the_rows(db: Db) {
        let addresses: Vec<String> = (0..40).map(|i| format!("p{i}@example.org")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let mail = db.mail_channel(&addresses).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let claims = (0..8).map(|_| {
            let (store, id) = (db.store.clone(), mail.id);
            tokio::task::spawn(async move { store.outbox().claim(id, &Terms::new(5, LEASE)).await.unwrap() })
        });
        let mut seen = std::collections::HashSet::new();
        for claim in claims.collect::<Vec<_>>() {
            for claimed in claim.await.unwrap() {
                assert!(seen.insert(claimed.notice.delivery), "nobody gets a row twice");
            }
        }
        let rest = db.claim(&mail).await.len();
        assert_eq!(seen.len() + rest, 40);
    }
}
