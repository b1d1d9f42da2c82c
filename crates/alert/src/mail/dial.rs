//! From a name to an open TCP connection, step by step.

use std::net::{IpAddr, SocketAddr};

use domain::{
    host::{Host, HostPort},
    mail::MailSettings,
};
use egress::{DialError, ResolveError};
use tokio::{
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{
    deadlines::Deadlines,
    failure::{Failure, Symptom},
    secure::speaks_tls,
    session::Setup,
    steps::{Progress, Step},
    wire::Wire,
};

#[cfg(test)]
mod tests;

/// How long the question "do you speak TLS?" may take.
const PROBE: Duration = Duration::from_secs(5);

/// A name may have hundreds of addresses.
const MOST_SHOWN: usize = 8;

/// An open connection.
pub(super) struct Line {
    pub(super) tcp: TcpStream,
    pub(super) remote: SocketAddr,
}

/// Resolves, asks the policy, connects to the first address that answers.
pub(super) async fn dial(setup: &Setup<'_>, progress: &mut Progress<'_>) -> Result<Line, Failure> {
    let server = &setup.settings.server;
    let addresses = look_up(setup, progress).await?;
    let mut failure = None;
    for ip in &addresses {
        progress.begin(Step::Connect);
        let target = HostPort {
            host: Host::Ip(*ip),
            port: server.port,
        };
        let deadline = connect_until(setup.wire, setup.settings);
        match setup.dialer.dial(&target, deadline).await {
            Ok(dialed) => {
                progress.passed(format!("connected to {}", dialed.remote));
                return Ok(Line {
                    tcp: dialed.stream,
                    remote: dialed.remote,
                });
            }
            Err(error) => {
                if addresses.len() > 1 {
                    progress.missed(&error.to_string());
                }
                // The first refusal says more than the lack of a route for the other family.
                if failure.is_none() || !matches!(error, DialError::Resources(_)) {
                    failure = Some(connect_failure(error, server));
                }
            }
        }
    }
    Err(failure.unwrap_or_else(|| {
        Failure::profile(
            Step::Dns,
            Symptom::NameUnknown,
            format!("{} has no address.", server.host),
        )
    }))
}

/// Each address has the time that the settings give it, and never more than is left of the session.
fn connect_until(wire: &Wire, settings: &MailSettings) -> Instant {
    wire.allow(settings.connect_timeout)
}

async fn look_up(setup: &Setup<'_>, progress: &mut Progress<'_>) -> Result<Vec<IpAddr>, Failure> {
    let server = &setup.settings.server;
    progress.begin(Step::Dns);
    let deadline = setup.wire.allow(setup.deadlines.dns);
    let found = match setup.dialer.look_up(&server.host, server.port, deadline).await {
        Ok(found) => found,
        // The name itself is denied, and was not asked for.
        Err(error @ DialError::Denied(_)) => {
            progress.passed(format!("{} was not looked up", server.host));
            progress.begin(Step::Policy);
            return Err(no_address(error));
        }
        Err(error) => return Err(no_address(error)),
    };
    let denied: Vec<IpAddr> = found.denied.iter().map(|(ip, _)| *ip).take(MOST_SHOWN).collect();
    progress.passed(match server.host {
        Host::Ip(_) => format!("{} is {}", server.host, found.source),
        Host::Name(_) => {
            let all = [found.permitted.as_slice(), &denied].concat();
            format!("{} is {} ({})", server.host, list(&all), found.source)
        }
    });
    progress.begin(Step::Policy);
    let addresses = found.dialable(&server.host).map_err(no_address)?;
    progress.passed(if denied.is_empty() {
        "allowed".to_owned()
    } else {
        format!(
            "allowed; not used because the egress policy denies it: {}",
            list(&denied)
        )
    });
    Ok(addresses)
}

fn no_address(error: DialError) -> Failure {
    let (step, symptom) = match &error {
        DialError::Denied(_) => (Step::Policy, Symptom::Denied),
        DialError::Resolve(ResolveError::NotFound(_)) => (Step::Dns, Symptom::NameUnknown),
        DialError::Resolve(ResolveError::Ours(_)) => (Step::Dns, Symptom::OurSide),
        DialError::Resolve(ResolveError::Failed(_) | ResolveError::Timeout)
        | DialError::Connect { .. }
        | DialError::Timeout { .. }
        | DialError::Resources(_) => (Step::Dns, Symptom::NameServer),
    };
    Failure::profile(step, symptom, error.to_string())
}

fn list(addresses: &[IpAddr]) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn connect_failure(error: DialError, server: &HostPort) -> Failure {
    let symptom = match &error {
        DialError::Connect { error, .. } if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Symptom::ConnectRefused
        }
        DialError::Connect { .. } => Symptom::ConnectFailed,
        DialError::Timeout { .. } => Symptom::ConnectTimeout,
        DialError::Resources(_) => Symptom::OurSide,
        DialError::Denied(_) => Symptom::Denied,
        DialError::Resolve(_) => Symptom::NameServer,
    };
    let step = match symptom {
        Symptom::Denied => Step::Policy,
        _ => Step::Connect,
    };
    Failure::profile(step, symptom, format!("No connection to {server}. {error}"))
}

/// A time of its own, for the conversation that it is about may still be going on; and no longer than that one.
fn probe_until(wire: &Wire, deadlines: Deadlines) -> Instant {
    let wanted = Instant::now() + PROBE.min(deadlines.tls);
    wanted.min(wire.session_end())
}

/// True when a server that said nothing on an unprotected connection answers TLS on a new one.
pub(super) async fn probe_for_tls(setup: &Setup<'_>, target: &HostPort) -> bool {
    let deadline = probe_until(setup.wire, setup.deadlines);
    match setup.dialer.dial(target, deadline).await {
        Ok(dialed) => speaks_tls(dialed.stream, &setup.settings.server.host, setup.dialer, deadline).await,
        Err(_) => false,
    }
}
