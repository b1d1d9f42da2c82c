//! The mail channel: one message, usually to one recipient, by the profile that it takes at that moment.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{channel::EmailChannel, clock::Clock, delivery::Notice, mail::Address};
use store::{MailProfile, Store, StoreError, mail::Outcome};

use crate::{
    channel::{Channel, Receipt, Retry, SendError, Trace},
    dispatcher::Routes,
    mail::{Batch, Conversation, Failure, Language, Mailer, Reply, Step, StepReport},
    message::{self, ComposeError, Reader, Writing},
};

/// The recipient is in the notice, the server in the profile; of the channel's own only who reads it.
pub(crate) struct Email {
    pub(crate) config: EmailChannel,
    pub(crate) store: Store,
    pub(crate) mailer: Mailer,
    pub(crate) routes: Arc<Routes>,
    pub(crate) clock: Arc<dyn Clock>,
    /// `None`: mail was never set up.
    pub(crate) profile: Option<MailProfile>,
    /// The mails that share their connection with this one.
    pub(crate) batch: Batch,
}

#[async_trait]
impl Channel for Email {
    async fn send(&self, notice: &Notice) -> Result<Receipt, SendError> {
        let Some(profile) = &self.profile else {
            return Err(waiting("mail-not-configured", Trace::default()));
        };
        let untouched = Trace::of_profile(profile);
        if profile.settings.is_locked() {
            return Err(waiting("mail-password-locked", untouched));
        }
        let general = self.store.settings().general().await.map_err(|e| ours(&e))?;
        let wording = self.store.settings().message().await.map_err(|e| ours(&e))?;
        let token = self.store.optouts().token(notice.channel, &notice.recipient);
        // Of several who share a message nobody knows who it was.
        let told_to = if notice.shared_with.is_empty() {
            notice.recipient.as_str()
        } else {
            ""
        };
        let told = |incident| {
            let links = self.store.acknowledgements();
            links.token(incident, notice.channel, told_to)
        };
        let writing = Writing {
            settings: &profile.settings,
            wording: &wording.settings,
            public_url: self.mailer.public_url(),
            reader: Reader::new(
                &general,
                (self.config.language, self.config.timezone),
                self.clock.now(),
            ),
            token: &token,
            told: &told,
        };
        let letter = message::notice_letter(notice, &writing).map_err(|error| {
            let retry = match error {
                ComposeError::Recipient => Retry::Never,
                ComposeError::Sender(_) => Retry::OnSettings,
                ComposeError::Build(_) | ComposeError::Render(_) => Retry::Backoff,
            };
            SendError::new(retry, error.to_string(), untouched)
        })?;
        // A return address of its own tells who did not get it; where there are several, it would blame the first.
        let envelope = profile.settings.envelope_from.as_ref();
        let envelope = envelope.filter(|e| notice.shared_with.is_empty() || !e.is_template());
        let letter =
            letter.returned_to(envelope.and_then(|e| self.store.bounces().address(e, notice.delivery)));
        let heard = |report: &StepReport| {
            if report.ok && report.step == Step::Auth {
                self.routes.taken(profile);
            }
        };
        let began = self.clock.now();
        let Conversation { result, trace, .. } = self
            .mailer
            .deliver(&self.batch, profile.into(), &letter, &heard)
            .await;
        let (outcome, reason) = match &result {
            Ok(_) => (Some(Outcome::Works), String::new()),
            Err(failure) => (failure.says(), failure.reason()),
        };
        if let Some(outcome) = outcome {
            let seen = (reason.as_str(), trace.step.as_deref());
            self.routes.learn(profile, (outcome, began), seen).await;
        }
        match result {
            Ok(accepted) => Ok(Receipt {
                refused: refused(&accepted.refused, &trace),
                reference: accepted.queue_id,
                trace,
            }),
            Err(failure) => {
                let relief = match outcome {
                    Some(Outcome::Fails(_)) => self.routes.relief(profile).await,
                    Some(Outcome::Works) | None => None,
                };
                let retry = match relief {
                    // The profile fails, and there is another one.
                    Some(relief) => Retry::Within(relief),
                    None => failure.retry(),
                };
                Err(SendError {
                    refused: refused(&failure.refused, &trace),
                    ..SendError::new(retry, reason, trace)
                })
            }
        }
    }
}

/// Each with the server's own words.
fn refused(refused: &[(Address, Failure)], trace: &Trace) -> Vec<(String, SendError)> {
    let error = |failure: &Failure| {
        let trace = Trace {
            step: Some(failure.step.to_string()),
            reply_code: failure.reply.as_ref().map(|r| r.code),
            enhanced_code: failure
                .reply
                .as_ref()
                .and_then(Reply::enhanced)
                .map(str::to_owned),
            reply_text: failure.reply.as_ref().map(Reply::text),
            ..trace.clone()
        };
        SendError::new(failure.retry(), failure.reason(), trace)
    };
    refused
        .iter()
        .map(|(to, failure)| (to.to_string(), error(failure)))
        .collect()
}

/// Nothing is tried, and no socket opened, before a person has changed the mail settings.
fn waiting(key: &str, trace: Trace) -> SendError {
    SendError::new(Retry::OnSettings, Language::English.text(key), trace)
}

fn ours(error: &StoreError) -> SendError {
    let reason = format!("The settings could not be read: {error}. It is tried again.");
    SendError::new(Retry::Backoff, reason, Trace::default())
}
