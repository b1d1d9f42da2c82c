//! What checks found over time.

use std::time::Duration;

use axum::{Json, extract::State};
use domain::{clock::Timestamp, id::MonitorId};

use crate::{
    App,
    caller::Reader,
    failure, monitors,
    problem::Problem,
    request::{Id, Params},
    wire::{
        Page,
        check::{SampleView, StatsView},
    },
};

/// List raw results, oldest first
#[utoipa::path(get, path = "/monitors/{id}/results", tag = "monitors", operation_id = "list_results",
    params(
        ("id" = i64, Path),
        ("from" = Option<String>, Query, description = "RFC 3339, included. Default 24 hours before `to`."),
        ("to" = Option<String>, Query, description = "RFC 3339, not included. Default now."),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, body = Page<SampleView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<MonitorId>,
    mut params: Params,
) -> Result<Json<Page<SampleView>>, Problem> {
    let (from, to) = (params.time("from"), params.time("to"));
    let after = params.parse("cursor", "cursor-invalid", CURSOR, |c| {
        c.parse().ok().map(Timestamp::from_millis)
    });
    let limit = params.paging().limit;
    params.finish()?;
    monitors::find(&app, id).await?;
    // Now is the millisecond after the newest sample.
    let to = to.unwrap_or_else(|| app.store.now().plus(Duration::from_millis(1)));
    let from = after
        .or(from)
        .unwrap_or_else(|| to.minus(Duration::from_hours(24)));
    // One more than asked for tells whether there is a next page, and where it begins.
    let mut samples = app
        .store
        .samples()
        .range(id, from, to, limit as usize + 1)
        .await
        .map_err(failure)?;
    let next = samples
        .get(limit as usize)
        .map(|first_of_next| first_of_next.at.as_millis().to_string());
    samples.truncate(limit as usize);
    Ok(Json(Page {
        items: samples.into_iter().map(SampleView::from).collect(),
        next,
    }))
}

const CURSOR: &str = "This is not a cursor. Use the value of \"next\".";

/// Read statistics
#[utoipa::path(get, path = "/monitors/{id}/stats", tag = "monitors", operation_id = "get_stats",
    params(
        ("id" = i64, Path),
        ("range" = Option<String>, Query, description = "24h, 7d, 30d, 90d or 365d. Default 24h."),
    ),
    responses((status = 200, body = StatsView)))]
pub(crate) async fn stats(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<MonitorId>,
    mut params: Params,
) -> Result<Json<StatsView>, Problem> {
    let range = params.parse(
        "range",
        "range-unknown",
        "Use 24h, 7d, 30d, 90d or 365d.",
        |text| {
            let days = match text {
                "24h" => 1,
                "7d" => 7,
                "30d" => 30,
                "90d" => 90,
                "365d" => 365,
                _ => return None,
            };
            Some(Duration::from_hours(24 * days))
        },
    );
    params.finish()?;
    monitors::find(&app, id).await?;
    let to = app.store.now();
    let from = to.minus(range.unwrap_or(Duration::from_hours(24)));
    let stats = app.store.samples().stats(id, from, to).await.map_err(failure)?;
    Ok(Json(StatsView::new(from, to, &stats)))
}
