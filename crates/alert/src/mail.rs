//! Mail: the one conversation with a mail server that there is.
//!
//! Flow: [`Mailer::deliver`] takes the connection that the mails of its [`Batch`] share (`batch`), or dials through the egress policy (`dial`), encrypts as the settings say (`secure`), talks to
//! the server through lettre's commands on our own byte stream (`session`, `stream`), and gives back a [`Conversation`]:
//! every step with its time, the transcript without secrets, and either the server's final yes or a classified
//! [`Failure`]. Alerts, the test on the settings page and `watchbell mail test` all end in this one function, so that a
//! test that passes says something about the alerts to come.
//!
//! What this module does not do: it reads no settings and keeps none (they come in with their revision, read at the
//! moment of use), it never retries, and it knows no server that was not set up: there is no default host.

use std::time::Duration;

use domain::{
    id::ProfileId,
    mail::{AuthMethod, MailSettings},
};
use egress::Dialer;
use lettre::transport::smtp::extension::ClientId;
use secrecy::SecretString;
use store::MailProfile;
use url::Url;

use crate::oauth::OAuth;

mod batch;
mod capabilities;
mod certificate;
mod conversation;
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
pub use batch::Batch;
pub use certificate::{CertificateReport, ChainLink};
pub use conversation::{Accepted, Conversation};
pub use deadlines::Deadlines;
pub use failure::{Class, Failure, Symptom};
pub use hints::Hint;
pub use letter::Letter;
pub use reply::Reply;
pub use steps::{Observer, Step, StepReport, not_reached};
pub use test::{MailTest, Trial};

use conversation::{Seen, Talk};
use session::{Session, Setup};
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

/// Who logs in.
#[derive(Clone, Copy)]
struct Account<'a> {
    profile: Profile<'a>,
    /// For settings that log in with OAuth 2.0.
    token: Option<&'a SecretString>,
}

impl Account<'_> {
    /// What a connection is kept for; `None`: for nothing.
    fn key(self) -> Option<batch::Key> {
        batch::Key::of(self.profile, self.token)
    }
}

/// How far a conversation goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal<'a> {
    /// The final yes to a message, over the connection that it shares with others.
    Deliver(&'a Batch),
    /// The yes to its recipient, over a connection of its own; the message stays here.
    Rehearse,
}

/// Delivers messages. Cheap to clone; holds no settings and no connection (a [`Batch`] does).
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

    /// Delivers one message over the connection of its batch, or over a new one. Takes at most [`Deadlines::session`] and
    /// a farewell. Dropping the future closes the connection wherever it stands.
    pub async fn deliver(
        &self,
        batch: &Batch,
        profile: Profile<'_>,
        letter: &Letter,
        observer: Observer<'_>,
    ) -> Conversation {
        self.hold(Goal::Deliver(batch), profile, letter, observer).await
    }

    /// The conversation of [`Self::deliver`], as far as `goal`.
    async fn hold(
        &self,
        goal: Goal<'_>,
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
        goal: Goal<'_>,
        profile: Profile<'_>,
        letter: &Letter,
        observer: Observer<'_>,
    ) -> Conversation {
        let mut talk = Talk::begin(observer);
        let account = Account { profile, token };
        let result = match goal {
            Goal::Deliver(batch) => self.submit(batch, account, letter, &mut talk).await,
            Goal::Rehearse => self.rehearse(account, letter, &mut talk).await,
        };
        talk.end(profile, result)
    }

    async fn submit(
        &self,
        batch: &Batch,
        account: Account<'_>,
        letter: &Letter,
        talk: &mut Talk<'_>,
    ) -> Result<Accepted, Failure> {
        let key = account.key();
        let kept = match &key {
            Some(key) => batch.take(key).await,
            None => None,
        };
        let (session, accepted) = match kept {
            Some(session) => match talk.go_on(session, letter, self.deadlines.session).await {
                Err(failure) if failure.may_be_the_connection() => {
                    talk.give_up(&failure);
                    self.submit_anew(account, letter, talk).await?
                }
                done => done?,
            },
            None => self.submit_anew(account, letter, talk).await?,
        };
        let wire = session.wire.clone();
        match key.filter(|_| batch.goes_on(&session)) {
            Some(key) => {
                // Before the next message says something on it.
                talk.transcript = wire.transcript();
                if let Some(spare) = batch.keep(key, session) {
                    spare.close().await;
                }
            }
            None => {
                session.close().await;
                talk.transcript = wire.transcript();
            }
        }
        Ok(accepted)
    }

    async fn submit_anew(
        &self,
        account: Account<'_>,
        letter: &Letter,
        talk: &mut Talk<'_>,
    ) -> Result<(Session, Accepted), Failure> {
        let wire = self.wire(account, talk);
        // Most of the conversation's memory is here, and a mail on an open connection does without it.
        let opened = Box::pin(self.open(account, &wire, talk)).await;
        let submitted = match opened {
            Ok(session) => session.deliver(letter, &mut talk.progress).await,
            Err(failure) => Err(failure),
        };
        if submitted.is_err() {
            talk.transcript = wire.transcript();
        }
        submitted
    }

    async fn rehearse(
        &self,
        account: Account<'_>,
        letter: &Letter,
        talk: &mut Talk<'_>,
    ) -> Result<Accepted, Failure> {
        let wire = self.wire(account, talk);
        let rehearsed = async {
            let mut session = Box::pin(self.open(account, &wire, talk)).await?;
            let reply = session.rehearse(letter, &mut talk.progress).await?;
            session.close().await;
            Ok(Accepted {
                reply,
                queue_id: None,
                refused: Vec::new(),
            })
        };
        let result = rehearsed.await;
        talk.transcript = wire.transcript();
        result
    }

    /// With what is left of the time of the conversation, and what was said in it already.
    fn wire(&self, account: Account<'_>, talk: &mut Talk<'_>) -> Wire {
        let left = self.deadlines.session.saturating_sub(talk.began.elapsed());
        let wire = Wire::new(left, account.profile.settings.credentials.as_ref(), account.token);
        wire.follow(talk.began, std::mem::take(&mut talk.transcript));
        wire
    }

    /// From nothing to a server that waits for MAIL.
    async fn open(
        &self,
        Account { profile, token }: Account<'_>,
        wire: &Wire,
        talk: &mut Talk<'_>,
    ) -> Result<Session, Failure> {
        let settings = profile.settings;
        talk.seen = Seen::default();
        let mut setup = Setup {
            settings,
            token,
            dialer: &self.dialer,
            deadlines: self.deadlines,
            // Replaced as soon as there is a socket with an address of its own.
            hello: ClientId::default(),
            wire,
        };
        let line = dial::dial(&setup, &mut talk.progress).await?;
        talk.seen.remote = Some(line.remote);
        setup.hello = hello::name(settings, &self.public_url, line.tcp.local_addr().ok());
        Session::open(&setup, line, &mut talk.progress, &mut talk.seen).await
    }
}
