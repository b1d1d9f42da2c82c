//! Switching a channel on and off, and deleting it.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use domain::{
    channel::ChannelDraft,
    id::{ChannelId, ContactId, MonitorId, PolicyId},
    policy::Policy,
};
use store::StoreError;

use super::{find, health_of, people_of, users_of};
use crate::{Flash, Section, Shell, SignedIn, Typed, error, pages::form::value, shell::page};

#[derive(Template)]
#[template(path = "pages/channels/delete.html")]
pub(crate) struct DeletePage {
    pub(super) shell: Shell,
    pub(super) href: String,
    pub(super) name: String,
    pub(super) summary: String,
    /// Messages that are cancelled with it.
    pub(super) pending: u64,
    pub(super) users: Vec<(MonitorId, String)>,
    /// Who is told through it while they are on call.
    pub(super) people: Vec<(ContactId, String)>,
    /// Policies that tell through it; the last value: they would tell nobody without it, so it cannot be deleted.
    pub(super) policies: Vec<(PolicyId, String, bool)>,
    pub(super) enabled: bool,
}

pub(super) async fn enable(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    set_enabled(&signed_in, &id, true, "flash-channel-enabled").await
}

pub(super) async fn disable(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    set_enabled(&signed_in, &id, false, "flash-channel-disabled").await
}

async fn set_enabled(signed_in: &SignedIn, id: &str, enabled: bool, flash: &str) -> error::Result {
    let channel = find(signed_in.store(), id).await?;
    let href = format!("/channels/{}", channel.id);
    // Without its secrets there is nothing that could be saved again.
    let Some(config) = channel.config else {
        return Ok(Flash::bad("flash-channel-locked").redirect(&signed_in.visit, &href));
    };
    let draft = ChannelDraft {
        name: channel.name,
        config,
        enabled,
        fallback: channel.fallback,
        quiet: channel.quiet,
    };
    if signed_in
        .store()
        .channels()
        .update(channel.id, &draft)
        .await?
        .is_none()
    {
        return Ok(Redirect::to("/channels").into_response());
    }
    tracing::info!(
        channel.id = channel.id.0,
        channel.enabled = enabled,
        user = signed_in.by(),
        "channel switched"
    );
    Ok(Flash::good(flash)
        .about(&draft.name)
        .redirect(&signed_in.visit, &href))
}

/// Somebody who unsubscribed wants to hear again, and says so to whoever runs this.
pub(super) async fn resubscribe(
    signed_in: SignedIn,
    Path(id): Path<String>,
    axum::Form(typed): Typed,
) -> error::Result {
    let channel = find(signed_in.store(), &id).await?;
    let address = value(&typed, "address");
    if !signed_in.store().optouts().remove(channel.id, address).await? {
        return Err(error::Error::NotFound);
    }
    tracing::info!(
        channel.id = channel.id.0,
        user = signed_in.by(),
        "a recipient is sent to again"
    );
    Ok(Flash::good("flash-channel-resubscribed")
        .about(address)
        .redirect(&signed_in.visit, &format!("/channels/{}", channel.id)))
}

pub(super) async fn ask(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let channel = find(signed_in.store(), &id).await?;
    let health = health_of(signed_in.store(), &channel).await?;
    page(&DeletePage {
        shell: signed_in.shell(Section::Channels, "channel-delete-title"),
        href: format!("/channels/{}", channel.id),
        summary: channel
            .config
            .as_ref()
            .map(domain::channel::ChannelConfig::summary)
            .unwrap_or_default(),
        pending: health.pending,
        users: users_of(signed_in.store(), channel.id).await?,
        people: people_of(signed_in.store(), channel.id).await?,
        policies: policies_of(&signed_in.store().policies().all().await?, channel.id),
        enabled: channel.enabled,
        name: channel.name,
    })
}

/// Those that tell through it, and whether they would tell nobody without it.
fn policies_of(policies: &[Policy], channel: ChannelId) -> Vec<(PolicyId, String, bool)> {
    let with_it = policies.iter().filter(|p| p.config.channels().contains(&channel));
    with_it
        .map(|p| {
            let alone = p.config.channels().len() == 1 && p.config.rotations().is_empty();
            (p.id, p.config.name.clone(), alone)
        })
        .collect()
}

impl DeletePage {
    fn is_needed(&self) -> bool {
        self.policies.iter().any(|(.., needed)| *needed)
    }
}

pub(super) async fn delete(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let channel = find(signed_in.store(), &id).await?;
    match signed_in.store().channels().delete(channel.id).await {
        Ok(_) => {}
        Err(StoreError::NobodyLeft(policy)) => {
            let page = format!("/channels/{}/delete", channel.id);
            let flash = Flash::bad("flash-channel-needed").about(&policy);
            return Ok(flash.redirect(&signed_in.visit, &page));
        }
        Err(e) => return Err(e.into()),
    }
    tracing::info!(
        channel.id = channel.id.0,
        user = signed_in.by(),
        "channel deleted"
    );
    Ok(Flash::good("flash-channel-deleted")
        .about(&channel.name)
        .redirect(&signed_in.visit, "/channels"))
}
