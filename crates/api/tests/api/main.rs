//! The API as a script meets it: the whole router in one process, over a real database file.
//!
//! Every answer that a test gets is held against the OpenAPI document on the way ([`fixture::Api::send`]).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

mod access;
mod bounces;
mod channels;
mod deliverability;
mod document;
mod fixture;
mod health;
mod incidents;
mod mail;
mod maintenance;
mod messages;
mod monitors;
mod oauth;
mod on_call;
mod policies;
mod problems;
mod schema;
mod services;
mod silences;
mod zones;
