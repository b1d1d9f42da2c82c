//! A rotation as a calendar (RFC 5545) that other programs subscribe to.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use super::{Rotation, Shift, Source, shifts};
use crate::{clock::Timestamp, id::ContactId};

/// What the calendar holds: this long back and this long ahead.
pub const BACK: Duration = Duration::from_hours(14 * 24);
pub const AHEAD: Duration = Duration::from_hours(56 * 24);
/// Octets of a line without its end (RFC 5545, 3.1).
const LONGEST_LINE: usize = 75;

/// The calendar as it is sent, with CRLF line ends. `names` has everybody; `changed_at` is when the rotation was changed
/// last. What has not changed reads the same tomorrow, under the same UIDs. `host` makes the UIDs those of this
/// installation.
pub fn calendar(
    rotation: &Rotation,
    names: &BTreeMap<ContactId, String>,
    changed_at: Timestamp,
    now: Timestamp,
    host: &str,
) -> String {
    let mut out = String::new();
    let title = escape(&rotation.plan.name);
    for line in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Watchbell//On call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        &format!("NAME:{title}"),
        &format!("X-WR-CALNAME:{title}"),
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ] {
        push_line(&mut out, line);
    }
    let from = now.minus(BACK);
    for shift in shifts(rotation, from, now.plus(AHEAD)) {
        let Some(event) = Event::of(rotation, names, &shift, from) else {
            continue;
        };
        for line in [
            "BEGIN:VEVENT",
            &format!("UID:{}-{}@{host}", rotation.id, event.uid),
            &format!("DTSTAMP:{}", utc(changed_at)),
            &format!("DTSTART:{}", utc(shift.from)),
            &format!("DTEND:{}", utc(shift.to)),
            &format!("SUMMARY:{}", escape(&event.summary)),
            &format!("DESCRIPTION:{}", escape(&event.description)),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ] {
            push_line(&mut out, line);
        }
    }
    push_line(&mut out, "END:VCALENDAR");
    out
}

struct Event {
    uid: String,
    summary: String,
    description: String,
}

impl Event {
    /// `None`: a gap.
    fn of(
        rotation: &Rotation,
        names: &BTreeMap<ContactId, String>,
        shift: &Shift,
        first: Timestamp,
    ) -> Option<Self> {
        let duty = shift.duty?;
        let name = names.get(&duty.contact).map_or("?", String::as_str);
        // A shift that began before the calendar does is named by its turn, so that its name does not move with the hour.
        let begin = if shift.from == first {
            "0".to_owned()
        } else {
            shift.from.as_seconds().to_string()
        };
        let (uid, description) = match duty.source {
            Source::Layer { layer, turn } => {
                let layer_name = rotation.plan.layers.get(layer).map_or("", |l| l.name.as_str());
                (format!("l{layer}-{turn}-{begin}"), layer_name.to_owned())
            }
            Source::Override(id) => {
                let found = rotation.find_override(id);
                let note = found.map_or("", |o| o.note.as_str());
                let by = found.map_or("", |o| o.by.as_str());
                let description = [note, by]
                    .into_iter()
                    .filter(|t| !t.is_empty())
                    .collect::<Vec<_>>();
                (format!("o{id}-{begin}"), description.join(" · "))
            }
        };
        Some(Self {
            uid,
            summary: format!("{name} ({})", rotation.plan.name),
            description,
        })
    }
}

/// `20261126T213000Z`.
fn utc(at: Timestamp) -> String {
    at.to_utc().format("%Y%m%dT%H%M%SZ").to_string()
}

/// TEXT (RFC 5545, 3.3.11). Control characters have no place in it.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Folded: a line that is too long goes on behind a space, and no character is cut in two.
fn push_line(out: &mut String, line: &str) {
    let mut left = line;
    let mut room = LONGEST_LINE;
    while left.len() > room {
        let (head, tail) = left.split_at(left.floor_char_boundary(room));
        let _ = write!(out, "{head}\r\n ");
        left = tail;
        // The space counts.
        room = LONGEST_LINE - 1;
    }
    let _ = write!(out, "{left}\r\n");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        id::{OverrideId, RotationId},
        rotation::{Override, RotationDraft},
    };

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn rotation(name: &str) -> Rotation {
        let layer = json!({ "name": "Weeks", "people": [1, 2], "handover": { "every": 1, "unit": "weeks", "at": "09:00", "from": "2026-01-05" } });
        let plan = json!({ "name": name, "zone": "Europe/Berlin", "layers": [layer] });
        Rotation {
            id: RotationId(7),
            plan: RotationDraft::from_json(plan).unwrap(),
            overrides: vec![Override {
                id: OverrideId(3),
                contact: ContactId(2),
                from: at("2026-12-24T12:00:00Z"),
                to: at("2026-12-26T12:00:00Z"),
                note: "Holidays; swapped, thanks".to_owned(),
                by: "me@example.org".to_owned(),
            }],
        }
    }

    fn told(rotation: &Rotation, now: &str) -> String {
        let names = BTreeMap::from([
            (ContactId(1), "Ada".to_owned()),
            (ContactId(2), "王芳\\\r\nBEGIN:VEVENT".to_owned()),
        ]);
        calendar(
            rotation,
            &names,
            at("2026-11-20T10:00:00Z"),
            at(now),
            "watch.example",
        )
    }

    /// As a reader has them.
    fn unfolded(text: &str) -> Vec<String> {
        text.replace("\r\n ", "")
            .split_terminator("\r\n")
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn it_is_a_calendar_of_the_standard() {
        let text = told(&rotation("Operations, day; night"), "2026-11-26T21:30:00Z");
        assert!(text.ends_with("END:VCALENDAR\r\n"));
        assert!(
            text.split("\r\n")
                .all(|l| l.len() <= 75 && !l.contains(['\n', '\r']))
        );
        let lines = unfolded(&text);
        let count = |line: &str| lines.iter().filter(|l| *l == line).count();
        assert_eq!(
            (count("BEGIN:VCALENDAR"), count("BEGIN:VEVENT")),
            (1, count("END:VEVENT"))
        );
        assert_eq!(
            count("BEGIN:VEVENT"),
            13,
            "ten weeks begin and end within a week, and an override cuts one in two"
        );
        assert!(lines.contains(&"NAME:Operations\\, day\\; night".to_owned()));
        let first = lines.iter().position(|l| l == "BEGIN:VEVENT").unwrap();
        assert_eq!(
            lines[first..first + 9],
            [
                "BEGIN:VEVENT",
                "UID:7-l0-44-0@watch.example",
                "DTSTAMP:20261120T100000Z",
                "DTSTART:20261112T213000Z",
                "DTEND:20261116T080000Z",
                "SUMMARY:Ada (Operations\\, day\\; night)",
                "DESCRIPTION:Weeks",
                "TRANSP:TRANSPARENT",
                "END:VEVENT",
            ]
        );
        let over = lines.iter().position(|l| l.starts_with("UID:7-o3-")).unwrap();
        assert_eq!(
            lines[over + 2..over + 4],
            ["DTSTART:20261224T120000Z", "DTEND:20261226T120000Z"]
        );
        assert_eq!(
            lines[over + 4],
            "SUMMARY:王芳\\\\\\nBEGIN:VEVENT (Operations\\, day\\; night)"
        );
        assert_eq!(
            lines[over + 5],
            "DESCRIPTION:Holidays\\; swapped\\, thanks · me@example.org"
        );
    }

    #[test]
    fn what_has_not_changed_keeps_its_uid() {
        let rotation = rotation("Operations");
        let uids = |now: &str| -> Vec<String> {
            let lines = unfolded(&told(&rotation, now));
            lines.into_iter().filter(|l| l.starts_with("UID:")).collect()
        };
        let (now, later) = (uids("2026-11-26T21:30:00Z"), uids("2026-11-27T03:00:00Z"));
        assert_eq!(now, later);
        let unique: std::collections::HashSet<&String> = now.iter().collect();
        assert_eq!(unique.len(), now.len());
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        for name in ["x".repeat(120), "值班".repeat(40), "é".repeat(75)] {
            let text = told(&rotation(&name), "2026-11-26T21:30:00Z");
            assert!(text.split("\r\n").all(|l| l.len() <= 75));
            assert!(unfolded(&text).contains(&format!("NAME:{name}")));
        }
    }
}
