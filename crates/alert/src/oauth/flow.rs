//! How a person lets us in: an authorization from its begin to its end.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    clock::Timestamp,
    id::ProfileId,
    mail::{
        MailSettings,
        oauth::{DeviceCode, OAuthClient, Provider, RefusalKind, Tokens, Way},
    },
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use url::Url;

use super::{
    OAuth, OAuthError, Pending,
    answer::Answer,
    client_of,
    problem::{Problem, ProblemKind},
};

/// Nobody reads a provider's page for longer.
const PATIENCE: Duration = Duration::from_mins(30);
/// Of our own pages: where the provider sends the browser.
const RETURN: &str = "settings/mail/authorize/return";
/// Where nothing listens: the browser shows an error, and the address that it shows is the answer. Google takes the
/// loopback address from desktop clients, and no `http` address beyond it.
const NOWHERE: &str = "http://127.0.0.1/";

/// An authorization of one profile.
#[derive(Clone)]
pub(super) enum Attempt {
    Device(Box<Device>),
    Page(Box<Page>),
    /// The last one led to nothing.
    Failed(Problem),
}

/// By device code: we ask until a person has decided.
#[derive(Clone)]
pub(super) struct Device {
    code: DeviceCode,
    /// As they were at the begin: what the person is asked for.
    settings: MailSettings,
    interval: Duration,
    pub(super) next: Instant,
    until: Instant,
    expires_at: Timestamp,
}

/// By the provider's page: the browser brings the answer.
#[derive(Clone)]
pub(super) struct Page {
    state: String,
    verifier: SecretString,
    settings: MailSettings,
    url: Url,
    redirect_url: Url,
    returns: bool,
    expires_at: Timestamp,
}

impl Attempt {
    pub(super) fn shown(self, now: Timestamp) -> (Option<Pending>, Option<Problem>) {
        let over = || Problem::new(ProblemKind::Expired, "Nobody decided in time.");
        match self {
            Self::Failed(problem) => (None, Some(problem)),
            Self::Device(d) if d.expires_at <= now => (None, Some(over())),
            Self::Page(p) if p.expires_at <= now => (None, Some(over())),
            Self::Device(d) => {
                let pending = Pending::Device {
                    user_code: d.code.user_code,
                    verification_url: d.code.verification_url,
                    expires_at: d.expires_at,
                };
                (Some(pending), None)
            }
            Self::Page(p) => {
                let pending = Pending::Page {
                    url: p.url,
                    redirect_url: p.redirect_url,
                    returns: p.returns,
                    expires_at: p.expires_at,
                };
                (Some(pending), None)
            }
        }
    }
}

impl OAuth {
    /// Begins an authorization; an earlier one that waits is void. What was connected stays so until it ends well.
    pub async fn begin(&self, profile: ProfileId) -> Result<Pending, OAuthError> {
        let settings = self.settings(profile).await?;
        let client = client_of(&settings)?.clone();
        let begun = match &client.way {
            Way::DeviceCode(url) => self.begin_device(&client, url, settings).await,
            Way::AuthorizationCode(url) => self.begin_page(&client, url, settings),
        };
        let slot = self.slot(profile);
        match begun {
            Ok(attempt) => {
                *slot.attempt.lock() = Some(attempt.clone());
                self.0.begun.notify_one();
                tracing::info!(mail.profile = %profile, "authorization for mail begun");
                let (pending, _) = attempt.shown(self.0.clock.now());
                pending.ok_or(OAuthError::NothingPending)
            }
            Err(problem) => {
                *slot.attempt.lock() = Some(Attempt::Failed(problem.clone()));
                Err(OAuthError::Refused(problem))
            }
        }
    }

    async fn begin_device(
        &self,
        client: &OAuthClient,
        url: &Url,
        settings: MailSettings,
    ) -> Result<Attempt, Problem> {
        let code = self
            .0
            .endpoint
            .device_code(client, url)
            .await
            .map_err(Problem::from)?;
        let now = Instant::now();
        let interval = code.interval;
        Ok(Attempt::Device(Box::new(Device {
            settings,
            interval,
            next: now + interval,
            until: now + code.lifetime,
            expires_at: self.0.clock.now().plus(code.lifetime),
            code,
        })))
    }

    fn begin_page(
        &self,
        client: &OAuthClient,
        url: &Url,
        settings: MailSettings,
    ) -> Result<Attempt, Problem> {
        let verifier = random().ok_or_else(no_random)?;
        let state = random().ok_or_else(no_random)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let (redirect_url, returns) = self.redirect_url()?;
        let mut url = url.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &client.client_id)
                .append_pair("redirect_uri", redirect_url.as_str())
                .append_pair("scope", &client.scope)
                .append_pair("state", &state)
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
            if client.provider == Provider::Google {
                // Without the first there is no refresh token, without the second none the second time.
                query
                    .append_pair("access_type", "offline")
                    .append_pair("prompt", "consent");
            }
            if let Some(credentials) = &settings.credentials {
                query.append_pair("login_hint", &credentials.username);
            }
        }
        Ok(Attempt::Page(Box::new(Page {
            state,
            verifier: SecretString::from(verifier),
            settings,
            url,
            redirect_url,
            returns,
            expires_at: self.0.clock.now().plus(PATIENCE),
        })))
    }

    /// Our own page where providers take it (encrypted, or on this machine), and whether the browser finds it.
    fn redirect_url(&self) -> Result<(Url, bool), Problem> {
        let ours = &self.0.public_url;
        let on_this_machine = match ours.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        let returns = ours.scheme() == "https" || on_this_machine;
        let text = if returns {
            format!("{}/{RETURN}", ours.as_str().trim_end_matches('/'))
        } else {
            NOWHERE.to_owned()
        };
        let url = Url::parse(&text).map_err(|e| Problem::ours(&e))?;
        Ok((url, returns))
    }

    /// The profile whose authorization the provider answers, by the `state` that it sends back.
    pub fn awaiting(&self, state: &str) -> Option<ProfileId> {
        let slots = self.0.profiles.lock();
        let mut all = slots.iter().map(|(id, slot)| (*id, slot.attempt.lock().clone()));
        let (profile, _) = all.find(|(_, a)| matches!(a, Some(Attempt::Page(p)) if p.state == state))?;
        Some(profile)
    }

    /// Takes the address (or its query) that the provider sent the browser to.
    pub async fn finish(&self, profile: ProfileId, answer: &str) -> Result<(), OAuthError> {
        let answer = Answer::parse(answer).ok_or(OAuthError::NotAnAnswer)?;
        let slot = self.slot(profile);
        let now = self.0.clock.now();
        let page = {
            let mut attempt = slot.attempt.lock();
            match attempt.take() {
                // A code counts once, whatever becomes of it.
                Some(Attempt::Page(page)) if page.state == answer.state && page.expires_at > now => page,
                other => {
                    *attempt = other;
                    return Err(OAuthError::NothingPending);
                }
            }
        };
        let client = client_of(&page.settings)?;
        let ended = match answer.result {
            Ok(code) => {
                let given = self
                    .0
                    .endpoint
                    .by_code(client, &code, &page.verifier, &page.redirect_url)
                    .await;
                match given {
                    Ok(tokens) => self.connect(profile, &page.settings, tokens).await,
                    Err(refusal) => Err(Problem::from(refusal)),
                }
            }
            Err(problem) => Err(problem),
        };
        ended.map_err(|problem| {
            *slot.attempt.lock() = Some(Attempt::Failed(problem.clone()));
            OAuthError::Refused(problem)
        })
    }

    /// Gives an authorization up that waits for a person.
    pub fn cancel(&self, profile: ProfileId) {
        *self.slot(profile).attempt.lock() = None;
    }

    /// Asks for the decision about a device code. Gives when to ask next.
    pub(super) async fn ask_again(&self, profile: ProfileId, device: Device) -> Option<Instant> {
        let Ok(client) = client_of(&device.settings) else {
            return None;
        };
        let now = Instant::now();
        let ended = if now >= device.until {
            Err(Problem::new(ProblemKind::Expired, "Nobody decided in time."))
        } else {
            match self
                .0
                .endpoint
                .by_device_code(client, &device.code.device_code)
                .await
            {
                Ok(tokens) => self.connect(profile, &device.settings, tokens).await,
                Err(refusal) => match refusal.kind {
                    RefusalKind::Pending => return self.wait(profile, device, false),
                    RefusalKind::SlowDown | RefusalKind::Unavailable | RefusalKind::Unreadable => {
                        return self.wait(profile, device, true);
                    }
                    _ => Err(Problem::from(refusal)),
                },
            }
        };
        if let Err(problem) = &ended {
            tracing::info!(
                mail.profile = %profile, problem = problem.kind.as_str(), detail = %problem,
                "authorization for mail ended without a token"
            );
        }
        self.replace(profile, &device, ended.err().map(Attempt::Failed));
        None
    }

    fn wait(&self, profile: ProfileId, mut device: Device, slower: bool) -> Option<Instant> {
        let before = device.clone();
        if slower {
            device.interval = DeviceCode::slowed(device.interval);
        }
        device.next = Instant::now() + device.interval;
        let next = device.next;
        self.replace(profile, &before, Some(Attempt::Device(Box::new(device))))
            .then_some(next)
    }

    /// Unless a person has begun another one, or given it up.
    fn replace(&self, profile: ProfileId, was: &Device, now: Option<Attempt>) -> bool {
        let slot = self.slot(profile);
        let mut attempt = slot.attempt.lock();
        let unchanged = matches!(&*attempt, Some(Attempt::Device(d)) if d.is(was));
        if unchanged {
            *attempt = now;
        }
        unchanged
    }

    async fn connect(&self, profile: ProfileId, begun: &MailSettings, tokens: Tokens) -> Result<(), Problem> {
        let Some(refresh) = tokens.refresh else {
            let detail = "The provider gave no refresh token, so the connection would end within the hour.";
            return Err(Problem::new(ProblemKind::Rejected, detail));
        };
        let slot = self.slot(profile);
        let mut turn = slot.turn.lock().await;
        let current = self.settings(profile).await.map_err(|e| Problem::ours(&e))?;
        if current.authorization_binding() != begun.authorization_binding() {
            let detail =
                "The settings were changed while the provider waited for the decision. Connect again.";
            return Err(Problem::new(ProblemKind::NotConnected, detail));
        }
        let expires_at = self.0.clock.now().plus(tokens.lifetime);
        let grants = self.0.store.mail_tokens();
        grants
            .connect(profile, &current, &tokens.access, &refresh, expires_at)
            .await
            .map_err(|e| Problem::ours(&e))?;
        *turn = super::grant::Turn::default();
        tracing::info!(mail.profile = %profile, "mail account connected");
        // What is remembered of the profile's failures is about the time before.
        if let Err(error) = self.0.store.mail().try_now(profile).await {
            tracing::warn!(mail.profile = %profile, error = %error, "that the profile may be tried at once was not written");
        }
        Ok(())
    }
}

impl Device {
    fn is(&self, other: &Self) -> bool {
        self.code.device_code.expose_secret() == other.code.device_code.expose_secret()
    }
}

/// 256 bits, as RFC 7636, 4.1 wants them.
fn random() -> Option<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

fn no_random() -> Problem {
    Problem::new(ProblemKind::Ours, "The operating system gives no random numbers.")
}
