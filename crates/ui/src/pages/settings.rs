//! Settings.

use axum::{Router, response::Redirect, routing::get};

use crate::App;

pub(crate) mod mail;
pub(crate) mod tabs;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/settings", get(|| async { Redirect::to("/settings/mail") }))
        .merge(mail::routes())
}
