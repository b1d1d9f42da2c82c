//! The order in which one recipient hears of one incident.

use std::time::Duration;

use domain::{channel::Channel, delivery::Event, id::IncidentId, monitor::Monitor};
use store::outbox::{Claimed, Next};

use crate::harness::{Db, both, incident_of};

struct Outage {
    hook: Channel,
    monitor: Monitor,
    incident: IncidentId,
    opening: Claimed,
}

/// An opening that is being sent to a webhook.
async fn outage(db: &Db) -> Outage {
    let hook = db.webhook("https://hooks.example/x").await;
    let monitor = db.monitor(&[&hook]).await;
    let incident = incident_of(db.go_down(&monitor).await);
    let opening = db.claim_one(&hook).await;
    Outage {
        hook,
        monitor,
        incident,
        opening,
    }
}

async fn acknowledge(db: &Db, incident: IncidentId) {
    let incidents = db.store.incidents();
    incidents.acknowledge(incident, "ana").await.unwrap().unwrap();
}

both! {
    async fn what_waits_behind_a_failing_opening_is_not_due(db: Db) {
        let Outage { hook, incident, opening, .. } = outage(&db).await;
        let outbox = db.store.outbox();
        let retry = db.now().plus(Duration::from_mins(30));
        db.finish(&opening, Next::Retry { at: retry }).await;
        acknowledge(&db, incident).await;
        db.advance(Duration::from_mins(10));
        assert!(db.due().await.is_empty(), "nobody asks again and again for what cannot be taken");
        assert!(db.claim(&hook).await.is_empty());
        assert_eq!(outbox.next_due(db.now()).await.unwrap(), Some(retry));
        assert_eq!(outbox.oldest_due(db.now()).await.unwrap(), None, "one dead receiver is not a dead Watchbell");

        db.advance(Duration::from_mins(20));
        let again = db.claim_one(&hook).await;
        assert_eq!((again.notice.event, again.attempt), (Event::Opened, 2));
        db.finish(&again, Next::Sent).await;
        db.advance(Duration::from_secs(1));
        let since = outbox.oldest_due(db.now()).await.unwrap().unwrap();
        assert_eq!(since, retry, "due since the opening is told, and not for half an hour");
        assert_eq!(db.claim_one(&hook).await.notice.event, Event::Acknowledged);
    }

    async fn a_recovery_that_takes_the_failing_opening_with_it_is_due(db: Db) {
        let Outage { hook, monitor, opening, .. } = outage(&db).await;
        db.finish(&opening, Next::Retry { at: db.now().plus(Duration::from_hours(1)) }).await;
        db.come_up(&monitor).await;
        assert_eq!(db.store.outbox().oldest_due(db.now()).await.unwrap(), Some(db.now()));
        assert_eq!(db.due().await, [hook.id]);
        assert_eq!(db.claim_one(&hook).await.notice.event, Event::Resolved);
    }

    async fn a_recovery_waits_for_whatever_of_its_incident_is_being_sent(db: Db) {
        let Outage { hook, monitor, incident, opening } = outage(&db).await;
        db.finish(&opening, Next::Sent).await;
        acknowledge(&db, incident).await;
        let acknowledged = db.claim_one(&hook).await;
        db.come_up(&monitor).await;
        assert!(db.claim(&hook).await.is_empty(), "a late trigger would open what nothing resolves");
        assert!(db.due().await.is_empty());
        assert!(db.store.outbox().next_due(db.now()).await.unwrap().unwrap() > db.now());
        db.finish(&acknowledged, Next::Retry { at: db.now().plus(Duration::from_mins(1)) }).await;
        assert_eq!(db.due().await, [hook.id]);
        assert_eq!(db.claim_one(&hook).await.notice.event, Event::Resolved);
        assert!(!db.finish(&acknowledged, Next::Sent).await, "it was merged");
    }

    async fn incidents_do_not_wait_for_each_other(db: Db) {
        let Outage { hook, .. } = outage(&db).await;
        let other = db.monitor(&[&hook]).await;
        db.go_down(&other).await;
        assert_eq!(db.claim_one(&hook).await.notice.subject.unwrap().monitor.id, other.id);
    }

    async fn of_one_incident_one_message_is_claimed_at_a_time(db: Db) {
        let Outage { hook, incident, opening, .. } = outage(&db).await;
        db.finish(&opening, Next::Sent).await;
        acknowledge(&db, incident).await;
        db.store.outbox().resend(opening.notice.delivery, "ana").await.unwrap().unwrap();
        let copy = db.claim_one(&hook).await;
        assert_eq!(copy.notice.event, Event::Opened);
        assert!(db.due().await.is_empty());
        db.finish(&copy, Next::Sent).await;
        assert_eq!(db.claim_one(&hook).await.notice.event, Event::Acknowledged);
    }

    async fn a_copy_that_a_person_asked_for_does_not_keep_the_recovery_back(db: Db) {
        let Outage { hook, monitor, opening, .. } = outage(&db).await;
        db.finish(&opening, Next::Sent).await;
        db.store.outbox().resend(opening.notice.delivery, "ana").await.unwrap().unwrap();
        let copy = db.claim_one(&hook).await;
        db.finish(&copy, Next::Retry { at: db.now().plus(Duration::from_hours(1)) }).await;
        db.come_up(&monitor).await;
        assert_eq!(db.due().await, [hook.id]);
        assert_eq!(db.claim_one(&hook).await.notice.event, Event::Resolved);
    }
}
