//! Rocket.Chat, by an incoming webhook: <https://docs.rocket.chat/docs/integrations>.
//!
//! A title is plain; the text and the fields are read as Markdown, so what others wrote stands in code. Mentions are
//! looked for in the text, code or not, so there nothing follows an `@`. An error is JSON with `success: false`.

use std::time::Duration;

use domain::clock::Timestamp;
use serde_json::{Value, json};

use super::{
    Call, Outgoing, Service, Unusable, Verdict,
    escape::{apart, code, cut},
    judge_patiently, said,
    slack::colour,
};
use crate::{channel::Retry, http::Answer, message::Brief};

pub(super) struct RocketChat;

/// Of one text, in characters: a message may have 5,000 where nobody changed that.
const LONGEST: usize = 500;

impl Service for RocketChat {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        Ok(Outgoing::post(call.url()?).json(&message(call.brief)))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let error = said["error"].as_str().unwrap_or("no reason given");
        let code = answer.status.as_u16();
        if code == 404 && said["success"] == false {
            let reason = format!(
                "Rocket.Chat does not know this webhook ({code}): {error} Enter the address of its integration again."
            );
            return Err((Retry::Briefly, reason));
        }
        if matches!(code, 200 | 400) && said["success"] == false {
            let reason = format!(
                "Rocket.Chat refuses the message ({code}): {error}. Check the integration that the address belongs to."
            );
            return Err((Retry::Briefly, reason));
        }
        if code == 503 {
            let reason = format!(
                "Rocket.Chat does not take messages now ({code}). Check whether the integration is enabled."
            );
            return judge_patiently(answer, reset(answer))
                .map(|()| None)
                .map_err(|(retry, _)| (retry, reason));
        }
        judge_patiently(answer, reset(answer))?;
        if said["success"] == true {
            Ok(None)
        } else {
            Err(said::stranger("Rocket.Chat"))
        }
    }
}

/// Until it counts anew: it says at which millisecond of the epoch.
fn reset(answer: &Answer) -> Option<Duration> {
    let at = answer.headers.get("x-ratelimit-reset")?.to_str().ok()?;
    let at = Timestamp::from_millis(at.trim().parse().ok()?);
    (answer.status.as_u16() == 429).then(|| at.since(answer.at))
}

fn message(brief: &Brief) -> Value {
    let facts = brief.facts.iter();
    let fields: Vec<Value> = facts
        .map(|(label, value)| json!({ "short": false, "title": label, "value": code(&unread(value)) }))
        .collect();
    let mut attachment = json!({
        "title": cut(&brief.headline, LONGEST),
        "color": colour(brief.tone),
        "fields": fields,
    });
    if let Some((_, url)) = &brief.link {
        attachment["title_link"] = url.as_str().into();
    }
    if let Some(note) = &brief.note {
        attachment["text"] = note.as_str().into();
    }
    json!({
        // What a notification shows.
        "text": code(&apart(&unread(&brief.title), "@#")),
        "attachments": [attachment],
    })
}

fn unread(text: &str) -> String {
    apart(&cut(text, LONGEST), "<")
}
