//! Creating, showing, changing and deleting a maintenance window.

use askama::Template;
use axum::{
    Form as FormBody,
    extract::{Path, Query},
    response::{IntoResponse as _, Redirect},
};
use domain::{
    clock::Timestamp,
    field::FieldErrors,
    maintenance::{Maintenance, MaintenanceConfig, Window},
    zone::Tz,
};
use http::StatusCode;
use serde_json::json;

use super::{
    super::{
        matcher::{self, About},
        silences::{Filled, accept, with, zone},
        tabs::{Link, Tab, links},
    },
    fields, find, words,
};
use crate::{
    Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error,
    pages::form::{ticked, value},
    shell::{page, page_with},
};

#[derive(Template)]
#[template(path = "pages/maintenance/edit.html")]
pub(crate) struct EditPage {
    pub(super) shell: Shell,
    pub(super) tabs: Vec<Link>,
    pub(super) form: Form,
    /// `None` while it is new.
    pub(super) maintenance: Option<Existing>,
    /// When what is typed would be open; empty until somebody asks.
    pub(super) preview: Vec<Window>,
    pub(super) tags: Vec<String>,
    pub(super) zone: Tz,
}

pub(crate) struct Existing {
    pub(super) id: i64,
    pub(super) author: String,
    pub(super) about: About,
    pub(super) open: Option<Window>,
    pub(super) coming: Vec<Window>,
    /// Ahead and called off, with who did it.
    pub(super) cancelled: Vec<(Timestamp, String)>,
    /// The last one that ended early.
    pub(super) ended: Option<(Timestamp, String)>,
}

#[derive(Template)]
#[template(path = "pages/maintenance/delete.html")]
pub(crate) struct DeletePage {
    pub(super) shell: Shell,
    pub(super) id: i64,
    pub(super) title: String,
    pub(super) when: String,
    pub(super) about: About,
    pub(super) open: bool,
}

/// Windows that a preview and the page of a window show.
const SHOWN: usize = 5;

/// One row of the hours of a week.
pub(crate) struct HoursRow {
    days: Vec<(String, String, bool)>,
    from: crate::components::Field,
    to: crate::components::Field,
    errors: Vec<String>,
}

impl EditPage {
    fn action(&self) -> String {
        match &self.maintenance {
            Some(m) => format!("/maintenance/{}", m.id),
            None => "/maintenance".to_owned(),
        }
    }

    fn tags_hint(&self) -> String {
        matcher::tags_hint(&self.shell, &self.tags)
    }

    fn kinds(&self) -> Vec<(String, String)> {
        matcher::kind_boxes(&self.shell)
    }

    fn hours(&self) -> Vec<HoursRow> {
        let t = |key: &str| self.shell.t(key);
        let rows = 0..fields::rows(&self.form);
        rows.map(|row| {
            let days = fields::WEEK.iter().map(|day| {
                let name = fields::day_field(row, *day);
                let ticked = self.form.ticked(&name);
                (name, words::day(&self.shell, *day), ticked)
            });
            HoursRow {
                days: days.collect(),
                from: self
                    .form
                    .field("time", &fields::field(row, "from"), t("maintenance-hours-from")),
                to: self
                    .form
                    .field("time", &fields::field(row, "to"), t("maintenance-hours-to")),
                errors: self.form.errors(&fields::field(row, "days")),
            }
        })
        .collect()
    }

    fn strays(&self) -> Vec<String> {
        let rows = (0..fields::rows(&self.form))
            .flat_map(|row| ["days", "from", "to"].map(|name| fields::field(row, name)));
        let rows: Vec<String> = rows.collect();
        let names: Vec<&str> = fields::NAMES
            .into_iter()
            .chain(matcher::NAMES)
            .chain(rows.iter().map(String::as_str))
            .collect();
        self.form.other_errors(&names)
    }
}

pub(super) async fn new(who: SignedIn, Query(filled): Query<Filled>) -> error::Result {
    let zone = zone(&who).await?;
    let form = fields::fresh(Form::new(who.visit.language), zone, who.store().now());
    let form = filled.fill(&who, form).await?;
    let shell = who.shell(Section::Alerting, "maintenance-new");
    page(&view(&who, shell, form, None).await?)
}

pub(super) async fn create(who: SignedIn, FormBody(typed): Typed) -> error::Result {
    let typed = fields::compact(&typed);
    let config = match read(&who, &typed, None).await? {
        Ok(config) if ticked(&typed, "preview") => return previewed(&who, &typed, &config, None).await,
        read => read,
    };
    let created = match config {
        Ok(config) => accept(who.store().maintenances().create(&config, who.by()).await)?,
        Err(errors) => Err(errors),
    };
    match created {
        Ok(m) => {
            tracing::info!(
                maintenance.id = m.id.0,
                user = who.by(),
                "maintenance window created"
            );
            let flash = Flash::good("flash-maintenance-created").about(&m.config.title);
            Ok(flash.redirect(&who.visit, "/maintenance"))
        }
        Err(errors) => refused(&who, &typed, errors, None).await,
    }
}

pub(super) async fn show(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let stored = find(who.store(), &id).await?;
    let names = matcher::names(who.store(), [&stored.config.matcher]).await?;
    let form = Form::new(who.visit.language);
    let form = fields::stored(form, &stored.config, &names, zone(&who).await?);
    let shell = who.shell_titled(Section::Alerting, &stored.config.title);
    let existing = existing(&who, &shell, &stored).await?;
    page(&view(&who, shell, form, Some(existing)).await?)
}

pub(super) async fn save(who: SignedIn, Path(id): Path<String>, FormBody(typed): Typed) -> error::Result {
    let stored = find(who.store(), &id).await?;
    let typed = fields::compact(&typed);
    let config = match read(&who, &typed, Some(&stored.config)).await? {
        Ok(config) if ticked(&typed, "preview") => {
            return previewed(&who, &typed, &config, Some(&stored)).await;
        }
        read => read,
    };
    let changed = match config {
        Ok(config) => accept(who.store().maintenances().change(stored.id, &config).await)?,
        Err(errors) => Err(errors),
    };
    match changed {
        // Deleted while the form was open: there is nothing to save any more.
        Ok(None) => Ok(Redirect::to("/maintenance").into_response()),
        Ok(Some(m)) => {
            tracing::info!(
                maintenance.id = m.id.0,
                user = who.by(),
                "maintenance window changed"
            );
            let flash = Flash::good("flash-maintenance-saved").about(&m.config.title);
            Ok(flash.redirect(&who.visit, "/maintenance"))
        }
        Err(errors) => refused(&who, &typed, errors, Some(&stored)).await,
    }
}

pub(super) async fn ask(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let m = find(who.store(), &id).await?;
    let shell = who.shell(Section::Alerting, "maintenance-delete");
    let names = matcher::names(who.store(), [&m.config.matcher]).await?;
    page(&DeletePage {
        id: m.id.0,
        when: words::when(&shell, &m.config.when),
        about: matcher::about(who.store(), &shell, &m.config.matcher, &names).await?,
        open: m.active(shell.now).is_some(),
        title: m.config.title,
        shell,
    })
}

pub(super) async fn delete(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let m = find(who.store(), &id).await?;
    who.store().maintenances().delete(m.id).await?;
    tracing::info!(
        maintenance.id = m.id.0,
        user = who.by(),
        "maintenance window deleted"
    );
    let flash = Flash::good("flash-maintenance-deleted").about(&m.config.title);
    Ok(flash.redirect(&who.visit, "/maintenance"))
}

async fn read(
    who: &SignedIn,
    typed: &[(String, String)],
    previous: Option<&MaintenanceConfig>,
) -> error::Result<Result<MaintenanceConfig, FieldErrors>> {
    let (now, zone) = (who.store().now(), zone(who).await?);
    let (about, mut errors) = matcher::body(who.store(), typed).await?;
    let when = fields::when(typed, zone, now, previous.map(|p| &p.when), &mut errors);
    let body = json!({
        "title": value(typed, "title"),
        "note": value(typed, "note"),
        "matcher": about,
        "when": when,
    });
    Ok(with(errors, MaintenanceConfig::from_json(body, now, previous)))
}

async fn view(
    who: &SignedIn,
    shell: Shell,
    form: Form,
    maintenance: Option<Existing>,
) -> error::Result<EditPage> {
    Ok(EditPage {
        tabs: links(&shell, Tab::Maintenance),
        form,
        maintenance,
        preview: Vec::new(),
        tags: who.store().monitors().tags().await?,
        zone: zone(who).await?,
        shell,
    })
}

/// The form again, with when it would be open.
async fn previewed(
    who: &SignedIn,
    typed: &[(String, String)],
    config: &MaintenanceConfig,
    stored: Option<&Maintenance>,
) -> error::Result {
    let mut view = again(who, typed, FieldErrors::default(), stored).await?;
    // What is open now is the first of them.
    let now = view.shell.now;
    let first = config.when.window(now).or_else(|| config.when.next(now));
    view.preview = std::iter::successors(first, |w| config.when.next(w.from))
        .take(SHOWN)
        .collect();
    page(&view)
}

async fn refused(
    who: &SignedIn,
    typed: &[(String, String)],
    errors: FieldErrors,
    stored: Option<&Maintenance>,
) -> error::Result {
    let view = again(who, typed, errors, stored).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
}

async fn again(
    who: &SignedIn,
    typed: &[(String, String)],
    errors: FieldErrors,
    stored: Option<&Maintenance>,
) -> error::Result<EditPage> {
    let form = Form::typed(who.visit.language, typed, &[]).refused(errors);
    match stored {
        Some(stored) => {
            let shell = who.shell_titled(Section::Alerting, &stored.config.title);
            let existing = existing(who, &shell, stored).await?;
            view(who, shell, form, Some(existing)).await
        }
        None => view(who, who.shell(Section::Alerting, "maintenance-new"), form, None).await,
    }
}

async fn existing(who: &SignedIn, shell: &Shell, m: &Maintenance) -> error::Result<Existing> {
    let names = matcher::names(who.store(), [&m.config.matcher]).await?;
    let called_off = m
        .exceptions
        .iter()
        .filter(|e| e.is_cancelled() && e.starts_at > shell.now);
    let ended = m.exceptions.iter().rfind(|e| !e.is_cancelled());
    Ok(Existing {
        id: m.id.0,
        author: m.author.clone(),
        about: matcher::about(who.store(), shell, &m.config.matcher, &names).await?,
        open: m.window(shell.now),
        coming: m.upcoming(shell.now, SHOWN),
        cancelled: called_off.map(|e| (e.starts_at, e.by.clone())).collect(),
        ended: ended.map(|e| (e.ends_at, e.by.clone())),
    })
}
