//! A wrong mail password is not tried by every message that is due: the account would be locked, and every try says the
//! same.
//!
//! Whether a password is right is not known before the server has said so. Until then one message goes first and the
//! others of that moment wait until it is logged in. A refusal holds for a while; then again one message asks.

use std::{sync::Arc, time::Duration};

use domain::clock::{Clock, Timestamp};
use parking_lot::Mutex;
use store::Store;
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    channel::{Receipt, Retry, SendError, Trace},
    mail::Step,
};

/// Then one message may try again: the other side may have changed its mind. With the first try that makes four logins
/// an hour.
const REFUSED_FOR: Duration = Duration::from_mins(15);
/// A password that was taken a moment ago needs nobody to go first.
const TAKEN_FOR: Duration = Duration::from_mins(1);
/// How long a message waits for the one that goes first.
pub(super) const TURN: Duration = Duration::from_secs(15);

/// What is known of the login with the mail settings.
pub(crate) struct Login {
    clock: Arc<dyn Clock>,
    known: Mutex<Option<Known>>,
    first: Semaphore,
    /// There is something new to know.
    news: Notify,
}

/// Whether a message may be sent now.
pub(super) enum Admission<'a> {
    /// To be kept until the result is noted.
    Go(Option<SemaphorePermit<'a>>),
    /// The answer that the settings of this moment would get.
    Foreseen(SendError),
    /// The message that went first is still on its way.
    NotNow,
}

#[derive(Clone)]
struct Known {
    revision: i64,
    at: Timestamp,
    answer: Answer,
}

#[derive(Clone)]
enum Answer {
    Taken,
    /// By the server, which may take it later.
    Refused {
        reason: String,
        server: Option<String>,
    },
    /// Not to be used at all before a person has changed them.
    Unusable {
        reason: String,
        server: Option<String>,
    },
}

enum Opinion {
    Good,
    Bad(SendError),
    None,
}

impl Login {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            known: Mutex::default(),
            first: Semaphore::new(1),
            news: Notify::new(),
        }
    }

    /// Takes at most [`TURN`].
    pub(super) async fn admit(&self, store: &Store, stop: &CancellationToken) -> Admission<'_> {
        let until = Instant::now() + TURN;
        let mut first = None;
        loop {
            // Before looking, so that nothing is missed in between.
            let news = self.news.notified();
            match self.opinion(store).await {
                Opinion::Good => return Admission::Go(None),
                Opinion::Bad(error) => return Admission::Foreseen(error),
                Opinion::None if first.is_some() => return Admission::Go(first),
                Opinion::None => {}
            }
            tokio::select! {
                turn = self.first.acquire() => first = turn.ok(),
                () = news => {}
                () = stop.cancelled() => return Admission::NotNow,
                () = sleep_until(until) => return Admission::NotNow,
            }
        }
    }

    /// A conversation got past the login, whatever becomes of its message.
    pub(crate) fn taken(&self, revision: i64) {
        self.learn(revision, Answer::Taken);
    }

    /// Learns from a real attempt.
    pub(super) fn note(&self, result: &Result<Receipt, SendError>) {
        let (trace, answer) = match result {
            Ok(receipt) => (&receipt.trace, Answer::Taken),
            Err(error) => match answer_in(error) {
                Some(answer) => (&error.trace, answer),
                None => return,
            },
        };
        if let Some(revision) = trace.settings_revision {
            self.learn(revision, answer);
        }
    }

    fn learn(&self, revision: i64, answer: Answer) {
        let mut known = self.known.lock();
        // A late answer to old settings says nothing about the new ones.
        if known.as_ref().is_none_or(|k| k.revision <= revision) {
            *known = Some(Known {
                revision,
                at: self.clock.now(),
                answer,
            });
            self.news.notify_waiters();
        }
    }

    /// Saving settings makes a new revision, about which nothing is known.
    async fn opinion(&self, store: &Store) -> Opinion {
        // Without settings there is no login; the channel says what is the matter.
        let Ok(Some(current)) = store.settings().mail().await else {
            return Opinion::Good;
        };
        let now = self.clock.now();
        let known = self.known.lock().clone();
        match known.filter(|k| k.revision == current.revision) {
            Some(known) if known.left(now).is_some() => known.opinion(now),
            _ if current.settings.credentials.is_none() => Opinion::Good,
            _ => Opinion::None,
        }
    }
}

impl Known {
    /// How long it still holds. A clock that was set back ends it, for it would hold too long.
    fn left(&self, now: Timestamp) -> Option<Duration> {
        let holds = match self.answer {
            Answer::Taken => TAKEN_FOR,
            Answer::Refused { .. } | Answer::Unusable { .. } => REFUSED_FOR,
        };
        let left = holds.checked_sub(now.since(self.at))?;
        (now >= self.at && !left.is_zero()).then_some(left)
    }

    fn opinion(self, now: Timestamp) -> Opinion {
        let left = self.left(now).unwrap_or_default();
        let (retry, reason, server) = match self.answer {
            Answer::Taken => return Opinion::Good,
            Answer::Refused { reason, server } => {
                let reason = format!(
                    "Not tried, so that the account is not locked: the server has just refused the login. One message \
                     tries again within 15 minutes, all of them when the mail settings are saved. It was: {reason}"
                );
                // Not until somebody saves settings: a server that refuses everybody for an hour must not hold the
                // messages for ever.
                (Retry::After(left), reason, server)
            }
            Answer::Unusable { reason, server } => (
                Retry::OnSettings,
                format!("{reason} Not tried again with the same settings."),
                server,
            ),
        };
        let trace = Trace {
            settings_revision: Some(self.revision),
            server,
            ..Trace::default()
        };
        Opinion::Bad(SendError::new(retry, reason, trace))
    }
}

/// What a failure says about the login, if it says anything.
fn answer_in(error: &SendError) -> Option<Answer> {
    let (reason, server) = (error.reason.clone(), error.trace.server.clone());
    let step = error.trace.step.as_deref();
    if error.retry == Retry::OnSettings {
        return Some(Answer::Unusable { reason, server });
    }
    if step == Some(Step::Auth.as_str()) {
        let refused = error.trace.reply_code.is_some_and(|code| code >= 500);
        return refused.then_some(Answer::Refused { reason, server });
    }
    let later = [Step::MailFrom, Step::RcptTo, Step::Data, Step::Reply];
    later
        .iter()
        .any(|s| step == Some(s.as_str()))
        .then_some(Answer::Taken)
}
