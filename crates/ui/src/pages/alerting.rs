//! Who hears of what and when: the pages about alerting.

use axum::Router;
use domain::id::RotationId;
use store::Store;

use crate::{App, error};

mod held;
pub(crate) mod policies;
mod tabs;
pub(crate) mod words;

pub(crate) use held::Held;

pub(super) fn routes() -> Router<App> {
    policies::routes()
}

/// On-call rotations that a step can tell, by name.
#[expect(
    clippy::unused_async,
    reason = "they are read from the store as soon as it has them"
)]
async fn rotations(_store: &Store) -> error::Result<Vec<(RotationId, String)>> {
    Ok(Vec::new())
}
