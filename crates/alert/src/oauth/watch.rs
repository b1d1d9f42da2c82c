//! The task that looks after authorizations: asks whether a person has decided, and renews every hour what would end
//! before the next time.

use std::{panic::AssertUnwindSafe, time::Duration};

use domain::{id::ProfileId, mail::AuthMethod};
use futures_util::FutureExt;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    AHEAD, OAuth,
    flow::{Attempt, Device},
    grant::Need,
};

/// Access tokens live about an hour.
const PERIOD: Duration = Duration::from_hours(1);
/// After a look that found a provider that cannot be asked.
const SOONER: Duration = Duration::from_mins(5);
/// Before a watch that fell over gets up again.
const RECOVERY: Duration = Duration::from_secs(5);

impl OAuth {
    /// Starts the watch in `tracker`. It ends when `stop` is cancelled.
    pub(crate) fn start(&self, tracker: &TaskTracker, stop: CancellationToken) {
        let oauth = self.clone();
        tracker.spawn(async move {
            loop {
                let watch = async {
                    tokio::select! {
                        () = oauth.watch() => {}
                        () = stop.cancelled() => {}
                    }
                };
                if AssertUnwindSafe(watch).catch_unwind().await.is_ok() {
                    return;
                }
                tracing::error!("the watch over mail authorizations panicked and is started again");
                sleep(RECOVERY).await;
            }
        });
    }

    async fn watch(&self) {
        let mut renewal = Instant::now();
        loop {
            if Instant::now() >= renewal {
                let well = self.renew_all().await;
                renewal = Instant::now() + if well { PERIOD } else { SOONER };
            }
            let question = self.ask_all().await;
            let next = question.map_or(renewal, |q| q.min(renewal));
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.0.begun.notified() => {}
            }
        }
    }

    /// Renews the access token of every profile that would not have one at the next look. `false`: a provider could not
    /// be asked.
    pub async fn renew_all(&self) -> bool {
        let profiles = match self.0.store.mail().profiles().await {
            Ok(profiles) => profiles,
            Err(error) => {
                tracing::warn!(error = %error, "mail profiles could not be read to renew their authorizations");
                return false;
            }
        };
        let mut well = true;
        for profile in profiles {
            if profile.settings.auth != AuthMethod::Xoauth2 {
                continue;
            }
            let need = Need::Lasting(PERIOD + AHEAD);
            if let Err(problem) = self.access(profile.id, &profile.settings, need).await {
                well &= problem.kind.needs_person();
            }
        }
        well
    }

    /// Asks about every device code whose time has come. Gives when the next one comes.
    async fn ask_all(&self) -> Option<Instant> {
        let mut next = None;
        for (profile, device) in self.devices() {
            let again = if device.next <= Instant::now() {
                self.ask_again(profile, device).await
            } else {
                Some(device.next)
            };
            next = match (next, again) {
                (Some(a), Some(b)) => Some(Instant::min(a, b)),
                (a, b) => a.or(b),
            };
        }
        next
    }

    fn devices(&self) -> Vec<(ProfileId, Device)> {
        let slots = self.0.profiles.lock();
        let all = slots
            .iter()
            .filter_map(|(profile, slot)| match &*slot.attempt.lock() {
                Some(Attempt::Device(device)) => Some((*profile, Device::clone(device))),
                _ => None,
            });
        all.collect()
    }
}
