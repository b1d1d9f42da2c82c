//! The only crate that knows the database: SQLite by default, PostgreSQL through the same code.
//!
//! Flow: [`Store::open`] connects, backs up, migrates and checks the key. Domain types go in and come out of the
//! handles: [`Store::monitors`], [`Store::incidents`], [`Store::troubles`], [`Store::acknowledgements`],
//! [`Store::gaps`], [`Store::samples`] of what is watched; [`Store::policies`], [`Store::silences`], [`Store::maintenances`],
//! [`Store::contacts`], [`Store::rotations`] of who hears of it; [`Store::outbox`], [`Store::channels`],
//! [`Store::recipients`], [`Store::optouts`], [`Store::bounces`], [`Store::mail`], [`Store::mail_tokens`] of how;
//! [`Store::settings`] and [`Store::accounts`]. Rows stay inside: each is turned into domain by a checked conversion, and
//! one that does not parse is [`StoreError::Corrupt`], never a panic.
//!
//! Two classes of durability. A transition with its incident and every outbox row, a setting, an account: committed at
//! once, in one transaction. Samples: collected and written at least once a second.
//!
//! What this crate does not do: it decides nothing about monitors ([`domain::state`] does), it sends nothing
//! (`alert` does), and it never holds a transaction open while anybody waits for the network.

pub mod accounts;
mod acknowledgements;
pub mod bounces;
mod channels;
mod connect;
mod contacts;
pub mod crash;
mod database;
mod dead_man;
mod entity;
mod error;
mod escalations;
mod gaps;
mod holds;
mod incidents;
mod instance;
mod key;
pub mod mail;
mod mail_tokens;
mod maintenances;
mod mistake;
mod monitors;
mod optouts;
pub mod outbox;
mod page;
mod policies;
mod proof;
pub mod recipients;
mod record;
mod retention;
mod rotations;
pub mod samples;
mod seal;
mod sealed;
mod settings;
mod silences;
mod store;
mod troubles;

pub use acknowledgements::{Acknowledgements, Errand};
pub use channels::{ChannelHealth, Channels, standing::Neglected};
pub use contacts::Contacts;
pub use dead_man::{DeadManRevision, DeadManSwitch};
pub use error::StoreError;
pub use escalations::{Forecast, ForecastStep, NextAct, Reach, Standing};
pub use gaps::{Gap, Gaps};
pub use incidents::{
    IncidentEvent, IncidentEventKind, IncidentFilter, IncidentPhase, IncidentRow, Incidents, Snoozed,
};
pub use key::{KeyError, MasterKey};
pub use mail::MailProfile;
pub use mail_tokens::{Grant, GrantState, GrantStatus, MailTokens};
pub use maintenances::{MaintenanceFilter, MaintenanceState, Maintenances};
pub use monitors::{Matched, MonitorFilter, Monitors};
pub use optouts::{Optout, Optouts};
pub use page::Page;
pub use policies::{Because, Policies};
pub use record::{Record, Recorded};
pub use retention::Forgotten;
pub use rotations::{Feed, Rotations};
pub use settings::{General, MessageRevision, Settings, ZonesRevision};
pub use silences::{SilenceFilter, Silences};
pub use store::{Options, Store};
pub use troubles::{Trouble, Troubles};
