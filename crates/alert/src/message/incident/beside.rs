//! The words about what is wrong with a monitor beside being down: nobody is to read "down" where it is not.

use domain::{delivery::Event, incident::IncidentKind};

use super::super::view::Tone;

/// `None`: it is about an outage.
pub(super) fn announced(event: Event, kind: IncidentKind) -> Option<(&'static str, Tone, &'static str)> {
    let (word, headlines) = match kind {
        IncidentKind::Down => return None,
        IncidentKind::Degraded => (
            "DEGRADED",
            [
                "mail-headline-degraded",
                "mail-headline-degraded-reminder",
                "mail-headline-degraded-over",
                "mail-headline-degraded-flapping",
            ],
        ),
        IncidentKind::Certificate => (
            "CERT",
            [
                "mail-headline-certificate",
                "mail-headline-certificate-reminder",
                "mail-headline-certificate-over",
                "mail-headline-certificate-flapping",
            ],
        ),
        IncidentKind::NoData => (
            "NO DATA",
            [
                "mail-headline-no-data",
                "mail-headline-no-data-reminder",
                "mail-headline-no-data-over",
                "mail-headline-no-data-flapping",
            ],
        ),
    };
    let [opened, reminder, over, flapping] = headlines;
    Some(match event {
        Event::Opened => (word, Tone::Neutral, opened),
        Event::Reminder => (word, Tone::Neutral, reminder),
        Event::Flapping => ("FLAPPING", Tone::Neutral, flapping),
        Event::Acknowledged => ("ACK", Tone::Neutral, "mail-headline-acknowledged"),
        Event::Resolved => ("OK", Tone::Good, over),
        Event::Test => ("TEST", Tone::Neutral, opened),
    })
}
