//! Settings > Messages: how mails are worded, and what that looks like.
//!
//! The preview is rendered by the function that writes alerts. It works by a button; with the script it follows what is
//! typed (`web/static/preview.js`).

use alert::{Preview, PreviewError, mail};
use askama::Template;
use axum::{
    Router,
    response::{Html, IntoResponse as _},
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    delivery::Event,
    field::FieldErrors,
    mail_message::{MessageSettings, Placeholder},
};
use http::StatusCode;
use serde_json::json;

use super::tabs::{Link, Tab, links};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error::{self, Error},
    pages::form::value,
    security::headers::Policy,
    shell::{page, page_with},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/settings/messages", get(show).post(submit))
        .route("/settings/messages/preview", post(preview))
        .route("/settings/messages/html", post(html))
}

const HERE: &str = "/settings/messages";

/// What the HTML of a mail may do in a browser: have its own style, and nothing else. Scripts, forms and everything from
/// elsewhere are refused twice, by the sources and by the sandbox.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

#[derive(Template)]
#[template(path = "pages/settings/messages.html")]
pub(crate) struct MessagesPage {
    shell: Shell,
    tabs: Vec<Link>,
    form: Form,
    placeholders: Vec<(String, String)>,
    /// When and by whom, once it was saved.
    saved: Option<(Timestamp, String)>,
    preview: Shown,
}

/// The preview, or what is wrong with what was typed.
pub(crate) struct Shown {
    preview: Option<Preview>,
    complaints: Vec<String>,
}

/// The part of the page that the script replaces.
#[derive(Template)]
#[template(path = "components/message-preview.html")]
pub(crate) struct PreviewPart {
    shell: Shell,
    preview: Shown,
}

async fn show(who: SignedIn) -> error::Result {
    let stored = who.store().settings().message().await?;
    let form = filled(&who, &stored.settings);
    let shown = shown(&who, &stored.settings, form.value("event")).await?;
    page(&view(&who, form, stored.saved, shown))
}

fn filled(who: &SignedIn, settings: &MessageSettings) -> Form {
    let source =
        |t: &Option<domain::mail_message::Template>| t.as_ref().map_or("", |t| t.source()).to_owned();
    Form::new(who.visit.language)
        .with("subject_style", settings.subject_style)
        .with("subject", source(&settings.subject))
        .with("note", source(&settings.note))
        .with("event", Event::Opened)
}

fn view(who: &SignedIn, form: Form, saved: Option<(Timestamp, String)>, preview: Shown) -> MessagesPage {
    assemble(
        who.shell(Section::Settings, "settings-messages"),
        form,
        saved,
        preview,
    )
}

fn assemble(shell: Shell, form: Form, saved: Option<(Timestamp, String)>, preview: Shown) -> MessagesPage {
    let meaning = |p: &Placeholder| (format!("{{{{{p}}}}}"), shell.t(meaning_key(*p)).to_string());
    MessagesPage {
        tabs: links(&shell, Tab::Messages),
        placeholders: Placeholder::ALL.iter().map(meaning).collect(),
        form,
        saved,
        preview,
        shell,
    }
}

const fn meaning_key(placeholder: Placeholder) -> &'static str {
    match placeholder {
        Placeholder::Status => "placeholder-status",
        Placeholder::Monitor => "placeholder-monitor",
        Placeholder::Target => "placeholder-target",
        Placeholder::Kind => "placeholder-kind",
        Placeholder::Tags => "placeholder-tags",
        Placeholder::Reason => "placeholder-reason",
        Placeholder::Since => "placeholder-since",
        Placeholder::Duration => "placeholder-duration",
        Placeholder::Incident => "placeholder-incident",
        Placeholder::Channel => "placeholder-channel",
        Placeholder::Link => "placeholder-link",
    }
}

/// Saves, or shows the page again with a preview of what was typed.
async fn submit(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let form = Form::typed(who.visit.language, &typed, &[]);
    let stored = who.store().settings().message().await?;
    let settings = match read(&typed) {
        Ok(settings) => settings,
        Err(errors) => {
            let shown = Shown::refused(&who, &errors);
            let view = view(&who, form.refused(errors), stored.saved, shown);
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    };
    if value(&typed, "do") != "save" {
        let shown = shown(&who, &settings, value(&typed, "event")).await?;
        return page(&view(&who, form, stored.saved, shown));
    }
    let saved = who.store().settings().save_message(&settings, who.by()).await?;
    tracing::info!(
        settings.revision = saved.revision,
        user.email = who.by(),
        "message settings saved"
    );
    Ok(Flash::good("flash-messages-saved").redirect(&who.visit, HERE))
}

async fn preview(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let (status, shown) = match read(&typed) {
        Ok(settings) => (
            StatusCode::OK,
            shown(&who, &settings, value(&typed, "event")).await?,
        ),
        Err(errors) => (StatusCode::UNPROCESSABLE_ENTITY, Shown::refused(&who, &errors)),
    };
    let shell = who.shell(Section::Settings, "settings-messages");
    page_with(
        status,
        &PreviewPart {
            shell,
            preview: shown,
        },
    )
}

/// The HTML part alone, as a page of its own: within ours its styles would be refused.
async fn html(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let Ok(settings) = read(&typed) else {
        return submit(who, axum::Form(typed)).await;
    };
    let made = make(&who, &settings, value(&typed, "event")).await?;
    let mut response = Html(made.html).into_response();
    response.extensions_mut().insert(Policy(MAIL_POLICY));
    Ok(response)
}

fn read(typed: &[(String, String)]) -> Result<MessageSettings, FieldErrors> {
    let field = |name: &str| value(typed, name);
    MessageSettings::from_json(json!({
        "subject_style": field("subject_style"), "subject": field("subject"), "note": field("note"),
    }))
}

async fn shown(who: &SignedIn, settings: &MessageSettings, event: &str) -> error::Result<Shown> {
    Ok(Shown {
        preview: Some(make(who, settings, event).await?),
        complaints: Vec::new(),
    })
}

async fn make(who: &SignedIn, settings: &MessageSettings, event: &str) -> error::Result<Preview> {
    let event = Event::parse(event)
        .filter(|e| *e != Event::Test)
        .unwrap_or(Event::Opened);
    let language = mail::Language::of(who.visit.language.tag());
    let made = who
        .visit
        .app
        .alert
        .preview_message(settings, language, event)
        .await;
    made.map_err(|e| match e {
        PreviewError::Settings(e) => e.into(),
        PreviewError::Render(e) => Error::from(e),
    })
}

impl Shown {
    fn refused(who: &SignedIn, errors: &FieldErrors) -> Self {
        Self {
            preview: None,
            complaints: errors.0.iter().map(|e| who.visit.language.complaint(e)).collect(),
        }
    }
}

/// Every field that shows its own complaints; all others are shown above the form.
const FIELDS: [&str; 3] = ["subject_style", "subject", "note"];

impl MessagesPage {
    fn other_errors(&self) -> Vec<String> {
        self.form.other_errors(&FIELDS)
    }
}

#[cfg(test)]
fn sample_preview() -> Shown {
    let preview = Preview {
        subject: "[DOWN] Web shop".to_owned(),
        preheader: "The server answered 503.".to_owned(),
        text: "DOWN: Web shop is down\n\nMonitor: Web shop\nReason: <b>503</b>".to_owned(),
        html: "<!doctype html><html></html>".to_owned(),
    };
    Shown {
        preview: Some(preview),
        complaints: Vec::new(),
    }
}

#[cfg(test)]
pub(crate) fn samples(language: crate::locale::Language) -> Vec<MessagesPage> {
    use crate::pages::samples::{NOW, shell};
    let shell = || shell(language, Section::Settings, "settings-messages");
    let typed = [
        ("subject_style", "thread"),
        ("subject", "{{status}} {{monitor}}"),
        ("note", "{{nope}}"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()));
    let errors = read(&typed).unwrap_err();
    let wrong = Shown {
        preview: None,
        complaints: errors.0.iter().map(|e| language.complaint(e)).collect(),
    };
    let form = Form::new(language)
        .with("subject_style", "status")
        .with("event", "incident.opened");
    vec![
        assemble(shell(), form, None, sample_preview()),
        assemble(
            shell(),
            Form::typed(language, &typed, &[]).refused(errors),
            Some((NOW, "me@example.org".to_owned())),
            wrong,
        ),
    ]
}
