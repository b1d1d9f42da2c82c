//! The pages, each with its view, handlers and template under one name.

use axum::Router;

use crate::App;

mod channels;
mod deliveries;
mod header_lines;
mod incidents;
mod monitors;
pub(crate) mod form;
mod language;
mod login;
mod overview;
mod settings;
#[cfg(test)]
pub(crate) mod samples;
mod setup;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(overview::routes())
        .merge(monitors::routes())
        .merge(incidents::routes())
        .merge(deliveries::routes())
        .merge(channels::routes())
        .merge(login::routes())
        .merge(setup::routes())
        .merge(language::routes())
        .merge(settings::routes())
}
