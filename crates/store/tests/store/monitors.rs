use std::time::Duration;

use domain::{
    id::{ChannelId, MonitorId},
    outcome::{Fault, FaultKind, Verdict},
    state::{Doubt, MonitorState, Status},
};
use serde_json::json;
use store::{MonitorFilter, Recorded, StoreError};

use crate::harness::{Db, both, config, ids, outcome};

async fn names(db: &Db, filter: MonitorFilter) -> Vec<String> {
    let filter = MonitorFilter { limit: 50, ..filter };
    let page = db.store.monitors().page(&filter).await.unwrap();
    page.items.into_iter().map(|(m, _)| m.config.name).collect()
}

both! {
    async fn a_damaged_monitor_does_not_hide_the_others(db: Db) {
        let (damaged, sound) = (db.monitor(&[]).await, db.monitor(&[]).await);
        db.sql(&format!("UPDATE monitors SET config = '{{' WHERE id = {}", damaged.id)).await;
        assert_eq!(crate::harness::ids(&db.store.monitors().all().await.unwrap()), [sound.id]);
        assert!(db.store.monitors().get(damaged.id).await.is_err());
    }

    async fn what_is_stored_reads_back(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let created = db.monitor_with(json!({
            "kind": "http", "target": {"url": "https://shop.example/health", "headers": {"Authorization": "Bearer x"}},
            "channels": [mail.id.0], "tags": ["prod", "eu"], "confirm_after": 3, "enabled": false,
        })).await;
        let read = db.store.monitors().get(created.id).await.unwrap().unwrap();
        assert_eq!(read.config.to_json(), created.config.to_json());
        assert_eq!(read.config.target.secrets().map(|s| secrecy::ExposeSecret::expose_secret(&s).to_owned()),
            created.config.target.secrets().map(|s| secrecy::ExposeSecret::expose_secret(&s).to_owned()));
        assert_eq!((read.revision, read.created_at, read.locked), (1, db.now(), false));
        assert_eq!(ids(&db.store.monitors().all().await.unwrap()), [created.id]);

        let changed = db.store.monitors().update(created.id, &config(json!({"name": "Door"}))).await.unwrap().unwrap();
        assert_eq!(changed.revision, 2);
        let read = db.store.monitors().get(created.id).await.unwrap().unwrap();
        assert_eq!((read.config.name.as_str(), read.config.channels.len(), read.config.tags.len()), ("Door", 0, 0));
        assert!(read.config.target.secrets().is_none());
        let paused = db.store.monitors().set_enabled(created.id, false).await.unwrap().unwrap();
        assert_eq!((paused.revision, paused.config.enabled), (3, false));
        assert!(db.store.monitors().update(MonitorId(99), &read.config).await.unwrap().is_none());
        assert!(db.store.monitors().set_enabled(MonitorId(99), true).await.unwrap().is_none());
        assert!(db.store.monitors().get(MonitorId(99)).await.unwrap().is_none());
    }

    async fn a_channel_that_does_not_exist_is_named(db: Db) {
        let wanted = config(json!({"channels": [77]}));
        let refused = db.store.monitors().create(&wanted).await;
        assert!(matches!(refused, Err(StoreError::UnknownChannel(ChannelId(77)))));
        assert_eq!(db.store.monitors().count().await.unwrap(), 0);
    }

    async fn a_deleted_channel_leaves_its_monitors(db: Db) {
        let mail = db.mail_channel(&["a@example.org"]).await;
        let monitor = db.monitor(&[&mail]).await;
        assert_eq!(db.store.channels().for_monitor(monitor.id).await.unwrap().len(), 1);
        db.store.channels().delete(mail.id).await.unwrap();
        assert!(db.store.monitors().get(monitor.id).await.unwrap().unwrap().config.channels.is_empty());
    }

    async fn an_id_is_never_used_twice(db: Db) {
        let first = db.monitor(&[]).await;
        db.store.monitors().delete(first.id).await.unwrap();
        assert!(db.monitor(&[]).await.id > first.id);
    }

    async fn filters_and_counts_agree(db: Db) {
        let down = db.monitor_with(json!({"name": "Änne", "tags": ["eu"]})).await;
        let doubtful = db.monitor_with(json!({"name": "bob", "tags": ["eu", "prod"]})).await;
        let paused = db.monitor_with(json!({"name": "Carl 100%"})).await;
        db.monitor_with(json!({"name": "carl_x"})).await;
        db.go_down(&down).await;
        db.go_down(&paused).await;
        db.store.monitors().set_enabled(paused.id, false).await.unwrap();
        let fault = Fault::new(FaultKind::Privilege, "No permission.");
        let state = MonitorState {
            doubt: Some(Doubt { since: db.now(), fault: fault.clone() }),
            ..MonitorState::default()
        };
        let outcome = outcome(db.now(), Verdict::Internal(fault));
        let recorded = Recorded { monitor: doubtful.id, revision: 1, outcome, state, transitions: Vec::new() };
        db.store.record(recorded).await.unwrap();

        let of = |status| MonitorFilter { status: Some(status), ..Default::default() };
        assert_eq!(names(&db, of(Status::Down)).await, ["Änne"]);
        assert_eq!(names(&db, of(Status::Unknown)).await, ["bob"]);
        assert_eq!(names(&db, of(Status::Paused)).await, ["Carl 100%"]);
        assert_eq!(names(&db, of(Status::Pending)).await, ["carl_x"]);
        assert_eq!(names(&db, of(Status::Up)).await, Vec::<String>::new());
        let mut counts = db.store.monitors().counts().await.unwrap();
        counts.sort_by_key(|c| c.0.as_str());
        assert_eq!(counts, [(Status::Down, 1), (Status::Paused, 1), (Status::Pending, 1), (Status::Unknown, 1)]);

        let tagged = MonitorFilter { tag: Some("eu".into()), ..Default::default() };
        assert_eq!(names(&db, tagged).await.len(), 2);
        assert_eq!(db.store.monitors().tags().await.unwrap(), ["eu", "prod"]);
        for (query, found) in [("CARL", 2), ("%", 1), ("_", 1), ("änN", 1), ("\\", 0), ("zz", 0)] {
            let filter = MonitorFilter { query: Some(query.into()), ..Default::default() };
            assert_eq!(names(&db, filter).await.len(), found, "{query}");
        }
    }

    async fn pages_by_name_neither_skip_nor_repeat(db: Db) {
        for name in ["b", "a", "B", "c", "a", "A", "d"] {
            db.monitor_with(json!({"name": name})).await;
        }
        let mut filter = MonitorFilter { limit: 2, ..Default::default() };
        let (mut seen, mut pages) = (Vec::new(), 0);
        loop {
            let page = db.store.monitors().page(&filter).await.unwrap();
            seen.extend(page.items.into_iter().map(|(m, state)| {
                assert_eq!(state.status(), Status::Pending);
                (m.config.name.to_lowercase(), m.id)
            }));
            pages += 1;
            match page.next {
                Some(next) => filter.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!((seen.len(), pages), (7, 4));
        assert!(seen.is_sorted(), "{seen:?}");
    }

    async fn a_row_that_does_not_parse_is_an_error_with_its_place(db: Db) {
        let monitor = db.monitor(&[]).await;
        db.sql("UPDATE monitors SET config = '{\"kind\":\"tcp\"}'").await;
        let error = db.store.monitors().get(monitor.id).await.unwrap_err();
        assert_eq!(error.to_string(), format!("row {} of table monitors is damaged in column config", monitor.id));
    }

    async fn writers_wait_for_each_other(db: Db) {
        let hook = db.webhook("https://hooks.example/x").await;
        let tasks = (0..16).map(|i| {
            let (store, ids) = (db.store.clone(), vec![hook.id.0]);
            tokio::task::spawn(async move {
                let monitor = store.monitors().create(&config(json!({"name": format!("m{i}"), "channels": ids}))).await?;
                for _ in 0..5 {
                    // Reads and then writes in one transaction.
                    store.monitors().set_enabled(monitor.id, false).await?;
                    store.samples().flush().await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap().unwrap();
        }
        assert_eq!(db.store.monitors().count().await.unwrap(), 16);
    }

    async fn two_processes_write_at_once(db: Db) {
        // As the server and a command beside it.
        let other = db.open_with(db.key.clone()).await.unwrap();
        let tasks = (0..40).map(|i| {
            let store = if i % 2 == 0 { db.store.clone() } else { other.clone() };
            tokio::task::spawn(async move { store.monitors().create(&config(json!({}))).await })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap().unwrap();
        }
        assert_eq!(db.store.monitors().count().await.unwrap(), 40);
        tokio::time::timeout(Duration::from_secs(10), other.close()).await.unwrap();
    }
}
