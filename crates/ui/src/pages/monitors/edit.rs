//! Creating and changing a monitor.

use askama::Template;
use axum::{
    Form as FormBody,
    extract::{Path, Query},
    response::{IntoResponse as _, Redirect},
};
use domain::{
    channel::Channel,
    field::{FieldError, FieldErrors},
    id::ChannelId,
    monitor::{Monitor, MonitorConfig},
    reach::ZoneName,
    target::Kind,
};
use http::StatusCode;
use serde::Deserialize;
use store::StoreError;

use super::{fields, find};
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
        zones: zones(&signed_in).await?,
        shell,
    })
}

pub(super) async fn create(signed_in: SignedIn, FormBody(typed): Typed) -> error::Result {
    let kind = Kind::parse(value(&typed, "kind")).unwrap_or(Kind::Http);
    let saved = match MonitorConfig::from_json(fields::body(&typed, kind, true), None) {
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
    let channels = signed_in.store().channels().all().await?;
    page(&EditPage {
        form: fields::stored(shell.language, &monitor.config),
        kind: monitor.config.target.kind(),
        channels: listeners(&channels, &monitor.config.channels),
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
    let saved = match MonitorConfig::from_json(body, previous) {
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

/// A channel or a zone that was deleted while the form was open is a mistake in the form, everything else is not.
fn accept<T>(result: Result<T, StoreError>) -> error::Result<Result<T, FieldErrors>> {
    match result {
        Ok(saved) => Ok(Ok(saved)),
        Err(StoreError::UnknownChannel(id)) => {
            let message = format!("There is no channel with the id {id}.");
            Ok(Err(FieldError::new("channels", "channel-unknown", message)
                .with("id", id)
                .into()))
        }
        Err(StoreError::UnknownZone(zone)) => {
            let message = format!("There is no zone \"{zone}\". PUT /settings/zones makes it.");
            Ok(Err(FieldError::new("zone", "zone-unknown", message)
                .with("name", zone)
                .into()))
        }
        Err(e) => Err(e.into()),
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
        zones: zones(signed_in).await?,
        shell,
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
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
