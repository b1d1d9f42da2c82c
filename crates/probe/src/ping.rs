//! Ping: ICMP echo over a datagram socket, which needs no privilege where the system permits it.
//!
//! One connected socket per check: the kernel gives it an identifier of its own and hands it only the replies to it.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use domain::{
    host::Host,
    outcome::{Evidence, Fault, FaultKind, Phases, ReasonKind, Verdict},
};
use egress::{DialError, Dialer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::UdpSocket,
    time::{Instant, timeout_at},
};

use crate::{
    Finding, Probe,
    deadline::{Deadline, words},
    failure,
};

/// One lost datagram is nothing; three in a row are a finding.
const ECHOES: u16 = 3;
const HEADER: usize = 8;
const TOKEN: usize = 16;

pub(crate) struct Ping {
    dialer: Dialer,
}

impl Ping {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self { dialer }
    }
}

impl Probe<Host> for Ping {
    async fn probe(&self, host: &Host, deadline: Deadline) -> Finding {
        let started = Instant::now();
        let ip = match self.dialer.addresses(host, 0, deadline.at).await {
            Ok(all) => all.first().copied(),
            Err(error) => return Finding::of(failure::dial(&error, deadline)),
        };
        let Some(ip) = ip else {
            return Finding::of(failure::down(
                ReasonKind::Dns,
                format!("The name {host} has no address"),
            ));
        };
        let dns = matches!(host, Host::Name(_)).then(|| started.elapsed());
        let (verdict, wait) = match echo(ip, deadline).await {
            Ok(round_trip) => (Verdict::Up, Some(round_trip)),
            Err(verdict) => (verdict, None),
        };
        Finding {
            verdict,
            phases: Phases {
                dns,
                wait,
                ..Phases::default()
            },
            evidence: Evidence {
                remote: Some(SocketAddr::new(ip, 0)),
                ..Evidence::default()
            },
        }
    }
}

/// Opens a socket and closes it again. One permission covers both families.
pub(crate) fn available() -> Result<(), Fault> {
    match open(Domain::IPV4, Protocol::ICMPV4) {
        Ok(_) => Ok(()),
        Err(e) => Err(fault(&e)),
    }
}

/// Sends up to three echoes and returns the round trip of the first that is answered.
async fn echo(ip: IpAddr, deadline: Deadline) -> Result<Duration, Verdict> {
    let (domain, protocol, ask, answer) = match ip {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4, 8, 0),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6, 128, 129),
    };
    let socket = open(domain, protocol)
        .and_then(|s| UdpSocket::from_std(s.into()))
        .map_err(|e| Verdict::Internal(fault(&e)))?;
    let remote = SocketAddr::new(ip, 0);
    let failed = |e: io::Error| match DialError::from_connect(e, remote) {
        DialError::Resources(e) => failure::ours(FaultKind::Resources, e.to_string()),
        DialError::Connect { error, .. } => {
            failure::down(ReasonKind::Loss, format!("{ip} cannot be reached: {error}"))
        }
        other => failure::dial(&other, deadline),
    };
    socket.connect(remote).await.map_err(failed)?;

    // Checksum and identifier are the kernel's; the token tells our replies from forged and late ones.
    let mut packet = [0; HEADER + TOKEN];
    packet[0] = ask;
    getrandom::fill(&mut packet[HEADER..])
        .map_err(|e| failure::ours(FaultKind::Resources, format!("No random numbers: {e}.")))?;
    let mut sent = [None; ECHOES as usize];
    let mut unreachable = None;
    for sequence in 0..ECHOES {
        packet[6..HEADER].copy_from_slice(&sequence.to_be_bytes());
        let now = Instant::now();
        let until = now + deadline.remaining() / u32::from(ECHOES - sequence);
        sent[usize::from(sequence)] = Some(now);
        match socket.send(&packet).await {
            Ok(_) => {}
            Err(e) if is_unreachable(&e) => unreachable = Some(e),
            Err(e) => return Err(failed(e)),
        }
        match timeout_at(until, reply(&socket, answer, &packet[HEADER..])).await {
            Ok(Ok(sequence)) => {
                if let Some(Some(at)) = sent.get(usize::from(sequence)) {
                    return Ok(at.elapsed());
                }
            }
            // The network answered for the target; the next echo may still get through.
            Ok(Err(e)) if is_unreachable(&e) => {
                unreachable = Some(e);
                tokio::time::sleep_until(until.min(Instant::now() + Duration::from_secs(1))).await;
            }
            Ok(Err(e)) => return Err(failed(e)),
            Err(_) => {}
        }
    }
    Err(match unreachable {
        Some(e) => failed(e),
        None => failure::down(
            ReasonKind::Loss,
            format!(
                "No reply from {ip} to {ECHOES} pings within {}",
                words(deadline.total)
            ),
        ),
    })
}

/// Waits for a reply that carries our token; gives its sequence number.
async fn reply(socket: &UdpSocket, answer: u8, token: &[u8]) -> io::Result<u16> {
    let mut packet = [0; 256];
    loop {
        let n = socket.recv(&mut packet).await?;
        if let [kind, _, _, _, _, _, high, low, rest @ ..] = &packet[..n]
            && *kind == answer
            && rest == token
        {
            return Ok(u16::from_be_bytes([*high, *low]));
        }
    }
}

fn open(domain: Domain, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::DGRAM, Some(protocol))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn is_unreachable(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::ConnectionRefused
    )
}

fn fault(e: &io::Error) -> Fault {
    if e.kind() == ErrorKind::PermissionDenied {
        // One setting for both families, per network namespace; the kernel's default permits nobody, root included.
        return Fault::new(
            FaultKind::Privilege,
            "The system does not permit pings. Run: sysctl -w net.ipv4.ping_group_range=\"0 2147483647\" (in a container: --sysctl net.ipv4.ping_group_range=\"0 2147483647\").",
        );
    }
    Fault::new(
        FaultKind::Resources,
        format!("This machine cannot open a ping socket: {e}."),
    )
}
