//! Monitors: what is watched.

use std::collections::HashMap;

use axum::{Json, extract::State, response::IntoResponse};
use domain::{
    field::FieldError,
    id::MonitorId,
    in_force::InForce,
    monitor::{Monitor, MonitorConfig},
    state::{MonitorState, Status},
};
use http::StatusCode;
use serde_json::Value;
use store::{MonitorFilter, StoreError, samples::Sample};

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Body, Id, Params, adopt_header_names, merge_patch},
    wire::{
        Page,
        check::CheckView,
        forecast::ForecastView,
        monitor::{MonitorDraft, MonitorView, StateView},
    },
};

/// List monitors
#[utoipa::path(get, path = "/monitors", tag = "monitors", operation_id = "list_monitors",
    params(
        ("status" = Option<String>, Query, description = "Only with this status."),
        ("tag" = Option<String>, Query, description = "Only with this tag."),
        ("q" = Option<String>, Query, description = "Only with this text in the name."),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, body = Page<MonitorView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<Page<MonitorView>>, Problem> {
    let status = params.parse(
        "status",
        "status-unknown",
        "Use up, degraded, down, unknown, paused, maintenance or pending.",
        Status::parse,
    );
    let (tag, query) = (params.text("tag"), params.text("q"));
    let paging = params.paging();
    params.finish()?;
    let filter = MonitorFilter {
        status,
        tag,
        stale: app.scheduler.stale().keys().copied().collect(),
        query,
        cursor: paging.cursor,
        limit: paging.limit,
    };
    let page = app.store.monitors().page(&filter).await.map_err(refusal)?;
    let ids: Vec<MonitorId> = page.items.iter().map(|(m, _)| m.id).collect();
    let last = app.store.samples().tail(&ids, 1).await.map_err(failure)?;
    let in_force = app.store.in_force();
    Ok(Json(Page::from(page, |(monitor, state)| {
        let last = last.get(&monitor.id).and_then(|samples| samples.last());
        let state = heard(&app, monitor.id, state);
        MonitorView::new(&monitor, state_of(&in_force, &monitor, &state, last))
    })))
}

/// Create a monitor
#[utoipa::path(post, path = "/monitors", tag = "monitors", operation_id = "create_monitor",
    request_body = MonitorDraft,
    responses((status = 201, body = MonitorView)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<impl IntoResponse, Problem> {
    let config = MonitorConfig::from_json(body, None)?;
    let monitor = app.store.monitors().create(&config).await.map_err(refusal)?;
    app.scheduler.changed(monitor.id);
    tracing::info!(monitor.id = monitor.id.0, caller = %caller.name, "monitor created");
    let view = view(&app, &monitor).await?;
    Ok(app.created(&format!("/monitors/{}", monitor.id), view))
}

/// Read a monitor
#[utoipa::path(get, path = "/monitors/{id}", tag = "monitors", operation_id = "get_monitor",
    params(("id" = i64, Path)),
    responses((status = 200, body = MonitorView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<MonitorId>,
) -> Result<Json<MonitorView>, Problem> {
    let monitor = find(&app, id).await?;
    Ok(Json(view(&app, &monitor).await?))
}

/// Change a monitor
#[utoipa::path(patch, path = "/monitors/{id}", tag = "monitors", operation_id = "change_monitor",
    params(("id" = i64, Path)),
    request_body(content = ref("#/components/schemas/MonitorPatch"), content_type = "application/merge-patch+json"),
    responses((status = 200, body = MonitorView)))]
pub(crate) async fn change(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<MonitorId>,
    Body(patch): Body,
) -> Result<Json<MonitorView>, Problem> {
    let monitor = find(&app, id).await?;
    let config = patched(&monitor, patch)?;
    let updated = app.store.monitors().update(id, &config).await.map_err(refusal)?;
    let monitor = updated.ok_or_else(unknown)?;
    app.scheduler.changed(id);
    tracing::info!(monitor.id = id.0, monitor.revision = monitor.revision, caller = %caller.name, "monitor changed");
    Ok(Json(view(&app, &monitor).await?))
}

fn patched(monitor: &Monitor, mut patch: Value) -> Result<MonitorConfig, Problem> {
    if !patch.is_object() {
        return Err(FieldError::new("", "type-object", "This must be a JSON object.").into());
    }
    let previous = monitor.config.to_json();
    adopt_header_names(&mut patch, &previous, "/target/headers");
    // Header values that cannot be read must not be saved over by chance: the target comes as a whole.
    if monitor.locked && patch.get("target").is_none() {
        return Err(FieldError::new(
            "target",
            "target-locked",
            "The header values of this monitor cannot be read with the present key. Send the whole target again.",
        )
        .into());
    }
    // A target of another kind has nothing in common with the stored one.
    let other_kind = patch
        .get("kind")
        .is_some_and(|k| !k.is_null() && *k != previous["kind"]);
    let whole_target = (monitor.locked || other_kind)
        .then(|| patch.get_mut("target").map(Value::take))
        .flatten();
    // One of two ways to say when: naming the one takes the other away.
    let other_schedule = patch.get("schedule").is_some_and(|s| {
        let named = |k: &str| s.get(k).is_some_and(|v| !v.is_null());
        named("every") || named("cron")
    });
    let mut merged = previous;
    if other_schedule {
        merged["schedule"] = Value::Null;
    }
    merge_patch(&mut merged, patch);
    if let Some(target) = whole_target {
        merged["target"] = target;
    }
    let stored = (!monitor.locked && !other_kind).then_some(&monitor.config);
    Ok(MonitorConfig::from_json(merged, stored)?)
}

/// Delete a monitor
///
/// With it go its results and its open incident; messages that are not sent yet are cancelled.
#[utoipa::path(delete, path = "/monitors/{id}", tag = "monitors", operation_id = "delete_monitor",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<MonitorId>,
) -> Result<StatusCode, Problem> {
    if !app.store.monitors().delete(id).await.map_err(failure)? {
        return Err(unknown());
    }
    app.scheduler.changed(id);
    tracing::info!(monitor.id = id.0, caller = %caller.name, "monitor deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// Check a monitor now
///
/// It counts like any other check.
#[utoipa::path(post, path = "/monitors/{id}/check", tag = "monitors", operation_id = "check_monitor",
    params(("id" = i64, Path)),
    responses((status = 200, body = CheckView)))]
pub(crate) async fn check(
    _: Writer,
    State(app): State<App>,
    Id(id): Id<MonitorId>,
) -> Result<Json<CheckView>, Problem> {
    let monitor = find(&app, id).await?;
    if !monitor.config.enabled {
        return Err(Problem::conflict(
            "This monitor is paused. Resume it with POST /monitors/{id}/resume.",
        ));
    }
    let outcome = app.scheduler.check_now(id).await.ok_or_else(|| {
        Problem::conflict(
            "This monitor was paused, changed or deleted meanwhile, so the check does not count.",
        )
    })?;
    let state = state_view(&app, &monitor).await?;
    Ok(Json(CheckView::new(&outcome, state)))
}

/// Pause a monitor
#[utoipa::path(post, path = "/monitors/{id}/pause", tag = "monitors", operation_id = "pause_monitor",
    params(("id" = i64, Path)),
    responses((status = 200, body = MonitorView)))]
pub(crate) async fn pause(
    writer: Writer,
    app: State<App>,
    id: Id<MonitorId>,
) -> Result<Json<MonitorView>, Problem> {
    set_enabled(writer, app, id, false).await
}

/// Resume a monitor
#[utoipa::path(post, path = "/monitors/{id}/resume", tag = "monitors", operation_id = "resume_monitor",
    params(("id" = i64, Path)),
    responses((status = 200, body = MonitorView)))]
pub(crate) async fn resume(
    writer: Writer,
    app: State<App>,
    id: Id<MonitorId>,
) -> Result<Json<MonitorView>, Problem> {
    set_enabled(writer, app, id, true).await
}

/// What would happen if it went down now
///
/// Who is told, when and by which channel, if nobody acknowledges it; by the same rules as when it does go down.
#[utoipa::path(get, path = "/monitors/{id}/forecast", tag = "monitors", operation_id = "forecast_monitor",
    params(("id" = i64, Path)),
    responses((status = 200, body = ForecastView)))]
pub(crate) async fn forecast(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<MonitorId>,
) -> Result<Json<ForecastView>, Problem> {
    let forecast = app.store.forecast(id, app.store.now()).await.map_err(failure)?;
    Ok(Json(forecast.ok_or_else(unknown)?.into()))
}

async fn set_enabled(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<MonitorId>,
    enabled: bool,
) -> Result<Json<MonitorView>, Problem> {
    let monitor = app.store.monitors().set_enabled(id, enabled).await;
    let monitor = monitor.map_err(failure)?.ok_or_else(unknown)?;
    app.scheduler.changed(id);
    tracing::info!(monitor.id = id.0, monitor.enabled = enabled, caller = %caller.name, "monitor switched");
    Ok(Json(view(&app, &monitor).await?))
}

pub(crate) async fn find(app: &App, id: MonitorId) -> Result<Monitor, Problem> {
    let monitor = app.store.monitors().get(id).await.map_err(failure)?;
    monitor.ok_or_else(unknown)
}

async fn view(app: &App, monitor: &Monitor) -> Result<MonitorView, Problem> {
    Ok(MonitorView::new(monitor, state_view(app, monitor).await?))
}

async fn state_view(app: &App, monitor: &Monitor) -> Result<StateView, Problem> {
    let state = app.store.monitors().state(monitor.id).await.map_err(failure)?;
    let state = heard(app, monitor.id, state.unwrap_or_default());
    let tail: HashMap<_, _> = app
        .store
        .samples()
        .tail(&[monitor.id], 1)
        .await
        .map_err(failure)?;
    let last = tail.get(&monitor.id).and_then(|samples| samples.last());
    Ok(state_of(&app.store.in_force(), monitor, &state, last))
}

fn state_of(in_force: &InForce, monitor: &Monitor, state: &MonitorState, last: Option<&Sample>) -> StateView {
    let config = &monitor.config;
    let window = in_force.maintenance_of(monitor.id, &config.tags, config.target.kind());
    StateView::new(config, state, last, window)
}

/// No data is not up.
fn heard(app: &App, id: MonitorId, state: MonitorState) -> MonitorState {
    match app.scheduler.stale().get(&id) {
        Some(stale) => {
            let words = format!(
                "The last result is from {}, which is too old to say anything.",
                stale.heard
            );
            state.unheard(stale.heard, &words)
        }
        None => state,
    }
}

fn unknown() -> Problem {
    Problem::not_found("There is no monitor with this id.")
}

fn refusal(e: StoreError) -> Problem {
    match e.in_monitor() {
        Ok(mistake) => mistake.into(),
        Err(e) => failure(e),
    }
}
