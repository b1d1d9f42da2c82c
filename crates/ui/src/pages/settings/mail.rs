//! Settings > Mail: what the next message uses, changing it, and proving that it works.

use alert::mail::Step;
use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, Query},
    response::IntoResponse as _,
    routing::{get, post},
};
use domain::{
    field::{FieldError, FieldErrors},
    mail::{Address, AuthMethod},
};
use http::StatusCode;
use serde::Deserialize;

use super::tabs::{Link, Tab, links};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::Form,
    error,
    pages::form::{ticked, value},
    shell::{page, page_with},
};

mod account;
pub(crate) mod authorize;
mod changed;
mod client;
mod concerns;
pub(crate) mod deliverability;
mod entry;
mod in_use;
mod live;
mod paste;
mod presets;
mod profiles;
#[cfg(test)]
mod samples;
mod stored;
mod test_view;
mod trial;
mod warning;

pub(crate) use concerns::Concerns;
use in_use::InUse;
use presets::{Chosen, Group};
use profiles::Profiles;
#[cfg(test)]
pub(crate) use samples::{deletions, samples};
use stored::{Stored, Target};
use test_view::TestView;
pub(crate) use trial::Trial;
use warning::Notice;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/settings/mail", get(show_primary).post(submit_primary))
        .route("/settings/mail/new", get(show_new).post(submit_new))
        .route("/settings/mail/{id}", get(show).post(submit))
        .route(
            "/settings/mail/{id}/delete",
            get(profiles::confirm).post(profiles::delete),
        )
        .route("/settings/mail/{id}/up", post(profiles::up))
        .route("/settings/mail/{id}/down", post(profiles::down))
        .route("/settings/mail/{id}/enable", post(profiles::enable))
        .route("/settings/mail/{id}/disable", post(profiles::disable))
        .route("/settings/mail/{id}/try-now", post(profiles::try_now))
        .route("/settings/mail/test", post(test_saved))
        .route("/settings/mail/warning", get(warning::show))
        .route("/settings/mail/paste", post(take_apart))
        .route("/settings/mail/tests", post(live::start))
        .route("/settings/mail/tests/{id}", get(live::watch))
        .merge(deliverability::routes())
        .merge(authorize::routes())
}

const HERE: &str = "/settings/mail";

#[derive(Template)]
#[template(path = "pages/settings/mail.html")]
pub(crate) struct MailPage {
    shell: Shell,
    tabs: Vec<Link>,
    target: Target,
    profiles: Profiles,
    form: Form,
    /// There is one; an empty field keeps it.
    has_password: bool,
    /// It was typed, and is not sent back to the browser.
    password_again: bool,
    has_client_secret: bool,
    client_secret_again: bool,
    concerns: Concerns,
    warning: Notice,
    groups: &'static [Group],
    chosen: Option<Chosen>,
    in_use: Option<InUse>,
    test: Option<TestView>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Start {
    preset: String,
    region: String,
}

async fn show_primary(who: SignedIn, start: Query<Start>) -> error::Result {
    present(who, Target::Primary, start.0).await
}

async fn show_new(who: SignedIn, start: Query<Start>) -> error::Result {
    present(who, Target::New, start.0).await
}

async fn show(who: SignedIn, Path(id): Path<String>, start: Query<Start>) -> error::Result {
    present(who, Target::of(&id)?, start.0).await
}

async fn submit_primary(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    take(who, Target::Primary, typed).await
}

async fn submit_new(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    take(who, Target::New, typed).await
}

async fn submit(who: SignedIn, Path(id): Path<String>, axum::Form(typed): Typed) -> error::Result {
    take(who, Target::of(&id)?, typed).await
}

async fn present(who: SignedIn, target: Target, start: Start) -> error::Result {
    let stored = Stored::read(&who, target).await?;
    let chosen = presets::find(&start.preset, &start.region);
    let form = entry::form(&who, stored.settings());
    let form = match &chosen {
        Some(chosen) => chosen.fill(form),
        None => form,
    };
    let mut view = view(&who, stored, form).await;
    view.chosen = chosen;
    page(&view)
}

async fn view(who: &SignedIn, stored: Stored, form: Form) -> MailPage {
    let shell = who.shell(Section::Settings, "settings-mail");
    let language = who.visit.language;
    let outlook = who.visit.app.alert.mail_outlook(None).await;
    MailPage {
        tabs: links(&shell, Tab::Mail),
        target: stored.target,
        profiles: Profiles::new(language, &stored, &outlook, who.visit.app.now()),
        warning: Notice::about(
            language,
            form.value("host"),
            form.value("port"),
            form.value("security"),
        ),
        has_password: stored.has_password(),
        password_again: false,
        has_client_secret: stored.has_client_secret(),
        client_secret_again: false,
        concerns: Concerns::of(language, &stored, who.visit.app.now()),
        groups: presets::GROUPS,
        chosen: None,
        in_use: InUse::of(language, &stored, &outlook),
        test: None,
        form,
        shell,
    }
}

/// The form, by the button that sent it: `test` (and save if it worked), `save`, or `fix:<field>:<value>`.
async fn take(who: SignedIn, target: Target, typed: Vec<(String, String)>) -> error::Result {
    let stored = Stored::read(&who, target).await?;
    let typed = paste::split(typed);
    let form = Form::typed(who.visit.language, &typed, &["password", client::SECRET]);
    let button = value(&typed, "do");
    if let Some((field, fixed)) = warning::fix(button) {
        let view = again(&who, stored, form.with(field, fixed), &typed).await;
        return page(&view);
    }

    let settings = match entry::settings(&typed, stored.settings()) {
        Ok(settings) => settings,
        Err(errors) => {
            let view = again(&who, stored, form.refused(errors), &typed).await;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    };
    if button == "save" {
        let saved = trial::save(&who, stored.id(), &settings).await?;
        let grant = who.store().mail_tokens().get(saved.id, &settings).await?;
        if settings.auth == AuthMethod::Xoauth2 && grant.is_none() {
            // It cannot log in before that.
            return Ok(
                Flash::good("flash-mail-saved-connect").redirect(&who.visit, &account::address(saved.id))
            );
        }
        let there = target.after_saving(saved.id);
        return Ok(Flash::good("flash-mail-saved").redirect(&who.visit, &there));
    }
    let to = match recipient(&who, &typed) {
        Ok(to) => to,
        Err(e) => {
            let view = again(&who, stored, form.refused(e.into()), &typed).await;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    };
    let trial = Trial {
        target,
        profile: stored.id(),
        plan: Step::plan(&settings),
        typed: Some(settings),
        to: to.clone(),
        dry_run: ticked(&typed, "dry_run"),
    };
    let outcome = trial.run(&who, &|_| ()).await?;
    if let Some(saved) = outcome.saved {
        let key = if outcome.report.dry_run {
            "flash-mail-rehearsed"
        } else {
            "flash-mail-tested"
        };
        return Ok(Flash::good(key).redirect(&who.visit, &target.after_saving(saved.id)));
    }
    let mut view = again(&who, stored, form, &typed).await;
    view.test = Some(TestView::new(who.visit.language, &outcome.report, &to, true).of(target));
    page(&view)
}

/// The page with what was typed still in it.
async fn again(who: &SignedIn, stored: Stored, form: Form, typed: &[(String, String)]) -> MailPage {
    MailPage {
        password_again: !value(typed, "password").is_empty(),
        client_secret_again: !value(typed, client::SECRET).is_empty(),
        ..view(who, stored, form).await
    }
}

/// Tests what is in use, exactly as it is stored.
async fn test_saved(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let target = Target::of_form(&typed)?;
    let stored = Stored::read(&who, target).await?;
    let form = entry::form(&who, stored.settings());
    let Some(current) = stored.settings() else {
        return Ok(Flash::bad("flash-mail-missing").redirect(&who.visit, HERE));
    };
    let plan = Step::plan(current);
    let to = match recipient(&who, &typed) {
        Ok(to) => to,
        Err(e) => {
            let form = form.with("test_to", value(&typed, "test_to")).refused(e.into());
            let view = view(&who, stored, form).await;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &view);
        }
    };
    let trial = Trial {
        target,
        profile: stored.id(),
        plan,
        typed: None,
        to: to.clone(),
        dry_run: ticked(&typed, "dry_run"),
    };
    let outcome = trial.run(&who, &|_| ()).await?;
    // Read again: the test itself is the latest success or failure.
    let stored = Stored::read(&who, target).await?;
    let mut view = view(&who, stored, form.with("test_to", &to)).await;
    view.test = Some(TestView::new(who.visit.language, &outcome.report, &to, false).of(target));
    page(&view)
}

/// `POST /settings/mail/paste`: an address that was pasted into the field of the server, as the fields that it fills.
async fn take_apart(_: SignedIn, axum::Form(typed): Typed) -> error::Result {
    Ok(match paste::read(value(&typed, "host")) {
        Some(pasted) => Json(pasted).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
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
const FIELDS: [&str; 28] = [
    "name",
    "host",
    "port",
    "security",
    "auth",
    "oauth.provider",
    "oauth.client_id",
    "oauth.client_secret",
    "oauth.tenant",
    "oauth.token_url",
    "oauth.device_url",
    "oauth.authorize_url",
    "oauth.scope",
    "username",
    "password",
    "from",
    "from_name",
    "reply_to",
    "envelope_from",
    "hello_name",
    "connect_timeout",
    "rate_per_minute",
    "max_recipients",
    "verify_certificate",
    "ca_pem",
    "allow_insecure_auth",
    "allow_local_from",
    "test_to",
];

/// Those of the rarely used part, with what they are when nobody touched them.
const ADVANCED: [(&str, &str); 10] = [
    ("from_name", ""),
    ("reply_to", ""),
    ("envelope_from", ""),
    ("hello_name", ""),
    ("ca_pem", ""),
    ("allow_insecure_auth", ""),
    ("allow_local_from", ""),
    ("connect_timeout", "10s"),
    ("rate_per_minute", ""),
    ("max_recipients", "1"),
];

impl MailPage {
    fn other_errors(&self) -> Vec<String> {
        self.form.other_errors(&FIELDS)
    }

    /// The rarely used part is open when something in it is set or wrong.
    fn is_advanced_open(&self) -> bool {
        // A preset may fill in its rate; that is no reason to unfold everything.
        let preset = self.chosen.is_some();
        let used = |(name, usual): &(&str, &str)| {
            let filled = preset && *name == "rate_per_minute";
            (!filled && self.form.value(name) != *usual) || !self.form.errors(name).is_empty()
        };
        ADVANCED.iter().any(used) || !self.form.ticked("verify_certificate")
    }
}

/// A complaint of our own, in the shape of the domain's.
fn not_a_number(field: &str) -> FieldErrors {
    if field == "port" {
        return FieldError::new(field, "port-range", "Use a port from 1 to 65535.").into();
    }
    FieldError::new(field, "not-a-number", "Use a whole number.").into()
}
