//! Channels that need attention are not stormed: one message is tried at long intervals, and the others wait and say so.

use std::time::Duration;

use domain::{
    attention::{Attention, TRIED_EVERY},
    clock::Timestamp,
    delivery::DeliveryState,
    duration,
    id::ChannelId,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, UpdateMany, sea_query,
};

use super::{Outbox, quiet, sweep};
use crate::{
    channels::standing::{is_disabled, lock, read_standing},
    entity::{channel, delivery},
    error::StoreError,
};

impl Outbox<'_> {
    /// What is due of this channel before `until` waits until then and says why. `false`: somebody has saved the channel
    /// since `since`, and nothing was changed.
    pub async fn put_off(
        &self,
        channel: ChannelId,
        since: Timestamp,
        until: Timestamp,
        why: &str,
    ) -> Result<bool, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let Some(row) = lock(&*tx, channel.0).await? else {
            return Ok(false);
        };
        // What was never saved again was not corrected.
        if row.updated_at > row.created_at && row.updated_at >= since.as_millis() {
            return Ok(false);
        }
        put_off(channel, until, why)
            .filter(sea_query::ExprTrait::not(quiet::is_held(self.store.now())))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// How many rows of a channel may be taken now.
pub(super) enum Allowed {
    Usual,
    /// One at a time: it has begun to be refused.
    One,
    /// One, or none, and the others wait until then.
    Restrained {
        limit: u32,
        until: Timestamp,
        why: String,
    },
}

impl Allowed {
    pub(super) fn at_most(&self, limit: u32) -> u32 {
        match self {
            Self::Usual => limit,
            Self::One => limit.min(1),
            Self::Restrained { limit: fewer, .. } => limit.min(*fewer),
        }
    }

    /// The rows that were not taken.
    pub(super) async fn settle<C: ConnectionTrait>(
        &self,
        tx: &C,
        channel: ChannelId,
    ) -> Result<(), StoreError> {
        let Self::Restrained { until, why, .. } = self else {
            return Ok(());
        };
        put_off(channel, *until, why).exec(tx).await?;
        Ok(())
    }
}

/// The rows of a channel that would be due before.
fn put_off(channel: ChannelId, until: Timestamp, why: &str) -> UpdateMany<delivery::Entity> {
    let waits = delivery::ActiveModel {
        next_attempt_at: Set(Some(until.as_millis())),
        reason: Set(Some(why.to_owned())),
        ..Default::default()
    };
    delivery::Entity::update_many()
        .set(waits)
        .filter(delivery::Column::ChannelId.eq(channel.0))
        .filter(delivery::Column::FinishedAt.is_null())
        .filter(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
        .filter(delivery::Column::NextAttemptAt.lt(until.as_millis()))
}

/// Asked inside the transaction of a claim, which takes the turn that it is given.
pub(super) async fn allowed<C: ConnectionTrait>(
    tx: &C,
    row: &channel::Model,
    now: Timestamp,
) -> Result<Allowed, StoreError> {
    let standing = read_standing(row)?;
    let Some(attention) = standing.attention else {
        let begun = standing.rejections > 0;
        return Ok(if begun { Allowed::One } else { Allowed::Usual });
    };
    if is_disabled(row, &attention) {
        let why = format!(
            "{} Nothing more is sent there; this waits until the channel is saved, or a test of it succeeds.",
            attention.reason
        );
        sweep::hold(tx, ChannelId(row.id), &why, now).await?;
        return Ok(Allowed::Restrained {
            limit: 0,
            until: now,
            why,
        });
    }
    // A clock that was set back must not make it wait for longer.
    let waits = attention.until.since(now);
    if waits > Duration::ZERO && waits <= TRIED_EVERY {
        return Ok(restrained(0, attention.until, &attention));
    }
    let until = now.plus(TRIED_EVERY);
    let turn = channel::ActiveModel {
        attention_until: Set(Some(until.as_millis())),
        ..Default::default()
    };
    channel::Entity::update_many()
        .set(turn)
        .filter(channel::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(restrained(1, until, &attention))
}

fn restrained(limit: u32, until: Timestamp, attention: &Attention) -> Allowed {
    let why = format!(
        "The channel needs attention: {} One message is tried every {}, and this one waits.",
        attention.reason,
        duration::format(TRIED_EVERY)
    );
    Allowed::Restrained { limit, until, why }
}
