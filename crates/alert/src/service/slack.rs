//! Slack, by an incoming webhook.
//!
//! Everything from outside is `plain_text`, in which Slack reads no mark-up and no mention:
//! <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>. Errors come as a word in the body:
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>.

use domain::attention::Rejection;
use serde_json::{Value, json};

use super::{
    Call, Outgoing, Service, Unusable, Verdict,
    escape::{cut, slack},
    said,
};
use crate::{
    channel::Retry,
    http::Answer,
    message::{Brief, Tone},
};

pub(super) struct Slack;

/// Of one text of a block.
const LONGEST_HEADER: usize = 150;
const LONGEST_FIELD: usize = 2_000;
const MOST_FIELDS: usize = 10;

impl Service for Slack {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        Ok(Outgoing::post(call.url()?).json(&message(call.brief)))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let word = String::from_utf8_lossy(&answer.body);
        let word = word.trim();
        match word {
            "no_service"
            | "no_service_id"
            | "no_team"
            | "team_disabled"
            | "invalid_token"
            | "action_prohibited"
            | "channel_is_archived"
            | "channel_not_found"
            | "posting_to_general_channel_denied"
                if !answer.status.is_success() =>
            {
                let reason = format!(
                    "Slack does not take messages by this webhook any more ({word}). Make a new one and enter its address."
                );
                Err((Retry::Briefly, reason))
            }
            _ => {
                answer.judge(super::CREDENTIALS)?;
                if word == "ok" {
                    Ok(None)
                } else {
                    Err(said::stranger("Slack"))
                }
            }
        }
    }

    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        match String::from_utf8_lossy(&answer.body).trim() {
            "invalid_token" | "action_prohibited" | "posting_to_general_channel_denied"
                if !answer.status.is_success() =>
            {
                Some(Rejection::Unauthorised)
            }
            _ => answer.rejection(),
        }
    }
}

/// Also for Slack's own API, which takes the same.
pub(super) fn message(brief: &Brief) -> Value {
    let plain = |text: &str, most| json!({ "type": "plain_text", "text": cut(text, most), "emoji": false });
    let mut blocks = vec![json!({ "type": "header", "text": plain(&brief.headline, LONGEST_HEADER) })];
    let fields: Vec<Value> = brief
        .facts
        .iter()
        .take(MOST_FIELDS)
        .map(|(label, value)| plain(&format!("{label}\n{value}"), LONGEST_FIELD))
        .collect();
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    if let Some(note) = &brief.note {
        blocks.push(json!({ "type": "context", "elements": [plain(note, LONGEST_FIELD)] }));
    }
    let button =
        |(label, url): &(String, String)| json!({ "type": "button", "text": plain(label, 75), "url": url });
    let buttons: Vec<Value> = brief.links().map(button).collect();
    if !buttons.is_empty() {
        blocks.push(json!({ "type": "actions", "elements": buttons }));
    }
    json!({
        // What a notification shows.
        "text": slack(&brief.title),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "attachments": [{ "color": colour(brief.tone), "blocks": blocks }],
    })
}

pub(super) fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "#d1242f",
        Tone::Good => "#1a7f37",
        Tone::Neutral => "#6e7781",
    }
}
