//! The outbox: what must be sent, what is being sent, and what became of it.
//!
//! A row is planned in the transaction of the event. A dispatcher claims it (lease, fencing token, attempt counted,
//! committed), sends it without any transaction, and finishes it with the same token. A claim whose lease ran out goes
//! back to pending, so whatever happens to the process, the row ends in a final state with a reason.

use std::time::Duration;

use domain::{
    channel::Channel,
    clock::Timestamp,
    delivery::{DeliveryState, Event, Notice},
    id::{ChannelId, DeliveryId, IncidentId},
    incident::IncidentKind,
    recipient::Bounce,
};
use uuid::Uuid;

use crate::store::Store;

mod asked;
mod browse;
mod bundle;
mod claim;
mod deletion;
mod describe;
mod digest;
mod export;
mod fallback;
mod filter;
mod finish;
pub(crate) mod plan;
mod quiet;
mod reference;
mod restraint;
mod sweep;
mod window;

pub(crate) use asked::Looks;
pub(crate) use deletion::MONITOR_DELETED;
pub use export::Export;
pub use filter::DeliveryFilter;
pub(crate) use filter::pattern;
pub(crate) use plan::first_id;
pub(crate) use quiet::{hold_anew, is_held, look_again, tell_sooner};
pub(crate) use sweep::{bring_forward, cancel};

pub struct Outbox<'a> {
    pub(crate) store: &'a Store,
}

/// A delivery that is ours to send until the lease runs out.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub notice: Notice,
    /// 1 = the first try.
    pub attempt: u32,
    pub lease: Lease,
    pub channel: Channel,
    /// No use sending after this.
    pub expires_at: Timestamp,
    /// The delivery whose letter it shares ([`Outbox::bundle`]); the claim has all of them.
    pub shares_with: Option<DeliveryId>,
}

/// What a claim may take.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Messages.
    pub limit: u32,
    pub lease: Duration,
    /// Messages that may be sent now; where more are due, all that can be is put together. `None`: any number.
    pub room: Option<u32>,
    /// Recipients who were sent so much that whatever can be is put together for them.
    pub crowded: Vec<String>,
}

impl Terms {
    pub fn new(limit: u32, lease: Duration) -> Self {
        Self {
            limit,
            lease,
            room: None,
            crowded: Vec::new(),
        }
    }
}

/// Proof of a claim. A result that comes with an outdated one is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub delivery: DeliveryId,
    pub(crate) token: Uuid,
    /// Of a digest: it holds for all that were claimed with it.
    pub(crate) digest: Option<Uuid>,
}

/// What is to become of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Sent,
    Retry {
        at: Timestamp,
    },
    /// Until the settings that it failed on are saved again (this channel's, or mail's).
    Wait,
    Failed,
}

/// A delivery as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub event: Event,
    /// From 1 where the event happens more than once (reminders); otherwise 0.
    pub number: u32,
    /// When it happened.
    pub event_at: Timestamp,
    pub incident: IncidentId,
    pub monitor_name: String,
    /// What the incident is about.
    pub kind: IncidentKind,
    pub channel: ChannelId,
    pub channel_name: String,
    pub recipient: String,
    pub state: DeliveryState,
    /// Why it is in this state, in words.
    pub reason: Option<String>,
    /// Pending until settings are corrected.
    pub waiting: bool,
    pub created_at: Timestamp,
    /// `None` while it waits, is being sent, or is final.
    pub next_attempt_at: Option<Timestamp>,
    pub attempts: u32,
    pub message_id: String,
    /// The digest that it travels in: the delivery whose id the message has.
    pub digest_of: Option<DeliveryId>,
    pub expires_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    /// Who had it sent again; `None`: it was planned by its event.
    pub requested_by: Option<String>,
    /// Quiet hours hold it until then; in the past once they have ended.
    pub held_until: Option<Timestamp>,
    /// It came back after it was accepted.
    pub bounce: Option<Bounce>,
}

impl Delivery {
    /// Nothing but quiet hours holds it back.
    pub fn is_held(&self) -> bool {
        self.state == DeliveryState::Pending
            && self.held_until.is_some()
            && self.held_until == self.next_attempt_at
    }
}

/// Messages that a channel did not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    pub channel: ChannelId,
    /// Of the channel.
    pub name: String,
    /// Failed or expired.
    pub state: DeliveryState,
    pub messages: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Not final, those that wait for settings included.
    pub pending: u64,
    /// Since when the oldest of them could be sent: planned, or released by quiet hours.
    pub oldest_pending: Option<Timestamp>,
    /// Could be taken now, and were not yet.
    pub due: u64,
    /// Failed or expired in the last 24 hours.
    pub failed: u64,
    /// Pending until settings are corrected.
    pub waiting: u64,
}

impl<'a> Outbox<'a> {
    /// Resolves after rows became due (planned, released, given back). A wake-up between two calls is not lost.
    pub fn changed(&self) -> impl Future<Output = ()> + Send + use<'a> {
        self.store.inner.due.notified()
    }

    pub fn wake(&self) {
        self.store.inner.due.notify_one();
    }
}
