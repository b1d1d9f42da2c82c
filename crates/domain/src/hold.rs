//! Why nobody is told of an incident for now, although it is open.

use crate::{
    clock::Timestamp,
    id::{MaintenanceId, MonitorId, SilenceId},
};

/// What holds the alerts of an incident back. Checks go on, and who was told of the opening hears of the recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    pub by: HeldBy,
    /// When it ends by itself; `None`: when something else happens.
    pub until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    Silence(SilenceId),
    Maintenance(MaintenanceId),
    /// A monitor on which this one depends is down.
    Parent(MonitorId),
}
