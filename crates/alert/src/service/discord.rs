//! Discord, by a webhook: <https://docs.discord.com/developers/resources/webhook#execute-webhook>.
//!
//! What it sent it can change (`PATCH …/messages/{id}`). No text may mention anybody, and Markdown in what others wrote is
//! escaped. An error has a number (<https://docs.discord.com/developers/topics/opcodes-and-status-codes#json>); who is
//! too fast is told in the body how many seconds to wait.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::{
    Call, Outgoing, Service, Unusable, Verdict,
    escape::{backslashed, cut},
    judge_patiently, said,
};
use crate::{
    channel::Retry,
    http::Answer,
    message::{Brief, Tone},
};

pub(super) struct Discord;

/// Before it is escaped, which doubles it at most: 256 is the limit of a title.
const LONGEST_TITLE: usize = 128;
/// In UTF-16, the largest of the units that could be meant.
const LONGEST_DESCRIPTION: usize = 4_096;
/// What Discord reads something into, and the colon without which no address is one. Brackets are harmless without the
/// parenthesis after them.
const MARKS: &str = r"\*_~`|>#(<@:";

impl Service for Discord {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let url = call.url()?;
        let body = message(call.brief);
        Ok(match call.replaced() {
            Some(id) => Outgoing::new(Method::PATCH, changing(url, id)),
            None => Outgoing::post(waiting(url)),
        }
        .json(&body))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let reason = match said["code"].as_u64() {
            Some(10_015 | 50_027) => {
                "Discord does not know this webhook any more. Make a new one and enter its address."
            }
            Some(10_003) => {
                "Discord does not know the thread of this webhook any more. Enter another address."
            }
            Some(220_001 | 220_002) => {
                "This webhook belongs to a forum. Add ?thread_id= and the id of a post to its address."
            }
            Some(50_083 | 160_005) => {
                "The thread of this webhook is closed. Open it, or enter another address."
            }
            Some(200_000 | 240_000) => {
                "A filter of this Discord server blocks the message. Let its moderators except the webhook."
            }
            _ => {
                let wait = said["retry_after"].as_f64();
                let wait = wait.and_then(|s| Duration::try_from_secs_f64(s).ok());
                judge_patiently(answer, wait)?;
                let Some(id) = said["id"].as_str() else {
                    return Err(said::stranger("Discord"));
                };
                // A changed message is called what it was.
                return Ok(Some(id.to_owned()).filter(|id| !answer.url.path().ends_with(id.as_str())));
            }
        };
        Err((Retry::Briefly, reason.to_owned()))
    }

    /// Unknown message; too many changes of an old one; one in an archived thread.
    fn lost(&self, answer: &Answer) -> bool {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        !answer.status.is_success() && matches!(said["code"].as_u64(), Some(10_008 | 30_046 | 50_083))
    }
}

/// Where a message is sent so that its id comes back. The rest of the query (`thread_id`) stays.
fn waiting(url: Url) -> Url {
    let mut url = plain(url);
    url.query_pairs_mut().append_pair("wait", "true");
    url
}

fn changing(url: Url, id: &str) -> Url {
    let mut url = plain(url);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.extend(["messages", id]);
    }
    url
}

/// Without what would change its meaning: Discord also takes the messages of others at `…/slack` and `…/github`.
fn plain(mut url: Url) -> Url {
    let foreign = url
        .path_segments()
        .and_then(Iterator::last)
        .is_some_and(|s| matches!(s, "slack" | "github"));
    if let Ok(mut segments) = url.path_segments_mut() {
        if foreign {
            segments.pop();
        }
        segments.pop_if_empty();
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "wait")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    url
}

fn message(brief: &Brief) -> Value {
    let mut embed = json!({
        "title": escaped(&cut(&brief.headline, LONGEST_TITLE)),
        "description": description(brief),
        "color": colour(brief.tone),
    });
    if let Some((_, url)) = &brief.link {
        embed["url"] = url.as_str().into();
    }
    json!({
        // What a notification shows.
        "content": escaped(&cut(&brief.title, LONGEST_TITLE)),
        "embeds": [embed],
        "allowed_mentions": { "parse": [] },
    })
}

/// Line by line, so that nothing of others stands where a line begins: there Discord sees lists.
fn description(brief: &Brief) -> String {
    let facts = brief
        .facts
        .iter()
        .map(|(label, value)| format!("**{label}:** {}", escaped(value)));
    let links = brief.links().map(|(label, url)| format!("[{label}](<{url}>)"));
    let mut text = String::new();
    for line in facts.chain(brief.note.clone()).chain(links) {
        if length(&text) + length(&line) >= LONGEST_DESCRIPTION {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text
}

fn escaped(text: &str) -> String {
    backslashed(text, MARKS)
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Bad => 0x00d1_242f,
        Tone::Good => 0x001a_7f37,
        Tone::Neutral => 0x006e_7781,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOOK: &str = "https://discord.com/api/webhooks/1/t0ken";

    fn url(rest: &str) -> Url {
        Url::parse(&format!("{HOOK}{rest}")).unwrap()
    }

    #[test]
    fn the_address_keeps_its_thread() {
        for (rest, posted, patched) in [
            ("", "?wait=true", "/messages/7"),
            ("/", "?wait=true", "/messages/7"),
            ("/slack", "?wait=true", "/messages/7"),
            (
                "?thread_id=9&wait=false",
                "?thread_id=9&wait=true",
                "/messages/7?thread_id=9",
            ),
        ] {
            assert_eq!(waiting(url(rest)).as_str(), format!("{HOOK}{posted}"), "{rest}");
            assert_eq!(
                changing(url(rest), "7").as_str(),
                format!("{HOOK}{patched}"),
                "{rest}"
            );
        }
    }

    #[test]
    fn a_long_message_stays_below_the_limits() {
        let long = "*😀".repeat(2_000);
        let brief = Brief {
            tone: Tone::Bad,
            title: long.clone(),
            headline: long.clone(),
            facts: vec![("Reason".into(), "ok".into()), ("Tags".into(), long.clone())],
            note: None,
            link: Some(("See".into(), "https://watch.example/1".into())),
            acknowledge: Some(("Take".into(), "https://watch.example/ack/1..x".into())),
            source: long,
        };
        let body = message(&brief);
        let embed = &body["embeds"][0];
        assert!(length(embed["title"].as_str().unwrap()) <= 256);
        assert!(length(body["content"].as_str().unwrap()) <= 2_000);
        assert_eq!(
            embed["description"],
            "**Reason:** ok\n[See](<https://watch.example/1>)\n[Take](<https://watch.example/ack/1..x>)"
        );
    }
}
