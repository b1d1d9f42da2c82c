//! What somebody should look at before a message is missed: said on the mail page and on the overview.

use alert::oauth::Problem;
use askama::{Template, filters::HtmlSafe};
use domain::{clock::Timestamp, mail::AuthMethod};
use store::{GrantStatus, MailProfile, mail::MailHealth};

use super::{
    account,
    stored::{Stored, Target},
};
use crate::{
    SignedIn, error,
    locale::{Language, Text},
};

/// The notices, one below the other; nothing where nothing is wrong.
#[derive(Template)]
#[template(path = "components/mail-concerns.html")]
pub(crate) struct Concerns {
    language: Language,
    all: Vec<Concern>,
}

impl HtmlSafe for Concerns {}

struct Concern {
    /// Whether messages fail already.
    bad: bool,
    title: String,
    /// The words of whoever refused, where there are any.
    words: Option<String>,
    detail: String,
    href: String,
    link: &'static str,
}

impl Concerns {
    /// Of every profile that is switched on.
    pub(crate) async fn read(who: &SignedIn) -> error::Result<Self> {
        let stored = Stored::read(who, Target::Primary).await?;
        Ok(Self::of(who.visit.language, &stored, who.visit.app.now()))
    }

    pub(super) fn of(language: Language, stored: &Stored, now: Timestamp) -> Self {
        let all = stored
            .profiles
            .iter()
            .filter(|p| p.settings.enabled)
            .filter_map(|p| {
                Concern::of(
                    language,
                    p,
                    stored.grants.get(&p.id),
                    &stored.health_of(p.id),
                    now,
                )
            })
            .collect();
        Self { language, all }
    }

    #[cfg(test)]
    pub(crate) fn none(language: Language) -> Self {
        let all = Vec::new();
        Self { language, all }
    }

    fn t(&self, key: &str) -> Text {
        self.language.text(key)
    }
}

impl Concern {
    /// The worst of one profile: what keeps it from logging in explains its silence as well.
    fn of(
        language: Language,
        profile: &MailProfile,
        grant: Option<&GrantStatus>,
        health: &MailHealth,
        now: Timestamp,
    ) -> Option<Self> {
        if profile.settings.auth != AuthMethod::Xoauth2 {
            return Self::silent(language, profile, health, now);
        }
        let problem = grant.map(Problem::of_grant);
        let (title, words, detail) = match problem {
            Some(None) => return Self::silent(language, profile, health, now),
            Some(Some(problem)) => (
                "mail-concern-grant",
                Some(problem.detail),
                "mail-concern-grant-detail",
            ),
            None => ("mail-concern-account", None, "mail-concern-account-detail"),
        };
        Some(Self {
            bad: true,
            title: language
                .text(title)
                .arg("name", profile.settings.title())
                .to_string(),
            words,
            detail: language.text(detail).to_string(),
            href: account::address(profile.id),
            link: "mail-connect",
        })
    }

    fn silent(
        language: Language,
        profile: &MailProfile,
        health: &MailHealth,
        now: Timestamp,
    ) -> Option<Self> {
        if !health.is_silent(profile.saved_at, now) {
            return None;
        }
        let name = profile.settings.title();
        Some(Self {
            bad: false,
            title: language.text("mail-concern-silent").arg("name", name).to_string(),
            words: None,
            detail: language.text("mail-concern-silent-detail").to_string(),
            href: Target::One(profile.id).href(),
            link: "mail-concern-look",
        })
    }
}
