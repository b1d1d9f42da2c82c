//! Probes against real sockets: targets that behave and targets that do not.

#[path = "../../../egress/tests/dns/mod.rs"]
mod dns;
mod http;
mod limits;
mod ping;
mod policy;
mod scene;
mod tcp;
mod tls;
