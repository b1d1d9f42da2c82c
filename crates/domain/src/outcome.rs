//! What one check found: up, down with a reason that a person can act on, or a fault of our own.

use std::{fmt, net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// The result of one check. Built by a probe, folded by [`crate::state::advance`].
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// When the check began.
    pub at: Timestamp,
    pub verdict: Verdict,
    /// How long each phase took, as far as the check got.
    pub phases: Phases,
    /// What the check saw besides the verdict; for the page of one check, not for decisions.
    pub evidence: Box<Evidence>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Up,
    /// The target's fault.
    Down(Reason),
    /// Our fault: leads to UNKNOWN and never to DOWN.
    Internal(Fault),
}

/// Why a target counts as down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub kind: ReasonKind,
    /// One sentence, sanitised, at most 300 characters; may quote the target.
    pub detail: String,
}

impl Reason {
    pub fn new(kind: ReasonKind, detail: impl AsRef<str>) -> Self {
        Self {
            kind,
            detail: crate::text::sanitize(detail.as_ref(), 300),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// An enum of words: what it is called outside is said once.
#[macro_export]
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use crate::named;

named! {
    /// The step at which a target failed, or what else an incident is about. Stored by position: new ones come last.
    ReasonKind {
        Dns = "dns",
        Connect = "connect",
        Tls = "tls",
        Timeout = "timeout",
        Status = "status",
        Body = "body",
        Redirect = "redirect",
        Protocol = "protocol",
        Loss = "loss",
        /// It answered, later than it should.
        Slow = "slow",
        /// What it presents is about to expire.
        Certificate = "certificate",
        /// Nothing is known of it.
        NoData = "no_data",
    }
}

/// Why we could not find out. Never the target's fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub kind: FaultKind,
    /// What happened and what to do, one or two sentences.
    pub detail: String,
}

impl Fault {
    pub fn new(kind: FaultKind, detail: impl AsRef<str>) -> Self {
        Self {
            kind,
            detail: crate::text::sanitize(detail.as_ref(), 300),
        }
    }
}

named! {
    /// What of ours failed.
    FaultKind {
        /// The operating system forbids what the probe needs (unprivileged ICMP).
        Privilege = "privilege",
        /// Our own egress policy refused the address.
        Policy = "policy",
        /// No usable name server on our side.
        Resolver = "resolver",
        /// Out of sockets, files or memory.
        Resources = "resources",
        /// A probe panicked or broke its own deadline.
        Defect = "defect",
        /// The database could not be read or written.
        Database = "database",
        /// The network that the check goes through did not work here.
        SelfOffline = "self_offline",
    }
}

/// Durations of the phases of one check; `None` = not reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    pub dns: Option<Duration>,
    pub connect: Option<Duration>,
    pub tls: Option<Duration>,
    /// From the request until the first byte of the answer; the round trip for ping.
    pub wait: Option<Duration>,
    pub transfer: Option<Duration>,
    /// The whole check, redirects included.
    pub total: Duration,
}

/// What a check saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    pub remote: Option<SocketAddr>,
    pub http_status: Option<u16>,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub http_version: Option<String>,
    /// Every URL that was asked, first to last, without credentials.
    pub hops: Vec<String>,
    /// Decoded body bytes read.
    pub body_bytes: Option<u64>,
    pub certificate: Option<Certificate>,
}

/// The leaf certificate that a target presented, also when it was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    pub names: Vec<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// Certificates in the chain that was sent.
    pub chain_length: usize,
}
