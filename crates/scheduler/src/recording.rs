//! Getting a change of state into the database, however long that takes.

use std::{sync::Arc, time::Duration};

use domain::{
    id::MonitorId,
    outcome::Outcome,
    state::{MonitorState, Transition},
};
use store::{Record, Recorded, Store, StoreError};
use tokio::{sync::Semaphore, time::sleep};

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How it ended.
pub(crate) struct Settled {
    pub(crate) monitor: MonitorId,
    pub(crate) outcome: Outcome,
    pub(crate) state: MonitorState,
    pub(crate) transitions: Vec<Transition>,
    /// `Err`: the database works and refuses this row; trying again would not help.
    pub(crate) result: Result<Record, StoreError>,
}

/// Tries until the database takes it or refuses it for good. What it holds is all that is kept: one change per monitor.
pub(crate) async fn record(store: Store, turn: Arc<Semaphore>, what: Recorded) -> Settled {
    let mut wait = FIRST_WAIT;
    let result = loop {
        let tried = {
            // An error means that it was closed, which nobody does; then nobody takes turns.
            let _turn = turn.acquire().await.ok();
            // In thousands that wait there is no room for what only those at work need.
            Box::pin(store.record(what.clone())).await
        };
        match tried {
            Err(error @ (StoreError::Busy | StoreError::Unavailable(_))) => {
                tracing::warn!(
                    monitor.id = what.monitor.0,
                    error = %error,
                    retry_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                    "a change of state is not recorded yet"
                );
                sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            settled => break settled,
        }
    };
    Settled {
        monitor: what.monitor,
        outcome: what.outcome,
        state: what.state,
        transitions: what.transitions,
        result,
    }
}
