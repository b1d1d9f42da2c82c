//! What a host resolves to: which addresses may be dialled, in which order, and who said so.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use domain::host::Host;

use crate::{Denied, DialError, ResolveError};

/// A name with hundreds of addresses must not turn one dial into a scan.
pub(crate) const MOST_ADDRESSES: usize = 8;
const DNS_PORT: u16 = 53;

/// The addresses of a host, judged by the policy.
#[derive(Clone, Debug)]
pub struct LookedUp {
    /// May be dialled, in the order in which to try them; at most eight.
    pub permitted: Vec<IpAddr>,
    /// May not, and why.
    pub denied: Vec<(IpAddr, Denied)>,
    pub source: Source,
}

/// Where addresses come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was an address already.
    Literal,
    /// `/etc/hosts`.
    Hosts,
    /// `localhost` and the names below it, which no name server is asked for.
    Reserved,
    /// One of these was asked.
    NameServers(Vec<SocketAddr>),
}

impl LookedUp {
    /// What may be dialled; never empty. Denied only when the policy permits nothing.
    pub fn dialable(mut self, host: &Host) -> Result<Vec<IpAddr>, DialError> {
        if !self.permitted.is_empty() {
            return Ok(self.permitted);
        }
        Err(match self.denied.pop() {
            Some((_, denied)) => DialError::Denied(denied),
            None => ResolveError::NotFound(format!("The name {host} has no address")).into(),
        })
    }
}

impl fmt::Display for Source {
    /// `from /etc/hosts`, `asked 192.0.2.53`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal => f.write_str("an address already"),
            Self::Hosts => f.write_str("from /etc/hosts"),
            Self::Reserved => f.write_str("always this machine"),
            Self::NameServers(servers) => {
                f.write_str("asked ")?;
                for (i, server) in servers.iter().enumerate() {
                    let between = if i == 0 { "" } else { ", " };
                    match server.port() {
                        DNS_PORT => write!(f, "{between}{}", server.ip())?,
                        _ => write!(f, "{between}{server}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

/// The order of the attempts: first the family that this machine can reach (RFC 6724, rule 1), then both in turn
/// (RFC 8305, 4), so that a way that is dead never uses up all attempts. Within a family the order of DNS stays.
pub(crate) fn in_turn(addresses: Vec<IpAddr>, routable: impl Fn(IpAddr) -> bool) -> Vec<IpAddr> {
    let (v6, v4): (Vec<_>, Vec<_>) = addresses.into_iter().partition(IpAddr::is_ipv6);
    let (first, second) = match v6.first() {
        Some(ip) if routable(*ip) => (v6, v4),
        _ => (v4, v6),
    };
    let mut ordered = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        let turn = [first.next(), second.next()];
        if turn.iter().all(Option::is_none) {
            return ordered;
        }
        ordered.extend(turn.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let ordered = |addresses: &[&str], v6_works: bool| {
            let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
            let mut ordered = in_turn(addresses, |_| v6_works);
            ordered.truncate(MOST_ADDRESSES);
            ordered
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let table: [(&[&str], bool, &str); 7] = [
            (&[], true, ""),
            (&["192.0.2.1", "192.0.2.2"], true, "192.0.2.1 192.0.2.2"),
            (&["::1", "::2"], false, "::1 ::2"),
            (&["192.0.2.1", "::1"], true, "::1 192.0.2.1"),
            (&["::1", "192.0.2.1"], false, "192.0.2.1 ::1"),
            (
                &[
                    "::1",
                    "::2",
                    "::3",
                    "::4",
                    "::5",
                    "::6",
                    "::7",
                    "::8",
                    "::9",
                    "192.0.2.1",
                    "192.0.2.2",
                ],
                true,
                "::1 192.0.2.1 ::2 192.0.2.2 ::3 ::4 ::5 ::6",
            ),
            (
                &[
                    "::1",
                    "::2",
                    "::3",
                    "::4",
                    "::5",
                    "::6",
                    "::7",
                    "::8",
                    "::9",
                    "192.0.2.1",
                ],
                false,
                "192.0.2.1 ::1 ::2 ::3 ::4 ::5 ::6 ::7",
            ),
        ];
        for (addresses, v6_works, expected) in table {
            assert_eq!(ordered(addresses, v6_works), expected, "{addresses:?}");
        }
    }
}
