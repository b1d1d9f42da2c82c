//! The vocabulary of Watchbell and every decision that it makes.
//!
//! Flow: a [`monitor::Monitor`] has a [`schedule::Schedule`] and a [`target::Target`]; a probe turns the target into
//! an [`outcome::Outcome`]; [`state::advance`] folds outcomes into a [`state::MonitorState`] and now and then a
//! [`state::Transition`], of being down or of another [`condition`]; a transition opens or resolves an
//! [`incident::Incident`]; an [`escalation`] takes it through the steps of its [`policy`], unless something holds it
//! ([`hold`]); each event of an incident becomes one [`delivery`] per channel and recipient.
//!
//! What this crate does not do: no runtime, no database, no network, no clock, no randomness. Time and random numbers
//! come in as arguments, so that every rule here is tested by table and by property.

pub mod attention;
pub mod bounce;
pub mod channel;
pub mod clock;
pub mod condition;
pub mod csv;
pub mod dead_man;
pub mod deliverability;
pub mod delivery;
pub mod dependency;
pub mod duration;
pub mod escalation;
pub mod field;
pub mod gathering;
pub mod hold;
pub mod host;
pub mod hours;
pub mod id;
pub mod in_force;
pub mod incident;
pub mod json;
pub mod language;
pub mod mail;
pub mod mail_message;
pub mod maintenance;
pub mod matcher;
pub mod monitor;
pub mod outcome;
pub mod policy;
pub mod ration;
pub mod reach;
pub mod recipient;
pub mod retry;
pub mod rotation;
pub mod schedule;
pub mod sealed;
pub mod silence;
pub mod state;
pub mod target;
pub mod template;
pub mod text;
pub mod zone;
