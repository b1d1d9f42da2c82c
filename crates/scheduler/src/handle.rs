//! What the rest of the program holds of the scheduler.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::{clock::Timestamp, id::MonitorId, outcome::Outcome, reach::ZoneName, state::Status};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::UnboundedSender<Command>,
    gauges: Arc<Gauges>,
}

#[derive(Debug)]
pub(crate) enum Command {
    Changed(MonitorId),
    CheckNow(MonitorId, oneshot::Sender<Outcome>),
    ZonesChanged,
}

/// A monitor whose last result is too old to say anything: it counts as unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// When the last result came.
    pub heard: Timestamp,
    /// What it would be otherwise.
    pub status: Status,
}

/// How the scheduler is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// When the engine last went round; at least once a second while it lives.
    pub last_tick: Timestamp,
    /// Checks under way.
    pub running: usize,
    /// Checks that ended, since the start.
    pub checks: u64,
    /// Ticks at which a monitor could not be checked because its last check was not through yet.
    pub skipped: u64,
    /// How long the first in line has waited for a worker or for its host.
    pub behind: Duration,
    /// Changes of state that are not in the database yet.
    pub unrecorded: usize,
    /// Monitors that the supervision had to put right: always a defect.
    pub healed: u64,
    /// How often the references of a zone were asked.
    pub self_checks: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) last_tick: AtomicI64,
    pub(crate) running: AtomicUsize,
    pub(crate) checks: AtomicU64,
    pub(crate) skipped: AtomicU64,
    pub(crate) behind_ms: AtomicU64,
    pub(crate) unrecorded: AtomicUsize,
    pub(crate) healed: AtomicU64,
    pub(crate) self_checks: AtomicU64,
    pub(crate) offline: Mutex<Vec<(ZoneName, Timestamp)>>,
    pub(crate) stale: Mutex<Arc<HashMap<MonitorId, Stale>>>,
}

impl Handle {
    pub(crate) fn new(gauges: Arc<Gauges>) -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        (Self { commands, gauges }, receiver)
    }

    /// The monitor was created, edited, paused, resumed or deleted: it is read again and the change has effect at
    /// once. A check that is under way is dropped; one that is new, edited or resumed is checked immediately.
    pub fn changed(&self, id: MonitorId) {
        // Nobody listens: the scheduler has ended and reads everything at its next start.
        let _ = self.commands.send(Command::Changed(id));
    }

    /// The zones or their references were set up anew: all references are asked whether they answer.
    pub fn zones_changed(&self) {
        let _ = self.commands.send(Command::ZonesChanged);
    }

    /// The zones in which we are offline, and since when.
    pub fn offline(&self) -> Vec<(ZoneName, Timestamp)> {
        self.gauges.offline.lock().clone()
    }

    /// The monitors whose last result is too old; at most a few seconds late.
    pub fn stale(&self) -> Arc<HashMap<MonitorId, Stale>> {
        Arc::clone(&self.gauges.stale.lock())
    }

    /// Numbers of monitors by status, as the database has them, with those that are stale counted as unknown.
    pub fn count_stale(&self, mut counts: Vec<(Status, u64)>) -> Vec<(Status, u64)> {
        let stale = self.stale();
        let mut moved = 0;
        for (status, n) in &mut counts {
            let of_status = stale.values().filter(|s| s.status == *status).count() as u64;
            // Paused in this moment, perhaps.
            let of_status = of_status.min(*n);
            *n -= of_status;
            moved += of_status;
        }
        match counts.iter_mut().find(|(status, _)| *status == Status::Unknown) {
            Some((_, unknown)) => *unknown += moved,
            None if moved > 0 => counts.push((Status::Unknown, moved)),
            None => {}
        }
        counts.retain(|(_, n)| *n > 0);
        counts
    }

    /// Checks now, ahead of others in line, and gives the outcome when it is folded and recorded. `None`: the monitor
    /// is paused, does not exist, or was changed meanwhile.
    pub async fn check_now(&self, id: MonitorId) -> Option<Outcome> {
        let (sender, outcome) = oneshot::channel();
        self.commands.send(Command::CheckNow(id, sender)).ok()?;
        outcome.await.ok()
    }

    pub fn health(&self) -> Health {
        let g = &self.gauges;
        Health {
            last_tick: Timestamp::from_millis(g.last_tick.load(Relaxed)),
            running: g.running.load(Relaxed),
            checks: g.checks.load(Relaxed),
            skipped: g.skipped.load(Relaxed),
            behind: Duration::from_millis(g.behind_ms.load(Relaxed)),
            unrecorded: g.unrecorded.load(Relaxed),
            healed: g.healed.load(Relaxed),
            self_checks: g.self_checks.load(Relaxed),
        }
    }
}
