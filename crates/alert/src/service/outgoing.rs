//! A request that is being put together.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::Unusable;

/// What is asked of a service.
pub(crate) struct Outgoing {
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
}

impl Outgoing {
    pub(crate) fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }

    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        Self {
            body: body.to_string().into_bytes(),
            ..self.header(CONTENT_TYPE, "application/json")
        }
    }

    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Self {
            body: body.into_bytes(),
            ..self.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(crate) fn basic(self, user: &str, password: &str) -> Self {
        let both = STANDARD.encode(format!("{user}:{password}"));
        self.header(AUTHORIZATION, &format!("Basic {both}"))
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn into_request(self) -> Result<Request, Unusable> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            let mut value = HeaderValue::from_str(&value).map_err(|_| {
                Unusable("A key of this channel has letters that cannot be sent. Enter it again.".to_owned())
            })?;
            value.set_sensitive(name == AUTHORIZATION);
            headers.append(name, value);
        }
        let mut request = Request::new(self.method, self.url);
        *request.headers_mut() = headers;
        *request.body_mut() = Some(self.body.into());
        Ok(request)
    }
}
