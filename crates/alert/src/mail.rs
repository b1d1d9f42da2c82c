//! Mail: the one conversation with a mail server that there is.
//!
//! Flow: [`Mailer::deliver`] dials through the egress policy (`dial`), encrypts as the settings say (`secure`), talks to
//! the server through lettre's commands on our own byte stream (`session`, `stream`), and gives back a [`Conversation`]:
//! every step with its time, the transcript without secrets, and either the server's final yes or a classified
//! [`Failure`]. Alerts, the test on the settings page and `watchbell mail test` all end in this one function, so that a
//! test that passes says something about the alerts to come.
//!
//! What this module does not do: it reads no settings and keeps none (they come in with their revision, read at the
//! moment of use), it never retries, and it knows no server that was not set up: there is no default host.

use std::{net::SocketAddr, time::Duration};

use domain::{
    id::ProfileId,
    mail::{Address, AuthMethod, MailSettings},
};
use egress::Dialer;
use lettre::transport::smtp::extension::ClientId;
use secrecy::SecretString;
use store::MailProfile;
use tokio::time::Instant;
use url::Url;

use crate::{channel::Trace, oauth::OAuth};

mod capabilities;
mod certificate;
mod deadlines;
mod dial;
mod failure;
mod hello;
mod hints;
mod letter;
mod login;
mod mismatch;
mod reply;
mod secrets;
mod secure;
mod session;
mod steps;
mod stream;
mod test;
mod transcript;
mod wire;

pub use crate::message::Language;
pub use certificate::{CertificateReport, ChainLink};
pub use deadlines::Deadlines;
pub use failure::{Class, Failure, Symptom};
pub use hints::Hint;
pub use letter::Letter;
pub use reply::Reply;
pub use steps::{Observer, Step, StepReport, not_reached};
pub use test::{MailTest, Trial};

use session::{Session, Setup};
use steps::Progress;
use wire::Wire;

/// Settings as they were read, and whose they are.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    pub settings: &'a MailSettings,
    /// The stored profile and its revision; `None` for settings that are not saved yet.
    pub stored: Option<(ProfileId, i64)>,
}

impl<'a> From<&'a MailProfile> for Profile<'a> {
    fn from(profile: &'a MailProfile) -> Self {
        Self {
            settings: &profile.settings,
            stored: Some((profile.id, profile.revision)),
        }
    }
}

impl Profile<'_> {
    pub fn revision(&self) -> Option<i64> {
        self.stored.map(|(_, revision)| revision)
    }
}

/// What became of one message, whatever became of it.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub result: Result<Accepted, Failure>,
    pub steps: Vec<StepReport>,
    /// `+0.120 s S: …`, `… C: …`, and `… -- …` for what neither side said; the time is since the begin of the
    /// conversation. Holds no password in any form.
    pub transcript: Vec<String>,
    pub trace: Trace,
    /// What the server presented, also when it was refused. `None`: it came to no handshake.
    pub certificate: Option<CertificateReport>,
}

impl Conversation {
    /// It failed before there was a connection.
    pub(crate) fn not_begun(profile: Profile<'_>, failure: Failure, observer: Observer<'_>) -> Self {
        let mut progress = Progress::new(observer);
        progress.begin(failure.step);
        progress.report(failure.step, false, progress.elapsed(), &failure.what);
        let settings = profile.settings;
        let trace = Trace {
            profile: profile.stored.map(|(id, _)| (id, settings.title())),
            settings_revision: profile.revision(),
            server: Some(settings.server.to_string()),
            step: Some(failure.step.to_string()),
            ..Trace::default()
        };
        Self {
            result: Err(failure),
            steps: progress.into_parts().0,
            transcript: Vec::new(),
            trace,
            certificate: None,
        }
    }
}

/// The server's final yes to the end of the data. It says that the server took the message, not that anybody got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub reply: Reply,
    /// The server's own name for the message, if it said one.
    pub queue_id: Option<String>,
    /// Recipients of a shared message that the server did not take; it took the others.
    pub refused: Vec<(Address, Failure)>,
}

/// What is known of a connection, however far the conversation gets.
#[derive(Default)]
struct Seen {
    remote: Option<SocketAddr>,
    /// The version of TLS.
    tls: Option<String>,
}

/// How far a conversation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// The final yes to a message.
    Deliver,
    /// The yes to its recipient; the message stays here.
    Rehearse,
}

/// Delivers messages. Cheap to clone; holds no settings and no connection.
#[derive(Clone, Debug)]
pub struct Mailer {
    dialer: Dialer,
    public_url: Url,
    deadlines: Deadlines,
    /// Knows the access tokens of profiles that log in with them.
    oauth: Option<OAuth>,
}

impl Mailer {
    /// `public_url` gives the name that we introduce ourselves with, where the settings have none.
    pub fn new(dialer: Dialer, public_url: Url) -> Self {
        Self {
            dialer,
            public_url,
            deadlines: Deadlines::default(),
            oauth: None,
        }
    }

    /// Without it, nothing can be sent through profiles that log in with OAuth 2.0.
    #[must_use]
    pub fn with_oauth(self, oauth: OAuth) -> Self {
        Self {
            oauth: Some(oauth),
            ..self
        }
    }

    #[must_use]
    pub fn with_deadlines(self, deadlines: Deadlines) -> Self {
        Self { deadlines, ..self }
    }

    /// The same with what is left of its time.
    pub(crate) fn with_time_left(&self, passed: Duration) -> Self {
        let session = self.deadlines.session.saturating_sub(passed);
        Self {
            deadlines: Deadlines {
                session,
                ..self.deadlines
            },
            ..self.clone()
        }
    }

    pub(crate) fn deadlines(&self) -> Deadlines {
        self.deadlines
    }

    pub(crate) fn public_url(&self) -> &Url {
        &self.public_url
    }

    /// Delivers one message over a connection of its own. Takes at most [`Deadlines::session`] and a farewell. Dropping
    /// the future closes the connection wherever it stands.
    pub async fn deliver(
        &self,
        profile: Profile<'_>,
        letter: &Letter,
        observer: Observer<'_>,
    ) -> Conversation {
        self.hold(Goal::Deliver, profile, letter, observer).await
    }

    /// The conversation of [`Self::deliver`], as far as `goal`.
    async fn hold(
        &self,
        goal: Goal,
        profile: Profile<'_>,
        letter: &Letter,
        observer: Observer<'_>,
    ) -> Conversation {
        match &self.oauth {
            Some(oauth) if profile.settings.auth == AuthMethod::Xoauth2 => {
                oauth.hold(self, goal, profile, letter, observer).await
            }
            _ => self.hold_with(None, goal, profile, letter, observer).await,
        }
    }

    /// The same, logging in with this access token where the settings want one.
    pub(crate) async fn hold_with(
        &self,
        token: Option<&SecretString>,
        goal: Goal,
        profile: Profile<'_>,
        letter: &Letter,
        observer: Observer<'_>,
    ) -> Conversation {
        let settings = profile.settings;
        let wire = Wire::new(self.deadlines.session, settings.credentials.as_ref(), token);
        let mut progress = Progress::new(observer);
        let mut seen = Seen::default();
        let started = Instant::now();
        let result = self
            .converse((goal, letter), (settings, token), &wire, &mut progress, &mut seen)
            .await;
        let Seen { remote, tls } = seen;
        if let Err(failure) = &result {
            progress.report(failure.step, false, progress.elapsed(), &failure.what);
        }
        let step = progress.current();
        let reply = match &result {
            Ok(accepted) => Some(&accepted.reply),
            Err(failure) => failure.reply.as_ref(),
        };
        let transcript = wire.transcript();
        let trace = Trace {
            profile: profile.stored.map(|(id, _)| (id, settings.title())),
            settings_revision: profile.revision(),
            remote,
            server: Some(settings.server.to_string()),
            step: Some(step.to_string()),
            tls,
            reply_code: reply.map(|r| r.code),
            enhanced_code: reply.and_then(Reply::enhanced).map(str::to_owned),
            reply_text: reply.map(Reply::text),
            transcript: Some(transcript.join("\n")).filter(|t| !t.is_empty()),
        };
        tracing::debug!(
            mail.server = %settings.server,
            mail.settings_revision = profile.revision(),
            mail.step = %step,
            mail.accepted = result.is_ok(),
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "mail conversation ended"
        );
        let (steps, certificate) = progress.into_parts();
        Conversation {
            result,
            steps,
            transcript,
            trace,
            certificate,
        }
    }

    async fn converse(
        &self,
        (goal, letter): (Goal, &Letter),
        (settings, token): (&MailSettings, Option<&SecretString>),
        wire: &Wire,
        progress: &mut Progress<'_>,
        seen: &mut Seen,
    ) -> Result<Accepted, Failure> {
        let mut setup = Setup {
            settings,
            token,
            dialer: &self.dialer,
            deadlines: self.deadlines,
            // Replaced as soon as there is a socket with an address of its own.
            hello: ClientId::default(),
            wire,
        };
        let line = dial::dial(&setup, progress).await?;
        seen.remote = Some(line.remote);
        setup.hello = hello::name(settings, &self.public_url, line.tcp.local_addr().ok());
        let mut session = Session::open(&setup, line, progress, &mut seen.tls).await?;
        let accepted = match goal {
            Goal::Deliver => {
                let (reply, refused) = session.submit(letter, progress).await?;
                let queue_id = reply.queue_id();
                Accepted {
                    reply,
                    queue_id,
                    refused,
                }
            }
            Goal::Rehearse => Accepted {
                reply: session.rehearse(letter, progress).await?,
                queue_id: None,
                refused: Vec::new(),
            },
        };
        session.close().await;
        Ok(accepted)
    }
}
