//! Incidents: outages as people see them.

use axum::{Json, extract::State};
use domain::id::{IncidentId, MonitorId};
use store::{IncidentFilter, IncidentPhase, outbox::DeliveryFilter};

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Id, Params},
    wire::{
        Page,
        incident::{IncidentDetail, IncidentEventView, IncidentView},
    },
};

/// List incidents, newest first
#[utoipa::path(get, path = "/incidents", tag = "incidents", operation_id = "list_incidents",
    params(
        ("state" = Option<String>, Query, description = "open or resolved."),
        ("monitor" = Option<i64>, Query, description = "Only of this monitor."),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, body = Page<IncidentView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<Page<IncidentView>>, Problem> {
    let phase = params.parse("state", "state-unknown", "Use open or resolved.", |t| match t {
        "open" => Some(IncidentPhase::Open),
        "resolved" => Some(IncidentPhase::Resolved),
        _ => None,
    });
    let monitor: Option<MonitorId> = params.id("monitor");
    let paging = params.paging();
    params.finish()?;
    let filter = IncidentFilter {
        phase,
        monitor,
        cursor: paging.cursor,
        limit: paging.limit,
    };
    let page = app.store.incidents().page(&filter).await.map_err(failure)?;
    let now = app.store.now();
    Ok(Json(Page::from(page, |row| {
        IncidentView::new(&row.incident, row.monitor_name, now)
    })))
}

/// Read an incident with its events and deliveries
#[utoipa::path(get, path = "/incidents/{id}", tag = "incidents", operation_id = "get_incident",
    params(("id" = i64, Path)),
    responses((status = 200, body = IncidentDetail)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<IncidentId>,
) -> Result<Json<IncidentDetail>, Problem> {
    detail(&app, id).await.map(Json)
}

/// Acknowledge an incident
///
/// Somebody takes care of it. It stays open until the target is up again. Doing it twice changes nothing.
#[utoipa::path(post, path = "/incidents/{id}/ack", tag = "incidents", operation_id = "acknowledge_incident",
    params(("id" = i64, Path)),
    responses((status = 200, body = IncidentDetail)))]
pub(crate) async fn acknowledge(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<IncidentId>,
) -> Result<Json<IncidentDetail>, Problem> {
    let incident = app.store.incidents().acknowledge(id, &caller.name).await;
    let incident = incident.map_err(failure)?.ok_or_else(unknown)?;
    if !incident.is_open() {
        return Err(Problem::conflict(
            "This incident is resolved already; there is nothing left to acknowledge.",
        ));
    }
    tracing::info!(incident.id = id.0, caller = %caller.name, "incident acknowledged");
    detail(&app, id).await.map(Json)
}

async fn detail(app: &App, id: IncidentId) -> Result<IncidentDetail, Problem> {
    let incidents = app.store.incidents();
    let row = incidents.get(id).await.map_err(failure)?.ok_or_else(unknown)?;
    let events = incidents.events(id).await.map_err(failure)?;
    let filter = DeliveryFilter {
        incident: Some(id),
        limit: crate::LONGEST_PAGE,
        ..DeliveryFilter::default()
    };
    let deliveries = app.store.outbox().page(&filter).await.map_err(failure)?;
    Ok(IncidentDetail {
        incident: IncidentView::new(&row.incident, row.monitor_name, app.store.now()),
        events: events.into_iter().map(IncidentEventView::from).collect(),
        deliveries: deliveries.items.into_iter().map(Into::into).collect(),
    })
}

fn unknown() -> Problem {
    Problem::not_found("There is no incident with this id.")
}
