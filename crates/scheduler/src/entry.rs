//! One monitor as the engine sees it.

use std::sync::Arc;

use domain::{clock::Timestamp, monitor::Monitor, outcome::Outcome, schedule::Schedule, state::MonitorState};
use store::samples::Sample;
use tokio::{sync::oneshot, task::AbortHandle, time::Instant};

use crate::{
    engine::is_offline,
    queue::{Due, Moment},
};

/// An enabled monitor.
pub(crate) struct Entry {
    pub(crate) monitor: Arc<Monitor>,
    /// The key of its line.
    pub(crate) host: Arc<str>,
    /// What the database has.
    pub(crate) state: MonitorState,
    pub(crate) work: Work,
    /// When the last result came; `None`: not since it was taken up.
    pub(crate) heard: Option<Timestamp>,
    /// The network was away since its last check that says anything: failures from before count no more.
    pub(crate) fresh: bool,
    /// The failures in a row that decided nothing yet: perhaps they are the network's.
    pub(crate) suspect: Vec<Sample>,
    /// Who waits for the outcome of the check that is coming or under way.
    pub(crate) waiters: Vec<oneshot::Sender<Outcome>>,
    /// Who asked while an outcome was being recorded: that check saw the target before they asked, so they wait for
    /// the one after it.
    pub(crate) later: Vec<oneshot::Sender<Outcome>>,
    /// It is to be checked as soon as its recording is through.
    pub(crate) again: bool,
}

/// A monitor does one of these at a time: its checks never overlap.
pub(crate) enum Work {
    Idle,
    Waiting {
        since: Instant,
    },
    Running {
        /// Tells this check from an earlier one of the same monitor that was dropped.
        run: u64,
        since: Instant,
        task: AbortHandle,
    },
    /// Its outcome would open an incident and waits for the self-check of its zone.
    Judging {
        since: Instant,
        outcome: Box<Outcome>,
    },
    Recording,
}

impl Entry {
    pub(crate) fn new(monitor: Monitor, state: MonitorState) -> Self {
        Self {
            host: monitor.config.target.host().into(),
            monitor: Arc::new(monitor),
            state,
            work: Work::Idle,
            heard: None,
            fresh: false,
            suspect: Vec::new(),
            waiters: Vec::new(),
            later: Vec::new(),
            again: false,
        }
    }

    /// The state that this outcome continues.
    pub(crate) fn trusted_state(&self, outcome: &Outcome) -> MonitorState {
        if self.fresh || is_offline(outcome) {
            self.state.clone().without_streak()
        } else {
            self.state.clone()
        }
    }

    /// The next regular check after `after`; `None` when its cron expression never fires again.
    pub(crate) fn next_tick(&self, after: Timestamp, now: Moment) -> Option<Due> {
        let tick = self.monitor.config.schedule.next_after(self.monitor.id, after)?;
        Some(Due {
            at: now.instant_of(tick),
            tick: Some(tick),
        })
    }

    /// When a restart takes it up: at its next tick, or earlier when a failure waits for confirmation.
    pub(crate) fn first_due(&self, now: Moment) -> Option<Due> {
        let regular = self.next_tick(now.wall, now);
        let recheck = self.recheck(now);
        match (regular, recheck) {
            (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
            (a, b) => a.or(b),
        }
    }

    /// The quick check that confirms or clears a first failure.
    pub(crate) fn recheck(&self, now: Moment) -> Option<Due> {
        self.state.wants_recheck().then(|| Due {
            at: now.instant + self.monitor.config.thresholds.recheck_every,
            tick: None,
        })
    }

    /// Ticks between the one that was due and `now`, which nobody kept.
    pub(crate) fn missed(&self, due: Due, now: Moment) -> u64 {
        match (&self.monitor.config.schedule, due.tick) {
            (Schedule::Every(interval), Some(_)) => {
                let late = now.instant.saturating_duration_since(due.at);
                u64::try_from(late.as_millis() / interval.as_millis().max(1)).unwrap_or(u64::MAX)
            }
            (Schedule::Every(_), None) | (Schedule::Cron(_), _) => 0,
        }
    }
}
