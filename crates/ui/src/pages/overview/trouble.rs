//! What is wrong now, one line each.

use domain::{
    clock::Timestamp,
    id::{IncidentId, MonitorId},
    incident::{Incident, IncidentKind, Progress},
    state::Status,
};
use store::{IncidentRow, MonitorFilter};

use super::{MOST_TROUBLES, status_of};
use crate::{Shell, SignedIn, components::Mark, error, pages::incidents::kind};

/// One thing that is wrong now.
pub(crate) struct Trouble {
    pub(super) mark: Mark,
    pub(super) name: String,
    pub(super) href: String,
    pub(super) since: Option<Timestamp>,
    pub(super) why: String,
    pub(super) incident: Option<IncidentId>,
    pub(super) acknowledged_by: Option<String>,
}

impl Trouble {
    pub(super) fn expiring(shell: &Shell, row: &IncidentRow) -> Self {
        let incident = &row.incident;
        let monitor = incident.origin.monitor().map(|id| format!("/monitors/{id}"));
        Self {
            mark: kind::about(shell, kind::words(incident)),
            name: row.monitor_name.clone(),
            href: monitor.unwrap_or_else(|| format!("/incidents/{}", incident.id)),
            since: Some(incident.since),
            why: incident.reason.detail.clone(),
            incident: Some(incident.id),
            acknowledged_by: acknowledged_by(incident),
        }
    }
}

fn acknowledged_by(incident: &Incident) -> Option<String> {
    match &incident.progress {
        Progress::Acknowledged { by, .. } => Some(by.clone()),
        Progress::Open | Progress::Resolved { .. } => None,
    }
}

/// Statuses in which something is wrong, the worst first.
pub(super) const WRONG: [Status; 3] = [Status::Down, Status::Unknown, Status::Degraded];

/// Down first, then what we could not find out, then what is slow.
pub(super) async fn troubles(who: &SignedIn, shell: &Shell, all: u64) -> error::Result<Vec<Trouble>> {
    let store = who.store();
    if all == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for status in WRONG {
        let limit = MOST_TROUBLES.saturating_sub(u32::try_from(found.len()).unwrap_or(MOST_TROUBLES));
        if limit > 0 {
            let filter = MonitorFilter {
                status: Some(status),
                stale: who.stale(),
                limit,
                ..MonitorFilter::default()
            };
            let items = store.monitors().page(&filter).await?.items;
            found.extend(items.into_iter().map(|(m, state)| {
                let state = who.heard(m.id, state);
                (m, state)
            }));
        }
    }
    let ids: Vec<MonitorId> = found.iter().map(|(m, _)| m.id).collect();
    let open = store.incidents().open_of(&ids).await?;
    let in_force = store.in_force();
    Ok(found
        .iter()
        .map(|(monitor, state)| {
            let status = status_of(monitor, state, &in_force);
            let incident = open.get(&monitor.id).filter(|i| explains(status, i.kind));
            Trouble {
                mark: shell.status(&status),
                name: monitor.config.name.clone(),
                href: format!("/monitors/{}", monitor.id),
                since: state.since(),
                why: state.detail().unwrap_or_default().to_owned(),
                incident: incident.map(|i| i.id),
                acknowledged_by: incident.and_then(acknowledged_by),
            }
        })
        .collect())
}

/// Whether an incident of this kind is why a monitor has the status.
fn explains(status: Status, kind: IncidentKind) -> bool {
    match kind {
        IncidentKind::Down => status != Status::Degraded,
        IncidentKind::Degraded => status == Status::Degraded,
        IncidentKind::NoData => status == Status::Unknown,
        IncidentKind::Certificate => false,
    }
}
