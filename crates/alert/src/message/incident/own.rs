//! The same about a trouble of Watchbell itself: it has no target, no checks, and nothing of it is "down".

use domain::{
    delivery::{Event, Subject},
    incident::Origin,
};

use super::{
    super::{
        view::{Row, Section, Tone, clean},
        words::{Reader, shortened},
    },
    acknowledged, linked,
};
use crate::links::Pages;

/// Of a stretch of time in a headline, as `2026-11-23 14:02`.
const MINUTES: usize = "2026-11-23 14:02".len();

pub(super) fn announced(event: Event, origin: &Origin) -> (&'static str, Tone, &'static str) {
    let key = |zone, channel| match origin {
        Origin::Zone(_) => zone,
        Origin::Channel(_) | Origin::Monitor(_) => channel,
    };
    match event {
        Event::Acknowledged => (
            "ACK",
            Tone::Neutral,
            key("mail-own-zone-acknowledged", "mail-own-channel-acknowledged"),
        ),
        Event::Resolved => (
            "OK",
            Tone::Good,
            key("mail-own-zone-over", "mail-own-channel-over"),
        ),
        Event::Opened | Event::Reminder | Event::Flapping | Event::Test => (
            "TROUBLE",
            Tone::Bad,
            key("mail-own-zone-opened", "mail-own-channel-opened"),
        ),
    }
}

pub(super) fn headline(key: &str, subject: &Subject, longest_name: usize, reader: Reader) -> String {
    let incident = &subject.incident;
    let (from, to) = (
        incident.since,
        incident.resolved_at().unwrap_or(reader.now).max(incident.since),
    );
    // Of the same day the second date says nothing.
    let (began, ended) = (reader.clock(from), reader.clock(to));
    let (day, _) = began.split_at_checked(MINUTES - 5).unwrap_or((&began, ""));
    let minutes = |text: &str| text.chars().take(MINUTES).collect::<String>();
    let ended = minutes(ended.as_str());
    let ended = ended.strip_prefix(day).unwrap_or(&ended);
    let values = [
        (
            "name",
            shortened(&clean(&subject.monitor.target), longest_name).into(),
        ),
        ("from", minutes(&began).into()),
        ("to", ended.into()),
        ("zone", reader.zone_at(to).into()),
    ];
    reader.text_with(key, &values)
}

pub(super) fn note(event: Event, origin: &Origin, reader: Reader) -> Option<String> {
    let key = match (origin, event) {
        (Origin::Zone(_), Event::Resolved) => "mail-own-zone-note",
        (Origin::Channel(_), Event::Opened | Event::Reminder) => "mail-own-channel-note",
        (Origin::Zone(_) | Origin::Channel(_) | Origin::Monitor(_), _) => return None,
    };
    Some(reader.text(key))
}

pub(super) fn section(event: Event, subject: &Subject, pages: Pages<'_>, reader: Reader) -> Section {
    let incident = &subject.incident;
    let row = |label: &str, value: String| Row::new(reader, label, value);
    let what = match incident.origin {
        Origin::Zone(_) => "mail-label-zone",
        Origin::Channel(_) | Origin::Monitor(_) => "mail-label-channel",
    };
    let mut rows = vec![row(what, clean(&subject.monitor.target))];
    let reason = clean(&incident.reason.detail);
    let lasted = reader.duration(incident.duration(reader.now));
    match incident.resolved_at() {
        Some(at) => rows.extend([
            row("mail-label-began", reader.absolute(incident.since)),
            row("mail-label-ended", reader.moment(at)),
            row("mail-label-lasted", lasted),
            row("mail-label-reason", reason),
        ]),
        None => rows.extend([
            row("mail-label-since", reader.moment(incident.since)),
            row("mail-label-so-far", lasted),
            row("mail-label-reason", reason),
        ]),
    }
    rows.extend(acknowledged(incident, reader));
    linked(rows, event, incident, pages, reader)
}
