//! Takes claimed outbox rows to channels and brings back what the other side said.
//!
//! Flow: the dispatcher wakes (a commit made rows due, a retry is due, or the poll interval is over), claims rows of each
//! due channel, builds the [`channel::Channel`] from what is stored at that moment, sends, and stores the attempt and the
//! next state of the row. A test from the settings page goes through the same channel code.
//!
//! What this crate does not do: it decides neither who hears of what (that is planned in the transaction that opens an
//! incident) nor what is up or down; it keeps no copy of any setting; and it never holds a database transaction while it
//! waits for the network.

pub mod channel;
mod dispatcher;
mod email;
pub mod mail;
mod message;
mod webhook;
