//! What happens to rows without anybody sending them: leases run out, time to live ends, settings are corrected,
//! monitors and channels are deleted.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    duration,
    id::ChannelId,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Statement,
    sea_query::{Expr, ExprTrait, IntoCondition, SimpleExpr},
};
use uuid::Uuid;

use super::{digest, fallback, finish, quiet};
use crate::{entity::delivery, error::StoreError, store::Store};

/// So many claims in a row may end without a result (crash, lost power) before the row itself is the suspect.
const MOST_INTERRUPTIONS: i32 = 5;
/// Nothing is put off, claimed or kept for longer than this: the dispatcher's hour, ten minutes and day, with room for
/// what it adds by chance.
const LONGEST_RETRY: Duration = Duration::from_mins(75);
const LONGEST_LEASE: Duration = Duration::from_mins(11);
const LONGEST_LIFE: Duration = Duration::from_hours(25);

impl Store {
    /// Settles what time has decided; a write only when there is something to settle. Times that nobody sets so far
    /// ahead are of a clock that was set back since.
    pub(super) async fn sweep_if_needed(&self, now: Timestamp) -> Result<(), StoreError> {
        // Each of these is answered by an index and not by looking at every row that is not finished: when everything is
        // down at once they are many, and it is asked at every step.
        let sql = "SELECT 1 AS one WHERE \
               EXISTS (SELECT 1 FROM deliveries WHERE state = 'sending' AND finished_at IS NULL AND NOT follows \
                 AND (lease_until < $1 OR lease_until > $2)) \
            OR EXISTS (SELECT 1 FROM deliveries WHERE finished_at IS NULL AND expires_at <= $1 \
                 AND state || '' = 'pending') \
            OR EXISTS (SELECT 1 FROM deliveries WHERE finished_at IS NULL AND expires_at > $3 \
                 AND state || '' = 'pending') \
            OR EXISTS (SELECT 1 FROM channels c WHERE EXISTS (SELECT 1 FROM deliveries d \
                 WHERE d.channel_id = c.id AND d.finished_at IS NULL AND d.next_attempt_at > $4 \
                 AND d.state || '' = 'pending'))";
        let beyond = |longest| now.plus(longest).as_millis().into();
        let values = [
            now.as_millis().into(),
            beyond(LONGEST_LEASE),
            beyond(LONGEST_LIFE),
            beyond(LONGEST_RETRY),
        ];
        let db = self.inner.db.read();
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let overdue = db.query_one_raw(statement).await?.is_some();
        if overdue {
            let tx = self.inner.db.write().await?;
            pull_back(&*tx, now).await?;
            sweep(self, &*tx, None, now).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Pending rows of a clock that was set back since: the retry is due, and the time to live begins again.
async fn pull_back<C: ConnectionTrait>(tx: &C, now: Timestamp) -> Result<(), StoreError> {
    use delivery::Column::{ExpiresAt, NextAttemptAt};
    let to = [
        (NextAttemptAt, LONGEST_RETRY, now),
        (ExpiresAt, LONGEST_LIFE, now.plus(Event::Opened.time_to_live())),
    ];
    for (column, longest, at) in to {
        delivery::Entity::update_many()
            .col_expr(column, at.as_millis().into())
            // No quiet hours reach that far.
            .col_expr(delivery::Column::HeldUntil, held_no_longer(now))
            .filter(delivery::Column::FinishedAt.is_null())
            .filter(pending_beyond(column, now, longest))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// What was held is released; the others stay without a time.
fn held_no_longer(now: Timestamp) -> SimpleExpr {
    let released = Expr::case(delivery::Column::HeldUntil.gt(now.as_millis()), now.as_millis());
    released.finally(Expr::col(delivery::Column::HeldUntil)).into()
}

fn pending_beyond(column: delivery::Column, now: Timestamp, longest: Duration) -> SimpleExpr {
    let pending = delivery::Column::State.eq(DeliveryState::Pending.as_str());
    let beyond = column.gt(now.plus(longest).as_millis());
    // Of what quiet hours hold, the time counts from their end.
    let longest = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
    let held = quiet::is_plausibly_held(now);
    let held = held.and(
        column
            .into_expr()
            .sub(delivery::Column::HeldUntil.into_expr())
            .lte(longest),
    );
    pending.and(beyond).and(held.not())
}

/// Rows whose lease ran out become pending again, rows whose time is over expire.
pub(super) async fn sweep<C: ConnectionTrait>(
    store: &Store,
    tx: &C,
    channel: Option<ChannelId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let scope = channel.map_or_else(Condition::all, |c| {
        delivery::Column::ChannelId.eq(c.0).into_condition()
    });
    interrupted(store, tx, scope.clone().add(lease_over(now)), now).await?;
    expire(tx, scope, now).await
}

/// Rows in `lost` were claimed and nothing was heard of them. Whether the message went out is unknown; it is sent
/// again under the same id.
pub(super) async fn interrupted<C: ConnectionTrait>(
    store: &Store,
    tx: &C,
    lost: Condition,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let poisoned = delivery::ActiveModel {
        state: Set(DeliveryState::Failed.to_string()),
        reason: Set(Some(format!(
            "{MOST_INTERRUPTIONS} attempts in a row ended without a result: the program stopped or hung while it sent this message."
        ))),
        finished_at: Set(Some(now.as_millis())),
        next_attempt_at: Set(None),
        ..unleased()
    };
    let unfinished = || delivery::Column::FinishedAt.is_null();
    let given_up = Condition::all()
        .add(unfinished())
        .add(lost.clone())
        .add(delivery::Column::Interruptions.gte(MOST_INTERRUPTIONS - 1));
    store.ask_fallbacks(tx, given_up.clone(), now).await?;
    let failed = delivery::Entity::update_many()
        .set(poisoned)
        .filter(given_up)
        .exec_with_returning(tx)
        .await?;
    let again = delivery::ActiveModel {
        state: Set(DeliveryState::Pending.to_string()),
        reason: Set(Some(
            "The last attempt was interrupted; its result is not known.".to_owned(),
        )),
        next_attempt_at: Set(Some(now.as_millis())),
        ..unleased()
    };
    let returned = delivery::Entity::update_many()
        .set(again)
        .col_expr(
            delivery::Column::Interruptions,
            Expr::col(delivery::Column::Interruptions).add(1),
        )
        .filter(unfinished())
        .filter(lost)
        .exec_with_returning(tx)
        .await?;
    // What travelled together was one attempt.
    for row in returned.iter().chain(&failed).filter(|r| !r.follows) {
        finish::note_interrupted(tx, row, now).await?;
    }
    let waited = returned.iter().filter(|r| r.fallback_at.is_some());
    let waited: BTreeMap<Uuid, &delivery::Model> = waited.map(|r| (digest::kept_with(r), r)).collect();
    for row in waited.into_values() {
        let which = digest::of_claim(row.id, row.digest_of);
        fallback::settle_told(tx, row.channel_id, &which, now).await?;
    }
    Ok((failed.len() + returned.len()) as u64)
}

async fn expire<C: ConnectionTrait>(tx: &C, scope: Condition, now: Timestamp) -> Result<(), StoreError> {
    let over = Condition::all()
        .add(delivery::Column::FinishedAt.is_null())
        .add(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
        .add(delivery::Column::ExpiresAt.lte(now.as_millis()))
        .add(scope);
    let lived = || Expr::col(delivery::Column::ExpiresAt).sub(Expr::col(delivery::Column::CreatedAt));
    let lives: Vec<i64> = delivery::Entity::find()
        .select_only()
        .column_as(lived(), "lived")
        .distinct()
        .filter(over.clone())
        .into_tuple()
        .all(tx)
        .await?;
    for life in lives {
        let expired = delivery::ActiveModel {
            state: Set(DeliveryState::Expired.to_string()),
            finished_at: Set(Some(now.as_millis())),
            next_attempt_at: Set(None),
            waiting: Set(false),
            ..Default::default()
        };
        let within = duration::format(Duration::from_millis(u64::try_from(life).unwrap_or(0)));
        let expired = delivery::Entity::update_many()
            .set(expired)
            .col_expr(
                delivery::Column::Reason,
                Expr::cust(format!(
                    "'Not delivered within {within}.' || COALESCE(' Last: ' || reason, '')"
                )),
            )
            .filter(over.clone())
            .filter(lived().eq(life))
            .exec(tx)
            .await?;
        tracing::warn!(deliveries = expired.rows_affected, "deliveries expired");
    }
    Ok(())
}

/// Settings were saved: what waited for it, and what would be tried again later, is due. What quiet hours hold stays held.
pub(crate) async fn bring_forward<C: ConnectionTrait>(
    tx: &C,
    which: SimpleExpr,
    now: Timestamp,
) -> Result<(), StoreError> {
    let due = delivery::ActiveModel {
        waiting: Set(false),
        next_attempt_at: Set(Some(now.as_millis())),
        ..Default::default()
    };
    delivery::Entity::update_many()
        .set(due)
        .filter(delivery::Column::FinishedAt.is_null())
        .filter(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
        .filter(quiet::is_held(now).not())
        .filter(which)
        .exec(tx)
        .await?;
    Ok(())
}

/// What is pending for a channel that cannot be used waits until it is saved.
pub(super) async fn hold<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let held = delivery::ActiveModel {
        waiting: Set(true),
        next_attempt_at: Set(None),
        reason: Set(Some(reason.to_owned())),
        ..Default::default()
    };
    delivery::Entity::update_many()
        .set(held)
        .filter(delivery::Column::FinishedAt.is_null())
        .filter(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
        .filter(delivery::Column::ChannelId.eq(channel.0))
        .filter(quiet::is_held(now).not())
        .exec(tx)
        .await?;
    Ok(())
}

/// Also takes rows that are being sent: their result is fenced off.
pub(crate) async fn cancel<C: ConnectionTrait>(
    tx: &C,
    which: SimpleExpr,
    reason: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let cancelled = delivery::ActiveModel {
        state: Set(DeliveryState::Cancelled.to_string()),
        reason: Set(Some(reason.to_owned())),
        finished_at: Set(Some(now.as_millis())),
        next_attempt_at: Set(None),
        waiting: Set(false),
        ..unleased()
    };
    let done = delivery::Entity::update_many()
        .set(cancelled)
        .filter(delivery::Column::FinishedAt.is_null())
        .filter(which)
        .exec(tx)
        .await?;
    Ok(done.rows_affected)
}

fn lease_over(now: Timestamp) -> SimpleExpr {
    let over = delivery::Column::LeaseUntil.lt(now.as_millis());
    over.or(delivery::Column::LeaseUntil.gt(now.plus(LONGEST_LEASE).as_millis()))
}

pub(super) fn unleased() -> delivery::ActiveModel {
    delivery::ActiveModel {
        lease_token: Set(None),
        lease_until: Set(None),
        claimed_by: Set(None),
        ..Default::default()
    }
}
