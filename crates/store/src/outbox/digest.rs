//! Deliveries of one recipient that travel in one message.
//!
//! Which ones belong together is decided where they are claimed, before anything is sent: of what is due and was never
//! tried, more than a few of one recipient and one kind (what goes wrong, what is well again) become a digest, by one
//! statement however many they are. From then on they have one `Message-ID`, which with the id of the digest stays the
//! same on every retry. One row leads: it is claimed, and those that follow it with it; they are finished, given back and
//! tried again together, and the attempts stand with the id of the digest. A row that is cancelled leaves its digest, the
//! leader as well: then another one leads.

use domain::{
    clock::Timestamp,
    gathering::{MOST_SINGLE, WINDOW},
    id::ChannelId,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

use super::{Terms, claim::DUE, plan::first_id};
use crate::{entity::delivery, error::StoreError};

/// 1: what is well again; 0: everything else. The two never share a digest.
const KIND: &str = "CASE WHEN d.event = 'incident.resolved' THEN 1 ELSE 0 END";

/// Due now in channel `$1` at `$2`, never tried, and in no company yet.
fn fresh() -> String {
    format!(
        "d.channel_id = $1 AND d.next_attempt_at <= $2 AND {DUE} AND d.attempts = 0 AND d.requested_by IS NULL \
         AND d.letter_of IS NULL AND d.digest_of IS NULL"
    )
}

/// What one recipient is to be told of one kind.
struct Pile {
    recipient: String,
    kind: i32,
    rows: i64,
}

/// A digest that nobody has tried to send yet: what comes now travels in it as well.
struct Untried {
    recipient: String,
    kind: i32,
    id: Uuid,
    message_id: String,
}

/// Puts together what is due and more than may go by itself.
pub(super) async fn form<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
    terms: &Terms,
) -> Result<(), StoreError> {
    let piles = piles(tx, channel, now).await?;
    if piles.is_empty() {
        return Ok(());
    }
    let untried = untried(tx, channel, now).await?;
    let single = match terms.room {
        Some(room) if messages(tx, channel, now, &piles).await? > i64::from(room) => 1,
        _ => i64::from(MOST_SINGLE),
    };
    for pile in piles {
        let begun = untried
            .iter()
            .find(|u| u.recipient == pile.recipient && u.kind == pile.kind);
        let one = terms.crowded.contains(&pile.recipient)
            || (pile.rows <= single && pile.rows > 1 && follows_a_digest(tx, channel, now, &pile).await?);
        let most = if one { 1 } else { single };
        if begun.is_none() && pile.rows <= most {
            continue;
        }
        let (id, message_id) = match begun {
            Some(begun) => (begun.id, begun.message_id.clone()),
            None => match first_of(tx, channel, now, &pile).await? {
                Some(first) => first,
                // On PostgreSQL another instance has just taken them.
                None => continue,
            },
        };
        gather(tx, channel, now, &pile, (id, message_id)).await?;
    }
    Ok(())
}

/// The tail of a storm is one message as well, however little it is: this recipient was told of what came right before
/// by a digest.
async fn follows_a_digest<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
    pile: &Pile,
) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT 1 AS one FROM deliveries d WHERE d.channel_id = $1 AND d.id >= $2 AND d.recipient = $3 \
         AND d.digest_of IS NOT NULL AND {KIND} = $4 LIMIT 1"
    );
    let values = vec![
        channel.0.into(),
        first_id(now.minus(WINDOW * 3)).into(),
        pile.recipient.as_str().into(),
        pile.kind.into(),
    ];
    Ok(!query(tx, &sql, values).await?.is_empty())
}

async fn piles<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
) -> Result<Vec<Pile>, StoreError> {
    let sql = format!(
        "SELECT d.recipient AS recipient, {KIND} AS kind, COUNT(*) AS n FROM deliveries d WHERE {} \
         GROUP BY d.recipient, {KIND} ORDER BY 1, 2",
        fresh()
    );
    let rows = query(tx, &sql, vec![channel.0.into(), now.as_millis().into()]).await?;
    rows.iter()
        .map(|r| {
            Ok(Pile {
                recipient: r.try_get("", "recipient")?,
                kind: r.try_get("", "kind")?,
                rows: r.try_get("", "n")?,
            })
        })
        .collect()
}

async fn untried<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
) -> Result<Vec<Untried>, StoreError> {
    let sql = format!(
        "SELECT d.recipient AS recipient, {KIND} AS kind, d.digest_of AS id, d.message_id AS message_id \
         FROM deliveries d WHERE d.channel_id = $1 AND d.next_attempt_at <= $2 AND {DUE} AND d.attempts = 0 \
         AND d.digest_of IS NOT NULL AND NOT d.follows ORDER BY d.created_at, d.id"
    );
    let rows = query(tx, &sql, vec![channel.0.into(), now.as_millis().into()]).await?;
    rows.iter()
        .map(|r| {
            Ok(Untried {
                recipient: r.try_get("", "recipient")?,
                kind: r.try_get("", "kind")?,
                id: r.try_get("", "id")?,
                message_id: r.try_get("", "message_id")?,
            })
        })
        .collect()
}

/// How many messages are due if only what must be is put together.
async fn messages<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
    piles: &[Pile],
) -> Result<i64, StoreError> {
    let sql = format!(
        "SELECT COUNT(*) AS n FROM deliveries d WHERE d.channel_id = $1 AND d.next_attempt_at <= $2 AND {DUE} \
         AND NOT d.follows AND NOT (d.attempts = 0 AND d.requested_by IS NULL AND d.letter_of IS NULL \
           AND d.digest_of IS NULL)"
    );
    let rows = query(tx, &sql, vec![channel.0.into(), now.as_millis().into()]).await?;
    let others: i64 = rows.first().map_or(Ok(0), |r| r.try_get("", "n"))?;
    let of_piles = |p: &Pile| {
        if p.rows > i64::from(MOST_SINGLE) {
            1
        } else {
            p.rows
        }
    };
    Ok(others + piles.iter().map(of_piles).sum::<i64>())
}

/// The row that is to lead a pile: its id becomes that of the digest.
async fn first_of<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
    pile: &Pile,
) -> Result<Option<(Uuid, String)>, StoreError> {
    let sql = format!(
        "SELECT d.id AS id, d.message_id AS message_id FROM deliveries d WHERE {} \
         AND d.recipient = $3 AND {KIND} = $4 ORDER BY {ORDER} LIMIT 1",
        fresh()
    );
    let values = vec![
        channel.0.into(),
        now.as_millis().into(),
        pile.recipient.as_str().into(),
        pile.kind.into(),
    ];
    let rows = query(tx, &sql, values).await?;
    let first = rows.first();
    first
        .map(|r| Ok((r.try_get("", "id")?, r.try_get("", "message_id")?)))
        .transpose()
}

/// What goes first: an outage before a recovery before everything that may wait.
pub(super) const ORDER: &str = "CASE d.event WHEN 'incident.opened' THEN 0 WHEN 'incident.resolved' THEN 1 ELSE 2 END, \
     d.created_at, d.incident_id, d.id";

async fn gather<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
    pile: &Pile,
    (id, message_id): (Uuid, String),
) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE deliveries AS d SET digest_of = $5, follows = (d.id <> $5), message_id = $6 WHERE {} \
         AND d.recipient = $3 AND {KIND} = $4",
        fresh()
    );
    let values: Vec<Value> = vec![
        channel.0.into(),
        now.as_millis().into(),
        pile.recipient.as_str().into(),
        pile.kind.into(),
        id.into(),
        message_id.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        &sql,
        values,
    ))
    .await?;
    Ok(())
}

/// A digest whose leader was cancelled, or is done, is led by another of its rows.
pub(super) async fn promote<C: ConnectionTrait>(tx: &C, channel: ChannelId) -> Result<(), StoreError> {
    use delivery::Column;
    let digests: Vec<Uuid> = delivery::Entity::find()
        .select_only()
        .column(Column::DigestOf)
        .distinct()
        .filter(Column::ChannelId.eq(channel.0))
        .filter(Column::FinishedAt.is_null())
        .filter(Column::State.eq("pending"))
        .filter(Column::Follows.eq(true))
        .into_tuple()
        .all(tx)
        .await?;
    for digest in digests {
        let live = |follows: bool| {
            delivery::Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(Column::DigestOf.eq(digest))
                .filter(Column::Follows.eq(follows))
                .filter(Column::FinishedAt.is_null())
        };
        let leader: Option<Uuid> = live(false).into_tuple().one(tx).await?;
        if leader.is_some() {
            continue;
        }
        let first = live(true)
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::IncidentId)
            .order_by_asc(Column::Id);
        let first: Option<Uuid> = first.into_tuple().one(tx).await?;
        delivery::Entity::update_many()
            .col_expr(Column::Follows, Expr::value(false))
            .filter(Column::Id.is_in(first))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// The rows of a claim: one, or all of a digest that were claimed with it and not cancelled since.
pub(super) fn of_claim(row: Uuid, digest: Option<Uuid>) -> SimpleExpr {
    match digest {
        Some(digest) => delivery::Column::DigestOf.eq(digest),
        None => delivery::Column::Id.eq(row),
    }
}

/// With what the attempts of a row are kept.
pub(super) fn kept_with(row: &delivery::Model) -> Uuid {
    row.digest_of.unwrap_or(row.id)
}

async fn query<C: ConnectionTrait>(
    tx: &C,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<sea_orm::QueryResult>, StoreError> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.query_all_raw(statement).await?)
}
