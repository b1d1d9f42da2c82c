//! What every template may use: texts, times, status marks, addresses of files, the form token.

use std::{fmt, time::Duration};

use askama::Template;
use axum::response::{Html, IntoResponse as _};
use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    incident::IncidentKind,
    state::Status,
};

use crate::{
    assets,
    components::{CsrfField, Mark, TimeTag},
    error,
    flash::Flash,
    locale::{Language, Text},
};

/// The part of the console that a page belongs to; marks the entry in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Overview,
    Monitors,
    Incidents,
    Channels,
    Alerting,
    Deliveries,
    Settings,
    /// A page without navigation: set-up and login.
    None,
}

impl Section {
    pub(crate) const NAVIGATION: [(Self, &'static str, &'static str); 7] = [
        (Self::Overview, "/", "nav-overview"),
        (Self::Monitors, "/monitors", "nav-monitors"),
        (Self::Incidents, "/incidents", "nav-incidents"),
        (Self::Channels, "/channels", "nav-channels"),
        (Self::Alerting, "/policies", "nav-alerting"),
        (Self::Deliveries, "/deliveries", "nav-deliveries"),
        (Self::Settings, "/settings/mail", "nav-settings"),
    ];
}

/// A field named `shell` of every view that extends a layout.
#[derive(Clone, Debug)]
pub struct Shell {
    pub language: Language,
    pub title: String,
    pub section: Section,
    pub csrf: String,
    /// Mail address of who is signed in.
    pub user: Option<String>,
    pub flash: Option<Flash>,
    pub here: String,
    /// Plain HTTP beyond this machine.
    pub exposed: bool,
    /// The database was sealed with another key: nothing secret can be read.
    pub locked: bool,
    /// Where we are offline ourselves, and since when.
    pub offline: Vec<(String, Timestamp)>,
    pub now: Timestamp,
}

impl Shell {
    /// The text of `key`. Values are added behind: `shell.t("x").arg("name", n)`, `.count("n", 3)`.
    pub fn t(&self, key: &str) -> Text {
        self.language.text(key)
    }

    pub fn asset(&self, name: &str) -> &'static str {
        assets::url(name)
    }

    pub fn navigation(&self) -> impl Iterator<Item = NavigationEntry> + use<'_> {
        Section::NAVIGATION
            .iter()
            .map(|(section, href, key)| NavigationEntry {
                href,
                label: self.t(key),
                icon: key,
                current: *section == self.section,
            })
    }

    pub fn languages(&self) -> [Language; 2] {
        Language::ALL
    }

    /// The hidden field that every POST form carries.
    pub fn csrf_field(&self) -> CsrfField<'_> {
        CsrfField { token: &self.csrf }
    }

    /// The names of all time zones, for suggestions.
    pub fn zones(&self) -> impl Iterator<Item = &'static str> + use<> {
        domain::zone::names()
    }

    pub fn flash_text(&self, flash: &Flash) -> Text {
        flash.text(self.language)
    }

    /// Date and time; UTC as served, the reader's zone where the script runs.
    pub fn time(&self, at: &Timestamp) -> TimeTag {
        TimeTag::absolute(*at)
    }

    /// "5 minutes ago", with the exact time in its title.
    pub fn ago(&self, at: &Timestamp) -> TimeTag {
        let passed = self.now.since(*at);
        let words = match passed.as_secs() {
            0..5 => self.t("just-now"),
            _ => self.t("ago").arg("span", self.span(&passed)),
        };
        TimeTag::relative(*at, words.to_string())
    }

    /// A long span in its two largest units: "3 d 4 h".
    pub fn span(&self, d: &Duration) -> String {
        let seconds = d.as_secs();
        let part = |key: &str, n: u64| self.t(key).arg("n", n).to_string();
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        let parts = match (days, hours, minutes) {
            (0, 0, 0) => vec![part("span-seconds", seconds)],
            (0, 0, m) if m < 10 && !seconds.is_multiple_of(60) => {
                vec![part("span-minutes", m), part("span-seconds", seconds % 60)]
            }
            (0, 0, m) => vec![part("span-minutes", m)],
            (0, h, 0) => vec![part("span-hours", h)],
            (0, h, m) => vec![part("span-hours", h), part("span-minutes", m)],
            (d, 0, _) => vec![part("span-days", d)],
            (d, h, _) => vec![part("span-days", d), part("span-hours", h)],
        };
        parts.join(" ")
    }

    /// A measured time: "87 ms", "1.24 s".
    pub fn latency(&self, d: &Duration) -> String {
        latency(*d)
    }

    /// Word, shape and colour of a monitor's status.
    pub fn status(&self, status: &Status) -> Mark {
        let word = self.t(status_key(*status)).to_string();
        Mark::new(status.as_str(), word)
    }

    /// Word, shape and colour of a delivery's state.
    pub fn delivery_state(&self, state: &DeliveryState) -> Mark {
        let (shape, key) = match state {
            DeliveryState::Pending => ("pending", "delivery-state-pending"),
            DeliveryState::Sending => ("pending", "delivery-state-sending"),
            DeliveryState::Sent => ("up", "delivery-state-sent"),
            DeliveryState::Failed => ("down", "delivery-state-failed"),
            DeliveryState::Expired => ("unknown", "delivery-state-expired"),
            DeliveryState::Cancelled => ("paused", "delivery-state-cancelled"),
        };
        Mark::new(shape, self.t(key).to_string())
    }

    /// Any other mark: one of the shapes `up degraded down unknown paused maintenance pending`, with a word.
    pub fn mark(&self, shape: &'static str, word: impl fmt::Display) -> Mark {
        Mark::new(shape, word.to_string())
    }

    /// What a message told, of an incident of this kind.
    pub fn event(&self, event: &Event, kind: &IncidentKind) -> Text {
        match (event, kind) {
            (Event::Opened, IncidentKind::Down) => self.t("event-down"),
            (Event::Opened, IncidentKind::Degraded) => self.t("incident-degraded"),
            (Event::Opened, IncidentKind::Certificate) => self.t("incident-certificate"),
            (Event::Opened, IncidentKind::NoData) => self.t("incident-no-data"),
            (Event::Reminder, IncidentKind::Down) => self.t("event-still-down"),
            (Event::Reminder, IncidentKind::Degraded) => self.t("event-still-slow"),
            (Event::Reminder, IncidentKind::Certificate) => self.t("event-sooner"),
            (Event::Reminder, IncidentKind::NoData) => self.t("event-still-no-data"),
            (Event::Resolved, IncidentKind::Down) => self.t("event-up"),
            (Event::Resolved, IncidentKind::Degraded) => self.t("incident-degraded-over"),
            (Event::Resolved, IncidentKind::Certificate) => self.t("event-in-order"),
            (Event::Resolved, IncidentKind::NoData) => self.t("event-checked"),
            (Event::Flapping | Event::Acknowledged | Event::Test, _) => self.any_event(event),
        }
    }

    /// What a message told, whatever it was about.
    pub fn any_event(&self, event: &Event) -> Text {
        self.t(match event {
            Event::Opened => "event-opened",
            Event::Reminder => "event-reminder",
            Event::Flapping => "event-flapping",
            Event::Acknowledged => "event-acknowledged",
            Event::Resolved => "event-resolved",
            Event::Test => "event-test",
        })
    }
}

/// The text key of a status word.
pub fn status_key(status: Status) -> &'static str {
    match status {
        Status::Up => "status-up",
        Status::Degraded => "status-degraded",
        Status::Down => "status-down",
        Status::Unknown => "status-unknown",
        Status::Paused => "status-paused",
        Status::Maintenance => "status-maintenance",
        Status::Pending => "status-pending",
    }
}

/// "87 ms", "1.24 s": three digits that matter.
pub fn latency(d: Duration) -> String {
    let ms = d.as_secs_f64() * 1000.0;
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1000.0),
    }
}

/// "99.98 %"; never rounded up to 100 % while something failed.
pub fn percent(ratio: f64) -> String {
    if ratio >= 1.0 {
        return "100 %".to_owned();
    }
    let floored = (ratio.max(0.0) * 10_000.0).floor() / 100.0;
    format!("{floored:.2} %")
}

#[derive(Debug)]
pub struct NavigationEntry {
    pub href: &'static str,
    pub label: Text,
    /// Name of its icon, the text key.
    pub icon: &'static str,
    pub current: bool,
}

/// Renders a view as a page.
pub fn page(view: &impl Template) -> error::Result {
    Ok(Html(view.render()?).into_response())
}

/// Renders a view with another status than 200: a form with its errors is 422.
pub fn page_with(status: http::StatusCode, view: &impl Template) -> error::Result {
    Ok((status, Html(view.render()?)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_never_rounded_away() {
        for (ratio, text) in [
            (1.0, "100 %"),
            (0.999_999, "99.99 %"),
            (0.5, "50.00 %"),
            (0.0, "0.00 %"),
        ] {
            assert_eq!(percent(ratio), text);
        }
    }

    #[test]
    fn latencies_read_short() {
        for (us, text) in [(850, "0.8 ms"), (87_400, "87 ms"), (1_240_000, "1.24 s")] {
            assert_eq!(latency(Duration::from_micros(us)), text);
        }
    }
}
