//! One file per protocol: a target and a deadline in, an outcome out.
//!
//! Flow: [`Probes::check`] picks the probe of the target's kind, guards it (a panic or a broken deadline is a fault of
//! ours), and stamps what it found with the time. A probe reaches the network only through [`egress`]. What the target
//! does wrong becomes [`Verdict::Down`] with a sentence that a person can act on; what *we* cannot do becomes
//! [`Verdict::Internal`] and never counts against the target.
//!
//! [`Probes::ask`] is the other question: whether the network that the checks go through works at all.
//!
//! What this crate does not do: no schedule, no thresholds, no memory of earlier checks, no database. Every check makes
//! a fresh connection with a fresh name lookup, because a reused one would miss faults of DNS, TCP and certificate.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use domain::{
    clock::Clock,
    outcome::{Evidence, Fault, FaultKind, Outcome, Phases, Verdict},
    target::Target,
};
use egress::Dialer;
use futures_util::FutureExt;
use tokio::time::{Instant, timeout};

mod certificate;
mod deadline;
mod failure;
mod http;
mod ping;
mod reach;
mod tcp;

pub use reach::Asked;

use deadline::Deadline;

/// One protocol. `probe` never fails: a failing target is data.
trait Probe<T: ?Sized>: Send + Sync {
    fn probe(&self, target: &T, deadline: Deadline) -> impl Future<Output = Finding> + Send;
}

/// What a probe found; [`Probes::check`] makes the outcome of it.
#[derive(Debug)]
struct Finding {
    verdict: Verdict,
    /// Without the total.
    phases: Phases,
    evidence: Evidence,
}

impl Finding {
    fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            phases: Phases::default(),
            evidence: Evidence::default(),
        }
    }
}

/// All kinds of checks behind one call. Cheap to clone; everything costly in it is shared by all monitors.
#[derive(Clone)]
pub struct Probes(Arc<Inner>);

struct Inner {
    http: http::Http,
    tcp: tcp::Tcp,
    ping: ping::Ping,
    dialer: Dialer,
    clock: Arc<dyn Clock>,
}

/// How long after its deadline a probe is still waited for. It ends by itself before that, unless it is broken.
const GRACE: Duration = Duration::from_millis(500);

impl Probes {
    pub fn new(dialer: Dialer, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            http: http::Http::new(dialer.clone()),
            tcp: tcp::Tcp::new(dialer.clone()),
            ping: ping::Ping::new(dialer.clone()),
            dialer,
            clock,
        }))
    }

    /// Checks a target once. Never fails, never panics, never outlives `total` by more than a second.
    pub async fn check(&self, target: &Target, total: Duration) -> Outcome {
        let at = self.0.clock.now();
        let started = Instant::now();
        let finding = guard(self.probe(target, Deadline::within(total)), total + GRACE).await;
        let spent = started.elapsed();
        let phases = Phases {
            total: spent,
            ..finding.phases
        };
        // Stopped or starved for longer than the timeout, we could not have heard the target's answer.
        let verdict = match finding.verdict {
            Verdict::Down(_) if spent > total + 2 * GRACE => Verdict::Internal(Fault::new(
                FaultKind::Resources,
                "This machine stood still during the check, so its result says nothing.",
            )),
            verdict => verdict,
        };
        Outcome {
            at,
            verdict,
            phases,
            evidence: Box::new(finding.evidence),
        }
    }

    /// Whether this process may send pings at all; for the page that offers them.
    pub fn ping_available(&self) -> Result<(), Fault> {
        ping::available()
    }

    async fn probe(&self, target: &Target, deadline: Deadline) -> Finding {
        match target {
            Target::Http(target) => self.0.http.probe(target, deadline).await,
            Target::Tcp(target) => self.0.tcp.probe(target, deadline).await,
            Target::Ping(target) => self.0.ping.probe(target, deadline).await,
        }
    }
}

/// Turns a panic and an endless probe into a fault of ours.
async fn guard(probe: impl Future<Output = Finding>, longest: Duration) -> Finding {
    let what = match timeout(longest, AssertUnwindSafe(probe).catch_unwind()).await {
        Ok(Ok(finding)) => return finding,
        Ok(Err(_)) => "The check crashed. This is a defect of Watchbell; its log has the details.",
        Err(_) => "The check did not end in time by itself. This is a defect of Watchbell.",
    };
    tracing::error!(error = what, "a probe broke");
    Finding::of(Verdict::Internal(Fault::new(FaultKind::Defect, what)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defect(finding: &Finding) -> bool {
        matches!(&finding.verdict, Verdict::Internal(f) if f.kind == FaultKind::Defect)
    }

    #[tokio::test]
    async fn a_panic_is_a_fault_of_ours() {
        let broken = async { panic!("on purpose") };
        assert!(defect(&guard(broken, Duration::from_secs(5)).await));
    }

    #[tokio::test]
    async fn an_endless_probe_is_a_fault_of_ours() {
        let endless = std::future::pending();
        assert!(defect(&guard(endless, Duration::from_millis(20)).await));
    }
}
