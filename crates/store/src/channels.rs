//! Where messages go.

use std::collections::HashMap;

use domain::{
    channel::{Channel, ChannelDraft},
    clock::Timestamp,
    id::{ChannelId, MonitorId},
};

use crate::{error::StoreError, store::Store};

pub struct Channels<'a> {
    pub(crate) store: &'a Store,
}

/// What became of a channel's latest messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelHealth {
    pub last_success: Option<Timestamp>,
    /// When, and why in words.
    pub last_failure: Option<(Timestamp, String)>,
    /// Deliveries that wait until somebody corrects the settings.
    pub waiting: u64,
}

impl Channels<'_> {
    pub async fn create(&self, _draft: &ChannelDraft) -> Result<Channel, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn get(&self, _id: ChannelId) -> Result<Option<Channel>, StoreError> {
        Err(StoreError::Busy)
    }

    /// Deliveries that waited for a correction of this channel become due.
    pub async fn update(&self, _id: ChannelId, _draft: &ChannelDraft) -> Result<Option<Channel>, StoreError> {
        Err(StoreError::Busy)
    }

    /// Its pending deliveries are cancelled. `false`: there was none.
    pub async fn delete(&self, _id: ChannelId) -> Result<bool, StoreError> {
        Err(StoreError::Busy)
    }

    /// By name.
    pub async fn all(&self) -> Result<Vec<Channel>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn for_monitor(&self, _monitor: MonitorId) -> Result<Vec<Channel>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn health(&self, _ids: &[ChannelId]) -> Result<HashMap<ChannelId, ChannelHealth>, StoreError> {
        Err(StoreError::Busy)
    }
}
