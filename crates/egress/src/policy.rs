//! Which addresses may be dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use crate::address::{is_own, meanings};

/// The decision, and nothing else. From strongest to weakest: the deny list, the allow list, what is always denied
/// (cloud metadata, link-local, multicast, unspecified, broadcast, our own listener), and then: allowed. Private and
/// loopback addresses are what a self-hosted monitor is for, so they are allowed.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    allow: Vec<IpNet>,
    deny: Vec<IpNet>,
    own: Vec<SocketAddr>,
}

/// A refusal: what and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Denied {
    pub reason: String,
}

const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];
const METADATA_NAME: &str = "metadata.google.internal";

impl Policy {
    pub fn new(allow: Vec<IpNet>, deny: Vec<IpNet>) -> Self {
        Self {
            allow,
            deny,
            own: Vec::new(),
        }
    }

    /// Where this process itself listens. A wildcard address stands for every address of this machine.
    pub fn with_own_listeners(mut self, listeners: Vec<SocketAddr>) -> Self {
        self.own = listeners;
        self
    }

    /// Port 0 stands for "no port" (ping).
    pub fn check(&self, addr: SocketAddr) -> Result<(), Denied> {
        let meanings = meanings(addr.ip());
        for ip in &meanings {
            if let Some(net) = self.deny.iter().find(|n| n.contains(ip)) {
                return Err(Denied {
                    reason: format!(
                        "{} is denied by {net} in WATCHBELL_EGRESS_DENY.",
                        shown(addr.ip(), *ip)
                    ),
                });
            }
        }
        // An allowed outer address is a person's decision about everything behind it.
        if meanings.first().is_some_and(|ip| self.allows(*ip)) {
            return Ok(());
        }
        for ip in meanings.into_iter().filter(|ip| !self.allows(*ip)) {
            if let Some(what) = self.always_denied(ip, addr.port()) {
                let net = IpNet::from(ip);
                return Err(Denied {
                    reason: format!(
                        "{} is {what} and not dialled. To permit it, add {net} to WATCHBELL_EGRESS_ALLOW.",
                        shown(addr.ip(), ip)
                    ),
                });
            }
        }
        Ok(())
    }

    /// Names that are denied whatever they resolve to.
    pub fn check_name(&self, host: &str) -> Result<(), Denied> {
        let host = host.strip_suffix('.').unwrap_or(host);
        if host.eq_ignore_ascii_case(METADATA_NAME) && !self.allows(METADATA[0]) {
            return Err(Denied {
                reason: format!(
                    "{METADATA_NAME} is a cloud metadata service and not dialled. To permit it, add {}/32 to WATCHBELL_EGRESS_ALLOW.",
                    METADATA[0]
                ),
            });
        }
        Ok(())
    }

    fn allows(&self, ip: IpAddr) -> bool {
        self.allow.iter().any(|n| n.contains(&ip))
    }

    fn always_denied(&self, ip: IpAddr, port: u16) -> Option<&'static str> {
        if METADATA.contains(&ip) {
            return Some("a cloud metadata service");
        }
        let (link_local, unspecified, broadcast) = match ip {
            IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[0] == 0, v4.is_broadcast()),
            IpAddr::V6(v6) => (v6.is_unicast_link_local(), v6.is_unspecified(), false),
        };
        if link_local {
            Some("a link-local address")
        } else if unspecified {
            Some("an unspecified address")
        } else if broadcast {
            Some("the broadcast address")
        } else if ip.is_multicast() {
            Some("a multicast address")
        } else if self.is_own_listener(ip, port) {
            Some("Watchbell's own address")
        } else {
            None
        }
    }

    fn is_own_listener(&self, ip: IpAddr, port: u16) -> bool {
        self.own.iter().any(|own| {
            let listening = own.ip().to_canonical();
            own.port() == port && (listening == ip || (listening.is_unspecified() && is_own(ip)))
        })
    }
}

fn shown(outer: IpAddr, inner: IpAddr) -> String {
    if outer == inner {
        outer.to_string()
    } else {
        format!("{outer} (that is {inner})")
    }
}
