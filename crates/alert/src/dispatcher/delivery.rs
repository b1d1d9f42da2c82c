//! One claimed row on its way: send, judge, write down.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{
    channel::ChannelConfig,
    clock::{Clock, Timestamp},
    delivery::{Attempt, Notice},
    gathering::{MOST_PER_HOUR, MOST_SINGLE},
    id::{ChannelId, DeliveryId},
    mail::bucket::Bucket,
    retry::RetryPolicy,
};
use futures_util::FutureExt;
use parking_lot::Mutex;
use store::{
    MailProfile, Store,
    outbox::{Claimed, Next},
};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Open,
    parcel::{Parcel, Room},
    patience::Patience,
    route::{self, Admission, Delay, Routes},
};
use verdict::{judge, log};

use crate::{
    channel::{LOCKED, Receipt, Retry, SendError, Trace},
    mail::Batch,
};

#[cfg(test)]
mod tests;
mod verdict;

/// Above every deadline that a channel keeps of its own, below the lease.
const SEND_DEADLINE: Duration = Duration::from_mins(5);
/// A bucket that is empty has room again within this.
const LONGEST_FULL: Duration = Duration::from_mins(2);
/// How long the result of a send is held while the database does not take it.
const RECORDING_DEADLINE: Duration = Duration::from_mins(4);
/// The longest that a delivery takes from its begin to its written result. Its lease must hold so long.
pub(super) const LONGEST: Duration = route::TURN
    .saturating_add(SEND_DEADLINE)
    .saturating_add(RECORDING_DEADLINE);

/// What became of a claim.
enum Tried {
    Done(Box<Done>),
    /// Nothing was tried.
    Postponed(Delay),
    /// Nothing was tried, and the claim is to be given back.
    NotNow,
}

struct Done {
    result: Result<Receipt, SendError>,
    /// What was in the parcel and not to be sent any more.
    left_out: HashSet<DeliveryId>,
}

impl Tried {
    fn done(result: Result<Receipt, SendError>) -> Self {
        let left_out = HashSet::new();
        Self::Done(Box::new(Done { result, left_out }))
    }
}

/// What all deliveries share.
pub(super) struct Deliverer {
    store: Store,
    open: Open,
    clock: Arc<dyn Clock>,
    in_flight: AtomicUsize,
    routes: Arc<Routes>,
    /// Channels whose mail profile takes no more messages for a moment.
    full: Mutex<HashMap<ChannelId, Delay>>,
    patience: Patience,
    /// What recipients still get in this hour, of those who got something.
    hours: Mutex<Hours>,
}

type Hours = HashMap<(ChannelId, String), Bucket>;

impl Deliverer {
    pub(super) fn new(store: Store, open: Open, routes: Arc<Routes>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            open,
            routes,
            clock,
            in_flight: AtomicUsize::new(0),
            full: Mutex::default(),
            patience: Patience::default(),
            hours: Mutex::default(),
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// `place` is given back when the message is off the wire; writing the result down takes none. After `stop` nothing
    /// is begun that would still have to wait, and `cut` ends what was begun.
    pub(super) async fn deliver(
        &self,
        parcel: &Parcel,
        batch: &Batch,
        place: impl Send,
        (stop, cut): (&CancellationToken, &CancellationToken),
    ) {
        let _counted = Counted::new(&self.in_flight);
        let (started_at, begun) = (self.clock.now(), Instant::now());
        let result = tokio::select! {
            biased;
            result = self.attempt(parcel, batch, stop) => result,
            () = cut.cancelled() => Tried::done(Err(ours(
                Retry::After(Duration::ZERO),
                "Watchbell was stopped while it sent this message. Whether it arrived is not known; it is sent again after the start.",
            ))),
        };
        let (result, left_out) = match result {
            Tried::Done(done) => (done.result, done.left_out),
            Tried::Postponed(delay) => {
                drop(place);
                self.postpone(parcel.claims(), &delay).await;
                return;
            }
            Tried::NotNow => {
                drop(place);
                self.give_back(parcel.claims()).await;
                return;
            }
        };
        if result.is_ok() {
            store::crash_point!("after_reply");
        }
        drop(place);
        let duration = begun.elapsed();
        let until = Instant::now() + RECORDING_DEADLINE;
        for claimed in parcel.claims() {
            if left_out.contains(&claimed.notice.delivery) {
                self.give_back(std::iter::once(claimed)).await;
                continue;
            }
            self.conclude(claimed, &result, (started_at, duration), until)
                .await;
        }
    }

    /// Judges what the result of a message means for one of its deliveries, and writes it down.
    async fn conclude(
        &self,
        claimed: &Claimed,
        result: &Result<Receipt, SendError>,
        (started_at, duration): (Timestamp, Duration),
        until: Instant,
    ) {
        let recipient = &claimed.notice.recipient;
        let refused = match result {
            Ok(receipt) => &receipt.refused,
            Err(error) => &error.refused,
        };
        let result = match refused.iter().find(|(to, _)| to == recipient) {
            Some((_, error)) => Err(error.clone()),
            None => result.clone(),
        };
        let policy = claimed
            .channel
            .config
            .as_ref()
            .map_or(RetryPolicy::HTTP, |c| c.retry_policy());
        let (trace, verdict, next) = judge(result, claimed.attempt, policy, self.clock.now(), random());
        log(claimed, &verdict, duration);
        let attempt = Attempt {
            number: claimed.attempt,
            started_at,
            duration,
            profile: trace.profile,
            settings_revision: trace.settings_revision,
            remote: trace.remote,
            server: trace.server,
            step: trace.step,
            tls: trace.tls,
            reply_code: trace.reply_code,
            enhanced_code: trace.enhanced_code,
            reply_text: trace.reply_text,
            verdict,
            transcript: trace.transcript,
            rejection: trace.rejection,
        };
        self.record(claimed, &attempt, next, until).await;
    }

    /// Until when nothing of this channel can be sent, and why: what is claimed meanwhile would only be put off again.
    pub(super) fn full(&self, channel: ChannelId) -> Option<Delay> {
        let mut full = self.full.lock();
        let now = self.clock.now();
        // A clock that was set back ends it.
        full.retain(|_, delay| delay.until > now && delay.until.since(now) < LONGEST_FULL);
        full.get(&channel).cloned()
    }

    /// Whether the receiver behind this channel asked for patience, and it is not over.
    pub(super) fn asked_for_patience(&self, channel: ChannelId) -> bool {
        self.patience.holds(channel, self.clock.now())
    }

    /// Whether one message is to find out if that receiver answers again.
    pub(super) fn doubts(&self, channel: ChannelId) -> bool {
        self.patience.doubts(channel)
    }

    /// Whether it keeps patience now; what is due of this channel then waits and says so.
    pub(super) async fn keeps_patience(&self, channel: ChannelId) -> bool {
        self.patience.keep(&self.store, channel, self.clock.now()).await
    }

    /// What the way of this channel has room for. One that cannot be read now says so when it is claimed.
    pub(super) async fn room(&self, channel: ChannelId) -> Room {
        let found = self.store.channels().get(channel).await.ok().flatten();
        match found.and_then(|c| c.config) {
            Some(ChannelConfig::Email(email)) => self.routes.room(email.profile).await,
            Some(ChannelConfig::Webhook(_) | ChannelConfig::Service(_)) | None => Room::FREE,
        }
    }

    /// Recipients of this channel who are close to what they get in an hour.
    pub(super) fn crowded(&self, channel: ChannelId) -> Vec<String> {
        let now = self.clock.now();
        let mut hours = self.hours.lock();
        let mut crowded = Vec::new();
        for ((of, recipient), bucket) in hours.iter_mut() {
            if *of == channel && bucket.room(now) <= MOST_SINGLE {
                crowded.push(recipient.clone());
            }
        }
        crowded
    }

    /// Counts a message against what each of its recipients gets in an hour.
    fn take_hour(&self, notice: &Notice) -> Result<(), Delay> {
        let seen = self.store.mail().changes();
        let now = self.clock.now();
        let mut hours = self.hours.lock();
        hours.retain(|_, bucket| !bucket.is_full(now));
        let all = || std::iter::once(&notice.recipient).chain(&notice.shared_with);
        for (n, recipient) in all().enumerate() {
            let bucket = hours.entry((notice.channel, recipient.clone()));
            let taken = bucket
                .or_insert_with(|| Bucket::hourly(MOST_PER_HOUR, now))
                .take(now);
            if let Err(until) = taken {
                for earlier in all().take(n) {
                    give_back(&mut hours, notice.channel, earlier);
                }
                return Err(Delay {
                    until,
                    why: format!(
                        "{MOST_PER_HOUR} messages in an hour are the most that one recipient gets; this one waits for the next."
                    ),
                    seen,
                });
            }
        }
        Ok(())
    }

    /// It was not accepted: nobody got it.
    fn give_hour_back(&self, notice: &Notice) {
        let mut hours = self.hours.lock();
        for recipient in std::iter::once(&notice.recipient).chain(&notice.shared_with) {
            give_back(&mut hours, notice.channel, recipient);
        }
    }

    async fn attempt(&self, parcel: &Parcel, batch: &Batch, stop: &CancellationToken) -> Tried {
        let claimed = parcel.first();
        let (profile, _pass) = match &claimed.channel.config {
            Some(ChannelConfig::Email(email)) => match self.routes.admit(email.profile, stop).await {
                Admission::Go { profile, pass } => (Some(*profile), Some(pass)),
                Admission::Later(delay) => return Tried::Postponed(delay),
                Admission::Refused(error) => return Tried::done(Err(*error)),
                Admission::NotNow => return Tried::NotNow,
            },
            Some(ChannelConfig::Webhook(_) | ChannelConfig::Service(_)) | None => (None, None),
        };
        // It may have waited behind others since it was claimed, and somebody corrected, switched off or deleted its
        // channel meanwhile, or a recipient wants no more.
        let (mut channel, mut left_out) = (None, HashSet::new());
        for claimed in parcel.claims() {
            match self.store.outbox().still_held(&claimed.lease).await {
                Ok(Some(held)) => channel = Some(held),
                Ok(None) => {
                    left_out.insert(claimed.notice.delivery);
                }
                Err(error) => {
                    tracing::warn!(
                        delivery.id = %claimed.notice.delivery, error = %error,
                        "the channel of a delivery could not be read"
                    );
                    return Tried::NotNow;
                }
            }
        }
        // It was put together for a profile that takes several recipients; this one may not.
        if let Some(most) = profile.as_ref().map(|p| p.settings.max_recipients as usize) {
            let mut kept = HashSet::new();
            for claimed in parcel.claims() {
                let notice = &claimed.notice;
                if left_out.contains(&notice.delivery) || kept.contains(&notice.recipient) {
                    continue;
                }
                if kept.len() < most {
                    kept.insert(notice.recipient.clone());
                } else {
                    left_out.insert(notice.delivery);
                }
            }
        }
        let notice = parcel.notice(|claimed| !left_out.contains(&claimed.notice.delivery));
        let (Some(channel), Some(notice)) = (channel, notice) else {
            return Tried::NotNow;
        };
        let Some(config) = &channel.config else {
            return Tried::done(Err(ours(Retry::OnSettings, LOCKED)));
        };
        let for_people = channel.kind.is_for_people();
        if for_people && let Err(delay) = self.take_hour(&notice) {
            return Tried::Postponed(delay);
        }
        if let Some(Err(delay)) = profile.as_ref().map(|p| self.routes.take_room(p)) {
            self.give_hour_back(&notice);
            self.full.lock().insert(claimed.channel.id, delay.clone());
            return Tried::Postponed(delay);
        }
        let started_at = self.clock.now();
        let result = self.send((config, profile, batch), &notice).await;
        match &result {
            Ok(_) => self.patience.forget(claimed.channel.id),
            Err(error) => {
                let usual = config.retry_policy().delay(claimed.attempt, random());
                let usual = self.clock.now().plus(usual);
                self.patience.note(claimed, started_at, error, usual);
            }
        }
        if for_people && result.is_err() {
            self.give_hour_back(&notice);
        }
        Tried::Done(Box::new(Done { result, left_out }))
    }

    /// Never panics and never outlives [`SEND_DEADLINE`], whatever the channel does.
    async fn send(
        &self,
        (config, profile, batch): (&ChannelConfig, Option<MailProfile>, &Batch),
        notice: &Notice,
    ) -> Result<Receipt, SendError> {
        // Built inside the future, so that a panic while building the channel is caught too.
        let sending = async { (self.open)(config, profile, batch).send(notice).await };
        match timeout(SEND_DEADLINE, AssertUnwindSafe(sending).catch_unwind()).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(ours(
                Retry::Backoff,
                "A defect of Watchbell itself ended this attempt. It is tried again; please report the log of this time.",
            )),
            Err(_) => Err(ours(
                Retry::Backoff,
                "The attempt took longer than 5 minutes and was ended.",
            )),
        }
    }

    /// Claims that no profile takes now; nothing was tried, so no attempt counts.
    pub(super) async fn postpone(&self, claims: impl Iterator<Item = &Claimed>, delay: &Delay) {
        let Delay { until, why, seen } = delay;
        let leases: Vec<_> = claims.map(|c| &c.lease).collect();
        if let Err(error) = self.store.outbox().postpone(&leases, *until, why, *seen).await {
            tracing::warn!(
                deliveries = leases.len(), error = %error,
                "claims could not be put off; they end with their leases"
            );
        }
    }

    /// A claim that was not sent; its attempt does not count.
    pub(super) async fn give_back(&self, claims: impl Iterator<Item = &Claimed>) {
        for claimed in claims {
            if let Err(error) = self.store.outbox().release(&claimed.lease).await {
                tracing::warn!(
                    delivery.id = %claimed.notice.delivery, error = %error,
                    "a claim could not be given back; it ends with its lease"
                );
            }
        }
    }

    /// A result that is not written means a second copy, so it is held until the database takes it or the lease ends.
    async fn record(&self, claimed: &Claimed, attempt: &Attempt, next: Next, until: Instant) {
        let mut wait = Duration::from_millis(100);
        loop {
            let error = match self.store.outbox().finish(&claimed.lease, attempt, next).await {
                Ok(true) => return,
                Ok(false) => {
                    tracing::warn!(
                        delivery.id = %claimed.notice.delivery,
                        "the lease was over before the result was in; it was not written"
                    );
                    return;
                }
                Err(error) => error,
            };
            if Instant::now() + wait > until {
                tracing::error!(
                    delivery.id = %claimed.notice.delivery, error = %error,
                    "the result of a delivery could not be written; it will be sent again under the same id"
                );
                return;
            }
            tracing::warn!(delivery.id = %claimed.notice.delivery, error = %error, "writing a result again");
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
        }
    }
}

fn give_back(hours: &mut Hours, channel: ChannelId, recipient: &str) {
    if let Some(bucket) = hours.get_mut(&(channel, recipient.to_owned())) {
        bucket.give_back();
    }
}

/// A failure that the other side has no part in.
fn ours(retry: Retry, reason: &str) -> SendError {
    SendError::new(retry, reason, Trace::default())
}

/// Uniform in `0.0..1.0`; the middle if the system has no randomness, which only costs the jitter.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |n| f64::from(n) / (f64::from(u32::MAX) + 1.0))
}

/// One more in flight while it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
