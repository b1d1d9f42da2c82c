//! Gotify, one's own server: <https://gotify.net/docs/pushmsg>.
//!
//! Its clients read a message as text when they are told so: <https://gotify.net/docs/msgextras>. Errors come as
//! `errorDescription` in the body.

use domain::attention::Rejection;
use reqwest::header::HeaderName;
use serde_json::json;

use super::{Call, Outgoing, Service, Stage, Unusable, Verdict, escape::cut, said};
use crate::{channel::Retry, http::Answer};

pub(super) struct Gotify;

const KEY: HeaderName = HeaderName::from_static("x-gotify-key");
const LONGEST: usize = 4_096;

impl Service for Gotify {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        let chosen = call.need("priority")?.parse().unwrap_or(8);
        // From 4 on a telephone makes a sound, from 8 on it vibrates too.
        let priority: u8 = match call.stage() {
            Stage::Trigger => chosen,
            Stage::Acknowledge | Stage::Resolve => chosen.min(3),
            Stage::Test => chosen.min(5),
        };
        let mut extras = json!({ "client::display": { "contentType": "text/plain" } });
        if let Some((_, url)) = &brief.link {
            extras["client::notification"] = json!({ "click": { "url": url } });
        }
        let body = json!({
            "title": brief.title,
            "message": cut(&brief.text(), LONGEST),
            "priority": priority,
            "extras": extras,
        });
        let request = Outgoing::post(call.server(&["message"])?).json(&body);
        Ok(request.header(KEY, call.need("token")?))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        let described = said["errorDescription"].as_str().unwrap_or_default();
        match answer.status.as_u16() {
            code @ (401 | 403) if !described.is_empty() => {
                let reason = format!(
                    "Gotify does not let us in ({code}): {described}. Check that the token of this channel is that of an application, not of a client."
                );
                return Err((Retry::Briefly, reason));
            }
            400 => {
                let reason = format!("Gotify refuses the message (400): {described}.");
                return Err((Retry::Briefly, reason));
            }
            _ => answer.judge(super::CREDENTIALS)?,
        }
        match said::name(&said["id"]) {
            Some(id) => Ok(Some(id)),
            None => Err(said::stranger("Gotify")),
        }
    }

    /// The token of a client is a 403, and one that is not known a 401.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let described = said::json(answer)["errorDescription"].is_string();
        if answer.status.as_u16() == 403 && described {
            return Some(Rejection::Unauthorised);
        }
        answer.rejection()
    }
}
