//! Receivers that asked for patience, and those that do not answer at all: until then their channel has nothing to say to
//! them, whatever becomes due.
//!
//! One message that is told to wait speaks for all of its channel, and so do a few in a row that got no answer. Otherwise
//! each of thousands asks, and is told, or waits in vain, by itself. It is kept in memory: after a start one message asks
//! again.

use std::{collections::HashMap, time::Duration};

use domain::{channel::ChannelKind, clock::Timestamp, id::ChannelId};
use parking_lot::Mutex;
use store::{Store, outbox::Claimed};

use crate::channel::{Retry, SendError};

/// Rows are put off by so much at a time: the store takes what is further ahead for a clock that was set back.
pub(super) const LONGEST_STEP: Duration = Duration::from_hours(1);

const TOO_MANY_REQUESTS: u16 = 429;

/// So many attempts without an answer in a row are no accident.
const SILENT: u32 = 3;
/// How long nobody is tried then, and at most: each further one in vain doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

#[derive(Default)]
pub(super) struct Patience {
    asked: Mutex<HashMap<ChannelId, Asked>>,
    /// Attempts in a row without an answer.
    unanswered: Mutex<HashMap<ChannelId, u32>>,
}

#[derive(Clone)]
struct Asked {
    /// When the attempt began that was told so.
    since: Timestamp,
    until: Timestamp,
    why: String,
}

impl Patience {
    /// Remembers what this refusal says about when to come back. `usual` is when the message is tried again by itself.
    pub(super) fn note(&self, claimed: &Claimed, since: Timestamp, error: &SendError, usual: Timestamp) {
        let channel = claimed.channel.id;
        // A mail server's numbers mean something else, and have limits of their own (`Deliverer::full`).
        if claimed.channel.kind == ChannelKind::Email {
            return;
        }
        let no_answer = matches!(
            (error.retry, error.trace.reply_code),
            (Retry::Backoff, None | Some(500..))
        );
        let in_a_row = self.count(channel, no_answer);
        let (until, so_often) = match (error.retry, error.trace.reply_code) {
            (Retry::After(wait), Some(_)) => (since.plus(wait), String::new()),
            (Retry::Backoff, Some(TOO_MANY_REQUESTS)) => (usual, String::new()),
            _ if in_a_row >= SILENT => (
                since.plus(pause(in_a_row)),
                format!(" That was so {in_a_row} times in a row."),
            ),
            _ => return,
        };
        let why = format!(
            "{}{so_often} Nothing is sent there before {}, and this waits.",
            error.reason,
            until.to_rfc3339()
        );
        let mut asked = self.asked.lock();
        let longer = asked.get(&channel).is_none_or(|a| a.until < until);
        if longer {
            asked.insert(channel, Asked { since, until, why });
        }
    }

    /// It took a message.
    pub(super) fn forget(&self, channel: ChannelId) {
        self.unanswered.lock().remove(&channel);
    }

    fn count(&self, channel: ChannelId, no_answer: bool) -> u32 {
        let mut unanswered = self.unanswered.lock();
        if !no_answer {
            unanswered.remove(&channel);
            return 0;
        }
        let in_a_row = unanswered.entry(channel).or_default();
        *in_a_row = in_a_row.saturating_add(1);
        *in_a_row
    }

    /// Whether nobody knows if this receiver answers again: one message finds out.
    pub(super) fn doubts(&self, channel: ChannelId) -> bool {
        let unanswered = self.unanswered.lock();
        unanswered.get(&channel).is_some_and(|n| *n >= SILENT)
    }

    /// Whether this channel waits at this time.
    pub(super) fn holds(&self, channel: ChannelId, now: Timestamp) -> bool {
        self.held(channel, now).is_some()
    }

    fn held(&self, channel: ChannelId, now: Timestamp) -> Option<Asked> {
        let mut asked = self.asked.lock();
        // A clock that was set back ends it.
        asked.retain(|_, a| a.until > now && a.since <= now);
        asked.get(&channel).cloned()
    }

    /// The same, and what is due meanwhile says so. Somebody who saves the channel ends it: it may lead elsewhere now.
    pub(super) async fn keep(&self, store: &Store, channel: ChannelId, now: Timestamp) -> bool {
        let Some(Asked { since, until, why }) = self.held(channel, now) else {
            return false;
        };
        let until = until.min(now.plus(LONGEST_STEP));
        match store.outbox().put_off(channel, since, until, &why).await {
            Ok(true) => true,
            Ok(false) => {
                self.asked.lock().remove(&channel);
                self.forget(channel);
                false
            }
            Err(error) => {
                tracing::warn!(channel.id = %channel, error = %error, "deliveries could not be put off");
                true
            }
        }
    }
}

/// After so many attempts in vain, at least [`SILENT`].
fn pause(in_a_row: u32) -> Duration {
    let doublings = in_a_row.saturating_sub(SILENT).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let seconds: Vec<u64> = [3, 4, 5, 7, 8, 9, u32::MAX].map(|n| pause(n).as_secs()).into();
        assert_eq!(seconds, [10, 20, 40, 160, 300, 300, 300]);
    }
}
