//! Taking due rows: conditional update, lease, attempt counted, committed before anybody sends.

use std::collections::BTreeSet;

use domain::{
    channel::ChannelKind,
    clock::Timestamp,
    delivery::{CheckResult, DeliveryState, Event, LAST_CHECKS, LastCheck},
    id::{ChannelId, MonitorId},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement, TryGetable,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::{
    Claimed, Outbox, Terms, bundle,
    digest::{self, ORDER},
    plan::new_token,
    quiet,
    reference::add_references,
    restraint,
    sweep::{self, sweep},
};
use crate::{
    channels::read_channel,
    crash_point,
    entity::{channel, delivery},
    error::StoreError,
    escalations, optouts, recipients,
    samples::{Sample, SampleKind},
};

/// Rows `d` that nothing but their own time holds back. The messages of one incident reach one recipient in their order:
/// one waits while another is being sent, for a service would take a late reminder as a new outage. Nothing overtakes the
/// opening, also not while it waits for its next try, but the recovery that a claim merges it into. A copy of the opening
/// that a person had sent again holds back nothing once its try is over. What travels in a digest was looked at when the
/// digest was formed.
///
/// What is counted as due is what a claim would take, or a dispatcher would ask for it again and again.
///
/// The rows of one incident are few, and those of one channel are not when everything is down at once: `+ 0` keeps both
/// databases from looking through the channel's for each of them, whatever their statistics say.
pub(super) const DUE: &str = "d.finished_at IS NULL AND d.state = 'pending' AND NOT d.waiting AND d.next_attempt_at IS NOT NULL \
     AND ((d.event = 'incident.opened' AND d.requested_by IS NULL) OR 0 = (SELECT COUNT(*) FROM deliveries o \
         WHERE o.incident_id = d.incident_id AND o.channel_id + 0 = d.channel_id AND o.recipient = d.recipient \
         AND o.finished_at IS NULL AND o.id <> d.id AND ( \
           (o.state || '' = 'sending' AND (d.digest_of IS NULL OR o.event = 'incident.opened')) \
           OR (o.event = 'incident.opened' AND o.requested_by IS NULL \
             AND d.event NOT IN ('incident.opened', 'incident.resolved')))))";

impl Outbox<'_> {
    /// Enabled channels with rows that are due now. Settles leases and times to live that are over.
    pub async fn due_channels(&self, now: Timestamp) -> Result<Vec<ChannelId>, StoreError> {
        self.store.escalate_if_needed(now).await?;
        self.store.sweep_if_needed(now).await?;
        self.store.stand_in_if_needed(now).await?;
        // Of each channel one row is enough to know: when everything is down at once there are thousands.
        let sql = format!(
            "SELECT c.id AS channel_id FROM channels c WHERE c.enabled AND EXISTS ( \
               SELECT 1 FROM deliveries d WHERE d.channel_id = c.id AND {DUE} AND d.next_attempt_at <= $1) ORDER BY 1"
        );
        let ids: Vec<i64> = self.column(&sql, "channel_id", now).await?;
        Ok(ids.into_iter().map(ChannelId).collect())
    }

    /// When something becomes due, expires, or a lease ends: not before `now`. `None` = nothing is pending.
    pub async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        // The first of each channel, of the index that is in the order of time, and not the least of thousands.
        let sql = format!(
            "SELECT MIN(t.at) AS at FROM ( \
               SELECT (SELECT d.next_attempt_at FROM deliveries d WHERE d.channel_id = c.id AND {DUE} \
                 ORDER BY d.next_attempt_at LIMIT 1) AS at FROM channels c WHERE c.enabled \
               UNION ALL SELECT * FROM (SELECT expires_at FROM deliveries \
                 WHERE finished_at IS NULL AND state || '' = 'pending' ORDER BY expires_at LIMIT 1) e \
               UNION ALL SELECT MIN(lease_until) + 1 FROM deliveries \
                 WHERE finished_at IS NULL AND state = 'sending' AND NOT follows \
             ) t WHERE $1 = $1"
        );
        let at: Vec<Option<i64>> = self.column(&sql, "at", now).await?;
        let sent = at.into_iter().flatten().next().map(Timestamp::from_millis);
        let told = escalations::next_due(self.store.inner.db.read()).await?;
        Ok(sent.into_iter().chain(told).min().map(|at| at.max(now)))
    }

    /// Since when the longest waiting row is due that nothing holds back: nobody has taken it. What waits for settings, or
    /// for its next try at a receiver that fails, is not due; nor is what waited for an earlier message, until that is done.
    pub async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!(
            "SELECT MIN(COALESCE((SELECT MAX(o.finished_at) FROM deliveries o WHERE o.incident_id = d.incident_id \
                 AND o.channel_id + 0 = d.channel_id AND o.recipient = d.recipient \
                 AND o.finished_at > d.next_attempt_at), d.next_attempt_at)) AS at \
             FROM deliveries d JOIN channels c ON c.id = d.channel_id \
             WHERE {DUE} AND d.next_attempt_at <= $1 AND c.enabled"
        );
        let at: Vec<Option<i64>> = self.column(&sql, "at", now).await?;
        Ok(at.into_iter().flatten().next().map(Timestamp::from_millis))
    }

    /// Of channels that are switched on.
    pub(super) async fn due_count(&self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = format!(
            "SELECT COUNT(*) AS n FROM deliveries d JOIN channels c ON c.id = d.channel_id \
             WHERE {DUE} AND d.next_attempt_at <= $1 AND c.enabled"
        );
        let n: Vec<i64> = self.column(&sql, "n", now).await?;
        Ok(n.into_iter().next().unwrap_or(0).unsigned_abs())
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

    /// Takes what is due of one channel, what is urgent first. What travels together is claimed as one. Committed when it
    /// returns, attempt counted.
    pub async fn claim(&self, channel: ChannelId, terms: &Terms) -> Result<Vec<Claimed>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        sweep(self.store, &*tx, Some(channel), now).await?;
        let row = channel::Entity::find_by_id(channel.0).one(&*tx).await?;
        let Some(row) = row.filter(|c| c.enabled) else {
            tx.commit().await?;
            return Ok(Vec::new());
        };
        let allowed = restraint::allowed(&*tx, &row, now).await?;
        let to = match read_channel(row, &self.store.inner.sealer) {
            Ok(to) => to,
            Err(e @ StoreError::Corrupt { .. }) => {
                sweep::hold(
                    &*tx,
                    channel,
                    &format!("The channel cannot be used: {e}. Save it again."),
                    now,
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
        quiet::settle(self.store, &*tx, channel, now).await?;
        merge_openings(&*tx, channel, now).await?;
        optouts::cancel_pending(&*tx, channel, now).await?;
        if to.kind.is_for_people() {
            digest::promote(&*tx, channel).await?;
            quiet::gather(&*tx, channel, now).await?;
            digest::form(&*tx, channel, now, terms).await?;
        }
        let ids = due_rows(&*tx, channel, allowed.at_most(terms.limit), now).await?;
        let ids = bundle::complete(&*tx, channel, ids).await?;
        let token = new_token()?;
        let taking = (token, self.store.inner.instance);
        let taken = take(&*tx, ids, taking, now.plus(terms.lease)).await?;
        allowed.settle(&*tx, channel).await?;
        let mut claimed = self.store.describe(&*tx, taken, token, &to, now).await?;
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
        escalations::look_again(&*tx, now).await?;
        tx.commit().await?;
        self.wake();
        Ok(recovered)
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

/// What could not be sent before the recovery is told by the recovery's message, also where that one has gone out while an
/// interrupted attempt kept this one back. What a person had sent again is theirs.
async fn merge_openings<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE deliveries SET state = 'cancelled', reason = 'Merged into the recovery message.', \
         finished_at = $1, next_attempt_at = NULL, waiting = FALSE \
         WHERE channel_id = $2 AND finished_at IS NULL AND state = 'pending' AND requested_by IS NULL \
         AND event IN ('incident.opened', 'incident.reminder', 'incident.acknowledged', 'incident.flapping') \
         AND 0 < (SELECT COUNT(*) FROM deliveries r WHERE r.incident_id = deliveries.incident_id \
           AND r.channel_id + 0 = deliveries.channel_id AND r.recipient = deliveries.recipient \
           AND r.event = 'incident.resolved' AND r.state || '' <> 'cancelled')";
    let values = [now.as_millis().into(), channel.0.into()];
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        sql,
        values,
    ))
    .await?;
    Ok(())
}

/// Of one incident and recipient the first alone: the next one waits until it is done.
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
        "SELECT d.id AS id, d.incident_id AS incident_id, d.recipient AS recipient, d.digest_of AS digest_of \
         FROM deliveries d WHERE d.channel_id = $1 AND d.next_attempt_at <= $2 AND {DUE} AND NOT d.follows \
         ORDER BY {ORDER} LIMIT $3 {lock}"
    );
    let values = [channel.0.into(), now.as_millis().into(), i64::from(limit).into()];
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    let mut taken: BTreeSet<(i64, String)> = BTreeSet::new();
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        let digest: Option<Uuid> = row.try_get("", "digest_of")?;
        let whose = (row.try_get("", "incident_id")?, row.try_get("", "recipient")?);
        if digest.is_some() || taken.insert(whose) {
            ids.push(row.try_get("", "id")?);
        }
    }
    Ok(ids)
}

/// Leases rows, and with a row that leads a digest those that follow it. In the order of [`ORDER`].
async fn take<C: ConnectionTrait>(
    tx: &C,
    ids: Vec<Uuid>,
    (token, instance): (Uuid, Uuid),
    until: Timestamp,
) -> Result<Vec<delivery::Model>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let leased = || {
        let leased = delivery::ActiveModel {
            state: Set(DeliveryState::Sending.to_string()),
            lease_token: Set(Some(token)),
            lease_until: Set(Some(until.as_millis())),
            claimed_by: Set(Some(instance)),
            next_attempt_at: Set(None),
            waiting: Set(false),
            ..Default::default()
        };
        delivery::Entity::update_many()
            .set(leased)
            .col_expr(
                delivery::Column::Attempts,
                Expr::col(delivery::Column::Attempts).add(1),
            )
            .filter(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
    };
    let mut rows = leased()
        .filter(delivery::Column::Id.is_in(ids))
        .exec_with_returning(tx)
        .await?;
    let digests: Vec<Uuid> = rows.iter().filter_map(|r| r.digest_of).collect();
    if !digests.is_empty() {
        leased()
            .filter(delivery::Column::DigestOf.is_in(digests))
            .filter(delivery::Column::Follows.eq(true))
            .filter(delivery::Column::FinishedAt.is_null())
            .exec(tx)
            .await?;
    }
    let urgency = |r: &delivery::Model| match Event::parse(&r.event) {
        Some(Event::Opened) => 0,
        Some(Event::Resolved) => 1,
        _ => 2,
    };
    rows.sort_by_key(|r| (urgency(r), r.created_at, r.incident_id, r.id));
    Ok(rows)
}
