//! Outgoing webhooks by Standard Webhooks 1.0.0, whose headers go with every format of the body.
//!
//! The id is the delivery's and the same on every retry, so a receiver can drop a second copy; the timestamp and with it
//! the signature are those of the attempt. The URL is a secret like the signing key: it appears in no error and no log.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    channel::{WebhookChannel, WebhookMethod, WebhookShape},
    delivery::Notice,
    id::{DeliveryId, IncidentId},
};
use reqwest::{
    Method, Request,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use store::Store;
use url::Url;

use crate::{
    channel::{Channel, Receipt, Retry, SendError, Trace},
    http::{Http, Redactor},
    links::{Links, Pages},
};

mod alertmanager;
mod own;
mod payload;
#[cfg(test)]
mod scene;
mod signature;
#[cfg(test)]
mod tests;

use alertmanager::Group;
pub(crate) use alertmanager::alert_name;
use own::Values;
use payload::Payload;
use signature::SigningKey;

/// One endpoint.
pub(crate) struct Webhook {
    http: Arc<Http>,
    config: WebhookChannel,
    site: Site,
    store: Store,
}

/// Where we are, as bodies say it.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) links: Links,
    pub(crate) public_url: Url,
}

impl Site {
    fn pages<'a>(&'a self, token: &'a (dyn Fn(IncidentId) -> String + Sync)) -> Pages<'a> {
        Pages {
            links: &self.links,
            token,
        }
    }
}

/// What is asked of an endpoint, as far as the format decides it.
struct Content {
    method: Method,
    /// The media type and the body.
    body: Option<(String, Vec<u8>)>,
}

impl Webhook {
    pub(crate) fn new(http: Arc<Http>, site: Site, store: Store, config: WebhookChannel) -> Self {
        Self {
            http,
            config,
            site,
            store,
        }
    }
}

impl Content {
    /// `token`: the proof that the receiver was told of an incident.
    fn new(
        shape: &WebhookShape,
        notice: &Notice,
        site: &Site,
        token: &(dyn Fn(IncidentId) -> String + Sync),
    ) -> serde_json::Result<Self> {
        let json = |body: Vec<u8>| Self {
            method: Method::POST,
            body: Some(("application/json".to_owned(), body)),
        };
        Ok(match shape {
            WebhookShape::Standard => json(Payload::new(notice, site.pages(token)).to_bytes()?),
            WebhookShape::Alertmanager => json(serde_json::to_vec(&Group::new(notice, site))?),
            WebhookShape::Template(own) => Self {
                method: match own.method {
                    WebhookMethod::Post => Method::POST,
                    WebhookMethod::Put => Method::PUT,
                    WebhookMethod::Get => Method::GET,
                },
                body: {
                    let values = Values::new(notice, site);
                    own.body(|value| values.of(value))
                        .map(|body| (own.content_type.clone(), body.into_bytes()))
                },
            },
        })
    }
}

#[async_trait]
impl Channel for Webhook {
    async fn send(&self, notice: &Notice) -> Result<Receipt, SendError> {
        let unusable = |reason: String| SendError::new(Retry::OnSettings, reason, Trace::default());
        let url = Url::parse(self.config.url.expose_secret())
            .map_err(|_| unusable("The address of this channel is not a URL. Enter it again.".to_owned()))?;
        let token = |incident| {
            let links = self.store.acknowledgements();
            links.token(incident, notice.channel, &notice.recipient)
        };
        let request = self.request(&url, notice, &token).map_err(unusable)?;
        let redactor = self.redactor(&url, notice, &token);
        let answer = self.http.exchange(request, &redactor).await?;
        match answer.judge("the headers and the signing secret of this channel") {
            Ok(()) => Ok(Receipt {
                trace: answer.trace,
                ..Receipt::default()
            }),
            Err((retry, reason)) => {
                let trace = Trace {
                    rejection: answer.rejection(),
                    ..answer.trace
                };
                Err(SendError::new(retry, redactor.clean(&reason), trace))
            }
        }
    }
}

impl Webhook {
    fn redactor(
        &self,
        url: &Url,
        notice: &Notice,
        token: &(dyn Fn(IncidentId) -> String + Sync),
    ) -> Redactor {
        let headers = self.config.headers.iter().map(|h| &h.value);
        // Some repeat the message, and more people read the log than were told.
        let subject = notice.subject.as_ref();
        let page = subject.and_then(|s| self.site.pages(token).acknowledge(notice.event, &s.incident));
        let proof = page.and_then(|p| Some(SecretString::from(p.rsplit('/').next()?)));
        let secrets = self.config.secret.iter().chain(headers).chain(&proof);
        let secrets: Vec<&SecretString> = secrets.collect();
        Redactor::new(url, &secrets)
    }

    fn request(
        &self,
        url: &Url,
        notice: &Notice,
        token: &(dyn Fn(IncidentId) -> String + Sync),
    ) -> Result<Request, String> {
        let id = message_id(notice.delivery);
        let timestamp = self.http.now().as_seconds();
        let content = Content::new(&self.config.shape, notice, &self.site, token)
            .map_err(|_| "The message could not be written as JSON.".to_owned())?;
        let (content_type, body) = content.body.unzip();
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
            let signed = body.as_deref().unwrap_or_default();
            let signature = SigningKey::parse(secret).and_then(|key| key.sign(&id, timestamp, signed));
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
        if let Some(content_type) = content_type {
            let value = HeaderValue::from_str(&content_type)
                .map_err(|_| "The content type of this channel cannot be sent. Enter it again.".to_owned())?;
            headers.insert(CONTENT_TYPE, value);
        }
        let mut request = Request::new(content.method, url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = body.map(Into::into);
        Ok(request)
    }
}

/// The value of `webhook-id`.
fn message_id(delivery: DeliveryId) -> String {
    format!("msg_{delivery}")
}
