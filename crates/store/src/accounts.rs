//! People, their sessions, and the tokens of their scripts.

use std::{net::IpAddr, time::Duration};

use domain::{
    clock::Timestamp,
    field::FieldError,
    id::{TokenId, UserId},
    mail::Address,
};
use secrecy::SecretString;

use crate::{error::StoreError, store::Store};

pub struct Accounts<'a> {
    pub(crate) store: &'a Store,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub created_at: Timestamp,
}

/// A password that a person may choose: 12 characters to 256 bytes, not one of the well-known ones.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

#[derive(Debug, thiserror::Error)]
pub enum CreateAdminError {
    #[error("there is an administrator already")]
    AlreadyDone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone, Debug)]
pub struct Session {
    pub user: User,
    /// Belongs to this session alone; forms carry it.
    pub csrf: String,
    pub created_at: Timestamp,
    pub remember: bool,
}

/// Ask again after this long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

/// What a token may do. `Write` includes `Read`; `Push` is for heartbeats alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Read,
    Write,
    Push,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Push];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Push => "push",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// An API token; the secret part is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub user: User,
    pub name: String,
    pub scope: Scope,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Exact to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl Password {
    pub fn parse(_field: &str, text: &str) -> Result<Self, FieldError> {
        Ok(Self(SecretString::from(text.to_owned())))
    }
}

impl Accounts<'_> {
    /// True until the first administrator exists.
    pub async fn setup_needed(&self) -> Result<bool, StoreError> {
        Err(StoreError::Busy)
    }

    /// Exactly one caller succeeds, however many try at once. The setup token is spent with it.
    pub async fn create_first_admin(
        &self,
        _email: &Address,
        _password: &Password,
    ) -> Result<User, CreateAdminError> {
        Err(CreateAdminError::AlreadyDone)
    }

    /// Creates the account or resets its password, and ends its sessions.
    pub async fn upsert_admin(&self, _email: &Address, _password: &Password) -> Result<User, StoreError> {
        Err(StoreError::Busy)
    }

    /// `None`: wrong, or no such account; both take as long.
    pub async fn authenticate(
        &self,
        _email: &str,
        _password: &SecretString,
    ) -> Result<Option<User>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn user_by_email(&self, _email: &str) -> Result<Option<User>, StoreError> {
        Err(StoreError::Busy)
    }

    /// The value of the cookie, and the session.
    pub async fn start_session(
        &self,
        _user: UserId,
        _remember: bool,
    ) -> Result<(SecretString, Session), StoreError> {
        Err(StoreError::Busy)
    }

    /// The session of a cookie, unless it is over: 24 hours idle (remembered: 30 days), or 90 days old.
    pub async fn session(&self, _cookie: &str) -> Result<Option<Session>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn end_session(&self, _cookie: &str) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn end_sessions_of(&self, _user: UserId) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    /// Whether a login may be tried now.
    pub async fn login_allowed(
        &self,
        _account: &str,
        _ip: IpAddr,
    ) -> Result<Result<(), RetryAfter>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn login_failed(&self, _account: &str, _ip: IpAddr) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn login_succeeded(&self, _account: &str, _ip: IpAddr) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    /// `wb_<id>_<43 characters>`, shown once.
    pub async fn create_token(
        &self,
        _user: UserId,
        _name: &str,
        _scope: Scope,
        _expires: Option<Timestamp>,
    ) -> Result<SecretString, StoreError> {
        Err(StoreError::Busy)
    }

    /// `None`: not a token, unknown, revoked or expired.
    pub async fn token(&self, _text: &str) -> Result<Option<Token>, StoreError> {
        Err(StoreError::Busy)
    }

    /// Latest first; revoked ones are gone.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn revoke_token(&self, _id: TokenId) -> Result<bool, StoreError> {
        Err(StoreError::Busy)
    }

    /// Replaces the one before.
    pub async fn set_setup_token(&self, _token: &SecretString) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn check_setup_token(&self, _token: &str) -> Result<bool, StoreError> {
        Err(StoreError::Busy)
    }
}
