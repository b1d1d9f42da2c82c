//! Planning deliveries, inside the transaction of the event.

use domain::{
    channel::ChannelConfig,
    clock::Timestamp,
    delivery::{DeliveryState, Event, dedup_key},
    id::{DeliveryId, IncidentId, MonitorId},
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};
use uuid::Uuid;

use crate::{entity::delivery, error::StoreError, store::Store};

/// Rows per statement: far below what a statement can bind.
const BATCH: usize = 200;

/// What the deliveries are about.
#[derive(Clone, Copy)]
pub(crate) struct Planned {
    pub(crate) incident: IncidentId,
    pub(crate) monitor: MonitorId,
    pub(crate) event: Event,
    pub(crate) at: Timestamp,
}

impl Store {
    /// One row per enabled channel of the monitor and recipient. A row that is there already is left as it is.
    pub(crate) async fn plan<C: ConnectionTrait>(
        &self,
        tx: &C,
        planned: Planned,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let channels = self.channels().for_monitor_with(tx, planned.monitor).await?;
        let message_domain = self.message_domain(tx).await?;
        let mut rows = Vec::new();
        for channel in channels.iter().filter(|c| c.enabled) {
            // A channel whose secrets are locked has one recipient: only kinds without recipients of their own have
            // secrets. Its rows wait until the secrets are entered again.
            let recipients = channel
                .config
                .as_ref()
                .map_or_else(|| vec![String::new()], ChannelConfig::recipients);
            for recipient in recipients {
                let id = new_id(now)?;
                rows.push(delivery::ActiveModel {
                    id: Set(id.0),
                    dedup_key: Set(dedup_key(planned.incident, planned.event, channel.id, &recipient)),
                    incident_id: Set(planned.incident.0),
                    event: Set(planned.event.to_string()),
                    event_at: Set(planned.at.as_millis()),
                    channel_id: Set(channel.id.0),
                    channel_name: Set(channel.name.clone()),
                    recipient: Set(recipient),
                    message_id: Set(format!("{id}@{message_domain}")),
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

    /// The right side of a `Message-ID`: the sender's domain, as receivers expect it.
    pub(crate) async fn message_domain<C: ConnectionTrait>(&self, db: &C) -> Result<String, StoreError> {
        let mail = self.settings().mail_with(db).await?;
        Ok(match mail {
            Some(mail) => mail.settings.from.domain().to_owned(),
            None => self.inner.message_domain.clone(),
        })
    }
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
pub(super) fn first_id(at: Timestamp) -> Uuid {
    id_of(at, [0; 10])
}

fn id_of(at: Timestamp, random: [u8; 10]) -> Uuid {
    let ms = u64::try_from(at.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
}

pub(super) fn new_token() -> Result<Uuid, StoreError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| StoreError::Crypto("no random numbers"))?;
    Ok(uuid::Builder::from_random_bytes(random).into_uuid())
}
