//! Feishu and Lark, by a custom bot: <https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot>.
//!
//! A card, because its `plain_text` knows neither mark-up nor mentions; in a message of type `text`, `<at>` calls
//! people. Errors come with a status of 200 as a number in the body.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::attention::Rejection;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Call, Outgoing, Service, Unusable, Verdict, escape::cut_bytes, said};
use crate::{
    channel::Retry,
    http::Answer,
    message::{Brief, Tone},
};

pub(super) struct Feishu;

/// A request may have 20 KB; quotation marks take twice their room in JSON.
const LONGEST_TEXT: usize = 8_000;
const LONGEST_TITLE: usize = 1_000;

impl Service for Feishu {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let mut body = json!({ "msg_type": "interactive", "card": card(call.brief) });
        if let Some(secret) = call.get("secret") {
            let timestamp = call.at.as_seconds();
            body["timestamp"] = timestamp.to_string().into();
            body["sign"] = sign(timestamp, secret).into();
        }
        Ok(Outgoing::post(call.url()?).json(&body))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        let message = said["msg"].as_str().unwrap_or_default();
        said::by_number("Feishu", answer, (code(&said), message), |code| {
            Some(match code {
                19001 => (
                    Retry::OnSettings,
                    "does not know the bot of this address. Add the bot to the group again and enter its new address.",
                ),
                19021 => (
                    Retry::Briefly,
                    "does not accept the signature. Check the secret of this channel, and the clock of this computer.",
                ),
                19022 => (
                    Retry::Briefly,
                    "takes messages of this bot from other addresses only. Add the address of this computer to the bot's IP whitelist.",
                ),
                19024 => (
                    Retry::Briefly,
                    "wants a keyword that is not in the message. Add DOWN, DEGRADED, CERT, NO DATA, FLAPPING, TROUBLE, ACK, UP, OK and TEST to the bot's keywords, or sign the messages instead.",
                ),
                11232 => (Retry::Backoff, "asks to slow down."),
                _ => return None,
            })
        })
    }

    /// A signature or an address that is not accepted is as good as a wrong key.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        match code(&said::json(answer)) {
            Some(19021 | 19022) => Some(Rejection::Unauthorised),
            _ => answer.rejection(),
        }
    }
}

fn code(said: &Value) -> Option<i64> {
    said["code"].as_i64().or_else(|| said["StatusCode"].as_i64())
}

fn card(brief: &Brief) -> Value {
    let plain = |text: &str, most| json!({ "tag": "plain_text", "content": cut_bytes(text, most) });
    let mut elements = vec![json!({ "tag": "div", "text": plain(&brief.text(), LONGEST_TEXT) })];
    if let Some((label, url)) = &brief.link {
        let button =
            json!({ "tag": "button", "text": plain(label, LONGEST_TITLE), "type": "default", "url": url });
        elements.push(json!({ "tag": "action", "actions": [button] }));
    }
    json!({
        "config": { "wide_screen_mode": true },
        "header": { "title": plain(&brief.title, LONGEST_TITLE), "template": colour(brief.tone) },
        "elements": elements,
    })
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "red",
        Tone::Good => "green",
        Tone::Neutral => "grey",
    }
}

/// Time and secret are the key, and nothing is signed.
fn sign(timestamp: i64, secret: &str) -> String {
    // A key may have any length.
    Hmac::<Sha256>::new_from_slice(format!("{timestamp}\n{secret}").as_bytes())
        .map(|mac| STANDARD.encode(mac.finalize().into_bytes()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `printf '' | openssl dgst -sha256 -mac HMAC -macopt key:$'1599360473\nsecret' -binary | base64`.
    #[test]
    fn the_key_is_what_other_services_sign() {
        assert_eq!(
            sign(1_599_360_473, "secret"),
            "q4jswNiMy51J5JuQV566yJat0/lQ/c+22kINzUgKsGU="
        );
    }
}
