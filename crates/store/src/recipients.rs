//! What is known of each mail address, and which of them get nothing more.
//!
//! The rule is [`domain::recipient`]'s. It is applied in the transaction that records an attempt, and obeyed where rows
//! are claimed: whatever was planned for a suspended address, by an event or by a person, ends there, visibly.

use std::collections::HashMap;

use domain::{
    clock::Timestamp,
    delivery::{Attempt, AttemptVerdict, DeliveryState},
    id::ChannelId,
    recipient::{self, Bounce, Cause, Run, Standing, Suspension},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, IntoCondition, LikeExpr, OnConflict},
};

use crate::{
    entity::{delivery, recipient as table},
    error::{StoreError, corrupt},
    outbox,
    page::{Page, cut, read_cursor, rows_to_read},
    store::Store,
};

const TABLE: &str = "mail_recipients";
/// What a server said is kept up to here, in characters.
const LONGEST_REPLY: usize = 1024;

pub struct Recipients<'a> {
    pub(crate) store: &'a Store,
}

/// One address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// As it was written last.
    pub address: String,
    pub standing: Standing,
}

#[derive(Clone, Debug, Default)]
pub struct RecipientFilter {
    /// A part of the address.
    pub part: Option<String>,
    /// Only those that get nothing.
    pub suspended: bool,
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: u32,
}

impl Recipients<'_> {
    /// By address. Only addresses of which something is known: accepted, refused for good, or returned.
    pub async fn page(&self, filter: &RecipientFilter) -> Result<Page<Recipient>, StoreError> {
        let mut select = table::Entity::find()
            .order_by_asc(table::Column::AddressKey)
            .limit(rows_to_read(filter.limit));
        if filter.suspended {
            select = select.filter(table::Column::SuspendedAt.is_not_null());
        }
        if let Some(part) = &filter.part {
            let pattern = outbox::pattern(part.trim());
            let key = Expr::col(table::Column::AddressKey);
            select = select.filter(key.like(LikeExpr::new(pattern).escape('\\')));
        }
        if let Some(after) = read_cursor::<String>(filter.cursor.as_deref())? {
            // PostgreSQL takes no NUL in a text, and no address has one.
            if after.contains('\0') {
                return Err(StoreError::Cursor);
            }
            select = select.filter(table::Column::AddressKey.gt(after));
        }
        let rows = select.all(self.store.inner.db.read()).await?;
        let (rows, next) = cut(rows, filter.limit, |r| r.address_key.clone());
        let items = rows.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    pub async fn get(&self, address: &str) -> Result<Option<Recipient>, StoreError> {
        let row = table::Entity::find_by_id(recipient::key(address))
            .one(self.store.inner.db.read())
            .await?;
        row.map(read).transpose()
    }

    pub async fn suspended_count(&self) -> Result<u64, StoreError> {
        Ok(table::Entity::find()
            .filter(table::Column::SuspendedAt.is_not_null())
            .count(self.store.inner.db.read())
            .await?)
    }

    /// Sends to the address again; what was cancelled meanwhile stays so. `false`: it was not suspended.
    pub async fn enable(&self, address: &str) -> Result<bool, StoreError> {
        // PostgreSQL takes none in a text, and no address has one.
        if address.contains('\0') {
            return Ok(false);
        }
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let found = table::Entity::find_by_id(recipient::key(address))
            .lock_exclusive()
            .one(&*tx)
            .await?;
        let Some(row) = found.filter(|r| r.suspended_at.is_some()) else {
            return Ok(false);
        };
        let Recipient { address, standing } = read(row)?;
        write(&*tx, &address, &standing.enabled(), now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Applies the rule to an attempt that is being recorded. Gives why the address is suspended, if it is now and was not
/// before: to be told when the transaction holds.
pub(crate) async fn note_attempt<C: ConnectionTrait>(
    tx: &C,
    address: &str,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    if address.is_empty() {
        return Ok(None);
    }
    if matches!(attempt.verdict, AttemptVerdict::Accepted { .. }) {
        change(tx, address, now, |standing| standing.accepted(now)).await
    } else if recipient::is_refusal_for_good(attempt) {
        let code = attempt.reply_code.map(|c| c.to_string()).unwrap_or_default();
        let text = attempt.reply_text.as_deref().unwrap_or_default();
        let reply = domain::text::sanitize(&format!("{code} {text}"), LONGEST_REPLY);
        change(tx, address, now, |standing| standing.refused(now, &reply)).await
    } else {
        Ok(None)
    }
}

/// As [`note_attempt`], for a mail that came back.
pub(crate) async fn note_bounce<C: ConnectionTrait>(
    tx: &C,
    address: &str,
    bounce: Bounce,
    for_good: bool,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    change(tx, address, now, |standing| standing.bounced(bounce, for_good)).await
}

pub(crate) fn tell_suspended(address: &str, why: &str) {
    tracing::warn!(recipient.address = address, reason = why, "recipient suspended");
}

/// What is pending through a channel of mail for suspended addresses ends unsent.
pub(crate) async fn cancel_suspended<C: ConnectionTrait>(
    store: &Store,
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let suspended = table::Entity::find()
        .filter(table::Column::SuspendedAt.is_not_null())
        .all(tx)
        .await?;
    if suspended.is_empty() {
        return Ok(());
    }
    let suspended: HashMap<String, table::Model> = suspended
        .into_iter()
        .map(|r| (r.address_key.clone(), r))
        .collect();
    let pending: Vec<String> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Recipient)
        .distinct()
        .filter(delivery::Column::FinishedAt.is_null())
        .filter(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
        .filter(delivery::Column::ChannelId.eq(channel.0))
        .into_tuple()
        .all(tx)
        .await?;
    for address in pending {
        let Some(row) = suspended.get(&recipient::key(&address)) else {
            continue;
        };
        // A damaged row suspends nobody.
        let Ok(Recipient { standing, .. }) = read(row.clone()) else {
            continue;
        };
        let (Some(suspension), Some(why)) = (standing.suspended, standing.why_suspended()) else {
            continue;
        };
        let reason = format!(
            "Not sent: {address} is suspended since {}, because {}. If the address works, enable it on the page of recipients.",
            suspension.since.to_utc().format("%Y-%m-%d"),
            why.trim_end_matches('.')
        );
        let which = delivery::Column::ChannelId
            .eq(channel.0)
            .and(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
            .and(delivery::Column::Recipient.eq(address.as_str()))
            .and(delivery::Column::FinishedAt.is_null());
        // Whoever stands in for the channel tells it instead.
        let instead = which.clone().into_condition();
        store.ask_fallbacks(tx, instead, now).await?;
        outbox::cancel(tx, which, &reason, now).await?;
    }
    Ok(())
}

async fn change<C: ConnectionTrait>(
    tx: &C,
    address: &str,
    now: Timestamp,
    change: impl FnOnce(Standing) -> Standing + Send,
) -> Result<Option<String>, StoreError> {
    // The row is there before it is locked, so that of two results at once the second counts on from the first.
    let blank = table::ActiveModel {
        address_key: Set(recipient::key(address)),
        ..values(address, &Standing::default(), now)
    };
    table::Entity::insert(blank)
        .on_conflict(
            OnConflict::column(table::Column::AddressKey)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    let row = table::Entity::find_by_id(recipient::key(address))
        .lock_exclusive()
        .one(tx)
        .await?;
    let before = match row {
        Some(row) => read(row)?.standing,
        None => Standing::default(),
    };
    let was_suspended = before.suspended.is_some();
    let after = change(before);
    write(tx, address, &after, now).await?;
    Ok(after.why_suspended().filter(|_| !was_suspended))
}

async fn write<C: ConnectionTrait>(
    tx: &C,
    address: &str,
    standing: &Standing,
    now: Timestamp,
) -> Result<(), StoreError> {
    table::Entity::update_many()
        .set(values(address, standing, now))
        .filter(table::Column::AddressKey.eq(recipient::key(address)))
        .exec(tx)
        .await?;
    Ok(())
}

fn values(address: &str, standing: &Standing, now: Timestamp) -> table::ActiveModel {
    let refusal = standing.last_refusal.as_ref();
    let bounce = standing.last_bounce.as_ref();
    let suspension = standing.suspended;
    table::ActiveModel {
        address: Set(address.to_owned()),
        last_sent_at: Set(standing.last_accepted.map(Timestamp::as_millis)),
        refused_first_at: Set(standing.run.map(|r| r.first.as_millis())),
        refused_last_at: Set(refusal.map(|(at, _)| at.as_millis())),
        last_refusal: Set(refusal.map(|(_, reply)| reply.clone())),
        refusals: Set(standing
            .run
            .map_or(0, |r| i32::try_from(r.count).unwrap_or(i32::MAX))),
        bounced_at: Set(bounce.map(|b| b.at.as_millis())),
        bounce_status: Set(bounce.map(|b| b.status.clone())),
        bounce_text: Set(bounce.map(|b| b.text.clone())),
        suspended_at: Set(suspension.map(|s| s.since.as_millis())),
        suspended_why: Set(suspension.map(|s| s.cause.to_string())),
        updated_at: Set(now.as_millis()),
        ..Default::default()
    }
}

fn read(row: table::Model) -> Result<Recipient, StoreError> {
    let at = Timestamp::from_millis;
    let damaged = |column| corrupt(TABLE, &row.address_key, column);
    let suspended = match (row.suspended_at, row.suspended_why.as_deref()) {
        (Some(since), Some(cause)) => Some(Suspension {
            since: at(since),
            cause: Cause::parse(cause).ok_or_else(|| damaged("suspended_why"))?,
        }),
        (None, None) => None,
        _ => return Err(damaged("suspended_why")),
    };
    let count = u32::try_from(row.refusals).map_err(|_| damaged("refusals"))?;
    Ok(Recipient {
        standing: Standing {
            last_accepted: row.last_sent_at.map(at),
            last_refusal: row
                .refused_last_at
                .map(|then| (at(then), row.last_refusal.unwrap_or_default())),
            run: row.refused_first_at.map(|first| Run {
                first: at(first),
                count,
            }),
            last_bounce: row.bounced_at.map(|then| Bounce {
                at: at(then),
                status: row.bounce_status.unwrap_or_default(),
                text: row.bounce_text.unwrap_or_default(),
            }),
            suspended,
        },
        address: row.address,
    })
}
