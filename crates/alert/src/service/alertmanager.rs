//! Alertmanager, API v2: <https://prometheus.io/docs/alerting/latest/alerts_api/>.
//!
//! An alert is known by its labels, so they are the same from the opening to the recovery: they say what the monitor was
//! called when the incident opened, and its number tells two of one name apart. What changes on the way is told in the
//! annotations. An acknowledgement has no counterpart there: the alert is sent again, still firing.
//!
//! Alertmanager holds an alert for resolved at its `endsAt`; without one, `resolve_timeout` (five minutes) after it was
//! last received: <https://github.com/prometheus/alertmanager/issues/2748>. Prometheus repeats its alerts every minute,
//! Watchbell tells of a change once. So a firing alert ends in [`LASTS`], long after most outages are over, and the
//! recovery moves its end to the moment when it happened. An alert whose recovery never arrives is gone after that time.

use std::time::Duration;

use domain::{channel::ServiceChannel, delivery::Subject, incident::Origin, text::sanitize};
use serde_json::{Value, json};

use super::{Call, Outgoing, Service, Stage, Unusable, Verdict, said};
use crate::{channel::Retry, http::Answer, webhook::alert_name};

pub(super) struct Alertmanager;

const LASTS: Duration = Duration::from_hours(7 * 24);
const TEST_LASTS: Duration = Duration::from_mins(5);
/// Of one label or annotation, in characters.
const LONGEST: usize = 300;

impl Service for Alertmanager {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let alert = match &call.notice.subject {
            Some(subject) => alert(call, subject),
            None => test(call),
        };
        let request = Outgoing::post(call.server(&["api", "v2", "alerts"])?).json(&json!([alert]));
        Ok(match (call.get("user"), call.get("token")) {
            (Some(user), _) => request.basic(user, call.get("password").unwrap_or_default()),
            (None, Some(token)) => request.bearer(token),
            (None, None) => request,
        })
    }

    fn keeps_incidents(&self, _config: &ServiceChannel) -> bool {
        true
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        if answer.status.as_u16() == 400 {
            // A text, or an object that holds one.
            let said = said::json(answer);
            let message = said
                .as_str()
                .or_else(|| said["message"].as_str())
                .unwrap_or_default();
            let reason = format!("Alertmanager refuses the alert (400): {message}.");
            return Err((Retry::Briefly, reason));
        }
        answer.judge("the user and the password or the token of this channel")?;
        // Its yes has no body.
        if said::is_page(answer) {
            return Err(said::stranger("Alertmanager"));
        }
        Ok(None)
    }
}

fn alert(call: &Call<'_>, subject: &Subject) -> Value {
    let name = sanitize(&subject.monitor.name, LONGEST);
    let (kind, severity) = (alert_name(&subject.incident), subject.incident.severity.as_str());
    let ends = match (call.stage(), subject.incident.resolved_at()) {
        (Stage::Resolve, Some(at)) => at,
        (Stage::Resolve, None) => call.at,
        (Stage::Trigger | Stage::Acknowledge | Stage::Test, _) => call.at.plus(LASTS),
    };
    let known_as = &subject.opened_as;
    let mut labels = json!({
        "alertname": kind,
        "monitor": sanitize(&known_as.name, LONGEST),
        "instance": sanitize(&known_as.target, LONGEST),
        "severity": severity,
    });
    match &subject.incident.origin {
        Origin::Monitor(id) => labels["monitor_id"] = id.to_string().into(),
        own => labels["origin"] = sanitize(&own.to_string(), LONGEST).into(),
    }
    // The same as long as it fires: whoever is told of it again reads what is the matter.
    let summary = format!("{name}: {}", sanitize(&subject.incident.reason.detail, LONGEST));
    let mut alert = json!({
        "labels": labels,
        "annotations": { "summary": summary, "description": described(call) },
        "startsAt": subject.incident.since.to_rfc3339(),
        "endsAt": ends.to_rfc3339(),
    });
    if let Some((_, url)) = &call.brief.link {
        alert["generatorURL"] = url.as_str().into();
    }
    alert
}

/// Routes that go by severity page nobody for it, and it ends by itself.
fn test(call: &Call<'_>) -> Value {
    json!({
        "labels": {
            "alertname": "WatchbellTest",
            "monitor": call.brief.source,
            "instance": call.key,
            "severity": "none",
        },
        "annotations": { "summary": call.brief.headline, "description": described(call) },
        "startsAt": call.at.to_rfc3339(),
        "endsAt": call.at.plus(TEST_LASTS).to_rfc3339(),
    })
}

fn described(call: &Call<'_>) -> String {
    let facts = call.brief.facts.iter();
    let lines = facts.map(|(label, value)| format!("{label}: {value}"));
    let lines: Vec<String> = lines.chain(call.brief.note.clone()).collect();
    lines.join("\n")
}
