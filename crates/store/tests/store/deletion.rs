//! What whoever was told of an outage hears when its monitor is deleted.

use std::time::Duration;

use domain::{
    delivery::{DeliveryState, Event},
    incident::IncidentKind,
    monitor::Monitor,
};
use serde_json::json;
use store::outbox::{Delivery, DeliveryFilter, Next};

use crate::harness::{Db, both, incident_of};

async fn rows(db: &Db) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        limit: 50,
        ..Default::default()
    };
    db.store.outbox().page(&filter).await.unwrap().items
}

async fn states(db: &Db) -> Vec<(Event, DeliveryState)> {
    let mut rows = rows(db).await;
    rows.sort_by_key(|d| (d.created_at, d.event as u8));
    rows.into_iter().map(|d| (d.event, d.state)).collect()
}

async fn delete(db: &Db, monitor: &Monitor) {
    assert!(db.store.monitors().delete(monitor.id).await.unwrap());
    assert_eq!(db.store.incidents().open_count().await.unwrap(), 0);
}

both! {
    async fn who_was_told_of_an_outage_is_told_that_it_is_over(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        db.go_down(&monitor).await;
        let opening = db.claim_one(&hook).await;
        db.finish(&opening, Next::Sent).await;
        db.advance(Duration::from_mins(1));
        delete(&db, &monitor).await;

        assert_eq!(db.due().await, [hook.id]);
        let over = db.claim_one(&hook).await;
        assert_eq!((over.notice.event, over.notice.at), (Event::Resolved, db.now()));
        assert_eq!(over.notice.thread, Some(opening.notice.message_id));
        let subject = over.notice.subject.as_ref().unwrap();
        assert!(subject.deleted, "nobody knows whether it is up");
        assert_eq!(subject.monitor.name, "Shop");
        assert_eq!(subject.incident.resolved_at(), Some(db.now()));
        assert!(db.finish(&over, Next::Sent).await);
        assert!(!db.store.monitors().delete(monitor.id).await.unwrap());
    }

    async fn each_of_its_incidents_is_ended(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        db.worry(&monitor, IncidentKind::Certificate).await;
        db.go_down(&monitor).await;
        for opening in db.claim(&hook).await {
            db.finish(&opening, Next::Sent).await;
        }
        delete(&db, &monitor).await;
        let mut ended: Vec<_> = db.claim(&hook).await.into_iter()
            .map(|c| (c.notice.event, c.notice.subject.unwrap().incident.kind)).collect();
        ended.sort_by_key(|(_, kind)| *kind);
        assert_eq!(ended, [(Event::Resolved, IncidentKind::Down), (Event::Resolved, IncidentKind::Certificate)]);
    }

    async fn who_heard_nothing_yet_hears_nothing(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        db.go_down(&monitor).await;
        delete(&db, &monitor).await;
        assert_eq!(states(&db).await, [(Event::Opened, DeliveryState::Cancelled)]);
        assert_eq!(rows(&db).await[0].reason.as_deref(), Some("The monitor was deleted."));
    }

    async fn what_is_being_sent_ends_first(db: Db) {
        for next in [Next::Sent, Next::Retry { at: db.now() }] {
            let hook = db.webhook("https://hooks.example/x").await;
            let monitor = db.monitor(&[&hook]).await;
            db.go_down(&monitor).await;
            let opening = db.claim_one(&hook).await;
            delete(&db, &monitor).await;
            assert!(db.claim(&hook).await.is_empty(), "never the end before the beginning");
            assert!(db.finish(&opening, next).await);
            let over = db.claim_one(&hook).await;
            assert_eq!(over.notice.event, Event::Resolved);
            db.finish(&over, Next::Sent).await;
            let ends = if next == Next::Sent { DeliveryState::Sent } else { DeliveryState::Cancelled };
            assert_eq!(db.state(opening.notice.delivery).await, ends);
        }
    }

    async fn what_may_have_arrived_is_ended_and_not_tried_again(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        let incident = incident_of(db.go_down(&monitor).await);
        let opening = db.claim_one(&hook).await;
        db.finish(&opening, Next::Retry { at: db.now() }).await;
        db.store.incidents().acknowledge(incident, "ana").await.unwrap().unwrap();
        delete(&db, &monitor).await;
        assert_eq!(db.claim_one(&hook).await.notice.event, Event::Resolved);
        let cancelled = rows(&db).await.into_iter().filter(|d| d.state == DeliveryState::Cancelled);
        assert_eq!(cancelled.count(), 2);
    }

    async fn a_recovery_that_waits_for_its_next_try_is_still_told(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        db.go_down(&monitor).await;
        let opening = db.claim_one(&hook).await;
        db.finish(&opening, Next::Sent).await;
        db.come_up(&monitor).await;
        let recovery = db.claim_one(&hook).await;
        db.finish(&recovery, Next::Retry { at: db.now() }).await;
        delete(&db, &monitor).await;
        let again = db.claim_one(&hook).await;
        assert_eq!((again.notice.delivery, again.attempt), (recovery.notice.delivery, 2));
        assert!(!again.notice.subject.unwrap().deleted, "it was up");
    }

    async fn who_does_not_want_to_hear_of_ends_does_not(db: Db) {
        let config = json!({ "url": "https://hooks.example/x", "events": ["opened"] });
        let hook = db.channel(json!({ "name": "Hook", "kind": "webhook", "config": config })).await;
        let monitor = db.monitor(&[&hook]).await;
        db.go_down(&monitor).await;
        let opening = db.claim_one(&hook).await;
        delete(&db, &monitor).await;
        assert!(!db.finish(&opening, Next::Retry { at: db.now() }).await, "nothing follows it, so it ends here");
        assert_eq!(states(&db).await, [(Event::Opened, DeliveryState::Cancelled)]);
    }

    async fn a_paused_monitor_is_no_exception(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        db.go_down(&monitor).await;
        let opening = db.claim_one(&hook).await;
        db.finish(&opening, Next::Sent).await;
        db.store.monitors().set_enabled(monitor.id, false).await.unwrap();
        delete(&db, &monitor).await;
        assert_eq!(db.claim_one(&hook).await.notice.event, Event::Resolved);
    }
}
