//! PagerDuty, Events API v2: <https://developer.pagerduty.com/docs/send-alert-event>.

use domain::{attention::Rejection, channel::ServiceChannel};
use serde_json::{Value, json};
use url::Url;

use super::{Call, Outgoing, Service, Stage, Step, Unusable, Verdict, escape::cut, said};
use crate::{channel::Retry, http::Answer};

pub(super) struct PagerDuty;

const LONGEST_SUMMARY: usize = 1_024;

impl Service for PagerDuty {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        let action = match call.stage() {
            Stage::Trigger | Stage::Test => "trigger",
            Stage::Acknowledge => "acknowledge",
            Stage::Resolve => "resolve",
        };
        let mut body = event(call, action)?;
        if action == "trigger" {
            let details: serde_json::Map<String, Value> = brief
                .facts
                .iter()
                .map(|(label, value)| (label.clone(), value.as_str().into()))
                .collect();
            body["payload"] = json!({
                "summary": cut(&brief.title, LONGEST_SUMMARY),
                "source": brief.source,
                "severity": call.severity().as_str(),
                "timestamp": call.notice.at.to_rfc3339(),
                "custom_details": details,
            });
        }
        if let Some((label, url)) = &brief.link {
            body["client_url"] = url.as_str().into();
            body["links"] = json!([{ "href": url, "text": label }]);
        }
        Ok(Outgoing::post(address(call)?).json(&body))
    }

    /// The incident of a test is over as soon as it has shown that the key opens one: nobody is rung for long.
    fn afterwards(&self, call: &Call<'_>) -> Result<Option<Step>, Unusable> {
        if call.stage() != Stage::Test {
            return Ok(None);
        }
        Ok(Some(Step {
            request: Outgoing::post(address(call)?).json(&event(call, "resolve")?),
            failed: "PagerDuty opened the incident of this test and did not take its end, so resolve it there by hand.",
        }))
    }

    fn keeps_incidents(&self, _config: &ServiceChannel) -> bool {
        true
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        if answer.status.as_u16() == 400 {
            let reason = format!(
                "PagerDuty refuses the event (400): {}. Check the integration key of this channel.",
                said::listed(&said["errors"])
            );
            return Err((Retry::Briefly, reason));
        }
        answer.judge(super::CREDENTIALS)?;
        match said["status"].as_str() {
            Some("success") => Ok(said::name(&said["dedup_key"])),
            Some(_) => {
                let message = said["message"].as_str().unwrap_or_default();
                Err((Retry::Briefly, format!("PagerDuty refuses the event: {message}.")))
            }
            None => Err(said::stranger("PagerDuty")),
        }
    }

    /// A key that is not known is said with 400, as is an event that is not understood.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        let said = said::json(answer);
        let words = format!("{}; {}", said["message"], said::listed(&said["errors"])).to_lowercase();
        let of_the_key = ["routing_key", "routing key", "integration key"];
        if answer.status.as_u16() == 400 && of_the_key.iter().any(|word| words.contains(word)) {
            return Some(Rejection::Unauthorised);
        }
        answer.rejection()
    }
}

fn address(call: &Call<'_>) -> Result<Url, Unusable> {
    call.server(&["v2", "enqueue"])
}

/// What every event has.
fn event(call: &Call<'_>, action: &str) -> Result<Value, Unusable> {
    Ok(json!({
        "routing_key": call.need("key")?,
        "event_action": action,
        "dedup_key": call.key,
        "client": "Watchbell",
    }))
}
