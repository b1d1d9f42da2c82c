//! Deliveries of one event whose recipients share a letter. Each keeps its own claim, attempts and result.

use domain::{delivery::DeliveryState, id::ChannelId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{Lease, Outbox};
use crate::{entity::delivery, error::StoreError};

impl Outbox<'_> {
    /// Claims whose recipients share a letter, under the `Message-ID` of the first, which is given back: from now on they
    /// are claimed together, so that every retry is the same message. Refused where one of them was tried before: its
    /// receiver may have it under its own id.
    pub async fn bundle(&self, leases: &[&Lease]) -> Result<String, StoreError> {
        let Some(first) = leases.first() else {
            return Err(StoreError::Conflict("nothing to put together"));
        };
        let tx = self.store.inner.db.write().await?;
        let leader = delivery::Entity::find_by_id(first.delivery.0).one(&*tx).await?;
        let leader = leader.ok_or(StoreError::Conflict("the first delivery is gone"))?;
        let message_id = leader.message_id;
        let together = delivery::ActiveModel {
            letter_of: Set(Some(leader.id)),
            message_id: Set(message_id.clone()),
            ..Default::default()
        };
        let bundled = delivery::Entity::update_many()
            .set(together)
            .filter(delivery::Column::Id.is_in(leases.iter().map(|l| l.delivery.0)))
            .filter(delivery::Column::LeaseToken.is_in(leases.iter().map(|l| l.token)))
            .filter(delivery::Column::State.eq(DeliveryState::Sending.as_str()))
            .filter(delivery::Column::LetterOf.is_null())
            .filter(delivery::Column::DigestOf.is_null())
            .filter(delivery::Column::Attempts.eq(1))
            .exec(&*tx)
            .await?;
        if bundled.rows_affected != leases.len() as u64 {
            return Err(StoreError::Conflict(
                "a delivery was tried before, or is not ours",
            ));
        }
        tx.commit().await?;
        Ok(message_id)
    }
}

/// `ids`, and whatever travels with one of them, in the order in which things happened.
pub(super) async fn complete<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    ids: Vec<Uuid>,
) -> Result<Vec<Uuid>, StoreError> {
    let leaders: Vec<Option<Uuid>> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::LetterOf)
        .distinct()
        .filter(delivery::Column::Id.is_in(ids.iter().copied()))
        .filter(delivery::Column::LetterOf.is_not_null())
        .into_tuple()
        .all(tx)
        .await?;
    if leaders.is_empty() {
        return Ok(ids);
    }
    let others: Vec<Uuid> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::Column::FinishedAt.is_null())
        .filter(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
        .filter(delivery::Column::ChannelId.eq(channel.0))
        .filter(delivery::Column::LetterOf.is_in(leaders.into_iter().flatten()))
        .filter(delivery::Column::Id.is_not_in(ids.iter().copied()))
        .order_by_asc(delivery::Column::CreatedAt)
        .order_by_asc(delivery::Column::Id)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(ids.into_iter().chain(others).collect())
}
