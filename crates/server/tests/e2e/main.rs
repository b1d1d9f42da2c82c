//! End to end: the built binary, real databases, real conversations. One crate, so that it is linked once.
#![expect(
    clippy::disallowed_methods,
    reason = "tests may start tasks and read the clock"
)]

mod bad_input;
mod browser;
mod crash;
mod lifecycle;
mod mail_settings;
mod outage;
mod scene;
mod secrets;
