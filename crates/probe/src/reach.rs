//! Asking the references of a zone whether the network is there.

use std::{io::ErrorKind, net::IpAddr};

use domain::{
    host::{Host, HostPort},
    reach::{Answer, DEADLINE, Reach, Zone, weigh},
};
use egress::{DialError, Dialer, default_gateway};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use tokio::time::Instant;

use crate::Probes;

/// Most gateways have a page or a name server; those that have neither refuse, which says as much.
const GATEWAY_PORTS: [u16; 2] = [80, 53];

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub reach: Reach,
    /// The references that accepted a connection; not all of them, unless all were waited for.
    pub answered: Vec<HostPort>,
}

impl Probes {
    /// Asks all references of the zone at once, and the default gateway with them where it belongs to the zone. Every
    /// connection is new and closed at once; nothing is sent over it. Ends with the first answer that settles it, or
    /// with the last one if `thorough`; never later than [`DEADLINE`].
    pub async fn ask(&self, zone: &Zone, thorough: bool) -> Asked {
        let dialer = &self.0.dialer;
        let deadline = Instant::now() + DEADLINE;
        let gateway = async {
            match default_gateway().filter(|_| zone.name.is_built_in()) {
                Some(address) => Some(knock(dialer, address.into(), deadline).await),
                None => None,
            }
        };
        let references = async {
            let mut under_way: FuturesUnordered<_> = (0..)
                .zip(&zone.references)
                .map(|(i, reference)| async move { (i, dial(dialer, reference, deadline).await) })
                .collect();
            let mut answers = vec![Answer::Silence; zone.references.len()];
            while let Some((i, answer)) = under_way.next().await {
                let slot: usize = i;
                answers[slot] = answer;
                if answer == Answer::Accepted && !thorough {
                    break;
                }
            }
            answers
        };
        // The references decide; the gateway is waited for only where they are silent.
        tokio::pin!(references, gateway);
        let (answers, gateway) = tokio::select! {
            biased;
            answers = &mut references => {
                let gateway = if answers.contains(&Answer::Accepted) {
                    None
                } else {
                    gateway.await
                };
                (answers, gateway)
            }
            gateway = &mut gateway => (references.await, gateway),
        };
        let reach = weigh(&zone.name, &answers, gateway);
        let accepted = zone.references.iter().zip(&answers);
        let accepted = accepted.filter(|(_, answer)| **answer == Answer::Accepted);
        tracing::debug!(zone = %zone.name, answers = ?answers, gateway = ?gateway, reach = ?reach, "references asked");
        Asked {
            reach,
            answered: accepted.map(|(reference, _)| reference.clone()).collect(),
        }
    }
}

/// The best of what the usual ports say.
async fn knock(dialer: &Dialer, gateway: IpAddr, deadline: Instant) -> Answer {
    let ports = GATEWAY_PORTS.map(|port| HostPort {
        host: Host::Ip(gateway),
        port,
    });
    let answers = join_all(ports.iter().map(|p| dial(dialer, p, deadline))).await;
    let best = [Answer::Accepted, Answer::Refused, Answer::Silence];
    let best = best.into_iter().find(|a| answers.contains(a));
    best.unwrap_or(Answer::NotAsked)
}

async fn dial(dialer: &Dialer, target: &HostPort, deadline: Instant) -> Answer {
    match dialer.dial(target, deadline).await {
        Ok(_) => Answer::Accepted,
        Err(DialError::Connect { error, .. }) if error.kind() == ErrorKind::ConnectionRefused => {
            Answer::Refused
        }
        Err(DialError::Connect { .. } | DialError::Timeout { .. } | DialError::Resolve(_)) => Answer::Silence,
        // Without a route there is no network. Out of sockets there may well be one.
        Err(DialError::Resources(error)) => match error.kind() {
            ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => Answer::Silence,
            _ => Answer::NotAsked,
        },
        Err(DialError::Denied(_)) => Answer::NotAsked,
    }
}
