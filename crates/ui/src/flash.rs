//! One message for the next page: what a POST did, told after the redirect.

use axum::response::{IntoResponse as _, Redirect, Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::header;
use serde::{Deserialize, Serialize};

use crate::{
    locale::{Language, Text},
    security::cookies::{self, Name},
    visit::Visit,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    Good,
    Bad,
}

/// A text key with at most one value, `name`, so that the message follows the language of the page that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    tone: Tone,
    key: String,
    name: Option<String>,
}

impl Flash {
    pub fn good(key: &str) -> Self {
        Self {
            tone: Tone::Good,
            key: key.to_owned(),
            name: None,
        }
    }

    pub fn bad(key: &str) -> Self {
        Self {
            tone: Tone::Bad,
            key: key.to_owned(),
            name: None,
        }
    }

    /// The `{ $name }` of the text; cut at 200 characters, a cookie is small.
    pub fn about(mut self, name: &str) -> Self {
        self.name = Some(name.chars().take(200).collect());
        self
    }

    /// 303 to `path`, with this message for it.
    pub fn redirect(self, visit: &Visit, path: &str) -> Response {
        let mut response = Redirect::to(path).into_response();
        let json = serde_json::to_vec(&self).unwrap_or_default();
        let value = URL_SAFE_NO_PAD.encode(json);
        if let Some(cookie) = cookies::set(Name::Flash, &value, visit.app.is_https(), None) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Reads the cookie. Only texts that exist are shown: nobody puts words of their own on our pages.
    pub(crate) fn decode(cookie: &str) -> Option<Self> {
        let flash: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cookie).ok()?).ok()?;
        let ours = flash.key.starts_with("flash-") && Language::English.knows(&flash.key);
        ours.then_some(flash)
    }

    pub(crate) fn is_good(&self) -> bool {
        self.tone == Tone::Good
    }

    pub(crate) fn text(&self, language: Language) -> Text {
        let text = language.text(&self.key);
        match &self.name {
            Some(name) => text.arg("name", name),
            None => text,
        }
    }
}
