//! What is too old is forgotten; what is not over is kept.

use std::time::Duration;

use domain::{
    channel::Channel,
    delivery::{Attempt, DeliveryState},
    id::{DeliveryId, ProfileId},
};
use store::{Forgotten, outbox::Next};

use crate::harness::{Db, attempt, both};

const DAY: Duration = Duration::from_hours(24);

/// A monitor of its own goes down, its message is sent, and it comes up again unless it is to stay down.
async fn outage(db: &Db, hook: &Channel, over: bool) -> DeliveryId {
    let monitor = db.monitor(&[hook]).await;
    db.go_down(&monitor).await;
    let claimed = db.claim_one(hook).await;
    let said = Attempt {
        transcript: Some("+0.000 s S: 220 hello".into()),
        ..attempt(db.now(), 1, Next::Sent)
    };
    assert!(
        db.store
            .outbox()
            .finish(&claimed.lease, &said, Next::Sent)
            .await
            .unwrap()
    );
    if over {
        db.come_up(&monitor).await;
        let up = db.claim_one(hook).await;
        db.finish(&up, Next::Sent).await;
    }
    claimed.notice.delivery
}

async fn transcript_of(db: &Db, delivery: DeliveryId) -> Option<String> {
    let (_, mut attempts) = db.store.outbox().get(delivery).await.unwrap().unwrap();
    attempts.pop().unwrap().transcript
}

both! {
    async fn old_deliveries_and_transcripts_go_and_open_incidents_stay(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let over = outage(&db, &hook, true).await;
        let open = outage(&db, &hook, false).await;
        assert_eq!(db.store.outbox().forget_old().await.unwrap(), Forgotten::default());
        db.advance(DAY * 31);
        let forgotten = db.store.outbox().forget_old().await.unwrap();
        assert_eq!((forgotten.transcripts, forgotten.deliveries), (2, 0));
        assert_eq!(transcript_of(&db, over).await, None);
        let recent = outage(&db, &hook, true).await;
        db.advance(DAY * 60);
        let forgotten = db.store.outbox().forget_old().await.unwrap();
        assert_eq!((forgotten.transcripts, forgotten.deliveries), (1, 2));
        assert!(db.store.outbox().get(over).await.unwrap().is_none());
        assert!(db.store.outbox().get(open).await.unwrap().is_some());
        assert!(db.store.outbox().get(recent).await.unwrap().is_some());
    }

    async fn what_is_not_finished_stays_however_old_it_is(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        db.go_down(&monitor).await;
        let row = db.claim_one(&hook).await.notice.delivery;
        db.come_up(&monitor).await;
        db.advance(DAY * 400);
        db.store.outbox().forget_old().await.unwrap();
        let (row, _) = db.store.outbox().get(row).await.unwrap().unwrap();
        assert_eq!(row.state, DeliveryState::Sending);
    }

    async fn a_large_backlog_is_worked_off(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let first = outage(&db, &hook, true).await;
        for _ in 0..1_100 {
            db.store.outbox().resend(first, "me@example.org").await.unwrap().unwrap();
        }
        db.sql("UPDATE deliveries SET finished_at = created_at, state = 'sent'").await;
        db.advance(DAY * 91);
        assert_eq!(db.store.outbox().forget_old().await.unwrap().deliveries, 1_102);
    }

    async fn an_address_of_long_ago_is_forgotten_and_a_suspension_is_not(db: Db) {
        let mail = db.mail_channel(&["a@example.org", "b@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        for claimed in db.claim(&mail).await {
            let sent = Attempt { profile: Some((ProfileId(1), "Main".into())), settings_revision: Some(1), ..attempt(db.now(), 1, Next::Sent) };
            assert!(db.store.outbox().finish(&claimed.lease, &sent, Next::Sent).await.unwrap());
            if claimed.notice.recipient.starts_with('b') {
                db.store.bounces().record(claimed.notice.delivery, "5.1.1".parse().unwrap(), "gone").await.unwrap();
            }
        }
        db.advance(DAY * 366);
        assert_eq!(db.store.outbox().forget_old().await.unwrap().recipients, 1);
        assert_eq!(db.store.recipients().suspended_count().await.unwrap(), 1);
    }
}
