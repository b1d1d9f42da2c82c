//! A small client of the JSON API.

use std::time::Duration;

use reqwest::{Method, header};
use serde_json::Value;

/// Calls below `/api/v1` with one token.
#[derive(Clone)]
pub struct Api {
    client: reqwest::Client,
    base: String,
    token: String,
}

pub(super) fn client() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_mins(1))
        .build()
        .unwrap()
}

impl Api {
    pub(super) fn new(client: reqwest::Client, base: String, token: &str) -> Self {
        Self {
            client,
            base,
            token: token.to_owned(),
        }
    }

    pub fn bearer(&self) -> &str {
        &self.token
    }

    /// `path` begins with a slash, below `/api/v1`. An empty or non-JSON body reads as `null` or as a text.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        self.call(Method::DELETE, path, None).await
    }

    /// Creates something: expects 201 and gives it.
    pub async fn create(&self, path: &str, body: Value) -> Value {
        let (status, made) = self.post(path, body).await;
        assert_eq!(status, 201, "POST {path}: {made}");
        made
    }

    /// Asks until the answer (of a 200) satisfies `enough`, and gives it.
    pub async fn poll(&self, path: &str, within: Duration, enough: impl Fn(&Value) -> bool) -> Value {
        let deadline = std::time::Instant::now() + within;
        loop {
            let (status, value) = self.get(path).await;
            if status == 200 && enough(&value) {
                return value;
            }
            assert!(
                std::time::Instant::now() < deadline,
                "waited {within:?} in vain for GET {path}; last: {status} {value:#}"
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method.clone(), url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let answer = request
            .send()
            .await
            .unwrap_or_else(|e| panic!("{method} {path}: {e:?}"));
        let status = answer.status().as_u16();
        let text = answer
            .text()
            .await
            .unwrap_or_else(|e| panic!("{method} {path}: {e:?}"));
        let value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        (status, value)
    }
}
