//! Resolve, filter, connect: the one way out for everything that is not HTTP.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use domain::host::{Host, HostPort};
use rustls::RootCertStore;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::{
    Denied, Policy, ResolveError,
    address::has_route,
    lookup::{LookedUp, MOST_ADDRESSES, Source, in_turn},
    resolve::{Resolver, records::Exchange},
    tls::{TlsSetupError, load_roots, with_authority},
};

/// Policy, resolver and root certificates of the process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Dialer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Policy,
    resolver: Resolver,
    roots: Arc<RootCertStore>,
}

/// Why no dialer could be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("no root certificate could be loaded, neither from the system nor from the built-in set")]
    NoRoots,
    #[error(transparent)]
    Authority(#[from] TlsSetupError),
}

/// What an installation may set differently from the system.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Asked instead of the system's name servers; `/etc/hosts` still comes first.
    pub name_servers: Option<Vec<SocketAddr>>,
    /// An own certificate authority, PEM, trusted beside the system's.
    pub extra_ca_pem: Option<String>,
}

/// An open connection and how it came about.
#[derive(Debug)]
pub struct Dialed {
    pub stream: TcpStream,
    pub remote: SocketAddr,
    /// Everything that the name resolved to and the policy permits, in the order of the attempts.
    pub addresses: Vec<IpAddr>,
    /// Zero for an address literal.
    pub dns: Duration,
    /// Of the attempt that succeeded.
    pub connect: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum DialError {
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The other side, or the network on the way, said no.
    #[error("{}", refusal(error, tried))]
    Connect {
        error: io::Error,
        tried: Vec<SocketAddr>,
    },
    /// `tried` is empty when the time was over before the first attempt.
    #[error("{}", silence(tried))]
    Timeout { tried: Vec<SocketAddr> },
    /// The fault is on this machine: out of sockets, memory or ports, no route, a local firewall.
    #[error("{0}")]
    Resources(io::Error),
}

/// A budget for those whose own deadline cuts in earlier.
pub(crate) const UNHURRIED: Duration = Duration::from_mins(1);

impl Dialer {
    /// Reads the system's resolver configuration and root certificates. A missing name server is not an error here:
    /// literals and `/etc/hosts` work without one, and every other name says what is missing.
    pub fn new(policy: Policy) -> Result<Self, SetupError> {
        Self::with_options(policy, Options::default())
    }

    /// As [`Self::new`], with what an installation sets differently.
    pub fn with_options(policy: Policy, options: Options) -> Result<Self, SetupError> {
        let mut roots = load_roots();
        if let Some(pem) = &options.extra_ca_pem {
            roots = with_authority(&roots, pem)?;
        }
        if roots.is_empty() {
            return Err(SetupError::NoRoots);
        }
        Ok(Self(Arc::new(Inner {
            policy,
            resolver: Resolver::new(options.name_servers),
            roots: Arc::new(roots),
        })))
    }

    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The system's root certificates, or the built-in set where the system has none. Loaded once.
    pub fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.0.roots)
    }

    /// All addresses of a host, not filtered by the policy. A literal passes through.
    pub async fn resolve(&self, host: &Host) -> Result<Vec<IpAddr>, ResolveError> {
        let (all, _) = self.resolve_within(host, UNHURRIED).await?;
        Ok(all)
    }

    /// The TXT records of a name, each with its strings joined; at most 100 of at most 8 KiB. Empty when the name
    /// exists without any, [`ResolveError::NotFound`] when it does not exist. Takes at most 5 s and at most `budget`.
    pub async fn txt(&self, name: &str, budget: Duration) -> Result<Vec<String>, ResolveError> {
        self.0.resolver.txt(name, budget).await
    }

    /// The mail servers of a domain, the preferred one first, under the same limits as [`Self::txt`].
    pub async fn mx(&self, name: &str, budget: Duration) -> Result<Vec<Exchange>, ResolveError> {
        self.0.resolver.mx(name, budget).await
    }

    async fn resolve_within(
        &self,
        host: &Host,
        budget: Duration,
    ) -> Result<(Vec<IpAddr>, Source), ResolveError> {
        match host {
            Host::Ip(ip) => Ok((vec![*ip], Source::Literal)),
            Host::Name(name) => self.0.resolver.resolve(name, budget).await,
        }
    }

    /// The addresses that may be dialled, in the order in which to try them; never empty. Denied only when the
    /// policy permits none of them. Port 0 stands for "no port".
    pub async fn addresses(
        &self,
        host: &Host,
        port: u16,
        deadline: impl Into<Instant>,
    ) -> Result<Vec<IpAddr>, DialError> {
        self.look_up(host, port, deadline).await?.dialable(host)
    }

    /// What the host resolves to, judged by the policy. An error only when it does not resolve or its very name is
    /// denied.
    pub async fn look_up(
        &self,
        host: &Host,
        port: u16,
        deadline: impl Into<Instant>,
    ) -> Result<LookedUp, DialError> {
        if let Host::Name(name) = host {
            self.0.policy.check_name(name)?;
        }
        let deadline = deadline.into();
        let (all, source) = timeout(
            remaining(deadline),
            // Less, so that the resolver has found out whose fault a silence is before the time is over.
            self.resolve_within(host, remaining(deadline).mul_f32(0.85)),
        )
        .await
        .map_err(|_| DialError::Timeout { tried: Vec::new() })??;
        let mut permitted = Vec::with_capacity(all.len());
        let mut denied = Vec::new();
        for ip in all {
            match self.0.policy.check(SocketAddr::new(ip, port)) {
                Ok(()) => permitted.push(ip),
                Err(refusal) => denied.push((ip, refusal)),
            }
        }
        let mut permitted = in_turn(permitted, has_route);
        permitted.truncate(MOST_ADDRESSES);
        Ok(LookedUp {
            permitted,
            denied,
            source,
        })
    }

    /// Connects to the first permitted address that answers. The time that is left is shared out over the addresses
    /// that are left, so that one dead address never costs the others their turn.
    pub async fn dial(&self, target: &HostPort, deadline: impl Into<Instant>) -> Result<Dialed, DialError> {
        let deadline = deadline.into();
        let started = Instant::now();
        let addresses = self.addresses(&target.host, target.port, deadline).await?;
        let dns = match target.host {
            Host::Name(_) => started.elapsed(),
            Host::Ip(_) => Duration::ZERO,
        };
        let mut tried = Vec::with_capacity(addresses.len());
        let mut timed_out = false;
        let mut failure: Option<io::Error> = None;
        for (i, ip) in addresses.iter().enumerate() {
            let remote = SocketAddr::new(*ip, target.port);
            let share = remaining(deadline) / u32::try_from(addresses.len() - i).unwrap_or(1);
            let started = Instant::now();
            tried.push(remote);
            match timeout(share, TcpStream::connect(remote)).await {
                Ok(Ok(stream)) => {
                    // Line protocols send small pieces; Nagle would add 40 ms to each.
                    let _ = stream.set_nodelay(true);
                    return Ok(Dialed {
                        stream,
                        remote,
                        addresses,
                        dns,
                        connect: started.elapsed(),
                    });
                }
                // "No route" for one family says less than a refusal of the other.
                Ok(Err(e)) => match failure {
                    Some(_) if is_ours(&e, *ip) => {}
                    _ => failure = Some(told(e, *ip)),
                },
                Err(_) => timed_out = true,
            }
        }
        Err(match failure {
            Some(error) if !timed_out => match error.get_ref() {
                Some(ours) if ours.is::<Ours>() => DialError::Resources(error),
                _ => DialError::Connect { error, tried },
            },
            _ => DialError::Timeout { tried },
        })
    }
}

impl DialError {
    /// Sorts an error of `connect(2)` to an address: on this machine, or out there.
    pub fn from_connect(error: io::Error, remote: SocketAddr) -> Self {
        if is_ours(&error, remote.ip()) {
            Self::Resources(told(error, remote.ip()))
        } else if error.kind() == ErrorKind::TimedOut {
            Self::Timeout { tried: vec![remote] }
        } else {
            Self::Connect {
                error,
                tried: vec![remote],
            }
        }
    }
}

/// Marks an error as ours and says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Ours(String);

fn told(error: io::Error, ip: IpAddr) -> io::Error {
    if !is_ours(&error, ip) {
        return error;
    }
    let text = match error.kind() {
        ErrorKind::NetworkUnreachable => {
            format!("This machine has no route to {ip}. Check its network configuration.")
        }
        ErrorKind::AddrNotAvailable => {
            format!("This machine has no free local port or no suitable address to reach {ip}.")
        }
        ErrorKind::PermissionDenied => {
            format!("This machine forbids connections to {ip}. Check its firewall.")
        }
        _ => format!("This machine cannot open another connection: {error}. Raise its limit of open files."),
    };
    io::Error::new(error.kind(), Ours(text))
}

fn is_ours(error: &io::Error, ip: IpAddr) -> bool {
    const ENOMEM: i32 = 12;
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    const ENOBUFS: i32 = 105;
    match error.kind() {
        // A router on the way may say so, too; our own routing table tells the two apart.
        ErrorKind::NetworkUnreachable => !has_route(ip),
        ErrorKind::AddrNotAvailable | ErrorKind::PermissionDenied => true,
        _ => matches!(error.raw_os_error(), Some(ENOMEM | ENFILE | EMFILE | ENOBUFS)),
    }
}

fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn refusal(error: &io::Error, tried: &[SocketAddr]) -> String {
    let at = list(tried);
    match error.kind() {
        ErrorKind::ConnectionRefused => format!("Connection refused by {at}"),
        ErrorKind::ConnectionReset => format!("Connection reset by {at}"),
        ErrorKind::HostUnreachable => format!("No route to {at}: the host is down or its network is gone"),
        ErrorKind::NetworkUnreachable => format!("The network of {at} cannot be reached"),
        _ => format!("Could not connect to {at}: {error}"),
    }
}

fn silence(tried: &[SocketAddr]) -> String {
    if tried.is_empty() {
        "The time was over before an address was known".to_owned()
    } else {
        format!("No connection to {} in time", list(tried))
    }
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
