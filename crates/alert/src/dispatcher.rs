//! From the outbox to the channels.
//!
//! The dramatis personae: the *dispatcher* asks which channels have due rows; a *lane* per such channel claims rows and
//! keeps a few sends going at once; a *parcel* is what travels in one message, usually one claimed row; a *route* is the
//! mail profile that it takes; a *delivery* is a parcel on its way. A lane lives while it has work. Lanes share nothing
//! but the database and what is known of the mail profiles, so one that hangs, panics or fails delays no other.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use domain::{
    channel::ChannelConfig,
    clock::{Clock, Timestamp},
    id::ChannelId,
};
use futures_util::FutureExt;
use store::{MailProfile, Store};
use tokio::{
    sync::Notify,
    task::{Id, JoinSet},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{channel::Channel, mail::Batch};

mod delivery;
mod lane;
mod parcel;
mod patience;
mod route;
#[cfg(test)]
mod tests;

use delivery::Deliverer;
use lane::Lane;
pub use route::Outlook;
pub(crate) use route::{Delay, Routes};

/// A wake-up is a hint. Whatever happens to it, due rows are seen after this long.
const POLL: Duration = Duration::from_secs(2);
/// Every commit and every result is a wake-up: in a storm they are answered together. The first one is never held up.
const SPACING: Duration = Duration::from_millis(10);
/// A due time in the past belongs to rows that are being dealt with; asking about them at once would be a busy loop.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);
/// On stop: so long for what is being sent, and then so long to write down how it ended.
const GRACE: Duration = Duration::from_secs(18);
const RECORDING_GRACE: Duration = Duration::from_secs(2);
/// Before a dispatcher that fell over gets up again.
const RECOVERY: Duration = Duration::from_secs(1);

/// Builds the channel of a configuration, at the moment of use; for mail with the profile that the message takes and the
/// batch that it belongs to.
pub(crate) type Open =
    Arc<dyn Fn(&ChannelConfig, Option<MailProfile>, &Batch) -> Box<dyn Channel> + Send + Sync>;

/// The running dispatcher, seen from outside.
#[derive(Clone)]
pub struct DispatcherHandle {
    pulse: Arc<Pulse>,
    deliverer: Arc<Deliverer>,
}

/// Whether the dispatcher does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// When it last asked for due rows and got an answer.
    pub last_tick: Timestamp,
    /// Messages on their way now.
    pub in_flight: usize,
}

struct Pulse(AtomicI64);

impl DispatcherHandle {
    pub fn health(&self) -> Health {
        Health {
            last_tick: Timestamp::from_millis(self.pulse.0.load(Ordering::Relaxed)),
            in_flight: self.deliverer.in_flight(),
        }
    }
}

/// Starts the dispatcher in `tracker`. When `stop` is cancelled it claims nothing more, lets what is being sent end
/// (at most 20 s) and returns.
pub(crate) fn start(
    store: Store,
    open: Open,
    routes: Arc<Routes>,
    clock: Arc<dyn Clock>,
    tracker: &TaskTracker,
    stop: CancellationToken,
) -> DispatcherHandle {
    let pulse = Arc::new(Pulse(AtomicI64::new(clock.now().as_millis())));
    let deliverer = Arc::new(Deliverer::new(store.clone(), open, routes, Arc::clone(&clock)));
    let handle = DispatcherHandle {
        pulse: Arc::clone(&pulse),
        deliverer: Arc::clone(&deliverer),
    };
    tracker.spawn(async move {
        loop {
            let dispatcher = Dispatcher::new(&store, &clock, &pulse, &deliverer, &stop);
            match AssertUnwindSafe(dispatcher.run()).catch_unwind().await {
                Ok(()) => return,
                // A defect here must not silence every alert; its rows come back when their leases run out.
                Err(_) => tracing::error!("the dispatcher panicked and is started again"),
            }
            sleep(RECOVERY).await;
        }
    });
    handle
}

struct Dispatcher<'a> {
    store: &'a Store,
    clock: &'a Arc<dyn Clock>,
    pulse: &'a Pulse,
    deliverer: &'a Arc<Deliverer>,
    stop: &'a CancellationToken,
    /// Ends sends that outlast the grace time.
    cut: CancellationToken,
    lanes: JoinSet<()>,
    running: HashMap<ChannelId, Running>,
}

/// A lane at work, seen from the dispatcher.
struct Running {
    task: Id,
    signal: Arc<Signal>,
}

/// Tells a lane that its channel has due rows.
#[derive(Default)]
struct Signal {
    wake: Notify,
    /// Set with each wake-up, cleared by the lane before it claims. Still set when the lane has ended: the wake-up
    /// came too late for it.
    pending: AtomicBool,
}

impl<'a> Dispatcher<'a> {
    fn new(
        store: &'a Store,
        clock: &'a Arc<dyn Clock>,
        pulse: &'a Pulse,
        deliverer: &'a Arc<Deliverer>,
        stop: &'a CancellationToken,
    ) -> Self {
        Self {
            store,
            clock,
            pulse,
            deliverer,
            stop,
            cut: CancellationToken::new(),
            lanes: JoinSet::new(),
            running: HashMap::new(),
        }
    }

    async fn run(mut self) {
        while !self.stop.is_cancelled() {
            let again = Instant::now() + SPACING;
            let wait = self.tick().await;
            self.rest(wait).await;
            sleep_until(again).await;
        }
        self.drain().await;
    }

    /// Sends the lanes of due channels to work. Returns how long there is surely nothing new to do.
    async fn tick(&mut self) -> Duration {
        let now = self.clock.now();
        let outbox = self.store.outbox();
        match outbox.due_channels(now).await {
            Ok(due) => due.into_iter().for_each(|channel| self.put_to_work(channel)),
            Err(error) => {
                tracing::warn!(error = %error, "due deliveries could not be read");
                return POLL;
            }
        }
        self.pulse.0.store(now.as_millis(), Ordering::Relaxed);
        match outbox.next_due(now).await {
            Ok(Some(next)) if next > now => next.since(now).clamp(SHORTEST_SLEEP, POLL),
            Ok(_) => POLL,
            Err(error) => {
                tracing::warn!(error = %error, "the next due delivery could not be read");
                POLL
            }
        }
    }

    fn put_to_work(&mut self, channel: ChannelId) {
        if let Some(running) = self.running.get(&channel) {
            running.signal.pending.store(true, Ordering::Release);
            running.signal.wake.notify_one();
            return;
        }
        let signal = Arc::new(Signal::default());
        let lane = Lane {
            channel,
            store: self.store.clone(),
            deliverer: Arc::clone(self.deliverer),
            signal: Arc::clone(&signal),
            stop: self.stop.clone(),
            cut: self.cut.clone(),
        };
        let task = self.lanes.spawn(lane.run()).id();
        self.running.insert(channel, Running { task, signal });
    }

    /// Until there is a reason to ask again: a wake-up, a due time, the poll interval, or stop.
    async fn rest(&mut self, wait: Duration) {
        let until = Instant::now() + wait;
        loop {
            tokio::select! {
                () = self.store.outbox().changed() => return,
                () = sleep_until(until) => return,
                () = self.stop.cancelled() => return,
                Some(ended) = self.lanes.join_next_with_id() => {
                    let task = match ended {
                        Ok((task, ())) => task,
                        Err(error) => {
                            tracing::error!(error = %error, "a delivery lane ended badly");
                            error.id()
                        }
                    };
                    if self.forget(task) {
                        return;
                    }
                }
            }
        }
    }

    /// Removes a lane that has ended. True when a wake-up came too late for it.
    fn forget(&mut self, task: Id) -> bool {
        let channel = self.running.iter().find(|(_, r)| r.task == task).map(|(c, _)| *c);
        channel
            .and_then(|c| self.running.remove(&c))
            .is_some_and(|r| r.signal.pending.load(Ordering::Acquire))
    }

    async fn drain(&mut self) {
        let in_flight = self.deliverer.in_flight();
        tracing::info!(deliveries.in_flight = in_flight, "the dispatcher stops");
        if timeout(GRACE, self.all_lanes()).await.is_err() {
            self.cut.cancel();
            if timeout(RECORDING_GRACE, self.all_lanes()).await.is_err() {
                tracing::warn!("deliveries were cut off; they are taken up again when their leases run out");
            }
        }
    }

    async fn all_lanes(&mut self) {
        while self.lanes.join_next().await.is_some() {}
    }
}
