//! What checks found: one outcome, raw samples, statistics.

use domain::{
    clock::Timestamp,
    outcome::{Certificate, Evidence, FaultKind, Outcome, Phases, ReasonKind, Verdict},
};
use serde::Serialize;
use store::samples::{Sample, Stats};
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, monitor::StateView, ms, one_of};

fn verdicts() -> Object {
    one_of(["up", "down", "unknown"])
}

fn reason_kinds() -> Object {
    one_of(
        ReasonKind::ALL
            .iter()
            .map(|k| k.as_str())
            .chain(FaultKind::ALL.iter().map(|k| k.as_str())),
    )
}

/// The outcome of one check.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckView {
    pub at: Time,
    /// `unknown`: something of ours kept us from looking.
    #[schema(schema_with = verdicts)]
    pub verdict: &'static str,
    /// Why it is not up.
    pub reason: Option<ReasonView>,
    pub phases: PhasesView,
    pub evidence: EvidenceView,
    /// The monitor after this check.
    pub state: StateView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonView {
    /// The step at which the target failed, or what of ours failed.
    #[schema(schema_with = reason_kinds)]
    pub kind: &'static str,
    pub detail: String,
}

/// Milliseconds; `null` = not reached.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhasesView {
    pub dns_ms: Option<f64>,
    pub connect_ms: Option<f64>,
    pub tls_ms: Option<f64>,
    /// From the request to the first byte of the answer; the round trip of a ping.
    pub wait_ms: Option<f64>,
    pub transfer_ms: Option<f64>,
    pub total_ms: f64,
}

/// What the check saw.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceView {
    pub remote: Option<String>,
    pub http_status: Option<u16>,
    pub http_version: Option<String>,
    /// Every URL that was asked, first to last.
    pub hops: Vec<String>,
    pub body_bytes: Option<u64>,
    pub certificate: Option<CertificateView>,
}

/// The certificate that the target presented.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateView {
    pub subject: String,
    pub issuer: String,
    pub names: Vec<String>,
    pub not_before: Time,
    pub not_after: Time,
    pub chain_length: usize,
}

impl CheckView {
    pub(crate) fn new(outcome: &Outcome, state: StateView) -> Self {
        let (verdict, reason) = match &outcome.verdict {
            Verdict::Up => ("up", None),
            Verdict::Down(r) => ("down", Some((r.kind.as_str(), &r.detail))),
            Verdict::Internal(f) => ("unknown", Some((f.kind.as_str(), &f.detail))),
        };
        Self {
            at: Time(outcome.at),
            verdict,
            reason: reason.map(|(kind, detail)| ReasonView {
                kind,
                detail: detail.clone(),
            }),
            phases: (&outcome.phases).into(),
            evidence: (&*outcome.evidence).into(),
            state,
        }
    }
}

impl From<&Phases> for PhasesView {
    fn from(p: &Phases) -> Self {
        Self {
            dns_ms: p.dns.map(ms),
            connect_ms: p.connect.map(ms),
            tls_ms: p.tls.map(ms),
            wait_ms: p.wait.map(ms),
            transfer_ms: p.transfer.map(ms),
            total_ms: ms(p.total),
        }
    }
}

impl From<&Evidence> for EvidenceView {
    fn from(e: &Evidence) -> Self {
        Self {
            remote: e.remote.map(|a| a.to_string()),
            http_status: e.http_status,
            http_version: e.http_version.clone(),
            hops: e.hops.clone(),
            body_bytes: e.body_bytes,
            certificate: e.certificate.as_ref().map(Into::into),
        }
    }
}

impl From<&Certificate> for CertificateView {
    fn from(c: &Certificate) -> Self {
        Self {
            subject: c.subject.clone(),
            issuer: c.issuer.clone(),
            names: c.names.clone(),
            not_before: Time(c.not_before),
            not_after: Time(c.not_after),
            chain_length: c.chain_length,
        }
    }
}

/// One raw sample.
#[derive(Debug, Serialize, ToSchema)]
pub struct SampleView {
    pub at: Time,
    #[schema(schema_with = verdicts)]
    pub verdict: &'static str,
    pub latency_ms: Option<f64>,
    pub phases: PhasesView,
    pub reason: Option<ReasonView>,
    /// It was taken under maintenance, and counts neither as up nor as down.
    pub maintenance: bool,
}

/// A monitor over a time.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatsView {
    pub from: Time,
    pub to: Time,
    /// Checks that found it up, found it down, and could not look.
    pub up: u64,
    pub down: u64,
    pub unknown: u64,
    /// Checks under maintenance; counted in none of the others.
    pub maintenance: u64,
    /// Percent of the checks that could look; `null` when there were none.
    pub uptime_percent: Option<f64>,
    /// Percent of the time outside of maintenance that checks cover.
    pub coverage_percent: f64,
    pub latency_ms: Percentiles,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Percentiles {
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
}

impl From<Sample> for SampleView {
    fn from(s: Sample) -> Self {
        Self {
            at: Time(s.at),
            verdict: s.kind.as_str(),
            latency_ms: s.latency.map(ms),
            phases: (&s.phases).into(),
            reason: s.cause.map(|c| ReasonView {
                kind: c.kind,
                detail: c.detail.to_string(),
            }),
            maintenance: s.maintenance,
        }
    }
}

impl StatsView {
    pub(crate) fn new(from: Timestamp, to: Timestamp, s: &Stats) -> Self {
        Self {
            from: Time(from),
            to: Time(to),
            up: s.up,
            down: s.down,
            unknown: s.unknown,
            maintenance: s.maintenance,
            uptime_percent: s.uptime.map(|u| u * 100.0),
            coverage_percent: s.coverage * 100.0,
            latency_ms: Percentiles {
                p50: s.p50.map(ms),
                p90: s.p90.map(ms),
                p95: s.p95.map(ms),
                p99: s.p99.map(ms),
            },
        }
    }
}
