//! The deliveries of one channel: claim a batch, send a few side by side, claim again when there is room.
//!
//! Mails go one after the other, so that they arrive in the order in which things happened; but one that takes long holds
//! up the next one for a moment only. They share a connection while there are some ([`Batch`]).

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{channel::ChannelKind, id::ChannelId};
use store::{Store, outbox::Terms};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    Signal,
    delivery::{Deliverer, LONGEST},
    parcel::{self, Parcel},
};
use crate::mail::Batch;

/// Messages of one channel on the wire at once: enough for a burst, few enough for a small receiver.
const SIDE_BY_SIDE: usize = 4;
/// How long a mail waits for the one before it.
const PATIENCE: Duration = Duration::from_secs(1);
/// Rows per claim. A claim costs a transaction; what is claimed counts as being sent, so not many more than are.
const BATCH: u32 = 16;
/// Sent, and their result not written yet. More than this means that the database does not keep up.
const MOST_UNWRITTEN: usize = 64;
/// Longer than [`LONGEST`], so that nobody else has the row while it is being sent and its result written.
const LEASE: Duration = Duration::from_mins(10);

pub(super) struct Lane {
    pub(super) channel: ChannelId,
    pub(super) store: Store,
    pub(super) deliverer: Arc<Deliverer>,
    pub(super) signal: Arc<Signal>,
    pub(super) stop: CancellationToken,
    pub(super) cut: CancellationToken,
}

/// Claimed, and waiting for room on the wire.
struct Ready {
    parcel: Parcel,
    since: Instant,
}

impl Ready {
    /// It goes after the one before it, not beside it.
    fn in_order(&self) -> bool {
        self.parcel.first().channel.kind == ChannelKind::Email
    }
}

/// A delivery's place on the wire, given back when it is dropped.
struct Place {
    _room: OwnedSemaphorePermit,
    /// The next mail waits for it.
    _turn: Option<OwnedSemaphorePermit>,
}

/// Mails in a line, each behind the one before it.
struct Turns {
    /// Held by the mail that began last, while it is on the wire.
    line: Arc<Semaphore>,
    /// When the next one may begin although that one is still on the wire.
    patience: Instant,
}

impl Turns {
    fn new() -> Self {
        Self {
            line: Arc::new(Semaphore::new(1)),
            patience: Instant::now(),
        }
    }

    /// Whether this one waits for the one before it.
    fn hold(&self, next: Option<&Ready>) -> bool {
        next.is_some_and(Ready::in_order) && self.line.available_permits() == 0
    }

    /// A place for this one, if there is one now.
    fn place(&mut self, next: Option<&Ready>, room: &Arc<Semaphore>) -> Option<Place> {
        let in_order = next?.in_order();
        if self.hold(next) && Instant::now() >= self.patience {
            // The one that takes long keeps its place in a line of its own.
            self.line = Arc::new(Semaphore::new(1));
        }
        let turn = if in_order {
            Some(Arc::clone(&self.line).try_acquire_owned().ok()?)
        } else {
            None
        };
        let room = Arc::clone(room).try_acquire_owned().ok()?;
        self.patience = Instant::now() + PATIENCE;
        Some(Place {
            _room: room,
            _turn: turn,
        })
    }
}

impl Lane {
    /// Ends when nothing is due and nothing is on its way.
    pub(super) async fn run(self) {
        let room = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let (mut work, mut ready, mut more) = (JoinSet::new(), VecDeque::new(), true);
        let mut turns = Turns::new();
        let mails = Batch::default();
        while !self.stop.is_cancelled() {
            more |= self.signal.pending.swap(false, Ordering::AcqRel);
            let may_claim = ready.is_empty() && !self.finds_out(&work);
            if more && may_claim && room.available_permits() > 0 && work.len() < MOST_UNWRITTEN {
                more = self.claim(&mut ready).await;
            }
            if let Some(delay) = self.deliverer.full(self.channel).filter(|_| !ready.is_empty()) {
                let claims = ready.iter().flat_map(|r| r.parcel.claims());
                self.deliverer.postpone(claims, &delay).await;
                ready.clear();
            }
            if !ready.is_empty() && self.deliverer.asked_for_patience(self.channel) {
                let claims = ready.iter().flat_map(|r| r.parcel.claims());
                self.deliverer.give_back(claims).await;
                ready.clear();
                more = true;
                continue;
            }
            while !self.stop.is_cancelled()
                && let Some(place) = turns.place(ready.front(), &room)
                && let Some(next) = ready.pop_front()
            {
                self.begin(&mut work, &mails, next, place).await;
            }
            if work.is_empty() && ready.is_empty() && !more {
                match mails.end() {
                    // It holds up nobody: what becomes due meanwhile is begun beside it.
                    Some(farewell) => drop(work.spawn(farewell)),
                    None => return,
                }
            }
            let held = turns.hold(ready.front());
            let begins = !ready.is_empty() || (more && !self.finds_out(&work));
            let idle = mails.idle_until();
            tokio::select! {
                Some(ended) = work.join_next() => self.note(ended),
                _ = room.acquire(), if !held && begins && work.len() < MOST_UNWRITTEN => {}
                _ = turns.line.acquire(), if held => {}
                () = sleep_until(turns.patience), if held && room.available_permits() > 0 => {}
                () = sleep_until(idle.unwrap_or_else(Instant::now)), if idle.is_some() => {
                    if let Some(farewell) = mails.end_idle() {
                        work.spawn(farewell);
                    }
                }
                () = self.signal.wake.notified() => {}
                () = self.stop.cancelled() => {}
            }
        }
        for unsent in ready {
            self.deliverer.give_back(unsent.parcel.claims()).await;
        }
        while let Some(ended) = work.join_next().await {
            self.note(ended);
        }
        if let Some(farewell) = mails.end() {
            farewell.await;
        }
    }

    /// One message is on its way to find out whether the receiver answers again; all others wait for what becomes of it.
    fn finds_out(&self, work: &JoinSet<()>) -> bool {
        !work.is_empty() && self.deliverer.doubts(self.channel)
    }

    /// True when there may be more than was taken.
    async fn claim(&self, ready: &mut VecDeque<Ready>) -> bool {
        if self.deliverer.full(self.channel).is_some() || self.deliverer.keeps_patience(self.channel).await {
            return false;
        }
        let since = Instant::now();
        let room = self.deliverer.room(self.channel).await;
        let most = if self.deliverer.doubts(self.channel) {
            1
        } else {
            BATCH
        };
        let terms = Terms {
            room: room.messages,
            crowded: self.deliverer.crowded(self.channel),
            ..Terms::new(most, LEASE)
        };
        match self.store.outbox().claim(self.channel, &terms).await {
            Ok(claims) => {
                let full = claims.len() >= most as usize;
                let parcels = parcel::pack(&self.store, claims, room.recipients).await;
                ready.extend(parcels.into_iter().map(|parcel| Ready { parcel, since }));
                full
            }
            Err(error) => {
                // The dispatcher asks again at its next tick.
                tracing::warn!(channel.id = %self.channel, error = %error, "deliveries could not be claimed");
                false
            }
        }
    }

    async fn begin(&self, work: &mut JoinSet<()>, mails: &Batch, next: Ready, place: Place) {
        if next.since.elapsed() + LONGEST >= LEASE {
            // It waited so long behind slow ones that its lease might not outlast the sending.
            self.deliverer.give_back(next.parcel.claims()).await;
            return;
        }
        let (deliverer, mails) = (Arc::clone(&self.deliverer), mails.clone());
        let (stop, cut) = (self.stop.clone(), self.cut.clone());
        work.spawn(async move {
            deliverer
                .deliver(&next.parcel, &mails, place, (&stop, &cut))
                .await;
        });
    }

    fn note(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended {
            tracing::error!(channel.id = %self.channel, error = %error, "a delivery task ended badly");
        }
    }
}
