//! Receivers that asked for patience: until then their channel has nothing to say to them, whatever becomes due.
//!
//! One message that is told to wait speaks for all of its channel. Otherwise each of thousands asks, and is told, by
//! itself. It is kept in memory: after a start one message asks again.

use std::{collections::HashMap, time::Duration};

use domain::{channel::ChannelKind, clock::Timestamp, id::ChannelId};
use parking_lot::Mutex;
use store::{Store, outbox::Claimed};

use crate::channel::{Retry, SendError};

/// Rows are put off by so much at a time: the store takes what is further ahead for a clock that was set back.
pub(super) const LONGEST_STEP: Duration = Duration::from_hours(1);

const TOO_MANY_REQUESTS: u16 = 429;

#[derive(Default)]
pub(super) struct Patience(Mutex<HashMap<ChannelId, Asked>>);

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
        let until = match (error.retry, error.trace.reply_code) {
            (Retry::After(wait), Some(_)) => since.plus(wait),
            (Retry::Backoff, Some(TOO_MANY_REQUESTS)) => usual,
            _ => return,
        };
        // A mail server's numbers mean something else, and have limits of their own (`Deliverer::full`).
        if claimed.channel.kind == ChannelKind::Email {
            return;
        }
        let why = format!(
            "{} Nothing is sent there before {}, and this waits.",
            error.reason,
            until.to_rfc3339()
        );
        let mut asked = self.0.lock();
        let longer = asked.get(&claimed.channel.id).is_none_or(|a| a.until < until);
        if longer {
            asked.insert(claimed.channel.id, Asked { since, until, why });
        }
    }

    /// Whether this channel waits at this time.
    pub(super) fn holds(&self, channel: ChannelId, now: Timestamp) -> bool {
        let mut asked = self.0.lock();
        // A clock that was set back ends it.
        asked.retain(|_, a| a.until > now && a.since <= now);
        asked.contains_key(&channel)
    }

    /// The same, and what is due meanwhile says so. Somebody who saves the channel ends it: it may lead elsewhere now.
    pub(super) async fn keep(&self, store: &Store, channel: ChannelId, now: Timestamp) -> bool {
        if !self.holds(channel, now) {
            return false;
        }
        let Some(Asked { since, until, why }) = self.0.lock().get(&channel).cloned() else {
            return false;
        };
        let until = until.min(now.plus(LONGEST_STEP));
        match store.outbox().put_off(channel, since, until, &why).await {
            Ok(true) => true,
            Ok(false) => {
                self.0.lock().remove(&channel);
                false
            }
            Err(error) => {
                tracing::warn!(channel.id = %channel, error = %error, "deliveries could not be put off");
                true
            }
        }
    }
}
