//! Who hears of what and when: the pages about alerting.

use axum::Router;

use crate::App;

pub(crate) mod maintenance;
mod matcher;
mod on_call;
pub(crate) mod silences;
mod tabs;

#[cfg(test)]
pub(crate) use on_call::samples;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .merge(on_call::routes())
        .merge(silences::routes())
        .merge(maintenance::routes())
}
