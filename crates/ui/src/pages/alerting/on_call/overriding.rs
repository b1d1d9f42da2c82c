//! Somebody takes over for a while, and gives it back.

use axum::{Form as FormBody, extract::Path};
use domain::{
    field::{FieldError, FieldErrors},
    id::OverrideId,
    rotation::{OverrideDraft, Rotation},
    zone::parse_local,
};
use http::StatusCode;
use serde_json::json;
use store::StoreError;

use super::{
    href,
    show::{find, view},
};
use crate::{
    Flash, SignedIn, Typed,
    components::Form,
    error::{self, Error},
    pages::form::value,
    shell::page_with,
};

pub(super) async fn add(
    signed_in: SignedIn,
    Path(id): Path<String>,
    FormBody(typed): Typed,
) -> error::Result {
    let rotation = find(&signed_in, &id).await?;
    let errors = match read(&typed, &rotation) {
        Ok(draft) => {
            let added = signed_in
                .store()
                .rotations()
                .add_override(rotation.id, &draft, signed_in.by())
                .await;
            match added {
                Ok(Some(added)) => {
                    tracing::info!(
                        rotation.id = rotation.id.0,
                        takeover.id = added.id.0,
                        user = signed_in.by(),
                        "override added"
                    );
                    return Ok(
                        Flash::good("flash-override-added").redirect(&signed_in.visit, &href(&rotation))
                    );
                }
                Ok(None) => return Err(Error::NotFound),
                Err(StoreError::UnknownContact(id)) => {
                    let message = format!("There is no contact with the id {id}.");
                    FieldError::new("contact", "contact-unknown", message)
                        .with("id", id)
                        .into()
                }
                Err(e) => return Err(e.into()),
            }
        }
        Err(errors) => errors,
    };
    let mut view = view(&signed_in, &rotation).await?;
    view.form = Form::typed(view.shell.language, &typed, &[]).refused(errors);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
}

/// Times are those of the clock on the wall in the rotation's zone.
pub(super) fn read(typed: &[(String, String)], rotation: &Rotation) -> Result<OverrideDraft, FieldErrors> {
    let mut errors = FieldErrors::default();
    let [from, to] = ["from", "to"].map(|name| {
        let read = parse_local(name, value(typed, name), rotation.plan.zone);
        errors.take(read).map(|at| at.to_rfc3339())
    });
    let contact = value(typed, "contact").parse::<i64>().ok();
    let body = json!({ "contact": contact, "from": from, "to": to, "note": value(typed, "note") });
    match OverrideDraft::from_json(body) {
        Ok(draft) => Ok(draft),
        Err(others) => {
            // What cannot be read is missing for the domain as well.
            let news = others
                .0
                .into_iter()
                .filter(|e| errors.of(&e.field).next().is_none());
            let all: Vec<FieldError> = news.collect();
            errors.0.extend(all);
            Err(errors)
        }
    }
}

pub(super) async fn remove(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let id: OverrideId = id.parse().map_err(|_| Error::NotFound)?;
    let rotation = signed_in.store().rotations().remove_override(id).await?;
    let rotation = rotation.ok_or(Error::NotFound)?;
    tracing::info!(
        rotation.id = rotation.0,
        takeover.id = id.0,
        user = signed_in.by(),
        "override removed"
    );
    let back = format!("/on-call/rotations/{rotation}");
    Ok(Flash::good("flash-override-removed").redirect(&signed_in.visit, &back))
}
