//! The filter of the list, as it stands in the address, and what may be chosen in it.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
};
use serde::Deserialize;
use store::{Store, outbox::DeliveryFilter};

use crate::{
    Shell,
    components::{Choice, Pager, href},
    error,
};

/// The filter, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    pub(super) state: String,
    pub(super) channel: String,
    pub(super) event: String,
    pub(super) monitor: String,
    pub(super) incident: String,
    /// The id of a delivery whose message many travel in.
    pub(super) digest: String,
    pub(super) recipient: String,
    pub(super) profile: String,
    /// RFC 3339, or in UTC `2026-01-31T12:00` or `2026-01-31`.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) cursor: String,
}

/// Something in the filter means nothing. It is not left out: a list that shows more than was asked for misleads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unreadable;

impl Search {
    fn query(&self) -> [(&'static str, &str); 10] {
        [
            ("state", &self.state),
            ("channel", &self.channel),
            ("event", &self.event),
            ("monitor", &self.monitor),
            ("incident", &self.incident),
            ("digest", &self.digest),
            ("recipient", &self.recipient),
            ("profile", &self.profile),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    pub(super) fn is_active(&self) -> bool {
        self.query().iter().any(|(_, value)| !value.is_empty())
    }

    /// One of those that are folded away.
    pub(super) fn is_special(&self) -> bool {
        let special = [&self.event, &self.monitor, &self.profile, &self.from, &self.to];
        special.iter().any(|value| !value.is_empty())
    }

    pub(super) fn href(&self, path: &str) -> String {
        href(path, &self.query())
    }

    pub(super) fn pager(&self, shell: &Shell, next: Option<&str>) -> Pager {
        let cursor = (!self.cursor.is_empty()).then_some(self.cursor.as_str());
        Pager::new(shell, "/deliveries", &self.query(), cursor, next)
    }

    pub(super) fn filter(&self) -> Result<DeliveryFilter, Unreadable> {
        Ok(DeliveryFilter {
            state: read(&self.state, DeliveryState::parse)?,
            channel: read(&self.channel, |t| t.parse().ok())?,
            event: read(&self.event, Event::parse)?,
            monitor: read(&self.monitor, |t| t.parse().ok())?,
            incident: read(&self.incident, |t| t.parse().ok())?,
            digest: read(&self.digest, |t| t.parse().ok())?,
            profile: read(&self.profile, |t| t.parse().ok())?,
            recipient: read(&self.recipient, |t| (t.len() <= 254).then(|| t.to_owned()))?,
            from: read(&self.from, |t| read_time(t, false))?,
            to: read(&self.to, |t| read_time(t, true))?,
            cursor: read(&self.cursor, |t| Some(t.to_owned()))?,
            limit: 0,
        })
    }

    /// For the field of a date: in UTC, as it works without a script.
    pub(super) fn field_from(&self) -> TimeField {
        TimeField::new(&self.from, false)
    }

    pub(super) fn field_to(&self) -> TimeField {
        TimeField::new(&self.to, true)
    }
}

/// `Ok(None)`: not asked for.
fn read<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Unreadable> {
    match text.trim() {
        "" => Ok(None),
        text => parse(text).map(Some).ok_or(Unreadable),
    }
}

/// A day that ends a range belongs to it.
fn read_time(text: &str, ends: bool) -> Option<Timestamp> {
    if let Some(exact) = Timestamp::parse_rfc3339(text) {
        return Some(exact);
    }
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            let day = if ends {
                day.checked_add_days(Days::new(1))?
            } else {
                day
            };
            Some(day.and_time(NaiveTime::MIN))
        })?;
    Some(Timestamp::from_utc(local.and_utc()))
}

/// The value of a field of a date and time.
pub(crate) struct TimeField {
    /// As the browser takes it, in UTC.
    pub(super) value: String,
    /// RFC 3339, for the script that shows it in the zone of the reader.
    pub(super) utc: String,
}

impl TimeField {
    fn new(text: &str, ends: bool) -> Self {
        match read_time(text.trim(), ends) {
            Some(at) => Self {
                value: at.to_utc().format("%Y-%m-%dT%H:%M").to_string(),
                utc: at.to_rfc3339(),
            },
            None => Self {
                value: String::new(),
                utc: String::new(),
            },
        }
    }
}

/// What may be chosen.
#[derive(Default)]
pub(crate) struct Options {
    pub(super) states: Vec<Choice>,
    pub(super) channels: Vec<Choice>,
    pub(super) events: Vec<Choice>,
    pub(super) monitors: Vec<Choice>,
    pub(super) profiles: Vec<Choice>,
}

impl Options {
    pub(super) async fn load(store: &Store, shell: &Shell) -> error::Result<Self> {
        let channels = store.channels().all().await?;
        let monitors = store.monitors().all().await?;
        // Settings that cannot be read do not hide what was sent with them.
        let profiles = store.mail().profiles().await.unwrap_or_default();
        Ok(Self {
            channels: channels
                .into_iter()
                .map(|c| choice(c.id.to_string(), c.name))
                .collect(),
            monitors: monitors
                .into_iter()
                .map(|m| choice(m.id.to_string(), m.config.name))
                .collect(),
            profiles: profiles
                .into_iter()
                .map(|p| choice(p.id.to_string(), p.settings.title()))
                .collect(),
            ..Self::fixed(shell)
        })
    }

    /// Those that are the same everywhere.
    pub(super) fn fixed(shell: &Shell) -> Self {
        let states = DeliveryState::ALL
            .iter()
            .map(|s| choice(s.to_string(), state_word(shell, *s)));
        let events = Event::ALL
            .iter()
            .map(|e| choice(e.to_string(), shell.any_event(e).to_string()));
        Self {
            states: states.collect(),
            events: events.collect(),
            ..Self::default()
        }
    }
}

pub(super) fn choice(value: String, label: String) -> Choice {
    Choice {
        value,
        label,
        hint: String::new(),
    }
}

fn state_word(shell: &Shell, state: DeliveryState) -> String {
    let word = match state {
        DeliveryState::Pending => shell.t("delivery-state-pending"),
        DeliveryState::Sending => shell.t("delivery-state-sending"),
        DeliveryState::Sent => shell.t("delivery-state-sent"),
        DeliveryState::Failed => shell.t("delivery-state-failed"),
        DeliveryState::Expired => shell.t("delivery-state-expired"),
        DeliveryState::Cancelled => shell.t("delivery-state-cancelled"),
    };
    word.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_that_browsers_and_people_write() {
        let at = |text, ends| read_time(text, ends).map(Timestamp::to_rfc3339);
        for (text, from, to) in [
            (
                "2026-11-26",
                "2026-11-26T00:00:00.000Z",
                "2026-11-27T00:00:00.000Z",
            ),
            (
                "2026-11-26T14:20",
                "2026-11-26T14:20:00.000Z",
                "2026-11-26T14:20:00.000Z",
            ),
            (
                "2026-11-26 14:20",
                "2026-11-26T14:20:00.000Z",
                "2026-11-26T14:20:00.000Z",
            ),
            (
                "2026-11-26T14:20:05",
                "2026-11-26T14:20:05.000Z",
                "2026-11-26T14:20:05.000Z",
            ),
            (
                "2026-11-26T14:20:00+08:00",
                "2026-11-26T06:20:00.000Z",
                "2026-11-26T06:20:00.000Z",
            ),
        ] {
            assert_eq!(at(text, false).as_deref(), Some(from));
            assert_eq!(at(text, true).as_deref(), Some(to));
        }
        for text in ["yesterday", "2026-13-01", "2026-11-26T25:00", "26.11.2026", "-1"] {
            assert_eq!(at(text, false), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_left_out() {
        let mut search = Search::default();
        assert!(search.filter().is_ok() && !search.is_active());
        for field in [
            "state", "channel", "event", "monitor", "incident", "profile", "from", "to",
        ] {
            let wrong: Search = serde_json::from_value(serde_json::json!({ field: "nonsense" })).unwrap();
            assert!(wrong.filter().is_err() && wrong.is_active(), "{field}");
        }
        search.recipient = " me@example.org ".to_owned();
        assert_eq!(
            search.filter().unwrap().recipient.as_deref(),
            Some("me@example.org")
        );
        assert_eq!(search.href("/x"), "/x?recipient=+me%40example.org+");
    }
}
