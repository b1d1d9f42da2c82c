//! The task that forgets what is too old of the log of deliveries. Each batch is a short transaction of its own, so
//! nobody waits long for the writer, and a large backlog is worked off without holding up a message.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    error::StoreError,
    outbox::{Outbox, first_id},
    store::Store,
};

const DAY: Duration = Duration::from_hours(24);
/// A delivery with its attempts, counted from its end.
const DELIVERIES_FOR: Duration = DAY.saturating_mul(90);
/// What was said in an attempt.
const TRANSCRIPTS_FOR: Duration = DAY.saturating_mul(30);
/// What is known of an address to which nothing was sent any more. A suspension stays.
const RECIPIENTS_FOR: Duration = DAY.saturating_mul(365);

const FIRST_AFTER: Duration = Duration::from_mins(5);
const EVERY: Duration = Duration::from_hours(1);
const BATCH: u64 = 500;

/// Rows that are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub deliveries: u64,
    pub transcripts: u64,
    pub recipients: u64,
}

pub(crate) async fn run(store: Store, stop: CancellationToken) {
    let mut wait = FIRST_AFTER;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = EVERY;
        let forgotten = tokio::select! {
            () = stop.cancelled() => return,
            forgotten = forget(&store) => forgotten,
        };
        match forgotten {
            Ok(forgotten) if forgotten == Forgotten::default() => {}
            Ok(Forgotten {
                deliveries,
                transcripts,
                recipients,
            }) => {
                tracing::info!(
                    deliveries,
                    transcripts,
                    recipients,
                    "old rows of the delivery log removed"
                );
            }
            Err(e) => {
                tracing::warn!(error = %e, "old rows of the delivery log could not be removed; tried again in an hour");
            }
        }
    }
}

impl Outbox<'_> {
    /// Deletes what is too old. Never a delivery that is not finished, nor one of an incident that is open: its recovery
    /// answers to it. Called once an hour; public for tests.
    pub async fn forget_old(&self) -> Result<Forgotten, StoreError> {
        forget(self.store).await
    }
}

async fn forget(store: &Store) -> Result<Forgotten, StoreError> {
    let now = store.now();
    let before = |age: Duration| Value::from(now.minus(age).as_millis());
    let transcripts = "DELETE FROM delivery_transcripts WHERE attempt_id IN \
         (SELECT attempt_id FROM delivery_transcripts WHERE at < $1 ORDER BY at LIMIT $2)";
    // Ids are in the order of planning, and nothing ends before it was planned: the key leads to the old ones.
    let deliveries = "DELETE FROM deliveries WHERE id IN \
         (SELECT d.id FROM deliveries d JOIN incidents i ON i.id = d.incident_id \
          WHERE d.id < $1 AND d.finished_at < $2 AND i.resolved_at IS NOT NULL ORDER BY d.id LIMIT $3)";
    let recipients = "DELETE FROM mail_recipients WHERE address_key IN \
         (SELECT address_key FROM mail_recipients WHERE updated_at < $1 AND suspended_at IS NULL LIMIT $2)";
    let oldest = Value::from(first_id(now.minus(DELIVERIES_FOR)));
    Ok(Forgotten {
        transcripts: delete(store, transcripts, &[before(TRANSCRIPTS_FOR)]).await?,
        deliveries: delete(store, deliveries, &[oldest, before(DELIVERIES_FOR)]).await?,
        recipients: delete(store, recipients, &[before(RECIPIENTS_FOR)]).await?,
    })
}

/// In batches until nothing is left. The last parameter of `sql` is the size of a batch.
async fn delete(store: &Store, sql: &str, parameters: &[Value]) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let tx = store.inner.db.write().await?;
        let mut parameters = parameters.to_vec();
        parameters.push(Value::from(BATCH as i64));
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, parameters);
        let deleted = tx.execute_raw(statement).await?.rows_affected();
        tx.commit().await?;
        all += deleted;
        if deleted < BATCH {
            return Ok(all);
        }
        // Whoever waits for the writer comes first.
        tokio::task::yield_now().await;
    }
}
