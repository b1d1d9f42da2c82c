//! The handle that everybody holds.

use std::{path::PathBuf, sync::Arc};

use domain::clock::{Clock, Timestamp};

use crate::{
    accounts::Accounts, channels::Channels, error::StoreError, incidents::Incidents, key::MasterKey,
    monitors::Monitors, outbox::Outbox, samples::Samples, settings::Settings,
};

/// What is needed to open the database.
#[derive(Clone)]
pub struct Options {
    /// `sqlite://<file>` or `postgres://…`.
    pub url: String,
    /// Where backups go.
    pub data_dir: PathBuf,
    pub key: MasterKey,
    pub clock: Arc<dyn Clock>,
    /// Right side of a `Message-ID` while no mail is set up.
    pub message_domain: String,
}

/// Cheap to clone; all clones share the pools.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) due: tokio::sync::Notify,
}

impl Store {
    /// Connects, refuses a database of a later version, backs up and migrates, checks the key, reads back the samples
    /// of the running hour, and starts the background tasks.
    pub async fn open(_options: Options) -> Result<Self, StoreError> {
        Err(StoreError::Unavailable("not built yet".into()))
    }

    /// Writes what is buffered, stops the background tasks and closes the pools. Idempotent.
    pub async fn close(&self) {}

    /// Reads and writes nothing of meaning: `Ok` means that the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("not built yet".into()))
    }

    /// `false`: secrets in the database were sealed with another key. Everything else works.
    pub fn key_matches(&self) -> bool {
        true
    }

    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub fn monitors(&self) -> Monitors<'_> {
        Monitors { store: self }
    }

    pub fn incidents(&self) -> Incidents<'_> {
        Incidents { store: self }
    }

    pub fn samples(&self) -> Samples<'_> {
        Samples { store: self }
    }

    pub fn outbox(&self) -> Outbox<'_> {
        Outbox { store: self }
    }

    pub fn channels(&self) -> Channels<'_> {
        Channels { store: self }
    }

    pub fn settings(&self) -> Settings<'_> {
        Settings { store: self }
    }

    pub fn accounts(&self) -> Accounts<'_> {
        Accounts { store: self }
    }
}
