//! Incidents: the list, and one with its story from the first failing check to the last delivery.

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    id::IncidentId,
    incident::{Incident, IncidentKind, Origin, Progress},
};
use serde::Deserialize;
use store::{IncidentFilter, IncidentPhase, IncidentRow, Store, outbox::DeliveryFilter};

use super::{
    alerting::{self, words},
    deliveries::Line,
};
use crate::{
    App, Flash, Section, Shell, SignedIn,
    components::{Mark, Pager, href},
    error::{self, Error},
    shell::page,
};

pub(crate) mod kind;
#[cfg(test)]
mod samples;
mod snooze;
mod standing;
mod timeline;
#[cfg(test)]
pub(crate) use samples::{details, lists, sample_incident, sample_of};
use standing::Stand;
use timeline::{Moment, Names};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/incidents", get(list))
        .route("/incidents/{id}", get(show))
        .route("/incidents/{id}/acknowledge", post(acknowledge))
        .route("/incidents/{id}/snooze", post(snooze::snooze))
        .route("/incidents/{id}/wake", post(snooze::wake))
}

#[derive(Template)]
#[template(path = "pages/incidents.html")]
pub(crate) struct IncidentsPage {
    shell: Shell,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    filtered: bool,
    pager: Pager,
}

pub(crate) struct Chip {
    label: String,
    href: String,
    current: bool,
}

pub(crate) struct Row {
    id: IncidentId,
    origin: Origin,
    monitor_name: String,
    kind: IncidentKind,
    words: &'static kind::Words,
    open: bool,
    acknowledged_by: Option<String>,
    since: Timestamp,
    resolved_at: Option<Timestamp>,
    duration: Duration,
    reason: String,
}

#[derive(Template)]
#[template(path = "pages/incidents/show.html")]
pub(crate) struct IncidentPage {
    shell: Shell,
    row: Row,
    opened_at: Timestamp,
    severity: String,
    /// While it is open and known.
    stand: Option<Stand>,
    snoozes: Vec<snooze::Choice>,
    /// Monitors that are down for the same reason: they depend on this one.
    taken_down: Vec<String>,
    /// Why nobody was told (a text key), where there is no delivery.
    nobody: &'static str,
    timeline: Vec<Moment>,
    deliveries: Vec<Line>,
    /// More deliveries than are shown.
    more: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    state: String,
    monitor: String,
    cursor: String,
}

const PAGE_SIZE: u32 = 50;
/// Deliveries that one incident's page shows.
const MOST_DELIVERIES: u32 = 100;

async fn list(signed_in: SignedIn, Query(search): Query<Search>) -> error::Result {
    let shell = signed_in.shell(Section::Incidents, "nav-incidents");
    let phase = match search.state.as_str() {
        "open" => Some(IncidentPhase::Open),
        "resolved" => Some(IncidentPhase::Resolved),
        _ => None,
    };
    let cursor = (!search.cursor.is_empty()).then_some(search.cursor.as_str());
    let filter = IncidentFilter {
        phase,
        monitor: search.monitor.parse().ok(),
        cursor: cursor.map(str::to_owned),
        limit: PAGE_SIZE,
    };
    let found = signed_in.store().incidents().page(&filter).await?;
    let query = [("state", search.state.as_str()), ("monitor", &search.monitor)];
    page(&IncidentsPage {
        chips: chips(&shell, &search),
        rows: found
            .items
            .into_iter()
            .map(|row| Row::new(row, shell.now))
            .collect(),
        filtered: phase.is_some() || filter.monitor.is_some(),
        pager: Pager::new(&shell, "/incidents", &query, cursor, found.next.as_deref()),
        shell,
    })
}

fn chips(shell: &Shell, search: &Search) -> Vec<Chip> {
    let words = [
        ("", shell.t("filter-all")),
        ("open", shell.t("incident-open")),
        ("resolved", shell.t("incident-resolved")),
    ];
    let chip = |(state, label): (&str, crate::locale::Text)| Chip {
        label: label.to_string(),
        href: href("/incidents", &[("state", state), ("monitor", &search.monitor)]),
        current: search.state == state,
    };
    words.into_iter().map(chip).collect()
}

async fn show(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let id = parse(&id)?;
    let store = signed_in.store();
    let row = store.incidents().get(id).await?.ok_or(Error::NotFound)?;
    let events = store.incidents().events(id).await?;
    let filter = DeliveryFilter {
        incident: Some(id),
        limit: MOST_DELIVERIES,
        ..DeliveryFilter::default()
    };
    let deliveries = store.outbox().page(&filter).await?;
    let title = signed_in.visit.language.text("overview-incident").arg("id", id);
    let shell = signed_in.shell_titled(Section::Incidents, &title.to_string());
    let standing = store.incidents().standing(id).await?;
    let stand = match &standing {
        Some(standing) if row.incident.is_open() => {
            Some(standing::read(store, &shell, &row.incident, standing).await?)
        }
        _ => None,
    };
    let zone = store.settings().general().await?.zone();
    let parents = timeline::parents(&events);
    let names = Names {
        monitors: store.monitors().names(&parents).await?.into_iter().collect(),
        rotations: alerting::rotations(store).await?.into_iter().collect(),
    };
    page(&IncidentPage {
        timeline: timeline::tell(&shell, &row.incident, &events, &deliveries.items, &names),
        severity: words::severity(&shell, row.incident.severity),
        stand,
        snoozes: snooze::choices(&shell, zone),
        taken_down: taken_down(store, &row.incident).await?,
        nobody: standing::why_nobody(&row.incident, standing.as_ref()),
        opened_at: row.incident.opened_at,
        row: Row::new(row, shell.now),
        more: deliveries.next.is_some(),
        deliveries: deliveries.items.into_iter().map(Line::from).collect(),
        shell,
    })
}

/// While it lasts; afterwards the monitor may have taken others down anew.
async fn taken_down(store: &Store, incident: &Incident) -> error::Result<Vec<String>> {
    match incident.origin.monitor() {
        Some(monitor) if incident.is_open() && incident.kind == IncidentKind::Down => {
            Ok(store.incidents().taken_down(monitor, incident.since).await?)
        }
        _ => Ok(Vec::new()),
    }
}

async fn acknowledge(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let id = parse(&id)?;
    let incident = signed_in
        .store()
        .incidents()
        .acknowledge(id, signed_in.by())
        .await?;
    let incident = incident.ok_or(Error::NotFound)?;
    let flash = if incident.is_open() {
        tracing::info!(incident.id = id.0, user = signed_in.by(), "incident acknowledged");
        Flash::good("flash-incident-acknowledged")
    } else {
        Flash::bad("flash-incident-resolved")
    };
    Ok(flash.redirect(&signed_in.visit, &format!("/incidents/{id}")))
}

impl IncidentPage {
    /// It is of Watchbell itself.
    fn is_own(&self) -> bool {
        self.row.origin.own().is_some()
    }
}

impl Row {
    fn mark(&self, shell: &Shell) -> Mark {
        kind::mark(shell, self.words, self.open)
    }

    /// What is wrong, where it is not an outage.
    fn beside(&self) -> Option<&'static str> {
        let beside = self.origin.own().is_none() && self.kind != IncidentKind::Down;
        beside.then_some(self.words.about)
    }
}

fn parse(id: &str) -> error::Result<IncidentId> {
    id.parse().map_err(|_| Error::NotFound)
}

impl Row {
    fn new(row: IncidentRow, now: Timestamp) -> Self {
        let incident = row.incident;
        Self {
            id: incident.id,
            kind: incident.kind,
            words: kind::words(&incident),
            monitor_name: row.monitor_name,
            open: incident.is_open(),
            since: incident.since,
            resolved_at: incident.resolved_at(),
            duration: incident.duration(now),
            origin: incident.origin,
            acknowledged_by: match incident.progress {
                Progress::Open => None,
                Progress::Acknowledged { by, .. } => Some(by),
                Progress::Resolved { acknowledged, .. } => acknowledged.map(|(_, by)| by),
            },
            reason: incident.reason.detail,
        }
    }
}
