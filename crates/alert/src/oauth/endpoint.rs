//! Asking an authorization server: one form out, one JSON object in, through the egress policy.

use std::time::Duration;

use domain::mail::oauth::{DeviceCode, LARGEST_ANSWER, OAuthClient, Refusal, RefusalKind, Tokens};
use egress::{DialError, Dialer};
use reqwest::{
    Client, Method, Request,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};
use url::{Url, form_urlencoded};

use crate::http;

/// From the first step to the last byte.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);
const HIDDEN: &str = "***";

pub(super) struct Endpoint {
    client: Client,
    dialer: Dialer,
}

/// The form of a request: what is secret in it is never repeated.
struct Form {
    body: String,
    secrets: Vec<SecretString>,
}

impl Endpoint {
    pub(super) fn new(dialer: Dialer) -> Result<Self, crate::StartError> {
        Ok(Self {
            client: http::client(&dialer)?,
            dialer,
        })
    }

    /// RFC 8628, 3.1.
    pub(super) async fn device_code(&self, client: &OAuthClient, url: &Url) -> Result<DeviceCode, Refusal> {
        let form = Form::of(client).with("scope", &client.scope);
        self.ask(url, form, DeviceCode::read).await
    }

    /// RFC 8628, 3.4.
    pub(super) async fn by_device_code(
        &self,
        client: &OAuthClient,
        code: &SecretString,
    ) -> Result<Tokens, Refusal> {
        let form = Form::of(client)
            .with("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
            .with_secret("device_code", code);
        self.ask(&client.token_url, form, Tokens::read).await
    }

    /// RFC 6749, 4.1.3 and RFC 7636, 4.5.
    pub(super) async fn by_code(
        &self,
        client: &OAuthClient,
        code: &SecretString,
        verifier: &SecretString,
        redirect_url: &Url,
    ) -> Result<Tokens, Refusal> {
        let form = Form::of(client)
            .with("grant_type", "authorization_code")
            .with("redirect_uri", redirect_url.as_str())
            .with_secret("code", code)
            .with_secret("code_verifier", verifier);
        self.ask(&client.token_url, form, Tokens::read).await
    }

    /// RFC 6749, 6.
    pub(super) async fn by_refresh_token(
        &self,
        client: &OAuthClient,
        refresh: &SecretString,
    ) -> Result<Tokens, Refusal> {
        let form = Form::of(client)
            .with("grant_type", "refresh_token")
            .with_secret("refresh_token", refresh);
        self.ask(&client.token_url, form, Tokens::read).await
    }

    async fn ask<T>(
        &self,
        url: &Url,
        form: Form,
        read: impl FnOnce(u16, &[u8]) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let Form { body, secrets } = form;
        let result = match self.exchange(url, body).await {
            Ok((status, answer)) => read(status, &answer),
            Err(detail) => Err(Refusal {
                kind: RefusalKind::Unavailable,
                detail,
            }),
        };
        result.map_err(|refusal| Refusal {
            detail: hide(refusal.detail, &secrets),
            ..refusal
        })
    }

    /// Status and body, or why there is no answer. Redirects are not followed: they would carry the secrets elsewhere.
    async fn exchange(&self, url: &Url, body: String) -> Result<(u16, Vec<u8>), String> {
        let mut request = Request::new(Method::POST, url.clone());
        let headers = request.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(body.into());
        let deadline = Instant::now() + DEADLINE;
        let late = || format!("{} did not answer within {} s.", server(url), DEADLINE.as_secs());
        let sent = timeout_at(deadline, self.client.execute(request));
        let mut response = match self.dialer.guarded(url, deadline, sent).await {
            Err(denied) => return Err(denied.reason),
            Ok(Err(_)) => return Err(late()),
            Ok(Ok(Err(error))) => return Err(unreachable(url, &error)),
            Ok(Ok(Ok(response))) => response,
        };
        let mut answer = Vec::new();
        loop {
            match timeout_at(deadline, response.chunk()).await {
                Err(_) => return Err(late()),
                Ok(Err(_)) => return Err(format!("{} broke off its answer.", server(url))),
                Ok(Ok(None)) => return Ok((response.status().as_u16(), answer)),
                Ok(Ok(Some(chunk))) => {
                    if answer.len() + chunk.len() > LARGEST_ANSWER {
                        let most = LARGEST_ANSWER / 1024;
                        return Err(format!("{} gave an answer of more than {most} KiB.", server(url)));
                    }
                    answer.extend_from_slice(&chunk);
                }
            }
        }
    }
}

impl Form {
    /// Who asks. The secret goes into the body, which Google, Microsoft and nearly everybody take.
    fn of(client: &OAuthClient) -> Self {
        let form = Self {
            body: String::new(),
            secrets: Vec::new(),
        };
        let form = form.with("client_id", &client.client_id);
        match &client.client_secret {
            Some(secret) => form.with_secret("client_secret", secret),
            None => form,
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        let begun = std::mem::take(&mut self.body);
        let mut body = form_urlencoded::Serializer::new(begun);
        self.body = body.append_pair(name, value).finish();
        self
    }

    fn with_secret(mut self, name: &str, value: &SecretString) -> Self {
        self.secrets.push(value.clone());
        self.with(name, value.expose_secret())
    }
}

/// The provider's words without what we told it.
fn hide(mut text: String, secrets: &[SecretString]) -> String {
    for secret in secrets {
        let plain = secret.expose_secret();
        let encoded: String = form_urlencoded::byte_serialize(plain.as_bytes()).collect();
        for guise in [plain, &encoded] {
            if !guise.is_empty() && text.contains(guise) {
                text = text.replace(guise, HIDDEN);
            }
        }
    }
    text
}

/// From the kinds of the errors below, never from their wording, which may hold the address with its query.
fn unreachable(url: &Url, error: &reqwest::Error) -> String {
    if let Some(error) = DialError::in_chain(error) {
        return error.to_string();
    }
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return format!("No secure connection to {}: {tls}.", server(url));
        }
        next = cause.source();
    }
    if error.is_connect() {
        format!("{} cannot be reached.", server(url))
    } else {
        format!("The connection to {} ended before it had answered.", server(url))
    }
}

fn server(url: &Url) -> String {
    let host = url.host_str().unwrap_or("The provider");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_said_is_not_repeated() {
        let secrets = [SecretString::from("1//0g refresh"), SecretString::from("client")];
        let shown = hide(
            "bad token 1//0g refresh (1%2F%2F0g+refresh) of client".to_owned(),
            &secrets,
        );
        assert_eq!(shown, "bad token *** (***) of ***");
    }
}
