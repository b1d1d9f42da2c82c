//! Probes against real sockets: targets that behave and targets that do not.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot set its scene must fail at once"
)]

mod http;
mod http2;
mod limits;
mod ping;
mod policy;
mod scene;
mod tcp;
mod tls;
