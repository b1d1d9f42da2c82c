//! Monitors and what is known of them.

use std::collections::HashMap;

use domain::{
    id::MonitorId,
    monitor::{Monitor, MonitorConfig},
    state::{MonitorState, Status},
};

use crate::{error::StoreError, page::Page, store::Store};

pub struct Monitors<'a> {
    pub(crate) store: &'a Store,
}

/// Which monitors a page shows, by name.
#[derive(Clone, Debug, Default)]
pub struct MonitorFilter {
    /// `Paused` = not enabled; every other status is of enabled monitors.
    pub status: Option<Status>,
    pub tag: Option<String>,
    /// Part of the name, the case of ASCII letters ignored.
    pub query: Option<String>,
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: u32,
}

impl Monitors<'_> {
    pub async fn create(&self, _config: &MonitorConfig) -> Result<Monitor, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn get(&self, _id: MonitorId) -> Result<Option<Monitor>, StoreError> {
        Err(StoreError::Busy)
    }

    /// Counts the revision up: outcomes of checks that are still running are discarded.
    pub async fn update(
        &self,
        _id: MonitorId,
        _config: &MonitorConfig,
    ) -> Result<Option<Monitor>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn set_enabled(&self, _id: MonitorId, _enabled: bool) -> Result<Option<Monitor>, StoreError> {
        Err(StoreError::Busy)
    }

    /// Its open incident is resolved with it, and its pending deliveries are cancelled. `false`: there was none.
    pub async fn delete(&self, _id: MonitorId) -> Result<bool, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn all(&self) -> Result<Vec<Monitor>, StoreError> {
        Err(StoreError::Busy)
    }

    /// Of monitors that were checked at least once.
    pub async fn states(&self) -> Result<HashMap<MonitorId, MonitorState>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn state(&self, _id: MonitorId) -> Result<Option<MonitorState>, StoreError> {
        Err(StoreError::Busy)
    }

    /// By name.
    pub async fn page(&self, _filter: &MonitorFilter) -> Result<Page<(Monitor, MonitorState)>, StoreError> {
        Err(StoreError::Busy)
    }

    /// How many monitors have each status; a paused one counts as paused whatever it was before.
    pub async fn counts(&self) -> Result<Vec<(Status, u64)>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn count(&self) -> Result<u64, StoreError> {
        Err(StoreError::Busy)
    }

    /// Every tag in use, sorted.
    pub async fn tags(&self) -> Result<Vec<String>, StoreError> {
        Err(StoreError::Busy)
    }
}
