//! The panel that says what a profile uses, how the last messages went, and whether it is tried now.

use alert::Outlook;
use domain::{
    clock::Timestamp,
    id::ProfileId,
    mail::{AuthMethod, Security, breaker::Breaker},
};
use store::mail::{MailHealth, MailQueue};

use super::stored::{Stored, Target};
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
    pub(super) auth: AuthMethod,
    /// `None`: without login.
    pub(super) user: Option<String>,
    /// The password cannot be read and must be entered again.
    pub(super) locked: bool,
    pub(super) from: String,
    pub(super) saved_at: Timestamp,
    pub(super) saved_by: String,
    pub(super) last_success: Option<(Timestamp, String, i64)>,
    /// When, what happened, and at which step.
    pub(super) last_error: Option<(Timestamp, String, Option<String>)>,
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
        let (shape, key) = how_it_goes(s.enabled, s.is_locked(), &health);
        let step = health.last_error_step;
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
            auth: s.auth,
            user: s.credentials.as_ref().map(|c| c.username.clone()),
            locked: s.is_locked(),
            from: s.from.to_string(),
            saved_at: current.saved_at,
            saved_by: current.saved_by.clone(),
            last_success: health.last_success,
            last_error: health.last_error.map(|(at, what)| (at, what, step)),
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

/// Shape of the mark and key of its word.
pub(super) fn how_it_goes(enabled: bool, locked: bool, health: &MailHealth) -> (&'static str, &'static str) {
    let succeeded = health.last_success.as_ref().map(|(at, ..)| *at);
    let failed = health.last_error.as_ref().map(|(at, _)| *at);
    match (succeeded, failed) {
        _ if !enabled => ("paused", "mail-state-off"),
        _ if locked => ("down", "mail-state-locked"),
        _ if health.breaker.open_since().is_some() => ("down", "mail-state-left-alone"),
        (None, None) => ("pending", "mail-state-unused"),
        (success, Some(failure)) if success.is_none_or(|s| s < failure) => ("down", "mail-state-failing"),
        _ => ("up", "mail-state-working"),
    }
}
