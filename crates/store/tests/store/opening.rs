use std::sync::Arc;

use serde_json::json;
use store::{MasterKey, Options, Store, StoreError};
use testkit::FakeClock;

use crate::harness::{Db, both, config};

fn backups(db: &Db) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(db.dir.path().join("backups")) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

both! {
    async fn a_newer_database_is_refused(db: Db) {
        db.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_future', 0)").await;
        let error = db.open_with(db.key.clone()).await.err().unwrap();
        assert!(matches!(&error, StoreError::NewerSchema { found, .. } if found == "m20990101_000001_future"));
        assert!(error.to_string().contains("newer version of Watchbell"), "{error}");
    }

    async fn two_that_start_at_once_migrate_once(db: Db) {
        // An installation whose last migration is still to run.
        db.store.close().await;
        db.sql("DELETE FROM seaql_migrations WHERE version = 'm20261123_000006_accounts'").await;
        for table in ["login_throttle", "api_tokens", "sessions", "users"] {
            db.sql(&format!("DROP TABLE {table}")).await;
        }
        let (one, two) = tokio::join!(db.open_with(db.key.clone()), db.open_with(db.key.clone()));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(one.accounts().setup_needed().await.unwrap());
        assert!(two.accounts().setup_needed().await.unwrap());
        assert_eq!(backups(&db).len(), usize::from(db.is_sqlite()));
    }

    async fn a_restart_finds_everything(db: Db) {
        let mut db = db;
        let monitor = db.monitor(&[]).await;
        db.reopen().await;
        db.store.ping().await.unwrap();
        assert!(db.store.key_matches());
        assert!(db.store.monitors().get(monitor.id).await.unwrap().is_some());
        assert_eq!(backups(&db), Vec::<String>::new(), "nothing to migrate, nothing to back up");
    }

    async fn closing_twice_is_fine(db: Db) {
        db.store.close().await;
        db.store.close().await;
        assert!(db.store.ping().await.is_err());
    }
}

#[tokio::test]
async fn a_migration_is_preceded_by_a_backup_and_three_are_kept() {
    let mut db = Db::sqlite().await;
    db.monitor(&[]).await;
    for _ in 0..4 {
        // As after a crash in the middle of a backup.
        let directory = db.dir.path().join("backups");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("watchbell-20250101T000000000Z.db.part"), "half").unwrap();
        db.store.close().await;
        db.sql("DELETE FROM seaql_migrations WHERE version = 'm20261123_000006_accounts'")
            .await;
        for table in ["login_throttle", "api_tokens", "sessions", "users"] {
            db.sql(&format!("DROP TABLE {table}")).await;
        }
        db.advance(std::time::Duration::from_secs(1));
        db.reopen().await;
    }
    let names = backups(&db);
    assert_eq!(names.len(), 3);
    assert_eq!(names[2], "watchbell-20260101T000004000Z.db");
    let copy = db.dir.path().join("backups").join(&names[2]);
    let mode = std::os::unix::fs::MetadataExt::mode(&copy.metadata().unwrap());
    assert_eq!(mode & 0o777, 0o600);
    // The copy is a database of its own, from before the migration.
    let elsewhere = testkit::temp_dir();
    let store = Store::open(Options {
        url: format!("sqlite://{}", copy.display()),
        data_dir: elsewhere.path().to_owned(),
        key: db.key.clone(),
        clock: db.clock.clone(),
        message_domain: "x.test".into(),
    })
    .await
    .unwrap();
    assert_eq!(store.monitors().count().await.unwrap(), 1);
}

#[tokio::test]
async fn the_database_file_is_for_its_owner_alone() {
    let db = Db::sqlite().await;
    db.monitor(&[]).await;
    for name in ["watchbell.db", "watchbell.db-wal"] {
        let metadata = db.dir.path().join(name).metadata().unwrap();
        assert_eq!(
            std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777,
            0o600,
            "{name}"
        );
    }
}

fn options(url: &str) -> Options {
    Options {
        url: url.to_owned(),
        data_dir: std::env::temp_dir(),
        key: MasterKey::generate().unwrap(),
        clock: Arc::new(FakeClock::new()),
        message_domain: "x.test".into(),
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_named() {
    // Nobody can make a file in /proc, root included.
    let error = Store::open(options("sqlite:///proc/watchbell.db"))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::DataDir { .. }), "{error:?}");
    assert!(error.to_string().contains("/proc/watchbell.db"), "{error}");
}

#[tokio::test]
async fn addresses_that_cannot_work_are_refused() {
    for url in [
        "mysql://localhost/x",
        "sqlite::memory:",
        "sqlite://",
        "watchbell.db",
    ] {
        let error = Store::open(options(url)).await.err().unwrap();
        assert!(matches!(error, StoreError::Url(_)), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn an_unreachable_server_is_an_error_without_the_password() {
    let error = Store::open(options("postgres://watchbell:s3cretpw@127.0.0.1:1/x"))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("s3cretpw"));
}

#[tokio::test]
async fn a_writer_of_another_process_is_waited_for() {
    let db = Db::sqlite().await;
    let other = sea_orm::Database::connect(format!(
        "sqlite://{}",
        db.dir.path().join("watchbell.db").display()
    ))
    .await
    .unwrap();
    let options = sea_orm::TransactionOptions {
        sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let held = sea_orm::TransactionTrait::begin_with_options(&other, options)
        .await
        .unwrap();
    let store = db.store.clone();
    let waiting = tokio::task::spawn(async move { store.monitors().create(&config(json!({}))).await });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    held.commit().await.unwrap();
    waiting.await.unwrap().unwrap();
}
