//! A mail profile that logs in with OAuth, and everybody around it.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::{sync::Arc, time::Duration};

use alert::{
    Through,
    mail::{MailTest, Trial},
    oauth::{Connection, OAuth},
};
use domain::{
    clock::Clock,
    id::ProfileId,
    mail::{Address, MailSettings},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use store::GrantState;
use testkit::{FakeClock, Script, SmtpServer, TokenEndpoint, tls::ca_pem, wait_for};

use crate::scene::{SOON, Scene};

pub(crate) const USER: &str = "watch@example.org";
pub(crate) const PROFILE: ProfileId = ProfileId(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);

pub(crate) struct Account {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) scene: Scene,
    pub(crate) endpoint: TokenEndpoint,
    /// Takes the token `at-1` of [`USER`].
    pub(crate) server: SmtpServer,
}

impl Account {
    /// Set up and not connected.
    pub(crate) async fn new() -> Self {
        Self::with(Script::implicit().token(USER, "at-1")).await
    }

    pub(crate) async fn with(script: Script) -> Self {
        let clock = Arc::new(FakeClock::new());
        let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
        let account = Self {
            endpoint: TokenEndpoint::start().await,
            server: SmtpServer::start(script).await,
            clock,
            scene,
        };
        account.save(account.body(account.endpoint.device_client())).await;
        account
    }

    /// Connected with `at-1` and `rt-1`; the access token has `lifetime` left.
    pub(crate) async fn connected(lifetime: Duration) -> Self {
        let account = Self::new().await;
        account.connect("at-1", "rt-1", lifetime).await;
        account
    }

    pub(crate) async fn connect(&self, access: &str, refresh: &str, lifetime: Duration) {
        let settings = self.settings().await;
        let expires_at = self.clock.now().plus(lifetime);
        let (access, refresh) = (SecretString::from(access), SecretString::from(refresh));
        let tokens = self.scene.store.mail_tokens();
        tokens
            .connect(PROFILE, &settings, &access, &refresh, expires_at)
            .await
            .unwrap();
    }

    pub(crate) fn body(&self, oauth: Value) -> Value {
        json!({
            "host": "127.0.0.1", "port": self.server.port(), "security": "tls", "ca_pem": ca_pem(),
            "from": "watch@example.org", "username": USER, "auth": "xoauth2", "oauth": oauth,
        })
    }

    pub(crate) async fn save(&self, body: Value) {
        let settings = MailSettings::from_json(body, None).unwrap();
        self.scene
            .store
            .mail()
            .save_primary(&settings, "ana")
            .await
            .unwrap();
    }

    pub(crate) async fn settings(&self) -> MailSettings {
        self.scene.store.mail().primary().await.unwrap().unwrap().settings
    }

    pub(crate) fn oauth(&self) -> &OAuth {
        self.scene.alert.oauth()
    }

    pub(crate) async fn connection(&self) -> Connection {
        self.oauth().connection(PROFILE).await.unwrap()
    }

    pub(crate) async fn wait_until(&self, what: &str, holds: impl Fn(&Connection) -> bool) -> Connection {
        wait_for(SOON, what, async || {
            let connection = self.connection().await;
            holds(&connection).then_some(connection)
        })
        .await
    }

    /// What the provider refused, or "".
    pub(crate) async fn attention(&self) -> String {
        match self.connection().await.grant.map(|g| g.state) {
            Some(GrantState::NeedsAttention { kind, .. }) => kind,
            Some(GrantState::Ok) | None => String::new(),
        }
    }

    pub(crate) async fn test(&self) -> MailTest {
        self.test_through(Through::Primary).await
    }

    pub(crate) async fn test_through(&self, through: Through) -> MailTest {
        let to = Address::parse("to", "me@example.net").unwrap();
        self.scene.alert.test_mail(through, &to, Trial::default()).await
    }

    /// Tokens that the mail server was shown.
    pub(crate) fn shown(&self) -> Vec<String> {
        let mut tokens = Vec::new();
        for attempt in self.server.auth_attempts() {
            let seen = (attempt.mechanism.as_str(), attempt.username.as_str(), attempt.tls);
            assert_eq!(seen, ("XOAUTH2", USER, true));
            tokens.push(attempt.password);
        }
        tokens
    }
}
