//! Google Chat, by a webhook of a space: <https://developers.google.com/workspace/chat/quickstart/webhooks>.
//!
//! A card, because a text reads mentions, links and marks of its own. The text of a widget reads HTML and is escaped; its
//! label and the title are plain (<https://developers.google.com/workspace/chat/api/reference/rest/v1/cards>). All
//! messages about one incident share a thread. Errors are those of all of Google: `error.status` and `error.message`.

use domain::attention::Rejection;
use serde_json::{Value, json};
use url::Url;

use super::{
    CREDENTIALS, Call, Outgoing, Service, Stage, Unusable, Verdict,
    escape::{apart, cut, html},
    said,
};
use crate::{channel::Retry, http::Answer, message::Brief};

pub(super) struct GoogleChat;

/// Of one text, in characters: the whole message may have 32,000 bytes.
const LONGEST: usize = 700;
const LONGEST_TITLE: usize = 200;

impl Service for GoogleChat {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let mut body = message(call.brief);
        let mut url = call.url()?;
        if call.stage() != Stage::Test {
            body["thread"] = json!({ "threadKey": call.key });
            url = threaded(url);
        }
        Ok(Outgoing::post(url).json(&body))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let (code, message) = (answer.status.as_u16(), said["error"]["message"].as_str());
        let reason = match (said["error"]["status"].as_str(), message) {
            (Some("NOT_FOUND"), _) => format!(
                "Google Chat does not know the space or its webhook any more ({code}). Make a new webhook and enter its address."
            ),
            (Some("PERMISSION_DENIED" | "UNAUTHENTICATED"), Some(message)) => format!(
                "Google Chat does not let us in ({code}): {message} Enter the whole address of the webhook again, with key and token."
            ),
            (Some("INVALID_ARGUMENT"), Some(message)) => {
                format!(
                    "Google Chat refuses the message ({code}): {message} Check the address of this channel."
                )
            }
            _ => {
                answer.judge(CREDENTIALS)?;
                // Its names for messages are parts of the address; a webhook can do nothing with them.
                return match said["name"].as_str() {
                    Some(_) => Ok(None),
                    None => Err(said::stranger("Google Chat")),
                };
            }
        };
        Err((Retry::Briefly, reason))
    }

    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let words = said["error"]["message"].as_str().unwrap_or_default();
        match said["error"]["status"].as_str() {
            Some("PERMISSION_DENIED" | "UNAUTHENTICATED") => Some(Rejection::Unauthorised),
            // With the same words as a message that is too long.
            Some("INVALID_ARGUMENT") if words.contains("API key") => Some(Rejection::Unauthorised),
            Some("NOT_FOUND") => Some(Rejection::NotFound),
            _ => answer.rejection(),
        }
    }
}

/// Without this option a thread key is not looked at.
fn threaded(mut url: Url) -> Url {
    let given = url.query_pairs().any(|(name, _)| name == "messageReplyOption");
    if !given {
        url.query_pairs_mut()
            .append_pair("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
    }
    url
}

fn message(brief: &Brief) -> Value {
    let facts = brief.facts.iter();
    let mut widgets: Vec<Value> = facts
        .map(|(label, value)| {
            json!({ "decoratedText": { "topLabel": label, "text": html(&cut(value, LONGEST)), "wrapText": true } })
        })
        .collect();
    if let Some(note) = &brief.note {
        widgets.push(json!({ "textParagraph": { "text": html(note) } }));
    }
    let button =
        |(label, url): &(String, String)| json!({ "text": label, "onClick": { "openLink": { "url": url } } });
    let buttons: Vec<Value> = brief.links().map(button).collect();
    if !buttons.is_empty() {
        widgets.push(json!({ "buttonList": { "buttons": buttons } }));
    }
    json!({
        // What a notification shows.
        "fallbackText": plain(&brief.title),
        "cardsV2": [{
            "cardId": "watchbell",
            "card": {
                "header": { "title": plain(&brief.headline) },
                "sections": [{ "widgets": widgets }],
            },
        }],
    })
}

/// For where nothing should be read: escaped it would look escaped.
fn plain(text: &str) -> String {
    apart(&cut(text, LONGEST_TITLE), "<&*_~`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_keeps_its_key_and_says_once_how_to_answer() {
        let base = "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=k&token=t%3D";
        let option = "&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD";
        for given in [base.to_owned(), format!("{base}{option}")] {
            let url = threaded(Url::parse(&given).unwrap());
            assert_eq!(url.as_str(), format!("{base}{option}"));
        }
    }
}
