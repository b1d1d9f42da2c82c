//! What quiet hours hold back, and what becomes of it. Tests begin on a Thursday at midnight (UTC).

use std::time::Duration;

use domain::{
    channel::Channel,
    delivery::{DeliveryState, Event},
    id::DeliveryId,
};
use serde_json::{Value, json};
use store::outbox::{Delivery, DeliveryFilter, Next};

use crate::harness::{Db, both, channel_draft, incident_of};

const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn night(action: &str) -> Value {
    hours("22:00", "07:00", action)
}

fn hours(from: &str, to: &str, action: &str) -> Value {
    let spans = json!([{ "days": WEEK, "from": from, "to": to }]);
    json!({ "hours": { "zone": "UTC", "spans": spans }, "action": action })
}

fn mail_body(to: &[&str], quiet: &Value) -> Value {
    json!({ "name": "Mail", "kind": "email", "config": { "to": to }, "quiet": quiet })
}

async fn mail(db: &Db, to: &[&str], quiet: &Value) -> Channel {
    db.channel(mail_body(to, quiet)).await
}

async fn save(db: &Db, channel: &Channel, quiet: &Value) {
    let draft = channel_draft(mail_body(&["a@example.org"], quiet));
    db.store
        .channels()
        .update(channel.id, &draft)
        .await
        .unwrap()
        .unwrap();
}

async fn row(db: &Db, id: DeliveryId) -> Delivery {
    db.store.outbox().get(id).await.unwrap().unwrap().0
}

/// Oldest first.
async fn rows(db: &Db) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        limit: 100,
        ..DeliveryFilter::default()
    };
    let mut rows = db.store.outbox().page(&filter).await.unwrap().items;
    rows.reverse();
    rows
}

fn hour(n: u64) -> Duration {
    Duration::from_hours(n)
}

both! {
    async fn what_comes_up_in_quiet_hours_is_told_when_they_end(db: Db) {
        let mail = mail(&db, &["a@example.org"], &night("hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let end = db.now().plus(hour(7));
        let held = rows(&db).await.remove(0);
        assert_eq!((held.state, held.held_until, held.next_attempt_at), (DeliveryState::Pending, Some(end), Some(end)));
        assert_eq!(held.reason.as_deref(), Some("Held until 07:00 by the quiet hours of the channel."));
        assert_eq!(held.expires_at, end.plus(hour(24)), "its time to live begins then");
        assert_eq!(db.store.outbox().next_due(db.now()).await.unwrap(), Some(end));
        assert_eq!(db.store.outbox().backlog().await.unwrap().oldest_pending, None, "it is not late");
        for _ in 0..6 {
            assert!(db.due().await.is_empty() && db.claim(&mail).await.is_empty());
            db.advance(hour(1));
        }
        assert_eq!(row(&db, held.id).await, held, "nobody touched it");
        db.advance(hour(1));
        assert_eq!(db.due().await, [mail.id]);
        let claimed = db.claim_one(&mail).await;
        assert_eq!(claimed.notice.event, Event::Opened);
        assert!(db.finish(&claimed, Next::Sent).await);
    }

    async fn outside_its_hours_a_channel_tells_at_once(db: Db) {
        let mail = mail(&db, &["a@example.org"], &hours("22:00", "00:00", "hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let claimed = db.claim_one(&mail).await;
        assert_eq!(row(&db, claimed.notice.delivery).await.held_until, None);
    }

    async fn nobody_hears_of_what_was_over_before_they_ended(db: Db) {
        let mail = mail(&db, &["a@example.org", "b@example.org"], &night("hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        let incident = incident_of(db.go_down(&monitor).await);
        db.advance(hour(1));
        db.store.incidents().acknowledge(incident, "ops").await.unwrap();
        db.advance(hour(1));
        db.come_up(&monitor).await;
        db.advance(hour(5));
        assert!(db.claim(&mail).await.is_empty());
        let all = rows(&db).await;
        assert_eq!(all.len(), 6, "opening, acknowledgement and recovery for each");
        for row in all {
            assert_eq!(row.state, DeliveryState::Cancelled);
            assert_eq!(row.reason.as_deref(), Some("Over before the quiet hours ended."));
        }
        assert!(db.due().await.is_empty());
    }

    async fn who_was_told_of_the_opening_hears_of_the_recovery_when_they_end(db: Db) {
        let mail = mail(&db, &["a@example.org"], &hours("01:00", "07:00", "hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        let incident = incident_of(db.go_down(&monitor).await);
        let opening = db.claim_one(&mail).await;
        db.finish(&opening, Next::Sent).await;
        db.advance(hour(2));
        db.store.incidents().acknowledge(incident, "ops").await.unwrap();
        db.come_up(&monitor).await;
        assert!(db.claim(&mail).await.is_empty());
        db.advance(hour(5));
        let claimed = db.claim_one(&mail).await;
        assert_eq!(claimed.notice.event, Event::Resolved, "the acknowledgement is of no use any more");
    }

    async fn an_opening_that_failed_in_the_evening_is_told_by_its_recovery(db: Db) {
        let mail = mail(&db, &["a@example.org"], &hours("01:00", "07:00", "hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let opening = db.claim_one(&mail).await;
        db.finish(&opening, Next::Retry { at: db.now().plus(hour(1)) }).await;
        db.advance(hour(2));
        db.come_up(&monitor).await;
        db.advance(hour(5));
        let claimed = db.claim_one(&mail).await;
        assert_eq!(claimed.notice.event, Event::Resolved, "something may have arrived");
    }

    async fn what_is_over_after_they_ended_is_told(db: Db) {
        let mail = mail(&db, &["a@example.org"], &night("hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        db.advance(hour(7) + Duration::from_secs(1));
        db.come_up(&monitor).await;
        let claimed = db.claim_one(&mail).await;
        assert_eq!(claimed.notice.event, Event::Resolved);
    }

    async fn a_digest_tells_everything_in_one_message(db: Db) {
        let mail = mail(&db, &["a@example.org", "b@example.org"], &night("digest")).await;
        let (shop, blog, wiki) = (db.monitor(&[&mail]).await, db.monitor(&[&mail]).await, db.monitor(&[&mail]).await);
        for monitor in [&shop, &blog, &wiki] {
            db.go_down(monitor).await;
            db.advance(Duration::from_secs(1));
        }
        db.come_up(&blog).await;
        db.advance(hour(7));
        let digests = db.claim(&mail).await;
        let [first, second] = &digests[..] else { panic!("one for each recipient: {digests:?}") };
        assert!(first.notice.recipient != second.notice.recipient && first.notice.message_id != second.notice.message_id);
        for digest in [first, second] {
            let all = std::iter::once(&digest.notice).chain(&digest.notice.also);
            let mut told: Vec<_> = all.map(|n| (n.subject.as_ref().unwrap().monitor.id, n.event)).collect();
            told.sort_by_key(|(id, _)| *id);
            assert_eq!(told, [(shop.id, Event::Opened), (blog.id, Event::Resolved), (wiki.id, Event::Opened)], "what is over was down and is up again");
        }
    }

    async fn a_digest_of_one_is_an_ordinary_message(db: Db) {
        let mail = mail(&db, &["a@example.org"], &night("digest")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        db.advance(hour(8));
        assert!(!db.claim_one(&mail).await.notice.is_digest());
    }

    async fn of_held_reminders_the_last_one_is_told(db: Db) {
        let mail = mail(&db, &["a@example.org"], &hours("01:00", "07:00", "hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let opening = db.claim_one(&mail).await;
        db.finish(&opening, Next::Sent).await;
        db.advance(hour(2));
        // As whoever plans reminders does: each a row of its own, held like any other.
        let until = db.now().plus(hour(5)).as_millis();
        for n in 1..=3 {
            db.sql(&format!(
                "INSERT INTO deliveries (id, dedup_key, incident_id, event, event_at, channel_id, channel_name, recipient, state, waiting, \
                 message_id, created_at, expires_at, next_attempt_at, attempts, interruptions, held_until, held_as, held_by) \
                 SELECT {id}, 'reminder {n}', incident_id, 'incident.reminder', event_at, channel_id, channel_name, recipient, 'pending', \
                 waiting, 'reminder-{n}', created_at + {n}, {until} + 3600000, {until}, 0, 0, {until}, 'hold', 'channel' FROM deliveries WHERE dedup_key NOT LIKE 'reminder%'",
                id = if db.is_sqlite() { format!("x'0199000000007000800000000000000{n}'") } else { format!("'01990000-0000-7000-8000-00000000000{n}'::uuid") },
            )).await;
        }
        db.advance(hour(5));
        let claimed = db.claim_one(&mail).await;
        assert_eq!((claimed.notice.event, claimed.notice.message_id.as_str()), (Event::Reminder, "reminder-3"));
    }

    async fn saving_the_hours_holds_anew_what_they_hold(db: Db) {
        let mail = mail(&db, &["a@example.org"], &night("hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let id = rows(&db).await[0].id;
        let midnight = db.now();
        db.advance(hour(1));
        for (quiet, until) in [(hours("22:00", "09:00", "digest"), hour(9)), (hours("00:00", "05:00", "hold"), hour(5)), (night("hold"), hour(7))] {
            save(&db, &mail, &quiet).await;
            let held = row(&db, id).await;
            let until = midnight.plus(until);
            assert_eq!((held.held_until, held.next_attempt_at, held.expires_at), (Some(until), Some(until), until.plus(hour(24))));
            assert!(db.claim(&mail).await.is_empty());
        }
        save(&db, &mail, &Value::Null).await;
        let released = row(&db, id).await;
        assert_eq!((released.next_attempt_at, released.held_until), (Some(db.now()), Some(db.now())));
        assert_eq!(released.expires_at, db.now().plus(hour(24)));
        assert_eq!(db.due().await, [mail.id]);
        assert_eq!(db.claim_one(&mail).await.notice.delivery, id);
    }

    async fn hours_that_are_removed_over_a_finished_incident_tell_nobody(db: Db) {
        let mail = mail(&db, &["a@example.org"], &night("hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        db.advance(hour(1));
        db.come_up(&monitor).await;
        save(&db, &mail, &Value::Null).await;
        assert!(db.claim(&mail).await.is_empty());
        assert!(rows(&db).await.iter().all(|r| r.state == DeliveryState::Cancelled));
    }

    async fn nothing_that_makes_messages_due_makes_held_ones_due(db: Db) {
        let mail = mail(&db, &["a@example.org"], &night("hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let held = rows(&db).await.remove(0);
        save(&db, &mail, &night("hold")).await;
        db.store.outbox().recover_claims().await.unwrap();
        let settings = domain::mail::MailSettings::from_json(
            json!({ "host": "smtp.example.org", "port": 465, "security": "tls", "from": "watch@example.org" }), None).unwrap();
        db.store.mail().save_primary(&settings, "admin").await.unwrap();
        assert!(db.due().await.is_empty() && db.claim(&mail).await.is_empty());
        assert_eq!(row(&db, held.id).await.next_attempt_at, held.next_attempt_at);
    }

    async fn hours_of_days_are_no_clock_that_was_set_back_and_that_one_is_still_seen(db: Db) {
        // From Thursday to Monday morning.
        let spans = json!([{ "days": ["wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "00:00" }, { "days": ["mon"], "from": "00:00", "to": "07:00" }]);
        let quiet = json!({ "hours": { "zone": "UTC", "spans": spans }, "action": "hold" });
        let mail = mail(&db, &["a@example.org"], &quiet).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let held = rows(&db).await.remove(0);
        assert_eq!(held.held_until, Some(db.now().plus(hour(4 * 24 + 7))));
        assert!(held.reason.as_ref().unwrap().contains("Mon 07:00"), "{held:?}");
        assert!(db.due().await.is_empty());
        assert_eq!(row(&db, held.id).await, held);
        // A month back: the row stood in the future for longer than any hours.
        db.clock.set(db.now().minus(hour(30 * 24)));
        assert_eq!(db.due().await, [mail.id]);
        let released = row(&db, held.id).await;
        assert_eq!((released.next_attempt_at, released.held_until), (Some(db.now()), Some(db.now())));
        db.claim_one(&mail).await;
    }

    async fn deleting_the_monitor_or_the_channel_cancels_what_is_held(db: Db) {
        let mail = mail(&db, &["a@example.org"], &night("digest")).await;
        let (one, other) = (db.monitor(&[&mail]).await, db.monitor(&[&mail]).await);
        db.go_down(&one).await;
        db.go_down(&other).await;
        db.store.monitors().delete(one.id).await.unwrap();
        let states = |rows: &[Delivery]| rows.iter().filter(|r| r.state == DeliveryState::Cancelled).count();
        assert_eq!(states(&rows(&db).await), 1);
        db.store.channels().delete(mail.id).await.unwrap();
        assert_eq!(states(&rows(&db).await), 2);
    }

    async fn who_unsubscribes_in_the_night_gets_nothing_in_the_morning(db: Db) {
        let mail = mail(&db, &["a@example.org", "b@example.org"], &night("digest")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        db.store.optouts().add(mail.id, "a@example.org").await.unwrap();
        db.advance(hour(7));
        assert_eq!(db.claim_one(&mail).await.notice.recipient, "b@example.org");
    }

    async fn no_other_channel_stands_in_for_one_that_is_quiet(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let mut mail = mail_body(&["a@example.org"], &night("hold"));
        mail["fallback"] = hook.id.0.into();
        let mail = db.channel(mail).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        db.advance(hour(6));
        assert!(db.due().await.is_empty());
        db.advance(hour(1) + Duration::from_secs(119));
        assert_eq!(db.due().await, [mail.id], "it has two minutes for itself from then on");
        db.advance(Duration::from_secs(1));
        assert_eq!(db.due().await, [hook.id, mail.id]);
    }

    async fn what_a_person_has_sent_again_is_sent_at_once(db: Db) {
        let mail = mail(&db, &["a@example.org"], &night("hold")).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let held = rows(&db).await.remove(0);
        let again = db.store.outbox().resend(held.id, "admin").await.unwrap().unwrap();
        assert_eq!(db.claim_one(&mail).await.notice.delivery, again);
        assert_eq!(row(&db, held.id).await, held);
    }
}
