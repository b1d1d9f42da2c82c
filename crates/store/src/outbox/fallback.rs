//! A channel that stands in for another one: when that one has told nobody of an event in time, or never will, the event
//! is told by its fallback. One recipient who was told is enough: the others keep their own tries, for the channel works.
//! What it was told instead of stays pending until the fallback has delivered, and is then cancelled with that as its
//! reason; what is being sent at that moment ends as its attempt does. What a person had sent again is nobody else's to
//! tell.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    id::{ChannelId, IncidentId},
    incident::Origin,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::{
    plan::{Addressee, Planned},
    quiet,
};
use crate::{
    entity::{channel, delivery, incident},
    error::{StoreError, corrupt},
    incidents::origin_of,
    store::Store,
};

/// So long a channel has for itself.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);
/// Rows per look; the next look follows at once.
pub(super) const BATCH: u64 = 200;

impl Store {
    /// Plans the fallback of every delivery that has waited for too long. A write only when there is one.
    pub(super) async fn stand_in_if_needed(&self, now: Timestamp) -> Result<(), StoreError> {
        self.answer_if_asked(now).await?;
        let first = late(now).limit(1).one(self.inner.db.read()).await?;
        if first.is_none() {
            return Ok(());
        }
        let tx = self.inner.db.write().await?;
        for row in late(now).limit(BATCH).all(&*tx).await? {
            match self.stand_in(&*tx, &row, now).await {
                // A damaged row must not hold up all others for ever; it expires, visibly.
                Err(StoreError::Corrupt { .. }) => mark(&*tx, &row, now).await?,
                other => other?,
            }
        }
        tx.commit().await?;
        self.outbox().wake();
        Ok(())
    }

    /// Tells the event of `row` by the fallback of its channel, once. Does nothing where there is none, or where the
    /// channel told somebody or still may.
    pub(crate) async fn stand_in<C: ConnectionTrait>(
        &self,
        tx: &C,
        row: &delivery::Model,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let own_way = row.fallback_of.is_some() || row.requested_by.is_some();
        if row.fallback_at.is_some() || own_way || !nobody_told(tx, row, now).await? {
            return Ok(());
        }
        let own = channel::Entity::find_by_id(row.channel_id).one(tx).await?;
        let Some(fallback) = own.and_then(|c| c.fallback_id).filter(|id| *id != row.channel_id) else {
            return Ok(());
        };
        let fallback = channel::Entity::find_by_id(fallback)
            .filter(channel::Column::Enabled.eq(true))
            .one(tx)
            .await?;
        let incident = incident::Entity::find_by_id(row.incident_id).one(tx).await?;
        let (Some(fallback), Some(incident)) = (fallback, incident) else {
            return Ok(());
        };
        // Nobody hears by a channel that the channel itself is in trouble.
        if origin_of(&incident)? == Origin::Channel(ChannelId(fallback.id)) {
            return Ok(());
        }
        let event = Event::parse(&row.event).ok_or_else(|| corrupt("deliveries", row.id, "event"))?;
        let planned = Planned {
            incident: IncidentId(incident.id),
            event: (event, u32::try_from(row.number).unwrap_or(0)),
            at: Timestamp::from_millis(row.event_at),
        };
        let recipients = self.recipients_for(&fallback, event)?;
        let audience = vec![Addressee::new(fallback, recipients)];
        self.plan_for(tx, planned, audience, Some(row.id), now).await?;
        mark(tx, row, now).await?;
        settle_told(tx, row.channel_id, &delivery::Column::Id.eq(row.id), now).await?;
        tracing::warn!(delivery.id = %row.id, "another channel stands in for one that does not deliver");
        Ok(())
    }
}

/// No recipient of the channel was told of the event, and of none of the others it is too early to say.
async fn nobody_told<C: ConnectionTrait>(
    tx: &C,
    row: &delivery::Model,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let told = delivery::Column::State.eq(DeliveryState::Sent.as_str());
    let has_time = delivery::Column::FinishedAt
        .is_null()
        .and(delivery::Column::RequestedBy.is_null())
        .and(delivery::Column::FallbackOf.is_null())
        .and(quiet::sendable_since().gt(now.minus(PATIENCE).as_millis()));
    let other = delivery::Entity::find()
        .filter(delivery::Column::IncidentId.eq(row.incident_id))
        .filter(delivery::Column::Event.eq(row.event.as_str()))
        .filter(delivery::Column::Number.eq(row.number))
        .filter(delivery::Column::ChannelId.eq(row.channel_id))
        .filter(delivery::Column::Id.ne(row.id))
        .filter(told.or(has_time))
        .limit(1)
        .one(tx)
        .await?;
    Ok(other.is_none())
}

/// Its fallback was looked after.
async fn mark<C: ConnectionTrait>(tx: &C, row: &delivery::Model, now: Timestamp) -> Result<(), StoreError> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::FallbackAt, now.as_millis().into())
        .filter(delivery::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Rows of `channel` may be pending that the channel that stands in for it has told already: then they are done.
pub(super) async fn settle_told<C: ConnectionTrait>(
    tx: &C,
    channel: i64,
    which: &SimpleExpr,
    now: Timestamp,
) -> Result<(), StoreError> {
    let own = channel::Entity::find_by_id(channel).one(tx).await?;
    let fallback = match own.and_then(|c| c.fallback_id) {
        Some(id) => channel::Entity::find_by_id(id).one(tx).await?,
        None => None,
    };
    let Some(fallback) = fallback else {
        return Ok(());
    };
    delivery::Entity::update_many()
        .set(told_by(&fallback.name, now))
        .filter(waits_for_fallback())
        .filter(which.clone())
        .filter(told_through(fallback.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// A message went out that `sent` is a row of, and `which` all of them: what they stand in for is done.
pub(super) async fn settle<C: ConnectionTrait>(
    tx: &C,
    sent: &delivery::Model,
    which: &SimpleExpr,
    now: Timestamp,
) -> Result<(), StoreError> {
    let stood_in_for: Vec<i64> = channel::Entity::find()
        .select_only()
        .column(channel::Column::Id)
        .filter(channel::Column::FallbackId.eq(sent.channel_id))
        .into_tuple()
        .all(tx)
        .await?;
    if stood_in_for.is_empty() {
        return Ok(());
    }
    let incidents = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::IncidentId)
        .filter(which.clone())
        .into_query();
    delivery::Entity::update_many()
        .set(told_by(&sent.channel_name, now))
        .filter(waits_for_fallback())
        .filter(delivery::Column::IncidentId.in_subquery(incidents))
        .filter(delivery::Column::ChannelId.is_in(stood_in_for))
        .filter(told_through(sent.channel_id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The same event was told by this channel.
fn told_through(channel: i64) -> SimpleExpr {
    Expr::cust(format!(
        "0 < (SELECT COUNT(*) FROM deliveries o WHERE o.incident_id = deliveries.incident_id \
         AND o.event = deliveries.event AND o.number = deliveries.number AND o.channel_id + 0 = {channel} AND o.state || '' = 'sent')"
    ))
}

/// Pending, and another channel was asked to stand in.
fn waits_for_fallback() -> Condition {
    Condition::all()
        .add(delivery::Column::FallbackAt.is_not_null())
        .add(delivery::Column::FinishedAt.is_null())
        .add(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
}

fn told_by(channel: &str, now: Timestamp) -> delivery::ActiveModel {
    delivery::ActiveModel {
        state: Set(DeliveryState::Cancelled.to_string()),
        reason: Set(Some(format!(
            "Told by the channel \"{channel}\", which stands in for this one."
        ))),
        finished_at: Set(Some(now.as_millis())),
        next_attempt_at: Set(None),
        waiting: Set(false),
        ..Default::default()
    }
}

/// A recipient of the same channel was told of the same event. The rows of one incident are few, and `+ 0` keeps both
/// databases from looking through those of the channel.
const TOLD: &str = "0 < (SELECT COUNT(*) FROM deliveries o WHERE o.incident_id = deliveries.incident_id \
     AND o.event = deliveries.event AND o.number = deliveries.number AND o.channel_id + 0 = deliveries.channel_id \
     AND o.state || '' = 'sent')";

/// Not delivered for too long, of a channel whose fallback is switched on and that told nobody.
fn late(now: Timestamp) -> Select<delivery::Entity> {
    let usable = channel::Entity::find()
        .select_only()
        .column(channel::Column::Id)
        .filter(channel::Column::Enabled.eq(true))
        .into_query();
    let with_fallback = channel::Entity::find()
        .select_only()
        .column(channel::Column::Id)
        .filter(channel::Column::FallbackId.in_subquery(usable))
        .into_query();
    delivery::Entity::find()
        .filter(delivery::Column::FinishedAt.is_null())
        .filter(delivery::Column::FallbackAt.is_null())
        .filter(delivery::Column::FallbackOf.is_null())
        .filter(delivery::Column::RequestedBy.is_null())
        .filter(quiet::sendable_since().lte(now.minus(PATIENCE).as_millis()))
        .filter(delivery::Column::ChannelId.in_subquery(with_fallback))
        .filter(Expr::cust(TOLD).not())
        .order_by_asc(delivery::Column::Id)
}
