//! Reading: the open hours from memory, closed ones from blocks when single samples are asked for, and from rollups
//! otherwise. The cost follows the span that is asked for, not the history that there is.

use std::{collections::HashMap, ops::Range};

use domain::{clock::Timestamp, id::MonitorId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    DAY, HOUR, Point, Sample, Samples, Stats, TAIL,
    codec::read_all,
    keeper::{DAILY, HOURLY},
    rollup::Rollup,
    settle,
};
use crate::{
    entity::{block, rollup},
    error::{StoreError, corrupt},
};

const MOST_BUCKETS: usize = 1000;
/// How far back the tail of a monitor is looked for after a restart: most are checked often enough for the last hour to
/// be all of it, slow ones are further back.
const LOOK_BACK: [i64; 4] = [0, HOUR, 6 * HOUR, DAY];
/// Their decoded hours are in memory together.
const MONITORS_AT_ONCE: usize = 50;

/// What a span is made of.
enum Piece {
    Raw(Sample),
    Rolled(i64, Rollup),
}

/// The coarsest pieces that will do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grain {
    Raw,
    Hour,
    Day,
}

impl Samples<'_> {
    /// Oldest first, `from` included, `to` excluded, at most `limit`. Raw samples are kept for a week.
    pub async fn range(
        &self,
        monitor: MonitorId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<Sample>, StoreError> {
        self.ready().await?;
        let span = from.as_millis()..to.as_millis();
        let mut found = Vec::new();
        let closed_until = self.store.inner.journal.closed_until();
        // Hour by hour, so that a small limit reads little.
        let first = block::Entity::find()
            .filter(block::Column::MonitorId.eq(monitor.0))
            .filter(block::Column::Hour.gte(hour_start(span.start)))
            .filter(block::Column::Hour.lt(span.end.min(closed_until)))
            .order_by_asc(block::Column::Hour);
        let mut cursor = first.clone();
        while found.len() < limit {
            let Some(row) = cursor.one(self.store.inner.db.read()).await? else {
                break;
            };
            found.extend(
                read_block(&row)?
                    .into_iter()
                    .filter(|s| span.contains(&s.at.as_millis())),
            );
            cursor = first.clone().filter(block::Column::Hour.gt(row.hour));
        }
        if found.len() < limit {
            let open = self.store.inner.journal.open_of(monitor);
            found.extend(open.into_iter().filter(|s| span.contains(&s.at.as_millis())));
        }
        settle(&mut found);
        found.truncate(limit);
        Ok(found)
    }

    /// The latest `n` (at most 60) of each, oldest first.
    pub async fn tail(
        &self,
        monitors: &[MonitorId],
        n: usize,
    ) -> Result<HashMap<MonitorId, Vec<Sample>>, StoreError> {
        self.ready().await?;
        let unread = self.store.inner.journal.without_recent(monitors);
        for some in unread.chunks(MONITORS_AT_ONCE) {
            self.read_recent(some).await?;
        }
        let journal = &self.store.inner.journal;
        Ok(monitors.iter().map(|m| (*m, journal.tail(*m, n))).collect())
    }

    /// When the last sample of each monitor was taken; to the end of its hour for those that were not checked lately.
    /// One query for all, so it is for the start of a process and not for a page.
    pub async fn last_of_each(&self) -> Result<HashMap<MonitorId, Timestamp>, StoreError> {
        self.ready().await?;
        let open = self.store.inner.journal.last_of_each();
        let hours: Vec<(i64, i64)> = block::Entity::find()
            .select_only()
            .column(block::Column::MonitorId)
            .column_as(block::Column::Hour.max(), "hour")
            .group_by(block::Column::MonitorId)
            .into_tuple()
            .all(self.store.inner.db.read())
            .await?;
        let closed = hours.into_iter().map(|(monitor, hour)| {
            let end = Timestamp::from_millis(hour + HOUR - 1);
            (MonitorId(monitor), end)
        });
        let mut last: HashMap<MonitorId, Timestamp> = closed.collect();
        last.extend(open);
        Ok(last)
    }

    async fn read_recent(&self, monitors: &[MonitorId]) -> Result<(), StoreError> {
        let closed = self.store.inner.journal.closed_until();
        let mut recent: HashMap<MonitorId, Vec<Sample>> = HashMap::new();
        let mut short = monitors.to_vec();
        for back in LOOK_BACK.windows(2) {
            if short.is_empty() {
                break;
            }
            let hours = closed - back[1]..closed - back[0];
            for (monitor, mut earlier) in self.blocks_of(&short, hours).await? {
                let later = recent.entry(monitor).or_default();
                earlier.append(later);
                *later = earlier;
            }
            short.retain(|m| recent.get(m).is_none_or(|s| s.len() < TAIL));
        }
        for monitor in monitors {
            let mut samples = recent.remove(monitor).unwrap_or_default();
            settle(&mut samples);
            self.store.inner.journal.set_recent(*monitor, &samples);
        }
        Ok(())
    }

    async fn blocks_of(
        &self,
        monitors: &[MonitorId],
        hours: Range<i64>,
    ) -> Result<HashMap<MonitorId, Vec<Sample>>, StoreError> {
        let rows = block::Entity::find()
            .filter(block::Column::MonitorId.is_in(monitors.iter().map(|m| m.0)))
            .filter(block::Column::Hour.gte(hours.start))
            .filter(block::Column::Hour.lt(hours.end))
            .order_by_asc(block::Column::Hour)
            .all(self.store.inner.db.read())
            .await?;
        let mut all: HashMap<MonitorId, Vec<Sample>> = HashMap::new();
        for row in &rows {
            all.entry(MonitorId(row.monitor_id))
                .or_default()
                .extend(read_block(row)?);
        }
        Ok(all)
    }

    pub async fn stats(
        &self,
        monitor: MonitorId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Stats, StoreError> {
        let span = from.as_millis()..to.as_millis();
        let (mut rolled, mut raw) = (Rollup::default(), Rollup::default());
        let mut raw_span = span.end..span.start;
        for piece in self.pieces(monitor, span.clone(), Grain::Day).await? {
            match piece {
                Piece::Rolled(_, piece) => rolled.merge(&piece),
                Piece::Raw(sample) => {
                    let at = sample.at.as_millis();
                    raw_span = raw_span.start.min(at)..raw_span.end.max(at);
                    raw.add(&sample);
                }
            }
        }
        if raw.up + raw.down + raw.maintenance > 0
            && let Some(monitor) = self.store.monitors().get(monitor).await?
        {
            let interval = monitor.config.schedule.nominal_interval(to);
            raw.cover(
                interval,
                raw_span.end - raw_span.start + interval.as_millis() as i64,
            );
        }
        rolled.merge(&raw);
        Ok(rolled.stats(span.end - span.start))
    }

    /// `buckets` equal parts of the span, empty ones included. A bucket shorter than an hour is drawn from raw samples
    /// as far back as they are kept.
    pub async fn series(
        &self,
        monitor: MonitorId,
        from: Timestamp,
        to: Timestamp,
        buckets: usize,
    ) -> Result<Vec<Point>, StoreError> {
        let span = from.as_millis()..to.as_millis();
        let buckets = buckets.clamp(1, MOST_BUCKETS);
        let length = (span.end - span.start).max(1);
        let width = (length / buckets as i64).max(1);
        let grain = match width {
            ..HOUR => Grain::Raw,
            HOUR..DAY => Grain::Hour,
            _ => Grain::Day,
        };
        let mut rollups = vec![Rollup::default(); buckets];
        for piece in self.pieces(monitor, span.clone(), grain).await? {
            let at = match &piece {
                Piece::Raw(sample) => sample.at.as_millis(),
                Piece::Rolled(start, _) => *start,
            };
            let position = i128::from(at - span.start) * buckets as i128 / i128::from(length);
            let index = usize::try_from(position).unwrap_or(0).min(buckets - 1);
            match piece {
                Piece::Raw(sample) => rollups[index].add(&sample),
                Piece::Rolled(_, rollup) => rollups[index].merge(&rollup),
            }
        }
        let points = (0..).zip(rollups).map(|(i, rollup)| Point {
            at: Timestamp::from_millis(span.start + length * i / buckets as i64),
            up: rollup.up,
            down: rollup.down,
            unknown: rollup.unknown,
            maintenance: rollup.maintenance,
            p50: rollup.quantile(0.50),
            p95: rollup.quantile(0.95),
            phases: rollup.mean_phases(),
        });
        Ok(points.collect())
    }

    async fn pieces(
        &self,
        monitor: MonitorId,
        span: Range<i64>,
        grain: Grain,
    ) -> Result<Vec<Piece>, StoreError> {
        self.ready().await?;
        let closed_until = self.store.inner.journal.closed_until();
        // Read before the rows: an hour that is closed meanwhile is counted from here, and not from its rollup.
        let open = self.store.inner.journal.open_of(monitor);
        let mut pieces = Vec::new();
        let closed = span.start..span.end.min(closed_until);
        let hours = match grain {
            Grain::Raw => closed.end..closed.end,
            Grain::Hour | Grain::Day => hour_end(closed.start)..hour_start(closed.end),
        };
        if closed.is_empty() {
            // Everything is open.
        } else if hours.is_empty() {
            self.raw(monitor, closed, &mut pieces).await?;
        } else {
            let days = match grain {
                Grain::Day => self.closed_days(&hours).await?,
                Grain::Raw | Grain::Hour => hours.start..hours.start,
            };
            self.raw(monitor, closed.start..hours.start, &mut pieces).await?;
            self.rolled(monitor, HOURLY, hours.start..days.start, &mut pieces)
                .await?;
            self.rolled(monitor, DAILY, days.clone(), &mut pieces).await?;
            self.rolled(monitor, HOURLY, days.end..hours.end, &mut pieces)
                .await?;
            self.raw(monitor, hours.end..closed.end, &mut pieces).await?;
        }
        let open = open.into_iter().filter(|s| span.contains(&s.at.as_millis()));
        pieces.extend(open.map(Piece::Raw));
        Ok(pieces)
    }

    /// The whole days among `hours` that have daily rollups; empty at the start of `hours` when there are none.
    async fn closed_days(&self, hours: &Range<i64>) -> Result<Range<i64>, StoreError> {
        let closed = self.days_closed_until().await?.unwrap_or(i64::MIN);
        let start = (hours.start + DAY - 1).div_euclid(DAY) * DAY;
        let end = (hours.end.div_euclid(DAY) * DAY).min(closed);
        Ok(if start < end {
            start..end
        } else {
            hours.start..hours.start
        })
    }

    async fn raw(
        &self,
        monitor: MonitorId,
        span: Range<i64>,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), StoreError> {
        if span.is_empty() {
            return Ok(());
        }
        let blocks = self
            .blocks_of(&[monitor], hour_start(span.start)..span.end)
            .await?;
        let samples = blocks.into_values().flatten();
        pieces.extend(
            samples
                .filter(|s| span.contains(&s.at.as_millis()))
                .map(Piece::Raw),
        );
        Ok(())
    }

    async fn rolled(
        &self,
        monitor: MonitorId,
        kind: i32,
        span: Range<i64>,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), StoreError> {
        if span.is_empty() {
            return Ok(());
        }
        let rows = rollup::Entity::find()
            .filter(rollup::Column::MonitorId.eq(monitor.0))
            .filter(rollup::Column::Span.eq(kind))
            .filter(rollup::Column::Start.gte(span.start))
            .filter(rollup::Column::Start.lt(span.end))
            .all(self.store.inner.db.read())
            .await?;
        for row in &rows {
            pieces.push(Piece::Rolled(row.start, Rollup::read(row)?));
        }
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let inner = &self.store.inner;
        inner.journal.ready(&inner.db, self.store.now()).await
    }
}

fn read_block(row: &block::Model) -> Result<Vec<Sample>, StoreError> {
    let damaged = || {
        corrupt(
            "sample_blocks",
            format!("{}/{}", row.monitor_id, row.hour),
            "body",
        )
    };
    read_all(MonitorId(row.monitor_id), &row.body).ok_or_else(damaged)
}

fn hour_start(at: i64) -> i64 {
    at.div_euclid(HOUR) * HOUR
}

/// The first full hour that does not begin before `at`.
fn hour_end(at: i64) -> i64 {
    (at + HOUR - 1).div_euclid(HOUR) * HOUR
}
