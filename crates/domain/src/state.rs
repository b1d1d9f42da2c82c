//! The state machine of one monitor. Pure: outcomes in, state and perhaps a transition out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    condition::{Conditions, Finding, Slow},
    escalation::{FLAPPING_CHANGES, flaps},
    incident::IncidentKind,
    monitor::{MonitorConfig, Thresholds},
    outcome::{Fault, FaultKind, Outcome, Reason, Verdict},
};

/// Everything that a restart must read back to go on as if nothing had happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitorState {
    pub known: Known,
    /// Set while our own faults keep us from looking. It lies over `known` and changes nothing in it, so that
    /// returning from it is silent and an open incident stays open.
    pub doubt: Option<Doubt>,
    /// When it last went down or up, the earliest first: as many as tell whether it flaps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Timestamp>,
    /// What is wrong beside that.
    #[serde(default, skip_serializing_if = "Conditions::is_none")]
    pub conditions: Conditions,
}

/// What we last knew of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Known {
    /// Never decided yet.
    Pending { failing: Option<Streak> },
    Up {
        since: Timestamp,
        failing: Option<Streak>,
    },
    /// `since` is the first failing check, not the one that crossed the threshold.
    Down {
        since: Timestamp,
        reason: Reason,
        successes: u32,
    },
}

/// Consecutive failures that have not crossed the threshold yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    pub first_at: Timestamp,
    pub failures: u32,
    pub reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    pub since: Timestamp,
    pub fault: Fault,
}

/// The word that people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Up,
    Degraded,
    Down,
    Unknown,
    Paused,
    Maintenance,
    Pending,
}

impl Status {
    pub const ALL: [Self; 7] = [
        Self::Up,
        Self::Degraded,
        Self::Down,
        Self::Unknown,
        Self::Paused,
        Self::Maintenance,
        Self::Pending,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unknown => "unknown",
            Self::Paused => "paused",
            Self::Maintenance => "maintenance",
            Self::Pending => "pending",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// A change that people are told about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    Opened {
        kind: IncidentKind,
        since: Timestamp,
        reason: Reason,
    },
    /// It is open already, and more urgent than before.
    Worsened {
        kind: IncidentKind,
        at: Timestamp,
        reason: Reason,
    },
    Resolved {
        kind: IncidentKind,
        since: Timestamp,
        at: Timestamp,
    },
}

impl Transition {
    pub const fn kind(&self) -> IncidentKind {
        match self {
            Self::Opened { kind, .. } | Self::Worsened { kind, .. } | Self::Resolved { kind, .. } => *kind,
        }
    }
}

impl Default for MonitorState {
    fn default() -> Self {
        Self {
            known: Known::Pending { failing: None },
            doubt: None,
            changes: Vec::new(),
            conditions: Conditions::default(),
        }
    }
}

impl MonitorState {
    /// In this respect it changes too often for each change to be worth a message.
    pub fn flaps(&self, kind: IncidentKind, now: Timestamp) -> bool {
        let changes = match kind {
            IncidentKind::Down => Some(&self.changes),
            _ => self.conditions.changes.get(&kind),
        };
        changes.is_some_and(|changes| flaps(changes, now))
    }

    pub fn status(&self) -> Status {
        if self.doubt.is_some() {
            return Status::Unknown;
        }
        match self.known {
            Known::Pending { .. } => Status::Pending,
            Known::Up { .. } if self.slow().is_some() => Status::Degraded,
            Known::Up { .. } => Status::Up,
            Known::Down { .. } => Status::Down,
        }
    }

    /// What people see: a paused monitor is paused, whatever was known before, and one that is worked on is under
    /// maintenance, whatever its checks find.
    pub fn shown(&self, enabled: bool, under_maintenance: bool) -> Status {
        match (enabled, under_maintenance) {
            (false, _) => Status::Paused,
            (true, true) => Status::Maintenance,
            (true, false) => self.status(),
        }
    }

    /// Since when [`Self::status`] holds; `None` while pending.
    pub fn since(&self) -> Option<Timestamp> {
        match (&self.doubt, &self.known) {
            (Some(d), _) => Some(d.since),
            (None, Known::Pending { .. }) => None,
            (None, Known::Up { since, .. }) => Some(self.slow().map_or(*since, |slow| slow.since)),
            (None, Known::Down { since, .. }) => Some(*since),
        }
    }

    /// As people see it when the last result is too old to say anything; `words` say so. Nobody keeps this.
    pub fn unheard(mut self, since: Timestamp, words: &str) -> Self {
        self.doubt = Some(Doubt {
            since,
            fault: Fault::new(FaultKind::Resources, words),
        });
        self
    }

    /// Without failures that are not confirmed yet: nobody knows any more whose they were.
    pub fn without_streak(mut self) -> Self {
        if let Known::Pending { failing } | Known::Up { failing, .. } = &mut self.known {
            *failing = None;
        }
        self
    }

    /// Why the status is not UP, in words.
    pub fn detail(&self) -> Option<&str> {
        match (&self.doubt, &self.known) {
            (Some(d), _) => Some(&d.fault.detail),
            (None, Known::Down { reason, .. }) => Some(&reason.detail),
            (None, Known::Up { .. }) => self.slow().map(|slow| slow.detail.as_str()),
            (None, Known::Pending { .. }) => None,
        }
    }

    /// What the outcome that led to this state changes beside being up or down.
    pub fn judge(&mut self, outcome: &Outcome, config: &MonitorConfig) -> Vec<Transition> {
        self.conditions.judge(Finding {
            outcome,
            config,
            up: matches!(self.known, Known::Up { .. }),
        })
    }

    fn slow(&self) -> Option<&Slow> {
        self.conditions.slow.as_ref().filter(|slow| slow.confirmed)
    }

    /// True between a first failure and the decision about it: the next check comes after
    /// [`Thresholds::recheck_every`], not a full interval later.
    pub fn wants_recheck(&self) -> bool {
        matches!(
            self.known,
            Known::Pending { failing: Some(_) } | Known::Up { failing: Some(_), .. }
        )
    }
}

/// Folds one outcome into the state. `since` never lies after `outcome.at`, whatever the clock did.
pub fn advance(
    state: MonitorState,
    outcome: &Outcome,
    thresholds: Thresholds,
) -> (MonitorState, Option<Transition>) {
    let at = outcome.at;
    let MonitorState {
        known,
        doubt,
        mut changes,
        conditions,
    } = state;
    let (known, doubt, transition) = match &outcome.verdict {
        Verdict::Internal(fault) => {
            let since = doubt.map_or(at, |d| d.since.min(at));
            let fault = fault.clone();
            (known, Some(Doubt { since, fault }), None)
        }
        Verdict::Up => {
            let (known, transition) = succeed(known, at, thresholds);
            (known, None, transition)
        }
        Verdict::Down(reason) => {
            let (known, transition) = fail(known, at, reason, thresholds);
            (known, None, transition)
        }
    };
    if transition.is_some() {
        note_change(&mut changes, at);
    }
    let state = MonitorState {
        known,
        doubt,
        changes,
        conditions,
    };
    (state, transition)
}

pub(crate) fn note_change(changes: &mut Vec<Timestamp>, at: Timestamp) {
    // Later than now is from before the clock was set back.
    changes.retain(|before| *before <= at);
    changes.push(at);
    let surplus = changes.len().saturating_sub(FLAPPING_CHANGES);
    changes.drain(..surplus);
}

fn succeed(known: Known, at: Timestamp, t: Thresholds) -> (Known, Option<Transition>) {
    match known {
        Known::Pending { .. } => (
            Known::Up {
                since: at,
                failing: None,
            },
            None,
        ),
        Known::Up { since, .. } => (
            Known::Up {
                since: since.min(at),
                failing: None,
            },
            None,
        ),
        Known::Down {
            since,
            reason,
            successes,
        } => {
            let (since, successes) = (since.min(at), successes.saturating_add(1));
            if successes >= t.recover_after.get() {
                (
                    Known::Up {
                        since: at,
                        failing: None,
                    },
                    Some(Transition::Resolved {
                        kind: IncidentKind::Down,
                        since,
                        at,
                    }),
                )
            } else {
                (
                    Known::Down {
                        since,
                        reason,
                        successes,
                    },
                    None,
                )
            }
        }
    }
}

fn fail(known: Known, at: Timestamp, reason: &Reason, t: Thresholds) -> (Known, Option<Transition>) {
    let (streak, up_since) = match known {
        Known::Down { since, reason, .. } => {
            return (
                Known::Down {
                    since: since.min(at),
                    reason,
                    successes: 0,
                },
                None,
            );
        }
        Known::Pending { failing } => (failing, None),
        Known::Up { since, failing } => (failing, Some(since.min(at))),
    };
    let streak = match streak.filter(|s| still_counts(s, at, t)) {
        Some(s) => Streak {
            first_at: s.first_at.min(at),
            failures: s.failures.saturating_add(1),
            reason: reason.clone(),
        },
        None => Streak {
            first_at: at,
            failures: 1,
            reason: reason.clone(),
        },
    };
    if streak.failures >= t.confirm_after.get() {
        let (since, reason) = (streak.first_at, streak.reason);
        let down = Known::Down {
            since,
            reason: reason.clone(),
            successes: 0,
        };
        return (
            down,
            Some(Transition::Opened {
                kind: IncidentKind::Down,
                since,
                reason,
            }),
        );
    }
    let failing = Some(streak);
    let known = match up_since {
        Some(since) => Known::Up { since, failing },
        None => Known::Pending { failing },
    };
    (known, None)
}

/// Failures are "in a row" only while the checks were: a streak from before a pause or a long stop begins anew, so that
/// an outage is never dated back over a time in which nobody looked.
fn still_counts(streak: &Streak, at: Timestamp, t: Thresholds) -> bool {
    // Longer than the longest timeout and a full queue.
    const SLACK: Duration = Duration::from_mins(5);
    at.since(streak.first_at) <= (t.recheck_every + SLACK).saturating_mul(streak.failures.max(1))
}
