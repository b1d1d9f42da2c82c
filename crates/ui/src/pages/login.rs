//! Signing in and out.

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    extract::Query,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::accounts::{RetryAfter, Session, User};

use crate::{
    App, Section, Shell, SignedIn, Typed, Visit,
    components::Form,
    error,
    pages::form::{ticked, value},
    security::{
        cookies::{self, Name},
        redirect::local_path,
    },
    shell::{page, page_with},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/login", get(show).post(sign_in))
        .route("/logout", post(sign_out))
}

#[derive(Template)]
#[template(path = "pages/login.html")]
pub(crate) struct LoginPage {
    shell: Shell,
    form: Form,
    /// Why the last try failed.
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> error::Result {
    let next = local_path(&wanted.next);
    if visit.session.is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    let form = Form::new(visit.language).with("next", next);
    page(&view(&visit, form, None))
}

fn view(visit: &Visit, form: Form, refusal: Option<String>) -> LoginPage {
    LoginPage {
        shell: visit.shell(Section::None, visit.language.text("login-title")),
        form,
        refusal,
    }
}

async fn sign_in(visit: Visit, axum::Form(typed): Typed) -> error::Result {
    let accounts = visit.app.store.accounts();
    let form = Form::typed(visit.language, &typed, &["password"]);
    let email = value(&typed, "email").trim();
    if let Err(RetryAfter(wait)) = accounts.login_allowed(email, visit.client).await? {
        return throttled(&visit, form, wait);
    }
    let password = SecretString::from(value(&typed, "password"));
    let Some(user) = accounts.authenticate(email, &password).await? else {
        accounts.login_failed(email, visit.client).await?;
        tracing::warn!(client.ip = %visit.client, request.id = visit.request_id, "a login failed");
        let refusal = visit.language.text("login-refused").to_string();
        return page_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &view(&visit, form, Some(refusal)),
        );
    };
    accounts.login_succeeded(email, visit.client).await?;
    if let Some(old) = &visit.cookie {
        accounts.end_session(old.expose_secret()).await?;
    }
    let response = Redirect::to(local_path(value(&typed, "next"))).into_response();
    with_session(&visit, &user, ticked(&typed, "remember"), response).await
}

fn throttled(visit: &Visit, form: Form, wait: Duration) -> error::Result {
    // Rounded up: who comes back on the second is let in.
    let seconds = wait.as_secs() + 1;
    let refusal = visit
        .language
        .text("login-throttled")
        .count("seconds", seconds)
        .to_string();
    let mut response = page_with(StatusCode::TOO_MANY_REQUESTS, &view(visit, form, Some(refusal)))?;
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(response)
}

/// Remembered sessions stay when the browser is closed.
const REMEMBERED: Duration = Duration::from_hours(24 * 30);

/// Starts a session for `user` and puts its cookie on `response`.
pub(crate) async fn with_session(
    visit: &Visit,
    user: &User,
    remember: bool,
    mut response: Response,
) -> error::Result {
    let (cookie, _): (SecretString, Session) = visit
        .app
        .store
        .accounts()
        .start_session(user.id, remember)
        .await?;
    let https = visit.app.is_https();
    let keep = remember.then_some(REMEMBERED);
    let cookies = [
        cookies::set(Name::Session, cookie.expose_secret(), https, keep),
        cookies::remove(Name::Visitor, https),
    ];
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn sign_out(signed_in: SignedIn) -> error::Result {
    let visit = &signed_in.visit;
    if let Some(cookie) = &visit.cookie {
        visit
            .app
            .store
            .accounts()
            .end_session(cookie.expose_secret())
            .await?;
    }
    let mut response = crate::Flash::good("flash-signed-out").redirect(visit, "/login");
    if let Some(cookie) = cookies::remove(Name::Session, visit.app.is_https()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<LoginPage> {
    let shell = || crate::pages::samples::stranger(language, "login-title");
    vec![
        LoginPage {
            shell: shell(),
            form: Form::new(language).with("next", "/monitors"),
            refusal: None,
        },
        LoginPage {
            shell: shell(),
            form: Form::new(language)
                .with("email", "me@example.org")
                .tick("remember", true),
            refusal: Some(language.text("login-refused").to_string()),
        },
    ]
}
