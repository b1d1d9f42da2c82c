//! Settings > Security: the own password and the own sessions.

use askama::Template;
use axum::{
    Router,
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
    mail::Address,
};
use http::StatusCode;
use secrecy::SecretString;
use store::accounts::{Password, RetryAfter};

use super::tabs::{Link, Tab, links};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error::{self, Error},
    pages::{form::value, login::with_session, setup::repeat_differs},
    shell::{page, page_with},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/settings/security", get(show))
        .route("/settings/security/password", post(change_password))
        .route("/settings/security/sessions/end", post(end_sessions))
}

const HERE: &str = "/settings/security";

#[derive(Template)]
#[template(path = "pages/settings/security.html")]
pub(crate) struct SecurityPage {
    shell: Shell,
    tabs: Vec<Link>,
    form: Form,
    email: String,
    signed_in_at: Timestamp,
    remembered: bool,
}

async fn show(who: SignedIn) -> error::Result {
    page(&view(&who, Form::new(who.visit.language)))
}

fn view(who: &SignedIn, form: Form) -> SecurityPage {
    let shell = who.shell(Section::Settings, "settings-security");
    SecurityPage {
        tabs: links(&shell, Tab::Security),
        form,
        email: who.by().to_owned(),
        signed_in_at: who.session.created_at,
        remembered: who.session.remember,
        shell,
    }
}

/// Asks for the present password, so that an unlocked screen is not enough. Every other session ends.
async fn change_password(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let accounts = who.store().accounts();
    let mut errors = FieldErrors::default();
    if let Err(RetryAfter(_)) = accounts.login_allowed(who.by(), who.visit.client).await? {
        return Err(Error::Refused(StatusCode::TOO_MANY_REQUESTS));
    }
    let present = SecretString::from(value(&typed, "present"));
    if accounts.authenticate(who.by(), &present).await?.is_none() {
        accounts.login_failed(who.by(), who.visit.client).await?;
        let message = "This is not your present password.";
        errors.push(FieldError::new("present", "password-wrong", message));
    }
    let password = errors.take(Password::parse("password", value(&typed, "password")));
    if password.is_some() && value(&typed, "password") != value(&typed, "repeat") {
        errors.push(repeat_differs());
    }
    let (Some(password), true) = (password, errors.is_empty()) else {
        let form = Form::new(who.visit.language).refused(errors);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&who, form));
    };
    let email =
        Address::parse("email", who.by()).map_err(|e| Error::Internal(format!("own address: {e}")))?;
    let user = accounts.upsert_admin(&email, &password).await?;
    tracing::info!(user.id = %user.id, "password changed, all sessions ended");
    let response = Flash::good("flash-password-changed").redirect(&who.visit, HERE);
    with_session(&who.visit, &user, who.session.remember, response).await
}

/// Ends every session of this account and starts a new one here.
async fn end_sessions(who: SignedIn) -> error::Result {
    who.store()
        .accounts()
        .end_sessions_of(who.session.user.id)
        .await?;
    let response = Flash::good("flash-sessions-ended").redirect(&who.visit, HERE);
    with_session(&who.visit, &who.session.user, who.session.remember, response).await
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<SecurityPage> {
    use crate::pages::samples::{NOW, shell};
    let sample = |form| {
        let shell = shell(language, Section::Settings, "settings-security");
        SecurityPage {
            tabs: links(&shell, Tab::Security),
            form,
            email: "me@example.org".to_owned(),
            signed_in_at: NOW,
            remembered: true,
            shell,
        }
    };
    let refused = Form::new(language).refused(repeat_differs().into());
    vec![sample(Form::new(language)), sample(refused)]
}
