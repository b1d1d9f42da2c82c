//! Deliveries: each message, each attempt, each reply.

use axum::{Json, extract::State, response::IntoResponse};
use domain::{
    delivery::DeliveryState,
    id::{ChannelId, DeliveryId, IncidentId},
};
use http::{StatusCode, header::LOCATION};
use store::outbox::DeliveryFilter;

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Id, Params},
    wire::{
        Page,
        delivery::{DeliveryDetail, DeliveryView, Resent},
    },
};

/// List deliveries, newest first
#[utoipa::path(get, path = "/deliveries", tag = "deliveries", operation_id = "list_deliveries",
    params(
        ("state" = Option<String>, Query, description = "pending, sending, sent, failed, expired or cancelled."),
        ("channel" = Option<i64>, Query, description = "Only through this channel."),
        ("incident" = Option<i64>, Query, description = "Only of this incident."),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, body = Page<DeliveryView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let state = params.parse(
        "state",
        "state-unknown",
        "Use pending, sending, sent, failed, expired or cancelled.",
        DeliveryState::parse,
    );
    let channel: Option<ChannelId> = params.id("channel");
    let incident: Option<IncidentId> = params.id("incident");
    let paging = params.paging();
    params.finish()?;
    let filter = DeliveryFilter {
        state,
        channel,
        incident,
        cursor: paging.cursor,
        limit: paging.limit,
    };
    let page = app.store.outbox().page(&filter).await.map_err(failure)?;
    Ok(Json(Page::from(page, DeliveryView::from)))
}

/// Read a delivery with its attempts
#[utoipa::path(get, path = "/deliveries/{id}", tag = "deliveries", operation_id = "get_delivery",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = DeliveryDetail)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<DeliveryId>,
) -> Result<Json<DeliveryDetail>, Problem> {
    let found = app.store.outbox().get(id).await.map_err(failure)?;
    let (delivery, attempts) = found.ok_or_else(unknown)?;
    Ok(Json(DeliveryDetail {
        delivery: delivery.into(),
        attempts: attempts.into_iter().map(Into::into).collect(),
    }))
}

/// Send a delivery again
///
/// Makes a new delivery with an id of its own; the old one stays as it is.
#[utoipa::path(post, path = "/deliveries/{id}/resend", tag = "deliveries", operation_id = "resend_delivery",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 201, body = Resent)))]
pub(crate) async fn resend(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<DeliveryId>,
) -> Result<impl IntoResponse, Problem> {
    let new = app.store.outbox().resend(id).await.map_err(failure)?;
    let new = new.ok_or_else(unknown)?;
    tracing::info!(delivery.id = %new, delivery.resend_of = %id, caller = %caller.name, "delivery resent");
    let location = app.location(&format!("/deliveries/{new}"));
    Ok((
        StatusCode::CREATED,
        [(LOCATION, location)],
        Json(Resent { id: new.0 }),
    ))
}

fn unknown() -> Problem {
    Problem::not_found("There is no delivery with this id.")
}
