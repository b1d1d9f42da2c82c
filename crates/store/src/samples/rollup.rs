//! Many samples as a few numbers.

use std::time::Duration;

use domain::outcome::Phases;

use super::{
    Sample, SampleKind, Stats,
    codec::{Reader, put_number},
    histogram::Histogram,
};
use crate::{
    entity::rollup,
    error::{StoreError, corrupt},
};

const PHASES: usize = 6;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rollup {
    pub(super) up: u64,
    pub(super) down: u64,
    pub(super) unknown: u64,
    /// Taken under maintenance; counted in none of the others.
    pub(super) maintenance: u64,
    /// How much time the samples stand for.
    pub(super) covered_ms: i64,
    /// How much time was under maintenance, as far as samples show.
    pub(super) excluded_ms: i64,
    latency: Histogram,
    /// Sum in microseconds and count of each phase of checks that were up; the last one is the whole.
    phases: [(u64, u64); PHASES],
}

impl Rollup {
    pub(super) fn add(&mut self, sample: &Sample) {
        if sample.maintenance {
            self.maintenance += 1;
            return;
        }
        match sample.kind {
            SampleKind::Up => self.up += 1,
            SampleKind::Down => self.down += 1,
            SampleKind::Unknown => self.unknown += 1,
        }
        if sample.kind != SampleKind::Up {
            return;
        }
        if let Some(latency) = sample.latency {
            self.latency.add(latency);
        }
        let p = &sample.phases;
        let parts = [p.dns, p.connect, p.tls, p.wait, p.transfer, Some(p.total)];
        for (slot, part) in self.phases.iter_mut().zip(parts) {
            if let Some(d) = part {
                slot.0 += u64::try_from(d.as_micros()).unwrap_or(0);
                slot.1 += 1;
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.up += other.up;
        self.down += other.down;
        self.unknown += other.unknown;
        self.maintenance += other.maintenance;
        self.covered_ms += other.covered_ms;
        self.excluded_ms += other.excluded_ms;
        self.latency.merge(&other.latency);
        for (slot, part) in self.phases.iter_mut().zip(other.phases) {
            slot.0 += part.0;
            slot.1 += part.1;
        }
    }

    /// Each result stands for one interval. Re-checks after a failure come closer together: they do not add up to more
    /// than the span itself.
    pub(super) fn cover(&mut self, interval: Duration, span_ms: i64) {
        let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        let most = span_ms.max(interval);
        let stands_for = |n: u64| {
            let n = i64::try_from(n).unwrap_or(i64::MAX);
            n.saturating_mul(interval).min(most)
        };
        self.covered_ms = stands_for(self.up + self.down);
        self.excluded_ms = stands_for(self.maintenance);
    }

    pub(super) fn quantile(&self, share: f64) -> Option<Duration> {
        self.latency.quantile(share)
    }

    pub(super) fn mean_phases(&self) -> Phases {
        let mean = |i: usize| {
            let (sum, n) = self.phases[i];
            sum.checked_div(n).map(Duration::from_micros)
        };
        Phases {
            dns: mean(0),
            connect: mean(1),
            tls: mean(2),
            wait: mean(3),
            transfer: mean(4),
            total: mean(5).unwrap_or_default(),
        }
    }

    pub(super) fn stats(&self, span_ms: i64) -> Stats {
        let known = self.up + self.down;
        // What is left of the span without maintenance.
        let expected_ms = span_ms - self.excluded_ms;
        let coverage = if expected_ms > 0 {
            (self.covered_ms as f64 / expected_ms as f64).min(1.0)
        } else {
            f64::from(u8::from(span_ms > 0))
        };
        Stats {
            up: self.up,
            down: self.down,
            unknown: self.unknown,
            maintenance: self.maintenance,
            uptime: (known > 0).then(|| self.up as f64 / known as f64),
            coverage,
            p50: self.quantile(0.50),
            p90: self.quantile(0.90),
            p95: self.quantile(0.95),
            p99: self.quantile(0.99),
        }
    }

    /// What has no column of its own.
    pub(super) fn detail(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.latency.write(&mut bytes);
        for (sum, n) in self.phases {
            put_number(&mut bytes, sum);
            put_number(&mut bytes, n);
        }
        bytes
    }

    pub(super) fn read(row: &rollup::Model) -> Result<Self, StoreError> {
        let damaged = || {
            let id = format!("{}/{}/{}", row.monitor_id, row.span, row.start);
            corrupt("sample_rollups", id, "detail")
        };
        let mut reader = Reader::new(&row.detail);
        let latency = Histogram::read(&mut reader).ok_or_else(damaged)?;
        let mut phases = [(0, 0); PHASES];
        for slot in &mut phases {
            *slot = reader.number().zip(reader.number()).ok_or_else(damaged)?;
        }
        Ok(Self {
            up: row.up.max(0) as u64,
            down: row.down.max(0) as u64,
            unknown: row.unknown.max(0) as u64,
            maintenance: row.maintenance.max(0) as u64,
            covered_ms: row.covered_ms,
            excluded_ms: row.excluded_ms,
            latency,
            phases,
        })
    }
}
