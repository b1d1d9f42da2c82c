//! Maintenance windows: work that is announced.

use axum::{Json, extract::State, response::IntoResponse};
use domain::{
    clock::Timestamp,
    field::FieldError,
    id::MaintenanceId,
    json::Object,
    maintenance::{Maintenance, MaintenanceConfig, upcoming},
};
use http::StatusCode;
use serde_json::Value;
use store::{MaintenanceFilter, MaintenanceState};

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Body, Id, Params},
    silences::refusal,
    wire::{
        Page,
        maintenance::{MaintenanceDraft, MaintenanceView, OccurrenceBody, UpcomingView},
    },
};

/// List maintenance windows, newest first
#[utoipa::path(get, path = "/maintenance", tag = "maintenance", operation_id = "list_maintenance",
    params(
        ("state" = Option<String>, Query, description = "active, pending or over."),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, body = Page<MaintenanceView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<Page<MaintenanceView>>, Problem> {
    let state = params.parse(
        "state",
        "state-unknown",
        "Use active, pending or over.",
        MaintenanceState::parse,
    );
    let paging = params.paging();
    params.finish()?;
    let filter = MaintenanceFilter {
        state,
        cursor: paging.cursor,
        limit: paging.limit,
    };
    let page = app.store.maintenances().page(&filter).await.map_err(failure)?;
    let now = app.store.now();
    Ok(Json(Page::from(page, |m| MaintenanceView::new(&m, now))))
}

/// List the windows that come, in order
///
/// Of all that repeats, too. What was called off is left out. `next` is always `null`.
#[utoipa::path(get, path = "/upcoming-maintenance", tag = "maintenance", operation_id = "list_upcoming_maintenance",
    params(("limit" = Option<u32>, Query, description = "1 to 500, default 50.")),
    responses((status = 200, body = Page<UpcomingView>)))]
pub(crate) async fn coming(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<Page<UpcomingView>>, Problem> {
    let limit = params.limit();
    params.finish()?;
    let all = app.store.maintenances().not_over().await.map_err(failure)?;
    let coming = upcoming(&all, app.store.now(), limit as usize);
    Ok(Json(Page {
        items: coming.into_iter().map(|(m, w)| UpcomingView::new(m, w)).collect(),
        next: None,
    }))
}

/// Create a maintenance window
///
/// While it is open, checks go on, nobody is told, and the results count neither as up nor as down.
#[utoipa::path(post, path = "/maintenance", tag = "maintenance", operation_id = "create_maintenance",
    request_body = MaintenanceDraft,
    responses((status = 201, body = MaintenanceView)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<impl IntoResponse, Problem> {
    let now = app.store.now();
    let config = MaintenanceConfig::from_json(body, now, None)?;
    let created = app.store.maintenances().create(&config, &caller.name).await;
    let maintenance = created.map_err(refusal)?;
    tracing::info!(maintenance.id = maintenance.id.0, caller = %caller.name, "maintenance window created");
    let view = MaintenanceView::new(&maintenance, now);
    Ok(app.created(&format!("/maintenance/{}", maintenance.id), view))
}

/// Read a maintenance window
#[utoipa::path(get, path = "/maintenance/{id}", tag = "maintenance", operation_id = "get_maintenance",
    params(("id" = i64, Path)),
    responses((status = 200, body = MaintenanceView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<MaintenanceId>,
) -> Result<Json<MaintenanceView>, Problem> {
    let maintenance = find(&app, id).await?;
    Ok(Json(MaintenanceView::new(&maintenance, app.store.now())))
}

/// Change a maintenance window
///
/// `matcher` and `when` come as a whole.
#[utoipa::path(patch, path = "/maintenance/{id}", tag = "maintenance", operation_id = "change_maintenance",
    params(("id" = i64, Path)),
    request_body(content = ref("#/components/schemas/MaintenancePatch"), content_type = "application/merge-patch+json"),
    responses((status = 200, body = MaintenanceView)))]
pub(crate) async fn change(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<MaintenanceId>,
    Body(patch): Body,
) -> Result<Json<MaintenanceView>, Problem> {
    let stored = find(&app, id).await?;
    let now = app.store.now();
    let Value::Object(patch) = patch else {
        return Err(FieldError::new("", "type-object", "This must be a JSON object.").into());
    };
    let mut merged = stored.config.to_json();
    for (name, value) in patch {
        merged[name] = value;
    }
    let config = MaintenanceConfig::from_json(merged, now, Some(&stored.config))?;
    let changed = app.store.maintenances().change(id, &config).await;
    let changed = changed.map_err(refusal)?.ok_or_else(unknown)?;
    tracing::info!(maintenance.id = id.0, caller = %caller.name, "maintenance window changed");
    Ok(Json(MaintenanceView::new(&changed, now)))
}

/// Delete a maintenance window
///
/// Results that were taken under it stay marked.
#[utoipa::path(delete, path = "/maintenance/{id}", tag = "maintenance", operation_id = "delete_maintenance",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<MaintenanceId>,
) -> Result<StatusCode, Problem> {
    if !app.store.maintenances().delete(id).await.map_err(failure)? {
        return Err(unknown());
    }
    tracing::info!(maintenance.id = id.0, caller = %caller.name, "maintenance window deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// End the window that is open now
///
/// One that repeats opens again the next time.
#[utoipa::path(post, path = "/maintenance/{id}/end", tag = "maintenance", operation_id = "end_maintenance",
    params(("id" = i64, Path)),
    responses((status = 200, body = MaintenanceView)))]
pub(crate) async fn end(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<MaintenanceId>,
) -> Result<Json<MaintenanceView>, Problem> {
    find(&app, id).await?;
    let ended = app.store.maintenances().end(id, &caller.name).await;
    let ended = ended
        .map_err(failure)?
        .ok_or_else(|| Problem::conflict("This maintenance window is not open now."))?;
    tracing::info!(maintenance.id = id.0, caller = %caller.name, "maintenance window ended");
    Ok(Json(MaintenanceView::new(&ended, app.store.now())))
}

/// Call one window off
///
/// The others stay.
#[utoipa::path(post, path = "/maintenance/{id}/cancel", tag = "maintenance", operation_id = "cancel_maintenance",
    params(("id" = i64, Path)),
    request_body = OccurrenceBody,
    responses((status = 200, body = MaintenanceView)))]
pub(crate) async fn cancel(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<MaintenanceId>,
    Body(body): Body,
) -> Result<Json<MaintenanceView>, Problem> {
    find(&app, id).await?;
    let from = occurrence(body)?;
    let cancelled = app.store.maintenances().cancel(id, from, &caller.name).await;
    let cancelled = cancelled.map_err(failure)?.ok_or_else(|| {
        Problem::from(FieldError::new(
            "from",
            "occurrence-unknown",
            "No window begins then. Use a begin that GET /upcoming-maintenance names; one that is open is ended.",
        ))
    })?;
    tracing::info!(maintenance.id = id.0, caller = %caller.name, "one maintenance window called off");
    Ok(Json(MaintenanceView::new(&cancelled, app.store.now())))
}

/// Let a window happen that was called off
#[utoipa::path(post, path = "/maintenance/{id}/restore", tag = "maintenance", operation_id = "restore_maintenance",
    params(("id" = i64, Path)),
    request_body = OccurrenceBody,
    responses((status = 200, body = MaintenanceView)))]
pub(crate) async fn restore(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<MaintenanceId>,
    Body(body): Body,
) -> Result<Json<MaintenanceView>, Problem> {
    find(&app, id).await?;
    let from = occurrence(body)?;
    let restored = app.store.maintenances().restore(id, from).await;
    let restored = restored.map_err(failure)?.ok_or_else(|| {
        Problem::from(FieldError::new(
            "from",
            "occurrence-not-cancelled",
            "No window that begins then and is still to come was called off.",
        ))
    })?;
    tracing::info!(maintenance.id = id.0, caller = %caller.name, "one maintenance window happens after all");
    Ok(Json(MaintenanceView::new(&restored, app.store.now())))
}

fn occurrence(body: Value) -> Result<Timestamp, Problem> {
    let mut o = Object::new("", body)?;
    let given = o.has("from");
    let from = o.time("from");
    if !given {
        let _: Option<()> = o.complain("from", "required", "This field is required.");
    }
    let errors = o.finish();
    Ok(from.filter(|_| errors.is_empty()).ok_or(errors)?)
}

async fn find(app: &App, id: MaintenanceId) -> Result<Maintenance, Problem> {
    let maintenance = app.store.maintenances().get(id).await.map_err(failure)?;
    maintenance.ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("There is no maintenance window with this id.")
}
