//! Channels: where messages go.

use axum::{Json, extract::State, response::IntoResponse};
use domain::{
    channel::{Channel, ChannelConfig, ChannelDraft as Draft, ChannelKind, OwnRequest, WebhookFormat},
    field::FieldError,
    hours::Quiet,
    id::ChannelId,
};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use store::StoreError;

use crate::{
    App,
    caller::{Reader, Writer},
    failure,
    problem::{Problem, profile_unknown},
    request::{Body, Id, Params, adopt_header_names, merge_patch},
    wire::{
        Page,
        channel::{ChannelConfigView, ChannelDraft, ChannelTest, ChannelView},
    },
};

/// List channels
#[utoipa::path(get, path = "/channels", tag = "channels", operation_id = "list_channels",
    responses((status = 200, body = Page<ChannelView>)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    params: Params,
) -> Result<Json<Page<ChannelView>>, Problem> {
    params.one_page()?;
    let channels = app.store.channels().all().await.map_err(failure)?;
    let ids: Vec<ChannelId> = channels.iter().map(|c| c.id).collect();
    let health = app.store.channels().health(&ids).await.map_err(failure)?;
    Ok(Json(Page {
        items: channels
            .iter()
            .map(|c| ChannelView::new(c, health.get(&c.id)))
            .collect(),
        next: None,
    }))
}

/// Create a channel
///
/// A webhook without a `secret` gets one made; this answer is the only one that tells it.
#[utoipa::path(post, path = "/channels", tag = "channels", operation_id = "create_channel",
    request_body = ChannelDraft,
    responses((status = 201, body = ChannelView)))]
pub(crate) async fn create(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<impl IntoResponse, Problem> {
    let mut draft = Draft::from_json(body, None)?;
    let made = make_secret(&mut draft.config)?;
    let channel = app.store.channels().create(&draft).await.map_err(refusal)?;
    tracing::info!(channel.id = channel.id.0, caller = %caller.name, "channel created");
    let mut view = view(&app, &channel).await?;
    if let (Some(made), Some(ChannelConfigView::Webhook(config))) = (made, &mut view.config) {
        config.secret = Some(made.expose_secret().to_owned());
    }
    Ok(app.created(&format!("/channels/{}", channel.id), view))
}

/// Gives a webhook without a signing secret one of its own.
fn make_secret(config: &mut ChannelConfig) -> Result<Option<SecretString>, Problem> {
    let ChannelConfig::Webhook(webhook) = config else {
        return Ok(None);
    };
    if webhook.secret.is_some() {
        return Ok(None);
    }
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|e| {
        tracing::error!(error = %e, "the operating system gave no random numbers");
        Problem::internal()
    })?;
    let secret = domain::channel::signing_secret(&random);
    webhook.secret = Some(secret.clone());
    Ok(Some(secret))
}

/// Read a channel
#[utoipa::path(get, path = "/channels/{id}", tag = "channels", operation_id = "get_channel",
    params(("id" = i64, Path)),
    responses((status = 200, body = ChannelView)))]
pub(crate) async fn get(
    _: Reader,
    State(app): State<App>,
    Id(id): Id<ChannelId>,
) -> Result<Json<ChannelView>, Problem> {
    let channel = find(&app, id).await?;
    Ok(Json(view(&app, &channel).await?))
}

/// Change a channel
#[utoipa::path(patch, path = "/channels/{id}", tag = "channels", operation_id = "change_channel",
    params(("id" = i64, Path)),
    request_body(content = ref("#/components/schemas/ChannelPatch"), content_type = "application/merge-patch+json"),
    responses((status = 200, body = ChannelView)))]
pub(crate) async fn change(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ChannelId>,
    Body(patch): Body,
) -> Result<Json<ChannelView>, Problem> {
    let channel = find(&app, id).await?;
    let draft = patched(&channel, patch)?;
    let updated = app.store.channels().update(id, &draft).await.map_err(refusal)?;
    let channel = updated.ok_or_else(unknown)?;
    tracing::info!(channel.id = id.0, caller = %caller.name, "channel changed");
    Ok(Json(view(&app, &channel).await?))
}

fn patched(channel: &Channel, mut patch: Value) -> Result<Draft, Problem> {
    if !patch.is_object() {
        return Err(FieldError::new("", "type-object", "This must be a JSON object.").into());
    }
    if patch.get("kind").is_some_and(|k| *k != channel.kind.as_str()) {
        return Err(FieldError::new(
            "kind",
            "kind-fixed",
            "The kind of a channel stays. Create another channel instead.",
        )
        .into());
    }
    // Taking the signature away would go unnoticed at the other end, so it cannot happen by one `null`.
    let signs = channel.kind == ChannelKind::Webhook;
    if signs && patch.pointer("/config/secret").is_some_and(Value::is_null) {
        return Err(FieldError::new(
            "config.secret",
            "secret-fixed",
            "A signing secret can be replaced but not removed. Leave the field out to keep it.",
        )
        .into());
    }
    // Without its secrets nothing is known of a locked channel's configuration: it comes as a whole.
    let mut merged = json!({
        "name": channel.name,
        "kind": channel.kind.as_str(),
        "enabled": channel.enabled,
        "fallback": channel.fallback,
        "quiet": channel.quiet.as_ref().map(Quiet::to_json),
        "config": channel.config.as_ref().map(ChannelConfig::to_json),
    });
    leave_template(&mut merged, &patch);
    adopt_header_names(&mut patch, &merged, "/config/headers");
    let no_headers = patch.pointer("/config/headers").is_some_and(Value::is_null);
    merge_patch(&mut merged, patch);
    // Headers that are left out are kept; these were taken away.
    if no_headers {
        merged["config"]["headers"] = json!({});
    }
    Ok(Draft::from_json(merged, channel.config.as_ref())?)
}

/// Another format has no use for the body of one's own, so choosing one takes it away.
fn leave_template(stored: &mut Value, patch: &Value) {
    let chosen = patch.pointer("/config/format");
    let stays = chosen.is_none_or(|f| f == WebhookFormat::Template.as_str());
    if let (false, Some(Value::Object(config))) = (stays, stored.get_mut("config")) {
        for name in OwnRequest::FIELDS {
            config.remove(name);
        }
    }
}

/// Delete a channel
///
/// Messages that are not sent yet are cancelled, and its monitors tell nobody through it any more.
#[utoipa::path(delete, path = "/channels/{id}", tag = "channels", operation_id = "delete_channel",
    params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ChannelId>,
) -> Result<StatusCode, Problem> {
    if !app.store.channels().delete(id).await.map_err(failure)? {
        return Err(unknown());
    }
    tracing::info!(channel.id = id.0, caller = %caller.name, "channel deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test message
///
/// It takes the way of every other message, and its mails count against the limit of their profile: where that has no
/// room the test ends, with `retry` = `after`. At most five per minute and token.
#[utoipa::path(post, path = "/channels/{id}/test", tag = "channels", operation_id = "test_channel",
    params(("id" = i64, Path)),
    responses((status = 200, body = ChannelTest)))]
pub(crate) async fn test(
    Writer(caller): Writer,
    State(app): State<App>,
    Id(id): Id<ChannelId>,
) -> Result<Json<ChannelTest>, Problem> {
    let channel = find(&app, id).await?;
    app.take_test(&caller)?;
    let result = app.alert.send_test(&channel).await;
    tracing::info!(channel.id = id.0, ok = result.is_ok(), caller = %caller.name, "channel tested");
    Ok(Json(ChannelTest::new(result)))
}

async fn find(app: &App, id: ChannelId) -> Result<Channel, Problem> {
    let channel = app.store.channels().get(id).await.map_err(failure)?;
    channel.ok_or_else(unknown)
}

async fn view(app: &App, channel: &Channel) -> Result<ChannelView, Problem> {
    let health = app
        .store
        .channels()
        .health(&[channel.id])
        .await
        .map_err(failure)?;
    Ok(ChannelView::new(channel, health.get(&channel.id)))
}

fn unknown() -> Problem {
    Problem::not_found("There is no channel with this id.")
}

fn refusal(e: StoreError) -> Problem {
    match e {
        StoreError::UnknownChannel(id) => FieldError::new(
            "fallback",
            "channel-unknown",
            format!("There is no other channel with the id {id}."),
        )
        .into(),
        StoreError::UnknownProfile(id) => profile_unknown("config.profile", id).into(),
        other => failure(other),
    }
}
