//! Opening the database: pools, the backup before a migration, the migration, and what refuses to be opened.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::clock::Timestamp;
use migrations::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, Statement,
    sqlx::{
        postgres::PgAdvisoryLock,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use sea_orm_migration::{MigratorTrait, SchemaManager};

use crate::{database::Database, error::StoreError};

const READERS: u32 = 3;
const BACKUPS_KEPT: usize = 3;
/// Extension of a backup that is being made.
const PART: &str = "db.part";
const MIGRATION_TABLE: &str = "seaql_migrations";

/// Connects and brings the schema up to date.
pub(crate) async fn open(url: &str, data_dir: &Path, now: Timestamp) -> Result<Database, StoreError> {
    let database = if url.starts_with("sqlite:") {
        sqlite(url).await?
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        postgres(url).await?
    } else {
        return Err(StoreError::Url("use sqlite://<file> or postgres://…".into()));
    };
    if let Err(e) = migrate(&database.writer, data_dir, now).await {
        database.close().await;
        return Err(e);
    }
    Ok(database)
}

async fn sqlite(url: &str) -> Result<Database, StoreError> {
    let path = sqlite_path(url)?;
    create_private(&path).map_err(|source| StoreError::DataDir {
        what: format!("cannot open the database file {}", path.display()),
        source,
    })?;
    let connect = |readers: Option<u32>| {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(readers.unwrap_or(1))
            .min_connections(1)
            // Requests wait for the writer longer than any single transaction may take.
            .acquire_timeout(Duration::from_secs(30))
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .map_sqlx_sqlite_opts(move |o| {
                let o = o
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(10))
                    .foreign_keys(true)
                    .statement_cache_capacity(64)
                    .pragma("cache_size", if readers.is_some() { "-2000" } else { "-4000" })
                    .pragma("temp_store", "memory")
                    .pragma("journal_size_limit", "67108864");
                match readers {
                    Some(_) => o.pragma("query_only", "on"),
                    None => o.optimize_on_close(true, 400_u32),
                }
            });
        sea_orm::Database::connect(options)
    };
    let writer = connect(None).await?;
    let reader = connect(Some(READERS)).await?;
    Ok(Database { writer, reader })
}

async fn postgres(url: &str) -> Result<Database, StoreError> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(12)
        .min_connections(1)
        // Also how long a server that is not up yet is waited for at the start.
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .set_application_name("watchbell");
    let pool = sea_orm::Database::connect(options).await?;
    Ok(Database {
        writer: pool.clone(),
        reader: pool,
    })
}

fn sqlite_path(url: &str) -> Result<PathBuf, StoreError> {
    let rest = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = rest.split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" {
        // A database per connection: writer and readers would not see each other.
        return Err(StoreError::Url("the database must be a file".into()));
    }
    Ok(PathBuf::from(path))
}

/// The file holds sealed secrets and password hashes: nobody but the owner reads it. SQLite gives the journal files the
/// same rights.
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map(drop)
}

async fn migrate(db: &DatabaseConnection, data_dir: &Path, now: Timestamp) -> Result<(), StoreError> {
    if pending(db).await? == 0 {
        return Ok(());
    }
    match db.get_database_backend() {
        DbBackend::Sqlite => {
            let lock = lock_file(data_dir).await?;
            // Somebody else may have migrated while we waited.
            if pending(db).await? > 0 {
                if !applied(db).await?.is_empty() {
                    back_up(db, data_dir, now).await?;
                }
                Migrator::up(db, None).await?;
            }
            drop(lock);
        }
        _ => {
            let lock = PgAdvisoryLock::new("watchbell migrations");
            let unavailable = |e: sea_orm::sqlx::Error| StoreError::Unavailable(e.to_string());
            let pool = db.get_postgres_connection_pool();
            let pinned = pool.acquire().await.map_err(unavailable)?;
            let guard = lock.acquire(pinned).await.map_err(unavailable)?;
            if pending(db).await? > 0 {
                Migrator::up(db, None).await?;
            }
            guard.release_now().await.map_err(unavailable)?;
        }
    }
    Ok(())
}

/// How many migrations are missing; an error when the database has one that we do not know.
async fn pending(db: &DatabaseConnection) -> Result<usize, StoreError> {
    let known: Vec<String> = Migrator::migrations()
        .iter()
        .map(|m| m.name().to_owned())
        .collect();
    let applied = applied(db).await?;
    if let Some(unknown) = applied.iter().rev().find(|a| !known.contains(a)) {
        return Err(StoreError::NewerSchema {
            found: unknown.clone(),
            known: known.last().cloned().unwrap_or_default(),
        });
    }
    Ok(known.len() - applied.len())
}

async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    if !SchemaManager::new(db).has_table(MIGRATION_TABLE).await? {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT version FROM {MIGRATION_TABLE} ORDER BY version");
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    Ok(rows
        .iter()
        .map(|r| r.try_get::<String>("", "version"))
        .collect::<Result<_, _>>()?)
}

/// Two processes that start at once: one migrates, the other waits.
async fn lock_file(data_dir: &Path) -> Result<File, StoreError> {
    let path = data_dir.join("migration.lock");
    let what = format!("cannot lock {}", path.display());
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path)?;
        file.lock()?;
        Ok(file)
    });
    let locked = locked.await.map_err(std::io::Error::other).flatten();
    locked.map_err(|source| StoreError::DataDir { what, source })
}

/// A complete copy of the database as it is before the migration.
async fn back_up(db: &DatabaseConnection, data_dir: &Path, now: Timestamp) -> Result<(), StoreError> {
    let directory = data_dir.join("backups");
    let name = format!("watchbell-{}.db", now.to_utc().format("%Y%m%dT%H%M%S%3fZ"));
    let path = directory.join(name);
    let error = |source| StoreError::DataDir {
        what: format!("cannot back up the database to {}", directory.display()),
        source,
    };
    // What has the name of a backup is a whole one.
    let part = path.with_extension(PART);
    let copied = async {
        prepare(&directory, &part).map_err(error)?;
        let target = part.to_string_lossy().into_owned();
        let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [target.into()]);
        db.execute_raw(copy).await?;
        // The copy must outlive a power cut that hits the migration.
        let kept = File::open(&part).and_then(|f| f.sync_all());
        let kept = kept.and_then(|()| std::fs::rename(&part, &path));
        kept.and_then(|()| File::open(&directory)?.sync_all())
            .map_err(error)
    };
    if let Err(e) = copied.await {
        // Often the disk is full: what was begun would take the rest of it.
        let _ = std::fs::remove_file(&part);
        return Err(e);
    }
    tracing::info!(backup.path = %path.display(), "database backed up before the migration");
    keep_latest(&directory).map_err(error)
}

fn prepare(directory: &Path, path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    // What a crash left half done. The migration lock is ours, so nobody is writing it.
    for entry in std::fs::read_dir(directory)? {
        let left = entry?.path();
        if left.to_string_lossy().ends_with(PART) {
            std::fs::remove_file(left)?;
        }
    }
    // VACUUM INTO takes an empty file that is there already, and keeps its rights.
    create_private(path)
}

fn keep_latest(directory: &Path) -> std::io::Result<()> {
    let mut copies: Vec<PathBuf> = std::fs::read_dir(directory)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|p| {
            let name = p.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("watchbell-") && name.ends_with(".db")
        })
        .collect();
    copies.sort_unstable();
    let surplus = copies.len().saturating_sub(BACKUPS_KEPT);
    copies.iter().take(surplus).try_for_each(std::fs::remove_file)
}
