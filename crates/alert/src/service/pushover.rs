//! Pushover: <https://pushover.net/api>. Errors are a 400 with their texts in `errors`; a 429 is the month's quota.
//!
//! A message without `html` is text. An emergency (priority 2) rings again and again until somebody confirms it on the
//! telephone, and carries the incident as its tag:
//!
//! - An acknowledgement silences, by the tag: somebody is there, and that is all that it has to say to a telephone that
//!   rings (<https://pushover.net/api/receipts#cancel_by_tag>).
//! - A recovery silences, and tells: who was woken has confirmed the alarm and wants to know that it is over.
//!
//! The alarm of a message about many outages has a tag of its own: one of them that is over silences nothing of the
//! others, and it ends within [`RINGS`].

use std::time::Duration;

use domain::{channel::ServiceChannel, clock::Timestamp, delivery::Event};
use sha2::{Digest, Sha256};

use super::{CREDENTIALS, Call, Outgoing, Service, Stage, Step, Unusable, Verdict, escape::cut, said};
use crate::{
    channel::Retry,
    http::{Answer, answer},
};

pub(super) struct Pushover;

/// In characters.
const LONGEST: usize = 1_024;
const LONGEST_TITLE: usize = 250;
const LONGEST_URL: usize = 512;
const LONGEST_URL_TITLE: usize = 100;
/// At least half a minute.
const RINGS_EVERY: &str = "60";
/// In seconds, at most three hours.
const RINGS: &str = "1800";
const EMERGENCY: i8 = 2;

impl Service for Pushover {
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable> {
        let chosen = priority(call.get("priority"));
        let tag = tag(call.key);
        if chosen == EMERGENCY && call.stage() == Stage::Acknowledge && !call.notice.is_digest() {
            return silence(call, &tag);
        }
        let brief = call.brief;
        let priority = match call.stage() {
            Stage::Trigger => chosen,
            // Nobody is woken by good news, nor by a test.
            Stage::Acknowledge | Stage::Resolve | Stage::Test => chosen.min(0),
        };
        let (title, message) = (cut(&brief.title, LONGEST_TITLE), cut(&brief.text(), LONGEST));
        let (priority_text, at) = (priority.to_string(), call.notice.at.as_seconds().to_string());
        let mut fields = vec![
            ("token", call.need("token")?),
            ("user", call.need("user")?),
            ("title", &title),
            ("message", &message),
            ("priority", &priority_text),
            ("timestamp", &at),
        ];
        // Chosen to be heard; a test lets it be heard once.
        let alarming = matches!(call.stage(), Stage::Trigger | Stage::Test);
        if let Some(sound) = call.get("sound").filter(|_| alarming) {
            fields.push(("sound", sound));
        }
        if priority == EMERGENCY {
            fields.extend([("retry", RINGS_EVERY), ("expire", RINGS), ("tags", tag.as_str())]);
        }
        let link = brief.link.as_ref().filter(|(_, url)| url.len() <= LONGEST_URL);
        let link = link.map(|(label, url)| (cut(label, LONGEST_URL_TITLE), url));
        if let Some((label, url)) = &link {
            fields.extend([("url", url.as_str()), ("url_title", label)]);
        }
        Ok(Outgoing::post(call.server(&["1", "messages.json"])?).form(&fields))
    }

    /// An alarm rings until it is silenced.
    fn keeps_incidents(&self, config: &ServiceChannel) -> bool {
        priority(config.get("priority")) == EMERGENCY
    }

    fn before(&self, call: &Call<'_>) -> Result<Vec<Step>, Unusable> {
        if priority(call.get("priority")) != EMERGENCY {
            return Ok(Vec::new());
        }
        let steps = call.keys.iter().filter_map(|(event, key)| match event {
            Event::Resolved => Some(key),
            // Silenced by itself when it is told by itself.
            Event::Acknowledged if call.notice.is_digest() => Some(key),
            _ => None,
        });
        steps
            .map(|key| {
                Ok(Step {
                    request: silence(call, &tag(key))?,
                    failed: "The alarm on the telephone could not be silenced, and ends by itself within 30 minutes.",
                })
            })
            .collect()
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let said = said::json(answer);
        match answer.status.as_u16() {
            429 => {
                if let Some(wait) = until_reset(answer) {
                    let reason = "All messages of this Pushover application's month are used up (429). Buy more for it, or wait for the next month.";
                    return Err((answer::after(wait), reason.to_owned()));
                }
            }
            400..=499 if said["errors"].is_array() => {
                let errors = said::listed(&said["errors"]);
                let unknown = |field: &str| said[field].as_str() == Some("invalid");
                let (retry, what) = if unknown("token") {
                    (Retry::OnSettings, " Check the API token of this channel.")
                } else if unknown("user") {
                    (Retry::OnSettings, " Check the user key of this channel.")
                } else {
                    (Retry::Briefly, "")
                };
                return Err((retry, format!("Pushover refuses the message: {errors}.{what}")));
            }
            _ => {}
        }
        answer.judge(CREDENTIALS)?;
        match said["status"].as_i64() {
            Some(1) => Ok(said::name(&said["receipt"]).or_else(|| said::name(&said["request"]))),
            Some(_) => {
                let errors = said::listed(&said["errors"]);
                Err((Retry::Briefly, format!("Pushover refuses the message: {errors}.")))
            }
            None => Err(said::stranger("Pushover")),
        }
    }
}

/// Ends the alarms with this tag, if there are any.
fn silence(call: &Call<'_>, tag: &str) -> Result<Outgoing, Unusable> {
    let url = call.server(&["1", "receipts", "cancel_by_tag", &format!("{tag}.json")])?;
    Ok(Outgoing::post(url).form(&[("token", call.need("token")?)]))
}

/// Letters and digits alone, because it becomes part of a path.
fn tag(key: &str) -> String {
    let digest = Sha256::digest(key);
    let number = digest
        .iter()
        .take(16)
        .fold(0_u128, |n, byte| n << 8 | u128::from(*byte));
    format!("{number:032x}")
}

fn priority(chosen: Option<&str>) -> i8 {
    match chosen {
        Some("lowest") => -2,
        Some("low") => -1,
        Some("normal") => 0,
        Some("emergency") => EMERGENCY,
        _ => 1,
    }
}

/// When the quota is filled again, if that is what is missing.
fn until_reset(answer: &Answer) -> Option<Duration> {
    let number = |name: &str| -> Option<i64> { answer.headers.get(name)?.to_str().ok()?.parse().ok() };
    let (left, reset) = (number("x-limit-app-remaining")?, number("x-limit-app-reset")?);
    (left == 0).then(|| Timestamp::from_millis(reset.saturating_mul(1_000)).since(answer.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_fits_into_a_path_and_differs_between_incidents() {
        let (one, other) = (tag("watch.example/incidents/1"), tag("watch.example/incidents/2"));
        assert_ne!(one, other);
        assert!(
            one.len() == 32 && one.bytes().all(|b| b.is_ascii_alphanumeric()),
            "{one}"
        );
    }

    #[test]
    fn each_priority_has_its_number() {
        for (chosen, number) in [
            ("lowest", -2),
            ("low", -1),
            ("normal", 0),
            ("high", 1),
            ("emergency", 2),
        ] {
            assert_eq!(priority(Some(chosen)), number, "{chosen}");
        }
    }
}
