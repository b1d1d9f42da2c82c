//! The outbox as people see it: what was sent, what is stuck and why.

use std::{collections::HashMap, time::Duration};

use domain::{
    clock::Timestamp,
    delivery::{Attempt, DeliveryState, Event},
    id::{ChannelId, DeliveryId, IncidentId},
    incident::IncidentKind,
    recipient::Bounce,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Condition, Expr, ExprTrait, Func, Order, Query},
};
use uuid::Uuid;

use super::{
    Backlog, Delivery, DeliveryFilter, Lost, Outbox,
    finish::read_attempt,
    plan::{self, fresh, new_id},
    quiet,
};
use crate::{
    entity::{attempt, channel, delivery, incident, monitor, transcript},
    error::{StoreError, corrupt},
    incidents::{read_kind, read_label},
    page::{Page, cut, read_cursor, rows_to_read},
};

/// For so long it is counted what ended.
const A_DAY: Duration = Duration::from_hours(24);

impl Outbox<'_> {
    /// Latest first.
    pub async fn page(&self, filter: &DeliveryFilter) -> Result<Page<Delivery>, StoreError> {
        let db = self.store.inner.db.read();
        let Some(mut select) = filter.select(db).await? else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        if let Some(before) = read_cursor::<Uuid>(filter.cursor.as_deref())? {
            select = select.filter(delivery::Column::Id.lt(before));
        }
        let select = select.limit(rows_to_read(filter.limit));
        let (rows, next) = cut(select.all(db).await?, filter.limit, |r| r.id);
        let items = read(db, rows).await?;
        Ok(Page { items, next })
    }

    /// With its attempts, first to last.
    pub async fn get(&self, id: DeliveryId) -> Result<Option<(Delivery, Vec<Attempt>)>, StoreError> {
        let db = self.store.inner.db.read();
        let row = delivery::Entity::find_by_id(id.0).one(db).await?;
        let Some(delivery) = read(db, row.into_iter().collect()).await?.pop() else {
            return Ok(None);
        };
        let attempts = attempt::Entity::find()
            .filter(attempt::Column::DeliveryId.eq(delivery.digest_of.unwrap_or(id).0))
            .order_by_asc(attempt::Column::Id)
            .all(db)
            .await?;
        let mut said = transcripts(db, &attempts).await?;
        let attempts = attempts
            .into_iter()
            .map(|row| {
                let transcript = said.remove(&row.id);
                Ok(Attempt {
                    transcript,
                    ..read_attempt(row)?
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Some((delivery, attempts)))
    }

    /// Plans the same message again, under an id of its own, as `by` wished. `None`: there is no such delivery, or its
    /// channel is gone.
    pub async fn resend(&self, id: DeliveryId, by: &str) -> Result<Option<DeliveryId>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let Some(row) = delivery::Entity::find_by_id(id.0).one(&*tx).await? else {
            return Ok(None);
        };
        let Some(channel) = channel::Entity::find_by_id(row.channel_id).one(&*tx).await? else {
            return Ok(None);
        };
        let event = Event::parse(&row.event).ok_or_else(|| corrupt("deliveries", row.id, "event"))?;
        let message_domain = self.store.message_domain(&*tx).await?;
        let id = new_id(now)?;
        let again = delivery::ActiveModel {
            id: Set(id.0),
            dedup_key: Set(format!("again:{id}")),
            incident_id: Set(row.incident_id),
            event: Set(row.event),
            event_at: Set(row.event_at),
            channel_id: Set(row.channel_id),
            channel_name: Set(channel.name),
            recipient: Set(row.recipient),
            message_id: Set(format!("{id}@{message_domain}")),
            requested_by: Set(Some(by.to_owned())),
            ..fresh(event, now)
        };
        delivery::Entity::insert(again)
            .exec_without_returning(&*tx)
            .await?;
        tx.commit().await?;
        self.wake();
        Ok(Some(id))
    }

    /// Channels that did not deliver something in the last 24 hours and have delivered nothing since, by name. What was
    /// lost is counted for each final state.
    pub async fn lost(&self) -> Result<Vec<Lost>, StoreError> {
        let db = self.store.inner.db.read();
        let of_delivery = |column| Expr::col((delivery::Entity, column));
        let of_channel = |column| Expr::col((channel::Entity, column));
        let accepted = of_channel(channel::Column::LastSuccessAt);
        let unheard = accepted
            .clone()
            .is_null()
            .or(accepted.lt(of_delivery(delivery::Column::FinishedAt)));
        let same = of_channel(channel::Column::Id).equals((delivery::Entity, delivery::Column::ChannelId));
        let select = Query::select()
            .expr_as(of_channel(channel::Column::Id), "channel")
            .expr_as(of_channel(channel::Column::Name), "name")
            .expr_as(of_delivery(delivery::Column::State), "state")
            .expr_as(Func::count(of_delivery(delivery::Column::Id)), "n")
            .from(delivery::Entity)
            .inner_join(channel::Entity, same)
            .cond_where(was_lost(self.store.now()))
            .and_where(unheard)
            .add_group_by([Expr::cust("1"), Expr::cust("2"), Expr::cust("3")])
            .order_by_expr(Expr::cust("2"), Order::Asc)
            .order_by_expr(Expr::cust("1"), Order::Asc)
            .order_by_expr(Expr::cust("3"), Order::Asc)
            .to_owned();
        let rows = db.query_all(&select).await?;
        rows.iter()
            .map(|row| {
                let (id, n): (i64, i64) = (row.try_get("", "channel")?, row.try_get("", "n")?);
                let state: String = row.try_get("", "state")?;
                let state = DeliveryState::parse(&state);
                Ok(Lost {
                    channel: ChannelId(id),
                    name: row.try_get("", "name")?,
                    state: state.ok_or_else(|| corrupt("deliveries", "?", "state"))?,
                    messages: n as u64,
                })
            })
            .collect()
    }

    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let db = self.store.inner.db.read();
        let unfinished = || delivery::Entity::find().filter(delivery::Column::FinishedAt.is_null());
        let oldest: Option<Option<i64>> = unfinished()
            .select_only()
            .column_as(quiet::sendable_since().min(), "oldest")
            .filter(quiet::is_held(self.store.now()).not())
            .into_tuple()
            .one(db)
            .await?;
        let failed = delivery::Entity::find().filter(was_lost(self.store.now()));
        Ok(Backlog {
            pending: unfinished().count(db).await?,
            due: self.due_count(self.store.now()).await?,
            oldest_pending: oldest.flatten().map(Timestamp::from_millis),
            failed: failed.count(db).await?,
            waiting: unfinished()
                .filter(delivery::Column::Waiting.eq(true))
                .count(db)
                .await?,
        })
    }

    /// How many deliveries ended in each way in the last 24 hours.
    pub async fn ended(&self) -> Result<Vec<(DeliveryState, u64)>, StoreError> {
        let since = self.store.now().minus(A_DAY);
        let counts: Vec<(String, i64)> = delivery::Entity::find()
            .select_only()
            .column(delivery::Column::State)
            .column_as(delivery::Column::Id.count(), "n")
            .filter(delivery::Column::Id.gte(plan::first_that_ended(since)))
            .filter(delivery::Column::FinishedAt.gte(since.as_millis()))
            .group_by(delivery::Column::State)
            .into_tuple()
            .all(self.store.inner.db.read())
            .await?;
        let all = DeliveryState::ALL.iter().filter(|state| state.is_final());
        let of = |state: &DeliveryState| {
            let found = counts.iter().find(|(name, _)| name == state.as_str());
            (*state, found.map_or(0, |(_, n)| n.unsigned_abs()))
        };
        Ok(all.map(of).collect())
    }
}

/// In the last 24 hours.
fn was_lost(now: Timestamp) -> Condition {
    let since = now.minus(A_DAY);
    let lost = [DeliveryState::Failed.as_str(), DeliveryState::Expired.as_str()];
    Condition::all()
        .add(delivery::Column::State.is_in(lost))
        .add(delivery::Column::Id.gte(plan::first_that_ended(since)))
        .add(delivery::Column::FinishedAt.gte(since.as_millis()))
}

/// What was said in these attempts, by attempt, as far as it is still kept.
async fn transcripts<C: ConnectionTrait>(
    db: &C,
    attempts: &[attempt::Model],
) -> Result<HashMap<i64, String>, StoreError> {
    let rows = transcript::Entity::find()
        .filter(transcript::Column::AttemptId.is_in(attempts.iter().map(|a| a.id)))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.attempt_id, row.body)).collect())
}

async fn read<C: ConnectionTrait>(db: &C, rows: Vec<delivery::Model>) -> Result<Vec<Delivery>, StoreError> {
    let about = incidents_of(db, &rows).await?;
    rows.into_iter()
        .map(|row| {
            let about = about.get(&row.incident_id).cloned().unwrap_or_default();
            read_one(row, about)
        })
        .collect()
}

/// By incident: the monitor's name now, or the last one of a monitor that is gone, and what it is about.
async fn incidents_of<C: ConnectionTrait>(
    db: &C,
    rows: &[delivery::Model],
) -> Result<HashMap<i64, (String, IncidentKind)>, StoreError> {
    let incidents = incident::Entity::find()
        .filter(incident::Column::Id.is_in(rows.iter().map(|r| r.incident_id)))
        .all(db)
        .await?;
    let current: Vec<(i64, String)> = monitor::Entity::find()
        .select_only()
        .columns([monitor::Column::Id, monitor::Column::Name])
        .filter(monitor::Column::Id.is_in(incidents.iter().map(|i| i.monitor_id)))
        .into_tuple()
        .all(db)
        .await?;
    let current: HashMap<i64, String> = current.into_iter().collect();
    incidents
        .into_iter()
        .map(|incident| {
            let name = match current.get(&incident.monitor_id) {
                Some(name) => name.clone(),
                None => read_label(&incident)?.name,
            };
            Ok((incident.id, (name, read_kind(&incident)?)))
        })
        .collect()
}

fn read_one(
    row: delivery::Model,
    (monitor_name, kind): (String, IncidentKind),
) -> Result<Delivery, StoreError> {
    let damaged = |column| corrupt("deliveries", row.id, column);
    Ok(Delivery {
        id: DeliveryId(row.id),
        event: Event::parse(&row.event).ok_or_else(|| damaged("event"))?,
        number: u32::try_from(row.number).map_err(|_| damaged("number"))?,
        event_at: Timestamp::from_millis(row.event_at),
        incident: IncidentId(row.incident_id),
        monitor_name,
        kind,
        channel: ChannelId(row.channel_id),
        channel_name: row.channel_name,
        recipient: row.recipient,
        state: DeliveryState::parse(&row.state).ok_or_else(|| damaged("state"))?,
        reason: row.reason,
        waiting: row.waiting,
        created_at: Timestamp::from_millis(row.created_at),
        next_attempt_at: row.next_attempt_at.map(Timestamp::from_millis),
        attempts: u32::try_from(row.attempts).map_err(|_| damaged("attempts"))?,
        message_id: row.message_id,
        digest_of: row.digest_of.map(DeliveryId),
        expires_at: Timestamp::from_millis(row.expires_at),
        finished_at: row.finished_at.map(Timestamp::from_millis),
        requested_by: row.requested_by,
        held_until: row.held_until.map(Timestamp::from_millis),
        bounce: row.bounced_at.map(|at| Bounce {
            at: Timestamp::from_millis(at),
            status: row.bounce_status.unwrap_or_default(),
            text: row.bounce_text.unwrap_or_default(),
        }),
    })
}
