//! Bark, for iPhones: <https://bark.day.app/#/en-us/tutorial>, its server's API v2:
//! <https://github.com/Finb/bark-server/blob/master/docs/API_V2.md>.
//!
//! `title` and `body` are text; mark-up would stand in `markdown`. Errors come as `code` and `message` in the body, with
//! the same status or with 200.

use serde_json::json;

use super::{CREDENTIALS, Call, Outgoing, Service, Stage, Unusable, Verdict, escape::cut_bytes, said};
use crate::{channel::Retry, http::Answer};

pub(super) struct Bark;

/// Apple takes 4 KB for everything, in which quotation marks take twice their room.
const LONGEST: usize = 1_500;
const LONGEST_TITLE: usize = 300;

impl Service for Bark {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        let chosen = call.need("level")?;
        let level = match call.stage() {
            // Lights up, and leaves a telephone alone that is not to be disturbed.
            Stage::Acknowledge | Stage::Resolve | Stage::Test if chosen != "passive" => "active",
            Stage::Trigger | Stage::Acknowledge | Stage::Resolve | Stage::Test => chosen,
        };
        let mut body = json!({
            "device_key": call.need("key")?,
            "title": cut_bytes(&brief.title, LONGEST_TITLE),
            "body": cut_bytes(&brief.text(), LONGEST),
            "level": level,
            "group": "Watchbell",
        });
        if let Some((_, url)) = &brief.link {
            body["url"] = url.as_str().into();
        }
        Ok(Outgoing::post(call.server(&["push"])?).json(&body))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        let message = said["message"].as_str().unwrap_or_default();
        let code = said["code"].as_i64();
        match code {
            Some(200) if answer.status.is_success() => Ok(None),
            Some(code) if is_of_the_device(message) => {
                let reason = format!(
                    "Bark does not reach the telephone with this key ({code}): {message}. Open the app on it and enter the key that it shows."
                );
                Err((Retry::OnSettings, reason))
            }
            Some(400) => {
                let reason = format!("Bark refuses the message (400): {message}.");
                Err((Retry::Briefly, reason))
            }
            _ => {
                answer.judge(CREDENTIALS)?;
                match code {
                    Some(code @ 500..=599) => {
                        let reason = format!("Bark has an error of its own ({code}): {message}.");
                        Err((Retry::Backoff, reason))
                    }
                    Some(code) => Err((
                        Retry::Briefly,
                        format!("Bark refuses the message ({code}): {message}."),
                    )),
                    None => Err(said::stranger("Bark")),
                }
            }
        }
    }
}

/// The server's words for a key that it does not know, and Apple's for a telephone without the app.
fn is_of_the_device(message: &str) -> bool {
    [
        "failed to get device token",
        "device key is empty",
        "BadDeviceToken",
        "Unregistered",
    ]
    .iter()
    .any(|word| message.contains(word))
}
