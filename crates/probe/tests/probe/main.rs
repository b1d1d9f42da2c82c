//! Probes against real sockets: targets that behave and targets that do not.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot set its scene must fail at once"
)]

#[path = "../../../egress/tests/dns/mod.rs"]
mod dns;
mod http;
mod http2;
mod limits;
mod ping;
mod policy;
mod scene;
mod tcp;
mod tls;
