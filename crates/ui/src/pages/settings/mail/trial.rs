//! A test as somebody asked for it: through which settings, to whom, and whether it saves them.

use alert::{
    Through,
    mail::{MailTest, Observer, Step, Trial as Run},
};
use domain::{
    id::ProfileId,
    mail::{Address, MailSettings},
};
use store::MailProfile;

use super::stored::Target;
use crate::{
    SignedIn,
    error::{self, Error},
};

/// Ready to run. Holds the password that was typed or kept; it is never printed.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(super) target: Target,
    /// `None`: one that is not there yet.
    pub(super) profile: Option<ProfileId>,
    /// As typed and not saved yet; `None` = what is stored when it runs.
    pub(super) typed: Option<MailSettings>,
    pub(super) to: Address,
    /// Send nothing.
    pub(super) dry_run: bool,
    /// The steps that it will take.
    pub(super) plan: Vec<Step>,
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) report: MailTest,
    /// Typed settings that worked are saved.
    pub(super) saved: Option<MailProfile>,
}

impl Trial {
    /// Runs it, as all mail goes. Dropping the future ends the test, and nothing is saved.
    pub(super) async fn run(self, who: &SignedIn, observer: Observer<'_>) -> error::Result<Outcome> {
        let run = Run {
            dry_run: self.dry_run,
            observer,
        };
        let through = match (&self.typed, self.profile) {
            (Some(settings), _) => Through::Unsaved(Box::new(settings.clone())),
            (None, Some(id)) => Through::Profile(id),
            (None, None) => Through::Primary,
        };
        let report = who.visit.app.alert.test_mail(through, &self.to, run).await;
        tracing::info!(
            user.email = who.by(),
            mail.to = %self.to,
            mail.server = report.server,
            mail.dry_run = self.dry_run,
            mail.unsaved = self.typed.is_some(),
            mail.step = report.failed_step.map(Step::as_str),
            ok = report.ok,
            "mail settings tested"
        );
        let saved = match self.typed {
            Some(settings) if report.ok => {
                let saved = save(who, self.profile, &settings).await?;
                if !report.dry_run {
                    // The test was this revision's first success.
                    who.store()
                        .mail()
                        .note_message(saved.id, saved.revision, None, &report.detail)
                        .await?;
                }
                Some(saved)
            }
            _ => None,
        };
        Ok(Outcome { report, saved })
    }
}

/// Writes a new revision, or a new profile behind the others: the next message uses it.
pub(super) async fn save(
    who: &SignedIn,
    profile: Option<ProfileId>,
    settings: &MailSettings,
) -> error::Result<MailProfile> {
    let mail = who.store().mail();
    Ok(match profile {
        Some(id) => mail.save(id, settings, who.by()).await?.ok_or(Error::NotFound)?,
        None => mail.create(settings, who.by()).await?,
    })
}
