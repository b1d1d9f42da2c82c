//! Is it us? Which network a monitor is reached by, what proves that this network works, and what follows when it
//! does not.
//!
//! A *zone* is a network as seen from here: the internet, the local network, a tunnel. Each has *references*: servers
//! that answer when the network does. They are asked only when monitors of the zone fail ([`Watch`] says when), and
//! while none of them answers, a failing check of the zone says nothing about its target.

use std::{fmt, net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    field::FieldError,
    host::Host,
    outcome::{Fault, FaultKind, Outcome, Verdict},
    target::Target,
};

mod settings;
mod watch;

pub use settings::{Zone, Zones};
pub use watch::{Change, Ruling, Seen, Watch};

const LONGEST_NAME: usize = 30;

/// The name of a zone: `wan`, `lan`, or one that somebody made. Small letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneName(String);

impl ZoneName {
    pub const WAN: &'static str = "wan";
    pub const LAN: &'static str = "lan";

    pub fn wan() -> Self {
        Self(Self::WAN.to_owned())
    }

    pub fn lan() -> Self {
        Self(Self::LAN.to_owned())
    }

    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let name = crate::text::parse_line(field, text, LONGEST_NAME)?.to_lowercase();
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !name.chars().all(good) || name.starts_with('-') {
            return Err(FieldError::new(
                field,
                "zone-name",
                "Use small letters, digits and dashes. Example: office-vpn.",
            ));
        }
        Ok(Self(name))
    }

    /// The zone of a monitor that names none: `lan` for what is written as an address or a name of one's own network,
    /// `wan` for everything else. Looks at what was typed and resolves nothing.
    pub fn usual(target: &Target) -> Self {
        match Host::parse("host", &target.host()) {
            Ok(host) if is_local(&host) => Self::lan(),
            Ok(_) | Err(_) => Self::wan(),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `wan` and `lan` are always there.
    pub fn is_built_in(&self) -> bool {
        self.0 == Self::WAN || self.0 == Self::LAN
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names that no public name server knows (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`), and those without a dot.
fn is_local(host: &Host) -> bool {
    match host {
        Host::Ip(ip) => is_own_network(*ip),
        Host::Name(name) => {
            let last = name.rsplit('.').next().unwrap_or(name);
            !name.contains('.')
                || matches!(last, "local" | "localhost" | "lan" | "internal" | "home")
                || name.ends_with(".home.arpa")
        }
    }
}

/// Addresses that are reached without the internet.
pub fn is_own_network(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            // The last one is what providers share out among their customers (RFC 6598).
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// What a check tells about the network that it went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The target answered as it should. `proof`: over this network.
    Up { proof: bool },
    /// It did not, which may be the network's fault.
    Failure,
    /// Something of ours failed that has nothing to do with a network.
    Nothing,
}

impl Sign {
    pub fn of(zone: &ZoneName, outcome: &Outcome) -> Self {
        match &outcome.verdict {
            // A target at home that somebody put into `wan` answers with the internet gone.
            Verdict::Up if zone.as_str() == ZoneName::WAN => Self::Up {
                proof: outcome.evidence.remote.is_some_and(|r| !is_own_network(r.ip())),
            },
            Verdict::Up => Self::Up { proof: true },
            Verdict::Down(_) => Self::Failure,
            Verdict::Internal(fault) => match fault.kind {
                // No name server answers, no route is there: so it looks when a cable is pulled.
                FaultKind::Resolver | FaultKind::Resources | FaultKind::SelfOffline => Self::Failure,
                FaultKind::Privilege | FaultKind::Policy | FaultKind::Defect | FaultKind::Database => {
                    Self::Nothing
                }
            },
        }
    }
}

/// What a self-check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Something answered that proves the network.
    Answered,
    /// Nothing did.
    Silent,
    /// It could not be found out: out of sockets, or everything is forbidden by the egress policy.
    Unclear,
    /// There is nothing to ask.
    NoReferences,
}

/// How long a self-check waits for an answer.
pub const DEADLINE: Duration = Duration::from_secs(3);

/// One answer to a self-check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The connection was accepted.
    Accepted,
    /// It was refused: somebody is there.
    Refused,
    /// Nothing came back.
    Silence,
    /// It could not be asked.
    NotAsked,
}

/// Any reference that accepts a connection proves the zone. Other than that:
///
/// A refusal proves nothing of a reference, because a router refuses in the name of others when its own line is down; of
/// the gateway it does, because it is the router. The gateway says that the cable is in, not what is behind it: that is
/// enough for `lan` and never for `wan`.
pub fn weigh(zone: &ZoneName, references: &[Answer], gateway: Option<Answer>) -> Reach {
    if references.is_empty() {
        return Reach::NoReferences;
    }
    let gateway_counts = zone.as_str() == ZoneName::LAN;
    if references.contains(&Answer::Accepted)
        || (gateway_counts && matches!(gateway, Some(Answer::Accepted | Answer::Refused)))
    {
        return Reach::Answered;
    }
    // One that could not be asked might have answered.
    if references.contains(&Answer::NotAsked) {
        return Reach::Unclear;
    }
    Reach::Silent
}

/// What a check that failed while we were offline counts as.
pub fn offline_fault(zone: &ZoneName, since: Timestamp) -> Fault {
    let since = since.to_utc().format("%Y-%m-%d %H:%M UTC");
    let detail = format!(
        "Watchbell itself was offline since {since} (zone {zone}): no reference of this zone answered, so nothing is known of this target."
    );
    Fault::new(FaultKind::SelfOffline, detail)
}
