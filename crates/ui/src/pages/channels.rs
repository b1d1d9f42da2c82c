//! Where messages go: the list with its health, the form, the test, and what can be done to a channel.

use std::sync::{Arc, Mutex};

use askama::Template;
use axum::{
    Extension, Router,
    routing::{get, post},
};
use domain::{
    attention::Attention,
    channel::{Channel, ChannelKind, catalogue},
    clock::Timestamp,
    id::{ChannelId, ContactId, UserId},
    ration::Ration,
};
use store::{ChannelHealth, Store};

use crate::{
    App, Section, Shell, SignedIn,
    error::{self, Error},
    shell::page,
};

mod actions;
mod edit;
mod fields;
mod kinds;
#[cfg(test)]
mod samples;
mod service;
mod test;
mod webhook;
#[cfg(test)]
pub(crate) use samples::{deletes, edits, kinds, lists, secrets};

use kinds::KindsPage;

/// How many test messages each person has had sent.
type Tests = Arc<Mutex<Ration<UserId>>>;

pub(crate) fn routes() -> Router<App> {
    let tests: Tests = Arc::new(Mutex::new(Ration::of_tests()));
    Router::new()
        .route("/channels", get(list).post(edit::create))
        .route("/channels/new", get(edit::new))
        .route("/channels/preview", post(webhook::preview))
        .route("/channels/{id}", get(edit::show).post(edit::save))
        .route("/channels/{id}/test", post(test::test))
        .route("/channels/{id}/resubscribe", post(actions::resubscribe))
        .route("/channels/{id}/enable", post(actions::enable))
        .route("/channels/{id}/disable", post(actions::disable))
        .route("/channels/{id}/delete", get(actions::ask).post(actions::delete))
        .layer(Extension(tests))
}

#[derive(Template)]
#[template(path = "pages/channels.html")]
pub(crate) struct ChannelsPage {
    shell: Shell,
    rows: Vec<Row>,
    /// There are mail channels, and no mail server.
    mail_missing: bool,
    /// Recipients that get no mail.
    suspended: u64,
}

pub(crate) struct Row {
    id: ChannelId,
    name: String,
    kind: ChannelKind,
    summary: String,
    health: Health,
}

/// Whether messages get through.
pub(crate) struct Health {
    enabled: bool,
    locked: bool,
    failing: bool,
    last_success: Option<Timestamp>,
    last_failure: Option<(Timestamp, String)>,
    /// Not sent yet, for whatever reason.
    pending: u64,
    attention: Option<Attention>,
    /// Nothing is tried before somebody saves or tests it.
    stopped: bool,
}

impl Health {
    fn new(channel: &Channel, health: ChannelHealth) -> Self {
        let failed = health.last_failure.as_ref().map(|(at, _)| *at);
        Self {
            enabled: channel.enabled,
            locked: channel.config.is_none(),
            failing: health.waiting > 0 || failed > health.last_success,
            last_success: health.last_success,
            last_failure: health.last_failure,
            pending: health.pending,
            stopped: (health.attention.as_ref()).is_some_and(|a| a.disables(channel.kind)),
            attention: health.attention,
        }
    }

    fn mark(&self, shell: &Shell) -> crate::components::Mark {
        if self.locked {
            shell.mark("down", shell.t("channel-locked-word"))
        } else if !self.enabled {
            shell.mark("paused", shell.t("channel-off"))
        } else if self.attention.is_some() {
            shell.mark("down", shell.t("channel-attention"))
        } else if self.failing {
            shell.mark("down", shell.t("channel-failing"))
        } else if self.last_success.is_some() {
            shell.mark("up", shell.t("channel-works"))
        } else {
            shell.mark("pending", shell.t("channel-untried"))
        }
    }

    /// What went wrong last, as long as nothing went right since.
    fn trouble(&self) -> Option<&(Timestamp, String)> {
        self.last_failure.as_ref().filter(|_| self.failing)
    }
}

fn kind_name(shell: &Shell, kind: ChannelKind) -> String {
    match catalogue::of(kind) {
        Some(service) => service::about(shell, service).0,
        None => shell.t(&format!("channel-kind-{kind}")).to_string(),
    }
}

impl ChannelsPage {
    fn kind(&self, row: &Row) -> String {
        kind_name(&self.shell, row.kind)
    }
}

async fn list(signed_in: SignedIn) -> error::Result {
    let store = signed_in.store();
    let channels = store.channels().all().await?;
    let ids: Vec<ChannelId> = channels.iter().map(|c| c.id).collect();
    let mut health = store.channels().health(&ids).await?;
    let wants_mail = channels.iter().any(|c| c.kind == ChannelKind::Email && c.enabled);
    page(&ChannelsPage {
        suspended: store.recipients().suspended_count().await?,
        shell: signed_in.shell(Section::Channels, "nav-channels"),
        mail_missing: wants_mail && store.mail().primary().await?.is_none(),
        rows: channels
            .iter()
            .map(|c| Row {
                id: c.id,
                name: c.name.clone(),
                kind: c.kind,
                summary: c
                    .config
                    .as_ref()
                    .map(domain::channel::ChannelConfig::summary)
                    .unwrap_or_default(),
                health: Health::new(c, health.remove(&c.id).unwrap_or_default()),
            })
            .collect(),
    })
}

async fn find(store: &Store, id: &str) -> error::Result<Channel> {
    let id: ChannelId = id.parse().map_err(|_| Error::NotFound)?;
    store.channels().get(id).await?.ok_or(Error::NotFound)
}

async fn health_of(store: &Store, channel: &Channel) -> error::Result<Health> {
    let mut health = store.channels().health(&[channel.id]).await?;
    Ok(Health::new(
        channel,
        health.remove(&channel.id).unwrap_or_default(),
    ))
}

/// People who are told through this channel while they are on call.
async fn people_of(store: &Store, channel: ChannelId) -> error::Result<Vec<(ContactId, String)>> {
    let all = store.contacts().all().await?;
    let people = all.into_iter().filter(|p| p.channels.contains(&channel));
    Ok(people.map(|p| (p.id, p.name)).collect())
}

/// Names of the monitors that tell through this channel.
async fn users_of(store: &Store, channel: ChannelId) -> error::Result<Vec<(domain::id::MonitorId, String)>> {
    let all = store.monitors().all().await?;
    let users = all.into_iter().filter(|m| m.config.channels.contains(&channel));
    Ok(users.map(|m| (m.id, m.config.name)).collect())
}
