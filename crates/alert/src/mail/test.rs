//! The test from the settings page: the production path, with a recipient of one's own and somebody waiting.

use std::{net::SocketAddr, time::Duration};

use domain::{
    clock::Clock,
    mail::{Address, MailSettings},
};
use serde::Serialize;

use super::{Conversation, Language, Mailer, Observer, Profile, Step, StepReport};
use crate::message;

/// Nobody watches a test for longer.
const LONGEST: Duration = Duration::from_mins(1);

/// What a test showed; ready to be printed.
#[derive(Clone, Debug, Serialize)]
pub struct MailTest {
    pub ok: bool,
    pub failed_step: Option<Step>,
    /// What happened, one sentence; for a success the server's words.
    pub detail: String,
    /// Likely cause and what to do.
    pub hint: Option<String>,
    pub steps: Vec<StepReport>,
    pub transcript: Vec<String>,
    pub reply_code: Option<u16>,
    pub queue_id: Option<String>,
    /// `host:port` as set up, and the address that was dialled.
    pub server: Option<String>,
    pub remote: Option<SocketAddr>,
    /// `None`: settings that are not saved yet.
    pub revision: Option<i64>,
}

impl Mailer {
    /// Sends a test message through exactly the function that alerts use.
    pub async fn test(
        &self,
        profile: Profile<'_>,
        to: &Address,
        language: Language,
        clock: &dyn Clock,
        observer: Observer<'_>,
    ) -> MailTest {
        if let Some(reason) = unready(profile.settings) {
            return MailTest::not_tried(language.text(reason), Some(profile));
        }
        let now = clock.now();
        let mut random = [0; 10];
        if let Err(error) = getrandom::fill(&mut random) {
            return MailTest::not_tried(
                format!("The system gave no random numbers: {error}."),
                Some(profile),
            );
        }
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        let letter = match message::test_letter(profile.settings, to, language, now, id) {
            Ok(letter) => letter,
            Err(error) => return MailTest::not_tried(error.to_string(), Some(profile)),
        };
        let mailer = self.clone().with_deadlines(self.deadlines().within(LONGEST));
        let conversation = mailer.deliver(profile, &letter, observer).await;
        MailTest::from_conversation(conversation, language)
    }
}

/// The key of the sentence that says what is missing, if something is.
fn unready(settings: &MailSettings) -> Option<&'static str> {
    settings.is_locked().then_some("mail-password-locked")
}

impl MailTest {
    /// Mail was never set up; no socket was opened.
    pub fn not_configured(language: Language) -> Self {
        Self::not_tried(language.text("mail-not-configured"), None)
    }

    fn not_tried(detail: String, profile: Option<Profile<'_>>) -> Self {
        Self {
            ok: false,
            failed_step: None,
            hint: Some(detail.clone()),
            detail,
            steps: Vec::new(),
            transcript: Vec::new(),
            reply_code: None,
            queue_id: None,
            server: profile.map(|p| p.settings.server.to_string()),
            remote: None,
            revision: profile.and_then(|p| p.revision()),
        }
    }

    fn from_conversation(conversation: Conversation, language: Language) -> Self {
        let Conversation {
            result,
            steps,
            transcript,
            trace,
        } = conversation;
        let (failed_step, detail, hint, queue_id) = match &result {
            Ok(accepted) => (None, accepted.reply.shown(), None, accepted.queue_id.clone()),
            Err(failure) => {
                let hint = failure.hint(language).map(|h| format!("{} {}", h.cause, h.fix));
                (Some(failure.step), failure.what.clone(), hint, None)
            }
        };
        Self {
            ok: result.is_ok(),
            failed_step,
            detail,
            hint,
            steps,
            transcript,
            reply_code: trace.reply_code,
            queue_id,
            server: trace.server,
            remote: trace.remote,
            revision: trace.settings_revision,
        }
    }
}
