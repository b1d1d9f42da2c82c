//! The dead-man's switch: an address elsewhere is asked as long as the whole loop works, and whoever keeps it raises the
//! alarm when that stops.
//!
//! Before each ping everything that an alert needs is looked at: that checks are made and keep up, that the database takes
//! a write, that messages which are due are taken up. A ping that is left out says so on its page and, once, in the log.
//! A receiver of a channel that fails is not a fault of the loop: its messages wait for their next try and are not due.

use std::{sync::Arc, time::Duration};

use domain::{
    clock::{Clock, Timestamp},
    dead_man::{DeadMan, PingMethod},
};
use parking_lot::Mutex;
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use store::Store;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::http::{Http, Redactor};

mod vitals;

use vitals::why_silent;
pub use vitals::{Pulse, Why};

/// A change of the settings by another instance is seen after this long.
const LOOK: Duration = Duration::from_secs(10);
/// A database that takes longer for a small write is not well.
const WRITE_DEADLINE: Duration = Duration::from_secs(5);

/// How the loop is, asked before each ping.
pub type Feel = Arc<dyn Fn() -> Pulse + Send + Sync>;

/// Cheap to clone.
#[derive(Clone)]
pub struct DeadManSwitch(Arc<Inner>);

struct Inner {
    store: Store,
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    status: Mutex<Status>,
    changed: Notify,
}

/// What became of the pings of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub last: Option<Ping>,
    /// Why none is sent, and since when.
    pub silent: Option<(Timestamp, Vec<Why>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    pub at: Timestamp,
    /// The status of the answer, or what went wrong, in words.
    pub answer: Result<u16, String>,
}

impl DeadManSwitch {
    pub(crate) fn new(store: Store, http: Arc<Http>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            store,
            http,
            clock,
            status: Mutex::default(),
            changed: Notify::new(),
        }))
    }

    pub fn status(&self) -> Status {
        self.0.status.lock().clone()
    }

    /// The settings were saved: the next ping comes at once.
    pub fn changed(&self) {
        self.0.changed.notify_one();
    }

    /// Starts it in `tracker`. It ends when `stop` is cancelled.
    pub fn start(&self, feel: Feel, tracker: &TaskTracker, stop: CancellationToken) {
        let switch = self.clone();
        tracker.spawn(async move {
            tokio::select! {
                () = switch.run(&feel) => {}
                () = stop.cancelled() => {}
            }
        });
    }

    async fn run(&self, feel: &Feel) {
        let mut last: Option<Instant> = None;
        loop {
            let begun = Instant::now();
            let every = match self.0.store.dead_man().get().await {
                Ok(stored) if stored.settings.enabled => {
                    let every = stored.settings.every;
                    if last.is_none_or(|last| begun.duration_since(last) >= every) {
                        last = Some(begun);
                        self.round(&stored.settings, feel).await;
                    }
                    Some(every)
                }
                Ok(_) => {
                    *self.0.status.lock() = Status::default();
                    last = None;
                    None
                }
                // It is not known whether it is to ping at all; silence is the right thing to do.
                Err(error) => {
                    self.keep_silent(vec![Why::NotStored(error.to_string())]);
                    None
                }
            };
            let next = last.zip(every).map(|(last, every)| last + every);
            let look = Instant::now() + LOOK;
            tokio::select! {
                () = sleep_until(next.map_or(look, |next| next.min(look))) => {}
                () = self.0.changed.notified() => last = None,
            }
        }
    }

    async fn round(&self, settings: &DeadMan, feel: &Feel) {
        let now = self.0.clock.now();
        let mut why = why_silent(feel(), now);
        let dead_man = self.0.store.dead_man();
        match timeout(WRITE_DEADLINE, dead_man.beat(now)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => why.push(Why::NotStored(error.to_string())),
            Err(_) => why.push(Why::NotStored(format!(
                "a small write took longer than {} s",
                WRITE_DEADLINE.as_secs()
            ))),
        }
        match self.0.store.outbox().oldest_due(now).await {
            Ok(Some(due)) if now.since(due) > settings.patience => why.push(Why::MessagesWait { since: due }),
            Ok(_) => {}
            Err(error) => why.push(Why::NotStored(error.to_string())),
        }
        let Some(url) = settings.url.as_ref() else {
            why.push(Why::Locked);
            return self.keep_silent(why);
        };
        if !why.is_empty() {
            return self.keep_silent(why);
        }
        let answer = self.ping(url, settings.method).await;
        let mut status = self.0.status.lock();
        if status.silent.take().is_some() {
            tracing::info!("the dead-man's switch is pinged again");
        }
        let failed_before = status.last.as_ref().is_some_and(|p| p.answer.is_err());
        match &answer {
            // Once: a receiver that is down is its own matter.
            Err(reason) if !failed_before => {
                tracing::warn!(reason, "a ping of the dead-man's switch was not taken");
            }
            Ok(_) if failed_before => tracing::info!("pings of the dead-man's switch are taken again"),
            Ok(_) | Err(_) => {}
        }
        status.last = Some(Ping { at: now, answer });
    }

    async fn ping(&self, url: &SecretString, method: PingMethod) -> Result<u16, String> {
        let url = Url::parse(url.expose_secret())
            .map_err(|_| "The address is not a URL. Enter it again.".to_owned())?;
        let redactor = Redactor::new(&url, &[]);
        let method = match method {
            PingMethod::Get => Method::GET,
            PingMethod::Post => Method::POST,
            PingMethod::Head => Method::HEAD,
        };
        let answer = self
            .0
            .http
            .exchange(Request::new(method, url), &redactor)
            .await
            .map_err(|error| error.reason)?;
        let judged = answer.judge("the address");
        judged.map_err(|(_, reason)| redactor.clean(&reason))?;
        Ok(answer.status.as_u16())
    }

    fn keep_silent(&self, why: Vec<Why>) {
        let mut status = self.0.status.lock();
        let new = (status.silent.as_ref()).is_none_or(|(_, before)| {
            let kinds = |all: &[Why]| all.iter().map(Why::code).collect::<Vec<_>>();
            kinds(before) != kinds(&why)
        });
        if new {
            let words: Vec<String> = why.iter().map(ToString::to_string).collect();
            tracing::error!(why = words.join("; "), "the dead-man's switch is not pinged");
        }
        let since = status
            .silent
            .as_ref()
            .map_or_else(|| self.0.clock.now(), |(since, _)| *since);
        status.silent = Some((since, why));
    }
}
