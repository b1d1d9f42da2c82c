//! Deliveries that travel in one message.

use std::time::Duration;

use store::{
    StoreError,
    outbox::{Next, Terms},
};

use crate::harness::{Db, both};

both! {
    async fn what_was_tried_before_keeps_its_message(db: Db) {
        let mail = db.mail_channel(&["a@example.org", "b@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let first = db.claim(&mail).await;
        let leases: Vec<_> = first.iter().map(|c| &c.lease).collect();
        db.finish(&first[0], Next::Retry { at: db.now() }).await;
        db.store.outbox().release(leases[1]).await.unwrap();

        db.advance(Duration::from_secs(1));
        let again = db.claim(&mail).await;
        let leases: Vec<_> = again.iter().map(|c| &c.lease).collect();
        for order in [[leases[0], leases[1]], [leases[1], leases[0]]] {
            let refused = db.store.outbox().bundle(&order).await;
            assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        }
        for (i, claimed) in again.iter().enumerate() {
            db.finish(claimed, Next::Retry { at: db.now() }).await;
            let (row, _) = db.store.outbox().get(claimed.notice.delivery).await.unwrap().unwrap();
            assert_eq!(row.message_id, first[i].notice.message_id);
        }
    }

    async fn what_is_tried_for_the_first_time_shares_an_id_from_then_on(db: Db) {
        let mail = db.mail_channel(&["a@example.org", "b@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.go_down(&monitor).await;
        let first = db.claim(&mail).await;
        let leases: Vec<_> = first.iter().map(|c| &c.lease).collect();
        let id = db.store.outbox().bundle(&leases).await.unwrap();
        assert_eq!(id, first[0].notice.message_id);
        for claimed in &first {
            db.finish(claimed, Next::Retry { at: db.now() }).await;
        }
        let again = db.store.outbox().claim(mail.id, &Terms::new(1, crate::harness::LEASE)).await.unwrap();
        assert_eq!(again.len(), 2, "claimed together");
        assert!(again.iter().all(|c| c.notice.message_id == id && c.attempt == 2));
    }
}
