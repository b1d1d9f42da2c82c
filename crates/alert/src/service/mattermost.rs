//! Mattermost, by an incoming webhook: <https://developers.mattermost.com/integrate/webhooks/incoming/>.
//!
//! What others wrote stands in code, where Mattermost reads no Markdown, no mention and no address; only a title with a
//! link is plain. An error is JSON whose `id` says what it is.

use domain::attention::Rejection;
use serde_json::{Value, json};

use super::{
    CREDENTIALS, Call, Outgoing, Service, Unusable, Verdict,
    escape::{apart, backslashed, code, cut, html},
    said,
    slack::colour,
};
use crate::{channel::Retry, http::Answer, message::Brief};

pub(super) struct Mattermost;

/// Of one text, in characters: a message may have 16,383.
const LONGEST: usize = 1_000;
/// What a backslash takes the meaning from.
const MARKS: &str = r"\`*_{}[]()#+-.!~|";

impl Service for Mattermost {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let mut body = message(call.brief);
        if let Some(room) = call.get("room") {
            body["channel"] = room.into();
        }
        Ok(Outgoing::post(call.url()?).json(&body))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let id = said["id"].as_str().unwrap_or_default();
        let status = answer.status.as_u16();
        let advice = match id.strip_prefix("web.incoming_webhook.") {
            Some("disabled.app_error") => "Incoming webhooks are turned off: an administrator turns them on",
            Some("channel_locked.app_error") => {
                "The webhook is locked to its own channel: leave the room empty, or unlock it"
            }
            Some("channel.app_error") => "Check the room of this channel: it is the name in its address",
            Some("permissions.app_error" | "user.app_error") => {
                "Whoever made the webhook may not write there: enter another room, or have it made anew"
            }
            Some(_) => "Make a new webhook and enter its address",
            None => {
                answer.judge(CREDENTIALS)?;
                return match answer.body.trim_ascii() {
                    b"ok" => Ok(None),
                    _ => Err(said::stranger("Mattermost")),
                };
            }
        };
        let reason = format!("Mattermost does not take the message ({status}, {id}). {advice}.");
        Err((Retry::Briefly, reason))
    }

    /// A webhook that is not known is said with 400, one that may not write with 403, and none at all with 501.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let id = said["id"].as_str().filter(|_| !answer.status.is_success());
        match id.and_then(|id| id.strip_prefix("web.incoming_webhook.")) {
            Some("invalid.app_error" | "disabled.app_error") => Some(Rejection::NotFound),
            Some("channel_locked.app_error" | "permissions.app_error" | "user.app_error") => {
                Some(Rejection::Unauthorised)
            }
            _ => answer.rejection(),
        }
    }
}

fn message(brief: &Brief) -> Value {
    let facts = brief.facts.iter();
    let fields: Vec<Value> = facts
        .map(|(label, value)| json!({ "short": false, "title": label, "value": code(&unread(value)) }))
        .collect();
    let mut attachment = json!({
        // What a notification shows.
        "fallback": unread(&brief.title),
        "color": colour(brief.tone),
        "fields": fields,
    });
    match &brief.link {
        Some((_, url)) => {
            attachment["title"] = unread(&brief.headline).into();
            attachment["title_link"] = url.as_str().into();
        }
        // Without a link it is read as Markdown.
        None => attachment["title"] = escaped(&brief.headline).into(),
    }
    if let Some(note) = &brief.note {
        attachment["text"] = note.as_str().into();
    }
    json!({ "attachments": [attachment] })
}

/// The server itself reads what Slack writes as `<!channel>` and `<address|words>`, wherever it stands.
fn unread(text: &str) -> String {
    apart(&cut(text, LONGEST), "<")
}

fn escaped(text: &str) -> String {
    apart(&backslashed(&html(&cut(text, LONGEST)), MARKS), "@:~#$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_mentions_and_addresses_are_words() {
        let shown = escaped("@all [a](https://x.example) `b` <c>");
        assert_eq!(
            shown,
            "@\u{2060}all \\[a\\]\\(https:\u{2060}//x\\.example\\) \\`b\\` &lt;c&gt;"
        );
    }
}
