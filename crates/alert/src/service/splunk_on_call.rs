//! Splunk On-Call (VictorOps), REST endpoint:
//! <https://help.splunk.com/en/splunk-enterprise/alert-and-respond/splunk-on-call/integrations-with-splunk-on-call/rest-endpoint-integration-for-splunk-on-call>.
//!
//! It shows what it gets as text. An unknown key is a 404, another error comes as `result` and `message` in the body.

use domain::{channel::ServiceChannel, policy::Severity};
use serde_json::json;

use super::{CREDENTIALS, Call, Outgoing, Service, Stage, Unusable, Verdict, escape::cut_bytes, said};
use crate::{channel::Retry, http::Answer};

pub(super) struct SplunkOnCall;

/// Of `state_message`, in bytes.
const LONGEST: usize = 20_480;
const LONGEST_NAME: usize = 500;

impl Service for SplunkOnCall {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        let kind = match call.stage() {
            Stage::Trigger => match call.severity() {
                Severity::Critical | Severity::Error => "CRITICAL",
                Severity::Warning => "WARNING",
                Severity::Info => "INFO",
            },
            Stage::Acknowledge => "ACKNOWLEDGEMENT",
            Stage::Resolve => "RECOVERY",
            // Shown in the timeline; nobody is paged.
            Stage::Test => "INFO",
        };
        let mut body = json!({
            "message_type": kind,
            "entity_id": call.key,
            "entity_display_name": cut_bytes(&brief.title, LONGEST_NAME),
            "state_message": cut_bytes(&brief.text(), LONGEST),
            "state_start_time": call.notice.at.as_seconds(),
            "monitoring_tool": "Watchbell",
        });
        // A link with its name.
        if let Some((_, url)) = &brief.link {
            body["vo_annotate.u.Watchbell"] = url.as_str().into();
        }
        let (key, route) = (call.need("key")?, call.need("route")?);
        let url = call.server(&["integrations", "generic", "20131114", "alert", key, route])?;
        Ok(Outgoing::post(url).json(&body))
    }

    fn keeps_incidents(&self, _config: &ServiceChannel) -> bool {
        true
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        let failed = said["result"].as_str() == Some("failure");
        if answer.status.as_u16() == 400 || (failed && answer.status.is_success()) {
            let message = said["message"].as_str().map(str::to_owned);
            let message = message.unwrap_or_else(|| said::listed(&said["messages"]));
            let reason = format!(
                "Splunk On-Call refuses the alert: {message}. Check the API key and the routing key of this channel."
            );
            return Err((Retry::Briefly, reason));
        }
        answer.judge(CREDENTIALS)?;
        match said["result"].as_str() {
            Some("success") => Ok(said::name(&said["entity_id"])),
            _ => Err(said::stranger("Splunk On-Call")),
        }
    }
}
