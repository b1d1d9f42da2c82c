//! What the conversation and the byte stream under lettre share: the deadline, the answers as they came in, and why the
//! stream broke.

use std::{sync::Arc, time::Duration};

use domain::mail::Credentials;
use parking_lot::Mutex;
use secrecy::SecretString;
use tokio::time::Instant;

use super::{
    reply::{Malformed, Reply},
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
        })))
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

    pub(super) fn deadline(&self) -> Instant {
        self.0.lock().deadline
    }

    /// The first answer since [`Self::allow`]: lettre may already have said QUIT and heard another one.
    pub(super) fn answer(&self) -> Option<Reply> {
        self.0.lock().answers.first().cloned()
    }

    pub(super) fn broken(&self) -> Option<Break> {
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

    pub(super) fn transcript(&self) -> Vec<String> {
        let mut state = self.0.lock();
        std::mem::replace(&mut state.transcript, Transcript::new(None, None)).into_lines()
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
