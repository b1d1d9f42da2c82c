//! The one task that owns every monitor's place: due, in line, under way, being recorded.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use domain::{
    clock::Clock,
    id::{IncidentId, MonitorId},
    outcome::{FaultKind, Outcome, Verdict},
    state::{Transition, advance},
};
use futures_util::FutureExt;
use store::{Record, Recorded, Store, StoreError, samples::Sample};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Config, Handle,
    check::{Check, internal},
    entry::{Entry, Work},
    gaps,
    handle::{Command, Gauges},
    lines::Lines,
    loading::Loads,
    queue::{Due, DueQueue, Moment},
    recording::{self, Settled},
    zones::Zones,
};

mod changes;
mod reach;
mod supervision;
#[cfg(test)]
mod tests;

pub(crate) use reach::is_offline;

/// Changes that are written at the same time. SQLite takes one at a time anyway; a larger crowd would only time out.
const RECORDERS: usize = 8;
/// How long changes that are being written may take when everything stops.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// The clocks may disagree by this much about a tick that was just kept.
const TICK_TOLERANCE: Duration = Duration::from_secs(1);

pub(crate) struct Engine<C> {
    check: C,
    store: Store,
    clock: Arc<dyn Clock>,
    gauges: Arc<Gauges>,
    commands: mpsc::UnboundedReceiver<Command>,
    entries: HashMap<MonitorId, Entry>,
    queue: DueQueue,
    lines: Lines,
    runs: u64,
    checks: JoinSet<Checked>,
    /// Without a result the writing crashed.
    records: JoinSet<(MonitorId, Option<Settled>)>,
    recorders: Arc<Semaphore>,
    loads: Loads,
    zones: Zones,
    /// The clocks at the last supervision.
    seen: Moment,
    next_census: Instant,
    next_stale: Instant,
}

/// A check that ended. Without an outcome it crashed.
struct Checked {
    monitor: MonitorId,
    run: u64,
    outcome: Option<Outcome>,
}

pub(crate) async fn start<C: Check>(
    config: Config,
    store: Store,
    check: C,
    clock: Arc<dyn Clock>,
    tracker: &TaskTracker,
    stop: CancellationToken,
) -> Result<Handle, StoreError> {
    let gauges = Arc::new(Gauges::default());
    let (handle, commands) = Handle::new(Arc::clone(&gauges));
    let monitors = store.monitors().all().await?;
    let mut states = store.monitors().states().await?;
    let heard = store.samples().last_of_each().await?;

    let seen = moment(&*clock);
    let (notes, to_keep) = mpsc::unbounded_channel();
    let zones = Zones::load(&store, seen.instant, notes, Arc::clone(&gauges)).await?;
    tracker.spawn(gaps::keep(store.clone(), to_keep, stop.clone()));
    gauges.last_tick.store(seen.wall.as_millis(), Relaxed);
    let mut engine = Engine {
        check,
        store,
        clock,
        gauges,
        commands,
        entries: HashMap::new(),
        queue: DueQueue::default(),
        lines: Lines::new(config.workers, config.per_host),
        runs: 0,
        checks: JoinSet::new(),
        records: JoinSet::new(),
        recorders: Arc::new(Semaphore::new(RECORDERS)),
        loads: Loads::default(),
        zones,
        seen,
        next_census: seen.instant + supervision::CENSUS_EVERY,
        next_stale: seen.instant,
    };
    for monitor in monitors.into_iter().filter(|m| m.config.enabled) {
        let id = monitor.id;
        let mut entry = Entry::new(monitor, states.remove(&id).unwrap_or_default());
        // Nothing is left of whatever made its state: that is long ago.
        entry.heard = Some(heard.get(&id).copied().unwrap_or(entry.monitor.created_at));
        engine.zones.enter(&entry.monitor.config.zone);
        engine.queue.set(id, entry.first_due(seen));
        engine.entries.insert(id, entry);
    }
    engine.find_stale(seen);
    tracing::info!(monitors = engine.entries.len(), "the scheduler starts");

    let task = tracker.spawn(engine.run(stop.clone()));
    tracker.spawn(async move {
        if let Err(error) = task.await {
            tracing::error!(error = %error, "the scheduler died; the process stops, because nothing is watched any more");
            stop.cancel();
        }
    });
    Ok(handle)
}

fn moment(clock: &dyn Clock) -> Moment {
    Moment {
        instant: Instant::now(),
        wall: clock.now(),
    }
}

impl<C: Check> Engine<C> {
    async fn run(mut self, stop: CancellationToken) {
        let mut sweep_at = Instant::now() + supervision::EVERY;
        loop {
            let wake = self.queue.next().map_or(sweep_at, |due| due.min(sweep_at));
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(command) = self.commands.recv() => self.obey(command),
                Some(settled) = self.records.join_next() => self.recorded(settled.ok()),
                Some(checked) = self.checks.join_next() => {
                    self.checked(checked.ok());
                    // Many end together; one round for all of them.
                    while let Some(checked) = self.checks.try_join_next() {
                        self.checked(checked.ok());
                    }
                }
                Some(checked) = self.zones.checks.join_next() => self.self_checked(checked.ok()),
                Some(loaded) = self.loads.tasks.join_next() => self.loaded(loaded.ok()),
                () = sleep_until(wake) => {}
            }
            let now = self.now();
            if now.instant >= sweep_at {
                self.supervise(now);
                sweep_at = now.instant + supervision::EVERY;
            }
            self.fire_due(now);
            self.start_ready(now);
            self.gauges.last_tick.store(now.wall.as_millis(), Relaxed);
        }
        self.wind_up().await;
    }

    /// Checks are dropped with whatever they found; changes that are being written get a moment.
    async fn wind_up(mut self) {
        self.checks.abort_all();
        self.zones.checks.abort_all();
        self.loads.tasks.abort_all();
        let written = timeout(LAST_WRITES, async {
            while let Some(settled) = self.records.join_next().await {
                self.recorded(settled.ok());
            }
        });
        if written.await.is_err() {
            tracing::warn!(
                changes = self.records.len(),
                "changes of state could not be written before the end; the next start checks these monitors again"
            );
        }
    }

    fn now(&self) -> Moment {
        moment(&*self.clock)
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::ZonesChanged => {
                let now = Instant::now();
                self.zones.set_up_anew(now);
                self.zones.ask_due(&self.store, &self.check, now);
            }
            Command::Changed(id) => self.loads.begin(&self.store, id),
            Command::CheckNow(id, waiter) => {
                // A change that was announced before the request comes first.
                let Some(waiter) = self.loads.join(id, waiter) else {
                    return;
                };
                if self.entries.contains_key(&id) {
                    self.check_for(id, vec![waiter]);
                } else {
                    self.loads.begin(&self.store, id);
                    let _ = self.loads.join(id, waiter);
                }
            }
        }
    }

    /// Somebody waits for a check of this monitor: the one whose probe is under way, or a new one ahead of the line.
    fn check_for(&mut self, id: MonitorId, waiters: Vec<oneshot::Sender<Outcome>>) {
        let now = self.now();
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        match entry.work {
            Work::Idle => {}
            Work::Waiting { .. } => {
                self.lines.leave(id, &entry.host);
            }
            Work::Running { .. } => {
                entry.waiters.extend(waiters);
                return;
            }
            Work::Judging { .. } | Work::Recording => {
                entry.later.extend(waiters);
                return;
            }
        }
        entry.waiters.extend(waiters);
        entry.work = Work::Waiting { since: now.instant };
        self.lines.join(id, &entry.host, true);
    }

    fn fire_due(&mut self, now: Moment) {
        while let Some((id, due)) = self.queue.pop(now.instant) {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            // The wall clock is cut to milliseconds and may still stand before the tick that woke us.
            let kept = due
                .tick
                .filter(|t| *t > now.wall && t.since(now.wall) < TICK_TOLERANCE);
            let next = entry.next_tick(kept.unwrap_or(now.wall), now);
            self.queue.set(id, next);
            let mut skipped = entry.missed(due, now);
            match entry.work {
                Work::Idle => {
                    entry.work = Work::Waiting { since: now.instant };
                    self.lines.join(id, &entry.host, false);
                }
                Work::Waiting { .. } | Work::Running { .. } | Work::Judging { .. } | Work::Recording => {
                    skipped += 1;
                }
            }
            if skipped > 0 {
                self.gauges.skipped.fetch_add(skipped, Relaxed);
                tracing::debug!(monitor.id = id.0, ticks = skipped, "ticks skipped");
            }
        }
    }

    fn start_ready(&mut self, now: Moment) {
        while let Some(id) = self.lines.start() {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            self.runs += 1;
            let (run, check, monitor) = (self.runs, self.check.clone(), Arc::clone(&entry.monitor));
            let task = self.checks.spawn(async move {
                let outcome = AssertUnwindSafe(check.check(monitor)).catch_unwind().await.ok();
                Checked {
                    monitor: id,
                    run,
                    outcome,
                }
            });
            entry.work = Work::Running {
                run,
                since: now.instant,
                task,
            };
            self.gauges.running.fetch_add(1, Relaxed);
        }
    }

    /// `None`: the check was dropped, and whoever dropped it has seen to the rest.
    fn checked(&mut self, checked: Option<Checked>) {
        let Some(Checked {
            monitor: id,
            run,
            outcome,
        }) = checked
        else {
            return;
        };
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let begun = match entry.work {
            Work::Running {
                run: present, since, ..
            } if present == run => since,
            Work::Idle
            | Work::Waiting { .. }
            | Work::Running { .. }
            | Work::Judging { .. }
            | Work::Recording => return,
        };
        self.lines.end(&entry.host);
        self.gauges.running.fetch_sub(1, Relaxed);
        let outcome = outcome.unwrap_or_else(|| {
            tracing::error!(monitor.id = id.0, "a check crashed");
            let detail = "The check crashed. This is a defect of Watchbell; its log has the details.";
            internal(self.clock.now(), FaultKind::Defect, detail)
        });
        self.fold(id, outcome, begun);
    }

    /// An outcome that counts as it is.
    fn settle(&mut self, id: MonitorId, outcome: Outcome) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let before = entry.trusted_state(&outcome);
        if !matches!(outcome.verdict, Verdict::Internal(_)) {
            entry.fresh = false;
        }
        let config = &entry.monitor.config;
        let (mut state, transition) = advance(before, &outcome, config.thresholds);
        let beside = state.judge(&outcome, config);
        if state.wants_recheck() && matches!(outcome.verdict, Verdict::Down(_)) {
            entry.suspect.push(Sample::from_outcome(id, &outcome));
        } else if !matches!(outcome.verdict, Verdict::Internal(_)) {
            entry.suspect.clear();
        }
        let transitions: Vec<Transition> = transition.into_iter().chain(beside).collect();
        if transitions.is_empty() && state == entry.state {
            self.store.samples().push(Sample::from_outcome(id, &outcome));
            self.through(id, outcome);
            return;
        }
        entry.work = Work::Recording;
        self.gauges.unrecorded.fetch_add(1, Relaxed);
        let what = Recorded {
            monitor: id,
            revision: entry.monitor.revision,
            outcome,
            state,
            transitions,
        };
        let writing = recording::record(self.store.clone(), Arc::clone(&self.recorders), what);
        self.records.spawn(async move {
            let settled = AssertUnwindSafe(writing).catch_unwind().await;
            if settled.is_err() {
                tracing::error!(monitor.id = id.0, "recording a change of state crashed");
            }
            (id, settled.ok())
        });
    }

    /// `None`: the writing was given up because everything stops.
    fn recorded(&mut self, settled: Option<(MonitorId, Option<Settled>)>) {
        self.gauges.unrecorded.fetch_sub(1, Relaxed);
        let Some((id, settled)) = settled else { return };
        let settled = settled.and_then(|settled| match settled.result {
            Ok(Record::Stored {
                ref incidents,
                deliveries,
            }) => {
                log_transitions(&settled, incidents, deliveries);
                Some(settled)
            }
            Ok(Record::Stale) => None,
            Err(error) => {
                tracing::error!(monitor.id = id.0, error = %error, "a change of state was refused by the database");
                None
            }
        });
        // What is being read of it at this moment may be from before.
        self.loads.outdate(id);
        let now = self.now();
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if !matches!(entry.work, Work::Recording) {
            return;
        }
        entry.work = Work::Idle;
        if entry.again {
            // Edited meanwhile: the state that came with the edit is later than this one.
            self.check_again(id, now);
        } else if let Some(settled) = settled {
            entry.state = settled.state;
            self.through(id, settled.outcome);
        } else {
            // The state stands as it was, so that the next check comes to the same decision.
            entry.waiters.clear();
            entry.later.clear();
            let soon = Due {
                at: now.instant + entry.monitor.config.thresholds.recheck_every,
                tick: None,
            };
            self.queue.bring_forward(id, soon);
            self.loads.begin(&self.store, id);
        }
    }

    /// A check counts: tell who waited, and come back soon when a failure is to be confirmed.
    fn through(&mut self, id: MonitorId, outcome: Outcome) {
        let now = self.now();
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.work = Work::Idle;
        let mut waiters = std::mem::take(&mut entry.waiters).into_iter();
        if let Some(first) = waiters.next() {
            // Whoever has stopped waiting does not hear of it.
            waiters.for_each(|w| drop(w.send(outcome.clone())));
            drop(first.send(outcome));
        }
        if let Some(recheck) = entry.recheck(now) {
            self.queue.bring_forward(id, recheck);
        }
        let later = std::mem::take(&mut entry.later);
        if !later.is_empty() {
            self.check_for(id, later);
        }
    }

    /// At once, in the ordinary line.
    fn check_again(&mut self, id: MonitorId, now: Moment) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.again = false;
            entry.waiters.append(&mut entry.later);
            entry.work = Work::Waiting { since: now.instant };
            self.lines.join(id, &entry.host, false);
        }
    }

    /// Takes a monitor out of whatever it does, except out of a recording, which has to end by itself.
    fn interrupt(&mut self, id: MonitorId) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        match &entry.work {
            Work::Idle | Work::Recording => return,
            // Whoever has the verdict looks for it in vain.
            Work::Judging { .. } => {}
            Work::Waiting { .. } => {
                self.lines.leave(id, &entry.host);
            }
            Work::Running { task, .. } => {
                task.abort();
                self.lines.end(&entry.host);
                self.gauges.running.fetch_sub(1, Relaxed);
            }
        }
        entry.work = Work::Idle;
    }
}

fn log_transitions(settled: &Settled, incidents: &[IncidentId], deliveries: usize) {
    let id = settled.monitor.0;
    let incidents: Vec<i64> = incidents.iter().map(|i| i.0).collect();
    for transition in &settled.transitions {
        match transition {
            Transition::Opened { kind, since, reason } => tracing::info!(
                monitor.id = id, incidents = ?incidents, %kind, %since, %reason, deliveries, "an incident opens"
            ),
            Transition::Worsened { kind, at, reason } => tracing::info!(
                monitor.id = id, incidents = ?incidents, %kind, %at, %reason, deliveries, "it is more urgent"
            ),
            Transition::Resolved { kind, since, at } => tracing::info!(
                monitor.id = id, incidents = ?incidents, %kind, %since, %at, deliveries, "it is over"
            ),
        }
    }
}
