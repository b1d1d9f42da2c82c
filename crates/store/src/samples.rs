//! What checks measured. Nobody outside this module knows how it is kept.
//!
//! Three forms. The *journal*: one row per flush, appended in time order, so that a flush writes a page and not one per
//! monitor. *Blocks*: when an hour is over, the samples of each monitor in it become one row, written once. *Rollups*:
//! counts and a latency histogram per monitor and hour, and per day. The hour that is still open is in memory and is
//! read back from the journal at start. One process at a time keeps samples; others may read.

use std::{sync::Arc, time::Duration};

use domain::{
    clock::Timestamp,
    id::MonitorId,
    outcome::{Fault, FaultKind, Outcome, Phases, ReasonKind, Verdict},
};

use crate::{error::StoreError, store::Store};

mod codec;
mod histogram;
pub(crate) mod journal;
pub(crate) mod keeper;
mod read;
mod rollup;

pub(crate) use keeper::delete_of_monitor;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// So many of the latest samples of each monitor are at hand without asking the database.
const TAIL: usize = 60;

fn hour_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(HOUR) * HOUR
}

pub struct Samples<'a> {
    pub(crate) store: &'a Store,
}

/// What is kept of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub monitor: MonitorId,
    pub at: Timestamp,
    pub kind: SampleKind,
    /// Of the whole check, when the target answered.
    pub latency: Option<Duration>,
    pub phases: Phases,
    /// Why it was not up.
    pub cause: Option<Cause>,
    /// It was taken while the monitor was under maintenance, and counts neither as up nor as down. The store says so when
    /// it takes the sample.
    pub maintenance: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleKind {
    Up,
    Down,
    Unknown,
}

impl SampleKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a check was not up: a fault of the target's, or one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The name of a [`domain::outcome::ReasonKind`] or [`domain::outcome::FaultKind`].
    pub kind: &'static str,
    pub detail: Arc<str>,
}

impl Cause {
    /// The position of `kind` among all names, for keeping. The order of the names is part of the format: new ones are
    /// added at the end of each list.
    fn code(&self) -> u8 {
        let reason = ReasonKind::ALL.iter().position(|k| k.as_str() == self.kind);
        let fault = FaultKind::ALL.iter().position(|k| k.as_str() == self.kind);
        match (reason, fault) {
            (Some(i), _) => i as u8,
            (None, Some(i)) => FAULTS + i as u8,
            (None, None) => u8::MAX,
        }
    }

    fn kind_of(code: u8) -> &'static str {
        let reason = ReasonKind::ALL.get(usize::from(code)).map(|k| k.as_str());
        let fault = || {
            FaultKind::ALL
                .get(usize::from(code.checked_sub(FAULTS)?))
                .map(|k| k.as_str())
        };
        reason.or_else(fault).unwrap_or("unknown")
    }
}

const FAULTS: u8 = 128;

/// The samples of a span, counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    pub up: u64,
    pub down: u64,
    pub unknown: u64,
    /// Taken under maintenance; counted in none of the others.
    pub maintenance: u64,
    /// `up / (up + down)`, 0 to 1; `None` without either.
    pub uptime: Option<f64>,
    /// The observed part of the span, maintenance left out of both; 0 to 1, and 1 when there was nothing else.
    pub coverage: f64,
    /// Of checks that were up; exact to about 9 %.
    pub p50: Option<Duration>,
    pub p90: Option<Duration>,
    pub p95: Option<Duration>,
    pub p99: Option<Duration>,
}

/// One bucket of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Beginning of the bucket.
    pub at: Timestamp,
    pub up: u64,
    pub down: u64,
    pub unknown: u64,
    /// Taken under maintenance; counted in none of the others.
    pub maintenance: u64,
    pub p50: Option<Duration>,
    pub p95: Option<Duration>,
    /// Means over the checks that were up and got to the phase.
    pub phases: Phases,
}

impl Sample {
    pub fn from_outcome(monitor: MonitorId, outcome: &Outcome) -> Self {
        let (kind, cause) = match &outcome.verdict {
            Verdict::Up => (SampleKind::Up, None),
            Verdict::Down(r) => (SampleKind::Down, Some((r.kind.as_str(), r.detail.as_str()))),
            Verdict::Internal(f) => (SampleKind::Unknown, Some((f.kind.as_str(), f.detail.as_str()))),
        };
        let answered = match kind {
            SampleKind::Up => true,
            SampleKind::Down => outcome.phases.wait.is_some(),
            SampleKind::Unknown => false,
        };
        Self {
            monitor,
            at: outcome.at,
            kind,
            latency: answered.then_some(outcome.phases.total),
            phases: outcome.phases,
            cause: cause.map(|(kind, detail)| Cause {
                kind,
                detail: detail.into(),
            }),
            maintenance: false,
        }
    }
}

impl Sample {
    /// The same check, of which nobody knows any more whose fault it was. Pushed, it takes the place of the one that was
    /// kept with the same time.
    pub fn doubted(self, fault: &Fault) -> Self {
        Self {
            kind: SampleKind::Unknown,
            latency: None,
            cause: Some(Cause {
                kind: fault.kind.as_str(),
                detail: fault.detail.as_str().into(),
            }),
            ..self
        }
    }
}

/// In the order of time, and without those that a doubted one takes the place of: it was kept later, with the same time.
fn settle(samples: &mut Vec<Sample>) {
    let is_doubted = |s: &Sample| {
        s.cause
            .as_ref()
            .is_some_and(|c| c.kind == FaultKind::SelfOffline.as_str())
    };
    samples.sort_by_key(|s| s.at);
    samples.reverse();
    samples.dedup_by(|earlier, later| earlier.at == later.at && is_doubted(later));
    samples.reverse();
}

impl Samples<'_> {
    /// Into the buffer; written within a second. Marked if the monitor is under maintenance at that time. When the buffer is full (the database does not take anything any
    /// more), the sample is dropped and counted.
    pub fn push(&self, sample: Sample) {
        self.store.inner.journal.push(sample);
    }

    /// Writes what is buffered.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.store
            .inner
            .journal
            .flush(&self.store.inner.db, self.store.now())
            .await
    }

    /// Samples that were lost because the buffer was full.
    pub fn dropped(&self) -> u64 {
        self.store.inner.journal.dropped()
    }
}
