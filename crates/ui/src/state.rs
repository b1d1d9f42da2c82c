//! What the pages work with.

use std::{path::PathBuf, sync::Arc};

use domain::clock::{Clock, Timestamp};
use ipnet::IpNet;
use url::Url;

/// Everything that a page may reach. Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub store: store::Store,
    pub scheduler: scheduler::Handle,
    pub alert: alert::Alert,
    /// Where people reach this instance. `https` makes the cookies `Secure` and switches HSTS on.
    pub public_url: Url,
    /// Peers whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    pub clock: Arc<dyn Clock>,
    /// Where the spent set-up token lies.
    pub data_dir: PathBuf,
}

impl State {
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// True when a password would really travel in clear: plain HTTP to somewhere else than this machine.
    pub(crate) fn is_exposed(&self) -> bool {
        let loopback = match self.public_url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        !self.is_https() && !loopback
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
