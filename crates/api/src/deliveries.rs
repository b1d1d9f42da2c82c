//! Deliveries: each message, each attempt, each reply.

use axum::{
    Json,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    delivery::{DeliveryState, Event},
    id::DeliveryId,
};
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
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
        ("monitor" = Option<i64>, Query, description = "Only about this monitor."),
        ("digest" = Option<uuid::Uuid>, Query, description = "Only those that travel in this digest."),
        ("event" = Option<String>, Query, description = "Only of this event, as `incident.opened`."),
        ("recipient" = Option<String>, Query, description = "A mail address, or a part of some."),
        ("profile" = Option<i64>, Query, description = "Only those that were tried through this mail profile."),
        ("from" = Option<String>, Query, description = "Planned then or later (RFC 3339)."),
        ("to" = Option<String>, Query, description = "Planned earlier (RFC 3339)."),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, body = Page<DeliveryView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let filter = filter(&mut params);
    let paging = params.paging();
    params.finish()?;
    let filter = DeliveryFilter {
        cursor: paging.cursor,
        limit: paging.limit,
        ..filter
    };
    let page = app.store.outbox().page(&filter).await.map_err(failure)?;
    Ok(Json(Page::from(page, DeliveryView::from)))
}

/// All deliveries as a table
///
/// CSV (RFC 4180, UTF-8) with one line for each attempt, and one for each delivery without any; newest delivery first.
/// It is sent while it is read, however long it is. A cell that a spreadsheet would run as a formula begins with an
/// apostrophe.
#[utoipa::path(get, path = "/deliveries.csv", tag = "deliveries", operation_id = "export_deliveries",
    params(
        ("state" = Option<String>, Query, description = "pending, sending, sent, failed, expired or cancelled."),
        ("channel" = Option<i64>, Query, description = "Only through this channel."),
        ("incident" = Option<i64>, Query, description = "Only of this incident."),
        ("monitor" = Option<i64>, Query, description = "Only about this monitor."),
        ("digest" = Option<uuid::Uuid>, Query, description = "Only those that travel in this digest."),
        ("event" = Option<String>, Query, description = "Only of this event, as `incident.opened`."),
        ("recipient" = Option<String>, Query, description = "A mail address, or a part of some."),
        ("profile" = Option<i64>, Query, description = "Only those that were tried through this mail profile."),
        ("from" = Option<String>, Query, description = "Planned then or later (RFC 3339)."),
        ("to" = Option<String>, Query, description = "Planned earlier (RFC 3339)."),
    ),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub(crate) async fn export(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let filter = filter(&mut params);
    params.finish()?;
    let mut export = app.store.outbox().export(filter);
    // What fails at once is still a problem with a status; later the answer can only break off.
    let head = export.next().await.map_err(failure)?.unwrap_or_default();
    let rest = stream::try_unfold(export, |mut export| async {
        let lines = export.next().await.inspect_err(|e| {
            tracing::error!(error = %e, "an export of deliveries broke off");
        })?;
        Ok::<_, store::StoreError>(lines.map(|lines| (lines, export)))
    });
    let lines = stream::once(async { Ok(head) }).chain(rest);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"deliveries.csv\""),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// Everything but the page.
fn filter(params: &mut Params) -> DeliveryFilter {
    DeliveryFilter {
        state: params.parse(
            "state",
            "state-unknown",
            "Use pending, sending, sent, failed, expired or cancelled.",
            DeliveryState::parse,
        ),
        event: params.parse(
            "event",
            "event-unknown",
            "Use the name of an event, like incident.opened or incident.resolved.",
            Event::parse,
        ),
        channel: params.id("channel"),
        incident: params.id("incident"),
        monitor: params.id("monitor"),
        digest: params.parse("digest", "id", "Use the id of a delivery.", |text| {
            text.parse().ok()
        }),
        profile: params.id("profile"),
        recipient: params.parse("recipient", "too-long", "Use at most 254 characters.", |text| {
            (text.len() <= 254).then(|| text.to_owned())
        }),
        from: params.time("from"),
        to: params.time("to"),
        ..DeliveryFilter::default()
    }
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
    let new = app
        .store
        .outbox()
        .resend(id, &caller.name)
        .await
        .map_err(failure)?;
    let new = new.ok_or_else(unknown)?;
    tracing::info!(delivery.id = %new, delivery.resend_of = %id, caller = %caller.name, "delivery resent");
    Ok(app.created(&format!("/deliveries/{new}"), Resent { id: new.0 }))
}

fn unknown() -> Problem {
    Problem::not_found("There is no delivery with this id.")
}
