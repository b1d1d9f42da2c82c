//! Maintenance windows: what is worked on now, what comes, and the rules.

use std::time::Duration;

use askama::Template;
use axum::{
    Form as FormBody, Router,
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
    id::MaintenanceId,
    maintenance::{Maintenance, MaintenanceConfig, upcoming},
};
use http::StatusCode;
use serde_json::json;
use store::{MaintenanceFilter, MaintenanceState, Store};

use super::{
    matcher::{self, About},
    silences::accept,
    tabs::{Link, Tab, links},
};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error::{self, Error},
    pages::form::value,
    shell::{page, page_with},
};

mod edit;
mod fields;
mod occurrence;
#[cfg(test)]
mod samples;
mod words;
#[cfg(test)]
pub(crate) use samples::{deletes, forms, lists, sample_in_force};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/maintenance", get(list).post(edit::create))
        .route("/maintenance/new", get(edit::new))
        .route("/maintenance/now", post(start))
        .route("/maintenance/{id}", get(edit::show).post(edit::save))
        .route("/maintenance/{id}/end", post(occurrence::end))
        .route("/maintenance/{id}/cancel", post(occurrence::cancel))
        .route("/maintenance/{id}/restore", post(occurrence::restore))
        .route("/maintenance/{id}/delete", get(edit::ask).post(edit::delete))
}

#[derive(Template)]
#[template(path = "pages/maintenance.html")]
pub(crate) struct MaintenancePage {
    shell: Shell,
    tabs: Vec<Link>,
    now: Vec<Open>,
    coming: Vec<Coming>,
    rules: Vec<Rule>,
    over: Vec<Rule>,
    /// Of starting one at once.
    form: Form,
}

/// One that is open.
pub(crate) struct Open {
    id: i64,
    title: String,
    about: About,
    until: Timestamp,
}

/// One window that comes.
pub(crate) struct Coming {
    id: i64,
    title: String,
    from: Timestamp,
    to: Timestamp,
}

pub(crate) struct Rule {
    id: i64,
    title: String,
    words: String,
    when: String,
    author: String,
}

/// The next windows that are listed.
const COMING: usize = 10;
/// Rules that are over and still listed; all are in the API.
const OVER: u32 = 20;
const LENGTHS: [&str; 5] = ["30m", "1h", "2h", "4h", "8h"];

impl MaintenancePage {
    fn length_field(&self) -> crate::components::Field {
        let field = self.form.select("length", self.shell.t("maintenance-length"));
        LENGTHS.iter().fold(field, |field, length| {
            let length_of = domain::duration::parse("length", length).unwrap_or_default();
            field.choice(length, self.shell.span(&length_of))
        })
    }
}

async fn list(who: SignedIn) -> error::Result {
    let form = Form::new(who.visit.language).with("length", "1h");
    page(&view(&who, form).await?)
}

async fn view(who: &SignedIn, form: Form) -> error::Result<MaintenancePage> {
    let store = who.store();
    let shell = who.shell(Section::Alerting, "alerting-maintenance");
    let all = store.maintenances().not_over().await?;
    let filter = MaintenanceFilter {
        state: Some(MaintenanceState::Over),
        limit: OVER,
        ..MaintenanceFilter::default()
    };
    let over = store.maintenances().page(&filter).await?.items;
    let names = matcher::names(store, all.iter().chain(&over).map(|m| &m.config.matcher)).await?;
    let rule = |m: &Maintenance| Rule {
        id: m.id.0,
        title: m.config.title.clone(),
        words: matcher::words(&shell, &m.config.matcher, &names),
        when: words::when(&shell, &m.config.when),
        author: m.author.clone(),
    };
    let mut now = Vec::new();
    for m in &all {
        if let Some(until) = m.active(shell.now) {
            now.push(Open {
                id: m.id.0,
                title: m.config.title.clone(),
                about: matcher::about(store, &shell, &m.config.matcher, &names).await?,
                until,
            });
        }
    }
    let coming = upcoming(&all, shell.now, COMING)
        .into_iter()
        .map(|(m, w)| Coming {
            id: m.id.0,
            title: m.config.title.clone(),
            from: w.from,
            to: w.to,
        });
    Ok(MaintenancePage {
        tabs: links(&shell, Tab::Maintenance),
        now,
        coming: coming.collect(),
        rules: all.iter().map(rule).collect(),
        over: over.iter().map(rule).collect(),
        form,
        shell,
    })
}

/// A window that begins now, for one tag or one monitor.
async fn start(who: SignedIn, FormBody(typed): Typed) -> error::Result {
    let (store, now) = (who.store(), who.store().now());
    let what = value(&typed, "what").trim();
    let mut errors = FieldErrors::default();
    let about = errors.take(meant(store, what).await?);
    let length = domain::duration::parse_between(
        "length",
        value(&typed, "length"),
        domain::maintenance::SHORTEST,
        Duration::from_hours(24),
    );
    let length = errors.take(length);
    let started = match about.zip(length) {
        None => Err(errors),
        Some((about, length)) => {
            let title = who.visit.language.text("maintenance-now-title").arg("what", what);
            let title = domain::text::sanitize(&title.to_string(), 100);
            let when = json!({ "from": now.to_rfc3339(), "to": now.plus(length).to_rfc3339() });
            let body = json!({ "title": title, "matcher": about, "when": when });
            match MaintenanceConfig::from_json(body, now, None) {
                Ok(config) => accept(store.maintenances().create(&config, who.by()).await)?,
                Err(errors) => Err(errors),
            }
        }
    };
    match started {
        Ok(m) => {
            tracing::info!(
                maintenance.id = m.id.0,
                user = who.by(),
                "maintenance window created"
            );
            let flash = Flash::good("flash-maintenance-started").about(&m.config.title);
            Ok(flash.redirect(&who.visit, "/maintenance"))
        }
        Err(errors) => {
            // Whatever it is about, there is one field that it was typed into.
            let of_field = |mut e: FieldError| {
                if e.field != "length" {
                    "what".clone_into(&mut e.field);
                }
                e
            };
            let errors = FieldErrors(errors.0.into_iter().map(of_field).collect());
            let form = Form::typed(who.visit.language, &typed, &[]).refused(errors);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&who, form).await?)
        }
    }
}

/// A tag that is in use, or a monitor.
async fn meant(store: &Store, what: &str) -> error::Result<Result<serde_json::Value, FieldError>> {
    if what.is_empty() {
        let e = FieldError::new("what", "required", "This field is required.");
        return Ok(Err(e));
    }
    if store.monitors().tags().await?.iter().any(|t| t == what) {
        return Ok(Ok(json!({ "tags": [what] })));
    }
    let found = matcher::find(store, what).await?;
    Ok(found.map(|id| json!({ "monitors": [id.0] })))
}

async fn find(store: &Store, id: &str) -> error::Result<Maintenance> {
    let id: MaintenanceId = id.parse().map_err(|_| Error::NotFound)?;
    store.maintenances().get(id).await?.ok_or(Error::NotFound)
}
