//! An outage as people see it: opened by a confirmed failure, resolved by a confirmed recovery.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    id::{IncidentId, MonitorId},
    outcome::Reason,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    pub id: IncidentId,
    pub monitor: MonitorId,
    /// The first failing check.
    pub since: Timestamp,
    /// When the failure was confirmed.
    pub opened_at: Timestamp,
    pub reason: Reason,
    pub progress: Progress,
}

/// Where an incident stands. Acknowledging never hides that it is still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    Open,
    Acknowledged {
        at: Timestamp,
        by: String,
    },
    Resolved {
        at: Timestamp,
        acknowledged: Option<(Timestamp, String)>,
    },
}

impl Incident {
    pub fn is_open(&self) -> bool {
        !matches!(self.progress, Progress::Resolved { .. })
    }

    pub fn resolved_at(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::Resolved { at, .. } => Some(at),
            Progress::Open | Progress::Acknowledged { .. } => None,
        }
    }

    /// From the first failing check to the recovery, or to `now` while it lasts. Never negative.
    pub fn duration(&self, now: Timestamp) -> Duration {
        self.resolved_at().unwrap_or(now).since(self.since)
    }
}
