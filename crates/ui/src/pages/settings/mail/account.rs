//! How a profile that logs in with OAuth 2.0 stands at its provider.

use alert::oauth::Problem;
use domain::{clock::Timestamp, id::ProfileId, mail::AuthMethod};
use store::{GrantStatus, MailProfile};

use crate::{
    components::{Mark, href},
    locale::Language,
};

pub(super) struct Account {
    /// Where it is connected.
    pub(super) href: String,
    pub(super) mark: Mark,
    /// The access token ends then, and is renewed before.
    pub(super) expires_at: Option<Timestamp>,
    /// What keeps it from logging in, in the provider's words where it said something.
    pub(super) trouble: Option<String>,
    pub(super) connected: bool,
}

impl Account {
    /// `None`: this profile has no use for one.
    pub(super) fn of(language: Language, profile: &MailProfile, grant: Option<&GrantStatus>) -> Option<Self> {
        if profile.settings.auth != AuthMethod::Xoauth2 {
            return None;
        }
        let problem = grant.and_then(Problem::of_grant);
        let (shape, key) = standing(grant.is_some(), problem.is_some());
        Some(Self {
            href: address(profile.id),
            mark: Mark::new(shape, language.text(key).to_string()),
            expires_at: grant.filter(|_| problem.is_none()).map(|g| g.expires_at),
            connected: grant.is_some() && problem.is_none(),
            trouble: problem.map(|p| p.detail),
        })
    }

    /// Nobody has connected it yet.
    pub(super) const fn is_new(&self) -> bool {
        !self.connected && self.trouble.is_none()
    }
}

/// Where the account of a profile is connected.
pub(super) fn address(id: ProfileId) -> String {
    href("/settings/mail/authorize", &[("profile", &id.to_string())])
}

/// Shape of the mark and key of its word.
pub(super) fn standing(granted: bool, troubled: bool) -> (&'static str, &'static str) {
    match (granted, troubled) {
        (false, _) => ("pending", "oauth-state-none"),
        (true, true) => ("down", "oauth-state-attention"),
        (true, false) => ("up", "oauth-state-connected"),
    }
}
