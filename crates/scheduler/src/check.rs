//! From a monitor to an outcome.

use std::sync::Arc;

use domain::{
    clock::{Clock, Timestamp},
    monitor::Monitor,
    outcome::{Evidence, Fault, FaultKind, Outcome, Phases, Verdict},
    reach::Zone,
};
use probe::{Asked, Probes};

/// The engine's only view of the probes, so that its own tests can have checks that hang and crash.
pub(crate) trait Check: Clone + Send + Sync + 'static {
    fn check(&self, monitor: Arc<Monitor>) -> impl Future<Output = Outcome> + Send;

    /// Asks the references of a zone.
    fn ask(&self, zone: Zone, thorough: bool) -> impl Future<Output = Asked> + Send;
}

#[derive(Clone)]
pub(crate) struct ByProbe {
    probes: Probes,
    clock: Arc<dyn Clock>,
}

impl ByProbe {
    pub(crate) fn new(probes: Probes, clock: Arc<dyn Clock>) -> Self {
        Self { probes, clock }
    }
}

impl Check for ByProbe {
    async fn check(&self, monitor: Arc<Monitor>) -> Outcome {
        if monitor.locked {
            // Without its headers and body the request would not be the one that was set up.
            let detail = "The secret values of this monitor cannot be opened with the key of this instance. \
                          Start it with the right key, or enter the values again.";
            return internal(self.clock.now(), FaultKind::Privilege, detail);
        }
        self.probes
            .check(&monitor.config.target, monitor.config.timeout)
            .await
    }

    async fn ask(&self, zone: Zone, thorough: bool) -> Asked {
        self.probes.ask(&zone, thorough).await
    }
}

/// An outcome for a check that could not be made.
pub(crate) fn internal(at: Timestamp, kind: FaultKind, detail: &str) -> Outcome {
    Outcome {
        at,
        verdict: Verdict::Internal(Fault::new(kind, detail)),
        phases: Phases::default(),
        evidence: Box::new(Evidence::default()),
    }
}
