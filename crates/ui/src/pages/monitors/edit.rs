//! Creating and changing a monitor.

use askama::Template;
use axum::{
    Form as FormBody,
    extract::{Path, Query},
    response::{IntoResponse as _, Redirect},
};
use domain::{
    channel::Channel,
    field::FieldErrors,
    id::{ChannelId, PolicyId},
    monitor::{Monitor, MonitorConfig},
    reach::ZoneName,
    target::Kind,
};
use http::StatusCode;
use serde::Deserialize;
use store::{Because, Store, StoreError};

use super::{fields, find, parents};
use crate::{
    Flash, Section, Shell, SignedIn, Typed,
    components::{Field, Form},
    error,
    pages::{form::value, header_lines},
    shell::{page, page_with},
};

#[derive(Template)]
#[template(path = "pages/monitors/edit.html")]
pub(crate) struct EditPage {
    pub(super) shell: Shell,
    pub(super) form: Form,
    pub(super) kind: Kind,
    /// `None` while it is new.
    pub(super) monitor: Option<Existing>,
    pub(super) channels: Vec<Listener>,
    pub(super) policies: Vec<(PolicyId, String)>,
    /// What it has when it names no policy.
    pub(super) by_rule: String,
    /// The names of all zones.
    pub(super) zones: Vec<String>,
}

pub(crate) struct Existing {
    pub(super) href: String,
    pub(super) name: String,
    /// Its header values cannot be read and must be typed again.
    pub(super) locked: bool,
}

/// A channel that can be ticked.
pub(crate) struct Listener {
    pub(super) id: ChannelId,
    pub(super) name: String,
    pub(super) summary: String,
    pub(super) enabled: bool,
    pub(super) ticked: bool,
}

impl EditPage {
    fn action(&self) -> &str {
        self.monitor.as_ref().map_or("/monitors", |m| &m.href)
    }

    fn is(&self, kind: &str) -> bool {
        self.kind.as_str() == kind
    }

    /// Closed while it says what nearly everybody wants.
    fn request_is_open(&self) -> bool {
        let usual = fields::fresh(self.shell.language);
        fields::REQUEST
            .iter()
            .any(|name| self.form.value(name) != usual.value(name))
            || fields::REQUEST
                .iter()
                .any(|name| !self.form.errors(name).is_empty())
    }

    fn zone(&self) -> Field {
        let t = |key: &str| self.shell.t(key);
        let field = self
            .form
            .select("zone", t("monitor-network"))
            .hint(t("monitor-network-hint"));
        let field = match &self.monitor {
            Some(_) => field,
            None => field.choice("", t("monitor-network-usual")),
        };
        let named = |field: Field, name: &String| match name.as_str() {
            ZoneName::WAN => field.choice(name, t("zone-wan")),
            ZoneName::LAN => field.choice(name, t("zone-lan")),
            _ => field.choice(name, name),
        };
        self.zones.iter().fold(field, named)
    }

    fn strays(&self) -> Vec<String> {
        self.form.other_errors(&fields::NAMES)
    }

    fn policy(&self) -> Field {
        let shell = &self.shell;
        let field = self
            .form
            .select("policy", shell.t("monitor-policy"))
            .hint(shell.t("monitor-policy-hint"))
            .choice("", &self.by_rule);
        let choice = |field: Field, (id, name): &(PolicyId, String)| field.choice(id, name);
        self.policies.iter().fold(field, choice)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    kind: String,
}

pub(super) async fn new(signed_in: SignedIn, Query(chosen): Query<Chosen>) -> error::Result {
    let shell = signed_in.shell(Section::Monitors, "monitor-new-title");
    let channels = signed_in.store().channels().all().await?;
    // Whoever has one channel wants to hear of the monitor through it.
    let ticked: Vec<ChannelId> = if channels.len() == 1 {
        vec![channels[0].id]
    } else {
        Vec::new()
    };
    page(&EditPage {
        form: fields::fresh(shell.language),
        kind: Kind::parse(&chosen.kind).unwrap_or(Kind::Http),
        monitor: None,
        channels: listeners(&channels, &ticked),
        policies: policies(signed_in.store()).await?,
        by_rule: by_rule(signed_in.store(), &shell, None).await?,
        zones: zones(&signed_in).await?,
        shell,
    })
}

pub(super) async fn create(signed_in: SignedIn, FormBody(typed): Typed) -> error::Result {
    let kind = Kind::parse(value(&typed, "kind")).unwrap_or(Kind::Http);
    let body = fields::body(&typed, kind, true);
    let saved = match read(&signed_in, &typed, body, None).await? {
        Ok(config) => accept(signed_in.store().monitors().create(&config).await)?,
        Err(errors) => Err(errors),
    };
    match saved {
        Ok(monitor) => {
            signed_in.visit.app.scheduler.changed(monitor.id);
            tracing::info!(
                monitor.id = monitor.id.0,
                user = signed_in.by(),
                "monitor created"
            );
            let flash = Flash::good("flash-monitor-created").about(&monitor.config.name);
            Ok(flash.redirect(&signed_in.visit, &format!("/monitors/{}", monitor.id)))
        }
        Err(errors) => {
            let shell = signed_in.shell(Section::Monitors, "monitor-new-title");
            refused(&signed_in, shell, kind, None, &typed, errors).await
        }
    }
}

pub(super) async fn edit(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let (monitor, _) = find(signed_in.store(), &id).await?;
    let shell = signed_in.shell(Section::Monitors, "monitor-edit-title");
    let store = signed_in.store();
    let channels = store.channels().all().await?;
    let form = fields::stored(shell.language, &monitor.config);
    page(&EditPage {
        form: form.with(
            fields::PARENTS,
            parents::lines(store, &monitor.config.parents).await?,
        ),
        kind: monitor.config.target.kind(),
        channels: listeners(&channels, &monitor.config.channels),
        policies: policies(store).await?,
        by_rule: by_rule(store, &shell, Some(&monitor)).await?,
        zones: zones(&signed_in).await?,
        monitor: Some(existing(&monitor)),
        shell,
    })
}

pub(super) async fn save(
    signed_in: SignedIn,
    Path(id): Path<String>,
    FormBody(typed): Typed,
) -> error::Result {
    let (monitor, _) = find(signed_in.store(), &id).await?;
    let kind = monitor.config.target.kind();
    let body = fields::body(&typed, kind, monitor.config.enabled);
    let previous = (!monitor.locked).then_some(&monitor.config);
    let saved = match read(&signed_in, &typed, body, previous).await? {
        Ok(config) => accept(signed_in.store().monitors().update(monitor.id, &config).await)?,
        Err(errors) => Err(errors),
    };
    match saved {
        Ok(Some(saved)) => {
            signed_in.visit.app.scheduler.changed(saved.id);
            tracing::info!(
                monitor.id = saved.id.0,
                monitor.revision = saved.revision,
                user = signed_in.by(),
                "monitor changed"
            );
            let flash = Flash::good("flash-monitor-saved").about(&saved.config.name);
            Ok(flash.redirect(&signed_in.visit, &format!("/monitors/{}", saved.id)))
        }
        // Deleted while the form was open.
        Ok(None) => Ok(Redirect::to("/monitors").into_response()),
        Err(errors) => {
            let shell = signed_in.shell(Section::Monitors, "monitor-edit-title");
            refused(&signed_in, shell, kind, Some(&monitor), &typed, errors).await
        }
    }
}

/// What was typed, with the parents that are meant.
async fn read(
    signed_in: &SignedIn,
    typed: &[(String, String)],
    mut body: serde_json::Value,
    previous: Option<&MonitorConfig>,
) -> error::Result<Result<MonitorConfig, FieldErrors>> {
    let (found, mut wrong) = parents::find(signed_in.store(), value(typed, fields::PARENTS)).await?;
    body[fields::PARENTS] = serde_json::json!(found);
    Ok(match MonitorConfig::from_json(body, previous) {
        Ok(config) if wrong.is_empty() => Ok(config),
        Ok(_) => Err(wrong),
        Err(mut errors) => {
            errors.0.append(&mut wrong.0);
            Err(errors)
        }
    })
}

/// What was deleted while the form was open is a mistake in the form, everything else is not.
fn accept<T>(result: Result<T, StoreError>) -> error::Result<Result<T, FieldErrors>> {
    match result {
        Ok(saved) => Ok(Ok(saved)),
        Err(e) => Ok(Err(e.in_monitor()?.into())),
    }
}

async fn refused(
    signed_in: &SignedIn,
    shell: Shell,
    kind: Kind,
    monitor: Option<&Monitor>,
    typed: &[(String, String)],
    errors: FieldErrors,
) -> error::Result {
    let channels = signed_in.store().channels().all().await?;
    let header_names = header_lines::names(value(typed, fields::HEADERS));
    let form = Form::typed(shell.language, typed, &[fields::HEADERS])
        .with(fields::HEADERS, header_names)
        .refused(errors);
    let view = EditPage {
        form,
        kind,
        monitor: monitor.map(existing),
        channels: listeners(&channels, &fields::chosen(typed)),
        policies: policies(signed_in.store()).await?,
        by_rule: by_rule(signed_in.store(), &shell, monitor).await?,
        zones: zones(signed_in).await?,
        shell,
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
}

async fn policies(store: &Store) -> error::Result<Vec<(PolicyId, String)>> {
    let all = store.policies().all().await?;
    Ok(all.into_iter().map(|p| (p.id, p.config.name)).collect())
}

/// What the rules give a monitor as it is stored.
async fn by_rule(store: &Store, shell: &Shell, monitor: Option<&Monitor>) -> error::Result<String> {
    let Some(monitor) = monitor else {
        return Ok(shell.t("monitor-by-rule").to_string());
    };
    let text = match store.policies().by_rule(monitor, None).await? {
        Some((policy, Because::Tag(tag))) => {
            let text = shell.t("monitor-by-rule-tag").arg("tag", tag);
            text.arg("policy", policy.config.name)
        }
        Some((policy, _)) => shell
            .t("monitor-by-rule-default")
            .arg("policy", policy.config.name),
        None if monitor.config.channels.is_empty() => shell.t("monitor-by-rule-nobody"),
        None => shell.t("monitor-by-rule-own"),
    };
    Ok(text.to_string())
}

async fn zones(who: &SignedIn) -> error::Result<Vec<String>> {
    let stored = who.store().settings().zones().await?;
    Ok(stored.zones.iter().map(|z| z.name.to_string()).collect())
}

fn existing(monitor: &Monitor) -> Existing {
    Existing {
        href: format!("/monitors/{}", monitor.id),
        name: monitor.config.name.clone(),
        locked: monitor.locked,
    }
}

pub(super) fn listeners(channels: &[Channel], ticked: &[ChannelId]) -> Vec<Listener> {
    let listener = |c: &Channel| Listener {
        id: c.id,
        name: c.name.clone(),
        summary: c
            .config
            .as_ref()
            .map(domain::channel::ChannelConfig::summary)
            .unwrap_or_default(),
        enabled: c.enabled,
        ticked: ticked.contains(&c.id),
    };
    channels.iter().map(listener).collect()
}
