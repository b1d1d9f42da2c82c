//! Settings > Mail: what the next message uses, changing it, and proving that it works.

use alert::Through;
use askama::Template;
use axum::{
    Router,
    extract::Query,
    routing::{get, post},
};
use domain::{
    field::{FieldError, FieldErrors},
    mail::{Address, MailSettings},
};
use http::StatusCode;
use serde::Deserialize;
use store::{MailProfile, mail::MailHealth};

use super::tabs::{Link, Tab, links};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error,
    pages::form::value,
    shell::{page, page_with},
};

pub(crate) mod authorize;
pub(crate) mod deliverability;
mod entry;
mod in_use;
mod presets;
#[cfg(test)]
mod samples;
mod test_view;
mod warning;

use in_use::InUse;
use presets::Preset;
#[cfg(test)]
pub(crate) use samples::samples;
use test_view::TestView;
use warning::Warning;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/settings/mail", get(show).post(submit))
        .route("/settings/mail/test", post(test_saved))
        .merge(deliverability::routes())
        .merge(authorize::routes())
}

const HERE: &str = "/settings/mail";

#[derive(Template)]
#[template(path = "pages/settings/mail.html")]
pub(crate) struct MailPage {
    shell: Shell,
    tabs: Vec<Link>,
    form: Form,
    /// There is one; an empty field keeps it.
    has_password: bool,
    /// It was typed, and is not sent back to the browser.
    password_again: bool,
    warning: Option<Warning>,
    presets: &'static [Preset],
    preset: Option<&'static Preset>,
    in_use: Option<InUse>,
    waiting: u64,
    test: Option<TestView>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Start {
    preset: String,
}

/// What is stored, and what became of it.
struct Stored {
    current: Option<MailProfile>,
    in_use: Option<InUse>,
    waiting: u64,
}

impl Stored {
    async fn read(who: &SignedIn) -> error::Result<Self> {
        let current = who.store().mail().primary().await?;
        let queue = who.store().mail().queue().await?;
        let health = match &current {
            Some(profile) => who.store().mail().health(profile.id).await?,
            None => MailHealth::default(),
        };
        let waiting = queue.waiting;
        let in_use = current
            .as_ref()
            .map(|c| InUse::new(who.visit.language, c, health, queue));
        Ok(Self {
            current,
            in_use,
            waiting,
        })
    }

    fn settings(&self) -> Option<&MailSettings> {
        self.current.as_ref().map(|c| &c.settings)
    }
}

async fn show(who: SignedIn, Query(start): Query<Start>) -> error::Result {
    let stored = Stored::read(&who).await?;
    let preset = presets::find(&start.preset);
    let form = entry::form(&who, stored.settings());
    let form = match preset {
        Some(preset) => preset.fill(form),
        None => form,
    };
    let mut view = view(&who, stored, form);
    view.preset = preset;
    page(&view)
}

fn view(who: &SignedIn, stored: Stored, form: Form) -> MailPage {
    let shell = who.shell(Section::Settings, "settings-mail");
    let credentials = stored.settings().and_then(|s| s.credentials.as_ref());
    MailPage {
        tabs: links(&shell, Tab::Mail),
        warning: warning::of(form.value("host"), form.value("port"), form.value("security")),
        has_password: credentials.is_some_and(|c| c.password.is_some()),
        password_again: false,
        presets: presets::ALL,
        preset: None,
        in_use: stored.in_use,
        waiting: stored.waiting,
        test: None,
        form,
        shell,
    }
}

/// The form, by the button that sent it: `test` (and save if it worked), `save`, or `fix:<field>:<value>`.
async fn submit(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let stored = Stored::read(&who).await?;
    let typed = entry::split_pasted(typed);
    let form = Form::typed(who.visit.language, &typed, &["password"]);
    let typed_password = !value(&typed, "password").is_empty();
    let again = |stored, form| MailPage {
        password_again: typed_password,
        ..view(&who, stored, form)
    };
    let button = value(&typed, "do");
    if let Some((field, fixed)) = warning::fix(button) {
        let form = form.with(field, fixed);
        return page(&again(stored, form));
    }

    let settings = match entry::settings(&typed, stored.settings()) {
        Ok(settings) => settings,
        Err(errors) => {
            return page_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &again(stored, form.refused(errors)),
            );
        }
    };
    if button != "save" {
        let to = match recipient(&who, &typed) {
            Ok(to) => to,
            Err(e) => {
                let form = form.refused(e.into());
                return page_with(StatusCode::UNPROCESSABLE_ENTITY, &again(stored, form));
            }
        };
        let report = {
            let through = Through::Unsaved(Box::new(settings.clone()));
            who.visit.app.alert.test_mail(through, &to, &|_| ()).await
        };
        if !report.ok {
            let mut view = again(stored, form);
            view.test = Some(TestView::new(who.visit.language, &report, &to, false));
            return page(&view);
        }
    }
    let saved = who.store().mail().save_primary(&settings, who.by()).await?;
    tracing::info!(
        settings.revision = saved.revision,
        user.email = who.by(),
        "mail settings saved"
    );
    let key = if button == "save" {
        "flash-mail-saved"
    } else {
        "flash-mail-tested"
    };
    Ok(Flash::good(key).redirect(&who.visit, HERE))
}

/// Tests what is in use, exactly as it is stored.
async fn test_saved(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let stored = Stored::read(&who).await?;
    let form = entry::form(&who, stored.settings());
    if stored.current.is_none() {
        return Ok(Flash::bad("flash-mail-missing").redirect(&who.visit, HERE));
    }
    let to = match recipient(&who, &typed) {
        Ok(to) => to,
        Err(e) => {
            let form = form.with("test_to", value(&typed, "test_to")).refused(e.into());
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&who, stored, form));
        }
    };
    let report = who
        .visit
        .app
        .alert
        .test_mail(Through::Primary, &to, &|_| ())
        .await;
    // Read again: the test itself is the latest success or failure.
    let mut view = view(&who, Stored::read(&who).await?, form.with("test_to", &to));
    view.test = Some(TestView::new(who.visit.language, &report, &to, true));
    page(&view)
}

/// Where the test goes, if one may be started now.
fn recipient(who: &SignedIn, typed: &[(String, String)]) -> Result<Address, FieldError> {
    let to = Address::parse("test_to", value(typed, "test_to"))?;
    if !who.visit.app.tests.take(who.session.user.id, who.visit.app.now()) {
        return Err(FieldError::new(
            "test_to",
            "test-pace",
            "Five tests a minute are enough. Wait a moment and try again.",
        ));
    }
    Ok(to)
}

/// Every field that shows its own complaints; all others are shown above the form.
const FIELDS: [&str; 13] = [
    "host",
    "port",
    "security",
    "username",
    "password",
    "from",
    "from_name",
    "reply_to",
    "hello_name",
    "verify_certificate",
    "ca_pem",
    "allow_insecure_auth",
    "test_to",
];

impl MailPage {
    fn other_errors(&self) -> Vec<String> {
        self.form.other_errors(&FIELDS)
    }

    /// The rarely used part is open when something in it is set or wrong.
    fn is_advanced_open(&self) -> bool {
        let used = |name: &&str| !self.form.value(name).is_empty() || !self.form.errors(name).is_empty();
        [
            "from_name",
            "reply_to",
            "hello_name",
            "ca_pem",
            "allow_insecure_auth",
        ]
        .iter()
        .any(used)
            || !self.form.ticked("verify_certificate")
    }
}

/// A complaint of our own, in the shape of the domain's.
fn not_a_number(field: &str) -> FieldErrors {
    FieldError::new(field, "port-range", "Use a port from 1 to 65535.").into()
}
