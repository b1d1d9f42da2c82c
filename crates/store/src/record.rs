//! One outcome, one transaction: the state, the incident and every outbox row, or nothing.

use domain::{
    id::{IncidentId, MonitorId},
    outcome::Outcome,
    state::{MonitorState, Transition},
};

use crate::{error::StoreError, store::Store};

/// An outcome that changed a monitor's state.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub monitor: MonitorId,
    /// Of the configuration that was checked.
    pub revision: i64,
    pub outcome: Outcome,
    pub state: MonitorState,
    pub transition: Option<Transition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    Stored {
        /// The incident that the transition opened or resolved.
        incident: Option<IncidentId>,
        /// Outbox rows that were planned.
        deliveries: usize,
    },
    /// The monitor was edited, paused or deleted since the check began. Nothing was written.
    Stale,
}

impl Store {
    /// Durable when it returns. The sample of this outcome is written with it: do not push it as well.
    pub async fn record(&self, _recorded: Recorded) -> Result<Record, StoreError> {
        Err(StoreError::Busy)
    }
}
