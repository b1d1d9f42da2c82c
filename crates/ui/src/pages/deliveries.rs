//! Messages: each with every attempt at it and what the other side said.

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    delivery::{Attempt, AttemptVerdict, DeliveryState, Event},
    id::{ChannelId, DeliveryId, IncidentId},
};
use serde::Deserialize;
use store::outbox::{Delivery, DeliveryFilter};

use crate::{
    App, Flash, Section, Shell, SignedIn,
    components::{Choice, Pager},
    error::{self, Error},
    shell::page,
};

#[cfg(test)]
mod samples;
#[cfg(test)]
pub(crate) use samples::{delivery, details, lists};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/deliveries", get(list))
        .route("/deliveries/{id}", get(show))
        .route("/deliveries/{id}/resend", post(resend))
}

#[derive(Template)]
#[template(path = "pages/deliveries.html")]
pub(crate) struct DeliveriesPage {
    shell: Shell,
    search: Search,
    states: Vec<Choice>,
    channels: Vec<Choice>,
    lines: Vec<Line>,
    pager: Pager,
}

/// A delivery as a row of a table, here and on the page of an incident.
pub(crate) struct Line {
    pub(crate) id: DeliveryId,
    pub(crate) event: Event,
    pub(crate) monitor_name: String,
    pub(crate) channel_name: String,
    pub(crate) recipient: String,
    pub(crate) state: DeliveryState,
    pub(crate) waiting: bool,
    pub(crate) reason: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) attempts: u32,
}

#[derive(Template)]
#[template(path = "pages/deliveries/show.html")]
pub(crate) struct DeliveryPage {
    shell: Shell,
    line: Line,
    incident: IncidentId,
    channel: ChannelId,
    message_id: String,
    next_attempt_at: Option<Timestamp>,
    expires_at: Timestamp,
    finished_at: Option<Timestamp>,
    /// Who took the message, and under which name.
    accepted: Option<String>,
    attempts: Vec<Try>,
}

/// One attempt, ready to print.
pub(crate) struct Try {
    number: u32,
    at: Timestamp,
    took: Duration,
    shape: &'static str,
    word: String,
    reason: Option<String>,
    /// The other side's own name for the message.
    reference: Option<String>,
    server: Option<String>,
    remote: Option<String>,
    step: Option<String>,
    reply: Option<String>,
    revision: Option<i64>,
}

/// The filter, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    state: String,
    channel: String,
    incident: String,
    cursor: String,
}

impl Search {
    fn is_active(&self) -> bool {
        !(self.state.is_empty() && self.channel.is_empty() && self.incident.is_empty())
    }
}

const PAGE_SIZE: u32 = 50;

async fn list(signed_in: SignedIn, Query(search): Query<Search>) -> error::Result {
    let store = signed_in.store();
    let shell = signed_in.shell(Section::Deliveries, "nav-deliveries");
    let cursor = (!search.cursor.is_empty()).then_some(search.cursor.as_str());
    let filter = DeliveryFilter {
        state: DeliveryState::parse(&search.state),
        channel: search.channel.parse().ok(),
        incident: search.incident.parse().ok(),
        cursor: cursor.map(str::to_owned),
        limit: PAGE_SIZE,
    };
    let found = store.outbox().page(&filter).await?;
    let query = [
        ("state", search.state.as_str()),
        ("channel", &search.channel),
        ("incident", &search.incident),
    ];
    let channels = store.channels().all().await?;
    page(&DeliveriesPage {
        states: states(&shell),
        channels: channels
            .iter()
            .map(|c| choice(c.id.to_string(), c.name.clone()))
            .collect(),
        lines: found.items.into_iter().map(Line::from).collect(),
        pager: Pager::new(&shell, "/deliveries", &query, cursor, found.next.as_deref()),
        search,
        shell,
    })
}

fn choice(value: String, label: String) -> Choice {
    Choice {
        value,
        label,
        hint: String::new(),
    }
}

fn states(shell: &Shell) -> Vec<Choice> {
    let word = |state: &DeliveryState| match state {
        DeliveryState::Pending => shell.t("delivery-state-pending"),
        DeliveryState::Sending => shell.t("delivery-state-sending"),
        DeliveryState::Sent => shell.t("delivery-state-sent"),
        DeliveryState::Failed => shell.t("delivery-state-failed"),
        DeliveryState::Expired => shell.t("delivery-state-expired"),
        DeliveryState::Cancelled => shell.t("delivery-state-cancelled"),
    };
    DeliveryState::ALL
        .iter()
        .map(|s| choice(s.to_string(), word(s).to_string()))
        .collect()
}

async fn show(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let found = signed_in.store().outbox().get(parse(&id)?).await?;
    let (delivery, attempts) = found.ok_or(Error::NotFound)?;
    let shell = signed_in.shell(Section::Deliveries, "delivery-title");
    page(&view(shell, delivery, attempts))
}

fn view(shell: Shell, delivery: Delivery, attempts: Vec<Attempt>) -> DeliveryPage {
    DeliveryPage {
        accepted: attempts.iter().rev().find_map(|a| accepted(&shell, a)),
        incident: delivery.incident,
        channel: delivery.channel,
        message_id: delivery.message_id.clone(),
        next_attempt_at: delivery.next_attempt_at,
        expires_at: delivery.expires_at,
        finished_at: delivery.finished_at,
        attempts: attempts.into_iter().rev().map(|a| Try::new(&shell, a)).collect(),
        line: delivery.into(),
        shell,
    }
}

/// "Accepted by … as …": what is known, and not that anybody has read it.
fn accepted(shell: &Shell, attempt: &Attempt) -> Option<String> {
    let AttemptVerdict::Accepted { reference } = &attempt.verdict else {
        return None;
    };
    let server = attempt.server.as_deref()?;
    let text = match reference {
        Some(reference) => shell
            .t("delivery-accepted-as")
            .arg("server", server)
            .arg("reference", reference),
        None => shell.t("delivery-accepted").arg("server", server),
    };
    Some(text.to_string())
}

async fn resend(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let id = parse(&id)?;
    match signed_in.store().outbox().resend(id).await? {
        Some(new) => {
            tracing::info!(delivery.id = %new, delivery.resend_of = %id, user = signed_in.by(), "delivery resent");
            Ok(
                Flash::good("flash-delivery-resent")
                    .redirect(&signed_in.visit, &format!("/deliveries/{new}")),
            )
        }
        None => Ok(Flash::bad("flash-delivery-channel-gone")
            .redirect(&signed_in.visit, &format!("/deliveries/{id}"))),
    }
}

fn parse(id: &str) -> error::Result<DeliveryId> {
    id.parse().map_err(|_| Error::NotFound)
}

impl From<Delivery> for Line {
    fn from(d: Delivery) -> Self {
        Self {
            id: d.id,
            event: d.event,
            monitor_name: d.monitor_name,
            channel_name: d.channel_name,
            recipient: d.recipient,
            state: d.state,
            waiting: d.waiting,
            reason: d.reason,
            created_at: d.created_at,
            attempts: d.attempts,
        }
    }
}

impl Try {
    fn new(shell: &Shell, a: Attempt) -> Self {
        let (shape, word, reason, reference) = match a.verdict {
            AttemptVerdict::Accepted { reference } => ("up", shell.t("attempt-accepted"), None, reference),
            AttemptVerdict::Deferred { reason } => {
                ("degraded", shell.t("attempt-deferred"), Some(reason), None)
            }
            AttemptVerdict::Waiting { reason } => ("unknown", shell.t("attempt-waiting"), Some(reason), None),
            AttemptVerdict::Refused { reason } => ("down", shell.t("attempt-refused"), Some(reason), None),
        };
        let reply = match (a.reply_code, a.reply_text) {
            (Some(code), Some(text)) => Some(format!("{code} {text}")),
            (Some(code), None) => Some(code.to_string()),
            (None, text) => text,
        };
        Self {
            number: a.number,
            at: a.started_at,
            took: a.duration,
            shape,
            word: word.to_string(),
            reason,
            reference,
            server: a.server,
            remote: a.remote.map(|r| r.to_string()),
            step: a.step,
            reply,
            revision: a.settings_revision,
        }
    }
}
