//! Microsoft Teams, by a workflow ("Post to a channel when a webhook request is received").
//!
//! <https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook>, with
//! an adaptive card (<https://adaptivecards.io/explorer/>). A `TextBlock` reads Markdown, so what others wrote is escaped;
//! a `TextRun` reads none, but a 202 says nothing about the card, and not every Teams takes one. The errors are those of
//! the trigger: a word in `error.code`.

use domain::attention::Rejection;
use serde_json::{Value, json};

use super::{
    CREDENTIALS, Call, Outgoing, Service, Unusable, Verdict,
    escape::{apart, backslashed, cut},
    said,
};
use crate::{
    channel::Retry,
    http::Answer,
    message::{Brief, Tone},
};

pub(super) struct Teams;

/// Of one text, in characters: the whole message may have 28 KB.
const LONGEST: usize = 700;
/// What Markdown in a card knows.
const MARKS: &str = r"\*_`~[]<";

impl Service for Teams {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        Ok(Outgoing::post(call.url()?).json(&message(call.brief)))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let word = said["error"]["code"].as_str().unwrap_or_default();
        let code = answer.status.as_u16();
        let reason = match word {
            "WorkflowTriggerIsNotEnabled" | "WorkflowDisabled" => format!(
                "The workflow in Teams is off or deleted ({word}). Turn it on, or make a new one and enter its address."
            ),
            "WorkflowNotFound" => format!(
                "The workflow in Teams does not exist any more ({word}). Make a new one and enter its address."
            ),
            "DirectApiAuthorizationRequired" => format!(
                "The workflow in Teams wants a login ({word}). Let anyone trigger it, and enter its whole address again."
            ),
            "TriggerInputSchemaMismatch" | "TriggerRequestSchemaValidationFailed" => format!(
                "The workflow in Teams does not take cards ({word}). Make one from the template for webhook requests."
            ),
            _ => return judge_connector(answer, code),
        };
        Err((Retry::Briefly, reason))
    }

    /// A workflow that is off is said with 400.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match said["error"]["code"].as_str() {
            Some("WorkflowTriggerIsNotEnabled" | "WorkflowDisabled" | "WorkflowNotFound") => {
                Some(Rejection::NotFound)
            }
            Some("DirectApiAuthorizationRequired") => Some(Rejection::Unauthorised),
            _ => answer.rejection(),
        }
    }
}

/// The old connectors, which take the same message, said what went wrong in a 200.
fn judge_connector(answer: &Answer, code: u16) -> Verdict {
    answer.judge(CREDENTIALS)?;
    // A workflow says nothing at all with its 202, unless somebody has added an answer of their own to it.
    if said::is_page(answer) {
        return Err(said::stranger("Teams"));
    }
    let said = String::from_utf8_lossy(&answer.body);
    if !said.contains("Webhook message delivery failed") {
        return Ok(None);
    }
    let retry = if said.contains("HTTP error 429") {
        Retry::Backoff
    } else {
        Retry::Briefly
    };
    let reason = format!(
        "Teams took the message and did not deliver it ({code}). Use a workflow instead of a connector."
    );
    Err((retry, reason))
}

fn message(brief: &Brief) -> Value {
    let mut body = vec![json!({
        "type": "TextBlock",
        // Nothing of others where a line begins: there Markdown sees lists.
        "text": format!("\u{2060}{}", escaped(&brief.headline)),
        "wrap": true,
        "size": "Large",
        "weight": "Bolder",
        "color": colour(brief.tone),
    })];
    let small = |text: String| json!({ "type": "TextBlock", "text": text, "wrap": true, "spacing": "Small" });
    let facts = brief.facts.iter();
    body.extend(facts.map(|(label, value)| small(format!("**{label}:** {}", escaped(value)))));
    body.extend(brief.note.clone().map(small));
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "msteams": { "width": "Full" },
    });
    let open =
        |(label, url): &(String, String)| json!({ "type": "Action.OpenUrl", "title": label, "url": url });
    let actions: Vec<Value> = brief.links().map(open).collect();
    if !actions.is_empty() {
        card["actions"] = actions.into();
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

/// A link is also broken for those who read no backslash, and so are dates (`{{DATE(…)}}`).
fn escaped(text: &str) -> String {
    apart(&backslashed(&cut(text, LONGEST), MARKS), "]{")
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "Attention",
        Tone::Good => "Good",
        Tone::Neutral => "Default",
    }
}
