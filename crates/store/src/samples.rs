//! What checks measured. Nobody outside this module knows how it is kept.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{
    clock::Timestamp,
    id::MonitorId,
    outcome::{Outcome, Phases, Verdict},
};

use crate::{error::StoreError, store::Store};

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

/// The samples of a span, counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    pub up: u64,
    pub down: u64,
    pub unknown: u64,
    /// `up / (up + down)`, 0 to 1; `None` without either.
    pub uptime: Option<f64>,
    /// The observed part of the span, 0 to 1.
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
        }
    }
}

impl Samples<'_> {
    /// Into the buffer; written within a second. When the buffer is full (the database does not take anything any
    /// more), the sample is dropped and counted.
    pub fn push(&self, _sample: Sample) {}

    /// Writes what is buffered.
    pub async fn flush(&self) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    /// Samples that were lost because the buffer was full.
    pub fn dropped(&self) -> u64 {
        0
    }

    /// Oldest first, `from` included, `to` excluded, at most `limit`. Raw samples are kept for a week.
    pub async fn range(
        &self,
        _monitor: MonitorId,
        _from: Timestamp,
        _to: Timestamp,
        _limit: usize,
    ) -> Result<Vec<Sample>, StoreError> {
        Err(StoreError::Busy)
    }

    /// The latest `n` (at most 60) of each, oldest first.
    pub async fn tail(
        &self,
        _monitors: &[MonitorId],
        _n: usize,
    ) -> Result<HashMap<MonitorId, Vec<Sample>>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn stats(
        &self,
        _monitor: MonitorId,
        _from: Timestamp,
        _to: Timestamp,
    ) -> Result<Stats, StoreError> {
        Err(StoreError::Busy)
    }

    /// `buckets` equal parts of the span, empty ones included. A bucket shorter than an hour is drawn from raw samples.
    pub async fn series(
        &self,
        _monitor: MonitorId,
        _from: Timestamp,
        _to: Timestamp,
        _buckets: usize,
    ) -> Result<Vec<Point>, StoreError> {
        Err(StoreError::Busy)
    }
}
