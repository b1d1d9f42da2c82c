//! The store against both databases: every test body runs on SQLite with the production options and on PostgreSQL.

mod accounts;
mod harness;
mod monitors;
mod opening;
mod outbox;
mod record;
mod samples;
mod secrets;
