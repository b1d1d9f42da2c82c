//! Mails that come back: the hook that a mail system hands them to.

use alert::bounce::{self, Report};
use axum::{Json, extract::State};
use domain::{field::FieldError, id::DeliveryId};
use store::bounces::MarkError;

use crate::{
    App,
    caller::Pusher,
    failure,
    problem::Problem,
    request::{Mail, Params},
    wire::bounce::BounceResult,
};

/// Report a mail that came back
///
/// The body is the returned message as it came in, or its `message/delivery-status` part alone. The return address of
/// the mail is found in its headers (`To`, `Delivered-To`, `X-Original-To`, `Envelope-To`); a mail system that knows the
/// envelope says it in `to`. It must be one that this instance made within the last 48 hours.
///
/// A status of 5.x suspends the recipient, except 5.4.4; that one and 4.x are noted.
#[utoipa::path(post, path = "/mail/bounces", tag = "mail", operation_id = "report_bounce",
    params(("to" = Option<String>, Query, description = "The address that the report was delivered to.")),
    request_body(content((String = "message/rfc822"), (String = "message/delivery-status"))),
    security(("token" = ["push"])),
    responses((status = 200, body = BounceResult)))]
pub(crate) async fn report(
    Pusher(caller): Pusher,
    State(app): State<App>,
    mut params: Params,
    mail: Mail,
) -> Result<Json<BounceResult>, Problem> {
    let to = params.text("to");
    params.finish()?;
    let report = match &mail {
        Mail::Message(raw) => bounce::read_message(raw),
        Mail::DeliveryStatus(raw) => bounce::read_status(raw),
    };
    let delivery = delivery_of(&app, to.as_deref(), &report)?;
    let status = report.status.ok_or_else(|| {
        Problem::from(FieldError::new(
            "body",
            "report-missing",
            "This is no report about a delivery (RFC 3464): it has no status. Nothing was changed.",
        ))
    })?;
    let returned = app
        .store
        .bounces()
        .record(delivery, status, &report.text)
        .await
        .map_err(failure)?;
    let returned = returned.ok_or_else(|| {
        Problem::not_found("The mail that came back is not in the log any more. Nothing was changed.")
    })?;
    let result = BounceResult::new(returned, status);
    tracing::info!(
        delivery.id = %delivery, bounce.status = %status, bounce.effect = result.effect, caller = %caller.name,
        "a mail came back"
    );
    Ok(Json(result))
}

/// By the first address that leads to one; else what is wrong with the one that is nearest to it.
fn delivery_of(app: &App, to: Option<&str>, report: &Report) -> Result<DeliveryId, Problem> {
    let mut worst = MarkError::Missing;
    for address in to.into_iter().chain(report.addresses.iter().map(String::as_str)) {
        match app.store.bounces().delivery_of(address) {
            Ok(delivery) => return Ok(delivery),
            Err(MarkError::Missing) => {}
            Err(MarkError::Forged) if worst == MarkError::Expired => {}
            Err(error) => worst = error,
        }
    }
    let (code, message) = match worst {
        MarkError::Missing => (
            "return-address-missing",
            "No return address of this instance is in the headers of the report. Say it in the parameter \"to\". Nothing was changed.",
        ),
        MarkError::Forged => (
            "return-address-forged",
            "The return address was not made by this instance, or with a key that it has no more. Nothing was changed.",
        ),
        MarkError::Expired => (
            "return-address-expired",
            "The return address is older than 48 hours. Nothing was changed.",
        ),
    };
    Err(FieldError::new("to", code, message).into())
}
