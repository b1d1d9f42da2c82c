//! Whether receivers will believe the mails: records of DNS, and what a receiver wrote into the headers.

use axum::{Json, extract::State};
use domain::{
    deliverability::{Subject, results},
    id::ProfileId,
    json::Object,
};
use store::MailProfile;

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::{Problem, profile_unknown},
    request::{Body, Params},
    wire::deliverability::{DeliverabilityView, PastedHeaders, ResultsView},
};

/// Look at the sender's records in DNS
///
/// SPF, DKIM, DMARC and MX of the domain, as far as they can be judged from here; what cannot be is `unknown`. Takes at
/// most ten seconds. The answer is remembered for an hour; `again=true` looks again.
#[utoipa::path(get, path = "/settings/mail/deliverability", tag = "settings", operation_id = "get_deliverability",
    params(
        ("profile" = Option<i64>, Query, description = "The mail profile whose sender and server are looked at. Default: the primary one."),
        ("domain" = Option<String>, Query, description = "Default: the domain of the profile's From address."),
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
    let profile = params.parse("profile", "type-integer", "This must be a whole number.", |t| {
        t.parse().ok().map(ProfileId)
    });
    let domain = params.text("domain").unwrap_or_default();
    let envelope = params.text("envelope").unwrap_or_default();
    let selectors = params.text("selector").unwrap_or_default();
    let again = params.parse("again", "type-boolean", "This must be true or false.", |t| {
        t.parse().ok()
    });
    params.finish()?;
    let mail = match profile {
        Some(id) => Some(find(&app, id).await?),
        None => app.store.mail().primary().await.map_err(failure)?,
    };
    let subject = Subject::parse(&domain, &envelope, &selectors, mail.as_ref().map(|m| &m.settings))?;
    let looked = app
        .alert
        .deliverability()
        .look(&subject, again.unwrap_or(false))
        .await;
    Ok(Json(DeliverabilityView::new(&subject, &looked)))
}

async fn find(app: &App, id: ProfileId) -> Result<MailProfile, Problem> {
    let found = app.store.mail().profile(id).await.map_err(failure)?;
    found.ok_or_else(|| profile_unknown("profile", id).into())
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
