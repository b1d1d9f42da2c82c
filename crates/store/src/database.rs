//! The two pools, and the one place where a transaction begins.

use std::ops::Deref;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait, sqlx,
};

use crate::error::StoreError;

/// SQLite: one connection that writes and a few that only read. PostgreSQL: one pool for both.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
}

/// A transaction that writes. Dropping it rolls back.
pub(crate) struct Write(DatabaseTransaction);

impl Database {
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Takes the write lock at once. A transaction that first reads and then writes would fail on SQLite with
    /// `SQLITE_BUSY_SNAPSHOT` as soon as somebody else wrote in between, however long the busy timeout is.
    pub(crate) async fn write(&self) -> Result<Write, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Write(self.writer.begin_with_options(options).await?))
    }

    pub(crate) async fn close(&self) {
        for pool in [&self.reader, &self.writer] {
            if let Err(e) = pool.close_by_ref().await {
                tracing::warn!(error = %e, "closing the database failed");
            }
        }
    }
}

impl Write {
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}

impl Deref for Write {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.0
    }
}

impl From<DbErr> for StoreError {
    fn from(e: DbErr) -> Self {
        let code = match &e {
            DbErr::Conn(RuntimeErr::SqlxError(e))
            | DbErr::Exec(RuntimeErr::SqlxError(e))
            | DbErr::Query(RuntimeErr::SqlxError(e)) => sqlx_code(e),
            _ => None,
        };
        match code.as_deref() {
            // SQLite: BUSY and LOCKED with their variants. PostgreSQL: serialization, deadlock, lock timeout.
            Some("5" | "6" | "261" | "262" | "517" | "773" | "40001" | "40P01" | "55P03") => Self::Busy,
            _ => Self::Unavailable(e.to_string()),
        }
    }
}

fn sqlx_code(e: &sqlx::Error) -> Option<String> {
    e.as_database_error()?.code().map(|c| c.into_owned())
}

/// True when a unique key refused the row.
pub(crate) fn is_duplicate(e: &DbErr) -> bool {
    matches!(e.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
}
