//! OAuth 2.0 for mail: which client we are at which provider, and what its answers mean.
//!
//! Google's and Microsoft's addresses and scopes are fixed here, so that a person enters a client and nothing else.
//! Sources: RFC 6749 (refresh), RFC 7636 (PKCE), RFC 8628 (device code),
//! <https://developers.google.com/identity/protocols/oauth2>,
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code>.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::{AuthMethod, MailSettings};
use crate::{
    field::{FieldError, FieldErrors},
    json::Object,
    outcome::named,
    text::parse_line,
};

mod answer;
mod endpoints;
#[cfg(test)]
mod tests;

pub use answer::{DeviceCode, LARGEST_ANSWER, Refusal, RefusalKind, Tokens};
use endpoints::Endpoints;

named! {
    /// Who gives the tokens.
    Provider {
        Google = "google",
        Microsoft = "microsoft",
        /// Any other authorization server, by its addresses.
        Custom = "custom",
    }
}

/// How a person lets us in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// RFC 8628: a code is typed into a page of the provider, on any device. Nothing of ours must be reachable.
    DeviceCode(Url),
    /// RFC 6749, 4.1 with PKCE: the provider's page sends the browser back with a code.
    ///
    /// Google has no other way to mail: its device flow gives a short list of scopes, and the one of mail is not among
    /// them (<https://developers.google.com/identity/protocols/oauth2/limited-input-device#allowedscopes>).
    AuthorizationCode(Url),
}

/// The client that was registered at the provider.
#[derive(Clone, Debug)]
pub struct OAuthClient {
    pub provider: Provider,
    pub client_id: String,
    /// Sealed with the settings. Public clients have none.
    pub client_secret: Option<SecretString>,
    /// There is one and it was sealed with a key that we do not have; it must be entered again.
    pub secret_locked: bool,
    /// Microsoft: the directory of the accounts (an id or a domain), or `common`, `organizations`, `consumers`.
    pub tenant: Option<String>,
    pub token_url: Url,
    pub way: Way,
    pub scope: String,
}

impl OAuthClient {
    /// Reads the member `oauth` of mail settings; `prefix` is its path. An absent secret keeps the one of `current`, but
    /// only while everything that decides who hears it is unchanged.
    pub fn from_json(prefix: &str, value: Value, current: Option<&Self>) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let provider = o.required_text("provider");
        let provider = o.parse("provider", provider, |f, v| {
            Provider::parse(&v)
                .ok_or_else(|| FieldError::new(f, "oauth-provider", "Choose google, microsoft or custom."))
        });
        let client_id = o.required_text("client_id");
        let client_id = o.parse("client_id", client_id, parse_client_id);
        let secret = o.text("client_secret").filter(|s| !s.is_empty());
        let secret = o.parse("client_secret", secret, parse_secret);
        let clear_secret = o.boolean("clear_client_secret").unwrap_or(false);
        // What was read may be sent back; it says nothing about the secret itself.
        o.boolean("client_secret_set");
        let endpoints = Endpoints::read(&mut o, provider);
        let settled = (|| {
            let Endpoints {
                tenant,
                token_url,
                way,
                scope,
            } = endpoints?;
            Some(Self {
                provider: provider?,
                client_id: client_id?,
                client_secret: None,
                secret_locked: false,
                tenant,
                token_url,
                way,
                scope,
            })
        })();
        let client = settled.and_then(|c| c.with_secret(&mut o, secret, clear_secret, current));
        let errors = o.finish();
        client.filter(|_| errors.is_empty()).ok_or(errors)
    }

    fn with_secret(
        mut self,
        o: &mut Object,
        secret: Option<SecretString>,
        clear: bool,
        current: Option<&Self>,
    ) -> Option<Self> {
        let stored = current.filter(|c| c.client_secret.is_some() || c.secret_locked);
        self.client_secret = match (secret, stored) {
            (Some(secret), _) => Some(secret),
            (None, Some(stored)) if !clear => {
                if !self.is_same_client_as(stored) || stored.secret_locked {
                    return o.complain(
                        "client_secret",
                        "oauth-secret-reenter",
                        "Enter the client secret again: it is kept only while it can be read and provider, client and addresses stay the same.",
                    );
                }
                stored.client_secret.clone()
            }
            (None, _) => None,
        };
        Some(self)
    }

    fn is_same_client_as(&self, other: &Self) -> bool {
        self.provider == other.provider
            && self.client_id == other.client_id
            && self.tenant == other.tenant
            && self.token_url == other.token_url
            && self.way == other.way
    }

    /// As it may be read; the secret is not in it.
    pub fn to_json(&self) -> Value {
        let custom = self.provider == Provider::Custom;
        let own = |url: &Url| custom.then(|| url.as_str().to_owned());
        let (device_url, authorize_url) = match &self.way {
            Way::DeviceCode(url) => (own(url), None),
            Way::AuthorizationCode(url) => (None, own(url)),
        };
        json!({
            "provider": self.provider.as_str(),
            "client_id": self.client_id,
            "client_secret_set": self.client_secret.is_some() || self.secret_locked,
            "tenant": self.tenant,
            "token_url": own(&self.token_url),
            "device_url": device_url,
            "authorize_url": authorize_url,
            "scope": custom.then_some(&self.scope),
        })
    }

    /// The secret alone, for sealing.
    pub fn secrets(&self) -> Option<Value> {
        let secret = self.client_secret.as_ref()?;
        Some(json!({ "client_secret": secret.expose_secret() }))
    }

    /// What an authorization was given to. Another client, provider or scope needs another one.
    fn identity(&self) -> Value {
        let url = match &self.way {
            Way::DeviceCode(url) | Way::AuthorizationCode(url) => url,
        };
        json!([
            self.provider.as_str(),
            self.client_id,
            self.token_url.as_str(),
            url.as_str(),
            self.scope
        ])
    }
}

impl MailSettings {
    /// Everything that an authorization was given for: the provider's client, the account, and the server that hears
    /// the access token. `None`: these settings do not log in with OAuth.
    pub fn authorization_binding(&self) -> Option<Value> {
        let client = self.oauth.as_ref().filter(|_| self.auth == AuthMethod::Xoauth2)?;
        let account = &self.credentials.as_ref()?.username;
        Some(json!([
            account,
            self.server.to_string(),
            self.security.as_str(),
            self.verify_certificate,
            self.ca_pem,
            client.identity()
        ]))
    }
}

/// The member `oauth` of mail settings. It says nothing when another way to log in is chosen.
pub(super) fn read(o: &mut Object, auth: AuthMethod, current: Option<&MailSettings>) -> Option<OAuthClient> {
    let value = o.value("oauth");
    if auth != AuthMethod::Xoauth2 {
        return None;
    }
    let Some(value) = value else {
        return o.complain(
            "oauth",
            "oauth-client-missing",
            "Name the provider and the client that was registered there.",
        );
    };
    let current = current.and_then(|c| c.oauth.as_ref());
    o.errors.absorb(OAuthClient::from_json("oauth", value, current))
}

/// Whether stored settings had a client secret when they were saved.
pub(super) fn had_secret(stored: &Value) -> bool {
    let flag = stored.pointer("/oauth/client_secret_set");
    flag.and_then(Value::as_bool) == Some(true)
}

fn parse_client_id(field: &str, text: String) -> Result<String, FieldError> {
    let id = parse_line(field, &text, 256)?;
    // RFC 6749, A.1.
    if id.bytes().all(|b| (0x20..=0x7e).contains(&b)) {
        Ok(id)
    } else {
        Err(FieldError::new(
            field,
            "oauth-client-id",
            "A client id has letters, digits and signs of ASCII only.",
        ))
    }
}

fn parse_secret(field: &str, text: String) -> Result<SecretString, FieldError> {
    if text.len() > 1024 || text.chars().any(char::is_control) {
        return Err(FieldError::new(
            field,
            "control-characters",
            "Remove line breaks and control characters from this field.",
        ));
    }
    Ok(SecretString::from(text))
}
