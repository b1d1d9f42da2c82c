//! Watchbell's own health: who hears of its troubles, and the dead-man's switch.

use axum::{Json, extract::State};
use domain::{
    dead_man::DeadMan,
    field::{FieldError, FieldErrors},
    id::ChannelId,
    json::Object,
};

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::Body,
    wire::health::{DeadManDraft, DeadManView, OperationsDraft, OperationsView},
};

/// Read who hears of Watchbell's own troubles
#[utoipa::path(get, path = "/settings/operations", tag = "settings", operation_id = "get_operations",
    responses((status = 200, body = OperationsView)))]
pub(crate) async fn get_operations(
    _: Reader,
    State(app): State<App>,
) -> Result<Json<OperationsView>, Problem> {
    operations(&app).await.map(Json)
}

/// Choose who hears of Watchbell's own troubles
///
/// Without `channels`, every channel that is switched on; never the one that is in trouble.
#[utoipa::path(put, path = "/settings/operations", tag = "settings", operation_id = "put_operations",
    request_body = OperationsDraft,
    responses((status = 200, body = OperationsView)))]
pub(crate) async fn put_operations(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<Json<OperationsView>, Problem> {
    let chosen = read_channels(&app, body).await?;
    let settings = app.store.settings();
    let mut general = settings.general().await.map_err(failure)?;
    general.operations_channels = chosen;
    let saved = settings.save_general(&general, &caller.name).await;
    saved.map_err(failure)?;
    tracing::info!(caller = %caller.name, "who hears of Watchbell's own troubles was saved");
    operations(&app).await.map(Json)
}

async fn read_channels(app: &App, body: serde_json::Value) -> Result<Option<Vec<ChannelId>>, Problem> {
    let mut o = Object::new("", body)?;
    let chosen = o.integers("channels");
    let known = app.store.channels().all().await.map_err(failure)?;
    let chosen = o.parse("channels", chosen, |f, chosen| {
        let unknown = chosen.iter().find(|id| !known.iter().any(|c| c.id.0 == **id));
        match unknown {
            Some(id) => {
                let message = format!("There is no channel {id}.");
                Err(FieldError::new(f, "channel-unknown", message).with("id", id))
            }
            None => Ok(chosen.into_iter().map(ChannelId).collect::<Vec<_>>()),
        }
    });
    let errors: FieldErrors = o.finish();
    if errors.is_empty() {
        Ok(chosen.filter(|c| !c.is_empty()))
    } else {
        Err(errors.into())
    }
}

async fn operations(app: &App) -> Result<OperationsView, Problem> {
    let general = app.store.settings().general().await.map_err(failure)?;
    let heard_by = app.store.troubles().heard_by(None).await.map_err(failure)?;
    Ok(OperationsView {
        channels: (general.operations_channels).map(|ids| ids.iter().map(|id| id.0).collect()),
        heard_by: heard_by.iter().map(|id| id.0).collect(),
    })
}

/// Read the dead-man's switch
#[utoipa::path(get, path = "/settings/dead-man", tag = "settings", operation_id = "get_dead_man",
    responses((status = 200, body = DeadManView)))]
pub(crate) async fn get_dead_man(_: Reader, State(app): State<App>) -> Result<Json<DeadManView>, Problem> {
    let stored = app.store.dead_man().get().await.map_err(failure)?;
    Ok(Json(DeadManView::new(&stored, app.alert.dead_man().status())))
}

/// Save the dead-man's switch
///
/// The address is asked as long as the whole loop works. What is left out returns to its default; the address stays.
#[utoipa::path(put, path = "/settings/dead-man", tag = "settings", operation_id = "put_dead_man",
    request_body = DeadManDraft,
    responses((status = 200, body = DeadManView)))]
pub(crate) async fn put_dead_man(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<Json<DeadManView>, Problem> {
    let dead_man = app.store.dead_man();
    let stored = dead_man.get().await.map_err(failure)?;
    let settings = DeadMan::from_json(body, &stored.settings)?;
    let saved = dead_man.save(&settings, &caller.name).await.map_err(failure)?;
    app.alert.dead_man().changed();
    tracing::info!(enabled = settings.enabled, caller = %caller.name, "dead-man's switch saved");
    Ok(Json(DeadManView::new(&saved, app.alert.dead_man().status())))
}
