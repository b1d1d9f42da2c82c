//! Many deliveries that end at once without telling anybody: of a digest of thousands, of a suspended address. In the
//! transaction that ends them one statement asks for their fallbacks, however many they are; the dispatcher's looks plan
//! those, so many at a time.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use domain::{clock::Timestamp, delivery::DeliveryState};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select, sea_query::Expr,
};
use uuid::Uuid;

use super::{fallback::BATCH, plan::first_that_ended};
use crate::{
    entity::{channel, delivery},
    error::StoreError,
    store::Store,
};

/// What stands where the time of the look will stand.
const ASKED: i64 = 0;
/// No transaction that asks is open for longer.
const LONGEST_TRANSACTION: Duration = Duration::from_mins(1);

/// Whether a look may find something. What another run asked for is found by the first one.
pub(crate) struct Looks {
    /// At least once after this time; 0: no more.
    until: AtomicI64,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            until: AtomicI64::new(1),
        }
    }
}

impl Looks {
    fn ask(&self, now: Timestamp) {
        let until = now.plus(LONGEST_TRANSACTION).as_millis();
        self.until.fetch_max(until, Ordering::AcqRel);
    }

    fn open(&self) -> Option<i64> {
        Some(self.until.load(Ordering::Acquire)).filter(|until| *until != 0)
    }

    /// A look that began at `at`, while `until` was known, found nothing.
    fn found_nothing(&self, at: Timestamp, until: i64) {
        // A time that nobody asks for so far ahead is of a clock that was set back.
        let over = at.as_millis() > until || until > at.plus(LONGEST_TRANSACTION).as_millis();
        if over {
            let _ = (self.until).compare_exchange(until, 0, Ordering::AcqRel, Ordering::Acquire);
        }
    }
}

impl Store {
    /// Those in `which` end in this transaction, and whoever stands in for their channel is to tell them.
    pub(crate) async fn ask_fallbacks<C: ConnectionTrait>(
        &self,
        tx: &C,
        which: Condition,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let with_fallback = channel::Entity::find()
            .select_only()
            .column(channel::Column::Id)
            .filter(channel::Column::FallbackId.is_not_null())
            .into_query();
        let asked = delivery::Entity::update_many()
            .col_expr(delivery::Column::FallbackAt, Expr::value(ASKED))
            .filter(which)
            .filter(delivery::Column::FallbackAt.is_null())
            .filter(delivery::Column::FallbackOf.is_null())
            .filter(delivery::Column::RequestedBy.is_null())
            .filter(delivery::Column::ChannelId.in_subquery(with_fallback))
            .exec(tx)
            .await?;
        if asked.rows_affected > 0 {
            self.inner.looks.ask(now);
        }
        Ok(())
    }

    /// Plans the fallbacks that were asked for, so many at a time; the next look follows at once. A write only when there
    /// is one.
    pub(super) async fn answer_if_asked(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some(until) = self.inner.looks.open() else {
            return Ok(());
        };
        let first = asked(now).limit(1).one(self.inner.db.read()).await?;
        if first.is_none() {
            self.inner.looks.found_nothing(now, until);
            return Ok(());
        }
        let tx = self.inner.db.write().await?;
        let rows = asked(now).limit(BATCH).all(&*tx).await?;
        let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
        for row in rows {
            let row = delivery::Model {
                fallback_at: None,
                ..row
            };
            match self.stand_in(&*tx, &row, now).await {
                // What cannot be read cannot be told by anybody.
                Ok(()) | Err(StoreError::Corrupt { .. }) => {}
                Err(e) => return Err(e),
            }
        }
        // Nobody had to stand in for these.
        delivery::Entity::update_many()
            .col_expr(delivery::Column::FallbackAt, Option::<i64>::None.into())
            .filter(delivery::Column::Id.is_in(ids))
            .filter(delivery::Column::FallbackAt.eq(ASKED))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        self.outbox().wake();
        Ok(())
    }
}

/// Found by their state and id: nothing lives for longer than a day after quiet hours.
fn asked(now: Timestamp) -> Select<delivery::Entity> {
    let ended = [DeliveryState::Failed.as_str(), DeliveryState::Cancelled.as_str()];
    delivery::Entity::find()
        .filter(delivery::Column::State.is_in(ended))
        .filter(delivery::Column::Id.gte(first_that_ended(now)))
        .filter(delivery::Column::FallbackAt.eq(ASKED))
        .order_by_asc(delivery::Column::Id)
}
