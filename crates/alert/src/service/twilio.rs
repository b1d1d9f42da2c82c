//! Twilio, text messages: <https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource>.
//!
//! A text message has no mark-up. Errors have a number in the body: <https://www.twilio.com/docs/api/errors>.

use serde_json::Value;

use super::{
    Call, Outgoing, Service, Unusable, Verdict,
    plain::{self, Unit},
    said,
};
use crate::{channel::Retry, http::Answer};

pub(super) struct Twilio;

/// Of a body; counted as text messages count what is not in their small alphabet.
const LONGEST: usize = 1_600;

impl Service for Twilio {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        // Every part of it costs: the headline says nothing new.
        let facts = brief.facts.iter();
        let facts = facts.map(|(label, value)| format!("{label}: {value}"));
        let lines = std::iter::once(brief.title.clone());
        let lines: Vec<String> = lines.chain(facts).chain(brief.note.clone()).collect();
        let body = plain::with_link(&lines.join("\n"), brief, LONGEST, Unit::Utf16);
        let (account, from) = (call.need("account")?, call.need("from")?);
        // A service of Twilio's that chooses among several numbers.
        let sender = if from.starts_with("MG") {
            "MessagingServiceSid"
        } else {
            "From"
        };
        let fields = [(sender, from), ("To", call.need("to")?), ("Body", &body)];
        let url = call.server(&["2010-04-01", "Accounts", account, "Messages.json"])?;
        Ok(Outgoing::post(url)
            .form(&fields)
            .basic(account, call.need("token")?))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        if answer.status.is_success() {
            return match said["error_code"].as_i64() {
                Some(code) => Err(explained(code, &said["error_message"], None)),
                None => said::name(&said["sid"])
                    .map(Some)
                    .ok_or_else(|| said::stranger("Twilio")),
            };
        }
        let judged = answer.judge("the account, the token and the server of this channel");
        match said["code"].as_i64() {
            Some(code) => Err(explained(
                code,
                &said["message"],
                judged.err().map(|(retry, _)| retry),
            )),
            None => judged.and(Ok(None)),
        }
    }
}

/// `usual` is what the status alone would mean.
fn explained(code: i64, message: &Value, usual: Option<Retry>) -> (Retry, String) {
    let (retry, what) = match code {
        20_003 => (
            Retry::OnSettings,
            "Check the account and the token of this channel.",
        ),
        20_404 => (Retry::OnSettings, "Check the account of this channel."),
        21_211 | 21_214 | 21_217 | 21_265 | 21_614 | 30_005 | 30_006 => (
            Retry::OnSettings,
            "Enter the number to send to again, as +15551234567; it must be able to receive text messages.",
        ),
        21_212 | 21_603 | 21_606 | 21_659 | 21_660 | 21_701 | 21_703 => (
            Retry::OnSettings,
            "Enter one of your Twilio numbers or messaging services as the sender.",
        ),
        21_608 => (
            Retry::Briefly,
            "A trial account sends to verified numbers alone. Verify the number in Twilio's console, or upgrade the account.",
        ),
        21_408 | 21_612 => (
            Retry::Briefly,
            "Allow messages to this country in Twilio's console, or use another sender.",
        ),
        21_610 => (
            Retry::Never,
            "The number has unsubscribed from this sender. Send START from it to get messages again.",
        ),
        30_002 => (Retry::Briefly, "The account is suspended. See Twilio's console."),
        30_004 | 30_007 => (
            Retry::Never,
            "The message was blocked on its way. See Twilio's console for the rules of this country.",
        ),
        // Queues that are full, telephones that are off, errors of networks.
        20_429 | 21_611 | 30_001 | 30_003 | 30_008..=30_010 => {
            let retry = usual.filter(|r| matches!(r, Retry::After(_)));
            (retry.unwrap_or(Retry::Backoff), "It is tried again.")
        }
        _ => (
            usual.unwrap_or(Retry::Briefly),
            "See the number in Twilio's list of errors.",
        ),
    };
    let message = message.as_str().unwrap_or_default().trim_end_matches('.');
    (
        retry,
        format!("Twilio refuses the message ({code}): {message}. {what}"),
    )
}
