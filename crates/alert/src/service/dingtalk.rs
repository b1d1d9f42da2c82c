//! DingTalk, by a custom robot: <https://open.dingtalk.com/document/orgapp/custom-robot-access>.
//!
//! A message of type `text`, in which nothing is mark-up; who is mentioned stands in `at` alone. Errors come with a
//! status of 200 as a number in the body:
//! <https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages>.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::attention::Rejection;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::{
    Call, Outgoing, Service, Unusable, Verdict,
    plain::{self, Unit},
    said,
};
use crate::{channel::Retry, http::Answer};

pub(super) struct DingTalk;

/// Of a text, in bytes.
const LONGEST: usize = 20_000;

impl Service for DingTalk {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        let mut url = call.url()?;
        if let Some(secret) = call.get("secret") {
            let timestamp = call.at.as_millis();
            url.query_pairs_mut()
                .append_pair("timestamp", &timestamp.to_string())
                .append_pair("sign", &sign(timestamp, secret));
        }
        let text = format!("{}\n{}", brief.title, brief.text());
        let body = json!({
            "msgtype": "text",
            "text": { "content": plain::with_link(&text, brief, LONGEST, Unit::Bytes) },
            "at": { "atMobiles": [], "atUserIds": [], "isAtAll": false },
        });
        Ok(Outgoing::post(url).json(&body))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        let message = said["errmsg"].as_str().unwrap_or_default();
        let code = said["errcode"].as_i64();
        said::by_number("DingTalk", answer, (code, message), |code| {
            Some(match code {
                310_000 => (Retry::Briefly, refused_by_settings(message)),
                300_001 | 300_005 | 400_101 | 400_106 => (
                    Retry::OnSettings,
                    "does not know the robot of this address. Add the robot to the group again and enter its new address.",
                ),
                400_013 => (
                    Retry::OnSettings,
                    "says that the group of this robot is gone. Add a robot to another group and enter its address.",
                ),
                400_102 => (
                    Retry::Briefly,
                    "says that this robot is stopped. Turn it on in the settings of the group.",
                ),
                // Twenty messages a minute, then none for ten minutes.
                130_101 | 410_100 => (Retry::Backoff, "asks to slow down."),
                -1 => (Retry::Backoff, "is busy."),
                _ => return None,
            })
        })
    }

    /// A keyword that is missing is about the message; the other ways to be refused are as good as a wrong key.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let said = said::json(answer);
        let message = said["errmsg"].as_str().unwrap_or_default();
        match said["errcode"].as_i64() {
            Some(310_000) if !message.contains("keyword") => Some(Rejection::Unauthorised),
            Some(400_102) => Some(Rejection::NotFound),
            _ => answer.rejection(),
        }
    }
}

/// One number stands for each of the robot's three ways to know who writes.
fn refused_by_settings(message: &str) -> &'static str {
    if message.contains("keyword") {
        "wants a keyword that is not in the message. Add DOWN, DEGRADED, CERT, NO DATA, FLAPPING, TROUBLE, ACK, UP, OK and TEST to the robot's keywords, or let it check signatures instead."
    } else if message.contains("whitelist") {
        "takes messages of this robot from other addresses only. Add the address of this computer to the robot's list."
    } else {
        "does not accept the signature. Check the secret of this channel, and the clock of this computer."
    }
}

fn sign(timestamp: i64, secret: &str) -> String {
    // A key may have any length.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mac| mac.chain_update(format!("{timestamp}\n{secret}")))
        .map(|mac| STANDARD.encode(mac.finalize().into_bytes()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `printf '1700000000000\nSECtest' | openssl dgst -sha256 -hmac SECtest -binary | base64`.
    #[test]
    fn time_and_secret_are_signed_with_the_secret() {
        assert_eq!(
            sign(1_700_000_000_000, "SECtest"),
            "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g="
        );
    }
}
