//! Policies: the list, the form, and what becomes of the monitors of one that is deleted.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Router,
    routing::{get, post},
};
use domain::{
    channel::Channel,
    id::{ChannelId, PolicyId, RotationId},
    policy::{Policy, PolicyConfig},
};
use store::Store;

use super::{
    tabs::{self, Link, Tab},
    words,
};
use crate::{
    App, Section, Shell, SignedIn,
    error::{self, Error},
    shell::page,
};

mod actions;
mod edit;
mod fields;
#[cfg(test)]
mod samples;
mod summary;
#[cfg(test)]
pub(crate) use samples::{deletes, edits, lists};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/policies", get(list).post(edit::create))
        .route("/policies/new", get(edit::new))
        .route("/policies/summary", post(summary::preview))
        .route("/policies/{id}", get(edit::show).post(edit::save))
        .route("/policies/{id}/delete", get(actions::ask).post(actions::delete))
}

#[derive(Template)]
#[template(path = "pages/policies.html")]
pub(crate) struct PoliciesPage {
    shell: Shell,
    tabs: Vec<Link>,
    rows: Vec<Row>,
}

pub(crate) struct Row {
    href: String,
    name: String,
    severity: String,
    steps: String,
    /// What it leaves out.
    only: Option<String>,
    /// For which monitors it is.
    serves: Vec<String>,
    /// It has no step that somebody hears of.
    mute: bool,
}

/// What a step can tell, by name.
#[derive(Default)]
pub(crate) struct Names {
    channels: BTreeMap<ChannelId, (String, bool)>,
    rotations: BTreeMap<RotationId, String>,
    off: String,
}

impl Names {
    pub(crate) async fn read(store: &Store, shell: &Shell) -> error::Result<Self> {
        let channels = store.channels().all().await?;
        let rotations = super::rotations(store).await?;
        Ok(Self::new(shell, &channels, rotations))
    }

    fn new(shell: &Shell, channels: &[Channel], rotations: Vec<(RotationId, String)>) -> Self {
        let channel = |c: &Channel| (c.id, (c.name.clone(), c.enabled));
        Self {
            channels: channels.iter().map(channel).collect(),
            rotations: rotations.into_iter().collect(),
            off: shell.t("channel-off").to_string(),
        }
    }

    pub(crate) fn channel(&self, id: ChannelId) -> String {
        match self.channels.get(&id) {
            Some((name, true)) => name.clone(),
            Some((name, false)) => format!("{name} ({})", self.off),
            None => format!("#{id}"),
        }
    }

    pub(crate) fn rotation(&self, id: RotationId) -> String {
        self.rotations
            .get(&id)
            .cloned()
            .unwrap_or_else(|| format!("#{id}"))
    }

    /// Whether anything that begins reaches a channel that is switched on, or a rotation.
    fn reached_by(&self, config: &PolicyConfig) -> bool {
        let mut steps = config.steps.iter().filter(|s| s.tells_of_openings());
        let on = |id: &ChannelId| self.channels.get(id).is_some_and(|(_, enabled)| *enabled);
        steps.any(|s| !s.rotations.is_empty() || s.channels.iter().any(on))
    }
}

async fn list(signed_in: SignedIn) -> error::Result {
    let store = signed_in.store();
    let shell = signed_in.shell(Section::Alerting, "alerting-policies");
    let names = Names::read(store, &shell).await?;
    let users = store.policies().users().await?;
    let rows = store.policies().all().await?;
    let row = |p: &Policy| Row::new(&shell, p, &names, users.get(&p.id).copied().unwrap_or(0));
    page(&PoliciesPage {
        tabs: tabs::links(&shell, Tab::Policies),
        rows: rows.iter().map(row).collect(),
        shell,
    })
}

impl Row {
    fn new(shell: &Shell, policy: &Policy, names: &Names, users: u64) -> Self {
        let config = &policy.config;
        Self {
            href: format!("/policies/{}", policy.id),
            name: config.name.clone(),
            severity: words::severity(shell, config.severity),
            steps: steps(shell, config, names),
            only: words::only(shell, &words::told_of(config.steps.iter().map(|s| &s.events))),
            serves: serves(shell, config, users),
            mute: !names.reached_by(config),
        }
    }
}

/// "At once: Chat; after 10 min: Team mail".
fn steps(shell: &Shell, config: &PolicyConfig, names: &Names) -> String {
    let step = |s: &domain::policy::Step| {
        let text = shell
            .t("policy-step-says")
            .arg("when", words::when(shell, s.after));
        text.arg("whom", words::whom(s, names)).to_string()
    };
    let all: Vec<String> = config.steps.iter().map(step).collect();
    all.join(&shell.t("policy-step-and").to_string())
}

fn serves(shell: &Shell, config: &PolicyConfig, users: u64) -> Vec<String> {
    let mut serves = Vec::new();
    if config.default {
        serves.push(shell.t("policy-for-default").to_string());
    }
    let tag = |t: &String| shell.t("policy-for-tag").arg("tag", t).to_string();
    serves.extend(config.tags.iter().map(tag));
    if users > 0 {
        serves.push(shell.t("policy-for-named").count("n", users).to_string());
    }
    serves
}

async fn find(store: &Store, id: &str) -> error::Result<Policy> {
    let id: PolicyId = id.parse().map_err(|_| Error::NotFound)?;
    store.policies().get(id).await?.ok_or(Error::NotFound)
}
