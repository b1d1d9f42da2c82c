//! What is due when: runs the probes, folds their outcomes, and hands what changed to the store.
//!
//! Flow: one task, the engine, owns every monitor's place in the world. When a monitor is due it gets in line: first for
//! its host, then for a worker. Its check runs as a task of its own; the outcome comes back to the engine, which folds
//! it with [`domain::state::advance`]. Nothing changed: the sample goes into the store's buffer. Something changed: it is
//! recorded at once, and only when the database has it does the engine believe it. Until then the monitor is not
//! checked again, so at most one change per monitor ever waits.
//!
//! Time: *which* moment is due comes from the wall clock and the monitor's phase ([`domain::schedule`]), *waiting* is
//! monotonic. A tick that cannot be kept is skipped and counted, never replayed; a clock that jumps moves the plan and
//! makes no burst.
//!
//! Is it us? An outcome that would open an incident waits until the references of its zone were asked, unless other
//! monitors prove the network meanwhile ([`domain::reach`] decides). While none answers, failures count as unknown.
//!
//! Supervision: once a second the engine looks at every monitor. One that is enabled and has no next run, or whose check
//! does not end, is healed and counted. If the engine itself dies, it stops the process: a monitor that does not look is
//! worse than one that is not there.
//!
//! What this crate does not do: it sends nothing (the outbox is filled by the store's transaction and emptied by
//! `alert`), it knows no protocol (`probe` does), and it decides nothing about up and down (`domain` does).

use std::sync::Arc;

use domain::clock::Clock;
use probe::Probes;
use store::{Store, StoreError};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

mod check;
mod engine;
mod entry;
mod gaps;
mod handle;
mod lines;
mod loading;
mod queue;
mod recording;
mod zones;

pub use handle::{Handle, Health, Stale};

/// How much is done at once.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Checks under way.
    pub workers: usize,
    /// Checks under way against one host: a slow one fills its own line and nobody else's.
    pub per_host: usize,
}

pub struct Scheduler;

impl Scheduler {
    /// Reads the monitors and what is known of them, and begins. The tasks belong to `tracker` and end after `stop`;
    /// `stop` is cancelled by the scheduler itself when it dies.
    pub async fn start(
        config: Config,
        store: Store,
        probes: Probes,
        clock: Arc<dyn Clock>,
        tracker: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Handle, StoreError> {
        let check = check::ByProbe::new(probes, Arc::clone(&clock));
        engine::start(config, store, check, clock, tracker, stop).await
    }
}
