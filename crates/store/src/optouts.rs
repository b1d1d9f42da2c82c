//! Who does not want the mails of a channel any more, and the proof by which they say so.
//!
//! The proof is in the address of a page (RFC 8058): channel and address, signed with a key that is derived from the
//! master key. Whoever has the message has the proof; nobody else can make one, and it does not end.

use std::collections::HashSet;

use domain::{clock::Timestamp, delivery::DeliveryState, id::ChannelId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};

use crate::{
    entity::{channel, delivery, mail_optout},
    error::StoreError,
    outbox,
    outbox::plan::Addressee,
    store::Store,
};

mod signer;

pub(crate) use signer::Signer;

const REASON: &str =
    "The recipient has unsubscribed from this channel. To send again, see the page of the channel.";

pub struct Optouts<'a> {
    pub(crate) store: &'a Store,
}

/// One who does not want the mails of a channel any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Optout {
    /// In lower case.
    pub address: String,
    pub at: Timestamp,
}

/// As the outbox compares recipients.
fn key_of(address: &str) -> String {
    address.to_ascii_lowercase()
}

impl Optouts<'_> {
    /// The proof that its holder gets the mails of this channel at this address. Letters, digits, `.`, `-` and `_`.
    pub fn token(&self, channel: ChannelId, address: &str) -> String {
        self.store.inner.signer.sign(channel, &key_of(address))
    }

    /// Channel and address (in lower case) of a proof; `None`: it is not one of ours. Asks no database.
    pub fn open_token(&self, token: &str) -> Option<(ChannelId, String)> {
        self.store.inner.signer.open(token)
    }

    /// Nothing more is sent to this address through this channel. What is pending for it is cancelled. `false`: there is
    /// no such channel, so that there is nothing to be sent either.
    pub async fn add(&self, channel: ChannelId, address: &str) -> Result<bool, StoreError> {
        let now = self.store.now();
        let key = key_of(address);
        let tx = self.store.inner.db.write().await?;
        // Locked, so that on PostgreSQL a deletion waits, or we see it.
        let lock = sea_orm::sea_query::LockType::KeyShare;
        if channel::Entity::find_by_id(channel.0)
            .lock(lock)
            .one(&*tx)
            .await?
            .is_none()
        {
            return Ok(false);
        }
        let row = mail_optout::ActiveModel {
            channel_id: Set(channel.0),
            address_key: Set(key),
            at: Set(now.as_millis()),
        };
        let columns = [mail_optout::Column::ChannelId, mail_optout::Column::AddressKey];
        mail_optout::Entity::insert(row)
            .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
            .exec_without_returning(&*tx)
            .await?;
        cancel_pending(&*tx, channel, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// It is sent there again. `false`: it was all the time.
    pub async fn remove(&self, channel: ChannelId, address: &str) -> Result<bool, StoreError> {
        // PostgreSQL takes none in a text, and no address has one.
        if address.contains('\0') {
            return Ok(false);
        }
        let tx = self.store.inner.db.write().await?;
        let removed = mail_optout::Entity::delete_by_id((channel.0, key_of(address)))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(removed.rows_affected > 0)
    }

    /// Latest first.
    pub async fn of_channel(&self, channel: ChannelId) -> Result<Vec<Optout>, StoreError> {
        let rows = mail_optout::Entity::find()
            .filter(mail_optout::Column::ChannelId.eq(channel.0))
            .order_by_desc(mail_optout::Column::At)
            .order_by_asc(mail_optout::Column::AddressKey)
            .all(self.store.inner.db.read())
            .await?;
        let optout = |row: mail_optout::Model| Optout {
            address: row.address_key,
            at: Timestamp::from_millis(row.at),
        };
        Ok(rows.into_iter().map(optout).collect())
    }

    /// Whether this address said no to this channel.
    pub async fn contains(&self, channel: ChannelId, address: &str) -> Result<bool, StoreError> {
        let found = mail_optout::Entity::find_by_id((channel.0, key_of(address)));
        Ok(found.one(self.store.inner.db.read()).await?.is_some())
    }
}

/// Leaves those out of an audience who said no. Channels without a mail address have none who could.
pub(crate) async fn leave_out<C: ConnectionTrait>(
    tx: &C,
    audience: &mut [Addressee],
) -> Result<(), StoreError> {
    let rows = mail_optout::Entity::find()
        .filter(mail_optout::Column::ChannelId.is_in(audience.iter().map(|a| a.channel.id)))
        .all(tx)
        .await?;
    let gone: HashSet<(i64, String)> = rows.into_iter().map(|r| (r.channel_id, r.address_key)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    for Addressee {
        channel, recipients, ..
    } in audience
    {
        recipients.retain(|r| !gone.contains(&(channel.id, key_of(r))));
    }
    Ok(())
}

/// What is pending for those who said no is not sent any more: planned before, or given back by a failed attempt.
pub(crate) async fn cancel_pending<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let keys: Vec<String> = mail_optout::Entity::find()
        .select_only()
        .column(mail_optout::Column::AddressKey)
        .filter(mail_optout::Column::ChannelId.eq(channel.0))
        .into_tuple()
        .all(tx)
        .await?;
    if keys.is_empty() {
        return Ok(());
    }
    let pending = || {
        let of_channel = delivery::Column::ChannelId.eq(channel.0);
        of_channel.and(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
    };
    // Compared here and not there: the two databases disagree on what lower case is.
    let recipients: Vec<String> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Recipient)
        .distinct()
        .filter(pending())
        .filter(delivery::Column::FinishedAt.is_null())
        .into_tuple()
        .all(tx)
        .await?;
    let gone: Vec<String> = recipients
        .into_iter()
        .filter(|r| keys.contains(&key_of(r)))
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    let which = pending().and(delivery::Column::Recipient.is_in(gone));
    let cancelled = outbox::cancel(tx, which, REASON, now).await?;
    tracing::info!(
        channel.id = channel.0,
        deliveries = cancelled,
        "deliveries to unsubscribed recipients cancelled"
    );
    Ok(())
}

/// Whether the recipient of this delivery said no.
pub(crate) async fn is_out<C: ConnectionTrait>(db: &C, row: &delivery::Model) -> Result<bool, StoreError> {
    let found = mail_optout::Entity::find_by_id((row.channel_id, key_of(&row.recipient)));
    Ok(found.one(db).await?.is_some())
}
