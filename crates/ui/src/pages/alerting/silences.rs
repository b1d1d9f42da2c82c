//! Silences: what nobody is told of for now, what comes, and what was.

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query},
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    id::SilenceId,
    silence::{Silence, SilenceDraft, SilenceState},
};
use serde::Deserialize;
use serde_json::json;
use store::{SilenceFilter, Store};

use super::{
    matcher::{self, About},
    tabs::{Link, Tab, links},
};
use crate::{
    App, Flash, Section, Shell, SignedIn,
    components::Pager,
    error::{self, Error},
    shell::page,
};

mod form;
pub(super) use form::{Filled, accept, local, with, zone};
#[cfg(test)]
mod samples;
#[cfg(test)]
pub(crate) use samples::{forms, lists};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/silences", get(list).post(form::create))
        .route("/silences/new", get(form::new))
        .route("/silences/{id}", get(form::edit).post(form::save))
        .route("/silences/{id}/extend", post(extend))
        .route("/silences/{id}/end", post(end))
}

#[derive(Template)]
#[template(path = "pages/silences.html")]
pub(crate) struct SilencesPage {
    shell: Shell,
    tabs: Vec<Link>,
    active: Vec<Row>,
    pending: Vec<Row>,
    over: Vec<Past>,
    pager: Pager,
}

impl SilencesPage {
    /// Each with its id on the page and the key of its title.
    fn in_force_and_coming(&self) -> [(&'static str, &'static str, &[Row]); 2] {
        [
            ("active", "silences-active", &self.active),
            ("pending", "silences-pending", &self.pending),
        ]
    }
}

/// One that holds something, or will.
pub(crate) struct Row {
    id: i64,
    about: About,
    reason: String,
    author: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

/// One that is over.
pub(crate) struct Past {
    words: String,
    reason: String,
    author: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    ended_by: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    cursor: String,
}

const PAGE_SIZE: u32 = 25;
/// Nobody has so many at a time; the rest is in the API.
const MOST_AT_ONCE: u32 = 200;
const EXTENSION: &str = "1h";

async fn list(who: SignedIn, Query(search): Query<Search>) -> error::Result {
    let store = who.store();
    let shell = who.shell(Section::Alerting, "alerting-silences");
    let cursor = (!search.cursor.is_empty()).then(|| search.cursor.clone());
    let filter = SilenceFilter {
        state: Some(SilenceState::Over),
        cursor: cursor.clone(),
        limit: PAGE_SIZE,
    };
    let over = store.silences().page(&filter).await?;
    let names = matcher::names(store, over.items.iter().map(|s| &s.matcher)).await?;
    page(&SilencesPage {
        tabs: links(&shell, Tab::Silences),
        active: rows(store, &shell, SilenceState::Active).await?,
        pending: rows(store, &shell, SilenceState::Pending).await?,
        over: over
            .items
            .into_iter()
            .map(|s| Past::new(s, |m| matcher::words(&shell, m, &names)))
            .collect(),
        pager: Pager::new(&shell, "/silences", &[], cursor.as_deref(), over.next.as_deref()),
        shell,
    })
}

async fn rows(store: &Store, shell: &Shell, state: SilenceState) -> error::Result<Vec<Row>> {
    let filter = SilenceFilter {
        state: Some(state),
        limit: MOST_AT_ONCE,
        ..SilenceFilter::default()
    };
    let found = store.silences().page(&filter).await?.items;
    let names = matcher::names(store, found.iter().map(|s| &s.matcher)).await?;
    let mut rows = Vec::with_capacity(found.len());
    for silence in found {
        let about = matcher::about(store, shell, &silence.matcher, &names).await?;
        rows.push(Row::new(silence, about));
    }
    Ok(rows)
}

impl Row {
    fn new(silence: Silence, about: About) -> Self {
        Self {
            id: silence.id.0,
            about,
            reason: silence.reason,
            author: silence.author,
            starts_at: silence.starts_at,
            ends_at: silence.ends_at,
        }
    }
}

impl Past {
    fn new(silence: Silence, words: impl FnOnce(&domain::matcher::Matcher) -> String) -> Self {
        Self {
            words: words(&silence.matcher),
            reason: silence.reason,
            author: silence.author,
            starts_at: silence.starts_at,
            ends_at: silence.ends_at,
            ended_by: silence.ended_by,
        }
    }
}

/// An hour more than it has.
async fn extend(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let silence = find(who.store(), &id).await?;
    let now = who.store().now();
    let length = domain::duration::parse("duration", EXTENSION).unwrap_or_default();
    let longer = json!({ "ends_at": silence.ends_at.plus(length).to_rfc3339() });
    let flash = match SilenceDraft::changed(&silence, longer, now) {
        Err(_) => Flash::bad("flash-silence-longest"),
        Ok(draft) => match who.store().silences().change(silence.id, &draft).await? {
            Some(_) => {
                tracing::info!(silence.id = silence.id.0, user = who.by(), "silence extended");
                Flash::good("flash-silence-extended")
            }
            None => Flash::bad("flash-silence-over"),
        },
    };
    let flash = flash.about(&silence.reason);
    Ok(flash.redirect(&who.visit, "/silences"))
}

async fn end(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let silence = find(who.store(), &id).await?;
    who.store().silences().end(silence.id, who.by()).await?;
    tracing::info!(silence.id = silence.id.0, user = who.by(), "silence ended");
    let flash = Flash::good("flash-silence-ended").about(&silence.reason);
    Ok(flash.redirect(&who.visit, "/silences"))
}

async fn find(store: &Store, id: &str) -> error::Result<Silence> {
    let id: SilenceId = id.parse().map_err(|_| Error::NotFound)?;
    store.silences().get(id).await?.ok_or(Error::NotFound)
}
