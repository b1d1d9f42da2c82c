//! Planning deliveries, inside the transaction of the event.

use std::collections::BTreeSet;

use domain::{
    channel::ChannelConfig,
    clock::Timestamp,
    delivery::{DeliveryState, Event, dedup_key},
    id::{ChannelId, DeliveryId, IncidentId},
    incident::Origin,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use crate::{
    channels::read_channel,
    entity::{channel, delivery, monitor_channel},
    error::StoreError,
    optouts,
    store::Store,
    troubles,
};

/// Rows per statement: far below what a statement can bind.
const BATCH: usize = 200;

/// What the deliveries are about.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) incident: IncidentId,
    pub(crate) origin: Origin,
    pub(crate) event: Event,
    pub(crate) at: Timestamp,
}

impl Store {
    /// One row per channel and recipient of the audience. A row that is there already is left as it is.
    pub(crate) async fn plan<C: ConnectionTrait>(
        &self,
        tx: &C,
        planned: Planned,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let audience = self.audience(tx, &planned).await?;
        self.plan_for(tx, &planned, audience, None, now).await
    }

    /// The same for an audience that is known already; `instead_of` is the delivery that these stand in for.
    pub(super) async fn plan_for<C: ConnectionTrait>(
        &self,
        tx: &C,
        planned: &Planned,
        audience: Vec<(channel::Model, BTreeSet<String>)>,
        instead_of: Option<Uuid>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let message_domain = self.message_domain(tx).await?;
        let mut rows = Vec::new();
        for (channel, recipients) in audience {
            for recipient in recipients {
                let id = new_id(now)?;
                let to = ChannelId(channel.id);
                rows.push(delivery::ActiveModel {
                    id: Set(id.0),
                    dedup_key: Set(dedup_key(planned.incident, planned.event, to, &recipient)),
                    incident_id: Set(planned.incident.0),
                    event: Set(planned.event.to_string()),
                    event_at: Set(planned.at.as_millis()),
                    channel_id: Set(channel.id),
                    channel_name: Set(channel.name.clone()),
                    recipient: Set(recipient),
                    message_id: Set(format!("{id}@{message_domain}")),
                    fallback_of: Set(instead_of),
                    ..fresh(planned.event, now)
                });
            }
        }
        let count = rows.len();
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(BATCH));
            delivery::Entity::insert_many(rows)
                .on_conflict(
                    OnConflict::column(delivery::Column::DedupKey)
                        .do_nothing()
                        .to_owned(),
                )
                .exec_without_returning(tx)
                .await?;
            rows = rest;
        }
        Ok(count)
    }

    /// The enabled channels of the origin that want to hear of it, with their recipients. Of a recovery also hears whoever
    /// was to hear of the opening, even if the monitor or the channel was changed since: nobody is left believing in an
    /// outage. Who unsubscribed is left out; the page of the channel says so.
    async fn audience<C: ConnectionTrait>(
        &self,
        tx: &C,
        planned: &Planned,
    ) -> Result<Vec<(channel::Model, BTreeSet<String>)>, StoreError> {
        let linked: Vec<i64> = match &planned.origin {
            Origin::Monitor(monitor) => {
                monitor_channel::Entity::find()
                    .select_only()
                    .column(monitor_channel::Column::ChannelId)
                    .filter(monitor_channel::Column::MonitorId.eq(monitor.0))
                    .into_tuple()
                    .all(tx)
                    .await?
            }
            own @ (Origin::Zone(_) | Origin::Channel(_)) => troubles::heard_by(tx, own).await?,
        };
        let told = match planned.event {
            Event::Resolved => told_of_opening(tx, planned.incident).await?,
            _ => Vec::new(),
        };
        let ids: BTreeSet<i64> = linked
            .iter()
            .chain(told.iter().map(|(id, _)| id))
            .copied()
            .collect();
        // Locked, so that on PostgreSQL a deletion waits and cancels what is planned here, or we see it.
        let channels = channel::Entity::find()
            .filter(channel::Column::Enabled.eq(true))
            .filter(channel::Column::Id.is_in(ids))
            .order_by_asc(channel::Column::Id)
            .lock(LockType::KeyShare)
            .all(tx)
            .await?;
        let mut audience = Vec::with_capacity(channels.len());
        for channel in channels {
            let config = self.config_of(&channel)?;
            if config.as_ref().is_some_and(|c| !c.wants(planned.event)) {
                continue;
            }
            let of_channel = told.iter().filter(|(id, _)| *id == channel.id);
            let mut recipients: BTreeSet<String> =
                of_channel.map(|(_, recipient)| recipient.clone()).collect();
            if linked.contains(&channel.id) {
                recipients.extend(recipients_of(config.as_ref()));
            }
            audience.push((channel, recipients));
        }
        optouts::leave_out(tx, &mut audience).await?;
        Ok(audience)
    }

    /// Those of one channel for an event; none when it does not want to hear of it.
    pub(super) fn recipients_for(
        &self,
        row: &channel::Model,
        event: Event,
    ) -> Result<BTreeSet<String>, StoreError> {
        let config = self.config_of(row)?;
        if config.as_ref().is_some_and(|c| !c.wants(event)) {
            return Ok(BTreeSet::new());
        }
        Ok(recipients_of(config.as_ref()).into_iter().collect())
    }

    /// `None`: locked, or damaged.
    fn config_of(&self, row: &channel::Model) -> Result<Option<ChannelConfig>, StoreError> {
        match read_channel(row.clone(), &self.inner.sealer) {
            Ok(channel) => Ok(channel.config),
            Err(StoreError::Corrupt { .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The right side of a `Message-ID`: the sender's domain, as receivers expect it.
    pub(crate) async fn message_domain<C: ConnectionTrait>(&self, db: &C) -> Result<String, StoreError> {
        let first = self.mail_profiles(db).await?.into_iter().next();
        match first {
            Some(Ok(profile)) => Ok(profile.settings.from.domain().to_owned()),
            // Damaged settings must not keep an event from being recorded.
            None | Some(Err(StoreError::Corrupt { .. })) => Ok(self.inner.message_domain.clone()),
            Some(Err(e)) => Err(e),
        }
    }
}

/// A channel that cannot be read has one recipient without a name. When its secrets are locked, that is the right one
/// (only kinds without recipients of their own have secrets); when its row is damaged, the delivery shows that somebody
/// was to be told, and the event itself is not lost.
fn recipients_of(config: Option<&ChannelConfig>) -> Vec<String> {
    config.map_or_else(|| vec![String::new()], ChannelConfig::recipients)
}

/// Channel and recipient of every message about the opening that was not cancelled.
async fn told_of_opening<C: ConnectionTrait>(
    tx: &C,
    incident: IncidentId,
) -> Result<Vec<(i64, String)>, StoreError> {
    Ok(delivery::Entity::find()
        .select_only()
        .columns([delivery::Column::ChannelId, delivery::Column::Recipient])
        .filter(delivery::Column::IncidentId.eq(incident.0))
        .filter(delivery::Column::Event.eq(Event::Opened.as_str()))
        .filter(delivery::Column::State.ne(DeliveryState::Cancelled.as_str()))
        .into_tuple()
        .all(tx)
        .await?)
}

/// What every new row has in common.
pub(super) fn fresh(event: Event, now: Timestamp) -> delivery::ActiveModel {
    delivery::ActiveModel {
        state: Set(DeliveryState::Pending.to_string()),
        waiting: Set(false),
        created_at: Set(now.as_millis()),
        expires_at: Set(now.plus(event.time_to_live()).as_millis()),
        next_attempt_at: Set(Some(now.as_millis())),
        attempts: Set(0),
        interruptions: Set(0),
        ..Default::default()
    }
}

pub(super) fn new_id(now: Timestamp) -> Result<DeliveryId, StoreError> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|_| StoreError::Crypto("no random numbers"))?;
    Ok(DeliveryId(id_of(now, random)))
}

/// No delivery that was planned at `at` or later has a smaller id.
pub(crate) fn first_id(at: Timestamp) -> Uuid {
    id_of(at, [0; 10])
}

/// RFC 9562, 5.7: the time of an id, in the year 10889.
const LATEST: u64 = (1 << 48) - 1;

fn id_of(at: Timestamp, random: [u8; 10]) -> Uuid {
    // Beyond the 48 bits of an id a late time would become an early one.
    let ms = u64::try_from(at.as_millis()).unwrap_or(0).min(LATEST);
    uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
}

pub(crate) fn new_token() -> Result<Uuid, StoreError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| StoreError::Crypto("no random numbers"))?;
    Ok(uuid::Builder::from_random_bytes(random).into_uuid())
}
