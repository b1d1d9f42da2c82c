//! Monitors that depend on others: whose outage is told, and whose waits.

use std::time::Duration;

use domain::{
    delivery::Event,
    hold::HeldBy,
    id::MonitorId,
    incident::IncidentKind,
    monitor::Monitor,
    outcome::{Fault, FaultKind, Reason, ReasonKind, Verdict},
    state::{Doubt, Known, MonitorState, Streak},
};
use serde_json::json;
use store::{Recorded, StoreError, outbox::Next};

use crate::harness::{Db, both, incident_of, outcome};

const MIN: Duration = Duration::from_mins(1);

impl Db {
    /// One failure, which is not confirmed yet.
    async fn fail_once(&self, monitor: &Monitor) {
        let reason = Reason::new(ReasonKind::Connect, "Connection refused.");
        let known = Known::Up {
            since: self.now(),
            failing: Some(Streak {
                first_at: self.now(),
                failures: 1,
                reason: reason.clone(),
            }),
        };
        self.record_state(monitor, Verdict::Down(reason), (known, None))
            .await;
    }

    /// The check after that, and all others, fail for reasons of our own.
    async fn fail_once_and_be_lost(&self, monitor: &Monitor) {
        self.fail_once(monitor).await;
        let reason = Reason::new(ReasonKind::Connect, "Connection refused.");
        let fault = Fault::new(FaultKind::Resolver, "The resolver does not answer.");
        let known = Known::Up {
            since: self.now(),
            failing: Some(Streak {
                first_at: self.now(),
                failures: 1,
                reason,
            }),
        };
        let doubt = Doubt {
            since: self.now(),
            fault: fault.clone(),
        };
        self.record_state(monitor, Verdict::Internal(fault), (known, Some(doubt)))
            .await;
    }

    async fn is_well(&self, monitor: &Monitor) {
        let known = Known::Up {
            since: self.now(),
            failing: None,
        };
        self.record_state(monitor, Verdict::Up, (known, None)).await;
    }

    async fn record_state(
        &self,
        monitor: &Monitor,
        verdict: Verdict,
        (known, doubt): (Known, Option<Doubt>),
    ) {
        let recorded = Recorded {
            monitor: monitor.id,
            revision: monitor.revision,
            outcome: outcome(self.now(), verdict),
            state: MonitorState {
                known,
                doubt,
                ..MonitorState::default()
            },
            transitions: Vec::new(),
        };
        self.store.record(recorded).await.unwrap();
    }
}

both! {
    async fn a_child_is_not_told_of_while_its_parent_is_down(db: Db) {
        let hook = db.webhook("https://a.example/x").await;
        let router = db.monitor(&[&hook]).await;
        let switch = db.monitor_with(json!({"channels": [hook.id], "parents": [router.id]})).await;
        let child = db.monitor_with(json!({"name": "Deep", "channels": [hook.id], "parents": [switch.id]})).await;
        let since = db.now();
        let of_router = incident_of(db.go_down(&router).await);
        assert_eq!(db.told(&hook).await, [Event::Opened]);
        let held = incident_of(db.go_down(&child).await);
        assert_eq!(db.told(&hook).await, []);
        let escalation = db.store.incidents().escalation(held).await.unwrap().unwrap();
        assert_eq!(escalation.held.map(|h| h.by), Some(HeldBy::Parent(router.id)));
        assert_eq!(db.store.incidents().taken_down(router.id, since).await.unwrap(), ["Deep"]);
        // The parent is back; the child has a check to come back itself.
        db.come_up(&router).await;
        assert_eq!(db.told(&hook).await, [Event::Resolved]);
        db.come_up(&child).await;
        db.advance(10 * MIN);
        assert_eq!(db.told(&hook).await, [], "nobody heard of its outage");
        // This time it stays down.
        db.go_down(&router).await;
        let held = incident_of(db.go_down(&child).await);
        assert_eq!(db.told(&hook).await, [Event::Opened]);
        db.come_up(&router).await;
        assert_eq!(db.told(&hook).await, [Event::Resolved]);
        db.advance(10 * MIN);
        assert_eq!(db.told(&hook).await, [Event::Opened]);
        assert!(db.incident(held).await.is_open() && !db.incident(of_router).await.is_open());
    }

    async fn only_the_message_about_the_outage_names_whom_it_took_down(db: Db) {
        let hook = db.webhook("https://a.example/x").await;
        let router = db.monitor(&[&hook]).await;
        let child = db.monitor_with(json!({"name": "Deep", "channels": [hook.id], "parents": [router.id]})).await;
        db.worry(&router, IncidentKind::Certificate).await;
        db.go_down(&router).await;
        db.go_down(&child).await;
        let mut took_down = Vec::new();
        for claimed in db.claim(&hook).await {
            let subject = claimed.notice.subject.clone().unwrap();
            took_down.push((subject.incident.kind, subject.took_down));
            db.finish(&claimed, Next::Sent).await;
        }
        took_down.sort();
        let deep = vec!["Deep".to_owned()];
        assert_eq!(took_down, [(IncidentKind::Down, deep), (IncidentKind::Certificate, Vec::new())]);
    }

    async fn a_failing_parent_is_waited_for(db: Db) {
        let hook = db.webhook("https://a.example/x").await;
        let parent = db.monitor(&[&hook]).await;
        let child = db.monitor_with(json!({"channels": [hook.id], "parents": [parent.id]})).await;
        db.fail_once(&parent).await;
        db.go_down(&child).await;
        assert_eq!(db.told(&hook).await, []);
        db.is_well(&parent).await;
        assert_eq!(db.told(&hook).await, [], "it may come back with its parent");
        db.advance(10 * MIN);
        assert_eq!(db.told(&hook).await, [Event::Opened], "it was not the parent");
    }

    async fn a_child_that_was_told_of_hears_its_recovery_whatever_its_parent_does(db: Db) {
        let hook = db.webhook("https://a.example/x").await;
        let parent = db.monitor(&[]).await;
        let child = db.monitor_with(json!({"channels": [hook.id], "parents": [parent.id]})).await;
        db.go_down(&child).await;
        assert_eq!(db.told(&hook).await, [Event::Opened]);
        db.go_down(&parent).await;
        db.come_up(&child).await;
        assert_eq!(db.told(&hook).await, [Event::Resolved]);
    }

    async fn who_depends_on_whom_is_no_circle(db: Db) {
        let first = db.monitor(&[]).await;
        let second = db.monitor_with(json!({"parents": [first.id]})).await;
        let circle = crate::harness::config(json!({"parents": [second.id]}));
        let refused = db.store.monitors().update(first.id, &circle).await;
        assert!(matches!(refused, Err(StoreError::DependsOnItself)), "{refused:?}");
        let unknown = crate::harness::config(json!({"parents": [77]}));
        let refused = db.store.monitors().create(&unknown).await;
        assert!(matches!(refused, Err(StoreError::UnknownMonitor(MonitorId(77)))), "{refused:?}");
        let read = db.store.monitors().get(second.id).await.unwrap().unwrap();
        assert_eq!(read.config.parents, [first.id]);
        assert!(db.store.monitors().delete(first.id).await.unwrap());
        let read = db.store.monitors().get(second.id).await.unwrap().unwrap();
        assert!(read.config.parents.is_empty());
    }

    async fn a_child_that_was_told_of_has_time_to_come_back_with_its_parent(db: Db) {
        let (hook, team) = (db.webhook("https://a.example/x").await, db.webhook("https://b.example/x").await);
        let policy = db.policy(json!({"name": "Two", "steps": [{"channels": [hook.id.0]}, {"after": "1m", "channels": [team.id.0]}]})).await;
        let parent = db.monitor(&[]).await;
        let child = db.monitor_with(json!({"policy": policy.id, "parents": [parent.id]})).await;
        let told_and_held = async || {
            let id = incident_of(db.go_down(&child).await);
            assert_eq!(db.told(&hook).await, [Event::Opened]);
            db.go_down(&parent).await;
            db.advance(MIN);
            assert_eq!((db.told(&hook).await, db.told(&team).await), (vec![], vec![]));
            let escalation = db.store.incidents().escalation(id).await.unwrap().unwrap();
            assert_eq!(escalation.held.map(|h| h.by), Some(HeldBy::Parent(parent.id)));
            db.come_up(&parent).await;
            assert_eq!((db.told(&hook).await, db.told(&team).await), (vec![], vec![]));
        };
        told_and_held().await;
        // It comes back a little after its parent.
        db.advance(Duration::from_secs(5));
        db.come_up(&child).await;
        assert_eq!((db.told(&hook).await, db.told(&team).await), (vec![Event::Resolved], vec![]));
        // It does not, so it was not the parent alone.
        told_and_held().await;
        db.advance(5 * MIN);
        assert_eq!((db.told(&hook).await, db.told(&team).await), (vec![Event::Reminder], vec![Event::Opened]));
        db.advance(10 * MIN);
        assert_eq!((db.told(&hook).await, db.told(&team).await), (vec![], vec![]), "once");
    }

    async fn a_parent_that_we_cannot_look_at_holds_nobody_by_one_failure(db: Db) {
        let hook = db.webhook("https://a.example/x").await;
        let parent = db.monitor(&[]).await;
        let child = db.monitor_with(json!({"channels": [hook.id], "parents": [parent.id]})).await;
        db.fail_once(&parent).await;
        db.go_down(&child).await;
        assert_eq!(db.told(&hook).await, [], "it may be the parent");
        db.fail_once_and_be_lost(&parent).await;
        assert_eq!(db.told(&hook).await, []);
        db.advance(5 * MIN);
        assert_eq!(db.told(&hook).await, [Event::Opened], "nobody will know");
    }
}
