//! What must be well before a ping is sent.

use std::{fmt, time::Duration};

use domain::{clock::Timestamp, duration};

/// A tick older than this is stale; the scheduler's comes every second, the dispatcher's every two.
const STALE: Duration = Duration::from_secs(30);
/// A check that has waited for longer than this for a worker: the scheduler does not keep up.
const MOST_BEHIND: Duration = Duration::from_secs(30);

/// The two halves of the loop, as they are now.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    pub scheduler_tick: Timestamp,
    /// How long the first check in line has waited.
    pub scheduler_behind: Duration,
    pub dispatcher_tick: Timestamp,
}

/// Why no ping is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    NoChecks { since: Timestamp },
    Behind { by: Duration },
    NotSending { since: Timestamp },
    NotStored(String),
    MessagesWait { since: Timestamp },
    Locked,
}

impl Why {
    /// The same in the API, in every language.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoChecks { .. } => "no_checks",
            Self::Behind { .. } => "behind",
            Self::NotSending { .. } => "not_sending",
            Self::NotStored(_) => "not_stored",
            Self::MessagesWait { .. } => "messages_wait",
            Self::Locked => "locked",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChecks { since } => write!(f, "no check was begun since {since}"),
            Self::Behind { by } => write!(f, "checks are late by {}", duration::format(*by)),
            Self::NotSending { since } => write!(f, "nobody looked for messages to send since {since}"),
            Self::NotStored(error) => write!(f, "the database does not take what is written: {error}"),
            Self::MessagesWait { since } => write!(f, "a message is due since {since} and nobody sends it"),
            Self::Locked => f.write_str("the address was sealed with another key"),
        }
    }
}

pub(super) fn why_silent(pulse: Pulse, now: Timestamp) -> Vec<Why> {
    let mut why = Vec::new();
    if now.since(pulse.scheduler_tick) > STALE {
        why.push(Why::NoChecks {
            since: pulse.scheduler_tick,
        });
    }
    if pulse.scheduler_behind > MOST_BEHIND {
        why.push(Why::Behind {
            by: Duration::from_secs(pulse.scheduler_behind.as_secs()),
        });
    }
    if now.since(pulse.dispatcher_tick) > STALE {
        why.push(Why::NotSending {
            since: pulse.dispatcher_tick,
        });
    }
    why
}
