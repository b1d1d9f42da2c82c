//! Apprise, its API server: <https://github.com/caronc/apprise-api#persistent-stateful-storage-solution>.
//!
//! It hands the message on to services that it knows under a key, and is told that it is text, which it escapes for each
//! of them. A key without services is a 204, and when one of them did not take the message, or none has the tag, it is a
//! 424 whatever the others said.

use domain::{attention::Rejection, incident::IncidentKind};
use serde_json::json;

use super::{
    Call, Outgoing, Service, Stage, Unusable, Verdict,
    plain::{self, Unit},
    said,
};
use crate::{channel::Retry, http::Answer};

pub(super) struct Apprise;

/// It cuts for each service itself.
const LONGEST: usize = 32_768;

impl Service for Apprise {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let brief = call.brief;
        let about = call.notice.subject.as_ref().map(|s| s.incident.kind);
        let kind = match (call.stage(), about.unwrap_or_default()) {
            (Stage::Acknowledge, _)
            | (Stage::Trigger, IncidentKind::Degraded | IncidentKind::Certificate | IncidentKind::NoData) => {
                "warning"
            }
            (Stage::Trigger, _) => "failure",
            (Stage::Resolve, _) => "success",
            (Stage::Test, _) => "info",
        };
        let mut body = json!({
            "title": brief.title,
            "body": plain::with_link(&brief.text(), brief, LONGEST, Unit::Bytes),
            "type": kind,
            "format": "text",
        });
        if let Some(tag) = call.get("tag") {
            body["tag"] = tag.into();
        }
        Ok(Outgoing::post(call.server(&["notify", call.need("key")?])?).json(&body))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        let error = said["error"].as_str().unwrap_or_default();
        let (retry, reason) = match answer.status.as_u16() {
            204 => (
                Retry::Briefly,
                "Apprise has no services under the key of this channel (204). Enter the key again, or add services to it."
                    .to_owned(),
            ),
            // Those that took it get it again; better twice than never.
            424 => (
                Retry::Briefly,
                "Not all services behind Apprise took the message (424), or none has the tag of this channel. Its log says which."
                    .to_owned(),
            ),
            code @ (400 | 406 | 431) => (
                Retry::Briefly,
                format!("Apprise refuses the message ({code}): {error}."),
            ),
            _ => {
                answer.judge(super::CREDENTIALS)?;
                // Versions and settings of it answer with JSON, with a log as text, or with a list in HTML.
                if said::begins_as_page(answer) {
                    return Err(said::stranger("Apprise"));
                }
                if !error.is_empty() {
                    return Err((Retry::Briefly, format!("Apprise refuses the message: {error}.")));
                }
                return Ok(None);
            }
        };
        Err((retry, reason))
    }

    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        match answer.status.as_u16() {
            204 => Some(Rejection::NotFound),
            _ => answer.rejection(),
        }
    }
}
