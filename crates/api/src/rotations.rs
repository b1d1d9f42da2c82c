//! Who is on call when.

use std::time::Duration;

use axum::{Json, extract::State, response::IntoResponse};
use domain::{
    clock::Timestamp,
    field::FieldError,
    id::{OverrideId, RotationId},
    rotation::{AHEAD, Contact, OverrideDraft as TakesOver, Rotation, RotationDraft as Draft, shifts},
};
use http::StatusCode;
use store::StoreError;

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Body, Id, Params, merge_patch},
    wire::{
        Page,
        on_call::{OnCallView, OverrideDraft, OverrideView, RotationDraft, RotationView, ShiftView},
    },
};

/// Of the shifts that are asked for at once.
const LONGEST_RANGE: Duration = Duration::from_hours(366 * 24);
const USUAL_RANGE: Duration = Duration::from_hours(14 * 24);

/// List rotations
#[utoipa::path(get, path = "/rotations", tag = "on-call", operation_id = "list_rotations",
    responses((status = 200, body = Page<RotationView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    params: Params,
) -> Result<Json<Page<RotationView>>, Problem> {
    params.one_page()?;
    let all = app.store.rotations().all().await.map_err(failure)?;
    Ok(Json(Page::whole(all, Into::into)))
}

/// Create a rotation
#[utoipa::path(post, path = "/rotations", tag = "on-call", operation_id = "create_rotation",
    request_body = RotationDraft,
    responses((status = 201, body = RotationView)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<impl IntoResponse, Problem> {
    let draft = Draft::from_json(body)?;
    let created = app.store.rotations().create(&draft).await;
    let rotation = created.map_err(|e| refusal(e, &draft))?;
    tracing::info!(rotation.id = rotation.id.0, caller = %caller.name, "rotation created");
    Ok(app.created(
        &format!("/rotations/{}", rotation.id),
        RotationView::from(rotation),
    ))
}

/// Read a rotation with its overrides
#[utoipa::path(get, path = "/rotations/{id}", tag = "on-call", operation_id = "get_rotation",
    params(("id" = i64, Path)),
    responses((status = 200, body = RotationView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<RotationId>,
) -> Result<Json<RotationView>, Problem> {
    Ok(Json(find(&app, id).await?.into()))
}

/// Change a rotation
///
/// `layers` is replaced as a whole.
#[utoipa::path(patch, path = "/rotations/{id}", tag = "on-call", operation_id = "change_rotation",
    params(("id" = i64, Path)),
    request_body(content = ref("#/components/schemas/RotationPatch"), content_type = "application/merge-patch+json"),
    responses((status = 200, body = RotationView)))]
pub(crate) async fn change(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<RotationId>,
    Body(patch): Body,
) -> Result<Json<RotationView>, Problem> {
    let mut merged = find(&app, id).await?.plan.to_json();
    merge_patch(&mut merged, patch);
    let draft = Draft::from_json(merged)?;
    let updated = app.store.rotations().update(id, &draft).await;
    let rotation = updated.map_err(|e| refusal(e, &draft))?.ok_or_else(unknown)?;
    tracing::info!(rotation.id = id.0, caller = %caller.name, "rotation changed");
    Ok(Json(rotation.into()))
}

/// Delete a rotation
#[utoipa::path(delete, path = "/rotations/{id}", tag = "on-call", operation_id = "delete_rotation",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<RotationId>,
) -> Result<StatusCode, Problem> {
    if !app.store.rotations().delete(id).await.map_err(failure)? {
        return Err(unknown());
    }
    tracing::info!(rotation.id = id.0, caller = %caller.name, "rotation deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// Let somebody take over for a while
#[utoipa::path(post, path = "/rotations/{id}/overrides", tag = "on-call", operation_id = "add_override",
    params(("id" = i64, Path)),
    request_body = OverrideDraft,
    responses((status = 201, body = OverrideView)))]
pub(crate) async fn take_over(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<RotationId>,
    Body(body): Body,
) -> Result<impl IntoResponse, Problem> {
    let draft = TakesOver::from_json(body)?;
    let added = app.store.rotations().add_override(id, &draft, &caller.name).await;
    let added = added.map_err(|e| match e {
        StoreError::UnknownContact(id) => unknown_contact("contact", id),
        other => failure(other),
    })?;
    let added = added.ok_or_else(unknown)?;
    tracing::info!(rotation.id = id.0, takeover.id = added.id.0, caller = %caller.name, "override added");
    Ok((StatusCode::CREATED, Json(OverrideView::from(added))))
}

/// Remove an override
#[utoipa::path(delete, path = "/overrides/{id}", tag = "on-call", operation_id = "remove_override",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn give_back(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<OverrideId>,
) -> Result<StatusCode, Problem> {
    let removed = app.store.rotations().remove_override(id).await.map_err(failure)?;
    let rotation = removed.ok_or_else(|| Problem::not_found("There is no override with this id."))?;
    tracing::info!(rotation.id = rotation.0, takeover.id = id.0, caller = %caller.name, "override removed");
    Ok(StatusCode::NO_CONTENT)
}

/// Read the shifts of a rotation
///
/// They cover the whole time; in a gap `contact` is `null`.
#[utoipa::path(get, path = "/rotations/{id}/shifts", tag = "on-call", operation_id = "list_shifts",
    params(
        ("id" = i64, Path),
        ("from" = Option<String>, Query, description = "RFC 3339; default now."),
        ("to" = Option<String>, Query, description = "RFC 3339; default two weeks after `from`, at most a year after it."),
    ),
    responses((status = 200, body = Page<ShiftView>)))]
pub(crate) async fn list_shifts(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<RotationId>,
    mut params: Params,
) -> Result<Json<Page<ShiftView>>, Problem> {
    let (from, to) = (params.time("from"), params.time("to"));
    params.finish()?;
    let from = from.unwrap_or_else(|| app.store.now());
    let to = to.unwrap_or_else(|| from.plus(USUAL_RANGE));
    if to <= from || to.since(from) > LONGEST_RANGE {
        let message = "Give an end that is later than the begin, and at most a year later.";
        return Err(FieldError::new("to", "range", message).into());
    }
    let rotation = find(&app, id).await?;
    let items = shifts(&rotation, from, to);
    Ok(Json(Page {
        items: items.iter().map(|s| ShiftView::new(&rotation, s)).collect(),
        next: None,
    }))
}

/// Read who is on call in a rotation
#[utoipa::path(get, path = "/rotations/{id}/now", tag = "on-call", operation_id = "get_on_call",
    params(("id" = i64, Path)),
    responses((status = 200, body = OnCallView)))]
pub(crate) async fn now(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<RotationId>,
) -> Result<Json<OnCallView>, Problem> {
    let rotation = find(&app, id).await?;
    let contacts = app.store.contacts().all().await.map_err(failure)?;
    Ok(Json(on_duty(&rotation, &contacts, app.store.now())))
}

/// Read who is on call in each rotation
#[utoipa::path(get, path = "/on-call", tag = "on-call", operation_id = "list_on_call",
    responses((status = 200, body = Page<OnCallView>)))]
pub(crate) async fn everywhere(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<Page<OnCallView>>, Problem> {
    params.paging();
    params.finish()?;
    let rotations = app.store.rotations().all().await.map_err(failure)?;
    let contacts = app.store.contacts().all().await.map_err(failure)?;
    let now = app.store.now();
    Ok(Json(Page {
        items: rotations.iter().map(|r| on_duty(r, &contacts, now)).collect(),
        next: None,
    }))
}

fn on_duty(rotation: &Rotation, contacts: &[Contact], now: Timestamp) -> OnCallView {
    let horizon = now.plus(AHEAD);
    let shift = shifts(rotation, now, horizon).into_iter().next();
    let shift = shift.unwrap_or(domain::rotation::Shift {
        from: now,
        to: horizon,
        duty: None,
    });
    let find = |id| contacts.iter().find(|c| c.id == id).cloned();
    OnCallView::new(rotation, &shift, shift.to < horizon, find)
}

async fn find(app: &App, id: RotationId) -> Result<Rotation, Problem> {
    let rotation = app.store.rotations().get(id).await.map_err(failure)?;
    rotation.ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("There is no rotation with this id.")
}

fn refusal(e: StoreError, draft: &Draft) -> Problem {
    match e {
        StoreError::UnknownContact(id) => {
            let layer = draft.layers.iter().position(|l| l.people.contains(&id));
            unknown_contact(&format!("layers.{}.people", layer.unwrap_or(0)), id)
        }
        other => failure(other),
    }
}

fn unknown_contact(field: &str, id: domain::id::ContactId) -> Problem {
    let message = format!("There is no contact with the id {id}.");
    FieldError::new(field, "contact-unknown", message)
        .with("id", id)
        .into()
}
