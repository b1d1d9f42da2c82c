//! What the dead-man's switch writes and looks at.

use std::time::Duration;

use domain::dead_man::DeadMan;
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use serde_json::json;
use store::{MasterKey, outbox::Next};

use crate::harness::{Db, both};

fn settings(url: &str) -> DeadMan {
    DeadMan::from_json(json!({ "url": url, "every": "2m" }), &DeadMan::default()).unwrap()
}

both! {
    async fn the_address_is_sealed_and_only_the_latest_is_kept(db: Db) {
        let mut db = db;
        assert!(!db.store.dead_man().get().await.unwrap().settings.enabled);
        for url in ["https://hc.example/first", "https://hc.example/second"] {
            db.store.dead_man().save(&settings(url), "me").await.unwrap();
        }
        db.reopen().await;
        let stored = db.store.dead_man().get().await.unwrap();
        assert_eq!((stored.revision, stored.locked, stored.settings.enabled), (2, false, true));
        assert_eq!(stored.settings.url.unwrap().expose_secret(), "https://hc.example/second");
        assert_eq!(stored.settings.every, Duration::from_mins(2));
        db.store.close().await;
        let other = db.open_with(MasterKey::generate().unwrap()).await.unwrap();
        let locked = other.dead_man().get().await.unwrap();
        assert!(locked.locked && locked.settings.enabled && locked.settings.url.is_none());
        // Entered again, it is readable with the new key.
        other.dead_man().save(&settings("https://hc.example/third"), "me").await.unwrap();
        assert!(!other.dead_man().get().await.unwrap().locked);
        assert!(other.key_matches());
        other.close().await;
    }

    async fn only_what_nobody_took_is_overdue(db: Db) {
        let hook = db.webhook("https://hook.example/a").await;
        let monitor = db.monitor(&[&hook]).await;
        let outbox = || db.store.outbox();
        assert_eq!(outbox().oldest_due(db.now()).await.unwrap(), None);
        db.go_down(&monitor).await;
        let due = db.now();
        db.advance(Duration::from_mins(9));
        assert_eq!(outbox().oldest_due(db.now()).await.unwrap(), Some(due));
        let claimed = db.claim_one(&hook).await;
        assert_eq!(outbox().oldest_due(db.now()).await.unwrap(), None, "it is being sent");
        db.finish(&claimed, Next::Wait).await;
        db.advance(Duration::from_mins(9));
        assert_eq!(outbox().oldest_due(db.now()).await.unwrap(), None, "it waits for settings");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_beat_is_a_real_write() {
    let db = Db::sqlite().await;
    db.store.dead_man().beat(db.now()).await.unwrap();
    let url = format!("sqlite://{}", db.dir.path().join("watchbell.db").display());
    let other = sea_orm::Database::connect(&url).await.unwrap();
    other.execute_unprepared("BEGIN EXCLUSIVE").await.unwrap();
    let beat = tokio::time::timeout(Duration::from_secs(1), db.store.dead_man().beat(db.now())).await;
    assert!(beat.is_err(), "somebody else holds the database: {beat:?}");
    other.execute_unprepared("ROLLBACK").await.unwrap();
    db.store.dead_man().beat(db.now()).await.unwrap();
    other.close().await.unwrap();
}
