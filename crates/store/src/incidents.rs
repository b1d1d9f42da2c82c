//! Incidents as people read them.

use std::collections::HashMap;

use domain::{
    clock::Timestamp,
    id::{IncidentId, MonitorId},
    incident::Incident,
};

use crate::{error::StoreError, page::Page, store::Store};

pub struct Incidents<'a> {
    pub(crate) store: &'a Store,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentPhase {
    Open,
    Resolved,
}

#[derive(Clone, Debug, Default)]
pub struct IncidentFilter {
    pub phase: Option<IncidentPhase>,
    pub monitor: Option<MonitorId>,
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    pub incident: Incident,
    /// The name now, or the last one of a monitor that is gone.
    pub monitor_name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentEvent {
    pub at: Timestamp,
    pub kind: IncidentEventKind,
    /// The reason, or who acknowledged.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentEventKind {
    Opened,
    Acknowledged,
    Resolved,
}

impl IncidentEventKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

impl Incidents<'_> {
    pub async fn get(&self, _id: IncidentId) -> Result<Option<IncidentRow>, StoreError> {
        Err(StoreError::Busy)
    }

    /// Latest first.
    pub async fn page(&self, _filter: &IncidentFilter) -> Result<Page<IncidentRow>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn open_of(&self, _monitors: &[MonitorId]) -> Result<HashMap<MonitorId, Incident>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn open_count(&self) -> Result<u64, StoreError> {
        Err(StoreError::Busy)
    }

    /// The first acknowledgement counts; a resolved incident stays as it is. `None`: there is no such incident.
    pub async fn acknowledge(&self, _id: IncidentId, _by: &str) -> Result<Option<Incident>, StoreError> {
        Err(StoreError::Busy)
    }

    /// Oldest first.
    pub async fn events(&self, _id: IncidentId) -> Result<Vec<IncidentEvent>, StoreError> {
        Err(StoreError::Busy)
    }
}
