//! End to end: the built binary, real databases, real conversations. One crate, so that it is linked once.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot set its scene must fail at once and loudly"
)]

mod bad_input;
mod beside;
mod browser;
mod crash;
mod crawl;
mod dead_man;
mod lifecycle;
mod mail_settings;
mod outage;
mod own_network;
mod scene;
mod secrets;
mod storm;
mod wrong_password;
