//! The way of a sample: buffer, journal, open hour.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use domain::{clock::Timestamp, id::MonitorId};
use parking_lot::Mutex;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use tokio::sync::Notify;

use super::{
    HOUR, Sample, TAIL,
    codec::{Reader, Writer, read_all},
    hour_of, settle,
};
use crate::{
    database::Database,
    entity::{installation, journal},
    error::{StoreError, corrupt},
    holds::Holds,
};

const BATCH: usize = 500;
const BUFFERED_AT_MOST: usize = 20_000;
pub(super) const CLOSED_UNTIL: &str = "samples_closed_until";

pub(crate) struct Journal {
    /// Says which samples are taken under maintenance.
    holds: Arc<Holds>,
    memory: Mutex<Memory>,
    dropped: AtomicU64,
    /// Whether this process keeps samples, and with it closes hours and prunes.
    active: AtomicBool,
    /// One flush at a time, and the loading before the first.
    flushing: tokio::sync::Mutex<()>,
    pub(super) full: Notify,
}

/// A sample is in exactly one of: `buffer`, `in_flight`, the open hours.
#[derive(Default)]
struct Memory {
    /// Every hour before this one is in blocks. `None` until it was read back.
    closed_until: Option<i64>,
    buffer: Vec<Sample>,
    in_flight: Vec<Sample>,
    series: HashMap<MonitorId, Series>,
}

#[derive(Default)]
struct Series {
    /// The latest samples of closed hours; `None` until somebody asked for them.
    recent: Option<Writer>,
    /// Of a sample in an open hour.
    last: Option<Timestamp>,
    open: Vec<(i64, Writer)>,
}

/// A sample that was written in a transaction which is not committed yet.
#[must_use]
pub(crate) struct Journaled {
    base: i64,
    maintenance: bool,
}

/// The samples of one monitor in an hour that is over.
pub(super) struct Closing {
    pub(super) monitor: MonitorId,
    pub(super) body: Vec<u8>,
    pub(super) samples: Vec<Sample>,
}

impl Journal {
    pub(crate) fn new(holds: Arc<Holds>) -> Self {
        Self {
            holds,
            memory: Mutex::default(),
            dropped: AtomicU64::default(),
            active: AtomicBool::default(),
            flushing: tokio::sync::Mutex::default(),
            full: Notify::default(),
        }
    }

    pub(super) fn push(&self, sample: Sample) {
        self.active.store(true, Ordering::Relaxed);
        let sample = self.marked(sample);
        let length = {
            let mut memory = self.memory.lock();
            if memory.buffer.len() >= BUFFERED_AT_MOST {
                drop(memory);
                self.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            memory.buffer.push(sample);
            memory.buffer.len()
        };
        if length >= BATCH {
            self.full.notify_one();
        }
    }

    fn marked(&self, mut sample: Sample) -> Sample {
        sample.maintenance |= self.holds.is_under_maintenance(sample.monitor, sample.at);
        sample
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    pub(super) async fn flush(&self, db: &Database, now: Timestamp) -> Result<(), StoreError> {
        let _one = self.flushing.lock().await;
        self.load(db, now).await?;
        loop {
            let (batch, base) = {
                let mut memory = self.memory.lock();
                let n = memory.buffer.len().min(BATCH);
                memory.in_flight = memory.buffer.drain(..n).collect();
                (memory.in_flight.clone(), memory.base())
            };
            if batch.is_empty() {
                return Ok(());
            }
            let written = write(db, &batch, base).await;
            let mut memory = self.memory.lock();
            let batch = std::mem::take(&mut memory.in_flight);
            if let Err(e) = written {
                memory.buffer.splice(0..0, batch);
                return Err(e);
            }
            for sample in &batch {
                memory.apply(sample, base);
            }
        }
    }

    /// Reads the open hours back, once.
    pub(crate) async fn ready(&self, db: &Database, now: Timestamp) -> Result<(), StoreError> {
        if self.memory.lock().closed_until.is_some() {
            return Ok(());
        }
        let _one = self.flushing.lock().await;
        self.load(db, now).await
    }

    async fn load(&self, db: &Database, now: Timestamp) -> Result<(), StoreError> {
        if self.memory.lock().closed_until.is_some() {
            return Ok(());
        }
        let (closed_until, read_back) = read_back(db.read(), now).await?;
        let mut memory = self.memory.lock();
        for (sample, base) in &read_back {
            memory.apply(sample, *base);
        }
        memory.closed_until = Some(closed_until);
        Ok(())
    }

    /// Writes one sample in the transaction of the caller. Call [`Self::ready`] before it and [`Self::committed`] after.
    pub(crate) async fn write_one<C: ConnectionTrait>(
        &self,
        tx: &C,
        sample: &Sample,
    ) -> Result<Journaled, StoreError> {
        self.active.store(true, Ordering::Relaxed);
        let base = self.memory.lock().base();
        let sample = self.marked(sample.clone());
        insert(tx, std::slice::from_ref(&sample), base).await?;
        Ok(Journaled {
            base,
            maintenance: sample.maintenance,
        })
    }

    pub(crate) fn committed(&self, journaled: Journaled, mut sample: Sample) {
        // As it was written, whatever began or ended since.
        sample.maintenance = journaled.maintenance;
        let mut memory = self.memory.lock();
        let base = journaled.base.max(memory.base());
        memory.apply(&sample, base);
    }

    pub(crate) fn forget(&self, monitor: MonitorId) {
        let mut memory = self.memory.lock();
        memory.series.remove(&monitor);
        memory.buffer.retain(|s| s.monitor != monitor);
    }

    pub(super) fn closed_until(&self) -> i64 {
        self.memory.lock().base()
    }

    /// When the last sample of each monitor was taken, of those in no block yet.
    pub(super) fn last_of_each(&self) -> HashMap<MonitorId, Timestamp> {
        let memory = self.memory.lock();
        let kept = memory.series.iter().filter_map(|(m, s)| Some((*m, s.last?)));
        let mut last: HashMap<MonitorId, Timestamp> = kept.collect();
        for sample in memory.in_flight.iter().chain(&memory.buffer) {
            let known = last.entry(sample.monitor).or_insert(sample.at);
            *known = sample.at.max(*known);
        }
        last
    }

    /// Samples that are in no block yet, oldest first.
    pub(super) fn open_of(&self, monitor: MonitorId) -> Vec<Sample> {
        self.memory.lock().open_of(monitor)
    }

    /// Which of these have no `recent` yet.
    pub(super) fn without_recent(&self, monitors: &[MonitorId]) -> Vec<MonitorId> {
        let memory = self.memory.lock();
        let unread = |m: &MonitorId| memory.series.get(m).is_none_or(|s| s.recent.is_none());
        monitors.iter().copied().filter(unread).collect()
    }

    /// `samples` of closed hours, oldest first.
    pub(super) fn set_recent(&self, monitor: MonitorId, samples: &[Sample]) {
        let mut memory = self.memory.lock();
        let series = memory.series.entry(monitor).or_default();
        if series.recent.is_none() {
            series.recent = Some(latest(samples));
        }
    }

    pub(super) fn tail(&self, monitor: MonitorId, n: usize) -> Vec<Sample> {
        let memory = self.memory.lock();
        let recent = memory.series.get(&monitor).and_then(|s| s.recent.as_ref());
        let mut all = recent
            .and_then(|r| read_all(monitor, r.bytes()))
            .unwrap_or_default();
        all.extend(memory.open_of(monitor));
        // A sample that came late for its hour is behind younger ones.
        settle(&mut all);
        // Not `drain`: callers keep many of these, and its spare capacity with them.
        all.split_off(all.len().saturating_sub(n.min(TAIL)))
    }

    /// The first hour that has samples in memory.
    pub(super) fn first_open_hour(&self) -> Option<i64> {
        let memory = self.memory.lock();
        let hours = memory
            .series
            .values()
            .flat_map(|s| s.open.iter().map(|(h, _)| *h));
        hours.min()
    }

    pub(super) fn monitors_of(&self, hour: i64) -> Vec<MonitorId> {
        let memory = self.memory.lock();
        let has = |s: &Series| s.open.iter().any(|(h, _)| *h == hour);
        let mut ids: Vec<_> = memory
            .series
            .iter()
            .filter(|(_, s)| has(s))
            .map(|(m, _)| *m)
            .collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn closing(&self, monitor: MonitorId, hour: i64) -> Option<Closing> {
        let memory = self.memory.lock();
        let (_, writer) = memory
            .series
            .get(&monitor)?
            .open
            .iter()
            .find(|(h, _)| *h == hour)?;
        let mut samples = read_all(monitor, writer.bytes())?;
        let kept = samples.len();
        settle(&mut samples);
        let body = if samples.len() == kept {
            writer.bytes().to_vec()
        } else {
            let mut corrected = Writer::default();
            for sample in &samples {
                corrected.put(sample);
            }
            corrected.bytes().to_vec()
        };
        Some(Closing {
            monitor,
            body,
            samples,
        })
    }

    /// Every hour before `until` is in blocks now.
    pub(super) fn close(&self, until: i64) {
        let mut memory = self.memory.lock();
        memory.closed_until = Some(until);
        for (monitor, series) in &mut memory.series {
            let (closed, open): (Vec<_>, Vec<_>) = series.open.drain(..).partition(|(h, _)| *h < until);
            series.open = open;
            let Some(recent) = &mut series.recent else {
                continue;
            };
            let mut all = read_all(*monitor, recent.bytes()).unwrap_or_default();
            for (_, writer) in closed {
                all.extend(read_all(*monitor, writer.bytes()).unwrap_or_default());
            }
            settle(&mut all);
            *recent = latest(&all);
        }
        memory
            .series
            .retain(|_, s| s.recent.is_some() || !s.open.is_empty());
    }
}

impl Memory {
    fn base(&self) -> i64 {
        self.closed_until.unwrap_or(i64::MIN)
    }

    /// A sample that comes after its hour was closed (a clock that was set back) goes into the first open hour: it
    /// keeps its time, and no block is written twice.
    fn apply(&mut self, sample: &Sample, base: i64) {
        let hour = hour_of(sample.at).max(base);
        let series = self.series.entry(sample.monitor).or_default();
        series.last = series.last.max(Some(sample.at));
        let open = &mut series.open;
        let writer = match open.iter().position(|(h, _)| *h == hour) {
            Some(i) => &mut open[i].1,
            None => &mut open.push_mut((hour, Writer::default())).1,
        };
        writer.put(sample);
    }

    fn open_of(&self, monitor: MonitorId) -> Vec<Sample> {
        let mut all = Vec::new();
        if let Some(series) = self.series.get(&monitor) {
            for (_, writer) in &series.open {
                all.extend(read_all(monitor, writer.bytes()).unwrap_or_default());
            }
        }
        let waiting = self.in_flight.iter().chain(&self.buffer);
        all.extend(waiting.filter(|s| s.monitor == monitor).cloned());
        // The sample of a transition is written at once, past earlier ones in the buffer.
        settle(&mut all);
        all
    }
}

fn latest(samples: &[Sample]) -> Writer {
    let mut writer = Writer::default();
    for sample in samples.iter().skip(samples.len().saturating_sub(TAIL)) {
        writer.put(sample);
    }
    writer
}

async fn write(db: &Database, batch: &[Sample], base: i64) -> Result<(), StoreError> {
    let tx = db.write().await?;
    insert(&*tx, batch, base).await?;
    tx.commit().await
}

async fn insert<C: ConnectionTrait>(tx: &C, batch: &[Sample], base: i64) -> Result<(), StoreError> {
    let mut writer = Writer::default();
    for sample in batch {
        writer.put_monitor(sample.monitor);
        writer.put(sample);
    }
    let last_hour = batch
        .iter()
        .map(|s| hour_of(s.at))
        .max()
        .unwrap_or(base)
        .max(base);
    let row = journal::ActiveModel {
        id: NotSet,
        base_hour: Set(base),
        last_hour: Set(last_hour),
        body: Set(writer.bytes().to_vec()),
    };
    journal::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The samples of hours that are in no block, each with the first hour that was open when it was written.
async fn read_back<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
) -> Result<(i64, Vec<(Sample, i64)>), StoreError> {
    let closed_until = match watermark(db, CLOSED_UNTIL).await? {
        Some(hour) => hour,
        // Nothing was ever closed: the journal begins at the beginning. What is about to be written may be of the hour
        // before.
        None => {
            let first = journal::Entity::find()
                .order_by_asc(journal::Column::Id)
                .one(db)
                .await?;
            first.map_or(hour_of(now) - HOUR, |row| row.base_hour)
        }
    };
    let (mut after, mut found) = (0, Vec::new());
    loop {
        let rows = journal::Entity::find()
            .filter(journal::Column::Id.gt(after))
            .filter(journal::Column::LastHour.gte(closed_until))
            .order_by_asc(journal::Column::Id)
            .limit(1000)
            .all(db)
            .await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in &rows {
            let mut reader = Reader::new(&row.body);
            while !reader.is_at_end() {
                let sample = reader.monitor().and_then(|m| reader.sample(m));
                let Some(sample) = sample else {
                    // The rest of this flush is lost; monitoring goes on.
                    let _ = corrupt("sample_journal", row.id, "body");
                    break;
                };
                if hour_of(sample.at).max(row.base_hour) >= closed_until {
                    found.push((sample, row.base_hour));
                }
            }
        }
    }
    Ok((closed_until, found))
}

pub(super) async fn watermark<C: ConnectionTrait>(db: &C, key: &str) -> Result<Option<i64>, StoreError> {
    let row = installation::Entity::find_by_id(key).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let bytes = <[u8; 8]>::try_from(row.value.as_slice());
    let bytes = bytes.map_err(|_| corrupt("installation", &row.key, "value"))?;
    Ok(Some(i64::from_be_bytes(bytes)))
}
