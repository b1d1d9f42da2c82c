//! A mail a week through every profile: that mail works is not found out in the night in which it is needed.
//!
//! It goes the way of every other mail, and what became of it stands on the page of the mail settings. A profile that is
//! known to fail is left to its breaker.

use std::{sync::Arc, time::Duration};

use domain::{
    clock::{Clock, Timestamp},
    mail::{Address, breaker::Admission},
    zone::Tz,
};
use store::{
    MailProfile, Store, StoreError,
    mail::{MailHealth, Outcome},
};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    dispatcher::Routes,
    id,
    mail::{Batch, Language, Mailer},
    message::{self, Occasion, Reader},
};

const EVERY: Duration = Duration::from_hours(7 * 24);
/// One that was refused is tried again after this long.
const AGAIN: Duration = Duration::from_hours(24);
/// How soon a new address is noticed.
const LOOK: Duration = Duration::from_hours(1);

/// What sends it.
#[derive(Clone)]
pub(crate) struct Canary {
    pub(crate) store: Store,
    pub(crate) mailer: Mailer,
    pub(crate) routes: Arc<Routes>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Canary {
    pub(crate) fn start(self, tracker: &TaskTracker, stop: CancellationToken) {
        tracker.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.look() => {}
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(LOOK) => {}
                }
            }
        });
    }

    async fn look(&self) {
        if let Err(error) = self.send_due().await {
            tracing::warn!(error = %error, "the weekly mail could not be looked after");
        }
    }

    /// Sends what is due now.
    pub(crate) async fn send_due(&self) -> Result<(), StoreError> {
        let general = self.store.settings().general().await?;
        let zone = general.zone();
        let Some(to) = general.canary_to else {
            return Ok(());
        };
        let language = general
            .language
            .as_deref()
            .map_or(Language::English, Language::of);
        for profile in self.store.mail().route(None).await? {
            let health = self.store.mail().health(profile.id).await?;
            if is_due(&profile, &health, self.clock.now()) {
                self.send(&profile, &to, (language, zone)).await?;
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        profile: &MailProfile,
        to: &Address,
        (language, zone): (Language, Tz),
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let Some(id) = id::fresh(now).filter(|_| self.routes.take_room(profile).is_ok()) else {
            return Ok(());
        };
        let reader = Reader { language, zone, now };
        let letter = message::test_letter(&profile.settings, to, reader, id, Occasion::Week);
        let letter = match letter {
            Ok(letter) => letter,
            Err(error) => {
                return self
                    .store
                    .mail()
                    .note_canary(profile.id, Some(&error.to_string()))
                    .await;
            }
        };
        let alone = Batch::single();
        let done = self
            .mailer
            .deliver(&alone, profile.into(), &letter, &|_| ())
            .await;
        let step = done.trace.step.as_deref();
        let (outcome, reason) = match &done.result {
            Ok(_) => (Some(Outcome::Works), None),
            Err(failure) => (failure.says(), Some(failure.reason())),
        };
        if let Some(outcome) = outcome {
            let seen = (reason.as_deref().unwrap_or_default(), step);
            self.routes.learn(profile, (outcome, now), seen).await;
        }
        let words = done.trace.reply_text.as_deref().unwrap_or_default();
        let failure = reason.as_deref().map(|what| (what, step));
        let mail = self.store.mail();
        mail.note_message(profile.id, profile.revision, failure, words)
            .await?;
        mail.note_canary(profile.id, reason.as_deref()).await
    }
}

fn is_due(profile: &MailProfile, health: &MailHealth, now: Timestamp) -> bool {
    let fresh = |at: Timestamp| at <= now && now.since(at) < EVERY;
    let usable = !profile.settings.is_locked() && health.breaker.admit(now) == Admission::Free;
    // One that was refused is not sent every hour.
    let refused = health.canary.error.as_ref().and(health.canary.tried);
    let tried = refused.is_some_and(|at| at <= now && now.since(at) < AGAIN);
    usable && !tried && !health.canary.at.is_some_and(fresh)
}
