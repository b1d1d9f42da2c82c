//! Takes claimed outbox rows to channels and brings back what the other side said.
//!
//! Flow: the dispatcher wakes (a commit made rows due, a retry is due, or the poll interval is over), claims rows of each
//! due channel, builds the [`channel::Channel`] from what is stored at that moment, sends, and stores the attempt and the
//! next state of the row. Tests from the settings pages go through the same channel code. [`deliverability`] asks DNS
//! whether the mails will be believed.
//!
//! What this crate does not do: it decides neither who hears of what (that is planned in the transaction that opens an
//! incident) nor what is up or down; it keeps no copy of any setting; and it never holds a database transaction while it
//! waits for the network.

use std::sync::Arc;

use domain::{
    channel::{self as config, ChannelConfig},
    clock::Clock,
    delivery::{Event, Notice},
    id::{DeliveryId, ProfileId},
    mail::{Address, MailSettings},
};
use egress::Dialer;
use store::{MailProfile, Store, mail::Outcome};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

pub mod bounce;
pub mod channel;
pub mod deliverability;
mod dispatcher;
mod email;
mod links;
pub mod mail;
mod message;
pub mod oauth;
mod webhook;

pub use dispatcher::{DispatcherHandle, Health};

use channel::{Receipt, Retry, SendError, Trace};
use deliverability::Deliverability;
use dispatcher::{Open, Routes};
use email::Email;
use links::Links;
use mail::{Language, MailTest, Mailer, Observer, Profile, Step};
use oauth::OAuth;
use webhook::{Webhook, Webhooks};

/// Everything that sends. Cheap to clone.
#[derive(Clone)]
pub struct Alert {
    store: Store,
    clock: Arc<dyn Clock>,
    mailer: Mailer,
    open: Open,
    routes: Arc<Routes>,
    deliverability: Deliverability,
    oauth: OAuth,
    public_url: Url,
}

/// Which settings a test goes through.
#[derive(Clone, Debug)]
pub enum Through {
    Unsaved(Box<MailSettings>),
    /// As it is stored.
    Profile(ProfileId),
    /// The first in order, as it is stored.
    Primary,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("no TLS for webhooks: {0}")]
    Tls(#[from] egress::tls::TlsSetupError),
    #[error("no HTTP client for webhooks: {0}")]
    HttpClient(reqwest::Error),
}

impl Alert {
    /// Links in messages are built from `public_url`.
    pub fn new(
        store: Store,
        dialer: Dialer,
        clock: Arc<dyn Clock>,
        public_url: Url,
    ) -> Result<Self, StartError> {
        let deliverability = Deliverability::new(dialer.clone(), Arc::clone(&clock));
        let oauth = OAuth::new(
            store.clone(),
            dialer.clone(),
            Arc::clone(&clock),
            public_url.clone(),
        )?;
        let mailer = Mailer::new(dialer.clone(), public_url.clone()).with_oauth(oauth.clone());
        let links = Links::new(public_url.clone());
        let webhooks = Arc::new(Webhooks::new(dialer, Arc::clone(&clock), links)?);
        let routes = Arc::new(Routes::new(store.clone(), Arc::clone(&clock)));
        let mail = (
            store.clone(),
            mailer.clone(),
            Arc::clone(&routes),
            Arc::clone(&clock),
        );
        let open: Open = Arc::new(move |config, profile| match config {
            ChannelConfig::Webhook(config) => Box::new(Webhook::new(Arc::clone(&webhooks), config.clone())),
            ChannelConfig::Email(_) => {
                let (store, mailer, routes, clock) = mail.clone();
                Box::new(Email {
                    store,
                    mailer,
                    routes,
                    clock,
                    profile,
                })
            }
        });
        Ok(Self {
            store,
            clock,
            mailer,
            open,
            routes,
            deliverability,
            oauth,
            public_url,
        })
    }

    /// What DNS says about the sender of the mails.
    pub fn deliverability(&self) -> &Deliverability {
        &self.deliverability
    }

    /// Starts the dispatcher in `tracker`. When `stop` is cancelled it claims nothing more, lets what is being sent end
    /// Logging in to mail servers with OAuth 2.0.
    pub fn oauth(&self) -> &OAuth {
        &self.oauth
    }

    /// Starts the dispatcher in `tracker`, and the watch over the authorizations of mail. When `stop` is cancelled it claims nothing more, lets what is being sent end
    /// (at most 20 s), and its task returns.
    pub fn start_dispatcher(&self, tracker: &TaskTracker, stop: CancellationToken) -> DispatcherHandle {
        self.oauth.start(tracker, stop.clone());
        dispatcher::start(
            self.store.clone(),
            Arc::clone(&self.open),
            Arc::clone(&self.routes),
            Arc::clone(&self.clock),
            tracker,
            stop,
        )
    }

    /// Sends a test message to every recipient of a channel, on the way that real messages take. The first refusal ends
    /// it; otherwise the last receipt is returned. Nothing is kept.
    pub async fn send_test(&self, channel: &config::Channel) -> Result<Receipt, SendError> {
        let Some(config) = &channel.config else {
            return Err(SendError::new(
                Retry::OnSettings,
                channel::LOCKED,
                Trace::default(),
            ));
        };
        let profile = match config {
            ChannelConfig::Email(email) => {
                let route = self.store.mail().route(email.profile).await.map_err(|error| {
                    let reason = format!("The mail settings could not be read: {error}. Try again.");
                    SendError::new(Retry::Backoff, reason, Trace::default())
                })?;
                route.into_iter().next()
            }
            ChannelConfig::Webhook(_) => None,
        };
        let sender = (self.open)(config, profile);
        let mut last = Receipt::default();
        for recipient in config.recipients() {
            let delivery = self.fresh_id().ok_or_else(|| {
                let reason = "The operating system gives no random numbers, so the message has no id.";
                SendError::new(Retry::Backoff, reason, Trace::default())
            })?;
            let notice = Notice {
                delivery,
                event: Event::Test,
                at: self.clock.now(),
                recipient,
                channel_name: channel.name.clone(),
                subject: None,
                message_id: format!("{delivery}@{}", self.message_domain().await),
                thread: None,
            };
            last = sender.send(&notice).await?;
        }
        Ok(last)
    }

    /// Sends a test mail by the function that alerts use, through settings that are not saved, or through what is stored
    /// at this moment. `observer` hears of each step when it is finished.
    pub async fn test_mail(&self, through: Through, to: &Address, observer: Observer<'_>) -> MailTest {
        let language = self.language().await;
        let stored = match through {
            Through::Unsaved(settings) => {
                let profile = Profile {
                    settings: &settings,
                    stored: None,
                };
                return self
                    .mailer
                    .test(profile, to, language, &*self.clock, observer)
                    .await;
            }
            Through::Primary => self.store.mail().primary().await,
            Through::Profile(id) => self.store.mail().profile(id).await,
        };
        let profile = match stored {
            Ok(Some(profile)) => profile,
            Ok(None) => return MailTest::not_configured(language),
            Err(error) => {
                tracing::warn!(error = %error, "mail settings could not be read for a test");
                let detail = "The mail settings could not be read from the database. Try again.".to_owned();
                return MailTest {
                    detail,
                    hint: None,
                    ..MailTest::not_configured(language)
                };
            }
        };
        let test = self
            .mailer
            .test((&profile).into(), to, language, &*self.clock, observer)
            .await;
        self.note_test(&profile, &test).await;
        test
    }

    /// A test of what is stored is the latest that is known of it. A success also ends the waiting of what failed before;
    /// a failure does not count towards it, for a person may try as often as they like.
    async fn note_test(&self, profile: &MailProfile, test: &MailTest) {
        if test.steps.is_empty() {
            return;
        }
        if test.ok {
            self.routes.learn(profile, Outcome::Works, ("", None)).await;
        }
        let failure = (!test.ok).then(|| (test.detail.as_str(), test.failed_step.map(Step::as_str)));
        let mail = self.store.mail();
        let noted = mail.note_message(profile.id, profile.revision, failure, &test.detail);
        if let Err(error) = noted.await {
            tracing::warn!(error = %error, "the result of a mail test was not written");
        }
    }

    async fn language(&self) -> Language {
        let general = self.store.settings().general().await.ok();
        let tag = general.and_then(|g| g.language);
        tag.map_or(Language::default(), |tag| Language::of(&tag))
    }

    /// Right side of the `Message-ID` of a test: the domain of the sender, or our own.
    async fn message_domain(&self) -> String {
        match self.store.mail().primary().await {
            Ok(Some(profile)) => profile.settings.from.domain().to_owned(),
            Ok(None) | Err(_) => self.public_url.host_str().unwrap_or("localhost").to_owned(),
        }
    }

    fn fresh_id(&self) -> Option<DeliveryId> {
        let mut random = [0; 10];
        getrandom::fill(&mut random).ok()?;
        let millis = u64::try_from(self.clock.now().as_millis()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        Some(DeliveryId(id))
    }
}
