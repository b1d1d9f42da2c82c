//! Who hears of what and when: the pages about alerting.

use axum::Router;

use crate::App;

mod on_call;
mod tabs;

#[cfg(test)]
pub(crate) use on_call::samples;

pub(super) fn routes() -> Router<App> {
    Router::new().merge(on_call::routes())
}
