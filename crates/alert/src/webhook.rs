//! Outgoing webhooks by Standard Webhooks 1.0.0.
//!
//! The id is the delivery's and the same on every retry, so a receiver can drop a second copy; the timestamp and with it
//! the signature are those of the attempt. The URL is a secret like the signing key: it appears in no error and no log.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{channel::WebhookChannel, clock::Clock, delivery::Notice, id::DeliveryId};
use egress::Dialer;
use reqwest::{
    Client, Request, Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use secrecy::ExposeSecret;
use url::Url;

use crate::{
    channel::{Channel, Receipt, Retry, SendError, Trace},
    links::Links,
};

mod answer;
mod fault;
mod payload;
mod redact;
mod signature;

use payload::Payload;
use redact::Redactor;
use signature::SigningKey;

/// From the first step to the last byte that we care for.
const DEADLINE: Duration = Duration::from_secs(10);
/// More of an answer is not read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What all webhook channels share: one client, and the egress policy inside it.
pub(crate) struct Webhooks {
    client: Client,
    dialer: Dialer,
    clock: Arc<dyn Clock>,
    links: Links,
}

impl Webhooks {
    pub(crate) fn new(
        dialer: Dialer,
        clock: Arc<dyn Clock>,
        links: Links,
    ) -> Result<Self, crate::StartError> {
        let client = client(&dialer)?;
        Ok(Self {
            client,
            dialer,
            clock,
            links,
        })
    }
}

/// One endpoint.
pub(crate) struct Webhook {
    shared: Arc<Webhooks>,
    config: WebhookChannel,
}

impl Webhook {
    pub(crate) fn new(shared: Arc<Webhooks>, config: WebhookChannel) -> Self {
        Self { shared, config }
    }
}

#[async_trait]
impl Channel for Webhook {
    async fn send(&self, notice: &Notice) -> Result<Receipt, SendError> {
        let Ok(url) = Url::parse(self.config.url.expose_secret()) else {
            return Err(SendError::new(
                Retry::OnSettings,
                "The address of this channel is not a URL. Enter it again.",
                Trace::default(),
            ));
        };
        let redactor = Redactor::new(&self.config, &url);
        let mut trace = Trace {
            server: server(&url),
            step: Some("policy".to_owned()),
            ..Trace::default()
        };
        let request = match self.request(&url, notice) {
            Ok(request) => request,
            Err(reason) => return Err(SendError::new(Retry::OnSettings, reason, trace)),
        };

        let deadline = tokio::time::Instant::now() + DEADLINE;
        let sent = tokio::time::timeout_at(deadline, self.shared.client.execute(request));
        let mut response = match self.shared.dialer.guarded(&url, deadline, sent).await {
            Ok(Ok(Ok(response))) => response,
            Err(denied) => return Err(SendError::new(Retry::Backoff, denied.reason, trace)),
            Ok(Ok(Err(error))) => {
                let fault = fault::explain(error.without_url());
                trace.step = Some(fault.step.to_owned());
                return Err(SendError::new(
                    Retry::Backoff,
                    redactor.clean(&fault.reason),
                    trace,
                ));
            }
            Ok(Err(_)) => {
                trace.step = Some("reply".to_owned());
                let reason = format!("The receiver did not answer within {} s.", DEADLINE.as_secs());
                return Err(SendError::new(Retry::Backoff, reason, trace));
            }
        };
        trace.step = Some("reply".to_owned());
        trace.remote = response.remote_addr();
        trace.reply_code = Some(response.status().as_u16());
        // The status line is the answer: a body that stalls or breaks takes nothing of it back.
        let body = read(&mut response, deadline).await;
        let text = redactor.clean(&String::from_utf8_lossy(&body));
        trace.reply_text = Some(text).filter(|t| !t.is_empty());
        match answer::judge(
            response.status(),
            response.headers(),
            &url,
            self.shared.clock.now(),
        ) {
            Ok(()) => Ok(Receipt {
                trace,
                ..Receipt::default()
            }),
            Err((retry, reason)) => Err(SendError::new(retry, redactor.clean(&reason), trace)),
        }
    }
}

impl Webhook {
    fn request(&self, url: &Url, notice: &Notice) -> Result<Request, String> {
        let id = message_id(notice.delivery);
        let timestamp = self.shared.clock.now().as_seconds();
        let body = Payload::new(notice, &self.shared.links)
            .to_bytes()
            .map_err(|_| "The message could not be written as JSON.".to_owned())?;
        let mut headers = HeaderMap::new();
        for header in &self.config.headers {
            let name = HeaderName::from_bytes(header.name.as_bytes());
            let value = HeaderValue::from_str(header.value.expose_secret());
            let (Ok(name), Ok(mut value)) = (name, value) else {
                return Err("A header of this channel cannot be sent. Enter the headers again.".to_owned());
            };
            value.set_sensitive(true);
            headers.append(name, value);
        }
        // Ours last: what the signature stands on cannot be overridden.
        if let Some(secret) = &self.config.secret {
            let signature = SigningKey::parse(secret).and_then(|key| key.sign(&id, timestamp, &body));
            let value = signature.and_then(|s| HeaderValue::from_str(&s).ok());
            let Some(value) = value else {
                return Err("The signing secret of this channel cannot be used. Enter it again.".to_owned());
            };
            headers.insert("webhook-signature", value);
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert("webhook-id", value);
        }
        headers.insert("webhook-timestamp", HeaderValue::from(timestamp));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut request = Request::new(reqwest::Method::POST, url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        Ok(request)
    }
}

/// The value of `webhook-id`.
fn message_id(delivery: DeliveryId) -> String {
    format!("msg_{delivery}")
}

/// `host:port` as set up, without anything that could be a key.
fn server(url: &Url) -> Option<String> {
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

async fn read(response: &mut Response, deadline: tokio::time::Instant) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < LONGEST_ANSWER {
        match tokio::time::timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                let room = LONGEST_ANSWER - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            Ok(Ok(None) | Err(_)) | Err(_) => break,
        }
    }
    body
}

/// For whatever speaks HTTP out of this crate.
pub(crate) fn client(dialer: &Dialer) -> Result<Client, crate::StartError> {
    let tls = egress::tls::client_config(egress::tls::TlsOptions {
        verify: true,
        extra_ca_pem: None,
        roots: dialer.roots(),
        alpn: &[],
    })?;
    Client::builder()
        .tls_backend_preconfigured(rustls::ClientConfig::clone(&tls))
        .dns_resolver(dialer.http_resolver())
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .http1_only()
        .user_agent(concat!("Watchbell/", env!("CARGO_PKG_VERSION")))
        // A connection per message: none can have gone stale, and every one is held to the policy.
        .pool_max_idle_per_host(0)
        .build()
        .map_err(|e| crate::StartError::HttpClient(e.without_url()))
}
