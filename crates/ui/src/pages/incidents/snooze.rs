//! Putting an incident off for a while.

use std::time::Duration;

use axum::{Form as FormBody, extract::Path};
use domain::{clock::Timestamp, schedule::CronSchedule, zone::Tz};
use store::Snoozed;

use super::parse;
use crate::{
    Flash, Shell, SignedIn, Typed,
    error::{self, Error},
    pages::form::value,
};

/// Value of a button, and how long it is.
const SPANS: [(&str, Duration); 3] = [
    ("30m", Duration::from_mins(30)),
    ("1h", Duration::from_hours(1)),
    ("4h", Duration::from_hours(4)),
];
/// Until the next morning: the value of the last button.
const MORNING: &str = "morning";
/// A morning that is nearer than this is not meant.
const NIGHT: Duration = Duration::from_hours(4);

/// One way to put it off.
pub(crate) struct Choice {
    pub(super) value: &'static str,
    pub(super) label: String,
}

pub(super) fn choices(shell: &Shell, zone: Tz) -> Vec<Choice> {
    let mut all: Vec<Choice> = SPANS
        .iter()
        .map(|(value, span)| Choice {
            value,
            label: shell.span(span),
        })
        .collect();
    if let Some(until) = morning(zone, shell.now) {
        let local = until.to_utc().with_timezone(&zone);
        let today = shell.now.to_utc().with_timezone(&zone).date_naive();
        let key = if local.date_naive() == today {
            "snooze-until-today"
        } else {
            "snooze-until-tomorrow"
        };
        let text = shell.t(key).arg("time", local.format("%H:%M"));
        all.push(Choice {
            value: MORNING,
            label: text.arg("zone", zone.name()).to_string(),
        });
    }
    all
}

/// Nine o'clock on the clocks of the installation: tomorrow's, and in the night that of the same day.
fn morning(zone: Tz, now: Timestamp) -> Option<Timestamp> {
    let nine = CronSchedule::parse("", "0 9 * * *", "", zone.name()).ok()?;
    nine.next_after(now.plus(NIGHT))
}

pub(super) async fn snooze(
    signed_in: SignedIn,
    Path(id): Path<String>,
    FormBody(typed): Typed,
) -> error::Result {
    let id = parse(&id)?;
    let store = signed_in.store();
    let now = store.now();
    let chosen = value(&typed, "for");
    let until = match SPANS.iter().find(|(value, _)| *value == chosen) {
        Some((_, span)) => Some(now.plus(*span)),
        None if chosen == MORNING => morning(store.settings().general().await?.zone(), now),
        None => None,
    };
    let until = until.ok_or(Error::NotFound)?;
    let snoozed = store.incidents().snooze(id, until, signed_in.by()).await?;
    let flash = match snoozed.ok_or(Error::NotFound)? {
        Snoozed::Until(_) => {
            tracing::info!(incident.id = id.0, user = signed_in.by(), "incident snoozed");
            Flash::good("flash-incident-snoozed")
        }
        Snoozed::NoNeed(_) => Flash::bad("flash-incident-not-snoozed"),
    };
    Ok(flash.redirect(&signed_in.visit, &format!("/incidents/{id}")))
}

pub(super) async fn wake(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let id = parse(&id)?;
    let incidents = signed_in.store().incidents();
    let escalation = incidents.escalation(id).await?;
    // Twice would be two reminders.
    if escalation.is_some_and(|e| e.snoozed_until.is_some()) {
        let now = signed_in.store().now();
        incidents
            .snooze(id, now, signed_in.by())
            .await?
            .ok_or(Error::NotFound)?;
        tracing::info!(
            incident.id = id.0,
            user = signed_in.by(),
            "snooze of an incident ended"
        );
    }
    let flash = Flash::good("flash-incident-woken");
    Ok(flash.redirect(&signed_in.visit, &format!("/incidents/{id}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_morning_is_the_one_after_the_night() {
        let berlin = domain::zone::parse("", "Europe/Berlin").unwrap();
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        for (now, until) in [
            ("2026-11-26T21:00:00Z", "2026-11-27T08:00:00Z"),
            ("2026-11-26T01:00:00Z", "2026-11-26T08:00:00Z"),
            ("2026-11-26T07:50:00Z", "2026-11-27T08:00:00Z"),
            // Clocks are set forward on that night.
            ("2026-03-28T21:00:00Z", "2026-03-29T07:00:00Z"),
        ] {
            assert_eq!(morning(berlin, at(now)), Some(at(until)), "{now}");
        }
    }
}
