//! Why nobody is told of an incident for now, although it is open.

use std::{fmt, str::FromStr};

use crate::{
    clock::Timestamp,
    id::{MaintenanceId, MonitorId, SilenceId},
};

/// What holds the alerts of an incident back. Checks go on, and who was told of the opening hears of the recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hold {
    pub by: HeldBy,
    /// When it ends by itself; `None`: when something else happens.
    pub until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeldBy {
    Silence(SilenceId),
    Maintenance(MaintenanceId),
    /// A monitor on which this one depends is down.
    Parent(MonitorId),
}

/// As `silence:3`.
impl fmt::Display for HeldBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence(id) => write!(f, "silence:{id}"),
            Self::Maintenance(id) => write!(f, "maintenance:{id}"),
            Self::Parent(id) => write!(f, "parent:{id}"),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("not the name of what holds an incident back")]
pub struct NotHeld;

impl FromStr for HeldBy {
    type Err = NotHeld;

    fn from_str(text: &str) -> Result<Self, NotHeld> {
        let (kind, id) = text.split_once(':').ok_or(NotHeld)?;
        let id: i64 = id.parse().map_err(|_| NotHeld)?;
        match kind {
            "silence" => Ok(Self::Silence(SilenceId(id))),
            "maintenance" => Ok(Self::Maintenance(MaintenanceId(id))),
            "parent" => Ok(Self::Parent(MonitorId(id))),
            _ => Err(NotHeld),
        }
    }
}
