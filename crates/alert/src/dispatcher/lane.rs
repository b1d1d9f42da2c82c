//! The deliveries of one channel: claim a few, send them side by side, claim again as they end.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::id::ChannelId;
use store::{Store, outbox::Claimed};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Signal, delivery::Deliverer};

/// Messages of one channel on their way at once: enough for a burst, few enough for a small receiver.
const SIDE_BY_SIDE: usize = 4;
/// Longer than [`super::delivery::SEND_DEADLINE`], so that nobody else has the row while it is being sent.
const LEASE: Duration = Duration::from_mins(10);

pub(super) struct Lane {
    pub(super) channel: ChannelId,
    pub(super) store: Store,
    pub(super) deliverer: Arc<Deliverer>,
    pub(super) signal: Arc<Signal>,
    pub(super) stop: CancellationToken,
    pub(super) cut: CancellationToken,
}

impl Lane {
    /// Ends when nothing is due and nothing is on its way.
    pub(super) async fn run(self) {
        let mut sending = JoinSet::new();
        while !self.stop.is_cancelled() {
            self.fill(&mut sending).await;
            if sending.is_empty() {
                return;
            }
            tokio::select! {
                Some(ended) = sending.join_next() => self.note(ended),
                () = self.signal.wake.notified() => {}
                () = self.stop.cancelled() => {}
            }
        }
        while let Some(ended) = sending.join_next().await {
            self.note(ended);
        }
    }

    async fn fill(&self, sending: &mut JoinSet<()>) {
        let room = SIDE_BY_SIDE - sending.len().min(SIDE_BY_SIDE);
        if room == 0 {
            return;
        }
        self.signal.pending.store(false, Ordering::Release);
        match self.store.outbox().claim(self.channel, room as u32, LEASE).await {
            Ok(claims) => {
                for claimed in claims {
                    self.begin(sending, claimed).await;
                }
            }
            Err(error) => {
                tracing::warn!(channel.id = %self.channel, error = %error, "deliveries could not be claimed");
            }
        }
    }

    async fn begin(&self, sending: &mut JoinSet<()>, claimed: Claimed) {
        if self.stop.is_cancelled() {
            if let Err(error) = self.store.outbox().release(&claimed.lease).await {
                tracing::warn!(
                    delivery.id = %claimed.notice.delivery, error = %error,
                    "a claim could not be given back; it ends with its lease"
                );
            }
            return;
        }
        let (deliverer, cut) = (Arc::clone(&self.deliverer), self.cut.clone());
        sending.spawn(async move { deliverer.deliver(&claimed, &cut).await });
    }

    fn note(&self, ended: Result<(), tokio::task::JoinError>) {
        if let Err(error) = ended {
            tracing::error!(channel.id = %self.channel, error = %error, "a delivery task ended badly");
        }
    }
}
