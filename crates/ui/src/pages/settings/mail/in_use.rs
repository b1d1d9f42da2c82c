//! The panel that says what a profile uses, how the last messages went, and whether it is tried now.

use alert::{Course, Outlook};
use domain::{
    clock::Timestamp,
    id::ProfileId,
    mail::{Security, breaker::Breaker},
};
use store::{
    MailProfile,
    mail::{Canary, MailHealth, MailQueue},
};

use super::{
    account::Account,
    changed,
    stored::{Stored, Target},
    test_view,
};
use crate::locale::Language;

pub(super) struct InUse {
    pub(super) id: ProfileId,
    /// The hidden field that leads back to this page.
    pub(super) mark: String,
    pub(super) title: String,
    /// The next message takes this one.
    pub(super) is_next: bool,
    pub(super) revision: i64,
    pub(super) server: String,
    pub(super) security: String,
    pub(super) verified: bool,
    /// `None`: no login with OAuth 2.0.
    pub(super) account: Option<Account>,
    /// `None`: without login.
    pub(super) user: Option<String>,
    /// The password cannot be read and must be entered again.
    pub(super) locked: bool,
    pub(super) from: String,
    pub(super) saved_at: Timestamp,
    pub(super) saved_by: String,
    /// Which fields that save changed, in words; empty for the first one.
    pub(super) changed: String,
    pub(super) last_success: Option<(Timestamp, String, i64)>,
    /// When, what happened, and at which step.
    pub(super) last_error: Option<(Timestamp, String, Option<String>)>,
    /// When a weekly mail was accepted last, and why the latest one was not.
    pub(super) canary: Canary,
    /// There is to be one.
    pub(super) has_canary: bool,
    pub(super) breaker: Breaker,
    pub(super) queue: MailQueue,
    /// Why nothing goes, if nothing goes.
    pub(super) held: Option<String>,
    /// Shape and word of how it goes.
    pub(super) shape: &'static str,
    pub(super) word: String,
}

impl InUse {
    /// `None`: there is no such profile yet.
    pub(super) fn of(language: Language, stored: &Stored, outlook: &Outlook) -> Option<Self> {
        let current = stored.current()?;
        let health = stored.health_of(current.id);
        let s = &current.settings;
        let security = match s.security {
            Security::Tls => "mail-security-tls",
            Security::StartTls => "mail-security-starttls",
            Security::None => "mail-security-none",
        };
        let account = stored.account_of(language, current);
        let (shape, key) = how_it_goes(current, account.as_ref(), &health);
        // One that this version does not know is shown as it stands.
        let step = health
            .last_error_step
            .map(|step| test_view::named(&step).map_or(step, |key| language.text(key).to_string()));
        Some(Self {
            id: current.id,
            mark: match stored.target {
                Target::Primary => String::new(),
                Target::One(_) | Target::New => current.id.to_string(),
            },
            title: s.title(),
            is_next: *outlook == Outlook::Uses(current.id),
            revision: current.revision,
            server: s.server.to_string(),
            security: language.text(security).to_string(),
            verified: s.verify_certificate || s.security == Security::None,
            account,
            user: s.credentials.as_ref().map(|c| c.username.clone()),
            locked: s.is_locked(),
            from: s.from.to_string(),
            saved_at: current.saved_at,
            saved_by: current.saved_by.clone(),
            changed: changed::named(language, &current.changed),
            last_success: health.last_success,
            last_error: health.last_error.map(|(at, what)| (at, what, step)),
            canary: health.canary,
            has_canary: stored.canary,
            breaker: health.breaker,
            queue: stored.queue,
            held: match outlook {
                Outlook::Uses(_) => None,
                Outlook::Waits { why, .. } | Outlook::Stuck(why) => Some(why.clone()),
            },
            shape,
            word: language.text(key).to_string(),
        })
    }
}

/// Shape of the mark and key of its word: first what keeps it from being used at all.
pub(super) fn how_it_goes(
    profile: &MailProfile,
    account: Option<&Account>,
    health: &MailHealth,
) -> (&'static str, &'static str) {
    let settings = &profile.settings;
    match Course::of(health, profile.saved_at) {
        _ if !settings.enabled => ("paused", "mail-state-off"),
        _ if settings.is_locked() => ("down", "mail-state-locked"),
        _ if account.is_some_and(Account::is_new) => ("down", "oauth-state-none"),
        _ if account.is_some_and(|a| !a.connected) => ("down", "oauth-state-attention"),
        _ if health.breaker.open_since().is_some() => ("down", "mail-state-left-alone"),
        Course::Unused => ("pending", "mail-state-unused"),
        Course::Fails => ("down", "mail-state-failing"),
        Course::Works => ("up", "mail-state-working"),
    }
}
