//! What is wrong with a monitor, as people see it: an outage, or what may be wrong beside it. It is opened when that is
//! confirmed, and resolved when its end is. Watchbell's own troubles are told by the same means.

use std::{fmt, time::Duration};

use crate::{
    clock::Timestamp,
    id::{ChannelId, IncidentId, MonitorId},
    outcome::{Reason, named},
    policy::{Concern, Severity},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    pub id: IncidentId,
    pub origin: Origin,
    /// Of a trouble of our own: down.
    pub kind: IncidentKind,
    /// When it began.
    pub since: Timestamp,
    /// When it was confirmed.
    pub opened_at: Timestamp,
    pub reason: Reason,
    /// Of the policy that it had when it opened.
    pub severity: Severity,
    pub progress: Progress,
}

named! {
    /// What an incident is about. A monitor has at most one open incident of each kind.
    #[derive(Default, PartialOrd, Ord)]
    IncidentKind {
        #[default]
        Down = "down",
        /// Up, and slower than it should be.
        Degraded = "degraded",
        /// Its certificate is about to expire.
        Certificate = "certificate",
        /// We cannot look: nothing is known of it.
        NoData = "no_data",
    }
}

impl IncidentKind {
    /// What a step of a policy must tell of, to tell of its opening.
    pub const fn concern(self) -> Concern {
        match self {
            Self::Down => Concern::Down,
            Self::Degraded => Concern::Degraded,
            Self::Certificate => Concern::Certificate,
            Self::NoData => Concern::NoData,
        }
    }

    /// With a policy that says `severity`: what is not down is a warning at most.
    pub fn severity(self, severity: Severity) -> Severity {
        match self {
            Self::Down => severity,
            Self::Degraded | Self::Certificate | Self::NoData => severity.max(Severity::Warning),
        }
    }
}

/// What is in trouble: a target, or something of Watchbell itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    Monitor(MonitorId),
    /// Watchbell reached nothing in this zone.
    Zone(String),
    /// Whoever is behind this channel takes no more messages.
    Channel(ChannelId),
}

impl Origin {
    /// `None`: it is of Watchbell itself.
    pub fn monitor(&self) -> Option<MonitorId> {
        match self {
            Self::Monitor(id) => Some(*id),
            Self::Zone(_) | Self::Channel(_) => None,
        }
    }

    /// `zone:wan`, `channel:7`; `None` for a monitor. There is at most one open incident for each.
    pub fn own(&self) -> Option<String> {
        self.monitor().is_none().then(|| self.to_string())
    }

    /// The opposite of [`Self::own`].
    pub fn parse_own(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("zone", name) if !name.is_empty() => Some(Self::Zone(name.to_owned())),
            ("channel", id) => id.parse().ok().map(Self::Channel),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Monitor(id) => write!(f, "monitor:{id}"),
            Self::Zone(name) => write!(f, "zone:{name}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
        }
    }
}

/// Where an incident stands. Acknowledging never hides that it is still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    Open,
    Acknowledged {
        at: Timestamp,
        by: String,
    },
    Resolved {
        at: Timestamp,
        acknowledged: Option<(Timestamp, String)>,
    },
}

impl Incident {
    pub fn is_open(&self) -> bool {
        !matches!(self.progress, Progress::Resolved { .. })
    }

    pub fn resolved_at(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::Resolved { at, .. } => Some(at),
            Progress::Open | Progress::Acknowledged { .. } => None,
        }
    }

    /// From the first failing check to the recovery, or to `now` while it lasts. Never negative.
    pub fn duration(&self, now: Timestamp) -> Duration {
        self.resolved_at().unwrap_or(now).since(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_of_our_own_is_read_back_and_a_monitor_has_none() {
        for origin in [
            Origin::Zone("wan".to_owned()),
            Origin::Zone("dc:2".to_owned()),
            Origin::Channel(ChannelId(7)),
        ] {
            let text = origin.own().unwrap();
            assert_eq!(Origin::parse_own(&text), Some(origin), "{text}");
        }
        assert_eq!(Origin::Monitor(MonitorId(7)).own(), None);
        for text in ["", "zone", "zone:", "channel:x", "monitor:7", "planet:earth"] {
            assert_eq!(Origin::parse_own(text), None, "{text}");
        }
    }
}
