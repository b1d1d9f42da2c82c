//! Takes claimed outbox rows to channels and brings back what the other side said.
//!
//! Flow: the dispatcher wakes (a commit made rows due, a retry is due, or the poll interval is over), claims rows of each
//! due channel, builds the [`channel::Channel`] from what is stored at that moment, sends, and stores the attempt and the
//! next state of the row. A test from the settings page goes through the same channel code.
//!
//! What this crate does not do: it decides neither who hears of what (that is planned in the transaction that opens an
//! incident) nor what is up or down; it keeps no copy of any setting; and it never holds a database transaction while it
//! waits for the network.

use std::sync::Arc;

use domain::{
    channel::{self as config, ChannelConfig},
    clock::Clock,
    delivery::{Event, Notice},
    id::DeliveryId,
};
use egress::Dialer;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;
use uuid::Uuid;

pub mod channel;
mod dispatcher;
mod email;
mod links;
pub mod mail;
mod message;
mod webhook;

pub use dispatcher::{DispatcherHandle, Health};

use channel::{Channel, Receipt, Retry, SendError, Trace};
use dispatcher::Open;
use links::Links;
use webhook::{Webhook, Webhooks};

/// Everything that sends. Cheap to clone.
#[derive(Clone)]
pub struct Alert {
    store: Store,
    clock: Arc<dyn Clock>,
    open: Open,
}

/// Why nothing could be sent from the start.
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
        let links = Links::new(public_url);
        let webhooks = Arc::new(Webhooks::new(dialer, Arc::clone(&clock), links)?);
        let open: Open = Arc::new(move |config| match config {
            ChannelConfig::Webhook(config) => Box::new(Webhook::new(Arc::clone(&webhooks), config.clone())),
            ChannelConfig::Email(_) => Box::new(NoMail),
        });
        Ok(Self { store, clock, open })
    }

    /// Starts the dispatcher in `tracker`. When `stop` is cancelled it claims nothing more, lets what is being sent end
    /// (at most 20 s), and its task returns.
    pub fn start_dispatcher(&self, tracker: &TaskTracker, stop: CancellationToken) -> DispatcherHandle {
        dispatcher::start(
            self.store.clone(),
            Arc::clone(&self.open),
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
                "The secrets of this channel were sealed with another key. Enter them again.",
                Trace::default(),
            ));
        };
        let sender = (self.open)(config);
        let mut last = Receipt::default();
        for recipient in config.recipients() {
            let delivery = DeliveryId(Uuid::now_v7());
            let notice = Notice {
                delivery,
                event: Event::Test,
                at: self.clock.now(),
                recipient,
                channel_name: channel.name.clone(),
                subject: None,
                message_id: String::new(),
                thread: None,
            };
            last = sender.send(&notice).await?;
        }
        Ok(last)
    }
}

struct NoMail;

#[async_trait::async_trait]
impl Channel for NoMail {
    async fn send(&self, _: &Notice) -> Result<Receipt, SendError> {
        Err(SendError::new(Retry::OnSettings, "mail is not wired yet", Trace::default()))
    }
}
