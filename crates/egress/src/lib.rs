//! How anything leaves the process: resolve, filter, dial, TLS.
//!
//! Flow: a [`Dialer`] turns a host into addresses (`/etc/hosts`, then DNS), holds **every** address to the [`Policy`],
//! and connects to one of those very addresses, so that a name that resolves differently a moment later gains nothing.
//! HTTP clients get the same through [`HttpResolver`] and [`Dialer::guarded`]. [`tls`] builds client configurations
//! that keep the certificate chain also when it was refused, and [`certificate`] reads it for people. TXT and MX records
//! are looked up by the same resolver; nobody is dialled for them but the name server.
//!
//! What this crate does not do: no protocol above TLS, no redirects, no retries, no pooling, no verdicts. It says what
//! went wrong and whether that lies on this machine; its callers decide what that means.

mod address;
pub mod certificate;
mod dial;
mod gateway;
mod http;
mod lookup;
mod policy;
mod resolve;
pub mod tls;

pub use dial::{DialError, Dialed, Dialer, Options, SetupError};
pub use gateway::default_gateway;
pub use http::HttpResolver;
pub use lookup::{LookedUp, Source};
pub use policy::{Denied, Policy};
pub use resolve::{ResolveError, records::Exchange};
