//! The store against both databases: every test body runs on SQLite with the production options and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot set its scene must fail at once; its tasks end with the test"
)]

mod accounts;
mod acknowledgements;
mod attention;
mod bounces;
mod bundle;
mod dead_man;
mod deletion;
mod dependencies;
mod digest;
mod escalations;
mod fallback;
mod gaps;
mod harness;
mod interleavings;
mod locks;
mod log;
mod mail;
mod mail_tokens;
mod maintenances;
mod monitors;
mod opening;
mod optouts;
mod order;
mod outbox;
mod quiet;
mod recipients;
mod record;
mod reminders;
mod retention;
mod rotations;
mod samples;
mod secrets;
mod silences;
mod standing;
mod step_hours;
mod troubles;
mod upgrade;
