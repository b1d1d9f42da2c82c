//! The pages, each with its view, handlers and template under one name.

use axum::Router;

use crate::App;

mod acknowledge;
mod alerting;
mod channels;
mod deliveries;
pub(crate) mod form;
mod header_lines;
mod hours_fields;
mod incidents;
mod language;
mod login;
mod monitors;
mod overview;
#[cfg(test)]
pub(crate) mod samples;
mod settings;
mod setup;
mod unsubscribe;

pub(crate) use settings::MailTrial;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(overview::routes())
        .merge(monitors::routes())
        .merge(incidents::routes())
        .merge(deliveries::routes())
        .merge(channels::routes())
        .merge(alerting::routes())
        .merge(login::routes())
        .merge(setup::routes())
        .merge(language::routes())
        .merge(settings::routes())
        .merge(unsubscribe::routes())
        .merge(acknowledge::routes())
}
