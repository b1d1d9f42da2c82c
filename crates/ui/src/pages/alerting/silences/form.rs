//! The form of a silence: of a new one, and of one that is not over.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Form as FormBody,
    extract::{Path, Query},
    response::{IntoResponse as _, Redirect},
};
use domain::{
    clock::Timestamp,
    field::FieldErrors,
    id::MonitorId,
    silence::{Silence, SilenceDraft, SilenceState},
    zone::{Tz, next_morning, parse_local, print_local},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;

use super::{super::matcher, find};
use crate::{
    Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error,
    pages::{
        alerting::tabs::{Link, Tab, links},
        form::value,
    },
    shell::{page, page_with},
};

#[derive(Template)]
#[template(path = "pages/silences/edit.html")]
pub(crate) struct EditPage {
    pub(super) shell: Shell,
    pub(super) tabs: Vec<Link>,
    pub(super) form: Form,
    /// `None` while it is new.
    pub(super) silence: Option<Existing>,
    /// In use, as suggestions.
    pub(super) tags: Vec<String>,
    pub(super) zone: Tz,
}

pub(crate) struct Existing {
    pub(super) id: i64,
    pub(super) author: String,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) over: bool,
    pub(super) ended_by: Option<String>,
    pub(super) words: String,
    pub(super) reason: String,
}

/// How long, by one click.
const LENGTHS: [&str; 4] = ["30m", "1h", "2h", "8h"];
const UNTIL_MORNING: &str = "morning";
const EXACTLY: &str = "exactly";

impl EditPage {
    fn action(&self) -> String {
        match &self.silence {
            Some(s) => format!("/silences/{}", s.id),
            None => "/silences".to_owned(),
        }
    }

    fn length_field(&self) -> crate::components::Field {
        let t = |key: &str| self.shell.t(key);
        let field = self.form.radio("length", t("silence-length"));
        let field = LENGTHS.iter().fold(field, |field, length| {
            let length_of = domain::duration::parse("length", length).unwrap_or_default();
            field.choice(length, self.shell.span(&length_of))
        });
        field
            .choice(UNTIL_MORNING, t("silence-until-morning"))
            .choice(EXACTLY, t("silence-exactly"))
    }

    fn is_over(&self) -> bool {
        self.silence.as_ref().is_some_and(|s| s.over)
    }

    fn tags_hint(&self) -> String {
        matcher::tags_hint(&self.shell, &self.tags)
    }

    fn kinds(&self) -> Vec<(String, String)> {
        matcher::kind_boxes(&self.shell)
    }

    fn strays(&self) -> Vec<String> {
        let own = ["reason", "length", "starts_at", "ends_at"];
        let names: Vec<&str> = own.into_iter().chain(matcher::NAMES).collect();
        self.form.other_errors(&names)
    }
}

/// What the form is filled with by a link.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::pages::alerting) struct Filled {
    monitor: String,
    tag: String,
}

impl Filled {
    /// Of the monitor and the tag that a link names.
    pub(in crate::pages::alerting) async fn fill(&self, who: &SignedIn, form: Form) -> error::Result<Form> {
        let id = self.monitor.parse().ok().map(MonitorId);
        let names = who.store().monitors().names(id.as_slice()).await?;
        let lines: Vec<String> = names.iter().map(|(id, name)| format!("#{id} {name}")).collect();
        Ok(form
            .with(matcher::MONITORS, lines.join("\n"))
            .with(matcher::TAGS, self.tag.trim()))
    }
}

pub(super) async fn new(who: SignedIn, Query(filled): Query<Filled>) -> error::Result {
    let form = Form::new(who.visit.language).with("length", "1h");
    let form = filled.fill(&who, form).await?;
    let shell = who.shell(Section::Alerting, "silence-new");
    page(&view(&who, shell, form, None).await?)
}

pub(super) async fn create(who: SignedIn, FormBody(typed): Typed) -> error::Result {
    let (now, zone) = (who.store().now(), zone(&who).await?);
    let (about, mut errors) = matcher::body(who.store(), &typed).await?;
    let mut body = json!({ "matcher": about, "reason": value(&typed, "reason") });
    match value(&typed, "length") {
        UNTIL_MORNING => {
            body["ends_at"] = next_morning(now, zone).map(Timestamp::to_rfc3339).into();
        }
        EXACTLY => {
            if !value(&typed, "starts_at").trim().is_empty() {
                body["starts_at"] = local(&typed, "starts_at", zone, &mut errors, now);
            }
            // While there is a complaint about it, any later time will do.
            let any = now.plus(domain::silence::LONGEST / 2);
            body["ends_at"] = local(&typed, "ends_at", zone, &mut errors, any);
        }
        length => body["duration"] = length.into(),
    }
    let created = match with(errors, SilenceDraft::from_json(body, now)) {
        Ok(draft) => accept(who.store().silences().create(&draft, who.by()).await)?,
        Err(errors) => Err(errors),
    };
    match created {
        Ok(silence) => {
            tracing::info!(silence.id = silence.id.0, user = who.by(), "silence created");
            let flash = Flash::good("flash-silence-created").about(&silence.reason);
            Ok(flash.redirect(&who.visit, "/silences"))
        }
        Err(errors) => {
            let shell = who.shell(Section::Alerting, "silence-new");
            let form = Form::typed(shell.language, &typed, &[]).refused(errors);
            let view = view(&who, shell, form, None).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
    }
}

pub(super) async fn edit(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let silence = find(who.store(), &id).await?;
    let names = matcher::names(who.store(), [&silence.matcher]).await?;
    let form = Form::new(who.visit.language)
        .with("reason", &silence.reason)
        .with("ends_at", print_local(silence.ends_at, zone(&who).await?));
    let form = matcher::fill(form, &silence.matcher, &names);
    let shell = who.shell(Section::Alerting, "silence-edit");
    let existing = existing(&shell, &silence, &names);
    page(&view(&who, shell, form, Some(existing)).await?)
}

pub(super) async fn save(who: SignedIn, Path(id): Path<String>, FormBody(typed): Typed) -> error::Result {
    let silence = find(who.store(), &id).await?;
    let (now, zone) = (who.store().now(), zone(&who).await?);
    if silence.state(now) == SilenceState::Over {
        let flash = Flash::bad("flash-silence-over").about(&silence.reason);
        return Ok(flash.redirect(&who.visit, "/silences"));
    }
    let (about, mut errors) = matcher::body(who.store(), &typed).await?;
    let mut body = json!({ "matcher": about, "reason": value(&typed, "reason") });
    // The form has whole minutes: an end that was not touched stays as it is.
    if value(&typed, "ends_at") != print_local(silence.ends_at, zone) {
        body["ends_at"] = local(&typed, "ends_at", zone, &mut errors, silence.ends_at);
    }
    let changed = match with(errors, SilenceDraft::changed(&silence, body, now)) {
        Ok(draft) => accept(who.store().silences().change(silence.id, &draft).await)?,
        Err(errors) => Err(errors),
    };
    match changed {
        // Ended while the form was open: the page says so.
        Ok(None) => Ok(Redirect::to("/silences").into_response()),
        Ok(Some(changed)) => {
            tracing::info!(silence.id = changed.id.0, user = who.by(), "silence changed");
            let flash = Flash::good("flash-silence-saved").about(&changed.reason);
            Ok(flash.redirect(&who.visit, "/silences"))
        }
        Err(errors) => {
            let names = matcher::names(who.store(), [&silence.matcher]).await?;
            let shell = who.shell(Section::Alerting, "silence-edit");
            let form = Form::typed(shell.language, &typed, &[]).refused(errors);
            let existing = existing(&shell, &silence, &names);
            let view = view(&who, shell, form, Some(existing)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
    }
}

async fn view(
    who: &SignedIn,
    shell: Shell,
    form: Form,
    silence: Option<Existing>,
) -> error::Result<EditPage> {
    Ok(EditPage {
        tabs: links(&shell, Tab::Silences),
        form,
        silence,
        tags: who.store().monitors().tags().await?,
        zone: zone(who).await?,
        shell,
    })
}

fn existing(shell: &Shell, silence: &Silence, names: &HashMap<MonitorId, String>) -> Existing {
    Existing {
        id: silence.id.0,
        author: silence.author.clone(),
        starts_at: silence.starts_at,
        ends_at: silence.ends_at,
        over: silence.state(shell.now) == SilenceState::Over,
        ended_by: silence.ended_by.clone(),
        words: matcher::words(shell, &silence.matcher, names),
        reason: silence.reason.clone(),
    }
}

/// In which the times of forms are.
pub(in crate::pages::alerting) async fn zone(who: &SignedIn) -> error::Result<Tz> {
    Ok(who.store().settings().general().await?.zone())
}

/// A time of the form for the domain; while there is a complaint about it, `instead`.
pub(in crate::pages::alerting) fn local(
    typed: &[(String, String)],
    name: &str,
    zone: Tz,
    errors: &mut FieldErrors,
    instead: Timestamp,
) -> Value {
    let read = errors.take(parse_local(name, value(typed, name), zone));
    read.unwrap_or(instead).to_rfc3339().into()
}

/// The complaints of both.
pub(in crate::pages::alerting) fn with<T>(
    mut before: FieldErrors,
    read: Result<T, FieldErrors>,
) -> Result<T, FieldErrors> {
    match read {
        Ok(value) if before.is_empty() => Ok(value),
        Ok(_) => Err(before),
        Err(errors) => {
            before.0.extend(errors.0);
            Err(before)
        }
    }
}

/// A monitor that does not exist is a mistake in the form, everything else is not.
pub(in crate::pages::alerting) fn accept<T>(
    result: Result<T, StoreError>,
) -> error::Result<Result<T, FieldErrors>> {
    match result {
        Ok(saved) => Ok(Ok(saved)),
        Err(StoreError::UnknownMonitor(id)) => Ok(Err(matcher::unknown(id))),
        Err(e) => Err(e.into()),
    }
}
