//! Who does not want the mails of a channel any more, and the proof by which they say so.
//!
//! The proof is in the address of a page (RFC 8058): channel and address, signed with a key that is derived from the
//! master key. Whoever has the message has the proof; nobody else can make one, and it does not end.

use std::collections::{BTreeSet, HashSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{clock::Timestamp, delivery::DeliveryState, id::ChannelId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    entity::{channel, delivery, mail_optout},
    error::StoreError,
    key::MasterKey,
    outbox,
    store::Store,
};

/// Bytes of a signature: 128 bits keep the address short enough for a line of a mail.
const SIGNATURE: usize = 16;
/// Longer ones are not ours.
const LONGEST_TOKEN: usize = 600;
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

/// Makes and checks the proof. Never printed; wiped when dropped.
pub(crate) struct Signer(Zeroizing<[u8; 32]>);

impl Signer {
    pub(crate) fn new(key: &MasterKey) -> Result<Self, StoreError> {
        let mut mac = hmac(key.0.as_slice())?;
        mac.update(b"watchbell unsubscribe");
        Ok(Self(Zeroizing::new(mac.finalize().into_bytes().into())))
    }

    fn mac(&self, channel: ChannelId, key: &str) -> Result<Hmac<Sha256>, StoreError> {
        let mut mac = hmac(self.0.as_slice())?;
        mac.update(format!("{channel}\0{key}").as_bytes());
        Ok(mac)
    }

    fn sign(&self, channel: ChannelId, key: &str) -> Result<String, StoreError> {
        let signature = self.mac(channel, key)?.finalize().into_bytes();
        let [address, signature] =
            [key.as_bytes(), &signature[..SIGNATURE]].map(|b| URL_SAFE_NO_PAD.encode(b));
        Ok(format!("{channel}.{address}.{signature}"))
    }

    fn open(&self, token: &str) -> Option<(ChannelId, String)> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let mut parts = token.split('.');
        let (channel, address, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let channel = channel.parse().ok()?;
        let key = String::from_utf8(URL_SAFE_NO_PAD.decode(address).ok()?).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if signature.len() != SIGNATURE || parts.next().is_some() {
            return None;
        }
        // Compares in constant time.
        self.mac(channel, &key)
            .ok()?
            .verify_truncated_left(&signature)
            .ok()?;
        Some((channel, key))
    }
}

fn hmac(key: &[u8]) -> Result<Hmac<Sha256>, StoreError> {
    Hmac::new_from_slice(key).map_err(|_| StoreError::Crypto("no key for signing"))
}

/// As the outbox compares recipients.
fn key_of(address: &str) -> String {
    address.to_ascii_lowercase()
}

impl Optouts<'_> {
    /// The proof that its holder gets the mails of this channel at this address. Letters, digits, `.`, `-` and `_`.
    pub fn token(&self, channel: ChannelId, address: &str) -> Result<String, StoreError> {
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
    audience: &mut [(channel::Model, BTreeSet<String>)],
) -> Result<(), StoreError> {
    let rows = mail_optout::Entity::find()
        .filter(mail_optout::Column::ChannelId.is_in(audience.iter().map(|(c, _)| c.id)))
        .all(tx)
        .await?;
    let gone: HashSet<(i64, String)> = rows.into_iter().map(|r| (r.channel_id, r.address_key)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    for (channel, recipients) in audience {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new(&MasterKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_proof_says_what_was_signed_and_nothing_else_passes() {
        let signer = signer();
        let token = signer.sign(ChannelId(3), "me@example.net").unwrap();
        assert!(
            token.len() < 60
                && token
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
            "{token}"
        );
        assert_eq!(
            signer.open(&token),
            Some((ChannelId(3), "me@example.net".to_owned()))
        );

        let other = signer.sign(ChannelId(3), "you@example.net").unwrap();
        let (mine, theirs): (Vec<&str>, Vec<&str>) = (token.split('.').collect(), other.split('.').collect());
        let forged = [
            format!("4.{}.{}", mine[1], mine[2]),
            format!("3.{}.{}", theirs[1], mine[2]),
            format!("3.{}.", mine[1]),
            format!("3.{}.{}", mine[1], &mine[2][..4]),
            format!("{token}."),
            format!("{token}AA"),
            format!("03.{}.{}x", mine[1], mine[2]),
            "..".to_owned(),
            String::new(),
            "a".repeat(10_000),
        ];
        for forged in forged {
            assert_eq!(signer.open(&forged), None, "{forged}");
        }
    }

    #[test]
    fn a_proof_belongs_to_its_key() {
        let token = signer().sign(ChannelId(1), "me@example.net").unwrap();
        assert_eq!(signer().open(&token), None);
    }
}
