//! The task that keeps samples: flushes the buffer, turns hours that are over into blocks and rollups, forgets what is
//! too old. Each step is one short transaction, so nobody waits long for the writer.

use std::{collections::HashMap, time::Duration};

use domain::{clock::Timestamp, id::MonitorId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Statement,
    sea_query::OnConflict,
};
use tokio_util::sync::CancellationToken;

use super::{
    DAY, HOUR,
    journal::{CLOSED_UNTIL, Closing, watermark},
    rollup::Rollup,
};
use crate::{
    entity::{block, installation, journal, rollup},
    error::StoreError,
    store::Store,
};

const FLUSH_EVERY: Duration = Duration::from_secs(1);
const TEND_EVERY: Duration = Duration::from_mins(1);
/// A check that began in the old hour may still be running: it lasts two minutes at most.
const GRACE: i64 = 3 * 60_000;
/// Their decoded hour is in memory together.
const MONITORS_AT_ONCE: usize = 50;
const RAW_FOR: i64 = 7 * DAY;
const ROLLUPS_FOR: i64 = 731 * DAY;
const DAYS_CLOSED_UNTIL: &str = "days_closed_until";
pub(super) const HOURLY: i32 = 1;
pub(super) const DAILY: i32 = 24;

pub(crate) async fn run(store: Store, stop: CancellationToken) {
    let mut tended = tokio::time::Instant::now();
    let mut failing = false;
    loop {
        let stopped = tokio::select! {
            () = stop.cancelled() => true,
            () = store.inner.journal.full.notified() => false,
            () = tokio::time::sleep(FLUSH_EVERY) => false,
        };
        if !store.inner.journal.is_active() {
            if stopped {
                return;
            }
            continue;
        }
        let mut result = store.samples().flush().await;
        if result.is_ok() && !stopped && tended.elapsed() >= TEND_EVERY {
            tended = tokio::time::Instant::now();
            result = store.samples().tend().await;
        }
        match (&result, failing) {
            (Err(e), false) => {
                tracing::error!(error = %e, "samples cannot be written; they are kept in memory");
            }
            (Ok(()), true) => tracing::info!("samples are written again"),
            (Ok(()), false) | (Err(_), true) => {}
        }
        failing = result.is_err();
        if stopped {
            return;
        }
    }
}

impl super::Samples<'_> {
    /// Closes hours and days that are over and deletes what is too old. Called once a minute; public for tests and
    /// for a clock that jumped.
    pub async fn tend(&self) -> Result<(), StoreError> {
        let now = self.store.now();
        self.store.inner.journal.ready(&self.store.inner.db, now).await?;
        self.roll_up(now).await?;
        self.prune(now).await
    }

    async fn roll_up(&self, now: Timestamp) -> Result<(), StoreError> {
        let journal = &self.store.inner.journal;
        let over = (now.as_millis() - GRACE).div_euclid(HOUR) * HOUR;
        let mut intervals = None;
        while let Some(hour) = journal.first_open_hour().filter(|h| *h < over) {
            let intervals = match &intervals {
                Some(known) => known,
                None => intervals.insert(self.intervals(now).await?),
            };
            for monitors in journal.monitors_of(hour).chunks(MONITORS_AT_ONCE) {
                self.close_hour(monitors, hour, intervals).await?;
            }
            self.set_closed(hour + HOUR).await?;
        }
        // Hours in which nothing was checked need no blocks.
        if journal.closed_until() < over {
            self.set_closed(over).await?;
        }
        self.close_days().await
    }

    async fn intervals(&self, now: Timestamp) -> Result<HashMap<MonitorId, Duration>, StoreError> {
        let monitors = self.store.monitors().all().await?;
        let interval = |m: domain::monitor::Monitor| (m.id, m.config.schedule.nominal_interval(now));
        Ok(monitors.into_iter().map(interval).collect())
    }

    async fn close_hour(
        &self,
        monitors: &[MonitorId],
        hour: i64,
        intervals: &HashMap<MonitorId, Duration>,
    ) -> Result<(), StoreError> {
        let journal = &self.store.inner.journal;
        // A monitor without an interval was deleted meanwhile.
        let closings: Vec<(Closing, Duration)> = monitors
            .iter()
            .filter_map(|m| Some((journal.closing(*m, hour)?, *intervals.get(m)?)))
            .collect();
        if closings.is_empty() {
            return Ok(());
        }
        let tx = self.store.inner.db.write().await?;
        let rollups = closings.iter().map(|(closing, interval)| {
            let mut rollup = Rollup::default();
            closing.samples.iter().for_each(|s| rollup.add(s));
            rollup.cover(*interval, HOUR);
            write_rollup(closing.monitor.0, HOURLY, hour, &rollup)
        });
        insert_rollups(&*tx, rollups.collect()).await?;
        let blocks = closings.into_iter().map(|(closing, _)| block::ActiveModel {
            monitor_id: Set(closing.monitor.0),
            hour: Set(hour),
            body: Set(closing.body),
        });
        // The hour is written once more after a crash between here and the mark.
        block::Entity::insert_many(blocks)
            .on_conflict(
                OnConflict::columns([block::Column::MonitorId, block::Column::Hour])
                    .update_column(block::Column::Body)
                    .to_owned(),
            )
            .exec_without_returning(&*tx)
            .await?;
        tx.commit().await
    }

    async fn set_closed(&self, until: i64) -> Result<(), StoreError> {
        let tx = self.store.inner.db.write().await?;
        set_watermark(&*tx, CLOSED_UNTIL, until).await?;
        journal::Entity::delete_many()
            .filter(journal::Column::LastHour.lt(until))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        self.store.inner.journal.close(until);
        Ok(())
    }

    async fn close_days(&self) -> Result<(), StoreError> {
        let over = self.store.inner.journal.closed_until().div_euclid(DAY) * DAY;
        let closed = self.days_closed_until().await?;
        // Whatever was rolled up before the first mark is within the last days.
        let mut day = closed.unwrap_or(over - RAW_FOR);
        while day < over {
            self.close_day(day).await?;
            day += DAY;
        }
        Ok(())
    }

    pub(super) async fn days_closed_until(&self) -> Result<Option<i64>, StoreError> {
        watermark(self.store.inner.db.read(), DAYS_CLOSED_UNTIL).await
    }

    async fn close_day(&self, day: i64) -> Result<(), StoreError> {
        let of_day = || {
            rollup::Entity::find()
                .filter(rollup::Column::Span.eq(HOURLY))
                .filter(rollup::Column::Start.gte(day))
                .filter(rollup::Column::Start.lt(day + DAY))
        };
        let monitors: Vec<i64> = of_day()
            .select_only()
            .column(rollup::Column::MonitorId)
            .distinct()
            .into_tuple()
            .all(self.store.inner.db.read())
            .await?;
        for monitors in monitors.chunks(MONITORS_AT_ONCE) {
            let hours = of_day()
                .filter(rollup::Column::MonitorId.is_in(monitors.iter().copied()))
                .all(self.store.inner.db.read())
                .await?;
            let mut days: HashMap<i64, Rollup> = HashMap::new();
            for hour in &hours {
                days.entry(hour.monitor_id)
                    .or_default()
                    .merge(&Rollup::read(hour)?);
            }
            let rows = days
                .iter()
                .map(|(id, rollup)| write_rollup(*id, DAILY, day, rollup));
            let tx = self.store.inner.db.write().await?;
            insert_rollups(&*tx, rows.collect()).await?;
            tx.commit().await?;
        }
        let tx = self.store.inner.db.write().await?;
        set_watermark(&*tx, DAYS_CLOSED_UNTIL, day + DAY).await?;
        tx.commit().await
    }

    /// One hour (or day) of all monitors per transaction.
    async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let blocks =
            "DELETE FROM sample_blocks WHERE hour < $1 AND hour = (SELECT MIN(hour) FROM sample_blocks)";
        self.delete_until_empty(blocks, now.as_millis() - RAW_FOR).await?;
        for span in [HOURLY, DAILY] {
            let rollups = format!(
                "DELETE FROM sample_rollups WHERE span = {span} AND start < $1 \
                 AND start = (SELECT MIN(start) FROM sample_rollups WHERE span = {span})"
            );
            self.delete_until_empty(&rollups, now.as_millis() - ROLLUPS_FOR)
                .await?;
        }
        Ok(())
    }

    async fn delete_until_empty(&self, sql: &str, before: i64) -> Result<(), StoreError> {
        loop {
            let tx = self.store.inner.db.write().await?;
            let delete = Statement::from_sql_and_values(tx.get_database_backend(), sql, [before.into()]);
            let deleted = tx.execute_raw(delete).await?.rows_affected();
            tx.commit().await?;
            if deleted == 0 {
                return Ok(());
            }
        }
    }
}

/// Everything that was measured of a monitor that is about to go.
pub(crate) async fn delete_of_monitor<C: ConnectionTrait>(
    tx: &C,
    monitor: MonitorId,
) -> Result<(), StoreError> {
    block::Entity::delete_many()
        .filter(block::Column::MonitorId.eq(monitor.0))
        .exec(tx)
        .await?;
    rollup::Entity::delete_many()
        .filter(rollup::Column::MonitorId.eq(monitor.0))
        .exec(tx)
        .await?;
    Ok(())
}

fn write_rollup(monitor: i64, span: i32, start: i64, rollup: &Rollup) -> rollup::ActiveModel {
    rollup::ActiveModel {
        monitor_id: Set(monitor),
        span: Set(span),
        start: Set(start),
        up: Set(rollup.up as i64),
        down: Set(rollup.down as i64),
        unknown: Set(rollup.unknown as i64),
        covered_ms: Set(rollup.covered_ms),
        maintenance: Set(rollup.maintenance as i64),
        excluded_ms: Set(rollup.excluded_ms),
        detail: Set(rollup.detail()),
    }
}

async fn insert_rollups<C: ConnectionTrait>(
    tx: &C,
    rows: Vec<rollup::ActiveModel>,
) -> Result<(), StoreError> {
    use rollup::Column;
    if rows.is_empty() {
        return Ok(());
    }
    let replaced = [
        Column::Up,
        Column::Down,
        Column::Unknown,
        Column::CoveredMs,
        Column::Maintenance,
        Column::ExcludedMs,
        Column::Detail,
    ];
    rollup::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([Column::MonitorId, Column::Span, Column::Start])
                .update_columns(replaced)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

async fn set_watermark<C: ConnectionTrait>(tx: &C, key: &str, value: i64) -> Result<(), StoreError> {
    let row = installation::ActiveModel {
        key: Set(key.to_owned()),
        value: Set(value.to_be_bytes().to_vec()),
    };
    installation::Entity::insert(row)
        .on_conflict(
            OnConflict::column(installation::Column::Key)
                .update_column(installation::Column::Value)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
