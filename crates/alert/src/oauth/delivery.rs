//! A mail through a profile that logs in with OAuth.

use domain::{id::ProfileId, mail::MailSettings};
use tokio::time::Instant;

use super::{
    AHEAD, OAuth, endpoint,
    grant::Need,
    problem::{Problem, ProblemKind},
};
use crate::mail::{Conversation, Failure, Goal, Letter, Mailer, Observer, Profile, Step, Symptom};

impl OAuth {
    /// One conversation with an access token. Getting the token is part of its time: whoever waits would cut off what
    /// goes beyond it, and with it a final yes.
    ///
    /// A server that refuses a token which was not given just now is asked once more with a new one, on a connection of
    /// its own: tokens end before their time when somebody changes a password.
    pub(crate) async fn hold(
        &self,
        mailer: &Mailer,
        goal: Goal<'_>,
        profile: Profile<'_>,
        letter: &Letter,
        observer: Observer<'_>,
    ) -> Conversation {
        let (settings, began) = (profile.settings, Instant::now());
        let failed =
            |problem: Problem| Conversation::not_begun(profile, failure(settings, &problem), observer);
        let id = match self.owner(profile).await {
            Ok(id) => id,
            Err(problem) => return failed(problem),
        };
        let first = match self.access(id, settings, Need::Lasting(AHEAD)).await {
            Ok(access) => access,
            Err(problem) => return failed(problem),
        };
        let conversation = mailer
            .with_time_left(began.elapsed())
            .hold_with(Some(&first.token), goal, profile, letter, observer)
            .await;
        // A renewal that is cut off may cost the authorization: there must be time for all of it.
        let left = mailer.with_time_left(began.elapsed()).deadlines().session;
        if first.renewed || !refuses_token(&conversation) || left <= endpoint::DEADLINE {
            return conversation;
        }
        match self.access(id, settings, Need::OtherThan(&first.token)).await {
            Ok(second) => {
                mailer
                    .with_time_left(began.elapsed())
                    .hold_with(Some(&second.token), goal, profile, letter, observer)
                    .await
            }
            Err(problem) if problem.kind.needs_person() => failed(problem),
            Err(_) => conversation,
        }
    }

    /// Whose authorization is used. Settings that are not saved use the one that was given for exactly what they say.
    async fn owner(&self, profile: Profile<'_>) -> Result<ProfileId, Problem> {
        if let Some((id, _)) = profile.stored {
            return Ok(id);
        }
        let given = self.0.store.mail_tokens().given_for(profile.settings).await;
        given.map_err(|e| Problem::ours(&e))?.ok_or_else(|| {
            let detail = "Nobody has connected this account for these settings. Save them, then connect it.";
            Problem::new(ProblemKind::NotConnected, detail)
        })
    }
}

fn refuses_token(conversation: &Conversation) -> bool {
    matches!(&conversation.result, Err(failure) if failure.symptom == Symptom::TokenRefused)
}

/// The login failed before the mail server was asked.
fn failure(settings: &MailSettings, problem: &Problem) -> Failure {
    let what = format!("No access token for {}: {problem}", settings.server);
    Failure::profile(Step::Auth, Symptom::OAuth(problem.kind), what)
}
