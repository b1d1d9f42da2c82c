//! Planning deliveries, inside the transaction of the event.

use std::collections::BTreeSet;

use domain::{
    channel::ChannelConfig,
    clock::Timestamp,
    delivery::{DeliveryState, Event, dedup_key},
    hours::{LONGEST_STRETCH, Quiet},
    id::{ChannelId, DeliveryId, IncidentId, RotationId},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use super::{quiet, window};
use crate::{
    channels::read_channel,
    entity::{channel, delivery},
    error::StoreError,
    optouts,
    store::Store,
};

/// Rows per statement: far below what a statement can bind.
const BATCH: usize = 200;

/// What the deliveries are about.
#[derive(Clone, Copy)]
pub(crate) struct Planned {
    pub(crate) incident: IncidentId,
    /// Numbered where it happens more than once; otherwise 0.
    pub(crate) event: (Event, u32),
    pub(crate) at: Timestamp,
}

/// A channel and whom it tells.
#[derive(Clone)]
pub(crate) struct Addressee {
    pub(crate) channel: channel::Model,
    pub(crate) recipients: BTreeSet<String>,
    /// Of the step that tells them, beside the channel's own.
    pub(crate) quiet: Option<Quiet>,
    /// In which somebody is on call whose channel it is; `None`: a step, or the monitor, names the channel.
    pub(crate) rotation: Option<RotationId>,
}

impl Addressee {
    pub(crate) fn new(channel: channel::Model, recipients: BTreeSet<String>) -> Self {
        Self {
            channel,
            recipients,
            quiet: None,
            rotation: None,
        }
    }
}

impl Store {
    /// One row per channel and recipient of the audience. A row that is there already is left as it is. Who unsubscribed is
    /// left out; the page of the channel says so.
    pub(crate) async fn plan<C: ConnectionTrait>(
        &self,
        tx: &C,
        planned: Planned,
        mut audience: Vec<Addressee>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        optouts::leave_out(tx, &mut audience).await?;
        self.plan_for(tx, planned, audience, None, now).await
    }

    /// The same for everybody; `instead_of` is the delivery that these stand in for.
    pub(super) async fn plan_for<C: ConnectionTrait>(
        &self,
        tx: &C,
        planned: Planned,
        audience: Vec<Addressee>,
        instead_of: Option<Uuid>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        if audience.iter().all(|a| a.recipients.is_empty()) {
            return Ok(0);
        }
        let message_domain = self.message_domain(tx).await?;
        let (event, number) = planned.event;
        let mut rows = Vec::new();
        for Addressee {
            channel,
            recipients,
            quiet,
            rotation,
        } in audience
        {
            if recipients.is_empty() {
                continue;
            }
            let mut new = quiet::fresh(&channel, quiet.as_ref(), event, now);
            // What quiet hours hold is collected by them.
            if new.held_until.is_not_set() {
                let due = window::due(tx, &channel, event, now).await?;
                new.next_attempt_at = Set(Some(due.as_millis()));
            }
            for recipient in recipients {
                let id = new_id(now)?;
                let to = ChannelId(channel.id);
                rows.push(delivery::ActiveModel {
                    id: Set(id.0),
                    dedup_key: Set(dedup_key(planned.incident, planned.event, to, &recipient)),
                    incident_id: Set(planned.incident.0),
                    event: Set(event.to_string()),
                    number: Set(i32::try_from(number).unwrap_or(i32::MAX)),
                    event_at: Set(planned.at.as_millis()),
                    channel_id: Set(channel.id),
                    channel_name: Set(channel.name.clone()),
                    recipient: Set(recipient),
                    message_id: Set(format!("{id}@{message_domain}")),
                    fallback_of: Set(instead_of),
                    rotation_id: Set(rotation.map(|r| r.0)),
                    ..new.clone()
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

    /// Those of one channel for an event; none when it does not want to hear of it.
    pub(crate) fn recipients_for(
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

/// Channel and recipient of messages about an opening.
pub(crate) type Told = BTreeSet<(i64, String)>;

/// Of every message about the opening, whatever became of it: what was merged into another message, or told by another
/// channel, is followed by the same events.
pub(crate) async fn told<C: ConnectionTrait>(tx: &C, incident: IncidentId) -> Result<Told, StoreError> {
    let all = openings(incident).into_tuple().all(tx).await?;
    Ok(all.into_iter().collect())
}

/// Without those who were told because another channel did not deliver.
pub(crate) async fn told_itself<C: ConnectionTrait>(
    tx: &C,
    incident: IncidentId,
) -> Result<Told, StoreError> {
    let own = openings(incident).filter(delivery::Column::FallbackOf.is_null());
    Ok(own.into_tuple().all(tx).await?.into_iter().collect())
}

/// Channels that told whoever was on call, each with the rotation by which it did.
pub(crate) async fn told_on_call<C: ConnectionTrait>(
    tx: &C,
    incident: IncidentId,
) -> Result<BTreeSet<(i64, i64)>, StoreError> {
    let all: Vec<(i64, i64)> = delivery::Entity::find()
        .select_only()
        .columns([delivery::Column::ChannelId, delivery::Column::RotationId])
        .distinct()
        .filter(delivery::Column::IncidentId.eq(incident.0))
        .filter(delivery::Column::RotationId.is_not_null())
        .into_tuple()
        .all(tx)
        .await?;
    Ok(all.into_iter().collect())
}

fn openings(incident: IncidentId) -> Select<delivery::Entity> {
    delivery::Entity::find()
        .select_only()
        .columns([delivery::Column::ChannelId, delivery::Column::Recipient])
        .filter(delivery::Column::IncidentId.eq(incident.0))
        .filter(delivery::Column::Event.eq(Event::Opened.as_str()))
}

/// Those of these channels that are switched on. Locked, so that on PostgreSQL a deletion waits and cancels what is
/// planned here, or we see it.
pub(crate) async fn enabled<C: ConnectionTrait>(
    tx: &C,
    ids: BTreeSet<i64>,
) -> Result<Vec<channel::Model>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(channel::Entity::find()
        .filter(channel::Column::Enabled.eq(true))
        .filter(channel::Column::Id.is_in(ids))
        .order_by_asc(channel::Column::Id)
        .lock(LockType::KeyShare)
        .all(tx)
        .await?)
}

/// A channel that cannot be read has one recipient without a name. When its secrets are locked, that is the right one
/// (only kinds without recipients of their own have secrets); when its row is damaged, the delivery shows that somebody
/// was to be told, and the event itself is not lost.
fn recipients_of(config: Option<&ChannelConfig>) -> Vec<String> {
    config.map_or_else(|| vec![String::new()], ChannelConfig::recipients)
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
        follows: Set(false),
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

/// Nothing with a smaller id ended after `since`: ids are in the order of planning, and nothing lives for longer than a
/// day after quiet hours. The index leads straight there.
pub(super) fn first_that_ended(since: Timestamp) -> Uuid {
    first_id(since.minus(Event::Opened.time_to_live() + LONGEST_STRETCH))
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
