//! Which mail profile a message takes, and when.
//!
//! The first profile in order that works is used; the next one stands in for it when it has failed for two minutes, and
//! while a message hangs in it for longer than that. A profile that fails is tried by one message at a time, and that at
//! ever longer intervals (its breaker, in the database). A login that nobody has made yet is made by one message; the
//! others of that moment wait until it is known whether the password is right.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use domain::{
    clock::{Clock, Timestamp},
    id::ProfileId,
    mail::{breaker, bucket::Bucket},
};
use parking_lot::Mutex;
use store::{
    MailProfile, Store,
    mail::{MailHealth, Outcome},
};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::parcel::Room;
use crate::{
    channel::{Retry, SendError, Trace},
    mail::Language,
};

/// A password that was taken a moment ago needs nobody to go first.
const TAKEN_FOR: Duration = Duration::from_mins(1);
/// How long a message waits for the one that goes first.
pub(super) const TURN: Duration = Duration::from_secs(15);

/// What this process knows of the profiles beside what is stored.
pub(crate) struct Routes {
    store: Store,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<ProfileId, Known>>,
    /// There is something new to know.
    news: Notify,
}

struct Known {
    /// Who holds it goes first.
    turn: Arc<Semaphore>,
    /// Revision and time of the last login that was taken.
    taken: Option<(i64, Timestamp)>,
    /// When each message began that is on its way; it is, while somebody else holds it.
    under_way: Vec<Weak<Timestamp>>,
    /// Nothing stands in the stored breaker.
    clean: bool,
    bucket: Option<Bucket>,
}

/// Whether a message may be sent now, and by which profile.
pub(super) enum Admission {
    /// `pass` is to be kept until the result is noted.
    Go { profile: Box<MailProfile>, pass: Pass },
    /// No profile takes it before then.
    Later(Delay),
    /// None will before a person has changed something, or the database could not be read.
    Refused(Box<SendError>),
    /// The message that went first is still on its way.
    NotNow,
}

/// Of a message on its way.
pub(super) struct Pass {
    _turn: Option<OwnedSemaphorePermit>,
    _began: Arc<Timestamp>,
}

/// Nothing is tried before `until`.
#[derive(Clone)]
pub(crate) struct Delay {
    pub(crate) until: Timestamp,
    pub(super) why: String,
    /// The state of mail that was looked at ([`store::mail::Mail::changes`]).
    pub(super) seen: u64,
}

/// What the next message would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// This profile takes it.
    Uses(ProfileId),
    /// No profile takes it before then.
    Waits { until: Timestamp, why: String },
    /// None will before a person has changed something.
    Stuck(String),
}

/// One look at the profiles.
enum Choice {
    Take { profile: Box<MailProfile>, alone: bool },
    Later(Delay),
    Refused(Box<SendError>),
}

impl Routes {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            known: Mutex::default(),
            news: Notify::new(),
        }
    }

    /// Takes at most [`TURN`].
    pub(super) async fn admit(&self, named: Option<ProfileId>, stop: &CancellationToken) -> Admission {
        let until = Instant::now() + TURN;
        let mut held: Option<(ProfileId, OwnedSemaphorePermit)> = None;
        loop {
            // Before looking, so that nothing is missed in between.
            let news = self.news.notified();
            let (profile, alone) = match self.choose(named, held.as_ref().map(|(id, _)| *id)).await {
                Choice::Take { profile, alone } => (profile, alone),
                Choice::Later(delay) => return Admission::Later(delay),
                Choice::Refused(error) => return Admission::Refused(error),
            };
            if !alone || held.as_ref().is_some_and(|(id, _)| *id == profile.id) {
                let turn = held.filter(|_| alone).map(|(_, turn)| turn);
                let pass = self.pass(profile.id, turn);
                return Admission::Go { profile, pass };
            }
            held = None;
            tokio::select! {
                turn = self.turn(profile.id).acquire_owned() => held = turn.ok().map(|turn| (profile.id, turn)),
                () = news => {}
                () = stop.cancelled() => return Admission::NotNow,
                () = sleep_until(until) => return Admission::NotNow,
            }
        }
    }

    /// What a message that is due now would do; nothing is sent and nobody is kept waiting.
    pub(crate) async fn outlook(&self, named: Option<ProfileId>) -> Outlook {
        match self.choose(named, None).await {
            Choice::Take { profile, .. } => Outlook::Uses(profile.id),
            Choice::Later(Delay { until, why, .. }) => Outlook::Waits { until, why },
            Choice::Refused(error) => Outlook::Stuck(error.reason),
        }
    }

    /// Counts a message against the limit of the profile, or says when there is room for it.
    pub(crate) fn take_room(&self, profile: &MailProfile) -> Result<(), Delay> {
        let seen = self.store.mail().changes();
        let now = self.clock.now();
        let mut known = self.known.lock();
        let Some(bucket) = bucket(known.entry(profile.id).or_default(), profile, now) else {
            return Ok(());
        };
        bucket.take(now).map_err(|until| Delay {
            until,
            why: format!(
                "{} takes {} messages a minute; this one waits for its turn.",
                profile.settings.title(),
                bucket.per_minute()
            ),
            seen,
        })
    }

    /// What the profile takes that would be used now. Without one, one message at a time is as good as any.
    pub(super) async fn room(&self, named: Option<ProfileId>) -> Room {
        let Choice::Take { profile, .. } = self.choose(named, None).await else {
            return Room::FREE;
        };
        let now = self.clock.now();
        let mut known = self.known.lock();
        let bucket = bucket(known.entry(profile.id).or_default(), &profile, now);
        Room {
            messages: bucket.map(|b| b.room(now)),
            recipients: profile.settings.max_recipients as usize,
        }
    }

    /// A conversation got past the login, whatever becomes of its message.
    pub(crate) fn taken(&self, profile: &MailProfile) {
        let at = self.clock.now();
        self.known.lock().entry(profile.id).or_default().taken = Some((profile.revision, at));
        self.news.notify_waiters();
    }

    /// Learns from a conversation: what it says about the profile, when it began, what happened and at which step.
    pub(crate) async fn learn(
        &self,
        profile: &MailProfile,
        (outcome, began): (Outcome, Timestamp),
        seen: (&str, Option<&str>),
    ) {
        let clean = self
            .known
            .lock()
            .get(&profile.id)
            .is_some_and(|known| known.clean);
        match outcome {
            Outcome::Works => self.taken(profile),
            Outcome::Fails(_) => {
                self.known.lock().entry(profile.id).or_default().taken = None;
            }
        }
        if outcome == Outcome::Works && clean {
            return;
        }
        let mail = self.store.mail();
        let learned = mail.learn(profile.id, profile.revision, (outcome, began), seen);
        match learned.await {
            Ok(breaker) => {
                self.known.lock().entry(profile.id).or_default().clean = breaker.is_clean();
                if let Some(since) = breaker.open_since() {
                    tracing::warn!(
                        mail.profile = %profile.id, mail.failures = breaker.failures(),
                        since = since.as_millis(), "mail profile is left alone but for single tries"
                    );
                }
            }
            Err(error) => {
                tracing::warn!(mail.profile = %profile.id, error = %error, "the state of a mail profile was not written");
            }
        }
        self.news.notify_waiters();
    }

    /// How long until another profile stands in for one that has failed just now. `None`: there is no other one.
    pub(crate) async fn relief(&self, profile: &MailProfile) -> Option<Duration> {
        let mail = self.store.mail();
        let others = mail.route(None).await.ok()?;
        let usable = |other: &&MailProfile| other.id != profile.id && !other.settings.is_locked();
        others.iter().find(usable)?;
        let from = mail.health(profile.id).await.ok()?.breaker.stands_aside_from()?;
        Some(from.since(self.clock.now()))
    }

    async fn choose(&self, named: Option<ProfileId>, held: Option<ProfileId>) -> Choice {
        let seen = self.store.mail().changes();
        let read = async {
            let route = self.store.mail().route(named).await?;
            Ok::<_, store::StoreError>((route, self.store.mail().health_of_all().await?))
        };
        let (route, mut health) = match read.await {
            Ok(found) => found,
            Err(error) => {
                let reason = format!("The mail settings could not be read: {error}. It is tried again.");
                return Choice::Refused(Box::new(SendError::new(Retry::Backoff, reason, Trace::default())));
            }
        };
        let now = self.clock.now();
        let (locked, usable): (Vec<_>, Vec<_>) = route.into_iter().partition(|p| p.settings.is_locked());
        let last = usable.len().saturating_sub(1);
        let (mut later, mut hanging): (Option<(Timestamp, String)>, _) = (None, None);
        for (i, profile) in usable.into_iter().enumerate() {
            let health = health.remove(&profile.id).unwrap_or_default();
            self.known.lock().entry(profile.id).or_default().clean = health.breaker.is_clean();
            let aside = health.breaker.stands_aside_from().filter(|_| i < last);
            let hangs = i < last && self.hangs(profile.id, now);
            let until = match health.breaker.admit(now) {
                breaker::Admission::Free if hangs => {
                    hanging.get_or_insert(profile);
                    continue;
                }
                breaker::Admission::Free => {
                    let alone = profile.settings.credentials.is_some() && !self.is_taken(&profile, now);
                    return take(profile, alone);
                }
                // Another one is trying it; whoever can go another way does not wait for that.
                breaker::Admission::One
                    if (hangs || aside.is_some_and(|from| from <= now))
                        && held != Some(profile.id)
                        && self.turn(profile.id).available_permits() == 0 =>
                {
                    continue;
                }
                breaker::Admission::One => return take(profile, true),
                breaker::Admission::Wait { until } => until,
            };
            let why = explain(&profile, &health);
            if aside.is_none_or(|from| from > now) {
                let until = aside.map_or(until, |from| from.min(until));
                let (until, why) = later.filter(|(first, _)| *first <= until).unwrap_or((until, why));
                return Choice::Later(Delay { until, why, seen });
            }
            if later.as_ref().is_none_or(|(first, _)| until < *first) {
                later = Some((until, why));
            }
        }
        match (hanging, later, locked.first()) {
            // Nothing else is left.
            (Some(profile), ..) => take(profile, true),
            (None, Some((until, why)), _) => Choice::Later(Delay { until, why, seen }),
            (None, None, Some(profile)) => Choice::Refused(waiting("mail-password-locked", Some(profile))),
            (None, None, None) => Choice::Refused(waiting(self.missing().await, None)),
        }
    }

    /// Why there is no profile to use.
    async fn missing(&self) -> &'static str {
        match self.store.mail().profiles().await {
            Ok(all) if !all.is_empty() => "mail-switched-off",
            _ => "mail-not-configured",
        }
    }

    fn turn(&self, id: ProfileId) -> Arc<Semaphore> {
        Arc::clone(&self.known.lock().entry(id).or_default().turn)
    }

    fn pass(&self, id: ProfileId, turn: Option<OwnedSemaphorePermit>) -> Pass {
        let began = Arc::new(self.clock.now());
        let mut known = self.known.lock();
        let under_way = &mut known.entry(id).or_default().under_way;
        under_way.retain(|other| other.strong_count() > 0);
        under_way.push(Arc::downgrade(&began));
        Pass {
            _turn: turn,
            _began: began,
        }
    }

    /// A message has been on its way by it for so long that others do not wait for what becomes of that one.
    fn hangs(&self, id: ProfileId, now: Timestamp) -> bool {
        let known = self.known.lock();
        let under_way = known.get(&id).map_or(&[][..], |known| &known.under_way);
        let mut began = under_way.iter().filter_map(Weak::upgrade);
        began.any(|began| now.since(*began) >= breaker::PATIENCE)
    }

    fn is_taken(&self, profile: &MailProfile, now: Timestamp) -> bool {
        let known = self.known.lock();
        let taken = known.get(&profile.id).and_then(|known| known.taken);
        // A clock that was set back ends it, for it would hold too long.
        taken.is_some_and(|(revision, at)| {
            revision == profile.revision && now >= at && now.since(at) < TAKEN_FOR
        })
    }
}

impl Default for Known {
    fn default() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            taken: None,
            under_way: Vec::new(),
            clean: false,
            bucket: None,
        }
    }
}

/// The bucket of the limit that is now set.
fn bucket<'a>(known: &'a mut Known, profile: &MailProfile, now: Timestamp) -> Option<&'a mut Bucket> {
    let per_minute = profile.settings.rate_per_minute?;
    if known.bucket.is_none_or(|b| b.per_minute() != per_minute) {
        known.bucket = Some(Bucket::new(per_minute, now));
    }
    known.bucket.as_mut()
}

fn take(profile: MailProfile, alone: bool) -> Choice {
    Choice::Take {
        profile: Box::new(profile),
        alone,
    }
}

/// Nothing is tried, and no socket opened, before a person has changed the mail settings.
fn waiting(key: &str, profile: Option<&MailProfile>) -> Box<SendError> {
    let trace = profile.map(Trace::of_profile).unwrap_or_default();
    Box::new(SendError::new(
        Retry::OnSettings,
        Language::English.text(key),
        trace,
    ))
}

/// Why a profile is not tried now.
fn explain(profile: &MailProfile, health: &MailHealth) -> String {
    let last = health.last_error.as_ref().map_or("", |(_, what)| what.as_str());
    format!(
        "Not tried now, because {} has just failed: one message tries again soon, all of them as soon as that one works \
         or the mail settings are saved. It was: {last}",
        profile.settings.title()
    )
}
