//! Once a second: does every enabled monitor have a next run, and does everything that runs end?

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use domain::{id::MonitorId, outcome::FaultKind, schedule::Schedule, state::Status};
use tokio::time::Instant;

use super::Engine;
use crate::{
    check::{Check, internal},
    entry::{Entry, Work},
    handle::Stale,
    queue::Moment,
};

pub(super) const EVERY: Duration = Duration::from_secs(1);
/// How often the monitors are compared with the database, for changes that nobody announced.
pub(super) const CENSUS_EVERY: Duration = Duration::from_mins(5);
/// A next run may be this much later than an interval from now, and a check may outlive its timeout by this much.
const GRACE: Duration = Duration::from_secs(5);
/// Two self-checks, of which the first began before: each takes 6 s at most.
const LONGEST_JUDGING: Duration = Duration::from_secs(12);
/// How often it is looked for results that are too old; a cron expression takes a moment to say what that means.
const STALE_EVERY: Duration = Duration::from_secs(5);
/// A wall clock that moved by more than this against the monotonic one has jumped.
const JUMP: Duration = Duration::from_secs(2);

/// What is wrong with a monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Enabled, and nothing will ever check it.
    NoNextRun,
    /// In line by its own account, and not by that of the line.
    LostPlace,
    /// Its check is long past its timeout.
    EndlessCheck,
    /// Its outcome waits for a verdict that does not come.
    EndlessJudging,
    /// It has stood in line so long that its last result says nothing any more. No defect, but overload.
    Starved,
}

impl<C: Check> Engine<C> {
    pub(super) fn supervise(&mut self, now: Moment) {
        if now.jump_since(self.seen) > JUMP {
            self.plan_anew(now);
        }
        self.seen = now;
        if now.instant >= self.next_census {
            self.next_census = now.instant + CENSUS_EVERY;
            self.loads.begin_census(&self.store);
        }
        self.zones.ask_due(&self.store, &self.check, now.instant);

        let mut behind = Duration::ZERO;
        let mut troubles = Vec::new();
        for (id, entry) in &self.entries {
            if let Work::Waiting { since } = entry.work {
                behind = behind.max(now.instant.saturating_duration_since(since));
            }
            if let Some(trouble) = self.trouble_of(*id, entry, now) {
                troubles.push((*id, trouble));
            }
        }
        let behind = u64::try_from(behind.as_millis()).unwrap_or(u64::MAX);
        self.gauges.behind_ms.store(behind, Relaxed);
        for (id, trouble) in troubles {
            self.heal(id, trouble, now);
        }
        if now.instant >= self.next_stale {
            self.find_stale(now);
        }
    }

    /// No data is not UP: monitors whose last result is too old to say anything. Nothing is recorded of it, since the next
    /// result ends it.
    pub(super) fn find_stale(&mut self, now: Moment) {
        self.next_stale = now.instant + STALE_EVERY;
        let stale = self.entries.iter().filter_map(|(id, entry)| {
            let (heard, status) = (entry.heard?, entry.state.status());
            let known = !matches!(status, Status::Pending | Status::Unknown);
            let stale = known && entry.monitor.config.is_stale(heard, now.wall);
            stale.then_some((*id, Stale { heard, status }))
        });
        *self.gauges.stale.lock() = Arc::new(stale.collect());
    }

    fn trouble_of(&self, id: MonitorId, entry: &Entry, now: Moment) -> Option<Trouble> {
        let config = &entry.monitor.config;
        let planned = match (self.queue.get(id), &config.schedule) {
            (Some(due), Schedule::Every(interval)) => due.at <= now.instant + *interval + GRACE,
            (Some(_), Schedule::Cron(_)) => true,
            (None, Schedule::Every(_)) => false,
            (None, Schedule::Cron(_)) => entry.next_tick(now.wall, now).is_none(),
        };
        if !planned {
            return Some(Trouble::NoNextRun);
        }
        match entry.work {
            // A recording lasts as long as the database is away.
            Work::Idle | Work::Recording => None,
            Work::Judging { since, .. } => {
                let longest = LONGEST_JUDGING + GRACE;
                (now.instant.saturating_duration_since(since) > longest).then_some(Trouble::EndlessJudging)
            }
            Work::Running { since, .. } => {
                let longest = config.timeout + GRACE;
                (now.instant.saturating_duration_since(since) > longest).then_some(Trouble::EndlessCheck)
            }
            Work::Waiting { since } => {
                let waited = now.instant.saturating_duration_since(since);
                // Looking for it costs a walk along the line, so only when something seems wrong.
                if waited > GRACE && !self.lines.contains(id, &entry.host) {
                    Some(Trouble::LostPlace)
                } else if waited > GRACE && waited > config.stale_after(now.wall) {
                    Some(Trouble::Starved)
                } else {
                    None
                }
            }
        }
    }

    fn heal(&mut self, id: MonitorId, trouble: Trouble, now: Moment) {
        if trouble == Trouble::Starved {
            self.starve(id);
            return;
        }
        self.gauges.healed.fetch_add(1, Relaxed);
        tracing::error!(monitor.id = id.0, trouble = ?trouble, "a monitor had to be put right; this is a defect");
        match trouble {
            Trouble::NoNextRun => {
                if let Some(entry) = self.entries.get(&id) {
                    self.queue.set(id, entry.next_tick(now.wall, now));
                }
            }
            Trouble::LostPlace => {
                self.interrupt(id);
                self.check_again(id, now);
            }
            Trouble::EndlessCheck => {
                self.interrupt(id);
                let detail = "The check did not end in time by itself. This is a defect of Watchbell.";
                self.fold(id, internal(now.wall, FaultKind::Defect, detail), now.instant);
            }
            Trouble::EndlessJudging => self.stop_judging(id),
            Trouble::Starved => {}
        }
    }

    /// No data is not UP: the monitor gives up its place in line and counts as not checked, through our fault.
    fn starve(&mut self, id: MonitorId) {
        self.interrupt(id);
        let detail = "It could not be checked in time, because too many checks wait for this host or for a free worker.";
        self.fold(
            id,
            internal(self.clock.now(), FaultKind::Resources, detail),
            Instant::now(),
        );
    }

    /// After a jump of the wall clock the times of all ticks have moved. Interval schedules keep the earlier of the two
    /// plans, so that no jump ever delays them; cron expressions follow the clock.
    fn plan_anew(&mut self, now: Moment) {
        tracing::warn!(now = %now.wall, "the clock jumped; all checks are planned anew");
        for (id, entry) in &mut self.entries {
            // By the clock of before it would be long ago, or not yet.
            entry.heard = entry.heard.map(|_| now.wall);
            let next = entry.next_tick(now.wall, now);
            match (&entry.monitor.config.schedule, next) {
                (Schedule::Every(_), Some(next)) => self.queue.bring_forward(*id, next),
                (Schedule::Every(_), None) => {}
                (Schedule::Cron(_), next) => {
                    self.queue.set(*id, next);
                    if let Some(recheck) = entry.recheck(now) {
                        self.queue.bring_forward(*id, recheck);
                    }
                }
            }
        }
    }
}
