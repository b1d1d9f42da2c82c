//! Logging in to mail servers with OAuth 2.0: how a person lets us in, and how we stay in.
//!
//! Flow: [`OAuth::begin`] asks for a device code, or makes the address of the provider's page; a person decides there;
//! the *watch* asks until they have ([`OAuth::finish`] takes the code of the other way), and the store keeps what the
//! provider gave. From then on every mail takes its access token from `grant`, which renews it when less than five
//! minutes are left, once for all who wait; the watch does the same every hour, so that an authorization that was
//! revoked is seen by day and not by the first alert of the night.
//!
//! The dramatis personae: an *authorization* is what a person gives, a *grant* what we keep of it, *tokens* are what the
//! provider gives for it: an access token for the mail server, and a refresh token for the next access token.
//!
//! What this module does not do: it keeps no copy of any setting, it speaks no SMTP (`mail::login` does), and it never
//! shows a token to anybody but the provider and the mail server.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{
    clock::{Clock, Timestamp},
    id::ProfileId,
    mail::{AuthMethod, MailSettings, oauth::OAuthClient},
};
use egress::Dialer;
use parking_lot::Mutex;
use store::{GrantStatus, Store, StoreError};
use tokio::sync::Notify;
use url::Url;

mod answer;
mod delivery;
mod endpoint;
mod flow;
mod grant;
mod problem;
mod watch;

use endpoint::Endpoint;
use flow::Attempt;
use grant::Turn;
pub use problem::{Problem, ProblemKind};

/// An access token with less left is renewed before it is used.
const AHEAD: Duration = Duration::from_mins(5);

/// All authorizations. Cheap to clone.
#[derive(Clone)]
pub struct OAuth(Arc<Inner>);

struct Inner {
    store: Store,
    endpoint: Endpoint,
    clock: Arc<dyn Clock>,
    public_url: Url,
    profiles: Mutex<HashMap<ProfileId, Arc<Slot>>>,
    /// A person began an authorization: the watch has something to do.
    begun: Notify,
}

/// What is in the air for one profile.
#[derive(Default)]
struct Slot {
    /// One renewal at a time.
    turn: tokio::sync::Mutex<Turn>,
    attempt: Mutex<Option<Attempt>>,
}

/// How a profile stands, without secrets.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `None`: nobody has connected it as it is set up now.
    pub grant: Option<GrantStatus>,
    /// An authorization that waits for a person.
    pub pending: Option<Pending>,
    /// Why the last authorization led to nothing.
    pub failed: Option<Problem>,
}

/// What a person has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Type the code into this page.
    Device {
        user_code: String,
        verification_url: Url,
        expires_at: Timestamp,
    },
    /// Follow this address. The provider sends the browser to `redirect_url`, which must be registered with it.
    Page {
        url: Url,
        redirect_url: Url,
        /// `false`: the address leads nowhere, and must be copied from the browser's address bar.
        returns: bool,
        expires_at: Timestamp,
    },
}

/// Why an authorization cannot begin or end.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// There is no such profile.
    #[error("there is no such mail profile")]
    NoProfile,
    /// The profile does not log in with OAuth.
    #[error("the mail profile does not log in with OAuth 2.0")]
    NotOAuth,
    /// Nothing waits for this answer: it was answered, took too long, or belongs to another one.
    #[error("no authorization waits for this answer")]
    NothingPending,
    /// The answer is not the address that the provider sent the browser to.
    #[error("the text is not the address that the provider sent the browser to")]
    NotAnAnswer,
    #[error("{0}")]
    Refused(Problem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl std::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OAuth")
    }
}

impl OAuth {
    pub(crate) fn new(
        store: Store,
        dialer: Dialer,
        clock: Arc<dyn Clock>,
        public_url: Url,
    ) -> Result<Self, crate::StartError> {
        Ok(Self(Arc::new(Inner {
            store,
            endpoint: Endpoint::new(dialer)?,
            clock,
            public_url,
            profiles: Mutex::default(),
            begun: Notify::new(),
        })))
    }

    /// How a profile stands now.
    pub async fn connection(&self, profile: ProfileId) -> Result<Connection, OAuthError> {
        let settings = self.settings(profile).await?;
        client_of(&settings)?;
        let grant = self.0.store.mail_tokens().get(profile, &settings).await?;
        let attempt = self.slot(profile).attempt.lock().clone();
        let now = self.0.clock.now();
        let (pending, failed) = match attempt {
            Some(attempt) => attempt.shown(now),
            None => (None, None),
        };
        Ok(Connection {
            grant: grant.map(|g| g.status),
            pending,
            failed,
        })
    }

    /// Forgets what the provider gave. `false`: there was nothing.
    pub async fn forget(&self, profile: ProfileId) -> Result<bool, OAuthError> {
        let slot = self.slot(profile);
        // A renewal that is on its way must not bring it back.
        let mut turn = slot.turn.lock().await;
        *turn = Turn::default();
        *slot.attempt.lock() = None;
        Ok(self.0.store.mail_tokens().forget(profile).await?)
    }

    fn slot(&self, profile: ProfileId) -> Arc<Slot> {
        Arc::clone(self.0.profiles.lock().entry(profile).or_default())
    }

    async fn settings(&self, profile: ProfileId) -> Result<MailSettings, OAuthError> {
        let found = self.0.store.mail().profile(profile).await?;
        Ok(found.ok_or(OAuthError::NoProfile)?.settings)
    }
}

/// The client of settings that log in with OAuth.
fn client_of(settings: &MailSettings) -> Result<&OAuthClient, OAuthError> {
    match (settings.auth, &settings.oauth) {
        (AuthMethod::Xoauth2, Some(client)) => Ok(client),
        _ => Err(OAuthError::NotOAuth),
    }
}
