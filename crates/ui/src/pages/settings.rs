//! Settings.

use axum::{Router, response::Redirect, routing::get};

use crate::App;

pub(crate) mod general;
pub(crate) mod health;
pub(crate) mod mail;
pub(crate) mod messages;
pub(crate) mod security;
pub(crate) mod tabs;
pub(crate) mod tokens;
pub(crate) mod zones;

pub(crate) use mail::Trial as MailTrial;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/settings", get(|| async { Redirect::to("/settings/mail") }))
        .merge(mail::routes())
        .merge(messages::routes())
        .merge(zones::routes())
        .merge(security::routes())
        .merge(tokens::routes())
        .merge(general::routes())
        .merge(health::routes())
}
