//! Who asks, and in which language: what the gate found out about a request, for its handler.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use domain::{id::MonitorId, state::MonitorState};
use http::{HeaderMap, StatusCode, header, request::Parts};
use secrecy::SecretString;
use store::accounts::Session;

use crate::{
    App,
    flash::Flash,
    locale::Language,
    security::cookies::Name,
    shell::{Section, Shell},
};

/// One request. On a public page there may be no session; other pages take [`SignedIn`].
#[derive(Clone)]
pub struct Visit {
    pub(crate) app: App,
    pub language: Language,
    pub session: Option<Arc<Session>>,
    /// The form token of this session or visitor.
    pub csrf: String,
    /// Path and query.
    pub here: String,
    pub client: IpAddr,
    pub request_id: String,
    /// The cookie of the session, for ending it.
    pub(crate) cookie: Option<Arc<SecretString>>,
    pub(crate) flash: Option<Flash>,
}

/// A visit by a person who is signed in: the extractor of every page that is not public.
#[derive(Clone)]
pub struct SignedIn {
    pub visit: Visit,
    pub session: Arc<Session>,
}

impl Visit {
    /// What the layout around a page needs. `title` is a text key or a name, already as it should read.
    pub fn shell(&self, section: Section, title: impl std::fmt::Display) -> Shell {
        Shell {
            language: self.language,
            title: title.to_string(),
            section,
            csrf: self.csrf.clone(),
            user: self.session.as_ref().map(|s| s.user.email.clone()),
            flash: self.flash.clone(),
            here: self.here.clone(),
            exposed: self.app.is_exposed(),
            locked: !self.app.store.key_matches(),
            offline: self
                .app
                .scheduler
                .offline()
                .into_iter()
                .map(|(zone, since)| (zone.to_string(), since))
                .collect(),
            now: self.app.now(),
        }
    }
}

impl SignedIn {
    pub fn store(&self) -> &store::Store {
        &self.visit.app.store
    }

    /// The state of a monitor as people see it: no data is not up.
    pub(crate) fn heard(&self, id: MonitorId, state: MonitorState) -> MonitorState {
        match self.visit.app.scheduler.stale().get(&id) {
            Some(stale) => {
                let words = self.visit.language.text("state-stale");
                state.unheard(stale.heard, &words.to_string())
            }
            None => state,
        }
    }

    /// Monitors whose last result is too old to say anything.
    pub(crate) fn stale(&self) -> Vec<MonitorId> {
        self.visit.app.scheduler.stale().keys().copied().collect()
    }

    /// Who did it, as it is kept beside what was done.
    pub fn by(&self) -> &str {
        &self.session.user.email
    }

    /// The layout of a page whose title is the text `title_key`.
    pub fn shell(&self, section: Section, title_key: &str) -> Shell {
        self.visit.shell(section, self.visit.language.text(title_key))
    }

    /// The layout of a page that is titled by a name.
    pub fn shell_titled(&self, section: Section, title: &str) -> Shell {
        self.visit.shell(section, title)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    /// Refuses only when the route was mounted outside the gate.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state)
            .await
            .map_err(|e| e.into_response())?;
        match visit.session.clone() {
            Some(session) => Ok(Self { visit, session }),
            None => Err(Redirect::to("/login").into_response()),
        }
    }
}

/// The language by choice (cookie), else by what the browser accepts.
pub(crate) fn language_of(headers: &HeaderMap) -> Language {
    let chosen = CookieJar::from_headers(headers)
        .get(Name::Language.as_str(false))
        .and_then(|c| Language::parse(c.value()));
    chosen.unwrap_or_else(|| {
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        Language::accepted(header.unwrap_or_default())
    })
}
