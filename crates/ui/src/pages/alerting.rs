//! Who hears of what and when: the pages about alerting.

use axum::Router;

use crate::App;

mod tabs;

pub(super) fn routes() -> Router<App> {
    Router::new()
}
