//! Creating, showing and changing a channel.

use askama::Template;
use axum::{
    Form as FormBody,
    extract::{Path, Query},
    response::{IntoResponse as _, Redirect},
};
use domain::{
    channel::{
        Channel, ChannelConfig, ChannelDraft, ChannelKind, ServiceChannel, ServiceField, Shape, catalogue,
        signing_secret,
    },
    field::{FieldError, FieldErrors},
    hours::{Quiet, QuietAction},
    id::{ChannelId, ContactId, MonitorId},
};
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::{Optout, StoreError};

use super::{
    Health, KindsPage, fields, find, health_of, kind_name, people_of, service, test::Outcome, users_of,
    webhook,
};
use crate::{
    Flash, Section, Shell, SignedIn, Typed,
    components::{Field, Form},
    error::{self, Error},
    locale::Language,
    pages::{
        form::{ticked, value},
        header_lines,
        hours_fields::{self, HoursFields},
    },
    shell::{page, page_with},
};

#[derive(Template)]
#[template(path = "pages/channels/edit.html")]
pub(crate) struct EditPage {
    pub(super) shell: Shell,
    pub(super) form: Form,
    pub(super) kind: ChannelKind,
    /// `None` while it is new.
    pub(super) channel: Option<Existing>,
    pub(super) mail_missing: bool,
    pub(super) lists: Lists,
}

/// What a channel can be told to use.
#[derive(Default)]
pub(crate) struct Lists {
    /// The mail servers by number and name; empty unless there are several.
    pub(super) profiles: Vec<(i64, String)>,
    /// The channels that can stand in for it.
    pub(super) others: Vec<(i64, String)>,
}

impl Lists {
    async fn read(signed_in: &SignedIn, own: Option<ChannelId>) -> error::Result<Self> {
        let mut profiles = Vec::new();
        for profile in signed_in.store().mail().profiles().await? {
            profiles.push((profile.id.0, profile.settings.title()));
        }
        if profiles.len() < 2 {
            profiles.clear();
        }
        let all = signed_in.store().channels().all().await?;
        let others = all.into_iter().filter(|c| Some(c.id) != own);
        Ok(Self {
            profiles,
            others: others.map(|c| (c.id.0, c.name)).collect(),
        })
    }
}

/// What is filled in for a service.
struct ServiceForm {
    fields: Vec<Field>,
    /// Usually left alone.
    more: Vec<Field>,
    more_open: bool,
    about: String,
    docs: &'static str,
}

pub(crate) struct Existing {
    /// Of a service, what is stored.
    pub(super) service: Option<ServiceChannel>,
    pub(super) href: String,
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) summary: String,
    /// Its quiet hours, and what happens in them.
    pub(super) quiet: Option<(String, String)>,
    pub(super) health: Health,
    pub(super) users: Vec<(MonitorId, String)>,
    /// Who is told through it while they are on call.
    pub(super) people: Vec<(ContactId, String)>,
    /// Who unsubscribed.
    pub(super) optouts: Vec<Optout>,
    /// That is everybody.
    pub(super) all_out: bool,
    /// What became of the test that was just sent.
    pub(super) outcome: Option<Outcome>,
}

/// Tells a signing secret that was made, this once.
#[derive(Template)]
#[template(path = "pages/channels/secret.html")]
pub(crate) struct SecretPage {
    pub(super) shell: Shell,
    pub(super) name: String,
    pub(super) href: String,
    pub(super) secret: String,
}

impl EditPage {
    fn action(&self) -> &str {
        self.channel.as_ref().map_or("/channels", |c| &c.href)
    }

    /// Which mail server is used first.
    fn profile_field(&self) -> Field {
        let t = |key: &str| self.shell.t(key);
        let field = self.form.select(fields::PROFILE, t("channel-profile"));
        let field = field.choice("", t("channel-profile-in-order"));
        with_choices(field, &self.lists.profiles).hint(t("channel-profile-hint"))
    }

    /// What stands in when this one cannot be reached.
    fn fallback_field(&self) -> Field {
        let t = |key: &str| self.shell.t(key);
        let field = self.form.select(fields::FALLBACK, t("channel-fallback"));
        let field = field.choice("", t("channel-fallback-none"));
        with_choices(field, &self.lists.others).hint(t("channel-fallback-hint"))
    }

    fn quiet_fields(&self) -> HoursFields {
        HoursFields::new(&self.shell, &self.form, fields::QUIET_HOURS, true)
    }

    fn kind_name(&self) -> String {
        kind_name(&self.shell, self.kind)
    }

    /// The form of a service.
    fn service(&self) -> Option<ServiceForm> {
        let service = catalogue::of(self.kind)?;
        let stored = self.channel.as_ref().and_then(|c| c.service.as_ref());
        let is_new = self.channel.is_none();
        let (first, more) = service::fields(&self.shell, &self.form, service, stored, is_new);
        let filled = |f: &ServiceField| {
            let path = service::path(f);
            f.shape == Shape::Url
                && (!self.form.value(&path).is_empty() || !self.form.errors(&path).is_empty())
        };
        Some(ServiceForm {
            fields: first,
            more_open: service.fields.iter().any(filled),
            more,
            about: service::about(&self.shell, service).1,
            docs: service.docs,
        })
    }

    fn format_field(&self) -> Field {
        webhook::format_field(&self.shell, &self.form)
    }

    fn method_field(&self) -> Field {
        webhook::method_field(&self.shell, &self.form)
    }

    fn event_fields(&self) -> Vec<Field> {
        webhook::event_fields(&self.shell, &self.form)
    }

    fn placeholders(&self) -> Vec<(String, String)> {
        webhook::placeholders(&self.shell)
    }

    fn example(&self) -> webhook::Example {
        webhook::Example::of(self.shell.language, &self.form)
    }

    fn is(&self, kind: &str) -> bool {
        self.kind.as_str() == kind
    }

    fn strays(&self) -> Vec<String> {
        let names = fields::names(self.kind);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.form.other_errors(&names)
    }
}

fn with_choices(field: Field, choices: &[(i64, String)]) -> Field {
    let add = |field: Field, (id, name): &(i64, String)| field.choice(id, name);
    choices.iter().fold(field, add)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    kind: String,
}

pub(super) async fn new(signed_in: SignedIn, Query(chosen): Query<Chosen>) -> error::Result {
    let shell = signed_in.shell(Section::Channels, "channel-new-title");
    let Some(kind) = ChannelKind::parse(&chosen.kind) else {
        return page(&KindsPage::new(shell));
    };
    page(&EditPage {
        form: fields::fresh(shell.language, kind, signed_in.by()),
        kind,
        channel: None,
        mail_missing: mail_missing(&signed_in, kind).await?,
        lists: Lists::read(&signed_in, None).await?,
        shell,
    })
}

pub(super) async fn create(signed_in: SignedIn, FormBody(typed): Typed) -> error::Result {
    let typed = hours_fields::without_gaps(&typed, fields::QUIET_HOURS);
    let kind = ChannelKind::parse(value(&typed, "kind")).unwrap_or(ChannelKind::Email);
    let attempt = match ChannelDraft::from_json(fields::body(&typed, kind, true), None) {
        Ok(mut draft) => {
            let made = make_secret(&mut draft.config, false)?;
            let created = signed_in.store().channels().create(&draft).await;
            accept(created)?.map(|channel| (channel, made))
        }
        Err(errors) => Err(errors),
    };
    match attempt {
        Ok((channel, made)) => {
            tracing::info!(
                channel.id = channel.id.0,
                user = signed_in.by(),
                "channel created"
            );
            saved(&signed_in, &channel, made, "flash-channel-created")
        }
        Err(errors) => {
            let shell = signed_in.shell(Section::Channels, "channel-new-title");
            refused(&signed_in, shell, kind, None, &typed, errors).await
        }
    }
}

pub(super) async fn show(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let channel = find(signed_in.store(), &id).await?;
    page(&view(&signed_in, channel, None).await?)
}

pub(super) async fn view(
    signed_in: &SignedIn,
    channel: Channel,
    outcome: Option<Outcome>,
) -> error::Result<EditPage> {
    let shell = signed_in.shell_titled(Section::Channels, &channel.name);
    Ok(EditPage {
        form: fields::stored(shell.language, &channel),
        kind: channel.kind,
        mail_missing: mail_missing(signed_in, channel.kind).await?,
        lists: Lists::read(signed_in, Some(channel.id)).await?,
        channel: Some(existing(signed_in, &channel, outcome).await?),
        shell,
    })
}

pub(super) async fn save(
    signed_in: SignedIn,
    Path(id): Path<String>,
    FormBody(typed): Typed,
) -> error::Result {
    let channel = find(signed_in.store(), &id).await?;
    let typed = hours_fields::without_gaps(&typed, fields::QUIET_HOURS);
    let body = fields::body(&typed, channel.kind, channel.enabled);
    let attempt = match ChannelDraft::from_json(body, channel.config.as_ref()) {
        Ok(mut draft) => {
            let made = make_secret(&mut draft.config, ticked(&typed, "new_secret"))?;
            let updated = signed_in.store().channels().update(channel.id, &draft).await;
            accept(updated)?.map(|channel| (channel, made))
        }
        Err(errors) => Err(errors),
    };
    match attempt {
        // Deleted while the form was open: there is nothing to save any more.
        Ok((None, _)) => Ok(Redirect::to("/channels").into_response()),
        Ok((Some(channel), made)) => {
            tracing::info!(
                channel.id = channel.id.0,
                user = signed_in.by(),
                "channel changed"
            );
            saved(&signed_in, &channel, made, "flash-channel-saved")
        }
        Err(errors) => {
            let shell = signed_in.shell_titled(Section::Channels, &channel.name);
            refused(&signed_in, shell, channel.kind, Some(&channel), &typed, errors).await
        }
    }
}

/// What was deleted while the form was open is a mistake in the form, everything else is not.
fn accept<T>(result: Result<T, StoreError>) -> error::Result<Result<T, FieldErrors>> {
    let error = match result {
        Ok(saved) => return Ok(Ok(saved)),
        Err(StoreError::UnknownChannel(id)) => {
            let message = format!("There is no channel with the id {id}.");
            FieldError::new(fields::FALLBACK, "channel-unknown", message).with("id", id)
        }
        Err(StoreError::UnknownProfile(id)) => {
            let message = format!("There is no mail server with the id {id}.");
            FieldError::new(fields::PROFILE, "profile-unknown", message).with("id", id)
        }
        Err(e) => return Err(e.into()),
    };
    Ok(Err(error.into()))
}

/// A webhook without a secret gets one; `anew` replaces the one it has.
fn make_secret(config: &mut ChannelConfig, anew: bool) -> error::Result<Option<SecretString>> {
    let ChannelConfig::Webhook(webhook) = config else {
        return Ok(None);
    };
    if webhook.secret.is_some() && !anew {
        return Ok(None);
    }
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|e| Error::Internal(e.to_string()))?;
    let secret = signing_secret(&random);
    webhook.secret = Some(secret.clone());
    Ok(Some(secret))
}

/// A redirect, or the page that tells the secret: a redirect could not carry it.
fn saved(signed_in: &SignedIn, channel: &Channel, made: Option<SecretString>, flash: &str) -> error::Result {
    let href = format!("/channels/{}", channel.id);
    match made {
        Some(secret) => page(&SecretPage {
            shell: signed_in.shell(Section::Channels, "channel-secret-title"),
            name: channel.name.clone(),
            href,
            secret: secret.expose_secret().to_owned(),
        }),
        None => Ok(Flash::good(flash)
            .about(&channel.name)
            .redirect(&signed_in.visit, &href)),
    }
}

async fn refused(
    signed_in: &SignedIn,
    shell: Shell,
    kind: ChannelKind,
    channel: Option<&Channel>,
    typed: &[(String, String)],
    errors: FieldErrors,
) -> error::Result {
    let header_names = header_lines::names(value(typed, fields::HEADERS));
    let secrets = fields::secrets(kind);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let form = Form::typed(shell.language, typed, &secrets)
        .with(fields::HEADERS, header_names)
        .refused(errors);
    let view = EditPage {
        form,
        kind,
        mail_missing: false,
        lists: Lists::read(signed_in, channel.map(|c| c.id)).await?,
        channel: match channel {
            Some(channel) => Some(existing(signed_in, channel, None).await?),
            None => None,
        },
        shell,
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
}

async fn existing(
    signed_in: &SignedIn,
    channel: &Channel,
    outcome: Option<Outcome>,
) -> error::Result<Existing> {
    let optouts = signed_in.store().optouts().of_channel(channel.id).await?;
    let service = match &channel.config {
        Some(ChannelConfig::Service(service)) => Some(service.clone()),
        Some(ChannelConfig::Email(_) | ChannelConfig::Webhook(_)) | None => None,
    };
    Ok(Existing {
        service,
        href: format!("/channels/{}", channel.id),
        id: channel.id.0,
        name: channel.name.clone(),
        summary: channel
            .config
            .as_ref()
            .map(ChannelConfig::summary)
            .unwrap_or_default(),
        quiet: channel
            .quiet
            .as_ref()
            .map(|quiet| quiet_words(signed_in.visit.language, quiet)),
        all_out: is_everybody(channel, &optouts),
        optouts,
        health: health_of(signed_in.store(), channel).await?,
        users: users_of(signed_in.store(), channel.id).await?,
        people: people_of(signed_in.store(), channel.id).await?,
        outcome,
    })
}

pub(super) fn quiet_words(language: Language, quiet: &Quiet) -> (String, String) {
    let hours = hours_fields::summary(language, &quiet.hours);
    let action = match quiet.action {
        QuietAction::Hold => "quiet-summary-hold",
        QuietAction::Digest => "quiet-summary-digest",
    };
    let hours = language.text("quiet-summary").arg("hours", hours);
    (hours.to_string(), language.text(action).to_string())
}

fn is_everybody(channel: &Channel, optouts: &[Optout]) -> bool {
    let recipients = channel
        .config
        .as_ref()
        .map(ChannelConfig::recipients)
        .unwrap_or_default();
    let is_out = |r: &String| optouts.iter().any(|o| o.address == r.to_ascii_lowercase());
    !recipients.is_empty() && recipients.iter().all(is_out)
}

async fn mail_missing(signed_in: &SignedIn, kind: ChannelKind) -> error::Result<bool> {
    Ok(kind == ChannelKind::Email && signed_in.store().mail().primary().await?.is_none())
}
