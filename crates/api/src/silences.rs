//! Silences: for a while nobody is told of some monitors.

use axum::{Json, extract::State, response::IntoResponse};
use domain::{
    field::FieldError,
    id::SilenceId,
    silence::{SilenceDraft, SilenceState},
};
use http::StatusCode;
use store::{SilenceFilter, StoreError};

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Body, Id, Params},
    wire::{self, Page, silence::SilenceView},
};

/// List silences, newest first
#[utoipa::path(get, path = "/silences", tag = "silences", operation_id = "list_silences",
    params(
        ("state" = Option<String>, Query, description = "active, pending or over."),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, body = Page<SilenceView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<Page<SilenceView>>, Problem> {
    let state = params.parse(
        "state",
        "state-unknown",
        "Use active, pending or over.",
        SilenceState::parse,
    );
    let paging = params.paging();
    params.finish()?;
    let filter = SilenceFilter {
        state,
        cursor: paging.cursor,
        limit: paging.limit,
    };
    let page = app.store.silences().page(&filter).await.map_err(failure)?;
    let now = app.store.now();
    Ok(Json(Page::from(page, |s| SilenceView::new(s, now))))
}

/// Create a silence
///
/// Checks go on and incidents open, but nobody is told of them until it ends. Then those that are still open are told.
#[utoipa::path(post, path = "/silences", tag = "silences", operation_id = "create_silence",
    request_body = wire::silence::SilenceDraft,
    responses((status = 201, body = SilenceView)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<impl IntoResponse, Problem> {
    let now = app.store.now();
    let draft = SilenceDraft::from_json(body, now)?;
    let created = app.store.silences().create(&draft, &caller.name).await;
    let silence = created.map_err(refusal)?;
    tracing::info!(silence.id = silence.id.0, caller = %caller.name, "silence created");
    let path = format!("/silences/{}", silence.id);
    Ok(app.created(&path, SilenceView::new(silence, now)))
}

/// Read a silence
#[utoipa::path(get, path = "/silences/{id}", tag = "silences", operation_id = "get_silence",
    params(("id" = i64, Path)),
    responses((status = 200, body = SilenceView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<SilenceId>,
) -> Result<Json<SilenceView>, Problem> {
    let silence = app.store.silences().get(id).await.map_err(failure)?;
    let silence = silence.ok_or_else(unknown)?;
    Ok(Json(SilenceView::new(silence, app.store.now())))
}

/// Change a silence that is not over
#[utoipa::path(patch, path = "/silences/{id}", tag = "silences", operation_id = "change_silence",
    params(("id" = i64, Path)),
    request_body(content = wire::silence::SilencePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = SilenceView)))]
pub(crate) async fn change(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<SilenceId>,
    Body(patch): Body,
) -> Result<Json<SilenceView>, Problem> {
    let silences = app.store.silences();
    let silence = silences.get(id).await.map_err(failure)?.ok_or_else(unknown)?;
    let now = app.store.now();
    let over = || Problem::conflict("This silence is over. Create a new one with POST /silences.");
    if silence.state(now) == SilenceState::Over {
        return Err(over());
    }
    let draft = SilenceDraft::changed(&silence, patch, now)?;
    let changed = silences.change(id, &draft).await.map_err(refusal)?;
    let changed = changed.ok_or_else(over)?;
    tracing::info!(silence.id = id.0, caller = %caller.name, "silence changed");
    Ok(Json(SilenceView::new(changed, now)))
}

/// End a silence now
///
/// It stays in the list with who ended it and when. Doing it twice changes nothing.
#[utoipa::path(delete, path = "/silences/{id}", tag = "silences", operation_id = "end_silence",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn end(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<SilenceId>,
) -> Result<StatusCode, Problem> {
    let ended = app.store.silences().end(id, &caller.name).await;
    ended.map_err(failure)?.ok_or_else(unknown)?;
    tracing::info!(silence.id = id.0, caller = %caller.name, "silence ended");
    Ok(StatusCode::NO_CONTENT)
}

fn unknown() -> Problem {
    Problem::not_found("There is no silence with this id.")
}

/// Of a silence or a maintenance window that names a monitor which there is not.
pub(crate) fn refusal(e: StoreError) -> Problem {
    match e {
        StoreError::UnknownMonitor(id) => FieldError::new(
            "matcher.monitors",
            "monitor-unknown",
            format!("There is no monitor with the id {id}."),
        )
        .with("id", id)
        .into(),
        other => failure(other),
    }
}
