//! Takes claimed outbox rows to channels and brings back what the other side said.
//!
//! Flow: the dispatcher wakes (a commit made rows due, a retry is due, or the poll interval is over), claims rows of each
//! due channel, builds the [`channel::Channel`] from what is stored at that moment, sends, and stores the attempt and the
//! next state of the row. Tests from the settings pages, and the weekly mail that shows that mail still works, go through
//! the same code. [`oauth`] gets the tokens that some mail servers want, [`deliverability`] asks DNS whether the mails
//! will be believed, [`bounce`] reads those that came back, [`dead_man`] shows somebody elsewhere that all of it works.
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
    mail_message::MessageSettings,
    zone::Tz,
};
use egress::Dialer;
use store::{MailProfile, Store, StoreError, mail::Outcome};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

pub mod bounce;
mod canary;
pub mod channel;
mod channel_test;
mod course;
pub mod dead_man;
pub mod deliverability;
mod dispatcher;
mod email;
mod http;
mod id;
mod lifecycle;
mod links;
pub mod mail;
mod message;
pub mod oauth;
mod service;
mod webhook;

pub use course::Course;
pub use dispatcher::{DispatcherHandle, Health, Outlook};
pub use message::Preview;

use canary::Canary;
use channel::{Channel, Receipt, Retry, SendError, Trace};
use dead_man::DeadManSwitch;
use deliverability::Deliverability;
use dispatcher::{Open, Routes};
use email::Email;
use http::Http;
use links::Links;
use mail::{Batch, Language, MailTest, Mailer, Profile, Step, Trial};
use message::Reader;
use oauth::OAuth;
use webhook::{Site, Webhook};

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
    dead_man: DeadManSwitch,
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

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    #[error("the general settings could not be read: {0}")]
    Settings(#[from] store::StoreError),
    #[error("the message could not be rendered: {0}")]
    Render(#[from] askama::Error),
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
        let site = Site {
            links: links.clone(),
            public_url: public_url.clone(),
        };
        let http = Arc::new(Http::new(dialer, Arc::clone(&clock))?);
        let dead_man = DeadManSwitch::new(store.clone(), Arc::clone(&http), Arc::clone(&clock));
        let routes = Arc::new(Routes::new(store.clone(), Arc::clone(&clock)));
        let mail = (
            store.clone(),
            mailer.clone(),
            Arc::clone(&routes),
            Arc::clone(&clock),
        );
        let open: Open = Arc::new(move |config, profile, batch| match config {
            ChannelConfig::Webhook(config) => Box::new(Webhook::new(
                Arc::clone(&http),
                site.clone(),
                mail.0.clone(),
                config.clone(),
            )),
            ChannelConfig::Service(config) => Box::new(service::Sender {
                http: Arc::clone(&http),
                links: links.clone(),
                store: mail.0.clone(),
                config: config.clone(),
            }),
            ChannelConfig::Email(config) => {
                let (store, mailer, routes, clock) = mail.clone();
                Box::new(Email {
                    config: config.clone(),
                    store,
                    mailer,
                    routes,
                    clock,
                    profile,
                    batch: batch.clone(),
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
            dead_man,
            public_url,
        })
    }

    /// What DNS says about the sender of the mails.
    pub fn deliverability(&self) -> &Deliverability {
        &self.deliverability
    }

    /// Logging in to mail servers with OAuth 2.0.
    pub fn oauth(&self) -> &OAuth {
        &self.oauth
    }

    /// The ping that shows somebody elsewhere that the whole loop works.
    pub fn dead_man(&self) -> &DeadManSwitch {
        &self.dead_man
    }

    /// Starts the dispatcher in `tracker`, the watch over the authorizations of mail, and the weekly mail. When `stop` is
    /// cancelled nothing more is claimed, what is being sent may end (at most 20 s), and the tasks return.
    pub fn start_dispatcher(&self, tracker: &TaskTracker, stop: CancellationToken) -> DispatcherHandle {
        self.oauth.start(tracker, stop.clone());
        self.canary().start(tracker, stop.clone());
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
    /// it; otherwise the last receipt is returned. Of it is kept only that the channel needs no attention. Mails count against the limit of their profile.
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
            ChannelConfig::Webhook(_) | ChannelConfig::Service(_) => None,
        };
        let batch = Batch::default();
        let sender = (self.open)(config, profile.clone(), &batch);
        let recipients = self.still_willing(channel, config.recipients()).await?;
        let through = (&*sender, profile.as_ref());
        let sent = self.send_tests(channel, through, recipients).await;
        if let Some(farewell) = batch.end() {
            farewell.await;
        }
        if sent.is_ok()
            && let Err(error) = self.store.channels().works(channel.id).await
        {
            tracing::warn!(channel.id = %channel.id, error = %error, "that a channel works was not written");
        }
        sent
    }

    async fn send_tests(
        &self,
        channel: &config::Channel,
        (sender, profile): (&dyn Channel, Option<&MailProfile>),
        recipients: Vec<String>,
    ) -> Result<Receipt, SendError> {
        let mut last = Receipt::default();
        let all = recipients.len();
        for (sent, recipient) in recipients.into_iter().enumerate() {
            if let Some(profile) = profile
                && let Err(delay) = self.routes.take_room(profile)
            {
                let so_far = (sent, all);
                return Err(channel_test::no_room(profile, &delay, so_far, self.clock.now()));
            }
            let delivery = id::fresh(self.clock.now()).map(DeliveryId).ok_or_else(|| {
                let reason = "The operating system gives no random numbers, so the message has no id.";
                SendError::new(Retry::Backoff, reason, Trace::default())
            })?;
            let notice = Notice {
                delivery,
                event: Event::Test,
                at: self.clock.now(),
                recipient,
                channel: channel.id,
                channel_name: channel.name.clone(),
                subject: None,
                message_id: format!("{delivery}@{}", self.message_domain().await),
                thread: None,
                thread_reference: None,
                also: Vec::new(),
                counted: Vec::new(),
                shared_with: Vec::new(),
            };
            last = sender.send(&notice).await?;
        }
        Ok(last)
    }

    /// Those who did not unsubscribe. Nobody left is a refusal: a test that reached nobody must not look like one that
    /// went well.
    async fn still_willing(
        &self,
        channel: &config::Channel,
        recipients: Vec<String>,
    ) -> Result<Vec<String>, SendError> {
        let optouts = self
            .store
            .optouts()
            .of_channel(channel.id)
            .await
            .map_err(|error| {
                let reason = format!("Who has unsubscribed could not be read: {error}. Try again.");
                SendError::new(Retry::Backoff, reason, Trace::default())
            })?;
        let gone = |r: &String| optouts.iter().any(|o| o.address == r.to_ascii_lowercase());
        let left: Vec<String> = recipients.into_iter().filter(|r| !gone(r)).collect();
        if left.is_empty() {
            let reason = "Every recipient of this channel has unsubscribed from it. Add another, or have it sent again to those who want it.";
            return Err(SendError::new(Retry::Never, reason, Trace::default()));
        }
        Ok(left)
    }

    /// A message as recipients would see it with these settings, about an outage that nobody had. Nothing is sent.
    pub async fn preview_message(
        &self,
        settings: &MessageSettings,
        language: Language,
        event: Event,
    ) -> Result<Preview, PreviewError> {
        let general = self.store.settings().general().await?;
        let reader = Reader {
            language,
            zone: general.zone(),
            now: self.clock.now(),
        };
        Ok(message::preview(settings, event, &self.public_url, reader)?)
    }

    /// What the next mail would do; `named` = the profile that its channel prefers.
    pub async fn mail_outlook(&self, named: Option<ProfileId>) -> Outlook {
        self.routes.outlook(named).await
    }

    /// Sends a test mail by the function that alerts use, through settings that are not saved, or through what is stored
    /// at this moment. Dropping the future ends the test where it stands.
    pub async fn test_mail(&self, through: Through, to: &Address, trial: Trial<'_>) -> MailTest {
        let (language, zone) = self.voice().await;
        let stored = match through {
            Through::Unsaved(settings) => {
                let profile = Profile {
                    settings: &settings,
                    stored: None,
                };
                let mailer = &self.mailer;
                return mailer
                    .test(profile, to, (language, zone), &*self.clock, trial)
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
            .test((&profile).into(), to, (language, zone), &*self.clock, trial)
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
            let works = (Outcome::Works, self.clock.now());
            self.routes.learn(profile, works, ("", None)).await;
        }
        // No message was accepted in a dry run.
        if test.ok && test.dry_run {
            return;
        }
        let failure = (!test.ok).then(|| (test.detail.as_str(), test.failed_step.map(Step::as_str)));
        let mail = self.store.mail();
        let noted = mail.note_message(profile.id, profile.revision, failure, &test.detail);
        if let Err(error) = noted.await {
            tracing::warn!(error = %error, "the result of a mail test was not written");
        }
    }

    /// Language and zone of the installation.
    async fn voice(&self) -> (Language, Tz) {
        let general = self.store.settings().general().await.unwrap_or_default();
        let language = general
            .language
            .as_deref()
            .map_or(Language::default(), Language::of);
        (language, general.zone())
    }

    /// Right side of the `Message-ID` of a test: the domain of the sender, or our own.
    async fn message_domain(&self) -> String {
        match self.store.mail().primary().await {
            Ok(Some(profile)) => profile.settings.from.domain().to_owned(),
            Ok(None) | Err(_) => self.public_url.host_str().unwrap_or("localhost").to_owned(),
        }
    }

    fn canary(&self) -> Canary {
        Canary {
            store: self.store.clone(),
            mailer: self.mailer.clone(),
            routes: Arc::clone(&self.routes),
            clock: Arc::clone(&self.clock),
        }
    }

    /// Sends the weekly mail where it is due; otherwise that happens within the hour.
    pub async fn send_canary(&self) -> Result<(), StoreError> {
        self.canary().send_due().await
    }
}
