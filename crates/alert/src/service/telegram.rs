//! Telegram, by a bot: <https://core.telegram.org/bots/api#sendmessage>.
//!
//! The text is plain, and what stands out in it is named by its place (`entities`), so that nothing in it is mark-up.
//! Telegram still finds names, tags and addresses in plain text, but not in code. Later messages answer the first one.
//! An error says what it is in words (`description`), and now and then in `parameters`:
//! <https://core.telegram.org/bots/api#making-requests>.

use std::time::Duration;

use domain::attention::Rejection;
use serde_json::{Value, json};
use url::Url;

use super::{
    Call, Moved, Outgoing, Service, Stage, Unusable, Verdict,
    escape::{apart, cut},
    judge_patiently,
};
use crate::{channel::Retry, http::Answer, message::Brief};

pub(super) struct Telegram;

/// Of a text; Telegram counts UTF-16.
const LONGEST: usize = 4_096;
const LONGEST_LINE: usize = 700;

impl Service for Telegram {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let room = call.room()?;
        let Text { text, entities, .. } = Text::of(call.brief);
        let mut body = json!({
            "chat_id": room,
            "text": text,
            "entities": entities,
            "link_preview_options": { "is_disabled": true },
            // Nobody is woken by good news.
            "disable_notification": matches!(call.stage(), Stage::Acknowledge | Stage::Resolve),
        });
        if let Some((label, url)) = call
            .brief
            .acknowledge
            .as_ref()
            .filter(|(_, url)| fits_a_button(url))
        {
            body["reply_markup"] = json!({ "inline_keyboard": [[{ "text": label, "url": url }]] });
        }
        if let Some(thread) = call.get("thread") {
            let thread: i64 = thread.parse().map_err(|_| {
                Unusable("The topic of this channel is not a number. Enter the id of the topic.".to_owned())
            })?;
            body["message_thread_id"] = thread.into();
        }
        if let Some(id) = call.opening().and_then(|reference| answerable(reference, room)) {
            body["reply_parameters"] = json!({ "message_id": id, "allow_sending_without_reply": true });
        }
        let bot = format!("bot{}", call.need("token")?);
        Ok(Outgoing::post(call.server(&[&bot, "sendMessage"])?).json(&body))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = answer.status.as_u16();
        if let Some(id) = said["parameters"]["migrate_to_chat_id"].as_i64() {
            let reason = format!(
                "The group has become a supergroup, which has another id ({code}). Enter {id} as the room of this channel."
            );
            return Err((Retry::OnSettings, reason));
        }
        if let (400 | 403, Some(description)) = (code, said["description"].as_str()) {
            let reason = format!(
                "Telegram refuses the message ({code}): {description}. {}.",
                advice(description)
            );
            return Err((Retry::Briefly, reason));
        }
        if let (401 | 404, false) = (code, &said["description"].is_null()) {
            let reason =
                format!("Telegram does not know this bot ({code}). Check the token of this channel.");
            return Err((Retry::Briefly, reason));
        }
        let wait = said["parameters"]["retry_after"].as_u64();
        judge_patiently(answer, wait.map(Duration::from_secs))?;
        if said["ok"] != true {
            let reason = "The server does not answer as Telegram does. Check its address.";
            return Err((Retry::Backoff, reason.to_owned()));
        }
        let sent = &said["result"];
        let place = (sent["chat"]["id"].as_i64(), sent["message_id"].as_i64());
        Ok(match place {
            (Some(chat), Some(message)) => Some(format!("{chat}/{message}")),
            _ => None,
        })
    }

    /// To be blocked or thrown out is said with 403; a room that is not known, or in which others write, with 400.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match (answer.status.as_u16(), said["description"].as_str()) {
            (403, Some(_)) => Some(Rejection::Unauthorised),
            (400, Some(words)) if words.contains("chat not found") => Some(Rejection::NotFound),
            (400, Some(words))
                if words.contains("not enough rights") || words.contains("CHAT_WRITE_FORBIDDEN") =>
            {
                Some(Rejection::Unauthorised)
            }
            _ => answer.rejection(),
        }
    }

    fn moved(&self, answer: &Answer) -> Option<Moved> {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let id = said["parameters"]["migrate_to_chat_id"].as_i64()?;
        Some(Moved {
            room: id.to_string(),
            advice: format!(
                "The group has become a supergroup, which has another id. Enter {id} as the room of this channel."
            ),
        })
    }

    /// In a topic a message is not sent without the one that it answers, whatever was asked for.
    fn lost(&self, answer: &Answer) -> bool {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let description = said["description"].as_str().unwrap_or_default();
        answer.status.as_u16() == 400 && description.contains("repl") && description.contains("not found")
    }
}

/// The message to answer. In another room its number is another message's; a public name is of the room that it was.
fn answerable(reference: &str, room: &str) -> Option<i64> {
    let (chat, message) = reference.split_once('/')?;
    let same = chat == room || room.starts_with('@');
    message.parse().ok().filter(|_| same)
}

fn advice(description: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|w| description.contains(w));
    if says(&["thread not found", "TOPIC_"]) {
        "Check the topic of this channel, or leave it empty"
    } else if says(&["chat not found", "PEER_ID_INVALID", "can't initiate"]) {
        "Check the room of this channel, and write to the bot first or add it to the group"
    } else if says(&["blocked", "kicked", "not a member", "deactivated"]) {
        "Let the bot in again, or enter another room"
    } else if says(&["rights", "CHAT_WRITE_FORBIDDEN", "CHAT_RESTRICTED"]) {
        "Allow the bot to write there"
    } else {
        "Check the room of this channel"
    }
}

/// Telegram refuses the whole message for a button that leads to a short name (`http://watch:8380`), and may for one that
/// leads to a bare number.
fn fits_a_button(url: &str) -> bool {
    let url = Url::parse(url).ok();
    url.and_then(|url| Some(url.domain()?.trim_end_matches('.').contains('.')))
        .unwrap_or_default()
}

/// A text that grows, and what stands out in it.
#[derive(Default)]
struct Text {
    text: String,
    entities: Vec<Value>,
    /// In UTF-16.
    length: usize,
}

impl Text {
    fn of(brief: &Brief) -> Self {
        let mut all = Self::default();
        let headline = apart(&cut(&brief.headline, LONGEST_LINE), "@#$/.:");
        all.line(&[(&headline, Some("bold"))]);
        for (label, value) in &brief.facts {
            let value = cut(value, LONGEST_LINE);
            all.line(&[(&format!("{label}: "), None), (&value, Some("code"))]);
        }
        if let Some(note) = &brief.note {
            all.line(&[(note, None)]);
        }
        let written = brief.acknowledge.iter().filter(|(_, url)| !fits_a_button(url));
        for (label, url) in brief.link.iter().chain(written) {
            all.line(&[(&format!("{label}: {url}"), None)]);
        }
        all
    }

    /// Left out where there is no room for all of it.
    fn line(&mut self, parts: &[(&str, Option<&str>)]) {
        let units = |text: &str| text.encode_utf16().count();
        let length: usize = parts.iter().map(|(text, _)| units(text)).sum();
        if self.length + 1 + length > LONGEST {
            return;
        }
        if !self.text.is_empty() {
            self.push("\n", None);
        }
        for (text, kind) in parts {
            self.push(text, *kind);
        }
    }

    fn push(&mut self, text: &str, kind: Option<&str>) {
        let length = text.encode_utf16().count();
        if let Some(kind) = kind.filter(|_| !text.trim().is_empty()) {
            let entity = json!({ "type": kind, "offset": self.length, "length": length });
            self.entities.push(entity);
        }
        self.text.push_str(text);
        self.length += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Tone;

    fn brief(name: &str, tags: String) -> Brief {
        Brief {
            tone: Tone::Bad,
            title: format!("[DOWN] {name}"),
            headline: format!("{name} is down"),
            facts: vec![("Reason".into(), "No ü.".into()), ("Tags".into(), tags)],
            note: None,
            link: Some(("See".into(), "https://watch.example/1".into())),
            acknowledge: None,
            source: name.into(),
        }
    }

    #[test]
    fn what_stands_out_is_counted_in_utf_16() {
        let text = Text::of(&brief("😀 Shop", "a".into()));
        assert_eq!(
            text.text,
            "😀 Shop is down\nReason: No ü.\nTags: a\nSee: https://watch.example/1"
        );
        assert_eq!(
            text.entities,
            [
                json!({ "type": "bold", "offset": 0, "length": 15 }),
                json!({ "type": "code", "offset": 24, "length": 5 }),
                json!({ "type": "code", "offset": 36, "length": 1 }),
            ]
        );
    }

    #[test]
    fn a_long_message_keeps_what_fits() {
        let mut long = brief("Shop", String::new());
        long.facts = vec![("Tags".to_owned(), "😀".repeat(700)); 5];
        let text = Text::of(&long);
        assert!(text.text.encode_utf16().count() <= LONGEST);
        assert!(text.text.ends_with("See: https://watch.example/1"));
        assert_eq!(text.entities.len(), 3);
    }

    #[test]
    fn a_button_leads_to_a_whole_name_and_the_text_elsewhere() {
        for (url, button) in [
            ("https://watch.example/ack/1..x", true),
            ("http://watch.lan:8380/ack/1..x", true),
            ("http://watch:8380/ack/1..x", false),
            ("http://192.168.1.7:8380/ack/1..x", false),
            ("http://[fd00::1]/ack/1..x", false),
        ] {
            assert_eq!(fits_a_button(url), button, "{url}");
            let mut brief = brief("Shop", String::new());
            brief.acknowledge = Some(("Take".into(), url.into()));
            assert_eq!(
                Text::of(&brief).text.ends_with(&format!("\nTake: {url}")),
                !button
            );
        }
    }

    #[test]
    fn only_a_message_of_the_same_room_is_answered() {
        assert_eq!(answerable("-100/7", "-100"), Some(7));
        assert_eq!(answerable("-100/7", "@ops"), Some(7));
        assert_eq!(answerable("-100/7", "-200"), None);
        assert_eq!(answerable("7", "-100"), None);
    }
}
