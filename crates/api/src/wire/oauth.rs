//! OAuth clients of mail profiles, and how they are connected.

use alert::oauth::{Connection, Pending, Problem, ProblemKind};
use domain::mail::oauth::{OAuthClient, Provider, Way};
use serde::Serialize;
use store::{GrantState, GrantStatus};
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, one_of};

fn providers() -> Object {
    one_of(Provider::ALL.iter().map(|p| p.as_str()))
}

fn states() -> Object {
    one_of(["not_connected", "connected", "needs_attention"])
}

fn ways() -> Object {
    one_of(["device", "page"])
}

fn problems() -> Object {
    one_of(ProblemKind::ALL.iter().map(|k| k.as_str()))
}

/// Where access tokens come from (`auth` = `xoauth2`).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuthDraft {
    /// `google` and `microsoft` are known; `custom` needs its addresses and a scope.
    #[schema(schema_with = providers)]
    pub provider: &'static str,
    /// Of the client that was registered at the provider.
    pub client_id: String,
    /// Write-only. Left out: the saved one is kept, as long as provider, client and addresses stay the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Forgets the saved secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear_client_secret: Option<bool>,
    /// Read only; what was read may be sent back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_set: Option<bool>,
    /// Microsoft: id or domain of the directory, or `common`, `organizations`, `consumers`. Default `common`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Custom: where tokens are given. `https`, or `http` to this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// Custom: where device codes are given. Either this or `authorize_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_url: Option<String>,
    /// Custom: the page on which a person decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorize_url: Option<String>,
    /// Custom: words with blanks between them. Most providers give a refresh token only for one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// The client as it may be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct OAuthView {
    #[schema(schema_with = providers)]
    pub provider: &'static str,
    pub client_id: String,
    pub client_secret_set: bool,
    pub tenant: Option<String>,
    pub token_url: String,
    pub device_url: Option<String>,
    pub authorize_url: Option<String>,
    pub scope: String,
}

impl From<&OAuthClient> for OAuthView {
    fn from(client: &OAuthClient) -> Self {
        let (device_url, authorize_url) = match &client.way {
            Way::DeviceCode(url) => (Some(url.to_string()), None),
            Way::AuthorizationCode(url) => (None, Some(url.to_string())),
        };
        Self {
            provider: client.provider.as_str(),
            client_id: client.client_id.clone(),
            client_secret_set: client.client_secret.is_some() || client.secret_locked,
            tenant: client.tenant.clone(),
            token_url: client.token_url.to_string(),
            device_url,
            authorize_url,
            scope: client.scope.clone(),
        }
    }
}

/// How a profile is connected.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizationView {
    #[schema(schema_with = states)]
    pub state: &'static str,
    /// When a person let us in.
    pub connected_at: Option<Time>,
    /// When the access token was last given.
    pub refreshed_at: Option<Time>,
    /// When the access token ends; it is renewed before.
    pub expires_at: Option<Time>,
    /// What needs attention.
    pub problem: Option<AuthorizationProblem>,
    /// What a person has to do now.
    pub pending: Option<PendingView>,
    /// Why the last authorization led to nothing.
    pub failed: Option<AuthorizationProblem>,
}

/// What went wrong, and what to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizationProblem {
    #[schema(schema_with = problems)]
    pub kind: &'static str,
    /// The provider's words, or what happened.
    pub detail: String,
    /// Likely cause and what to do.
    pub hint: String,
}

/// An authorization that waits for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct PendingView {
    /// `device`: type the code into the page. `page`: follow the address, then hand in where the browser was sent.
    #[schema(schema_with = ways)]
    pub way: &'static str,
    pub url: String,
    pub user_code: Option<String>,
    /// Must be registered with the provider.
    pub redirect_url: Option<String>,
    pub expires_at: Time,
}

/// The provider's answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationAnswer {
    /// The whole address that the provider sent the browser to.
    #[schema(example = "http://127.0.0.1/?state=…&code=…")]
    pub answer: String,
}

impl From<Connection> for AuthorizationView {
    fn from(connection: Connection) -> Self {
        let grant = connection.grant.as_ref();
        let at = |time: fn(&GrantStatus) -> domain::clock::Timestamp| grant.map(|g| Time(time(g)));
        Self {
            state: match grant {
                None => "not_connected",
                Some(g) if g.locked || g.state != GrantState::Ok => "needs_attention",
                Some(_) => "connected",
            },
            connected_at: at(|g| g.connected_at),
            refreshed_at: at(|g| g.refreshed_at),
            expires_at: at(|g| g.expires_at),
            problem: grant.and_then(Problem::of_grant).map(Into::into),
            pending: connection.pending.map(Into::into),
            failed: connection.failed.map(Into::into),
        }
    }
}

impl From<Problem> for AuthorizationProblem {
    fn from(problem: Problem) -> Self {
        let hint = problem.hint(alert::mail::Language::English);
        Self {
            kind: problem.kind.as_str(),
            detail: problem.detail,
            hint: format!("{} {}", hint.cause, hint.fix),
        }
    }
}

impl From<Pending> for PendingView {
    fn from(pending: Pending) -> Self {
        match pending {
            Pending::Device {
                user_code,
                verification_url,
                expires_at,
            } => Self {
                way: "device",
                url: verification_url.to_string(),
                user_code: Some(user_code),
                redirect_url: None,
                expires_at: Time(expires_at),
            },
            Pending::Page {
                url,
                redirect_url,
                expires_at,
                returns: _,
            } => Self {
                way: "page",
                url: url.to_string(),
                user_code: None,
                redirect_url: Some(redirect_url.to_string()),
                expires_at: Time(expires_at),
            },
        }
    }
}
