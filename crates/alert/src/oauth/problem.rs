//! Why there is no access token, in a form that may be shown and kept.

use std::fmt;

use domain::mail::oauth::{Refusal, RefusalKind};
use store::{GrantState, GrantStatus};

use crate::mail::{Hint, Language};

/// What kind of thing must change before there can be a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// Nobody has connected this profile as it is set up now.
    NotConnected,
    /// The tokens were sealed with a key that we do not have.
    Locked,
    /// The provider takes the authorization no more.
    Revoked,
    /// Client id or secret are wrong.
    Client,
    /// The person said no.
    Denied,
    /// The person took too long.
    Expired,
    /// The provider does not do what we ask for.
    Rejected,
    /// The provider cannot be asked now.
    Unavailable,
    /// The fault is ours: the database, the random numbers.
    Ours,
}

/// A kind, and what was said or seen: one line, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    pub detail: String,
}

impl ProblemKind {
    pub const ALL: [Self; 9] = [
        Self::NotConnected,
        Self::Locked,
        Self::Revoked,
        Self::Client,
        Self::Denied,
        Self::Expired,
        Self::Rejected,
        Self::Unavailable,
        Self::Ours,
    ];

    /// Stable name; with `hint-` before and `-cause` or `-fix` behind it, the key of its texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotConnected => "oauth-not-connected",
            Self::Locked => "oauth-locked",
            Self::Revoked => "oauth-revoked",
            Self::Client => "oauth-client",
            Self::Denied => "oauth-denied",
            Self::Expired => "oauth-expired",
            Self::Rejected => "oauth-rejected",
            Self::Unavailable => "oauth-unavailable",
            Self::Ours => "oauth-ours",
        }
    }

    /// A later try changes nothing before a person has done something.
    pub const fn needs_person(self) -> bool {
        !matches!(self, Self::Unavailable | Self::Ours)
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    pub(super) fn ours(error: &dyn fmt::Display) -> Self {
        Self::new(ProblemKind::Ours, error.to_string())
    }

    /// Why a grant needs attention, if it does.
    pub fn of_grant(grant: &GrantStatus) -> Option<Self> {
        if grant.locked {
            let detail = "The stored authorization was sealed with another key and cannot be read.";
            return Some(Self::new(ProblemKind::Locked, detail));
        }
        Self::of_state(&grant.state)
    }

    /// What is kept with a grant that the provider refused.
    pub(super) fn of_state(state: &GrantState) -> Option<Self> {
        match state {
            GrantState::Ok => None,
            GrantState::NeedsAttention { kind, detail } => Some(Self::new(
                ProblemKind::parse(kind).unwrap_or(ProblemKind::Revoked),
                detail.clone(),
            )),
        }
    }

    /// Cause and fix in plain words.
    pub fn hint(&self, language: Language) -> Hint {
        let key = self.kind.as_str();
        Hint {
            key,
            cause: language.text(&format!("hint-{key}-cause")),
            fix: language.text(&format!("hint-{key}-fix")),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal.kind {
            RefusalKind::InvalidGrant => ProblemKind::Revoked,
            RefusalKind::InvalidClient => ProblemKind::Client,
            RefusalKind::Denied => ProblemKind::Denied,
            RefusalKind::Expired => ProblemKind::Expired,
            RefusalKind::Rejected => ProblemKind::Rejected,
            RefusalKind::Pending
            | RefusalKind::SlowDown
            | RefusalKind::Unavailable
            | RefusalKind::Unreadable => ProblemKind::Unavailable,
        };
        Self::new(kind, refusal.detail)
    }
}
