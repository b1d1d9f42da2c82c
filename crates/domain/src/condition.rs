//! What may be wrong with a monitor beside being down: it answers slowly, its certificate is about to expire, or nothing
//! is known of it because we cannot look. Each is an incident of its own, beside an outage and without changing it.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    clock::Timestamp,
    duration,
    field::FieldError,
    incident::IncidentKind,
    json::Object,
    monitor::MonitorConfig,
    outcome::{Certificate, FaultKind, Outcome, Reason, ReasonKind, Verdict},
    state::{Transition, note_change},
};

/// So long we may be unable to look before people hear of it.
pub const NO_DATA_AFTER: Duration = Duration::from_mins(10);
const SHORTEST_LIMIT: Duration = Duration::from_millis(1);
const LONGEST_LIMIT: Duration = Duration::from_mins(2);
const USUAL_DAYS: [u16; 5] = [30, 14, 7, 3, 1];
const MOST_DAYS: usize = 10;
const DAY: Duration = Duration::from_hours(24);
/// So many checks in a row must see another certificate: of several servers behind one name some have it earlier.
const RENEWED_AFTER: u32 = 3;
/// Longer than a full queue.
const SLACK: Duration = Duration::from_mins(5);

/// What a person wants to be warned of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warnings {
    /// A check that takes longer than this is slow, and several of them in a row are DEGRADED. `None`: never.
    pub slow_above: Option<Duration>,
    /// Before its certificate expires, the longest first. Empty: never.
    pub certificate_days: Vec<u16>,
}

impl Default for Warnings {
    fn default() -> Self {
        Self {
            slow_above: None,
            certificate_days: USUAL_DAYS.to_vec(),
        }
    }
}

/// What is wrong beside being down. Everything that a restart must read back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slow: Option<Slow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<Expiring>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blind: Option<Blind>,
    /// When each of them last began or ended, the earliest first: as many as tell whether it flaps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) changes: BTreeMap<IncidentKind, Vec<Timestamp>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slow {
    /// The first of the slow checks.
    pub(crate) since: Timestamp,
    /// In a row: slow ones until it is confirmed, then those that were not.
    checks: u32,
    pub(crate) confirmed: bool,
    pub(crate) detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Expiring {
    since: Timestamp,
    /// The shortest of the times before its end that people heard of, in days.
    within: u16,
    /// Checks in a row that saw another one, which lasts.
    #[serde(default)]
    renewed: u32,
}

/// We cannot look, for another reason than being offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Blind {
    since: Timestamp,
    told: bool,
}

/// A check of a monitor, with what is to be made of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finding<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) config: &'a MonitorConfig,
    /// It is known to be up, after this check.
    pub(crate) up: bool,
}

impl Finding<'_> {
    /// Checks in a row, of which the first was at `since`, are in a row only while somebody looked: what is from before a
    /// pause or a long stop begins anew.
    fn still_counts(&self, since: Timestamp, checks: u32) -> bool {
        let at = self.outcome.at;
        let apart = self.config.stale_after(at) + SLACK;
        at.since(since) <= apart.saturating_mul(checks.max(1))
    }
}

impl Warnings {
    pub(crate) fn read(o: &mut Object) -> Option<Self> {
        let slow_above = match o.text("slow_above").filter(|text| !text.trim().is_empty()) {
            None => Some(None),
            Some(text) => o
                .parse("slow_above", Some(text), |f, v| {
                    duration::parse_between(f, &v, SHORTEST_LIMIT, LONGEST_LIMIT)
                })
                .map(Some),
        };
        let days = o
            .integers("certificate_days")
            .unwrap_or_else(|| USUAL_DAYS.map(i64::from).to_vec());
        let days = o.parse("certificate_days", Some(days), parse_days);
        Some(Self {
            slow_above: slow_above?,
            certificate_days: days?,
        })
    }

    pub(crate) fn write(&self, monitor: &mut Value) {
        monitor["slow_above"] = self.slow_above.map(duration::format).into();
        monitor["certificate_days"] = self.certificate_days.clone().into();
    }
}

fn parse_days(field: &str, days: Vec<i64>) -> Result<Vec<u16>, FieldError> {
    let parsed: Option<Vec<u16>> = days
        .iter()
        .map(|n| u16::try_from(*n).ok().filter(|n| (1..=365).contains(n)))
        .collect();
    let mut days = parsed.filter(|days| days.len() <= MOST_DAYS).ok_or_else(|| {
        FieldError::new(
            field,
            "days-range",
            "Use at most 10 numbers of days from 1 to 365.",
        )
    })?;
    days.sort_unstable_by(|a, b| b.cmp(a));
    days.dedup();
    Ok(days)
}

impl Conditions {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What one check changes in them.
    pub(crate) fn judge(&mut self, finding: Finding<'_>) -> Vec<Transition> {
        let changes = [
            self.judge_speed(finding),
            self.judge_certificate(finding),
            self.judge_silence(finding),
        ];
        let transitions: Vec<Transition> = changes.into_iter().flatten().collect();
        for transition in &transitions {
            note_change(
                self.changes.entry(transition.kind()).or_default(),
                finding.outcome.at,
            );
        }
        transitions
    }

    /// Only what is up can be slow; how fast it was before it went down says nothing about how it comes back.
    fn judge_speed(&mut self, finding: Finding<'_>) -> Option<Transition> {
        let (at, took) = (finding.outcome.at, finding.outcome.phases.total);
        let slow_above = finding.config.warnings.slow_above;
        let Some(slow_above) = slow_above else {
            // Nobody wants to know any more.
            let slow = self.slow.take().filter(|slow| slow.confirmed)?;
            return Some(resolved(IncidentKind::Degraded, slow.since.min(at), at));
        };
        if finding.outcome.verdict != Verdict::Up || !finding.up {
            self.slow = self.slow.take().filter(|slow| slow.confirmed);
            return None;
        }
        let known = self
            .slow
            .take()
            .filter(|slow| slow.confirmed || finding.still_counts(slow.since, slow.checks));
        match (known, took > slow_above) {
            (Some(slow), true) if slow.confirmed => {
                self.slow = Some(Slow { checks: 0, ..slow });
                None
            }
            (before, true) => {
                let (since, checks) = before.map_or((at, 0), |slow| (slow.since.min(at), slow.checks));
                let checks = checks.saturating_add(1);
                let confirmed = checks >= finding.config.thresholds.confirm_after.get();
                let slow = Slow {
                    since,
                    checks: if confirmed { 0 } else { checks },
                    confirmed,
                    detail: format!(
                        "The check took {}, more than {}.",
                        spoken(took),
                        spoken(slow_above)
                    ),
                };
                let opened =
                    confirmed.then(|| opened(IncidentKind::Degraded, since, ReasonKind::Slow, &slow.detail));
                self.slow = Some(slow);
                opened
            }
            (Some(slow), false) if slow.confirmed => {
                let checks = slow.checks.saturating_add(1);
                if checks >= finding.config.thresholds.recover_after.get() {
                    return Some(resolved(IncidentKind::Degraded, slow.since.min(at), at));
                }
                self.slow = Some(Slow { checks, ..slow });
                None
            }
            (_, false) => None,
        }
    }

    /// Also of one that was refused.
    fn judge_certificate(&mut self, finding: Finding<'_>) -> Option<Transition> {
        let at = finding.outcome.at;
        let days = &finding.config.warnings.certificate_days;
        let unwanted = days.is_empty();
        let within = match &finding.outcome.evidence.certificate {
            Some(certificate) => reached(days, certificate, at).map(|within| (within, certificate)),
            None if finding.outcome.verdict == Verdict::Up || unwanted => None,
            // The check did not get so far.
            None => return None,
        };
        match (self.certificate.take(), within) {
            (None, None) => None,
            (Some(expiring), None) => {
                let renewed = expiring.renewed.saturating_add(1);
                if unwanted || renewed >= RENEWED_AFTER {
                    return Some(resolved(IncidentKind::Certificate, expiring.since.min(at), at));
                }
                self.certificate = Some(Expiring { renewed, ..expiring });
                None
            }
            (None, Some((within, certificate))) => {
                self.certificate = Some(Expiring {
                    since: at,
                    within,
                    renewed: 0,
                });
                let detail = expiry(certificate, at);
                Some(opened(
                    IncidentKind::Certificate,
                    at,
                    ReasonKind::Certificate,
                    &detail,
                ))
            }
            (Some(expiring), Some((within, certificate))) => {
                let nearer = within < expiring.within;
                self.certificate = Some(Expiring {
                    since: expiring.since,
                    within: within.min(expiring.within),
                    renewed: 0,
                });
                nearer.then(|| Transition::Worsened {
                    kind: IncidentKind::Certificate,
                    at,
                    reason: Reason::new(ReasonKind::Certificate, expiry(certificate, at)),
                })
            }
        }
    }

    /// That we are offline is told once for all monitors of a zone, and not here; how long that was does not count.
    fn judge_silence(&mut self, finding: Finding<'_>) -> Option<Transition> {
        let at = finding.outcome.at;
        let fault = match &finding.outcome.verdict {
            Verdict::Internal(fault) => fault,
            Verdict::Up | Verdict::Down(_) => {
                let blind = self.blind.take().filter(|blind| blind.told)?;
                return Some(resolved(IncidentKind::NoData, blind.since.min(at), at));
            }
        };
        if fault.kind == FaultKind::SelfOffline {
            self.blind = self.blind.filter(|blind| blind.told);
            return None;
        }
        // It is told by the first check after the time, unless nobody looked meanwhile.
        let known = self
            .blind
            .filter(|b| b.told || finding.still_counts(b.since.plus(NO_DATA_AFTER), 1));
        let blind = known.unwrap_or(Blind {
            since: at,
            told: false,
        });
        let tell = !blind.told && at.since(blind.since) >= NO_DATA_AFTER;
        self.blind = Some(Blind {
            told: blind.told || tell,
            ..blind
        });
        tell.then(|| {
            opened(
                IncidentKind::NoData,
                blind.since,
                ReasonKind::NoData,
                &fault.detail,
            )
        })
    }
}

fn opened(kind: IncidentKind, since: Timestamp, why: ReasonKind, detail: &str) -> Transition {
    Transition::Opened {
        kind,
        since,
        reason: Reason::new(why, detail),
    }
}

fn resolved(kind: IncidentKind, since: Timestamp, at: Timestamp) -> Transition {
    Transition::Resolved { kind, since, at }
}

/// The shortest of these times before its end that it has reached. Of a short-lived certificate only those count that are
/// at most a third of its life: it is renewed later than others.
fn reached(days: &[u16], certificate: &Certificate, at: Timestamp) -> Option<u16> {
    let left = certificate.not_after.since(at);
    let life = certificate.not_after.since(certificate.not_before);
    let counts = |within: Duration| within <= life / 3 || life.is_zero();
    let within = days.iter().filter(|n| {
        let within = DAY * u32::from(**n);
        counts(within) && left <= within
    });
    within.copied().min()
}

fn expiry(certificate: &Certificate, at: Timestamp) -> String {
    let on = certificate.not_after.to_utc().format("%Y-%m-%d %H:%M UTC");
    if certificate.not_after <= at {
        return format!("The certificate of {} expired on {on}.", certificate.subject);
    }
    let left = certificate.not_after.since(at);
    let left = match left.as_secs() / DAY.as_secs() {
        0 => format!("{} h", left.as_secs() / 3_600),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    format!(
        "The certificate of {} expires on {on}, in {left}.",
        certificate.subject
    )
}

/// `0.87 s` is easier to compare than `870ms` when both stand in one sentence.
fn spoken(d: Duration) -> String {
    match d.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        _ => format!("{:.2} s", d.as_secs_f64()),
    }
}
