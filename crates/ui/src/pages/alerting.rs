//! Who hears of what and when: the pages about alerting.

use axum::Router;
use domain::id::RotationId;
use store::Store;

use crate::{App, error};

mod held;
pub(crate) mod maintenance;
mod matcher;
mod on_call;
pub(crate) mod policies;
pub(crate) mod silences;
mod tabs;
pub(crate) mod words;

pub(crate) use held::Held;

#[cfg(test)]
pub(crate) use on_call::samples;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .merge(policies::routes())
        .merge(on_call::routes())
        .merge(silences::routes())
        .merge(maintenance::routes())
}

/// On-call rotations that a step can tell, by name.
pub(crate) async fn rotations(store: &Store) -> error::Result<Vec<(RotationId, String)>> {
    let all = store.rotations().all().await?;
    Ok(all.into_iter().map(|r| (r.id, r.plan.name)).collect())
}
