//! Whether receivers will believe the mails: records of DNS, and what a receiver wrote into the headers.

use axum::{Json, extract::State};
use domain::{
    deliverability::{Subject, results},
    json::Object,
};

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Body, Params},
    wire::deliverability::{DeliverabilityView, PastedHeaders, ResultsView},
};

/// Look at the sender's records in DNS
///
/// SPF, DKIM, DMARC and MX of the domain, as far as they can be judged from here; what cannot be is `unknown`. Takes at
/// most ten seconds. The answer is remembered for an hour; `again=true` looks again.
#[utoipa::path(get, path = "/settings/mail/deliverability", tag = "settings", operation_id = "get_deliverability",
    params(
        ("domain" = Option<String>, Query, description = "Default: the domain of the saved From address."),
        ("envelope" = Option<String>, Query, description = "Domain of the envelope sender. Default: the same."),
        ("selector" = Option<String>, Query, description = "DKIM selectors, separated by commas. Default: those that the provider usually uses."),
        ("again" = Option<bool>, Query, description = "Ask DNS even if the answer is known."),
    ),
    responses((status = 200, body = DeliverabilityView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<DeliverabilityView>, Problem> {
    let domain = params.text("domain").unwrap_or_default();
    let envelope = params.text("envelope").unwrap_or_default();
    let selectors = params.text("selector").unwrap_or_default();
    let again = params.parse("again", "type-boolean", "This must be true or false.", |t| {
        t.parse().ok()
    });
    params.finish()?;
    let mail = app.store.mail().primary().await.map_err(failure)?;
    let subject = Subject::parse(&domain, &envelope, &selectors, mail.as_ref().map(|m| &m.settings))?;
    let looked = app
        .alert
        .deliverability()
        .look(&subject, again.unwrap_or(false))
        .await;
    Ok(Json(DeliverabilityView::new(&subject, &looked)))
}

/// Read the headers of a mail that arrived
///
/// Takes the headers as they were received and says what the receiver found out about SPF, DKIM and DMARC. Nothing is
/// kept.
#[utoipa::path(post, path = "/settings/mail/authentication-results", tag = "settings",
    operation_id = "read_authentication_results", request_body = PastedHeaders,
    responses((status = 200, body = ResultsView)))]
pub(crate) async fn read_results(_: Writer, Body(body): Body) -> Result<Json<ResultsView>, Problem> {
    let mut o = Object::new("", body)?;
    let headers = o.required_text("headers");
    let pasted = o.parse("headers", headers, |f, v| results::parse(f, &v));
    let errors = o.finish();
    match pasted {
        Some(pasted) if errors.is_empty() => Ok(Json(ResultsView::new(&pasted))),
        _ => Err(errors.into()),
    }
}
