//! The access token for the next mail.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    id::ProfileId,
    mail::{MailSettings, oauth::OAuthClient},
};
use secrecy::{ExposeSecret, SecretString};
use store::{Grant, GrantStatus};
use tokio::time::Instant;

use super::{
    OAuth, client_of,
    problem::{Problem, ProblemKind},
};

/// A provider that cannot be asked is not asked by every message that waits: so long they share its last failure.
const UNAVAILABLE_FOR: Duration = Duration::from_secs(15);
/// When there is no new token, the old one is used while it lasts at least so long.
const USABLE: Duration = Duration::from_secs(30);

/// What is needed of a token.
#[derive(Clone, Copy)]
pub(super) enum Need<'a> {
    /// It holds at least so long.
    Lasting(Duration),
    /// The mail server refused this one.
    OtherThan(&'a SecretString),
}

pub(super) struct Access {
    pub(super) token: SecretString,
    /// It was given just now: asking for another one changes nothing.
    pub(super) renewed: bool,
}

/// Whoever holds it renews; what the next one must know.
#[derive(Default)]
pub(super) struct Turn {
    /// Given by the provider and not taken by the database yet. Its predecessor may be worthless.
    unsaved: Option<Unsaved>,
    failed: Option<(Instant, Problem)>,
}

#[derive(Clone)]
struct Unsaved {
    /// What it was made from.
    old: SecretString,
    new: Fresh,
}

#[derive(Clone)]
struct Fresh {
    access: SecretString,
    refresh: SecretString,
    expires_at: Timestamp,
}

impl OAuth {
    /// The token to log in with. Takes at most a little more than one question to the provider, or the wait for
    /// somebody who asks it.
    pub(super) async fn access(
        &self,
        profile: ProfileId,
        settings: &MailSettings,
        need: Need<'_>,
    ) -> Result<Access, Problem> {
        let Ok(client) = client_of(settings) else {
            let detail = "The profile does not log in with OAuth 2.0.";
            return Err(Problem::new(ProblemKind::NotConnected, detail));
        };
        let slot = self.slot(profile);
        let mut turn = slot.turn.lock().await;
        let (status, held) = self.held(profile, settings, &mut turn).await?;
        let now = self.0.clock.now();
        let left = held.expires_at.since(now);
        match need {
            Need::Lasting(span) if left >= span => return Ok(held.as_it_is()),
            // Somebody else has renewed it since.
            Need::OtherThan(refused) if !same(refused, &held.access) && left >= USABLE => {
                return Ok(held.as_it_is());
            }
            Need::Lasting(_) | Need::OtherThan(_) => {}
        }
        let problem = match Problem::of_state(&status.state) {
            Some(known) => known,
            None => match self.renew(profile, settings, client, &held, &mut turn).await {
                Ok(token) => {
                    return Ok(Access { token, renewed: true });
                }
                Err(problem) => problem,
            },
        };
        // An alert that can still be sent is sent.
        match need {
            Need::Lasting(_) if left >= USABLE => Ok(held.as_it_is()),
            Need::Lasting(_) | Need::OtherThan(_) => Err(problem),
        }
    }

    /// What we have: in the database, or on its way there.
    async fn held(
        &self,
        profile: ProfileId,
        settings: &MailSettings,
        turn: &mut Turn,
    ) -> Result<(GrantStatus, Fresh), Problem> {
        let tokens = self.0.store.mail_tokens();
        let grant = tokens
            .get(profile, settings)
            .await
            .map_err(|e| Problem::ours(&e))?;
        let Some(Grant { status, tokens }) = grant else {
            turn.unsaved = None;
            let detail = "Nobody has connected this account yet, or the settings that it was connected for have changed.";
            return Err(Problem::new(ProblemKind::NotConnected, detail));
        };
        let Some(tokens) = tokens else {
            let locked = Problem::of_grant(&status);
            return Err(
                locked.unwrap_or_else(|| Problem::new(ProblemKind::Locked, "The tokens cannot be read."))
            );
        };
        if let Some(unsaved) = turn.unsaved.take_if(|u| same(&u.old, &tokens.refresh)) {
            if let Err(problem) = self.keep(profile, settings, &unsaved.new).await {
                tracing::warn!(mail.profile = %profile, error = %problem, "a renewed authorization could not be stored yet");
                turn.unsaved = Some(unsaved.clone());
            }
            return Ok((status, unsaved.new));
        }
        turn.unsaved = None;
        let held = Fresh {
            access: tokens.access,
            refresh: tokens.refresh,
            expires_at: status.expires_at,
        };
        Ok((status, held))
    }

    async fn renew(
        &self,
        profile: ProfileId,
        settings: &MailSettings,
        client: &OAuthClient,
        held: &Fresh,
        turn: &mut Turn,
    ) -> Result<SecretString, Problem> {
        if let Some((at, problem)) = &turn.failed
            && at.elapsed() < UNAVAILABLE_FOR
        {
            return Err(problem.clone());
        }
        let answer = self.0.endpoint.by_refresh_token(client, &held.refresh).await;
        let tokens = match answer {
            Ok(tokens) => tokens,
            Err(refusal) => {
                let problem = Problem::from(refusal);
                tracing::warn!(
                    mail.profile = %profile, problem = problem.kind.as_str(), detail = %problem,
                    "no access token for mail"
                );
                if !self.is_stored(profile, client).await {
                    // A test of what is typed says nothing about what is saved.
                    return Err(problem);
                }
                if problem.kind.needs_person() {
                    self.note(profile, settings, &problem).await;
                } else {
                    turn.failed = Some((Instant::now(), problem.clone()));
                }
                return Err(problem);
            }
        };
        turn.failed = None;
        let new = Fresh {
            access: tokens.access,
            // Some give a new one with every access token, and the old one ends with it.
            refresh: tokens.refresh.unwrap_or_else(|| held.refresh.clone()),
            expires_at: self.0.clock.now().plus(tokens.lifetime),
        };
        tracing::debug!(mail.profile = %profile, expires_at = %new.expires_at, "access token for mail renewed");
        let access = new.access.clone();
        match self.keep(profile, settings, &new).await {
            Ok(true) => Ok(access),
            Ok(false) => {
                let detail = "The authorization was forgotten while it was being renewed.";
                Err(Problem::new(ProblemKind::NotConnected, detail))
            }
            Err(problem) => {
                tracing::error!(mail.profile = %profile, error = %problem, "a renewed authorization could not be stored; it is tried again");
                turn.unsaved = Some(Unsaved {
                    old: held.refresh.clone(),
                    new,
                });
                Ok(access)
            }
        }
    }

    async fn keep(&self, profile: ProfileId, settings: &MailSettings, new: &Fresh) -> Result<bool, Problem> {
        let tokens = self.0.store.mail_tokens();
        let kept = tokens.refreshed(profile, settings, &new.access, &new.refresh, new.expires_at);
        kept.await.map_err(|e| Problem::ours(&e))
    }

    /// Whether this is the client that is saved, with its secret.
    async fn is_stored(&self, profile: ProfileId, client: &OAuthClient) -> bool {
        let Ok(Some(stored)) = self.0.store.mail().profile(profile).await else {
            return false;
        };
        let secret = stored
            .settings
            .oauth
            .as_ref()
            .and_then(|c| c.client_secret.as_ref());
        match (secret, client.client_secret.as_ref()) {
            (Some(stored), Some(used)) => same(stored, used),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    async fn note(&self, profile: ProfileId, settings: &MailSettings, problem: &Problem) {
        let tokens = self.0.store.mail_tokens();
        let noted = tokens.needs_attention(profile, settings, problem.kind.as_str(), &problem.detail);
        if let Err(error) = noted.await {
            tracing::warn!(mail.profile = %profile, error = %error, "that an authorization needs attention could not be noted");
        }
    }
}

impl Fresh {
    fn as_it_is(&self) -> Access {
        Access {
            token: self.access.clone(),
            renewed: false,
        }
    }
}

fn same(a: &SecretString, b: &SecretString) -> bool {
    a.expose_secret() == b.expose_secret()
}
