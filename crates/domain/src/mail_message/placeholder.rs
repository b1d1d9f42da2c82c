//! What may stand in the subject and the note of mails.

use crate::{
    outcome::named,
    template::{self, Vocabulary},
};

/// A subject or a note that parsed.
pub type Template = template::Template<Placeholder>;

named! {
    /// What may stand between two pairs of braces.
    Placeholder {
        /// `DOWN`, `DEGRADED`, `CERT`, `NO DATA`, `FLAPPING`, `ACK`, `UP`, `OK`, `TROUBLE`;
        /// `ENDED` where the monitor was deleted.
        Status = "status",
        Monitor = "monitor",
        Target = "target",
        /// `http`, `tcp`, …
        Kind = "kind",
        Tags = "tags",
        Reason = "reason",
        Since = "since",
        Duration = "duration",
        /// Its number.
        Incident = "incident",
        Channel = "channel",
        /// Address of the incident's page.
        Link = "link",
    }
}

impl Placeholder {
    /// The same in every message about one incident, as long as nobody renames anything.
    pub const fn stays(self) -> bool {
        match self {
            Self::Monitor | Self::Target | Self::Kind | Self::Tags | Self::Incident | Self::Channel => true,
            Self::Status | Self::Reason | Self::Since | Self::Duration | Self::Link => false,
        }
    }

    /// `monitor, target, …`: those that `which` takes.
    pub(super) fn listed(which: impl Fn(Self) -> bool) -> String {
        let names: Vec<&str> = Self::ALL
            .iter()
            .filter(|p| which(**p))
            .map(|p| p.as_str())
            .collect();
        names.join(", ")
    }
}

impl Vocabulary for Placeholder {
    fn read(name: &str) -> Option<Self> {
        Self::parse(name)
    }

    fn known() -> String {
        Self::listed(|_| true)
    }
}
