//! The test from the settings page: the production path, with a recipient of one's own and somebody waiting.

use std::{net::SocketAddr, time::Duration};

use domain::{
    clock::Clock,
    mail::{Address, MailSettings},
    zone::Tz,
};
use serde::Serialize;

use super::{
    Batch, CertificateReport, Conversation, Goal, Language, Mailer, Observer, Profile, Step, StepReport,
    steps,
};
use crate::{
    id,
    message::{self, Occasion, Reader},
};

/// Nobody watches a test for longer.
const LONGEST: Duration = Duration::from_mins(1);

/// How a test is run.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// Stop before the message: the server is asked about sender and recipient, and nothing is sent.
    pub dry_run: bool,
    /// Hears of each step while the test goes on.
    pub observer: Observer<'a>,
}

impl std::fmt::Debug for Trial<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial")
            .field("dry_run", &self.dry_run)
            .finish_non_exhaustive()
    }
}

impl Default for Trial<'_> {
    /// A real message, and nobody watches.
    fn default() -> Self {
        Self {
            dry_run: false,
            observer: &|_| (),
        }
    }
}

/// What a test showed; ready to be printed.
#[derive(Clone, Debug, Serialize)]
pub struct MailTest {
    pub ok: bool,
    /// Nothing was sent, on purpose: `ok` then means that the server would take the recipient.
    pub dry_run: bool,
    pub failed_step: Option<Step>,
    /// What happened, one sentence; for a success the server's words.
    pub detail: String,
    /// Likely cause and what to do.
    pub hint: Option<String>,
    pub steps: Vec<StepReport>,
    /// The steps that were ahead when it ended, in order.
    pub not_reached: Vec<Step>,
    /// What the server presented, also when it was refused.
    pub certificate: Option<CertificateReport>,
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
    /// Sends a test message through exactly the function that alerts use; a dry run leaves it before the message.
    pub async fn test(
        &self,
        profile: Profile<'_>,
        to: &Address,
        (language, zone): (Language, Tz),
        clock: &dyn Clock,
        trial: Trial<'_>,
    ) -> MailTest {
        if let Some(reason) = unready(profile.settings) {
            return MailTest::not_tried(language.text(reason), Some(profile));
        }
        let now = clock.now();
        let Some(id) = id::fresh(now) else {
            let detail = "The operating system gave no random numbers for the id of the message.";
            return MailTest::not_tried(detail.to_owned(), Some(profile));
        };
        let reader = Reader { language, zone, now };
        let letter = match message::test_letter(profile.settings, to, reader, id, Occasion::Test) {
            Ok(letter) => letter,
            Err(error) => return MailTest::not_tried(error.to_string(), Some(profile)),
        };
        let mailer = self.clone().with_deadlines(self.deadlines().within(LONGEST));
        let alone = Batch::single();
        let goal = if trial.dry_run {
            Goal::Rehearse
        } else {
            Goal::Deliver(&alone)
        };
        let conversation = mailer.hold(goal, profile, &letter, trial.observer).await;
        let mut test = MailTest::from_conversation(conversation, language);
        test.dry_run = trial.dry_run;
        if test.ok && !trial.dry_run {
            let look = look_into_the_inbox(to, language);
            (trial.observer)(&look);
            test.steps.push(look);
        }
        test.not_reached = steps::not_reached(&Step::plan(profile.settings), &test.steps);
        test
    }
}

/// The last step is not ours: accepted does not mean that it arrived.
fn look_into_the_inbox(to: &Address, language: Language) -> StepReport {
    StepReport {
        step: Step::Inbox,
        ok: true,
        ms: 0,
        detail: language.text_with("mail-look-inbox", &[("to", to.as_str().into())]),
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
            dry_run: false,
            failed_step: None,
            hint: Some(detail.clone()),
            detail,
            steps: Vec::new(),
            not_reached: Vec::new(),
            certificate: None,
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
            certificate,
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
            dry_run: false,
            failed_step,
            detail,
            hint,
            steps,
            not_reached: Vec::new(),
            certificate,
            transcript,
            reply_code: trace.reply_code,
            queue_id,
            server: trace.server,
            remote: trace.remote,
            revision: trace.settings_revision,
        }
    }
}
