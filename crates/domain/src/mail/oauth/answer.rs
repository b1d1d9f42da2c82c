//! The answers of an authorization server, read strictly: what does not look like a token is none.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use super::endpoints::is_safe;
use crate::{outcome::named, text::sanitize};

/// More of an answer is not read, and one that is longer is not believed. Microsoft's tokens have about 4 KiB.
pub const LARGEST_ANSWER: usize = 64 * 1024;
const LONGEST_TOKEN: usize = 16 * 1024;
/// RFC 6749, 5.1 only recommends to say it; providers that do not mean about this long.
const USUAL_LIFETIME: Duration = Duration::from_hours(1);
const LONGEST_LIFETIME: Duration = Duration::from_hours(24 * 366);
/// RFC 8628, 3.2 and 3.5.
const USUAL_INTERVAL: Duration = Duration::from_secs(5);
const LONGEST_INTERVAL: Duration = Duration::from_mins(1);
const LONGEST_CODE_LIFETIME: Duration = Duration::from_hours(1);

/// What a provider gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: SecretString,
    /// `None`: the one that we have stays good.
    pub refresh: Option<SecretString>,
    /// Of the access token, from the moment of the answer.
    pub lifetime: Duration,
}

/// What a person is told, and what we ask with (RFC 8628, 3.2).
#[derive(Clone, Debug)]
pub struct DeviceCode {
    pub device_code: SecretString,
    pub user_code: String,
    pub verification_url: Url,
    pub lifetime: Duration,
    /// Between two questions.
    pub interval: Duration,
}

named! {
    /// Why there is no token.
    RefusalKind {
        /// Nobody has decided yet.
        Pending = "pending",
        /// As pending, and we ask too often.
        SlowDown = "slow-down",
        /// A person said no.
        Denied = "denied",
        /// The code is too old.
        Expired = "expired",
        /// The authorization was revoked, has ended, or was given to somebody else.
        InvalidGrant = "invalid-grant",
        /// Client id or secret are wrong, or this client may not do that.
        InvalidClient = "invalid-client",
        /// It says that we asked for something wrong.
        Rejected = "rejected",
        /// It cannot answer now.
        Unavailable = "unavailable",
        /// Nothing that an authorization server would say.
        Unreadable = "unreadable",
    }
}

/// An answer without a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// The provider's words, on one line. They are its own: whoever shows them takes secrets out first.
    pub detail: String,
}

impl RefusalKind {
    /// Asking again changes nothing before a person has done something.
    pub const fn needs_person(self) -> bool {
        match self {
            Self::Denied | Self::Expired | Self::InvalidGrant | Self::InvalidClient | Self::Rejected => true,
            Self::Pending | Self::SlowDown | Self::Unavailable | Self::Unreadable => false,
        }
    }
}

impl Tokens {
    /// Reads the answer of a token endpoint.
    pub fn read(status: u16, body: &[u8]) -> Result<Self, Refusal> {
        let answer = granted(status, body)?;
        let bearer = text(&answer, "token_type").is_some_and(|t| t.eq_ignore_ascii_case("bearer"));
        if !bearer {
            return Err(unreadable("The answer has no token of the type Bearer."));
        }
        let access = text(&answer, "access_token").filter(|t| is_token(t));
        let Some(access) = access else {
            return Err(unreadable("The answer has no usable access token."));
        };
        let refresh = match answer.get("refresh_token") {
            None | Some(Value::Null) => None,
            Some(Value::String(token)) if is_token(token) => Some(SecretString::from(token.as_str())),
            Some(_) => return Err(unreadable("The answer has an unusable refresh token.")),
        };
        Ok(Self {
            access: SecretString::from(access),
            refresh,
            lifetime: seconds(&answer, "expires_in")?
                .unwrap_or(USUAL_LIFETIME)
                .min(LONGEST_LIFETIME),
        })
    }
}

impl DeviceCode {
    /// Reads the answer to a request for a device code.
    pub fn read(status: u16, body: &[u8]) -> Result<Self, Refusal> {
        let answer = granted(status, body)?;
        let Some(device_code) = text(&answer, "device_code").filter(|t| is_token(t)) else {
            return Err(unreadable("The answer has no usable device code."));
        };
        let user_code = text(&answer, "user_code").unwrap_or_default();
        if user_code.is_empty()
            || user_code.len() > 40
            || !user_code.bytes().all(|b| (0x21..=0x7e).contains(&b))
        {
            return Err(unreadable("The answer has no code to be typed."));
        }
        // Google's name for it is older than the RFC.
        let url = text(&answer, "verification_uri").or_else(|| text(&answer, "verification_url"));
        let url = url.and_then(|u| Url::parse(u).ok()).filter(is_safe);
        let Some(verification_url) = url else {
            return Err(unreadable("The answer has no safe address for the code."));
        };
        Ok(Self {
            device_code: SecretString::from(device_code),
            user_code: user_code.to_owned(),
            verification_url,
            lifetime: seconds(&answer, "expires_in")?
                .unwrap_or(LONGEST_CODE_LIFETIME)
                .min(LONGEST_CODE_LIFETIME),
            interval: seconds(&answer, "interval")?
                .unwrap_or(USUAL_INTERVAL)
                .min(LONGEST_INTERVAL),
        })
    }

    /// The interval after the server asked for patience (RFC 8628, 3.5).
    pub fn slowed(interval: Duration) -> Duration {
        interval.saturating_add(USUAL_INTERVAL).min(LONGEST_INTERVAL)
    }
}

fn granted(status: u16, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if status == 429 || status >= 500 {
        let detail = refused(body).map_or_else(|| format!("HTTP status {status}"), |(_, detail)| detail);
        return Err(Refusal {
            kind: RefusalKind::Unavailable,
            detail,
        });
    }
    // Some answer a refusal with 200.
    if let Some((code, detail)) = refused(body) {
        return Err(Refusal {
            kind: kind_of(&code),
            detail,
        });
    }
    if status != 200 {
        return Err(unreadable(&format!("HTTP status {status} without a reason")));
    }
    object(body).ok_or_else(|| unreadable("The answer is not a JSON object."))
}

fn object(body: &[u8]) -> Option<Map<String, Value>> {
    if body.len() > LARGEST_ANSWER {
        return None;
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    }
}

/// The error code (RFC 6749, 5.2) and the words about it.
fn refused(body: &[u8]) -> Option<(String, String)> {
    let answer = object(body)?;
    let code = text(&answer, "error")?.to_owned();
    let words = text(&answer, "error_description").unwrap_or_default();
    let detail = if words.is_empty() {
        code.clone()
    } else {
        format!("{code}: {words}")
    };
    Some((code, sanitize(&detail, 400)))
}

fn kind_of(code: &str) -> RefusalKind {
    match code {
        "authorization_pending" => RefusalKind::Pending,
        "slow_down" => RefusalKind::SlowDown,
        // `authorization_declined` and the next one are Microsoft's.
        "access_denied" | "authorization_declined" => RefusalKind::Denied,
        "expired_token" | "code_expired" => RefusalKind::Expired,
        "invalid_grant" | "interaction_required" | "consent_required" | "login_required" => {
            RefusalKind::InvalidGrant
        }
        "invalid_client"
        | "unauthorized_client"
        | "deleted_client"
        | "admin_policy_enforced"
        | "org_internal" => RefusalKind::InvalidClient,
        "temporarily_unavailable" | "server_error" | "internal_failure" | "rate_limit_exceeded" => {
            RefusalKind::Unavailable
        }
        _ => RefusalKind::Rejected,
    }
}

fn unreadable(detail: &str) -> Refusal {
    Refusal {
        kind: RefusalKind::Unreadable,
        detail: detail.to_owned(),
    }
}

fn text<'a>(answer: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    answer.get(name)?.as_str()
}

/// A whole number of seconds above zero; some write it in quotes.
fn seconds(answer: &Map<String, Value>, name: &str) -> Result<Option<Duration>, Refusal> {
    let number = match answer.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(n)) => n.as_u64(),
        Some(Value::String(s)) => s.parse().ok(),
        Some(_) => None,
    };
    match number.filter(|n| *n > 0) {
        Some(n) => Ok(Some(Duration::from_secs(n))),
        None => Err(unreadable(&format!(
            "The answer says {name} in a form that means nothing."
        ))),
    }
}

/// RFC 6749, A.12 and A.17, without the blank: it goes into a line of SMTP and into a form.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_TOKEN && text.bytes().all(|b| (0x21..=0x7e).contains(&b))
}
