//! The first run: whoever holds the token from the log becomes the administrator. Afterwards this page is gone.

use askama::Template;
use axum::{Router, extract::Query, response::Response, routing::get};
use domain::{
    field::{FieldError, FieldErrors},
    mail::Address,
};
use http::StatusCode;
use serde::Deserialize;
use store::accounts::{CreateAdminError, Password, RetryAfter};

use crate::{
    App, Flash, Section, Shell, Typed, Visit,
    components::Form,
    error::{self, Error},
    pages::{form::value, login::with_session},
    shell::{page, page_with},
};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/setup", get(show).post(create))
}

#[derive(Template)]
#[template(path = "pages/setup.html")]
pub(crate) struct SetupPage {
    shell: Shell,
    form: Form,
    token: String,
}

#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    token: String,
}

/// The account that the throttle counts guesses of the token under.
const THROTTLE: &str = "setup";

async fn show(visit: Visit, Query(key): Query<Key>) -> error::Result {
    admit(&visit, &key.token).await?;
    page(&view(&visit, Form::new(visit.language), key.token))
}

fn view(visit: &Visit, form: Form, token: String) -> SetupPage {
    SetupPage {
        shell: visit.shell(Section::None, visit.language.text("setup-title")),
        form,
        token,
    }
}

/// 404 once an administrator exists, 403 without the right token, 429 for who guesses.
async fn admit(visit: &Visit, token: &str) -> Result<(), Error> {
    let accounts = visit.app.store.accounts();
    if !accounts.setup_needed().await? {
        return Err(Error::NotFound);
    }
    if let Err(RetryAfter(_)) = accounts.login_allowed(THROTTLE, visit.client).await? {
        return Err(Error::Refused(StatusCode::TOO_MANY_REQUESTS));
    }
    if accounts.check_setup_token(token).await? {
        return Ok(());
    }
    accounts.login_failed(THROTTLE, visit.client).await?;
    Err(Error::Forbidden("problem-setup-token"))
}

async fn create(visit: Visit, axum::Form(typed): Typed) -> error::Result {
    let token = value(&typed, "token").to_owned();
    admit(&visit, &token).await?;
    let mut errors = FieldErrors::default();
    let email = errors.take(Address::parse("email", value(&typed, "email")));
    let password = errors.take(Password::parse("password", value(&typed, "password")));
    if password.is_some() && value(&typed, "password") != value(&typed, "repeat") {
        errors.push(repeat_differs());
    }
    let (Some(email), Some(password), true) = (email, password, errors.is_empty()) else {
        return again(&visit, &typed, errors, token);
    };
    let accounts = visit.app.store.accounts();
    let user = match accounts.create_first_admin(&email, &password).await {
        Ok(user) => user,
        Err(CreateAdminError::AlreadyDone) => return Err(Error::NotFound),
        Err(CreateAdminError::Store(e)) => return Err(e.into()),
    };
    accounts.login_succeeded(THROTTLE, visit.client).await?;
    // Spent already; the file would only make somebody wonder.
    if let Err(e) = tokio::fs::remove_file(visit.app.data_dir.join("setup-token")).await
        && e.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(error = %e, "the spent setup-token file could not be removed");
    }
    let response: Response = Flash::good("flash-welcome").redirect(&visit, "/");
    with_session(&visit, &user, false, response).await
}

pub(crate) fn repeat_differs() -> FieldError {
    FieldError::new(
        "repeat",
        "password-repeat",
        "This is not the same password as above.",
    )
}

fn again(visit: &Visit, typed: &[(String, String)], errors: FieldErrors, token: String) -> error::Result {
    let form = Form::typed(visit.language, typed, &["password", "repeat", "token"]).refused(errors);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(visit, form, token))
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<SetupPage> {
    let shell = crate::pages::samples::stranger(language, "setup-title");
    let form = Form::new(shell.language)
        .with("email", "me@")
        .refused(repeat_differs().into());
    vec![
        SetupPage {
            shell: shell.clone(),
            form: shell.form(),
            token: "t".to_owned(),
        },
        SetupPage {
            shell,
            form,
            token: "t".to_owned(),
        },
    ]
}
