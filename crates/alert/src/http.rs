//! One HTTP exchange with a receiver: through the egress policy, in time, with no more of the answer than is of use, and
//! without a secret in anything that is told of it.

use std::{sync::Arc, time::Duration};

use domain::{
    attention::Rejection,
    clock::{Clock, Timestamp},
};
use egress::Dialer;
use reqwest::{Client, Request, Response, StatusCode, header::HeaderMap, redirect};
use tokio::time::Instant;
use url::Url;

use crate::channel::{Retry, SendError, Trace};

pub(crate) mod answer;
mod fault;
mod redact;

pub(crate) use redact::Redactor;

/// From the first step to the last byte that we care for.
const DEADLINE: Duration = Duration::from_secs(10);
/// More of an answer is not read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What all channels share that speak HTTP: one client, and the egress policy inside it.
pub(crate) struct Http {
    client: Client,
    dialer: Dialer,
    clock: Arc<dyn Clock>,
}

/// What came back, whatever it says.
pub(crate) struct Answer {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// At most 64 KiB.
    pub(crate) body: Vec<u8>,
    pub(crate) trace: Trace,
    pub(crate) at: Timestamp,
}

impl Http {
    pub(crate) fn new(dialer: Dialer, clock: Arc<dyn Clock>) -> Result<Self, crate::StartError> {
        let client = client(&dialer)?;
        Ok(Self {
            client,
            dialer,
            clock,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes at most ten seconds. An error means that there was no answer.
    pub(crate) async fn exchange(&self, request: Request, redactor: &Redactor) -> Result<Answer, SendError> {
        let url = request.url().clone();
        let mut trace = Trace {
            server: server(&url),
            step: Some("policy".to_owned()),
            ..Trace::default()
        };
        let deadline = Instant::now() + DEADLINE;
        let sent = tokio::time::timeout_at(deadline, self.client.execute(request));
        let mut response = match self.dialer.guarded(&url, deadline, sent).await {
            Ok(Ok(Ok(response))) => response,
            Err(denied) => return Err(SendError::new(Retry::Backoff, denied.reason, trace)),
            Ok(Ok(Err(error))) => {
                let fault = fault::explain(error.without_url());
                trace.step = Some(fault.step.to_owned());
                let reason = redactor.clean(&fault.reason);
                return Err(SendError::new(Retry::Backoff, reason, trace));
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
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body,
            url,
            trace,
            at: self.clock.now(),
        })
    }
}

impl Answer {
    /// What its status means: the receiver's yes, or what to do and a sentence for a person. `credentials` are what a
    /// receiver looks at that does not let us in.
    pub(crate) fn judge(&self, credentials: &str) -> Result<(), (Retry, String)> {
        answer::judge(self.status, &self.headers, &self.url, self.at, credentials)
    }

    /// Whether its status means that the same message is taken later.
    pub(crate) fn asks_for_patience(&self) -> bool {
        answer::asks_for_patience(self.status)
    }

    /// What its status says about the address itself.
    pub(crate) fn rejection(&self) -> Option<Rejection> {
        answer::rejection(self.status)
    }
}

/// `host:port` as set up, without anything that could be a key.
fn server(url: &Url) -> Option<String> {
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

async fn read(response: &mut Response, deadline: Instant) -> Vec<u8> {
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
