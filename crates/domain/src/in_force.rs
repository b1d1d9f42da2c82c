//! Which silences and maintenance windows are in force at a time, and what they hold.

use std::cmp::Reverse;

use crate::{
    clock::Timestamp,
    hold::{HeldBy, Hold},
    id::MonitorId,
    maintenance::Maintenance,
    matcher::Matcher,
    silence::{Silence, SilenceState},
    target::Kind,
};

/// Everything in force at one time. Good for as long as [`InForce::holds_at`] says, so that the rules need not be asked
/// again for each monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    from: Timestamp,
    /// The first later moment at which something begins or ends.
    until: Option<Timestamp>,
    /// The strongest first.
    standing: Vec<Standing>,
}

/// One silence or window that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub by: HeldBy,
    pub matcher: Matcher,
    pub from: Timestamp,
    pub until: Timestamp,
}

impl InForce {
    pub fn at(at: Timestamp, silences: &[Silence], windows: &[Maintenance]) -> Self {
        let mut standing = Vec::new();
        let mut changes = Vec::new();
        for silence in silences {
            match silence.state(at) {
                SilenceState::Pending => changes.push(silence.starts_at),
                SilenceState::Active => standing.push(Standing {
                    by: HeldBy::Silence(silence.id),
                    matcher: silence.matcher.clone(),
                    from: silence.starts_at,
                    until: silence.ends_at,
                }),
                SilenceState::Over => {}
            }
        }
        for window in windows {
            if let Some(open) = window.window(at) {
                standing.push(Standing {
                    by: HeldBy::Maintenance(window.id),
                    matcher: window.config.matcher.clone(),
                    from: open.from,
                    until: open.to,
                });
            }
            changes.extend(window.next(at).map(|w| w.from));
        }
        changes.extend(standing.iter().map(|s| s.until));
        // The one that ends last; of two that end together, the window: it also leaves the time out of the uptime.
        standing.sort_by_key(|s| (Reverse(s.until), !s.is_maintenance()));
        Self {
            from: at,
            until: changes.into_iter().min(),
            standing,
        }
    }

    /// Whether it is still true at this time.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// By whom alerts are held back: the strongest first.
    pub fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        self.standing.iter().map(|s| &s.matcher)
    }

    /// What holds the alerts of a monitor: of several the one that ends last, a window before a silence.
    pub fn hold_of(&self, id: MonitorId, tags: &[String], kind: Kind) -> Option<Hold> {
        let strongest = self.standing.iter().find(|s| s.matcher.matches(id, tags, kind))?;
        Some(Hold {
            by: strongest.by,
            until: Some(strongest.until),
        })
    }

    /// The window that a monitor is under; of several the one that ends last.
    pub fn maintenance_of(&self, id: MonitorId, tags: &[String], kind: Kind) -> Option<&Standing> {
        self.maintenance().find(|s| s.matcher.matches(id, tags, kind))
    }

    /// The windows that are open.
    pub fn maintenance(&self) -> impl Iterator<Item = &Standing> {
        self.standing.iter().filter(|s| s.is_maintenance())
    }
}

impl Standing {
    fn is_maintenance(&self) -> bool {
        matches!(self.by, HeldBy::Maintenance(_))
    }
}
