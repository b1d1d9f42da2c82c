//! The panel that says what the next message uses, and how the last ones went.

use domain::{clock::Timestamp, mail::Security};
use store::{
    MailProfile,
    mail::{MailHealth, MailQueue},
};

use crate::locale::Language;

pub(super) struct InUse {
    pub(super) revision: i64,
    pub(super) server: String,
    pub(super) security: String,
    pub(super) verified: bool,
    /// `None`: without login.
    pub(super) user: Option<String>,
    /// The password cannot be read and must be entered again.
    pub(super) locked: bool,
    pub(super) from: String,
    pub(super) saved_at: Timestamp,
    pub(super) saved_by: String,
    pub(super) last_success: Option<(Timestamp, String, i64)>,
    pub(super) last_error: Option<(Timestamp, String)>,
    pub(super) oldest_waiting: Option<Timestamp>,
    /// Shape and word of how it goes.
    pub(super) shape: &'static str,
    pub(super) word: String,
}

impl InUse {
    pub(super) fn new(
        language: Language,
        current: &MailProfile,
        status: MailHealth,
        queue: MailQueue,
    ) -> Self {
        let s = &current.settings;
        let security = match s.security {
            Security::Tls => "mail-security-tls",
            Security::StartTls => "mail-security-starttls",
            Security::None => "mail-security-none",
        };
        let succeeded = status.last_success.as_ref().map(|(at, ..)| *at);
        let failed = status.last_error.as_ref().map(|(at, _)| *at);
        let (shape, key) = match (succeeded, failed) {
            (None, None) => ("pending", "mail-state-unused"),
            (success, Some(failure)) if success.is_none_or(|s| s < failure) => ("down", "mail-state-failing"),
            _ => ("up", "mail-state-working"),
        };
        Self {
            revision: current.revision,
            server: s.server.to_string(),
            security: language.text(security).to_string(),
            verified: s.verify_certificate || s.security == Security::None,
            user: s.credentials.as_ref().map(|c| c.username.clone()),
            locked: s.is_locked(),
            from: s.from.to_string(),
            saved_at: current.saved_at,
            saved_by: current.saved_by.clone(),
            last_success: status.last_success,
            last_error: status.last_error,
            oldest_waiting: queue.oldest_waiting,
            shape,
            word: language.text(key).to_string(),
        }
    }
}
