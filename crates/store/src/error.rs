//! What can go wrong with the database, as far as callers act on it.

use domain::{
    id::{ChannelId, ContactId, MonitorId, PolicyId, ProfileId, RotationId},
    reach::ZoneName,
};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds the database. Trying again later is right.
    #[error("the database is busy")]
    Busy,
    /// A stored row does not parse. The row is left as it is.
    #[error("row {id} of table {table} is damaged in column {column}")]
    Corrupt {
        table: &'static str,
        id: String,
        column: &'static str,
    },
    /// The database was written by a later version of Watchbell.
    #[error(
        "the database was written by a newer version of Watchbell (it has migration {found}, this version knows migrations up to {known}); run that version, or restore a backup made before the upgrade"
    )]
    NewerSchema { found: String, known: String },
    /// Something with this name, address or key exists already.
    #[error("there is already such an entry: {0}")]
    Conflict(&'static str),
    /// A monitor names a channel that does not exist.
    #[error("there is no channel {0}")]
    UnknownChannel(ChannelId),
    /// A monitor names a policy that does not exist.
    #[error("there is no policy {0}")]
    UnknownPolicy(PolicyId),
    /// A step of a policy names an on-call rotation that does not exist.
    #[error("there is no on-call rotation {0}")]
    UnknownRotation(RotationId),
    /// A parent, or what a silence or a window is about, does not exist.
    #[error("there is no monitor {0}")]
    UnknownMonitor(MonitorId),
    /// A monitor would be its own parent, or its parent's parent.
    #[error("a monitor cannot depend on itself")]
    DependsOnItself,
    /// A policy would be left without anybody to tell.
    #[error("the policy \"{0}\" would tell nobody any more; change or delete it first")]
    NobodyLeft(String),
    /// A monitor names a zone that does not exist.
    #[error("there is no zone {0}")]
    UnknownZone(ZoneName),
    /// A zone was left out that monitors are in.
    #[error("{monitors} monitors are in the zone {zone}")]
    ZoneInUse { zone: ZoneName, monitors: usize },
    /// A channel names a mail profile that does not exist.
    #[error("there is no mail profile {0}")]
    UnknownProfile(ProfileId),
    /// A trouble of our own that names a monitor.
    #[error("incidents of monitors are opened and resolved by their checks")]
    NotOurs,
    /// A rotation names a contact that does not exist.
    #[error("there is no contact {0}")]
    UnknownContact(ContactId),
    /// A contact cannot be deleted while these rotations, by their names, need them.
    #[error("the contact is needed by: {}", .0.join(", "))]
    ContactInUse(Vec<String>),
    /// The `cursor` of a page is not one that this program wrote.
    #[error("the cursor is not valid; begin with the first page")]
    Cursor,
    /// A file of the data directory cannot be read or written.
    #[error("{what}: {source}")]
    DataDir { what: String, source: std::io::Error },
    /// The address of the database is not one that we know.
    #[error("the database address is not usable: {0}")]
    Url(String),
    /// The operating system gave no random numbers, or a hash could not be computed.
    #[error("cryptography failed: {0}")]
    Crypto(&'static str),
    /// The database refused or is not there. The text never carries the address or a secret.
    #[error("the database is not available: {0}")]
    Unavailable(String),
}

impl StoreError {
    /// True when the same call may well succeed a moment later.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }
}

/// A row that does not parse.
pub(crate) fn corrupt(table: &'static str, id: impl std::fmt::Display, column: &'static str) -> StoreError {
    let error = StoreError::Corrupt {
        table,
        id: id.to_string(),
        column,
    };
    tracing::error!(error = %error, "damaged row");
    error
}
