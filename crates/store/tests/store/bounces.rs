//! Mails that come back.

use std::time::Duration;

use domain::{bounce::Effect, delivery::DeliveryState, id::DeliveryId, recipient::Cause};
use store::{
    bounces::{MARK_LENGTH, MarkError},
    outbox::Next,
};

use crate::harness::{Db, both};

both! {
    async fn a_mark_leads_to_its_delivery_for_two_days_and_over_restarts(db: Db) {
        let mut db = db;
        let mail = db.mail_channel(&["a@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let delivery = db.claim_one(&mail).await.notice.delivery;
        let mark = db.store.bounces().mark(delivery);
        let address = format!("bounce+{mark}@bounces.example");
        assert!(mark.len() == MARK_LENGTH && address.rsplit_once('@').unwrap().0.len() <= 64);
        db.reopen().await;
        assert_eq!(db.store.bounces().delivery_of(&address), Ok(delivery));
        db.advance(Duration::from_hours(50));
        assert_eq!(db.store.bounces().delivery_of(&address), Err(MarkError::Expired));
        let other = db.open_with(store::MasterKey::generate().unwrap()).await.unwrap();
        assert_eq!(other.bounces().delivery_of(&address), Err(MarkError::Forged));
        other.close().await;
    }

    async fn a_dead_address_is_suspended_and_a_doubtful_one_is_noted(db: Db) {
        let mail = db.mail_channel(&["a@example.org", "b@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let claimed = db.claim(&mail).await;
        for one in &claimed {
            db.finish(one, Next::Sent).await;
        }
        let bounces = db.store.bounces();
        let [first, second] = [&claimed[0], &claimed[1]].map(|c| c.notice.delivery);
        let nothing = bounces.record(first, "2.1.5".parse().unwrap(), "delivered").await.unwrap().unwrap();
        assert_eq!(nothing.effect, Effect::Nothing);
        assert!(db.store.recipients().get(&nothing.recipient).await.unwrap().is_none());
        let noted = bounces.record(first, "5.4.4".parse().unwrap(), "unable to route").await.unwrap().unwrap();
        assert_eq!(noted.effect, Effect::Note);
        let dead = bounces.record(second, "5.1.1".parse().unwrap(), "550 gone\r\n=evil").await.unwrap().unwrap();
        assert_eq!(dead.effect, Effect::Suspend);
        let store = &db.store;
        let standing = |address: String| async move { store.recipients().get(&address).await.unwrap().unwrap().standing };
        assert_eq!(standing(noted.recipient).await.suspended, None);
        let standing = standing(dead.recipient.clone()).await;
        assert_eq!(standing.suspended.unwrap().cause, Cause::Bounced);
        assert_eq!(standing.last_bounce.as_ref().unwrap().text, "550 gone  =evil");
        let (row, _) = db.store.outbox().get(second).await.unwrap().unwrap();
        assert_eq!((row.state, row.bounce), (DeliveryState::Sent, standing.last_bounce));
        // The same report again changes nothing.
        bounces.record(second, "5.1.1".parse().unwrap(), "550 gone").await.unwrap().unwrap();
        db.come_up(&monitor).await;
        let told = db.claim_one(&mail).await;
        assert_ne!(told.notice.recipient, dead.recipient);
    }

    async fn a_report_of_nothing_that_was_mailed_changes_nothing(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        db.go_down(&monitor).await;
        let of_hook = db.claim_one(&hook).await.notice.delivery;
        for delivery in [of_hook, DeliveryId("018f0000-0000-7000-8000-000000000000".parse().unwrap())] {
            let recorded = db.store.bounces().record(delivery, "5.1.1".parse().unwrap(), "gone").await.unwrap();
            assert_eq!(recorded, None);
        }
        assert_eq!(db.store.recipients().suspended_count().await.unwrap(), 0);
    }
}
