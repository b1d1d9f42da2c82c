//! The mail channel: one message to one recipient, through the settings as they are at that moment.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{channel::EmailChannel, clock::Clock, delivery::Notice};
use store::{Store, StoreError};

use crate::{
    channel::{Channel, Receipt, Retry, SendError, Trace},
    dispatcher::Login,
    mail::{Conversation, Language, Mailer, Profile, Step, StepReport, unready},
    message::{self, ComposeError, Reader, Writing},
};

/// The recipient is in the notice, the server in the mail settings; of the channel's own only who reads it.
pub(crate) struct Email {
    config: EmailChannel,
    store: Store,
    mailer: Mailer,
    login: Arc<Login>,
    clock: Arc<dyn Clock>,
}

impl Email {
    pub(crate) fn new(
        config: EmailChannel,
        store: Store,
        mailer: Mailer,
        login: Arc<Login>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            config,
            store,
            mailer,
            login,
            clock,
        }
    }
}

#[async_trait]
impl Channel for Email {
    async fn send(&self, notice: &Notice) -> Result<Receipt, SendError> {
        let Some(current) = self.store.settings().mail().await.map_err(|e| ours(&e))? else {
            return Err(waiting("mail-not-configured", Trace::default()));
        };
        let general = self.store.settings().general().await.map_err(|e| ours(&e))?;
        let wording = self.store.settings().message().await.map_err(|e| ours(&e))?;
        let profile = Profile {
            settings: &current.settings,
            revision: Some(current.revision),
        };
        let untouched = Trace {
            settings_revision: profile.revision,
            server: Some(current.settings.server.to_string()),
            ..Trace::default()
        };
        if let Some(missing) = unready(profile.settings) {
            return Err(waiting(missing, untouched));
        }
        let token = self.store.optouts().token(notice.channel, &notice.recipient);
        let writing = Writing {
            settings: profile.settings,
            wording: &wording.settings,
            public_url: self.mailer.public_url(),
            reader: Reader::new(&general, &self.config, self.clock.now()),
            token: &token.map_err(|e| ours(&e))?,
        };
        let letter = message::notice_letter(notice, &writing).map_err(|error| {
            let retry = match error {
                ComposeError::Recipient => Retry::Never,
                ComposeError::Sender(_) => Retry::OnSettings,
                ComposeError::Build(_) | ComposeError::Render(_) => Retry::Backoff,
            };
            SendError::new(retry, error.to_string(), untouched)
        })?;
        let heard = |report: &StepReport| {
            if report.ok && report.step == Step::Auth {
                self.login.taken(current.revision);
            }
        };
        let Conversation { result, trace, .. } = self.mailer.deliver(profile, &letter, &heard).await;
        match result {
            Ok(accepted) => Ok(Receipt {
                reference: accepted.queue_id,
                trace,
            }),
            Err(failure) => Err(SendError::new(failure.retry(), failure.reason(), trace)),
        }
    }
}

/// Nothing is tried, and no socket opened, before a person has changed the mail settings.
fn waiting(key: &str, trace: Trace) -> SendError {
    SendError::new(Retry::OnSettings, Language::English.text(key), trace)
}

fn ours(error: &StoreError) -> SendError {
    let reason = format!("The mail settings could not be read: {error}. It is tried again.");
    SendError::new(Retry::Backoff, reason, Trace::default())
}
