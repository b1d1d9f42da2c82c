//! The values of a body of one's own. They go into machines, so they are in no language: the words of [`Event`], times by
//! RFC 3339, `1h 5m`.

use std::time::Duration;

use domain::{channel::WebhookValue, delivery::Notice};

use super::{Site, payload::named};
use crate::message::announced_of;

/// What the placeholders stand for in one message.
pub(super) struct Values<'a> {
    notice: &'a Notice,
    site: &'a Site,
}

impl<'a> Values<'a> {
    pub(super) fn new(notice: &'a Notice, site: &'a Site) -> Self {
        Self { notice, site }
    }

    /// As it is: the placeholder makes it harmless where it stands.
    pub(super) fn of(&self, value: WebhookValue) -> String {
        let Some(subject) = &self.notice.subject else {
            return self.of_test(value);
        };
        let (incident, monitor) = (&subject.incident, &subject.monitor);
        match value {
            WebhookValue::Event => named(self.notice).to_owned(),
            WebhookValue::Monitor => monitor.name.clone(),
            WebhookValue::Target => monitor.target.clone(),
            WebhookValue::Status => announced_of(self.notice.event, subject).0.to_owned(),
            WebhookValue::Since => incident.since.to_rfc3339(),
            WebhookValue::Reason => incident.reason.detail.clone(),
            WebhookValue::Duration => span(incident.duration(self.notice.at)),
            WebhookValue::Link => self.site.links.incident(incident.id),
            WebhookValue::IncidentId => incident.id.to_string(),
            WebhookValue::Timestamp => self.notice.at.to_rfc3339(),
        }
    }

    /// There is no outage, and each value is of the kind that it always is.
    fn of_test(&self, value: WebhookValue) -> String {
        match value {
            WebhookValue::Event => self.notice.event.to_string(),
            WebhookValue::Monitor => "Watchbell".to_owned(),
            WebhookValue::Target => self.site.public_url.to_string(),
            WebhookValue::Status => "TEST".to_owned(),
            WebhookValue::Since | WebhookValue::Timestamp => self.notice.at.to_rfc3339(),
            WebhookValue::Reason => "This is a test of the channel. Nothing is down.".to_owned(),
            WebhookValue::Duration => span(Duration::ZERO),
            WebhookValue::Link => self.site.links.channels(),
            WebhookValue::IncidentId => "0".to_owned(),
        }
    }
}

/// The two largest units: `1d 2h`, `1h 5m`, `7m`, `0s`.
pub(super) fn span(d: Duration) -> String {
    let seconds = d.as_secs();
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let Some(first) = parts.iter().position(|(n, _)| *n > 0) else {
        return "0s".to_owned();
    };
    let parts = parts[first..].iter().take(2).filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, unit)| format!("{n}{unit}")).collect();
    parts.join(" ")
}
