//! ntfy, its own server or another: <https://docs.ntfy.sh/publish/#publish-as-json>.

use domain::attention::Rejection;
use serde_json::{Value, json};

use super::{CREDENTIALS, Call, Outgoing, Service, Stage, Unusable, Verdict, escape::cut, said};
use crate::{channel::Retry, http::Answer};

pub(super) struct Ntfy;

/// Of a message, in bytes; a longer one becomes an attachment.
const LONGEST: usize = 4_096;

impl Service for Ntfy {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        // Nobody is woken by good news.
        let priority = match call.stage() {
            Stage::Trigger => priority(call.get("priority")),
            Stage::Acknowledge | Stage::Resolve | Stage::Test => 3,
        };
        let tag = match call.stage() {
            Stage::Trigger => "rotating_light",
            Stage::Acknowledge => "eyes",
            Stage::Resolve => "white_check_mark",
            Stage::Test => "bell",
        };
        let mut body = json!({
            "topic": call.need("topic")?,
            "title": brief.title,
            "message": cut(&brief.text(), LONGEST / 4),
            "priority": priority,
            "tags": [tag],
        });
        if let Some((_, url)) = &brief.link {
            body["click"] = url.as_str().into();
        }
        let view = |(label, url): &(String, String)| json!({ "action": "view", "label": label, "url": url });
        let actions: Vec<Value> = brief.links().map(view).collect();
        if !actions.is_empty() {
            body["actions"] = actions.into();
        }
        let request = Outgoing::post(call.server(&[])?).json(&body);
        Ok(match call.get("token") {
            Some(token) => request.bearer(token),
            None => request,
        })
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.as_u16() == 400 {
            let error = said["error"].as_str().unwrap_or_default();
            let reason = format!("ntfy refuses the message (400): {error}. Check the topic of this channel.");
            return Err((Retry::Briefly, reason));
        }
        answer.judge(CREDENTIALS)?;
        match said["id"].as_str() {
            Some(id) => Ok(Some(id.to_owned())),
            None => Err(said::stranger("ntfy")),
        }
    }

    /// A topic that the token may not write to, or that wants one, is a 403 with a number of ntfy's own.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.as_u16() == 403 && said["code"].is_number() {
            return Some(Rejection::Unauthorised);
        }
        answer.rejection()
    }
}

fn priority(chosen: Option<&str>) -> u8 {
    match chosen {
        Some("min") => 1,
        Some("low") => 2,
        Some("high") => 4,
        Some("max") => 5,
        _ => 3,
    }
}
