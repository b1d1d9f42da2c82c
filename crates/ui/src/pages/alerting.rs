//! Who hears of what and when: the pages about alerting.

use axum::Router;

use crate::App;

pub(crate) mod maintenance;
mod matcher;
pub(crate) mod silences;
mod tabs;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .merge(silences::routes())
        .merge(maintenance::routes())
}
