//! Names to addresses: `/etc/hosts` first, then DNS, never from a cache. The other records are in [`records`].
//!
//! A check must see what DNS says now, so nothing is remembered. Both files of the system are read again when they
//! change, because containers rewrite them while programs run.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use hickory_resolver::{
    Hosts, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    lookup::Lookup,
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::{Query, ResponseCode},
        rr::{Name, RecordType},
    },
    system_conf::read_system_conf,
};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};

use crate::lookup::Source;

pub(crate) mod records;

/// Why a name has no address, or no record, for us. The text is a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// DNS says so: the name does not exist (NXDOMAIN) or has no address.
    #[error("{0}")]
    NotFound(String),
    /// The name servers of the domain are broken (SERVFAIL).
    #[error("{0}")]
    Failed(String),
    /// Our name server works, but had no answer for this name in time.
    #[error("The name server did not answer for this name in time")]
    Timeout,
    /// The fault is on our side: no name server, or none that answers.
    #[error("{0}")]
    Ours(String),
}

/// At most this long for one name.
const LONGEST: Duration = Duration::from_secs(5);
/// How long the second address family may lag behind the first (RFC 8305, 3).
const FAMILY_LAG: Duration = Duration::from_millis(250);
const REREAD_AFTER: Duration = Duration::from_secs(5);
const FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

#[derive(Debug)]
pub(crate) struct Resolver {
    /// Fixed name servers instead of the system's.
    servers: Option<Vec<SocketAddr>>,
    current: Mutex<Current>,
}

struct Current {
    sources: Arc<Sources>,
    stamps: [Option<SystemTime>; 2],
    looked_at: Instant,
}

struct Sources {
    hosts: Hosts,
    /// Those that `dns` asks.
    servers: Vec<SocketAddr>,
    dns: Result<TokioResolver, String>,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Current")
            .field("stamps", &self.stamps)
            .finish_non_exhaustive()
    }
}

impl Resolver {
    pub(crate) fn new(servers: Option<Vec<SocketAddr>>) -> Self {
        let current = Current {
            sources: Arc::new(Sources::read(servers.as_deref())),
            stamps: stamps(),
            looked_at: Instant::now(),
        };
        Self {
            servers,
            current: Mutex::new(current),
        }
    }

    /// All addresses of a name. Takes at most 5 s and at most `budget`.
    pub(crate) async fn resolve(
        &self,
        name: &str,
        budget: Duration,
    ) -> Result<(Vec<IpAddr>, Source), ResolveError> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let unusable = || ResolveError::NotFound(format!("\"{name}\" is not a name that DNS can hold"));
        let query = Name::from_ascii(name).map_err(|_| unusable())?;
        let sources = self.sources();
        if let Some(listed) = sources.listed(&query) {
            return Ok((listed, Source::Hosts));
        }
        // RFC 6761, 6.3: these names never reach a name server.
        let lower = name.to_ascii_lowercase();
        if lower == "localhost" || lower.ends_with(".localhost") {
            let this_machine = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok((this_machine, Source::Reserved));
        }
        let dns = sources.dns.as_ref().map_err(|e| ResolveError::Ours(e.clone()))?;
        let budget = budget.min(LONGEST);
        // A fifth is kept back to find out whose fault silence is.
        match timeout(budget.mul_f32(0.8), both_families(dns, &query)).await {
            Ok(Ok(all)) => Ok((all, Source::NameServers(sources.servers.clone()))),
            Ok(Err(error)) => match classify(name, &error) {
                Some(e) => Err(e),
                None => Err(blame(dns, &error.to_string(), budget.mul_f32(0.2)).await),
            },
            Err(_) => Err(blame(dns, "no answer", budget.mul_f32(0.2)).await),
        }
    }

    fn sources(&self) -> Arc<Sources> {
        let mut current = self.current.lock();
        if current.looked_at.elapsed() >= REREAD_AFTER {
            current.looked_at = Instant::now();
            let stamps = stamps();
            if stamps != current.stamps {
                tracing::info!("name resolution files changed, reading them again");
                current.stamps = stamps;
                current.sources = Arc::new(Sources::read(self.servers.as_deref()));
            }
        }
        Arc::clone(&current.sources)
    }
}

impl Sources {
    fn read(servers: Option<&[SocketAddr]>) -> Self {
        let (servers, dns) = match dns(servers) {
            Ok((servers, dns)) => (servers, Ok(dns)),
            Err(why) => (Vec::new(), Err(why)),
        };
        Self {
            hosts: Hosts::from_system().unwrap_or_default(),
            servers,
            dns,
        }
    }

    /// What `/etc/hosts` says. A name that stands there with one family is not asked for the other elsewhere.
    fn listed(&self, name: &Name) -> Option<Vec<IpAddr>> {
        let of = |kind| self.hosts.lookup_static_host(&Query::query(name.clone(), kind));
        let all: Vec<IpAddr> = [of(RecordType::A), of(RecordType::AAAA)]
            .iter()
            .flatten()
            .flat_map(addresses)
            .collect();
        (!all.is_empty()).then_some(all)
    }
}

fn dns(servers: Option<&[SocketAddr]>) -> Result<(Vec<SocketAddr>, TokioResolver), String> {
    let (config, mut options) = match servers {
        Some(servers) => {
            let servers = servers.iter().map(|s| {
                let on_port = |mut c: ConnectionConfig| {
                    c.port = s.port();
                    c
                };
                let ways = vec![on_port(ConnectionConfig::udp()), on_port(ConnectionConfig::tcp())];
                NameServerConfig::new(s.ip(), true, ways)
            });
            (
                ResolverConfig::from_parts(None, Vec::new(), servers.collect()),
                ResolverOpts::default(),
            )
        }
        None => read_system_conf().map_err(|e| {
            format!(
                "No name server is configured on this machine ({e}). Check {}.",
                FILES[0]
            )
        })?,
    };
    options.cache_size = 0;
    // Two tries fit into the shortest usual budget; a single lost datagram costs one second.
    options.timeout = options.timeout.min(Duration::from_secs(1));
    options.attempts = 2;
    let asked = config.name_servers().iter().filter_map(|server| {
        let port = server.connections.first()?.port;
        Some(SocketAddr::new(server.ip, port))
    });
    let asked = asked.collect();
    let unusable = |e: NetError| format!("The name servers of this machine cannot be used: {e}.");
    let resolver = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_options(options)
        .build()
        .map_err(unusable)?;
    Ok((asked, resolver))
}

/// Asks for both families at once and does not wait long for the slower one.
async fn both_families(dns: &TokioResolver, name: &Name) -> Result<Vec<IpAddr>, NetError> {
    let v4 = dns.lookup(name.clone(), RecordType::A);
    let v6 = dns.lookup(name.clone(), RecordType::AAAA);
    tokio::pin!(v4, v6);
    let (first, second) = tokio::select! {
        first = &mut v4 => {
            let second = if found(&first) { timeout(FAMILY_LAG, v6).await.ok() } else { Some(v6.await) };
            (first, second)
        }
        first = &mut v6 => {
            let second = if found(&first) { timeout(FAMILY_LAG, v4).await.ok() } else { Some(v4.await) };
            (first, second)
        }
    };
    let answers = [Some(first), second];
    let all: Vec<IpAddr> = answers.iter().flatten().flatten().flat_map(addresses).collect();
    if !all.is_empty() {
        return Ok(all);
    }
    // "Does not exist" is a better answer than a failure of the other family only when both say so.
    let mut errors: Vec<NetError> = answers.into_iter().flatten().filter_map(Result::err).collect();
    errors.sort_by_key(NetError::is_no_records_found);
    Err(errors
        .into_iter()
        .next()
        .unwrap_or(NetError::Message("empty answer")))
}

fn found(answer: &Result<Lookup, NetError>) -> bool {
    answer.as_ref().is_ok_and(|l| addresses(l).next().is_some())
}

fn addresses(lookup: &Lookup) -> impl Iterator<Item = IpAddr> {
    lookup.answers().iter().filter_map(|r| r.data.ip_addr())
}

/// `None`: the error alone does not say whose fault it is.
fn classify(name: &str, error: &NetError) -> Option<ResolveError> {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            let why = match none.response_code {
                ResponseCode::NXDomain => format!("The name {name} does not exist (NXDOMAIN)"),
                _ => format!("The name {name} has no address (no A or AAAA record)"),
            };
            Some(ResolveError::NotFound(why))
        }
        NetError::Message("empty answer") => Some(ResolveError::NotFound(format!(
            "The name {name} has no address (no A or AAAA record)"
        ))),
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => Some(ResolveError::Ours(
            "The name server of this machine refuses to answer (REFUSED). Check /etc/resolv.conf.".to_owned(),
        )),
        NetError::Dns(DnsError::ResponseCode(code)) => Some(ResolveError::Failed(format!(
            "The name servers of {name} failed ({})",
            code_name(*code)
        ))),
        NetError::Busy => Some(ResolveError::Ours("Too many name lookups at once.".to_owned())),
        _ => None,
    }
}

fn code_name(code: ResponseCode) -> String {
    match code {
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        code => code.to_string(),
    }
}

/// Silence may mean a dead domain or a dead name server of ours. A name server that lives knows the root.
async fn blame(dns: &TokioResolver, seen: &str, budget: Duration) -> ResolveError {
    let alive = match timeout(budget, dns.lookup(Name::root(), RecordType::NS)).await {
        Ok(Ok(_) | Err(NetError::Dns(_))) => true,
        Ok(Err(_)) | Err(_) => false,
    };
    if alive {
        return ResolveError::Timeout;
    }
    ResolveError::Ours(format!(
        "The name server of this machine does not answer ({seen}). Check its network and {}.",
        FILES[0]
    ))
}

fn stamps() -> [Option<SystemTime>; 2] {
    FILES.map(|f| std::fs::metadata(f).and_then(|m| m.modified()).ok())
}
