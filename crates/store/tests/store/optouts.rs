//! Who unsubscribed is left out, visibly, whenever it was said.

use domain::{
    delivery::{CheckResult, DeliveryState, Event},
    mail_message::MessageSettings,
};
use serde_json::json;
use store::outbox::{Delivery, DeliveryFilter, Next};

use crate::harness::{Db, both};

const ME: &str = "Me@example.net";
const YOU: &str = "you@example.net";

async fn all(db: &Db) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        limit: 50,
        ..Default::default()
    };
    let mut items = db.store.outbox().page(&filter).await.unwrap().items;
    items.sort_by(|a, b| (a.event as u8, &a.recipient).cmp(&(b.event as u8, &b.recipient)));
    items
}

both! {
    async fn nothing_is_planned_for_who_said_no(db: Db) {
        let mail = db.mail_channel(&[ME, YOU]).await;
        let other = db.mail_channel(&[ME]).await;
        let monitor = db.monitor(&[&mail, &other]).await;
        assert!(db.store.optouts().add(mail.id, "me@EXAMPLE.net").await.unwrap());
        assert!(db.store.optouts().add(mail.id, "me@example.net").await.unwrap(), "twice is once");
        let listed = db.store.optouts().of_channel(mail.id).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].address.as_str(), listed[0].at), ("me@example.net", db.now()));

        db.go_down(&monitor).await;
        let planned = all(&db).await;
        let planned: Vec<_> = planned.iter().map(|d| (d.channel, d.recipient.as_str())).collect();
        assert_eq!(planned.len(), 2, "{planned:?}");
        assert!(planned.contains(&(mail.id, YOU)) && planned.contains(&(other.id, ME)), "{planned:?}");

        assert!(db.store.optouts().remove(mail.id, ME).await.unwrap());
        assert!(!db.store.optouts().remove(mail.id, ME).await.unwrap());
        db.come_up(&monitor).await;
        assert_eq!(all(&db).await.len(), 4, "the recovery goes to the two who heard of the outage");
    }

    async fn what_is_pending_is_cancelled_and_says_why(db: Db) {
        let mail = db.mail_channel(&[ME, YOU]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        db.store.optouts().add(mail.id, ME).await.unwrap();
        let rows = all(&db).await;
        assert_eq!(rows.iter().map(|d| d.state).collect::<Vec<_>>(), [DeliveryState::Cancelled, DeliveryState::Pending]);
        assert!(rows[0].reason.as_deref().unwrap().contains("unsubscribed"), "{:?}", rows[0].reason);
        assert_eq!(db.claim_one(&mail).await.notice.recipient, YOU);
    }

    async fn a_claim_of_before_is_not_sent(db: Db) {
        let mail = db.mail_channel(&[ME]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let claimed = db.claim_one(&mail).await;
        assert!(db.store.outbox().still_held(&claimed.lease).await.unwrap().is_some());
        db.store.optouts().add(mail.id, ME).await.unwrap();
        // What is on its way may have arrived: its row is left to its result.
        assert_eq!(all(&db).await[0].state, DeliveryState::Sending);
        assert!(db.store.outbox().still_held(&claimed.lease).await.unwrap().is_none());
        assert!(db.store.outbox().release(&claimed.lease).await.unwrap());
        assert!(db.claim(&mail).await.is_empty());
        let row = all(&db).await.remove(0);
        assert_eq!((row.state, row.attempts), (DeliveryState::Cancelled, 0));
    }

    async fn what_arrived_meanwhile_stays_sent(db: Db) {
        let mail = db.mail_channel(&[ME]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let claimed = db.claim_one(&mail).await;
        db.store.optouts().add(mail.id, ME).await.unwrap();
        assert!(db.finish(&claimed, Next::Sent).await);
        assert_eq!(all(&db).await[0].state, DeliveryState::Sent);
        db.come_up(&monitor).await;
        let events: Vec<Event> = all(&db).await.iter().map(|d| d.event).collect();
        assert_eq!(events, [Event::Opened], "not even the recovery");
    }

    async fn a_channel_takes_its_list_with_it(db: Db) {
        let mail = db.mail_channel(&[ME]).await;
        db.store.optouts().add(mail.id, ME).await.unwrap();
        db.store.channels().delete(mail.id).await.unwrap();
        assert!(db.store.optouts().of_channel(mail.id).await.unwrap().is_empty());
        assert!(!db.store.optouts().add(mail.id, ME).await.unwrap(), "there is nothing to stop any more");
    }

    async fn a_claim_brings_the_latest_checks(db: Db) {
        let mail = db.mail_channel(&[ME]).await;
        let monitor = db.monitor(&[&mail]).await;
        for _ in 0..6 {
            db.come_up(&monitor).await;
            db.advance(std::time::Duration::from_secs(30));
        }
        db.go_down(&monitor).await;
        let claimed = db.claim_one(&mail).await;
        assert_eq!(claimed.notice.channel, mail.id);
        let checks = claimed.notice.subject.unwrap().checks;
        assert_eq!(checks.len(), 5);
        assert!(checks.windows(2).all(|w| w[0].at < w[1].at), "{checks:?}");
        assert!(checks[..4].iter().all(|c| c.result == CheckResult::Up && c.latency.is_some()), "{checks:?}");
        assert_eq!((checks[4].result, checks[4].at), (CheckResult::Down, db.now()));
        assert_eq!(checks[4].reason.as_deref(), Some("Connection refused."));
    }

    async fn the_wording_of_messages_has_revisions(db: Db) {
        let settings = db.store.settings();
        assert_eq!(settings.message().await.unwrap(), store::MessageRevision::default());
        let own = MessageSettings::from_json(json!({ "subject_style": "thread", "note": "{{link}}" })).unwrap();
        let saved = settings.save_message(&own, "ana").await.unwrap();
        assert_eq!((saved.revision, &saved.saved), (1, &Some((db.now(), "ana".to_owned()))));
        assert_eq!(settings.message().await.unwrap(), saved);
        assert_eq!(settings.save_message(&MessageSettings::default(), "bob").await.unwrap().revision, 2);
    }
}
