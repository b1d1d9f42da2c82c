//! Messages: a list with filters, the same as a table for spreadsheets, each message with every attempt at it, and what
//! is known of each recipient.

use askama::Template;
use axum::{
    Router,
    extract::Query,
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    id::DeliveryId,
    incident::IncidentKind,
};
use store::outbox::{Delivery, DeliveryFilter};

use crate::{App, Section, Shell, SignedIn, components::Pager, error, shell::page};

mod export;
mod recipients;
#[cfg(test)]
mod samples;
mod search;
mod show;
#[cfg(test)]
pub(crate) use samples::{delivery, details, lists, recipients};
use search::{Options, Search};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/deliveries", get(list))
        .route("/deliveries.csv", get(export::table))
        .route("/deliveries/recipients", get(recipients::list))
        .route("/deliveries/recipients/enable", post(recipients::enable))
        .route("/deliveries/{id}", get(show::show))
        .route("/deliveries/{id}/resend", post(show::resend))
}

#[derive(Template)]
#[template(path = "pages/deliveries.html")]
pub(crate) struct DeliveriesPage {
    shell: Shell,
    search: Search,
    options: Options,
    /// Something in the filter cannot be read, so nothing was looked for.
    unreadable: bool,
    /// The same filter as a table.
    csv_href: String,
    lines: Vec<Line>,
    pager: Pager,
}

/// A delivery as a row of a table, here and on the page of an incident.
pub(crate) struct Line {
    pub(crate) id: DeliveryId,
    pub(crate) event: Event,
    pub(crate) monitor_name: String,
    pub(crate) kind: IncidentKind,
    pub(crate) channel_name: String,
    pub(crate) recipient: String,
    pub(crate) state: DeliveryState,
    pub(crate) waiting: bool,
    /// By quiet hours.
    pub(crate) held: bool,
    pub(crate) reason: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) attempts: u32,
    /// Who had it sent again.
    pub(crate) requested_by: Option<String>,
    /// Status with which it came back.
    pub(crate) returned: Option<String>,
}

const PAGE_SIZE: u32 = 50;

async fn list(signed_in: SignedIn, Query(search): Query<Search>) -> error::Result {
    let store = signed_in.store();
    let shell = signed_in.shell(Section::Deliveries, "nav-deliveries");
    let filter = search.filter();
    let found = match &filter {
        Ok(filter) => {
            let filter = DeliveryFilter {
                limit: PAGE_SIZE,
                ..filter.clone()
            };
            Some(store.outbox().page(&filter).await?)
        }
        Err(_) => None,
    };
    let (lines, next) = found.map_or_else(Default::default, |p| (p.items, p.next));
    let options = Options::load(store, &shell).await?;
    page(&DeliveriesPage {
        unreadable: filter.is_err(),
        options,
        lines: lines.into_iter().map(Line::from).collect(),
        pager: search.pager(&shell, next.as_deref()),
        csv_href: search.href("/deliveries.csv"),
        search,
        shell,
    })
}

impl From<Delivery> for Line {
    fn from(d: Delivery) -> Self {
        Self {
            held: d.is_held(),
            id: d.id,
            event: d.event,
            monitor_name: d.monitor_name,
            kind: d.kind,
            channel_name: d.channel_name,
            recipient: d.recipient,
            state: d.state,
            waiting: d.waiting,
            reason: d.reason,
            created_at: d.created_at,
            attempts: d.attempts,
            requested_by: d.requested_by,
            returned: d.bounce.map(|b| b.status),
        }
    }
}
