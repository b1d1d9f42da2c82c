//! An authorization server that says what a test wants: RFC 6749 and RFC 8628 as far as a client sees them.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::http::{HttpTarget, Reply};

const DEVICE: &str = "/device";
const TOKEN: &str = "/token";

/// Gives a device code to everybody, and to requests for tokens what was put in line; without that it says
/// `authorization_pending`.
pub struct TokenEndpoint(HttpTarget);

/// What a client asked the token endpoint.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub form: BTreeMap<String, String>,
}

impl TokenRequest {
    pub fn get(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }
}

impl TokenEndpoint {
    pub const USER_CODE: &str = "WDJB-MJHT";

    pub async fn start() -> Self {
        let endpoint = Self(HttpTarget::start().await);
        endpoint.device_code("a-device-code-of-the-testkit", Duration::from_mins(15));
        endpoint.usually(refusal(400, "authorization_pending"));
        endpoint
    }

    /// From now on this is the device code, to be asked with once a second.
    pub fn device_code(&self, code: &str, lifetime: Duration) {
        let body = json!({
            "device_code": code, "user_code": Self::USER_CODE, "verification_uri": "https://login.example.org/device",
            "expires_in": lifetime.as_secs(), "interval": 1,
        });
        self.0.reply_at(DEVICE, reply(200, &body));
    }

    /// The next request for tokens gets these.
    pub fn grants(&self, access: &str, refresh: Option<&str>, lifetime: Duration) {
        let body = json!({
            "token_type": "Bearer", "access_token": access, "refresh_token": refresh, "expires_in": lifetime.as_secs(),
        });
        self.then(reply(200, &body));
    }

    /// The next request for tokens gets this error code (RFC 6749, 5.2) with status 400.
    pub fn refuses(&self, error: &str) {
        self.then(refusal(400, error));
    }

    /// The next request for tokens gets this.
    pub fn then(&self, reply: Reply) {
        self.0.then_at(TOKEN, reply);
    }

    /// What requests for tokens get that have nothing else in line.
    pub fn usually(&self, reply: Reply) {
        self.0.reply_at(TOKEN, reply);
    }

    /// What requests for device codes get.
    pub fn device_answer(&self, reply: Reply) {
        self.0.reply_at(DEVICE, reply);
    }

    /// The member `oauth` of mail settings, by device code.
    pub fn device_client(&self) -> Value {
        json!({
            "provider": "custom", "client_id": "watchbell", "scope": "smtp offline",
            "token_url": self.0.url(TOKEN), "device_url": self.0.url(DEVICE),
        })
    }

    /// The same by authorization code.
    pub fn code_client(&self) -> Value {
        json!({
            "provider": "custom", "client_id": "watchbell", "scope": "smtp offline",
            "token_url": self.0.url(TOKEN), "authorize_url": self.0.url("/authorize"),
        })
    }

    /// Requests for tokens so far.
    pub fn requests(&self) -> Vec<TokenRequest> {
        self.asked(TOKEN)
    }

    /// Requests for device codes so far.
    pub fn device_requests(&self) -> Vec<TokenRequest> {
        self.asked(DEVICE)
    }

    fn asked(&self, path: &str) -> Vec<TokenRequest> {
        let all = self.0.requests().into_iter().filter(|r| r.path == path);
        all.map(|r| {
            assert_eq!(r.method, "POST");
            assert_eq!(
                r.header("content-type"),
                Some("application/x-www-form-urlencoded")
            );
            TokenRequest {
                form: form(&String::from_utf8_lossy(&r.body)),
            }
        })
        .collect()
    }

    /// Closing and counting are those of any HTTP target.
    pub fn target(&self) -> &HttpTarget {
        &self.0
    }
}

fn refusal(status: u16, error: &str) -> Reply {
    reply(
        status,
        &json!({ "error": error, "error_description": format!("the testkit says {error}") }),
    )
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::status(status)
        .header("content-type", "application/json")
        .body(body.to_string())
}

fn form(body: &str) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://form/?{body}")).expect("a form is a query");
    url.query_pairs().into_owned().collect()
}
