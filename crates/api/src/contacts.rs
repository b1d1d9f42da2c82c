//! People and how to reach them.

use axum::{Json, extract::State, response::IntoResponse};
use domain::{field::FieldError, id::ContactId, rotation::ContactDraft as Draft};
use http::StatusCode;
use serde_json::json;
use store::StoreError;

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Body, Id, Params, merge_patch},
    wire::{
        Page,
        on_call::{ContactDraft, ContactView},
    },
};

/// List contacts
#[utoipa::path(get, path = "/contacts", tag = "on-call", operation_id = "list_contacts",
    responses((status = 200, body = Page<ContactView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    params: Params,
) -> Result<Json<Page<ContactView>>, Problem> {
    params.one_page()?;
    let all = app.store.contacts().all().await.map_err(failure)?;
    Ok(Json(Page::whole(all, Into::into)))
}

/// Create a contact
#[utoipa::path(post, path = "/contacts", tag = "on-call", operation_id = "create_contact",
    request_body = ContactDraft,
    responses((status = 201, body = ContactView)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<impl IntoResponse, Problem> {
    let draft = Draft::from_json(body)?;
    let contact = app.store.contacts().create(&draft).await.map_err(refusal)?;
    tracing::info!(contact.id = contact.id.0, caller = %caller.name, "contact created");
    Ok(app.created(&format!("/contacts/{}", contact.id), ContactView::from(contact)))
}

/// Read a contact
#[utoipa::path(get, path = "/contacts/{id}", tag = "on-call", operation_id = "get_contact",
    params(("id" = i64, Path)),
    responses((status = 200, body = ContactView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<ContactId>,
) -> Result<Json<ContactView>, Problem> {
    let contact = app.store.contacts().get(id).await.map_err(failure)?;
    Ok(Json(contact.ok_or_else(unknown)?.into()))
}

/// Change a contact
#[utoipa::path(patch, path = "/contacts/{id}", tag = "on-call", operation_id = "change_contact",
    params(("id" = i64, Path)),
    request_body(content = ref("#/components/schemas/ContactPatch"), content_type = "application/merge-patch+json"),
    responses((status = 200, body = ContactView)))]
pub(crate) async fn change(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ContactId>,
    Body(patch): Body,
) -> Result<Json<ContactView>, Problem> {
    let stored = app.store.contacts().get(id).await.map_err(failure)?;
    let stored = ContactView::from(stored.ok_or_else(unknown)?);
    let mut merged = json!({ "name": stored.name, "channels": stored.channels });
    merge_patch(&mut merged, patch);
    let draft = Draft::from_json(merged)?;
    let updated = app.store.contacts().update(id, &draft).await.map_err(refusal)?;
    tracing::info!(contact.id = id.0, caller = %caller.name, "contact changed");
    Ok(Json(updated.ok_or_else(unknown)?.into()))
}

/// Delete a contact
///
/// Refused (409) while a rotation needs them: in a layer, or in an override that is not over.
#[utoipa::path(delete, path = "/contacts/{id}", tag = "on-call", operation_id = "delete_contact",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ContactId>,
) -> Result<StatusCode, Problem> {
    match app.store.contacts().delete(id).await {
        Ok(true) => {
            tracing::info!(contact.id = id.0, caller = %caller.name, "contact deleted");
            Ok(StatusCode::NO_CONTENT)
        }
        Ok(false) => Err(unknown()),
        Err(StoreError::ContactInUse(rotations)) => Err(Problem::conflict(format!(
            "This contact is needed by the rotations: {}. Take it out of their layers and overrides first.",
            rotations.join(", ")
        ))),
        Err(e) => Err(failure(e)),
    }
}

fn unknown() -> Problem {
    Problem::not_found("There is no contact with this id.")
}

fn refusal(e: StoreError) -> Problem {
    match e {
        StoreError::UnknownChannel(id) => {
            let message = format!("There is no channel with the id {id}.");
            FieldError::new("channels", "channel-unknown", message)
                .with("id", id)
                .into()
        }
        other => failure(other),
    }
}
