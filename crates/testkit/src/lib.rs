//! What tests drive the program with: the other side of every wire, the process itself, and time.
//!
//! Flow: a test starts what the program will talk to ([`SmtpServer`], [`HttpTarget`], [`TcpTarget`], [`WebhookSink`],
//! [`TokenEndpoint`], [`DnsServer`], [`Postgres`], the real servers of [`mail_servers`]), perhaps the built binary itself ([`Watchbell`]),
//! acts, and waits for what must follow with [`wait_until`]. Everything listens on 127.0.0.1 and ends when it is dropped.
//!
//! What this crate does not do: it knows nothing of the store, the probes or the channels, so that it cannot share
//! their mistakes. It is a dev-dependency for `tests/*.rs`; unit tests do not use it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot set its scene must fail at once and loudly; its tasks end with the test"
)]

mod canary;
mod clock;
pub mod dns;
mod door;
mod http;
mod keeper;
mod logs;
pub mod mail_servers;
mod postgres;
pub mod smtp;
mod tcp;
pub mod tls;
mod token_endpoint;
mod wait;
pub mod watchbell;

pub use canary::Canary;
pub use clock::{FakeClock, WallClock};
pub use dns::DnsServer;
pub use http::{HttpTarget, Reply, Request, WebhookSink};
pub use logs::Logs;
pub use postgres::Postgres;
pub use smtp::{Act, Hold, Rule, Script, SmtpServer, Step};
pub use tcp::TcpTarget;
pub use tempfile::TempDir;
pub use token_endpoint::{TokenEndpoint, TokenRequest};
pub use wait::{wait_for, wait_until};
pub use watchbell::{Api, CommandOutput, Watchbell, WatchbellOptions};

/// An empty directory that is removed when dropped.
pub fn temp_dir() -> TempDir {
    tempfile::Builder::new()
        .prefix("watchbell-test-")
        .tempdir()
        .expect("a temporary directory can be made")
}
