//! Why a message was not accepted, and whose doing it is.

use std::time::Duration;

use domain::{
    duration,
    mail::{Address, breaker::Fault},
};
use store::mail::Outcome;

use super::{hints, reply::Reply, steps::Step, wire::Break};
use crate::{channel::Retry, message::Language, oauth::ProblemKind};

/// What kind of thing must change before a further try can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// This address will never be accepted.
    Recipient,
    /// This message will never be accepted.
    Message,
    /// The settings, the account or the way to the server: other messages fail as well.
    Profile,
    /// Nothing known: a later try may succeed as it is.
    Transient,
}

/// What was seen, where it is not simply an answer of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symptom {
    /// The server said no; [`Failure::reply`] has its words.
    Answer,
    /// The server said something that is neither yes nor no at this point.
    UnexpectedAnswer,
    NameUnknown,
    NameServer,
    Denied,
    ConnectRefused,
    ConnectTimeout,
    ConnectFailed,
    /// The fault is on this machine.
    OurSide,
    /// We began TLS and something else answered.
    TlsNotSpoken,
    /// We began TLS on a port that greets without it and offers STARTTLS.
    StartTlsExpected,
    /// We waited for a greeting on a port that waits for TLS.
    TlsExpected,
    TlsTimeout,
    TlsVersion,
    TlsFailed,
    CertificateExpired,
    CertificateNotYetValid,
    CertificateName,
    CertificateIssuer,
    CertificateOther,
    /// The own certificate authority in the settings cannot be used.
    AuthorityInvalid,
    StartTlsMissing,
    AuthMissing,
    AuthMechanism,
    InsecureAuth,
    /// The server refused an access token; [`Failure::reply`] has its words.
    TokenRefused,
    /// There is no access token.
    OAuth(ProblemKind),
    Utf8Missing,
    TooLarge,
    AnswerTimeout,
    Closed,
    ConnectionFailed,
    TooLong,
    NotSmtp,
    OutOfTurn,
    /// An address of ours that no mail program would write.
    AddressUnusable,
}

/// A conversation that ended without a final yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub step: Step,
    pub class: Class,
    pub symptom: Symptom,
    /// One sentence: what happened.
    pub what: String,
    /// The answer that ended it.
    pub reply: Option<Reply>,
    /// Of a message for several: what each recipient was refused for. Then the rest speaks of the first of them.
    pub refused: Vec<(Address, Failure)>,
}

impl Failure {
    pub(super) fn new(step: Step, class: Class, symptom: Symptom, what: impl Into<String>) -> Self {
        Self {
            step,
            class,
            symptom,
            what: what.into(),
            reply: None,
            refused: Vec::new(),
        }
    }

    /// The settings or the way to the server are at fault.
    pub(crate) fn profile(step: Step, symptom: Symptom, what: impl Into<String>) -> Self {
        Self::new(step, Class::Profile, symptom, what)
    }

    /// The server's no, sorted by the step at which it came and by what is known of such answers.
    pub(super) fn answered(step: Step, reply: Reply) -> Self {
        let (symptom, class) = if reply.is_transient() {
            (Symptom::Answer, Class::Transient)
        } else if reply.is_permanent() {
            let class = match step {
                Step::RcptTo => Class::Recipient,
                Step::Data | Step::Reply => Class::Message,
                _ => Class::Profile,
            };
            (Symptom::Answer, class)
        } else {
            (Symptom::UnexpectedAnswer, Class::Transient)
        };
        let what = match symptom {
            Symptom::UnexpectedAnswer => {
                format!(
                    "The server gave an answer that has no meaning here: {}",
                    reply.shown()
                )
            }
            _ => format!("The server refused {}: {}", step_words(step), reply.shown()),
        };
        let mut failure = Self {
            step,
            class,
            symptom,
            what,
            reply: Some(reply),
            refused: Vec::new(),
        };
        // A 5xx that other recipients and messages would get as well must not end this one.
        if failure.reply.as_ref().is_some_and(Reply::is_permanent)
            && let Some(class) = hints::find(&failure).and_then(|h| h.class)
        {
            failure.class = class;
        }
        failure
    }

    /// None of several recipients was taken. `refused` has at least one.
    pub(super) fn all_refused(refused: Vec<(Address, Self)>) -> Self {
        let first = refused.first().map(|(_, failure)| failure.clone());
        let first = first.unwrap_or_else(|| Self::broken(Step::RcptTo, Break::Closed));
        Self { refused, ..first }
    }

    /// The connection broke while we waited for an answer.
    pub(super) fn broken(step: Step, cause: Break) -> Self {
        let (class, symptom, what) = match cause {
            Break::Timeout { within, heard } => (Class::Transient, Symptom::AnswerTimeout, silence(step, within, heard)),
            Break::Closed => (
                Class::Transient,
                Symptom::Closed,
                format!("The server closed the connection instead of answering {}.", step_words(step)),
            ),
            Break::Failed(error) => (
                Class::Transient,
                Symptom::ConnectionFailed,
                format!("The connection failed during {}: {error}.", step_words(step)),
            ),
            Break::TooLong => (
                Class::Transient,
                Symptom::TooLong,
                "The server sent an answer of more than 64 KiB. The connection was cut.".to_owned(),
            ),
            Break::NotSmtp(line) => (
                Class::Profile,
                Symptom::NotSmtp,
                format!("What answers there does not speak SMTP. It said: {line}"),
            ),
            Break::OutOfTurn => (
                Class::Profile,
                Symptom::OutOfTurn,
                "The server (or somebody on the way) sent more than was asked for. The connection was cut before \
                 anything could be mistaken for an answer."
                    .to_owned(),
            ),
        };
        Self::new(step, class, symptom, what)
    }

    /// A login that was refused for its token and for nothing that the catalogue knows better.
    pub(super) fn about_a_token(mut self) -> Self {
        let permanent = self.reply.as_ref().is_some_and(Reply::is_permanent);
        if permanent && hints::find(&self).is_none_or(|row| row.key == hints::WRONG_PASSWORD) {
            self.symptom = Symptom::TokenRefused;
            self.class = Class::Profile;
        }
        self
    }

    /// What happened and what to do, in English: the reason that is kept with the attempt.
    pub fn reason(&self) -> String {
        match self.hint(Language::English) {
            Some(hint) => format!("{} {}", ended(&self.what), hint.fix),
            None => self.what.clone(),
        }
    }

    /// The likely cause and what to do about it, where the catalogue knows this failure.
    pub fn hint(&self, language: Language) -> Option<hints::Hint> {
        hints::find(self).map(|found| found.text(language))
    }

    /// What it says about the profile. `None`: nothing, for another message may fare better or worse.
    pub fn says(&self) -> Option<Outcome> {
        let early = matches!(
            self.step,
            Step::Dns
                | Step::Policy
                | Step::Connect
                | Step::Tls
                | Step::Greeting
                | Step::Ehlo
                | Step::StartTls
                | Step::Auth
        );
        match self.class {
            Class::Profile
                if matches!(self.symptom, Symptom::OurSide | Symptom::OAuth(ProblemKind::Ours)) =>
            {
                None
            }
            Class::Profile
                if self.step == Step::Auth
                    && matches!(self.symptom, Symptom::Answer | Symptom::TokenRefused) =>
            {
                Some(Outcome::Fails(Fault::LoginRefused))
            }
            Class::Profile => Some(Outcome::Fails(Fault::Failed)),
            // Many servers answer so when there were too many logins: asking on would not help.
            Class::Transient if self.step == Step::Auth => Some(Outcome::Fails(Fault::LoginFailed)),
            // No answer, a broken connection, a server that takes nobody at present.
            Class::Transient if early || self.reply.is_none() => Some(Outcome::Fails(Fault::Failed)),
            Class::Transient | Class::Recipient | Class::Message => Some(Outcome::Works),
        }
    }

    /// On a connection that earlier messages used: whether it may be the connection that is to blame. Not a byte of the
    /// message was handed over by then, so it can be sent on another one without coming twice.
    pub(super) fn may_be_the_connection(&self) -> bool {
        let found_here = matches!(
            self.symptom,
            Symptom::TooLarge | Symptom::Utf8Missing | Symptom::AddressUnusable
        );
        match self.step {
            Step::MailFrom | Step::Data => !found_here,
            // A recipient who is refused is refused everywhere.
            Step::RcptTo => !found_here && self.reply.as_ref().is_none_or(|r| r.code == 421),
            _ => false,
        }
    }

    /// Only what concerns this recipient or this message ends a delivery; an authorization that is gone does not come
    /// back by itself.
    pub fn retry(&self) -> Retry {
        match self.class {
            Class::Profile if matches!(self.symptom, Symptom::OAuth(kind) if kind.needs_person()) => {
                Retry::OnSettings
            }
            Class::Recipient | Class::Message => Retry::Never,
            Class::Profile | Class::Transient => Retry::Backoff,
        }
    }
}

fn silence(step: Step, within: Duration, heard: Option<String>) -> String {
    let within = duration::format(within);
    match heard {
        Some(part) => format!(
            "The server did not finish its answer to {} within {within}; it began with: {part}",
            step_words(step)
        ),
        None => format!("The server did not answer {} within {within}.", step_words(step)),
    }
}

fn step_words(step: Step) -> &'static str {
    match step {
        Step::Dns | Step::Policy | Step::Connect | Step::Tls => "the connection",
        Step::Greeting => "the connection (no greeting)",
        Step::Ehlo => "our EHLO",
        Step::StartTls => "STARTTLS",
        Step::Auth => "the login",
        Step::MailFrom => "the sender",
        Step::RcptTo => "the recipient",
        Step::Data => "the DATA command",
        Step::Reply | Step::Inbox => "the message",
    }
}

/// Server texts end as they like; a sentence follows.
fn ended(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', '…']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
