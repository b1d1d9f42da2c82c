//! What the conversation and the byte stream under lettre share: the deadline, the answers as they came in, and why the
//! stream broke.

use std::{sync::Arc, time::Duration};

use domain::mail::Credentials;
use parking_lot::Mutex;
use secrecy::SecretString;
use tokio::time::Instant;

use super::{
    failure::Failure,
    reply::{Malformed, Reply},
    steps::Step,
    transcript::Transcript,
};

/// Why no further answer can be had from a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// The answer was not complete in time; what had arrived of it, if anything.
    Timeout {
        within: Duration,
        heard: Option<String>,
    },
    /// The server closed the connection.
    Closed,
    /// The connection failed; the words of the operating system or of TLS.
    Failed(String),
    TooLong,
    NotSmtp(String),
    /// It answered what nobody had asked.
    OutOfTurn,
}

#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<State>>);

struct State {
    deadline: Instant,
    within: Duration,
    /// The end of everything.
    session_end: Instant,
    session: Duration,
    answers: Vec<Reply>,
    broken: Option<Break>,
    transcript: Transcript,
    /// Nothing was said since [`Wire::resume`].
    rested: bool,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    pub(super) fn new(
        session: Duration,
        credentials: Option<&Credentials>,
        token: Option<&SecretString>,
    ) -> Self {
        let session_end = Instant::now() + session;
        Self(Arc::new(Mutex::new(State {
            deadline: session_end,
            within: session,
            session_end,
            session,
            answers: Vec::new(),
            broken: None,
            transcript: Transcript::new(credentials, token),
            rested: false,
        })))
    }

    /// Goes on where an earlier connection of the same conversation, begun at `began`, has said `lines`.
    pub(super) fn follow(&self, began: Instant, lines: Vec<String>) {
        self.0.lock().transcript.follow(began, lines);
    }

    /// A further conversation on the same connection, with a time of its own.
    pub(super) fn resume(&self, session: Duration) {
        let mut state = self.0.lock();
        state.session_end = Instant::now() + session;
        state.session = session;
        state.rested = true;
        drop(state.transcript.take_lines());
    }

    /// True once after each [`Self::resume`].
    pub(super) fn end_rest(&self) -> bool {
        std::mem::take(&mut self.0.lock().rested)
    }

    /// Starts the time of the next exchange and forgets the answers to earlier ones.
    pub(super) fn allow(&self, within: Duration) -> Instant {
        let mut state = self.0.lock();
        let wanted = Instant::now() + within;
        if wanted <= state.session_end {
            (state.deadline, state.within) = (wanted, within);
        } else {
            (state.deadline, state.within) = (state.session_end, state.session);
        }
        state.answers.clear();
        state.deadline
    }

    /// When the conversation is over, whatever is going on.
    pub(super) fn session_end(&self) -> Instant {
        self.0.lock().session_end
    }

    pub(super) fn deadline(&self) -> Instant {
        self.0.lock().deadline
    }

    /// The first answer since [`Self::allow`]: lettre may already have said QUIT and heard another one.
    pub(super) fn answer(&self) -> Option<Reply> {
        self.0.lock().answers.first().cloned()
    }

    fn broken(&self) -> Option<Break> {
        self.0.lock().broken.clone()
    }

    pub(super) fn sent(&self, bytes: &[u8]) {
        self.0.lock().transcript.client(bytes);
    }

    pub(super) fn heard(&self, reply: &Reply) {
        let mut state = self.0.lock();
        state.transcript.server(reply);
        state.answers.push(reply.clone());
    }

    pub(super) fn note(&self, text: &str) {
        self.0.lock().transcript.note(text);
    }

    /// The reply with the password taken out, should the server repeat it.
    pub(super) fn scrub(&self, reply: &Reply) -> Reply {
        let state = self.0.lock();
        Reply {
            code: reply.code,
            lines: reply.lines.iter().map(|l| state.transcript.scrub(l)).collect(),
        }
    }

    /// Notes why the connection is of no more use; the first cause counts. Gives the error for whoever reads it.
    /// What the server said is scrubbed here as well: garbage may hold a password as a reply may.
    pub(super) fn break_off(&self, cause: Break) -> std::io::Error {
        let mut state = self.0.lock();
        let cause = match cause {
            Break::NotSmtp(line) => {
                let line = state.transcript.scrub(&line);
                state.transcript.note(&format!("not an answer of SMTP: {line}"));
                Break::NotSmtp(line)
            }
            Break::Timeout { within, heard } => Break::Timeout {
                within,
                heard: heard.map(|h| state.transcript.scrub(&h)),
            },
            cause @ (Break::Closed | Break::Failed(_) | Break::TooLong | Break::OutOfTurn) => cause,
        };
        let kind = match cause {
            Break::Timeout { .. } => std::io::ErrorKind::TimedOut,
            Break::Closed => std::io::ErrorKind::UnexpectedEof,
            Break::Failed(_) => std::io::ErrorKind::ConnectionAborted,
            Break::TooLong | Break::NotSmtp(_) | Break::OutOfTurn => std::io::ErrorKind::InvalidData,
        };
        state.broken.get_or_insert(cause);
        kind.into()
    }

    pub(super) fn timed_out(&self, heard: Option<String>) -> std::io::Error {
        let within = self.0.lock().within;
        self.break_off(Break::Timeout { within, heard })
    }

    /// What was said in this conversation, once.
    pub(super) fn transcript(&self) -> Vec<String> {
        self.0.lock().transcript.take_lines()
    }

    /// The server's answer as it was on the wire; lettre's own view of it only says whether there was one.
    pub(super) fn settle<T>(
        &self,
        step: Step,
        result: Result<T, lettre::transport::smtp::Error>,
    ) -> Result<Reply, Failure> {
        match (result, self.answer()) {
            (Ok(_), Some(reply)) => Ok(self.scrub(&reply)),
            (Ok(_), None) => Err(self.failure(step)),
            (Err(error), answer) => match answer {
                Some(reply) if reply.is_transient() || reply.is_permanent() => Ok(self.scrub(&reply)),
                answer => Err(self.refused(step, &error, answer)),
            },
        }
    }

    pub(super) fn refused(
        &self,
        step: Step,
        error: &lettre::transport::smtp::Error,
        answer: Option<Reply>,
    ) -> Failure {
        match (answer, self.broken()) {
            (Some(reply), _) if reply.is_transient() || reply.is_permanent() => {
                Failure::answered(step, self.scrub(&reply))
            }
            (_, Some(cause)) => Failure::broken(step, cause),
            _ => Failure::broken(step, Break::Failed(error.to_string())),
        }
    }

    /// Why there was no answer.
    pub(super) fn failure(&self, step: Step) -> Failure {
        Failure::broken(step, self.broken().unwrap_or(Break::Closed))
    }
}

impl From<Malformed> for Break {
    fn from(m: Malformed) -> Self {
        match m {
            Malformed::TooLong => Self::TooLong,
            Malformed::NotSmtp(line) => Self::NotSmtp(line),
        }
    }
}
