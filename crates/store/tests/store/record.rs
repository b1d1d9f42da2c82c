use domain::{
    delivery::{DeliveryState, Event},
    id::MonitorId,
    incident::Progress,
    outcome::Verdict,
    state::{Known, MonitorState, Status},
};
use store::{
    IncidentEventKind, IncidentFilter, IncidentPhase, Record, Recorded,
    outbox::{DeliveryFilter, Next},
};

use crate::harness::{Db, both, incident_of, outcome};

both! {
    async fn a_transition_is_stored_with_its_incident_and_every_delivery(db: Db) {
        let mail = db.mail_channel(&["a@example.org", "b@example.org"]).await;
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&mail, &hook]).await;

        let record = db.go_down(&monitor).await;
        let id = incident_of(record.clone());
        assert_eq!(record, Record::Stored { incidents: vec![id], deliveries: 3 });
        assert_eq!(db.store.monitors().state(monitor.id).await.unwrap().unwrap().status(), Status::Down);
        let row = db.store.incidents().get(id).await.unwrap().unwrap();
        assert_eq!(row.monitor_name, "Shop");
        assert_eq!(row.incident.progress, Progress::Open);
        let deliveries = db.store.outbox().page(&DeliveryFilter { limit: 10, ..Default::default() }).await.unwrap();
        let mut to: Vec<_> = deliveries.items.iter().map(|d| d.recipient.as_str()).collect();
        to.sort_unstable();
        assert_eq!(to, ["", "a@example.org", "b@example.org"]);
        for delivery in &deliveries.items {
            assert_eq!((delivery.event, delivery.state), (Event::Opened, DeliveryState::Pending));
            assert_eq!(delivery.message_id, format!("{}@watchbell.test", delivery.id));
        }

        let record = db.come_up(&monitor).await;
        assert_eq!(record, Record::Stored { incidents: vec![id], deliveries: 3 });
        let row = db.store.incidents().get(id).await.unwrap().unwrap();
        assert!(!row.incident.is_open());
        let kinds: Vec<_> =
            db.store.incidents().events(id).await.unwrap().into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds, [IncidentEventKind::Opened, IncidentEventKind::Resolved]);
        let tail = db.store.samples().tail(&[monitor.id], 5).await.unwrap();
        assert_eq!(tail[&monitor.id].len(), 2, "the samples of both are written with them");
    }

    async fn an_outcome_of_an_older_revision_writes_nothing(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        db.store.monitors().update(monitor.id, &monitor.config).await.unwrap().unwrap();

        assert_eq!(db.go_down(&monitor).await, Record::Stale);
        assert_eq!(db.store.monitors().state(monitor.id).await.unwrap(), None);
        assert_eq!(db.store.incidents().open_count().await.unwrap(), 0);
        assert_eq!(db.store.outbox().backlog().await.unwrap().pending, 0);
        assert!(db.store.samples().tail(&[monitor.id], 5).await.unwrap()[&monitor.id].is_empty());
    }

    async fn an_outcome_of_a_monitor_that_is_gone_writes_nothing(db: Db) {
        let monitor = db.monitor(&[]).await;
        assert!(db.store.monitors().delete(monitor.id).await.unwrap());
        assert_eq!(db.go_down(&monitor).await, Record::Stale);
    }

    async fn a_failure_in_the_middle_leaves_nothing_behind(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        // The outbox refuses the last row of the transaction.
        db.sql("CREATE UNIQUE INDEX only_one ON deliveries (channel_id)").await;
        db.go_down(&monitor).await;
        let other = db.monitor(&[&mail]).await;
        let recorded = Recorded {
            monitor: other.id,
            revision: other.revision,
            outcome: outcome(db.now(), Verdict::Up),
            state: MonitorState::default(),
            transitions: vec![domain::state::Transition::Opened {
                kind: domain::incident::IncidentKind::Down,
                since: db.now(),
                reason: domain::outcome::Reason::new(domain::outcome::ReasonKind::Dns, "x"),
            }],
        };
        assert!(db.store.record(recorded).await.is_err());
        assert_eq!(db.store.monitors().state(other.id).await.unwrap(), None);
        assert_eq!(db.store.incidents().open_count().await.unwrap(), 1);
        assert!(db.store.samples().tail(&[other.id], 5).await.unwrap()[&other.id].is_empty());
    }

    async fn a_second_opening_does_not_open_a_second_incident(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        let first = incident_of(db.go_down(&monitor).await);
        assert_eq!(db.go_down(&monitor).await, Record::Stored { incidents: vec![first], deliveries: 0 });
    }

    async fn a_disabled_channel_is_not_told(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let draft = domain::channel::ChannelDraft {
            name: mail.name.clone(),
            config: mail.config.clone().unwrap(),
            enabled: false,
            fallback: None,
            quiet: None,
        };
        db.store.channels().update(mail.id, &draft).await.unwrap();
        let monitor = db.monitor(&[&mail]).await;
        let record = db.go_down(&monitor).await;
        assert!(matches!(record, Record::Stored { deliveries: 0, .. }));
    }

    async fn state_and_streaks_survive_a_restart(db: Db) {
        let mut db = db;
        let monitor = db.monitor(&[]).await;
        let state = MonitorState {
            known: Known::Up {
                since: db.now(),
                failing: Some(domain::state::Streak {
                    first_at: db.now(),
                    failures: 1,
                    reason: domain::outcome::Reason::new(domain::outcome::ReasonKind::Tls, "expired"),
                }),
            },
            ..MonitorState::default()
        };
        let recorded = Recorded {
            monitor: monitor.id,
            revision: 1,
            outcome: outcome(db.now(), Verdict::Up),
            state: state.clone(),
            transitions: Vec::new(),
        };
        db.store.record(recorded).await.unwrap();
        db.reopen().await;
        assert_eq!(db.store.monitors().states().await.unwrap()[&monitor.id], state);
        assert_eq!(db.store.samples().tail(&[monitor.id], 5).await.unwrap()[&monitor.id].len(), 1);
    }

    async fn acknowledging_is_told_once_and_keeps_the_first_name(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        let id = incident_of(db.go_down(&monitor).await);
        let opened = db.claim_one(&hook).await;
        db.finish(&opened, Next::Sent).await;

        let incident = db.store.incidents().acknowledge(id, "ada").await.unwrap().unwrap();
        assert_eq!(incident.progress, Progress::Acknowledged { at: db.now(), by: "ada".into() });
        let again = db.store.incidents().acknowledge(id, "bob").await.unwrap().unwrap();
        assert_eq!(again.progress, incident.progress);
        let told = db.claim_one(&hook).await;
        assert_eq!(told.notice.event, Event::Acknowledged);
        assert_eq!(told.notice.thread.as_deref(), Some(opened.notice.message_id.as_str()));
        assert_eq!(db.store.incidents().acknowledge(domain::id::IncidentId(99), "x").await.unwrap(), None);

        db.come_up(&monitor).await;
        let row = db.store.incidents().get(id).await.unwrap().unwrap();
        let Progress::Resolved { acknowledged, .. } = row.incident.progress else { panic!("resolved") };
        assert_eq!(acknowledged.unwrap().1, "ada");
    }

    async fn a_channel_hears_of_what_it_wants_to_hear(db: Db) {
        let wants = |events: serde_json::Value| serde_json::json!({
            "name": "Hook", "kind": "webhook", "config": {"url": "https://hooks.example/x", "events": events},
        });
        let openings = db.channel(wants(serde_json::json!(["opened"]))).await;
        let ends = db.channel(wants(serde_json::json!(["resolved", "acknowledged"]))).await;
        let monitor = db.monitor(&[&openings, &ends]).await;
        let record = db.go_down(&monitor).await;
        let id = incident_of(record.clone());
        assert_eq!(record, Record::Stored { incidents: vec![id], deliveries: 1 });
        let opened = db.claim_one(&openings).await;
        assert_eq!(opened.notice.event, Event::Opened);
        db.finish(&opened, Next::Sent).await;

        db.store.incidents().acknowledge(id, "ada").await.unwrap();
        let acknowledged = db.claim_one(&ends).await;
        assert_eq!(acknowledged.notice.event, Event::Acknowledged);
        db.finish(&acknowledged, Next::Sent).await;

        // It was told of the opening, and asked not to hear of the end.
        assert_eq!(db.come_up(&monitor).await, Record::Stored { incidents: vec![id], deliveries: 1 });
        assert!(db.claim(&openings).await.is_empty());
        assert_eq!(db.claim_one(&ends).await.notice.event, Event::Resolved);
    }

    async fn incidents_are_paged_by_key(db: Db) {
        let mut all = Vec::new();
        for _ in 0..5 {
            let monitor = db.monitor(&[]).await;
            all.push((incident_of(db.go_down(&monitor).await), monitor));
        }
        db.come_up(&all[0].1).await;
        let mut filter = IncidentFilter { limit: 2, ..Default::default() };
        let mut seen = Vec::new();
        loop {
            let page = db.store.incidents().page(&filter).await.unwrap();
            seen.extend(page.items.iter().map(|r| r.incident.id));
            match page.next {
                Some(next) => filter.cursor = Some(next),
                None => break,
            }
        }
        let latest_first: Vec<_> = all.iter().rev().map(|(id, _)| *id).collect();
        assert_eq!(seen, latest_first);

        let open = IncidentFilter { phase: Some(IncidentPhase::Open), limit: 10, ..Default::default() };
        assert_eq!(db.store.incidents().page(&open).await.unwrap().items.len(), 4);
        let of_one = IncidentFilter { monitor: Some(all[0].1.id), limit: 10, ..Default::default() };
        assert_eq!(db.store.incidents().page(&of_one).await.unwrap().items.len(), 1);
        let open = db.store.incidents().open_of(&[all[0].1.id, all[1].1.id, MonitorId(99)]).await.unwrap();
        assert_eq!(open.keys().collect::<Vec<_>>(), [&all[1].1.id]);
        let bad = IncidentFilter { cursor: Some("nonsense".into()), limit: 10, ..Default::default() };
        assert!(matches!(db.store.incidents().page(&bad).await, Err(store::StoreError::Cursor)));
    }

    async fn one_wake_up_is_never_lost(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let monitor = db.monitor(&[&hook]).await;
        let changed = db.store.outbox().changed();
        tokio::time::timeout(std::time::Duration::from_millis(20), changed).await.unwrap_err();
        db.go_down(&monitor).await;
        // It happened before anybody waited.
        tokio::time::timeout(std::time::Duration::from_secs(5), db.store.outbox().changed()).await.unwrap();
    }
}
