//! How mails are worded.

use axum::{Json, extract::State};
use domain::mail_message::MessageSettings;

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::Body,
    wire::messages::{MessagesDraft, MessagesView},
};

/// Read how mails are worded
#[utoipa::path(get, path = "/settings/messages", tag = "settings", operation_id = "get_messages",
    responses((status = 200, body = MessagesView)))]
pub(crate) async fn get(_: Reader, State(app): State<App>) -> Result<Json<MessagesView>, Problem> {
    let stored = app.store.settings().message().await.map_err(failure)?;
    Ok(Json(stored.into()))
}

/// Save how mails are worded
///
/// The very next message is worded so. What is left out returns to its default.
#[utoipa::path(put, path = "/settings/messages", tag = "settings", operation_id = "put_messages",
    request_body = MessagesDraft,
    responses((status = 200, body = MessagesView)))]
pub(crate) async fn put(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<Json<MessagesView>, Problem> {
    let settings = MessageSettings::from_json(body)?;
    let saved = app.store.settings().save_message(&settings, &caller.name).await;
    let saved = saved.map_err(failure)?;
    tracing::info!(settings.revision = saved.revision, caller = %caller.name, "message settings saved");
    Ok(Json(saved.into()))
}
