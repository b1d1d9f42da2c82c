//! Connecting a mail profile to its provider, and how that stands.

use alert::oauth::OAuthError;
use axum::{Json, extract::State};
use domain::{field::FieldError, id::ProfileId, json::Object};
use http::StatusCode;

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::Problem,
    request::{Body, Id},
    wire::oauth::{AuthorizationAnswer, AuthorizationView},
};

/// Read how a mail profile is connected
///
/// For profiles with `auth` = `xoauth2`. While an authorization waits for a person, `pending` says what they have to do;
/// it is asked for in the background, so reading this again shows how it ended.
#[utoipa::path(get, path = "/settings/mail/profiles/{id}/authorize", tag = "settings",
    operation_id = "get_mail_authorization",
    params(("id" = i64, Path)),
    responses((status = 200, body = AuthorizationView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<ProfileId>,
) -> Result<Json<AuthorizationView>, Problem> {
    view(&app, id).await
}

/// Connect a mail profile
///
/// Begins an authorization at the provider; an earlier one that waits is void. What is connected stays so until the new
/// one ends well. At most five per minute and token.
#[utoipa::path(post, path = "/settings/mail/profiles/{id}/authorize", tag = "settings",
    operation_id = "authorize_mail",
    params(("id" = i64, Path)),
    responses((status = 200, body = AuthorizationView)))]
pub(crate) async fn begin(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ProfileId>,
) -> Result<Json<AuthorizationView>, Problem> {
    app.take_test(&caller)?;
    app.alert.oauth().begin(id).await.map_err(refused)?;
    tracing::info!(mail.profile = %id, caller = %caller.name, "authorization for mail asked for");
    view(&app, id).await
}

/// Hand in the provider's answer
///
/// For the way by the provider's page: the whole address that it sent the browser to.
#[utoipa::path(put, path = "/settings/mail/profiles/{id}/authorize", tag = "settings",
    operation_id = "answer_mail_authorization",
    params(("id" = i64, Path)),
    request_body = AuthorizationAnswer,
    responses((status = 200, body = AuthorizationView)))]
pub(crate) async fn answer(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ProfileId>,
    Body(body): Body,
) -> Result<Json<AuthorizationView>, Problem> {
    let mut o = Object::new("", body)?;
    let answer = o.required_text("answer");
    let errors = o.finish();
    let Some(answer) = answer.filter(|_| errors.is_empty()) else {
        return Err(errors.into());
    };
    app.alert.oauth().finish(id, &answer).await.map_err(refused)?;
    tracing::info!(mail.profile = %id, caller = %caller.name, "authorization for mail answered");
    view(&app, id).await
}

/// Disconnect a mail profile
///
/// Forgets what the provider gave. Revoke it at the provider as well if nobody is to use it any more.
#[utoipa::path(delete, path = "/settings/mail/profiles/{id}/authorize", tag = "settings",
    operation_id = "forget_mail_authorization",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn forget(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ProfileId>,
) -> Result<StatusCode, Problem> {
    if !app.alert.oauth().forget(id).await.map_err(refused)? {
        return Err(Problem::not_found("This profile is not connected."));
    }
    tracing::info!(mail.profile = %id, caller = %caller.name, "authorization for mail forgotten");
    Ok(StatusCode::NO_CONTENT)
}

async fn view(app: &App, id: ProfileId) -> Result<Json<AuthorizationView>, Problem> {
    let connection = app.alert.oauth().connection(id).await.map_err(refused)?;
    Ok(Json(connection.into()))
}

fn refused(error: OAuthError) -> Problem {
    match error {
        OAuthError::NoProfile => Problem::not_found("There is no mail profile with this id."),
        OAuthError::NotOAuth => {
            Problem::conflict("This profile does not log in with OAuth 2.0. Set its \"auth\" to \"xoauth2\".")
        }
        OAuthError::NothingPending => {
            Problem::conflict("No authorization waits for this answer. Begin a new one with POST.")
        }
        OAuthError::NotAnAnswer => {
            let message = "Send the whole address that the provider sent the browser to, with its \"code\" and \"state\".";
            FieldError::new("answer", "oauth-answer", message).into()
        }
        OAuthError::Refused(problem) => {
            let hint = problem.hint(alert::mail::Language::English);
            Problem::conflict(format!("{problem} {} {}", hint.cause, hint.fix))
        }
        OAuthError::Store(e) => failure(e),
    }
}
