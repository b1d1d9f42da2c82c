//! Settings > Mail > Connect: letting Watchbell log in to a mail server with OAuth 2.0, and how that stands.
//!
//! The decision is made on a page of the provider. By device code nothing of ours must be reachable, and this page looks
//! again by itself until the decision is known. By the provider's page the browser comes back to `…/return`; where it
//! cannot, its address is pasted.

use alert::oauth::{Connection, OAuthError, Pending, Problem};
use askama::Template;
use axum::{
    Router,
    extract::Query,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    field::FieldError,
    id::ProfileId,
    mail::oauth::{Provider, Way},
};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use store::MailProfile;

use super::{
    super::tabs::{Link, Tab, links},
    account,
};
use crate::{
    App, Flash, Section, Shell, SignedIn, Typed,
    components::{Form, href},
    error::{self, Error},
    pages::form::value,
    shell::{page, page_with},
};

#[cfg(test)]
mod samples;
#[cfg(test)]
pub(crate) use samples::samples;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/settings/mail/authorize", get(show).post(act))
        .route("/settings/mail/authorize/return", get(returned))
        .route("/settings/mail/authorize/answer", post(answer))
}

const HERE: &str = "/settings/mail/authorize";
const MAIL: &str = "/settings/mail";
/// Between two looks while a person decides elsewhere.
const LOOK_AGAIN: &str = "5";

#[derive(Template)]
#[template(path = "pages/settings/authorize.html")]
pub(crate) struct AuthorizePage {
    shell: Shell,
    tabs: Vec<Link>,
    profile: i64,
    name: String,
    account: String,
    provider: String,
    /// What must be prepared at the provider.
    note: Option<String>,
    /// Shape and word of how it stands.
    shape: &'static str,
    word: String,
    grant: Option<Times>,
    attention: Option<Trouble>,
    pending: Option<Pending>,
    failed: Option<Trouble>,
    form: Form,
    /// The provider's answer, to be handed in with one more click: an address that is visited changes nothing.
    answer: Option<String>,
}

struct Times {
    connected_at: Timestamp,
    refreshed_at: Timestamp,
    expires_at: Timestamp,
}

struct Trouble {
    detail: String,
    cause: String,
    fix: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Which {
    profile: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Returned {
    state: String,
}

async fn show(who: SignedIn, Query(which): Query<Which>) -> error::Result {
    let profile = find(&who, &which.profile).await?;
    let connection = match who.visit.app.alert.oauth().connection(profile.id).await {
        Ok(connection) => connection,
        Err(error) => return elsewhere(&who, error),
    };
    let waits = matches!(connection.pending, Some(Pending::Device { .. }));
    let mut response = page(&view(&who, &profile, connection))?;
    if waits {
        look_again(&mut response);
    }
    Ok(response)
}

/// As the header: it works without a script and needs nothing in the head of the page.
fn look_again(response: &mut Response) {
    let again = HeaderValue::from_static(LOOK_AGAIN);
    response
        .headers_mut()
        .insert(HeaderName::from_static("refresh"), again);
}

/// The buttons: `connect`, `cancel`, `forget`.
async fn act(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let profile = find(&who, value(&typed, "profile")).await?;
    let here = address(profile.id);
    let (app, oauth) = (&who.visit.app, who.visit.app.alert.oauth());
    match value(&typed, "do") {
        "connect" => {
            if !app.tests.take(who.session.user.id, app.now()) {
                return Ok(Flash::bad("flash-oauth-pace").redirect(&who.visit, &here));
            }
            tracing::info!(mail.profile = %profile.id, user.email = who.by(), "authorization for mail asked for");
            match oauth.begin(profile.id).await {
                // What was refused is on the page.
                Ok(_) | Err(OAuthError::Refused(_)) => Ok(to(&here)),
                Err(error) => elsewhere(&who, error),
            }
        }
        "cancel" => {
            oauth.cancel(profile.id);
            Ok(to(&here))
        }
        "forget" => match oauth.forget(profile.id).await {
            Ok(_) => {
                tracing::info!(mail.profile = %profile.id, user.email = who.by(), "authorization for mail forgotten");
                Ok(Flash::good("flash-oauth-forgotten").redirect(&who.visit, &here))
            }
            Err(error) => elsewhere(&who, error),
        },
        _ => Err(Error::Refused(StatusCode::UNPROCESSABLE_ENTITY)),
    }
}

/// The provider sent the browser here.
async fn returned(
    who: SignedIn,
    Query(back): Query<Returned>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> error::Result {
    let oauth = who.visit.app.alert.oauth();
    let Some(id) = oauth.awaiting(&back.state) else {
        return Ok(Flash::bad("flash-oauth-nothing-pending").redirect(&who.visit, MAIL));
    };
    let profile = stored(&who, id).await?;
    let connection = match oauth.connection(id).await {
        Ok(connection) => connection,
        Err(error) => return elsewhere(&who, error),
    };
    let mut view = view(&who, &profile, connection);
    view.answer = query;
    page(&view)
}

async fn answer(who: SignedIn, axum::Form(typed): Typed) -> error::Result {
    let profile = find(&who, value(&typed, "profile")).await?;
    let oauth = who.visit.app.alert.oauth();
    let (here, pasted) = (address(profile.id), value(&typed, "answer"));
    let complaint = match oauth.finish(profile.id, pasted).await {
        Ok(()) => {
            tracing::info!(mail.profile = %profile.id, user.email = who.by(), "mail account connected");
            return Ok(Flash::good("flash-oauth-connected").redirect(&who.visit, &here));
        }
        Err(OAuthError::Refused(_)) => return Ok(to(&here)),
        Err(OAuthError::NotAnAnswer) => FieldError::new(
            "answer",
            "oauth-answer",
            "This is not the address that the provider sent the browser to. Copy all of it, from http to the end.",
        ),
        Err(OAuthError::NothingPending) => FieldError::new(
            "answer",
            "oauth-answer-late",
            "This answer belongs to another attempt. Begin again, and paste the address of that one.",
        ),
        Err(error) => return elsewhere(&who, error),
    };
    let connection = match oauth.connection(profile.id).await {
        Ok(connection) => connection,
        Err(error) => return elsewhere(&who, error),
    };
    let mut view = view(&who, &profile, connection);
    // What was pasted may hold a code: it is not sent back.
    view.form = view.form.refused(complaint.into());
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
}

fn to(path: &str) -> Response {
    axum::response::Redirect::to(path).into_response()
}

fn address(id: ProfileId) -> String {
    href(HERE, &[("profile", &id.to_string())])
}

/// The profile of that number; without one, the first.
async fn find(who: &SignedIn, number: &str) -> error::Result<MailProfile> {
    if number.is_empty() {
        return who.store().mail().primary().await?.ok_or(Error::NotFound);
    }
    let id = number.parse().map_err(|_| Error::NotFound)?;
    stored(who, id).await
}

async fn stored(who: &SignedIn, id: ProfileId) -> error::Result<MailProfile> {
    who.store().mail().profile(id).await?.ok_or(Error::NotFound)
}

/// There is nothing to show on this page.
fn elsewhere(who: &SignedIn, error: OAuthError) -> error::Result {
    match error {
        OAuthError::NotOAuth => Ok(Flash::bad("flash-oauth-not-chosen").redirect(&who.visit, MAIL)),
        OAuthError::NoProfile => Err(Error::NotFound),
        OAuthError::Store(e) => Err(e.into()),
        OAuthError::NothingPending | OAuthError::NotAnAnswer | OAuthError::Refused(_) => {
            Err(Error::Internal(error.to_string()))
        }
    }
}

fn view(who: &SignedIn, profile: &MailProfile, connection: Connection) -> AuthorizePage {
    assemble(who.shell(Section::Settings, "oauth-title"), profile, connection)
}

fn assemble(shell: Shell, profile: &MailProfile, connection: Connection) -> AuthorizePage {
    let settings = &profile.settings;
    let client = settings.oauth.as_ref();
    let trouble = |problem: Problem| Trouble::new(&shell, problem);
    let attention = connection.grant.as_ref().and_then(Problem::of_grant).map(trouble);
    let (shape, word) = account::standing(connection.grant.is_some(), attention.is_some());
    let (provider, note) = match client.map(|c| (c.provider, &c.way)) {
        Some((Provider::Google, _)) => ("oauth-provider-google", Some("oauth-note-google")),
        Some((Provider::Microsoft, _)) => ("oauth-provider-microsoft", Some("oauth-note-microsoft")),
        Some((Provider::Custom, Way::DeviceCode(_) | Way::AuthorizationCode(_))) | None => {
            ("oauth-provider-custom", None)
        }
    };
    AuthorizePage {
        tabs: links(&shell, Tab::Mail),
        profile: profile.id.0,
        name: settings.title(),
        account: settings
            .credentials
            .as_ref()
            .map(|c| c.username.clone())
            .unwrap_or_default(),
        provider: shell.t(provider).to_string(),
        note: note.map(|key| shell.t(key).to_string()),
        shape,
        word: shell.t(word).to_string(),
        attention,
        failed: connection.failed.map(|p| Trouble::new(&shell, p)),
        grant: connection.grant.map(|g| Times {
            connected_at: g.connected_at,
            refreshed_at: g.refreshed_at,
            expires_at: g.expires_at,
        }),
        pending: connection.pending,
        form: Form::new(shell.language),
        answer: None,
        shell,
    }
}

impl Trouble {
    fn new(shell: &Shell, problem: Problem) -> Self {
        let hint = problem.hint(alert::mail::Language::of(shell.language.tag()));
        Self {
            detail: problem.detail,
            cause: hint.cause,
            fix: hint.fix,
        }
    }
}
