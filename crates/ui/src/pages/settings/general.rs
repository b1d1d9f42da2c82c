//! Settings > General.

use askama::Template;
use axum::{Router, routing::get};
use domain::{field::FieldErrors, mail::Address, zone};
use http::StatusCode;

use super::tabs::{Link, Tab, links};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error,
    locale::Language,
    pages::form::{ticked, value},
    shell::{page, page_with},
};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/settings/general", get(show).post(save))
}

#[derive(Template)]
#[template(path = "pages/settings/general.html")]
pub(crate) struct GeneralPage {
    shell: Shell,
    tabs: Vec<Link>,
    form: Form,
    public_url: String,
}

async fn show(who: SignedIn) -> error::Result {
    let general = who.store().settings().general().await?;
    let form = Form::new(who.visit.language)
        .with("language", general.language.as_deref().unwrap_or_default())
        .with("timezone", general.timezone.as_deref().unwrap_or_default())
        .with(
            "canary_to",
            general.canary_to.as_ref().map_or("", Address::as_str),
        )
        .tick("metrics_open", general.metrics_open);
    page(&view(&who, form))
}

fn view(who: &SignedIn, form: Form) -> GeneralPage {
    let shell = who.shell(Section::Settings, "settings-general");
    GeneralPage {
        tabs: links(&shell, Tab::General),
        form,
        public_url: who.visit.app.public_url.to_string(),
        shell,
    }
}

async fn save(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let settings = who.store().settings();
    let mut general = settings.general().await?;
    general.metrics_open = ticked(&typed, "metrics_open");
    // Anything that is not one of the list means "no choice".
    general.language = Language::parse(value(&typed, "language")).map(|l| l.tag().to_owned());
    let filled = |name: &str| Some(value(&typed, name).trim()).filter(|text| !text.is_empty());
    let mut errors = FieldErrors::default();
    match filled("timezone").map(|z| zone::parse("timezone", z)).transpose() {
        Ok(zone) => general.timezone = zone.map(|z| z.name().to_owned()),
        Err(e) => errors.push(e),
    }
    match filled("canary_to")
        .map(|to| Address::parse("canary_to", to))
        .transpose()
    {
        Ok(to) => general.canary_to = to,
        Err(e) => errors.push(e),
    }
    if !errors.is_empty() {
        let form = Form::typed(who.visit.language, &typed, &[]).refused(errors);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&who, form));
    }
    settings.save_general(&general, who.by()).await?;
    Ok(Flash::good("flash-general-saved").redirect(&who.visit, "/settings/general"))
}

#[cfg(test)]
pub(crate) fn samples(language: Language) -> Vec<GeneralPage> {
    let shell = crate::pages::samples::shell(language, Section::Settings, "settings-general");
    vec![GeneralPage {
        tabs: links(&shell, Tab::General),
        form: Form::new(language)
            .with("language", "zh-CN")
            .with("timezone", "Asia/Shanghai")
            .with("canary_to", "me@example.org")
            .tick("metrics_open", true),
        public_url: "https://watch.example.org/".to_owned(),
        shell,
    }]
}
