//! The profiles as they are stored, and the one that a page is about.

use std::collections::HashMap;

use domain::{id::ProfileId, mail::MailSettings};
use store::{
    GrantStatus, MailProfile,
    mail::{MailHealth, MailQueue},
};

use super::{HERE, account::Account};
use crate::{
    SignedIn,
    error::{self, Error},
    locale::Language,
    pages::form::value,
};

/// Which profile a page or a form is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The first in order, or the first that there will be.
    Primary,
    One(ProfileId),
    /// One that is not there yet.
    New,
}

impl Target {
    /// By the number in a path.
    pub(super) fn of(id: &str) -> error::Result<Self> {
        id.parse()
            .map(|id| Self::One(ProfileId(id)))
            .map_err(|_| Error::NotFound)
    }

    /// By the hidden field of a form; without it, the primary one.
    pub(super) fn of_form(typed: &[(String, String)]) -> error::Result<Self> {
        match value(typed, "profile") {
            "" => Ok(Self::Primary),
            "new" => Ok(Self::New),
            id => Self::of(id),
        }
    }

    /// What the hidden field says.
    pub(super) fn mark(self) -> String {
        match self {
            Self::Primary => String::new(),
            Self::New => "new".to_owned(),
            Self::One(id) => id.to_string(),
        }
    }

    pub(super) fn href(self) -> String {
        match self {
            Self::Primary => HERE.to_owned(),
            Self::New => format!("{HERE}/new"),
            Self::One(id) => format!("{HERE}/{id}"),
        }
    }

    /// The page about SPF, DKIM and DMARC of its sender.
    pub(super) fn deliverability(self) -> String {
        match self {
            Self::Primary | Self::New => format!("{HERE}/deliverability"),
            Self::One(id) => format!("{HERE}/deliverability?profile={id}"),
        }
    }

    /// Where what was saved is seen.
    pub(super) fn after_saving(self, id: ProfileId) -> String {
        match self {
            Self::Primary => self.href(),
            Self::New | Self::One(_) => Self::One(id).href(),
        }
    }
}

/// What is stored, and what became of it.
pub(super) struct Stored {
    pub(super) target: Target,
    /// In order.
    pub(super) profiles: Vec<MailProfile>,
    pub(super) health: HashMap<ProfileId, MailHealth>,
    /// What the providers of those that log in with OAuth 2.0 gave.
    pub(super) grants: HashMap<ProfileId, GrantStatus>,
    pub(super) queue: MailQueue,
    /// The weekly mail goes somewhere.
    pub(super) canary: bool,
}

impl Stored {
    /// Refuses a profile that is not there (any more).
    pub(super) async fn read(who: &SignedIn, target: Target) -> error::Result<Self> {
        let store = who.store();
        let mail = store.mail();
        let profiles = mail.profiles().await?;
        let mut grants = HashMap::new();
        for profile in &profiles {
            let grant = store.mail_tokens().get(profile.id, &profile.settings).await?;
            grants.extend(grant.map(|g| (profile.id, g.status)));
        }
        let stored = Self {
            target,
            profiles,
            health: mail.health_of_all().await?,
            grants,
            queue: mail.queue().await?,
            canary: store.settings().general().await?.canary_to.is_some(),
        };
        if matches!(target, Target::One(_)) && stored.current().is_none() {
            return Err(Error::NotFound);
        }
        Ok(stored)
    }

    pub(super) fn current(&self) -> Option<&MailProfile> {
        match self.target {
            Target::Primary => self.profiles.first(),
            Target::One(id) => self.profiles.iter().find(|p| p.id == id),
            Target::New => None,
        }
    }

    pub(super) fn id(&self) -> Option<ProfileId> {
        self.current().map(|c| c.id)
    }

    pub(super) fn settings(&self) -> Option<&MailSettings> {
        self.current().map(|c| &c.settings)
    }

    pub(super) fn has_password(&self) -> bool {
        let credentials = self.settings().and_then(|s| s.credentials.as_ref());
        credentials.is_some_and(|c| c.password.is_some())
    }

    pub(super) fn has_client_secret(&self) -> bool {
        let client = self.settings().and_then(|s| s.oauth.as_ref());
        client.is_some_and(|c| c.client_secret.is_some())
    }

    pub(super) fn account_of(&self, language: Language, profile: &MailProfile) -> Option<Account> {
        Account::of(language, profile, self.grants.get(&profile.id))
    }

    pub(super) fn health_of(&self, id: ProfileId) -> MailHealth {
        self.health.get(&id).cloned().unwrap_or_default()
    }
}

/// A password or client secret that was sealed with a key that we do not have. Each revision seals its own, so one that
/// is made without a person is one without it.
pub(super) fn has_unreadable_secret(settings: &MailSettings) -> bool {
    settings.is_locked() || settings.oauth.as_ref().is_some_and(|client| client.secret_locked)
}
