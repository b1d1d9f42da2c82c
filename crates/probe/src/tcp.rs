//! TCP: up when the port accepts a connection.

use domain::{
    host::{Host, HostPort},
    outcome::{Evidence, Phases, Verdict},
};
use egress::Dialer;

use crate::{Finding, Probe, deadline::Deadline, failure};

pub(crate) struct Tcp {
    dialer: Dialer,
}

impl Tcp {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self { dialer }
    }
}

impl Probe<HostPort> for Tcp {
    async fn probe(&self, target: &HostPort, deadline: Deadline) -> Finding {
        match self.dialer.dial(target, deadline.at).await {
            Ok(dialed) => Finding {
                verdict: Verdict::Up,
                phases: Phases {
                    dns: matches!(target.host, Host::Name(_)).then_some(dialed.dns),
                    connect: Some(dialed.connect),
                    ..Phases::default()
                },
                evidence: Evidence {
                    remote: Some(dialed.remote),
                    ..Evidence::default()
                },
            },
            Err(error) => Finding::of(failure::dial(&error, deadline)),
        }
    }
}
