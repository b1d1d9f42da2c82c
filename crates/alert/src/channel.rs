//! What every channel is to the dispatcher: a message in, a receipt or a classified refusal out.

use std::{net::SocketAddr, time::Duration};

use async_trait::async_trait;
use domain::{attention::Rejection, delivery::Notice, id::ProfileId};
use store::MailProfile;

/// Why a channel is not used whose secrets cannot be opened.
pub(crate) const LOCKED: &str = "The secrets of this channel were sealed with another key. Enter them again in the settings of the channel.";

/// One way to reach people, with one configuration. Built for each send from what is then stored.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Sends one message to one recipient. It is done when the other side gave its final answer; it keeps its own
    /// deadlines, and the dispatcher's lies above them.
    async fn send(&self, notice: &Notice) -> Result<Receipt, SendError>;
}

/// The other side's final yes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Its own name for the message (queue id), if it said one.
    pub reference: Option<String>,
    pub trace: Trace,
    /// Recipients of a shared message that were not accepted, and why; the others were.
    pub refused: Vec<(String, SendError)>,
}

/// Why a message was not accepted and what to do next. Classified by the channel, where it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    /// One or two sentences for a person: what happened and what to do. No secrets, sanitised.
    pub reason: String,
    pub retry: Retry,
    pub trace: Trace,
    /// Of a message for several recipients: what each of them was refused for.
    pub refused: Vec<(String, SendError)>,
}

/// What to do after a message was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same message will never be accepted.
    Never,
    /// By the table of the channel ([`domain::retry::RetryPolicy`]) until the time to live is over.
    Backoff,
    /// As [`Retry::Backoff`], but given up for good after the third attempt: an answer that usually stays
    /// (a 404) and sometimes is a deployment in progress.
    Briefly,
    /// As [`Retry::Backoff`], but after this long at the latest: then there is another way.
    Within(Duration),
    /// The other side named the time.
    After(Duration),
    /// Not before a person changes the settings of the channel or of mail.
    OnSettings,
}

/// How far a send got and what it saw; becomes part of [`domain::delivery::Attempt`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The mail profile that was used, by its id and its name.
    pub profile: Option<(ProfileId, String)>,
    /// Revision of the mail settings that were used.
    pub settings_revision: Option<i64>,
    /// The address that was actually dialled.
    pub remote: Option<SocketAddr>,
    /// `host:port` as set up.
    pub server: Option<String>,
    /// The last step that was reached.
    pub step: Option<String>,
    /// The version of TLS, as `TLS 1.3`.
    pub tls: Option<String>,
    pub reply_code: Option<u16>,
    /// As `5.7.8`, where the server said one.
    pub enhanced_code: Option<String>,
    /// The other side's words, sanitised, at most 1 KiB.
    pub reply_text: Option<String>,
    /// What was said, line by line, without secrets.
    pub transcript: Option<String>,
    /// The other side's no is about the channel and not about this message.
    pub rejection: Option<Rejection>,
}

impl Trace {
    /// Of a profile that was not dialled yet.
    pub(crate) fn of_profile(profile: &MailProfile) -> Self {
        Self {
            profile: Some((profile.id, profile.settings.title())),
            settings_revision: Some(profile.revision),
            server: Some(profile.settings.server.to_string()),
            ..Self::default()
        }
    }
}

impl SendError {
    pub fn new(retry: Retry, reason: impl Into<String>, trace: Trace) -> Self {
        Self {
            reason: reason.into(),
            retry,
            trace,
            refused: Vec::new(),
        }
    }
}
