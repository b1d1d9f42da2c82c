//! How far an open incident has come in telling people, and what comes next.
//!
//! An escalation begins with its incident, or, where something holds the alerts back, when that ends. Its clock then runs
//! through the steps of the policy and the reminders until somebody acknowledges the incident or it is over. What
//! is over is told when it has been over for long enough.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    hold::{HeldBy, Hold},
    id::MonitorId,
    policy::{Reminders, Step},
};

/// A monitor that changes this often within [`FLAPPING_WINDOW`] flaps.
pub const FLAPPING_CHANGES: usize = 6;
pub const FLAPPING_WINDOW: Duration = Duration::from_mins(30);
/// So long it must stay as it is before anybody hears of it again.
pub const STABLE_AFTER: Duration = Duration::from_mins(15);
/// How long a person can want to hear nothing of an incident.
pub const SHORTEST_SNOOZE: Duration = Duration::from_mins(1);
pub const LONGEST_SNOOZE: Duration = Duration::from_hours(7 * 24);
/// A parent that comes back wakes what it holds. It may miss what comes to be held at the same moment, so that is looked
/// at again soon; after that seldom, for in a storm there are thousands.
const SECOND_LOOK: Duration = Duration::from_mins(1);
const LATER_LOOKS: Duration = Duration::from_mins(10);

/// Everything that a restart must read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Escalation {
    /// From when the delays of the steps count. `None`: nobody was told yet, because something holds it.
    pub begun_at: Option<Timestamp>,
    /// Steps with at most this delay were run.
    pub through: Option<Duration>,
    /// How many there were.
    pub reminders: u32,
    /// When somebody was last told that it is open.
    pub told_at: Option<Timestamp>,
    pub held: Option<Hold>,
    /// The monitor whose outage this one was last taken for.
    pub taken_down_by: Option<MonitorId>,
    /// A person wants to hear nothing before then.
    pub snoozed_until: Option<Timestamp>,
    /// The monitor is up again, and it is not certain yet that it stays so.
    pub recovering: Option<Recovering>,
    /// The monitor changes too often to be told of each change; since the last change.
    pub flapping: Option<Timestamp>,
    /// When there is something to do; `None`: not by the clock.
    pub next_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovering {
    pub since: Timestamp,
    /// Then it is over.
    pub until: Timestamp,
}

/// What is true of the incident and of its policy at the moment.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    pub now: Timestamp,
    pub acknowledged: bool,
    /// It has just become more urgent.
    pub worse: bool,
    /// Something holds its alerts back now.
    pub hold: Option<Hold>,
    /// When a parent that held it is back: how long this monitor may take to be seen up again.
    pub grace: Duration,
    /// The earliest first.
    pub steps: &'a [Step],
    pub reminders: Option<Reminders>,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Run the step with this index.
    Tell(usize),
    /// Tell those who were told that it is still open. Numbered from 1.
    Remind(u32),
    /// It is over since then.
    Resolve(Timestamp),
}

impl Escalation {
    /// Does what is due and says when to look again ([`Self::next_at`]).
    pub fn advance(&mut self, s: &Situation<'_>) -> Vec<Act> {
        self.next_at = None;
        if let Some(recovering) = self.recovering {
            if s.now >= recovering.until {
                return vec![Act::Resolve(recovering.since)];
            }
            self.next_at = Some(recovering.until);
            return Vec::new();
        }
        let calmed = match self.flapping {
            Some(changed) if s.now < changed.plus(STABLE_AFTER) => {
                self.next_at = Some(changed.plus(STABLE_AFTER));
                return Vec::new();
            }
            Some(_) => {
                self.flapping = None;
                true
            }
            None => false,
        };
        if s.acknowledged {
            return Vec::new();
        }
        let woken = match self.snoozed_until {
            Some(until) if s.now < until => {
                self.next_at = Some(until);
                return Vec::new();
            }
            Some(_) => {
                self.snoozed_until = None;
                true
            }
            None => false,
        };
        if let Some(hold) = s.hold {
            let look = match self.held {
                Some(before) if before.by == hold.by => LATER_LOOKS,
                _ => SECOND_LOOK,
            };
            self.held = Some(hold);
            if let HeldBy::Parent(parent) = hold.by {
                self.taken_down_by = Some(parent);
            }
            if self.told_at.is_none() {
                self.begun_at = None;
            }
            self.next_at = Some(hold.until.unwrap_or_else(|| s.now.plus(look)));
            return Vec::new();
        }
        if let Some(until) = self.grace_of_parent(s) {
            self.next_at = Some(until);
            return Vec::new();
        }
        let released = self.held.take();
        if let (
            Some(Hold {
                by: HeldBy::Parent(_),
                ..
            }),
            None,
        ) = (released, self.begun_at)
        {
            // It went down with its parent and comes back a little later.
            self.begun_at = Some(s.now.plus(s.grace));
        }
        let ended = calmed || woken || (released.is_some() && self.told_at.is_some());
        self.go_on(s, ended || s.worse)
    }

    /// A parent is back that held this one after people were told of it: until when nobody is told that it is still down,
    /// for it comes back a little later.
    fn grace_of_parent(&mut self, s: &Situation<'_>) -> Option<Timestamp> {
        let held = self.held.as_mut()?;
        if !matches!(held.by, HeldBy::Parent(_)) || self.told_at.is_none() {
            return None;
        }
        let until = *held.until.get_or_insert(s.now.plus(s.grace));
        // Later than that is of a clock that was set back.
        (s.now < until && until.since(s.now) <= s.grace).then_some(until)
    }

    /// `remind`: what kept it quiet is over, or it is more urgent now.
    fn go_on(&mut self, s: &Situation<'_>, remind: bool) -> Vec<Act> {
        let mut begun = *self.begun_at.get_or_insert(s.now);
        if begun > s.now && begun.since(s.now) > s.grace {
            // The clock was set back: it goes on from where it was.
            begun = s.now.minus(self.through.unwrap_or_default());
            self.begun_at = Some(begun);
        }
        let mut acts = Vec::new();
        if begun <= s.now {
            let elapsed = s.now.since(begun);
            for (n, step) in s.steps.iter().enumerate() {
                if step.after <= elapsed && self.through.is_none_or(|through| step.after > through) {
                    acts.push(Act::Tell(n));
                }
            }
            self.through = self.through.max(Some(elapsed));
        }
        if remind && self.told_at.is_some() {
            acts.push(self.remind());
        } else if let Some(at) = self.reminder_at(s.reminders)
            && at <= s.now
        {
            acts.push(self.remind());
        }
        if !acts.is_empty() {
            self.told_at = Some(s.now);
        }
        let next_step = s.steps.iter().map(|step| step.after);
        let next_step = next_step
            .filter(|after| self.through.is_none_or(|through| *after > through))
            .min();
        let next_step = next_step.map(|after| begun.plus(after));
        self.next_at = next_step.into_iter().chain(self.reminder_at(s.reminders)).min();
        acts
    }

    fn remind(&mut self) -> Act {
        self.reminders = self.reminders.saturating_add(1);
        Act::Remind(self.reminders)
    }

    fn reminder_at(&self, reminders: Option<Reminders>) -> Option<Timestamp> {
        Some(self.told_at?.plus(reminders?.interval(self.reminders)))
    }

    /// The monitor is up again: at once when there is nothing to wait for.
    pub fn recovered(&mut self, since: Timestamp, now: Timestamp, wait: Duration) {
        let wait = if self.flapping.is_some() {
            wait.max(STABLE_AFTER)
        } else {
            wait
        };
        let until = now.plus(wait);
        self.recovering = Some(Recovering { since, until });
        self.next_at = Some(until);
    }

    /// The monitor is down again before its recovery was told.
    pub fn relapsed(&mut self, now: Timestamp) {
        self.recovering = None;
        self.flapping = self.flapping.map(|_| now);
        self.next_at = Some(now);
    }
}

/// `changes`: when the monitor last went down or up, the earliest first, at most [`FLAPPING_CHANGES`] of them.
pub fn flaps(changes: &[Timestamp], now: Timestamp) -> bool {
    let recent = changes
        .iter()
        .filter(|at| **at <= now && now.since(**at) <= FLAPPING_WINDOW);
    recent.count() >= FLAPPING_CHANGES
}
