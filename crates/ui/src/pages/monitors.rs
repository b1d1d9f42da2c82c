//! What is watched: the list, the form, one monitor's page, and what can be done to it.

use askama::Template;
use axum::{
    Router,
    extract::Query,
    routing::{get, post},
};
use domain::{
    id::MonitorId,
    monitor::Monitor,
    state::{MonitorState, Status},
};
use serde::Deserialize;
use store::{MonitorFilter, Store};

use super::overview::{Row, load};
use crate::{
    App, Section, Shell, SignedIn,
    components::{Pager, href},
    error::{self, Error},
    shell::{page, status_key},
};

mod actions;
mod chart;
mod check;
mod edit;
mod fields;
mod outlook;
mod parents;
#[cfg(test)]
mod samples;
mod show;
#[cfg(test)]
pub(crate) use samples::samples;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/monitors", get(list).post(edit::create))
        .route("/monitors/new", get(edit::new))
        .route("/monitors/{id}", get(show::show).post(edit::save))
        .route("/monitors/{id}/edit", get(edit::edit))
        .route("/monitors/{id}/check", post(check::check))
        .route("/monitors/{id}/pause", post(actions::pause))
        .route("/monitors/{id}/resume", post(actions::resume))
        .route("/monitors/{id}/delete", get(actions::ask).post(actions::delete))
}

#[derive(Template)]
#[template(path = "pages/monitors.html")]
pub(crate) struct MonitorsPage {
    shell: Shell,
    search: Search,
    statuses: Vec<Chip>,
    tags: Vec<String>,
    rows: Vec<Row>,
    pager: Pager,
    total: u64,
}

/// A link to the monitors with one status.
pub(crate) struct Chip {
    label: String,
    number: u64,
    href: String,
    current: bool,
}

/// The filter, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    q: String,
    status: String,
    tag: String,
    cursor: String,
}

const PAGE_SIZE: u32 = 50;

async fn list(signed_in: SignedIn, Query(search): Query<Search>) -> error::Result {
    let store = signed_in.store();
    let shell = signed_in.shell(Section::Monitors, "nav-monitors");
    let numbers = store.monitors().counts().await?;
    let numbers = signed_in.visit.app.scheduler.count_stale(numbers);
    let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let filter = MonitorFilter {
        status: Status::parse(&search.status),
        tag: some(&search.tag),
        stale: signed_in.stale(),
        query: some(&search.q),
        cursor: some(&search.cursor),
        limit: PAGE_SIZE,
    };
    let found = store.monitors().page(&filter).await?;
    let rows = load(&signed_in, &shell, found.items).await?;
    let query = [
        ("q", search.q.as_str()),
        ("status", &search.status),
        ("tag", &search.tag),
    ];
    let view = MonitorsPage {
        pager: Pager::new(
            &shell,
            "/monitors",
            &query,
            some(&search.cursor).as_deref(),
            found.next.as_deref(),
        ),
        statuses: chips(&shell, &search, &numbers),
        tags: store.monitors().tags().await?,
        rows,
        total: numbers.iter().map(|(_, n)| n).sum(),
        search,
        shell,
    };
    page(&view)
}

fn chips(shell: &Shell, search: &Search, numbers: &[(Status, u64)]) -> Vec<Chip> {
    let chip = |label: &str, status: &str, number: u64| Chip {
        label: shell.t(label).to_string(),
        number,
        href: href(
            "/monitors",
            &[("q", &search.q), ("status", status), ("tag", &search.tag)],
        ),
        current: search.status == status,
    };
    let all = chip("filter-all", "", numbers.iter().map(|(_, n)| n).sum());
    let each = Status::ALL.into_iter().filter_map(|status| {
        let number: u64 = numbers.iter().filter(|(s, _)| *s == status).map(|(_, n)| n).sum();
        (number > 0).then(|| chip(status_key(status), status.as_str(), number))
    });
    std::iter::once(all).chain(each).collect()
}

/// The monitor of an address, or the page that says that there is none.
async fn find(store: &Store, id: &str) -> error::Result<(Monitor, MonitorState)> {
    let id: MonitorId = id.parse().map_err(|_| Error::NotFound)?;
    let monitor = store.monitors().get(id).await?.ok_or(Error::NotFound)?;
    let state = store.monitors().state(id).await?.unwrap_or_default();
    Ok((monitor, state))
}
