//! What the failures and successes of one zone say together: when to look at oneself, and what follows from it.
//!
//! Times are monotonic, counted from any one moment, so that a wall clock that jumps changes no decision; the wall clock
//! is only for what people read.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use super::{Reach, Sign};
use crate::{clock::Timestamp, id::MonitorId};

/// So many monitors of a zone that turn bad within [`WINDOW`], and so large a part of it, are no coincidence.
const MANY: usize = 3;
const MANY_PERCENT: usize = 30;
const WINDOW: Duration = Duration::from_mins(1);
/// A success that is older says nothing about now.
const PROOF: Duration = Duration::from_secs(30);
/// How long a verdict is kept, so that a storm costs one self-check and not one for each monitor.
const KEPT: Duration = Duration::from_secs(3);
/// The same for one that cannot say "offline": asking again soon would only delay alerts.
const KEPT_BLIND: Duration = Duration::from_secs(30);
/// While offline: how often the references are asked for the end of it.
const PROBE: Duration = Duration::from_secs(10);
/// While nothing is wrong: how often the references are asked whether they can be relied on.
const ROUTINE: Duration = Duration::from_hours(1);
/// A network that comes and goes may contradict its references once.
const CONTRADICTIONS: u32 = 2;

/// One outcome, as the zone sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub monitor: MonitorId,
    pub sign: Sign,
    /// When the check began, on the wall clock.
    pub at: Timestamp,
    /// The same moment on the monotonic clock.
    pub begun: Duration,
    pub now: Duration,
    /// It was not failing before.
    pub turns_bad: bool,
    /// An incident would open; when the first of the failures in a row began.
    pub opens: Option<Timestamp>,
    /// Enabled monitors in the zone.
    pub members: usize,
}

/// What an outcome counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// As it is.
    Stands,
    /// Unknown: we were offline, since this moment.
    Offline { since: Timestamp },
    /// Undecided until the self-check is through.
    Wait,
}

/// What became of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    None,
    /// We are offline.
    Began {
        since: Timestamp,
    },
    /// We were offline.
    Ended {
        since: Timestamp,
    },
}

/// One zone.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// A reference has answered before. One that never did proves nothing by its silence.
    trusted: bool,
    offline: Option<Offline>,
    /// The last time offline: since when, and when it ended.
    last: Option<(Timestamp, Duration)>,
    /// The self-check that is under way began then.
    asking: Option<Duration>,
    verdict: Option<Verdict>,
    /// Something calls for a self-check.
    wanted: bool,
    /// How often in a row monitors ended a time offline while the references said nothing.
    contradictions: u32,
    next_routine: Duration,
    turned: Turned,
    proof: Option<Proof>,
    /// The first failure since anything proved that the network works.
    first_failure: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Offline {
    since: Timestamp,
    /// Checks that began before are from when it was found out.
    found: Duration,
    next_probe: Duration,
    /// Monitors that answered since.
    heard: BTreeSet<MonitorId>,
}

/// What lets outcomes stand without another self-check.
#[derive(Clone, Copy, Debug)]
struct Verdict {
    kept_until: Duration,
    /// Only those whose failures began before this: the network may have gone after it answered.
    of_failures_before: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Proof {
    begun: Duration,
    seen: Duration,
}

impl Watch {
    /// `trusted`: a reference answered in an earlier run. `offline`: a gap that no earlier run saw the end of.
    pub fn new(trusted: bool, offline: Option<Timestamp>, now: Duration) -> Self {
        let offline = offline.map(|since| Offline {
            since,
            found: now,
            next_probe: now,
            heard: BTreeSet::new(),
        });
        Self {
            trusted: trusted || offline.is_some(),
            offline,
            next_routine: now,
            ..Self::default()
        }
    }

    pub fn offline_since(&self) -> Option<Timestamp> {
        self.offline.as_ref().map(|o| o.since)
    }

    /// `false`: no reference ever answered, so there is no self-check to rely on.
    pub fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// What is set up changed: everything that was concluded from the references is asked again.
    pub fn set_up_anew(&mut self, now: Duration) {
        self.verdict = None;
        self.next_routine = now;
        if let Some(offline) = &mut self.offline {
            offline.next_probe = now;
        }
    }

    pub fn see(&mut self, seen: Seen) -> (Ruling, Change) {
        match seen.sign {
            Sign::Nothing => (Ruling::Stands, Change::None),
            Sign::Up { proof } => {
                self.turned.remove(seen.monitor);
                let change = if proof { self.prove(&seen) } else { Change::None };
                (Ruling::Stands, change)
            }
            Sign::Failure => (self.doubt(&seen), Change::None),
        }
    }

    fn prove(&mut self, seen: &Seen) -> Change {
        if self.proof.is_none_or(|p| p.begun <= seen.begun) {
            self.proof = Some(Proof {
                begun: seen.begun,
                seen: seen.now,
            });
        }
        self.first_failure = None;
        let Some(offline) = &mut self.offline else {
            return Change::None;
        };
        if seen.begun < offline.found {
            return Change::None;
        }
        offline.heard.insert(seen.monitor);
        if offline.heard.len() < seen.members.clamp(1, 2) {
            return Change::None;
        }
        // Are the references back as well?
        self.wanted = true;
        self.contradictions += 1;
        self.end(seen.now)
    }

    fn doubt(&mut self, seen: &Seen) -> Ruling {
        if let Some(offline) = &self.offline {
            return Ruling::Offline { since: offline.since };
        }
        if let Some((since, ended)) = self.last
            && seen.begun <= ended
        {
            return Ruling::Offline { since };
        }
        let first = self.first_failure.map_or(seen.at, |first| first.min(seen.at));
        self.first_failure = Some(first);
        if seen.turns_bad {
            self.turned.add(seen.monitor, seen.now);
        }
        let kept = self
            .verdict
            .filter(|v| self.asking.is_none() && seen.now <= v.kept_until);
        if kept.is_none() && self.turned.many(seen.now, seen.members) {
            self.wanted = true;
        }
        let Some(first) = seen.opens else {
            return Ruling::Stands;
        };
        let covered = kept.is_some_and(|v| v.of_failures_before.is_none_or(|answered| first <= answered));
        if covered || self.is_proven(seen, first) {
            return Ruling::Stands;
        }
        self.wanted = true;
        Ruling::Wait
    }

    /// Another monitor's check began after this one and succeeded: the network was there when this one failed. A single
    /// failure may have been on its way when the network went, and those after it the last that came through.
    fn is_proven(&self, seen: &Seen, first: Timestamp) -> bool {
        first < seen.at
            && self
                .proof
                .is_some_and(|p| p.begun > seen.begun && seen.now.saturating_sub(p.seen) <= PROOF)
    }

    /// Whether a self-check is due; `members` as in [`Seen`].
    pub fn wants_check(&self, now: Duration, members: usize) -> bool {
        if self.asking.is_some() {
            return false;
        }
        let probe = self.offline.as_ref().is_some_and(|o| now >= o.next_probe);
        self.wanted || probe || (members > 0 && now >= self.next_routine)
    }

    /// A self-check begins.
    pub fn ask(&mut self, now: Duration) {
        self.asking = Some(now);
        self.wanted = false;
        self.next_routine = now + ROUTINE;
    }

    /// The self-check is through; `at` is `now` on the wall clock.
    pub fn answer(&mut self, reach: Reach, now: Duration, at: Timestamp) -> Change {
        let asked = self.asking.take().unwrap_or(now);
        // It was wanted before the answer was there, and here it is.
        self.wanted = false;
        match reach {
            Reach::Answered => {
                self.trusted = true;
                self.contradictions = 0;
                self.first_failure = None;
                self.verdict = Some(Verdict {
                    kept_until: now + KEPT,
                    of_failures_before: Some(at),
                });
                self.end(now)
            }
            Reach::NoReferences => {
                self.trusted = false;
                self.verdict = Some(blind(now + KEPT_BLIND));
                self.end(now)
            }
            Reach::Unclear => {
                self.verdict = Some(blind(now + KEPT));
                self.probe_again(now);
                Change::None
            }
            Reach::Silent => self.silence(asked, now, at),
        }
    }

    fn silence(&mut self, asked: Duration, now: Duration, at: Timestamp) -> Change {
        if self.offline.is_some() {
            self.probe_again(now);
            return Change::None;
        }
        // Monitors answer while the references do not: a firewall holds the references back, and not the network.
        if self.proof.is_some_and(|p| p.begun >= asked) || self.contradictions >= CONTRADICTIONS {
            self.trusted = false;
        }
        if !self.trusted {
            self.verdict = Some(blind(now + KEPT_BLIND));
            return Change::None;
        }
        let since = self.first_failure.map_or(at, |first| first.min(at));
        self.verdict = None;
        self.offline = Some(Offline {
            since,
            found: now,
            next_probe: now + PROBE,
            heard: BTreeSet::new(),
        });
        Change::Began { since }
    }

    fn probe_again(&mut self, now: Duration) {
        if let Some(offline) = &mut self.offline {
            offline.next_probe = now + PROBE;
        }
    }

    fn end(&mut self, now: Duration) -> Change {
        let Some(offline) = self.offline.take() else {
            return Change::None;
        };
        self.last = Some((offline.since, now));
        self.turned = Turned::default();
        self.first_failure = None;
        Change::Ended { since: offline.since }
    }
}

const fn blind(kept_until: Duration) -> Verdict {
    Verdict {
        kept_until,
        of_failures_before: None,
    }
}

/// Monitors that turned bad lately.
#[derive(Clone, Debug, Default)]
struct Turned {
    order: VecDeque<(Duration, MonitorId)>,
    at: HashMap<MonitorId, Duration>,
}

impl Turned {
    fn add(&mut self, monitor: MonitorId, now: Duration) {
        self.order.push_back((now, monitor));
        self.at.insert(monitor, now);
    }

    fn remove(&mut self, monitor: MonitorId) {
        self.at.remove(&monitor);
    }

    fn many(&mut self, now: Duration, members: usize) -> bool {
        while let Some((at, monitor)) = self.order.front().copied() {
            if now.saturating_sub(at) <= WINDOW {
                break;
            }
            self.order.pop_front();
            if self.at.get(&monitor) == Some(&at) {
                self.at.remove(&monitor);
            }
        }
        self.at.len() >= MANY && self.at.len() * 100 >= members * MANY_PERCENT
    }
}
