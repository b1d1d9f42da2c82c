//! Settings as immutable revisions. Whoever uses one reads it at the moment of use.

use domain::{clock::Timestamp, mail::MailSettings};
use serde::{Deserialize, Serialize};

use crate::{error::StoreError, store::Store};

pub struct Settings<'a> {
    pub(crate) store: &'a Store,
}

#[derive(Clone, Debug)]
pub struct MailRevision {
    pub revision: i64,
    pub settings: MailSettings,
    pub saved_at: Timestamp,
    pub saved_by: String,
}

/// What became of the latest mails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailStatus {
    /// When, the server's words, and the revision that was used.
    pub last_success: Option<(Timestamp, String, i64)>,
    pub last_error: Option<(Timestamp, String)>,
    /// Mails that wait until somebody corrects the settings.
    pub waiting: u64,
    pub oldest_waiting: Option<Timestamp>,
}

/// What does not belong to mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct General {
    /// `/metrics` answers without a token.
    pub metrics_open: bool,
    /// Language of pages and messages; `None` = the visitor's, and English in messages.
    pub language: Option<String>,
}

impl Default for General {
    fn default() -> Self {
        Self {
            metrics_open: false,
            language: None,
        }
    }
}

impl Settings<'_> {
    /// `None`: mail was never set up.
    pub async fn mail(&self) -> Result<Option<MailRevision>, StoreError> {
        Err(StoreError::Busy)
    }

    /// Mails that waited for a correction become due.
    pub async fn save_mail(&self, _settings: &MailSettings, _by: &str) -> Result<MailRevision, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn mail_status(&self) -> Result<MailStatus, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn general(&self) -> Result<General, StoreError> {
        Err(StoreError::Busy)
    }

    pub async fn save_general(&self, _general: &General, _by: &str) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }
}
