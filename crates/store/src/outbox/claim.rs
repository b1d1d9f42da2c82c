//! Taking due rows: conditional update, lease, attempt counted, committed before anybody sends.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use domain::{
    channel::{Channel, ChannelKind},
    clock::Timestamp,
    delivery::{CheckResult, DeliveryState, Event, LAST_CHECKS, LastCheck, MonitorLabel, Notice, Subject},
    id::{ChannelId, DeliveryId, MonitorId},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement, TryGetable,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::{
    Claimed, Lease, Outbox, bundle,
    plan::new_token,
    reference::add_references,
    sweep::{self, sweep},
};
use crate::{
    channels::read_channel,
    crash_point,
    entity::{channel, delivery, incident, monitor},
    error::{StoreError, corrupt},
    incidents::{read_incident, read_label},
    optouts, recipients,
    samples::{Sample, SampleKind},
};

/// Rows that nothing but their own time holds back. A recovery (or anything later) never overtakes the message about the
/// opening: while that one is being sent, the row waits; while it is pending, claiming merges it.
///
/// The rows of one incident are few, and those of one channel are not when everything is down at once: `+ 0` keeps both
/// databases from looking through the channel's for each of them, whatever their statistics say.
const DUE: &str = "d.finished_at IS NULL AND d.state = 'pending' AND NOT d.waiting AND d.next_attempt_at IS NOT NULL \
     AND (d.event = 'incident.opened' OR 0 = (SELECT COUNT(*) FROM deliveries o \
         WHERE o.incident_id = d.incident_id AND o.channel_id + 0 = d.channel_id AND o.recipient = d.recipient \
         AND o.event = 'incident.opened' AND o.finished_at IS NULL AND {blocking}))";

fn due(blocking: &str) -> String {
    DUE.replace("{blocking}", blocking)
}

const BEING_SENT: &str = "o.state || '' = 'sending'";
const ANY: &str = "1 = 1";

impl Outbox<'_> {
    /// Enabled channels with rows that are due now. Settles leases and times to live that are over.
    pub async fn due_channels(&self, now: Timestamp) -> Result<Vec<ChannelId>, StoreError> {
        self.store.sweep_if_needed(now).await?;
        self.store.stand_in_if_needed(now).await?;
        let sql = format!(
            "SELECT DISTINCT d.channel_id AS channel_id FROM deliveries d JOIN channels c ON c.id = d.channel_id \
             WHERE {} AND d.next_attempt_at <= $1 AND c.enabled ORDER BY 1",
            due(BEING_SENT)
        );
        let ids: Vec<i64> = self.column(&sql, "channel_id", now).await?;
        Ok(ids.into_iter().map(ChannelId).collect())
    }

    /// When something becomes due, expires, or a lease ends: not before `now`. `None` = nothing is pending.
    pub async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        // One value per row, the earliest of what can happen to it; rows that are not finished are few.
        let sql = format!(
            "SELECT MIN(t.at) AS at FROM ( \
               SELECT d.next_attempt_at AS at FROM deliveries d JOIN channels c ON c.id = d.channel_id \
                 WHERE {} AND c.enabled \
               UNION ALL SELECT expires_at FROM deliveries WHERE finished_at IS NULL AND state = 'pending' \
               UNION ALL SELECT lease_until + 1 FROM deliveries WHERE finished_at IS NULL AND state = 'sending' \
             ) t WHERE $1 = $1",
            due(BEING_SENT)
        );
        let at: Vec<Option<i64>> = self.column(&sql, "at", now).await?;
        let at = at.into_iter().flatten().next();
        Ok(at.map(|at| Timestamp::from_millis(at).max(now)))
    }

    async fn column<T: TryGetable>(
        &self,
        sql: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<Vec<T>, StoreError> {
        let db = self.store.inner.db.read();
        let statement =
            Statement::from_sql_and_values(db.get_database_backend(), sql, [now.as_millis().into()]);
        let rows = db.query_all_raw(statement).await?;
        Ok(rows
            .iter()
            .map(|r| r.try_get("", name))
            .collect::<Result<_, _>>()?)
    }

    /// Takes at most `limit` due rows of one channel, oldest first. Committed when it returns, attempt counted.
    pub async fn claim(
        &self,
        channel: ChannelId,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Claimed>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        sweep(self.store, &*tx, Some(channel), now).await?;
        let row = channel::Entity::find_by_id(channel.0).one(&*tx).await?;
        let Some(row) = row.filter(|c| c.enabled) else {
            tx.commit().await?;
            return Ok(Vec::new());
        };
        let to = match read_channel(row, &self.store.inner.sealer) {
            Ok(to) => to,
            Err(e @ StoreError::Corrupt { .. }) => {
                sweep::hold(
                    &*tx,
                    channel,
                    &format!("The channel cannot be used: {e}. Save it again."),
                )
                .await?;
                tx.commit().await?;
                return Ok(Vec::new());
            }
            Err(e) => return Err(e),
        };
        if to.kind == ChannelKind::Email {
            recipients::cancel_suspended(self.store, &*tx, channel, now).await?;
        }
        merge_openings(&*tx, channel, now).await?;
        optouts::cancel_pending(&*tx, channel, now).await?;
        let ids = due_rows(&*tx, channel, limit, now).await?;
        let ids = bundle::complete(&*tx, channel, ids).await?;
        let token = new_token()?;
        let rows = take(&*tx, ids, (token, self.store.inner.instance), now.plus(lease)).await?;
        let mut claimed = self.describe(&*tx, rows, token, &to, now).await?;
        if to.kind != ChannelKind::Email {
            add_references(&*tx, &mut claimed).await?;
        }
        tx.commit().await?;
        if !claimed.is_empty() {
            crash_point!("after_claim");
        }
        self.add_checks(&mut claimed).await;
        Ok(claimed)
    }

    /// The latest checks of each monitor, mostly from memory. A message without them is better than none.
    async fn add_checks(&self, claimed: &mut [Claimed]) {
        let of = |c: &Claimed| c.notice.subject.as_ref()?.incident.origin.monitor();
        let monitors: BTreeSet<MonitorId> = claimed.iter().filter_map(of).collect();
        let monitors: Vec<MonitorId> = monitors.into_iter().collect();
        if monitors.is_empty() {
            return;
        }
        let tails = match self.store.samples().tail(&monitors, LAST_CHECKS).await {
            Ok(tails) => tails,
            Err(error) => {
                tracing::warn!(error = %error, "the latest checks could not be read for messages");
                return;
            }
        };
        for subject in claimed.iter_mut().filter_map(|c| c.notice.subject.as_mut()) {
            let tail = tails.get(&subject.monitor.id);
            subject.checks = tail.into_iter().flatten().map(last_check).collect();
        }
    }

    /// What this instance was sending when its last run stopped is due at once instead of when its lease ends. What
    /// another instance on the same PostgreSQL database is sending is left to it. What waits for settings is tried
    /// again: the start may have brought the right key. Only for a process that holds the instance lock.
    pub async fn recover_claims(&self) -> Result<u64, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let mut lost = Condition::all().add(delivery::Column::State.eq(DeliveryState::Sending.as_str()));
        // A SQLite file has one instance, also when its data directory lost the id.
        if tx.get_database_backend() != DbBackend::Sqlite {
            lost = lost.add(delivery::Column::ClaimedBy.eq(self.store.inner.instance));
        }
        let recovered = sweep::interrupted(self.store, &*tx, lost, now).await?;
        sweep::bring_forward(&*tx, delivery::Column::Waiting.eq(true), now).await?;
        tx.commit().await?;
        self.wake();
        Ok(recovered)
    }

    /// Puts the notices together from what is true now. A row that cannot be read fails alone: it must not hold up the
    /// others for ever.
    async fn describe<C: ConnectionTrait>(
        &self,
        tx: &C,
        rows: Vec<delivery::Model>,
        token: Uuid,
        channel: &Channel,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, StoreError> {
        let incidents = incident::Entity::find()
            .filter(incident::Column::Id.is_in(rows.iter().map(|r| r.incident_id)))
            .all(tx)
            .await?;
        let monitors = monitor::Entity::find()
            .filter(monitor::Column::Id.is_in(incidents.iter().map(|i| i.monitor_id)))
            .all(tx)
            .await?;
        // As a monitor is called now, or as it was when the incident opened.
        let labels = monitors
            .into_iter()
            .map(|m| (m.id, self.store.monitors().label(m)));
        let labels: HashMap<i64, MonitorLabel> = labels.filter_map(|(id, l)| Some((id, l.ok()?))).collect();
        let incidents: HashMap<i64, incident::Model> = incidents.into_iter().map(|i| (i.id, i)).collect();
        let threads = threads(tx, &rows).await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id;
            let thread = threads.get(&(row.incident_id, row.recipient.clone())).cloned();
            let described = match incidents.get(&row.incident_id) {
                Some(incident) => {
                    let label = labels.get(&incident.monitor_id).cloned();
                    describe_one(row, incident, label, token, channel, thread)
                }
                None => Err(corrupt("deliveries", id, "incident_id")),
            };
            match described {
                Ok(one) => claimed.push(one),
                Err(e @ StoreError::Corrupt { .. }) => {
                    let failed = delivery::ActiveModel {
                        state: Set(DeliveryState::Failed.to_string()),
                        reason: Set(Some(format!("This message cannot be put together: {e}."))),
                        finished_at: Set(Some(now.as_millis())),
                        ..sweep::unleased()
                    };
                    delivery::Entity::update_many()
                        .set(failed)
                        .filter(delivery::Column::Id.eq(id))
                        .exec(tx)
                        .await?;
                }
                Err(e) => return Err(e),
            }
        }
        Ok(claimed)
    }
}

fn last_check(sample: &Sample) -> LastCheck {
    LastCheck {
        at: sample.at,
        result: match sample.kind {
            SampleKind::Up => CheckResult::Up,
            SampleKind::Down => CheckResult::Down,
            SampleKind::Unknown => CheckResult::Unknown,
        },
        latency: sample.latency,
        reason: sample.cause.as_ref().map(|c| c.detail.to_string()),
    }
}

fn describe_one(
    row: delivery::Model,
    incident: &incident::Model,
    label: Option<MonitorLabel>,
    token: Uuid,
    channel: &Channel,
    thread: Option<String>,
) -> Result<Claimed, StoreError> {
    let event = Event::parse(&row.event).ok_or_else(|| corrupt("deliveries", row.id, "event"))?;
    let monitor = match label {
        Some(label) => label,
        None => read_label(incident)?,
    };
    let subject = Subject {
        incident: read_incident(incident.clone())?,
        monitor,
        // Read when the transaction is over.
        checks: Vec::new(),
    };
    let delivery = DeliveryId(row.id);
    Ok(Claimed {
        notice: Notice {
            delivery,
            event,
            at: Timestamp::from_millis(row.event_at),
            recipient: row.recipient,
            channel: channel.id,
            channel_name: channel.name.clone(),
            subject: Some(subject),
            message_id: row.message_id,
            thread: thread.filter(|_| event != Event::Opened),
            thread_reference: None,
            also: Vec::new(),
            shared_with: Vec::new(),
        },
        attempt: row.attempts as u32,
        lease: Lease { delivery, token },
        channel: channel.clone(),
        expires_at: Timestamp::from_millis(row.expires_at),
        travels_with: row.digest_of.map(DeliveryId),
    })
}

/// An opening that could not be sent before its recovery is told by the recovery's message.
async fn merge_openings<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE deliveries SET state = 'cancelled', reason = 'Merged into the recovery message.', \
         finished_at = $1, next_attempt_at = NULL, waiting = FALSE \
         WHERE channel_id = $2 AND finished_at IS NULL AND state = 'pending' \
         AND event IN ('incident.opened', 'incident.reminder', 'incident.acknowledged') \
         AND 0 < (SELECT COUNT(*) FROM deliveries r WHERE r.incident_id = deliveries.incident_id \
           AND r.channel_id + 0 = deliveries.channel_id AND r.recipient = deliveries.recipient \
           AND r.event = 'incident.resolved' AND r.finished_at IS NULL)";
    let values = [now.as_millis().into(), channel.0.into()];
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        sql,
        values,
    ))
    .await?;
    Ok(())
}

async fn due_rows<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let backend = tx.get_database_backend();
    // SQLite has one writer at a time and knows no row locks.
    let lock = if backend == DbBackend::Postgres {
        "FOR UPDATE OF d SKIP LOCKED"
    } else {
        ""
    };
    let sql = format!(
        "SELECT d.id AS id FROM deliveries d WHERE d.channel_id = $1 AND d.next_attempt_at <= $2 AND {} \
         ORDER BY d.created_at, d.incident_id, d.id LIMIT $3 {lock}",
        due(ANY)
    );
    let values = [channel.0.into(), now.as_millis().into(), i64::from(limit).into()];
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(rows
        .iter()
        .map(|r| r.try_get("", "id"))
        .collect::<Result<_, _>>()?)
}

async fn take<C: ConnectionTrait>(
    tx: &C,
    ids: Vec<Uuid>,
    (token, instance): (Uuid, Uuid),
    until: Timestamp,
) -> Result<Vec<delivery::Model>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let leased = delivery::ActiveModel {
        state: Set(DeliveryState::Sending.to_string()),
        lease_token: Set(Some(token)),
        lease_until: Set(Some(until.as_millis())),
        claimed_by: Set(Some(instance)),
        next_attempt_at: Set(None),
        waiting: Set(false),
        ..Default::default()
    };
    let mut rows = delivery::Entity::update_many()
        .set(leased)
        .col_expr(
            delivery::Column::Attempts,
            Expr::col(delivery::Column::Attempts).add(1),
        )
        .filter(delivery::Column::Id.is_in(ids))
        .filter(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
        .exec_with_returning(tx)
        .await?;
    rows.sort_by_key(|r| (r.created_at, r.incident_id, r.id));
    Ok(rows)
}

/// The `Message-ID` of the opening that a recipient has, by incident and recipient: the first one, not a copy that
/// somebody had sent again.
async fn threads<C: ConnectionTrait>(
    tx: &C,
    rows: &[delivery::Model],
) -> Result<HashMap<(i64, String), String>, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(HashMap::new());
    };
    let mut sent = delivery::Entity::find()
        .filter(delivery::Column::IncidentId.is_in(rows.iter().map(|r| r.incident_id)))
        .filter(delivery::Column::ChannelId.eq(first.channel_id))
        .filter(delivery::Column::Event.eq(Event::Opened.as_str()))
        .filter(delivery::Column::State.eq(DeliveryState::Sent.as_str()))
        .all(tx)
        .await?;
    // Of several the last one counts.
    sent.sort_by_key(|r| (r.requested_by.is_none(), Reverse(r.created_at)));
    Ok(sent
        .into_iter()
        .map(|r| ((r.incident_id, r.recipient), r.message_id))
        .collect())
}
