//! Settings > Own health: who hears of Watchbell's own troubles, and the dead-man's switch.

use std::collections::BTreeSet;

use alert::dead_man::{Status, Why};
use askama::Template;
use axum::{
    Router,
    routing::{get, post},
};
use domain::{
    dead_man::{DeadMan, PingMethod},
    duration,
    field::FieldErrors,
    id::ChannelId,
};
use http::StatusCode;
use serde_json::{Map, Value};
use store::{DeadManRevision, StoreError};

use super::tabs::{Link, Tab, links};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error,
    pages::form::{ticked, value},
    shell::{page, page_with},
};

const PAGE: &str = "/settings/health";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(PAGE, get(show))
        .route("/settings/health/listeners", post(save_listeners))
        .route("/settings/health/switch", post(save_switch))
}

#[derive(Template)]
#[template(path = "pages/settings/health.html")]
pub(crate) struct HealthPage {
    shell: Shell,
    tabs: Vec<Link>,
    channels: Vec<Listener>,
    /// By whom a trouble would be told now.
    heard_by: Vec<String>,
    form: Form,
    /// Scheme and host of the stored address.
    origin: Option<String>,
    locked: bool,
    enabled: bool,
    status: Status,
}

/// A channel to choose.
struct Listener {
    id: ChannelId,
    name: String,
    enabled: bool,
    ticked: bool,
}

async fn show(who: SignedIn) -> error::Result {
    let stored = who.store().dead_man().get().await?;
    let form = filled(&who, &stored.settings);
    page(&view(&who, stored, form).await?)
}

fn filled(who: &SignedIn, settings: &DeadMan) -> Form {
    Form::new(who.visit.language)
        .tick("enabled", settings.enabled)
        .with("method", settings.method)
        .with("every", duration::format(settings.every))
        .with("patience", duration::format(settings.patience))
}

async fn view(who: &SignedIn, stored: DeadManRevision, form: Form) -> Result<HealthPage, StoreError> {
    let store = who.store();
    let chosen = store.settings().general().await?.operations_channels;
    let hears = store.troubles().heard_by(None).await?;
    let all = store.channels().all().await?;
    let shell = who.shell(Section::Settings, "settings-health");
    Ok(HealthPage {
        tabs: links(&shell, Tab::Health),
        heard_by: (all.iter().filter(|c| hears.contains(&c.id)))
            .map(|c| c.name.clone())
            .collect(),
        channels: all
            .into_iter()
            .map(|c| Listener {
                ticked: chosen.as_ref().is_some_and(|ids| ids.contains(&c.id)),
                id: c.id,
                name: c.name,
                enabled: c.enabled,
            })
            .collect(),
        form,
        origin: stored.settings.origin(),
        locked: stored.locked,
        enabled: stored.settings.enabled,
        status: who.visit.app.alert.dead_man().status(),
        shell,
    })
}

async fn save_listeners(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let settings = who.store().settings();
    let mut general = settings.general().await?;
    let known: BTreeSet<ChannelId> = who.store().channels().all().await?.iter().map(|c| c.id).collect();
    let ticked = typed.iter().filter(|(name, _)| name == "channel");
    let chosen: BTreeSet<ChannelId> = ticked.filter_map(|(_, v)| v.parse().ok()).collect();
    // One that is gone was nobody's choice.
    let chosen: Vec<ChannelId> = chosen.intersection(&known).copied().collect();
    general.operations_channels = Some(chosen).filter(|c| !c.is_empty());
    settings.save_general(&general, who.by()).await?;
    Ok(Flash::good("flash-listeners-saved").redirect(&who.visit, PAGE))
}

async fn save_switch(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let dead_man = who.store().dead_man();
    let stored = dead_man.get().await?;
    match DeadMan::from_json(body(&typed), &stored.settings) {
        Ok(settings) => {
            dead_man.save(&settings, who.by()).await?;
            who.visit.app.alert.dead_man().changed();
            tracing::info!(
                enabled = settings.enabled,
                user = who.by(),
                "dead-man's switch saved"
            );
            Ok(Flash::good("flash-switch-saved").redirect(&who.visit, PAGE))
        }
        Err(errors) => refused(&who, &typed, stored, errors).await,
    }
}

async fn refused(
    who: &SignedIn,
    typed: &[(String, String)],
    stored: DeadManRevision,
    errors: FieldErrors,
) -> error::Result {
    // An address that was typed may hold a key; it is entered again.
    let form = Form::typed(who.visit.language, typed, &["url"]).refused(errors);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(who, stored, form).await?)
}

fn body(typed: &[(String, String)]) -> Value {
    let mut body = Map::new();
    body.insert("enabled".to_owned(), ticked(typed, "enabled").into());
    for name in ["url", "method", "every", "patience"] {
        let text = value(typed, name).trim();
        if !text.is_empty() {
            body.insert(name.to_owned(), text.into());
        }
    }
    body.into()
}

impl HealthPage {
    fn methods(&self) -> crate::components::Field {
        let field = self.form.select("method", self.shell.t("switch-method"));
        let all = PingMethod::ALL.iter();
        all.fold(field, |field, m| field.choice(m, m))
    }

    fn why(&self, why: &Why) -> String {
        let shell = &self.shell;
        match why {
            Why::NoChecks { since } => shell.t("switch-no-checks").arg("since", since).to_string(),
            Why::Behind { by } => shell
                .t("switch-behind")
                .arg("by", duration::format(*by))
                .to_string(),
            Why::NotSending { since } => shell.t("switch-not-sending").arg("since", since).to_string(),
            Why::NotStored(error) => shell.t("switch-not-stored").arg("error", error).to_string(),
            Why::MessagesWait { since } => shell.t("switch-messages-wait").arg("since", since).to_string(),
            Why::Locked => shell.t("switch-locked").to_string(),
        }
    }
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<HealthPage> {
    use std::time::Duration;

    use alert::dead_man::Ping;

    use crate::pages::samples::NOW;

    let listener = |id, name: &str, enabled, ticked| Listener {
        id: ChannelId(id),
        name: name.to_owned(),
        enabled,
        ticked,
    };
    let sample = |status: Status, enabled: bool| {
        let shell = crate::pages::samples::shell(language, Section::Settings, "settings-health");
        HealthPage {
            tabs: links(&shell, Tab::Health),
            channels: vec![
                listener(1, "Ops <chat>", true, enabled),
                listener(2, "Mail", true, false),
                listener(3, "Pager", false, enabled),
            ],
            heard_by: vec!["Ops <chat>".to_owned()],
            form: Form::new(language)
                .tick("enabled", enabled)
                .with("method", "GET")
                .with("every", "1m")
                .with("patience", "5m"),
            origin: enabled.then(|| "https://hc.example".to_owned()),
            locked: false,
            enabled,
            status,
            shell,
        }
    };
    let ping = |answer| Status {
        last: Some(Ping {
            at: NOW.minus(Duration::from_secs(41)),
            answer,
        }),
        silent: None,
    };
    let since = NOW.minus(Duration::from_mins(7));
    let silent = Status {
        silent: Some((
            since,
            vec![
                Why::NoChecks { since },
                Why::Behind {
                    by: Duration::from_secs(95),
                },
                Why::NotSending { since },
                Why::NotStored("database is locked".to_owned()),
                Why::MessagesWait { since },
                Why::Locked,
            ],
        )),
        ..ping(Ok(200))
    };
    let failed = "The receiver has an error of its own (503).".to_owned();
    vec![
        HealthPage {
            channels: Vec::new(),
            heard_by: Vec::new(),
            ..sample(Status::default(), false)
        },
        sample(ping(Ok(200)), true),
        sample(ping(Err(failed)), true),
        HealthPage {
            locked: true,
            ..sample(silent, true)
        },
    ]
}
