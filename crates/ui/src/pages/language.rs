//! Choosing the language; for strangers too.

use axum::{
    Router,
    response::{IntoResponse as _, Redirect},
    routing::post,
};
use http::header;

use crate::{
    App, Typed, Visit, error,
    locale::Language,
    pages::form::value,
    security::{
        cookies::{self, Name},
        redirect::local_path,
    },
};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/language", post(choose))
}

/// A year: the choice outlives sessions.
const KEPT: std::time::Duration = std::time::Duration::from_hours(24 * 365);

async fn choose(visit: Visit, axum::Form(typed): Typed) -> error::Result {
    let mut response = Redirect::to(local_path(value(&typed, "next"))).into_response();
    let chosen = Language::parse(value(&typed, "language"));
    let cookie = chosen.and_then(|l| cookies::set(Name::Language, l.tag(), visit.app.is_https(), Some(KEPT)));
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
