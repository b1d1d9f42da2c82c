//! The message about one incident.

use domain::{
    clock::Timestamp,
    delivery::{CheckResult, Event, LastCheck, Notice, Subject},
    incident::{Incident, IncidentKind, Origin, Progress},
    mail_message::{LONGEST_SUBJECT, SubjectStyle},
};

use super::{
    custom::{Values, Wording},
    space::Space,
    view::{CheckRow, Checks, Link, Row, Section, Tone, View, clean},
    words::{Reader, latency, shortened, subject_about, tagged_subject},
};
use crate::links::Pages;

mod beside;
mod own;

/// Of a name in a headline; the whole of it stands below.
const LONGEST_NAME: usize = 100;
/// Monitors that went down with this one, by name; the others are counted.
const MOST_TAKEN_DOWN: usize = 10;
const LONGEST_TAKEN_DOWN: usize = 60;
/// Programs that group by subject leave this prefix, and only this one, out of the comparison.
const ANSWER: &str = "Re: ";

/// The word in front, its colour, and the key of the headline.
pub(crate) fn announced(
    event: Event,
    (origin, kind): (&Origin, IncidentKind),
) -> (&'static str, Tone, &'static str) {
    if origin.own().is_some() {
        return own::announced(event, origin);
    }
    if let Some(announced) = beside::announced(event, kind) {
        return announced;
    }
    match event {
        Event::Opened => ("DOWN", Tone::Bad, "mail-headline-opened"),
        Event::Reminder => ("DOWN", Tone::Bad, "mail-headline-reminder"),
        Event::Flapping => ("FLAPPING", Tone::Bad, "mail-headline-flapping"),
        Event::Acknowledged => ("ACK", Tone::Neutral, "mail-headline-acknowledged"),
        Event::Resolved => ("UP", Tone::Good, "mail-headline-resolved"),
        Event::Test => ("TEST", Tone::Neutral, "mail-headline-opened"),
    }
}

/// The same of this incident: one whose monitor was deleted is over, and nobody knows whether anything is up.
pub(crate) fn announced_of(event: Event, subject: &Subject) -> (&'static str, Tone, &'static str) {
    if subject.deleted && event == Event::Resolved {
        ("ENDED", Tone::Neutral, "mail-headline-deleted")
    } else {
        announced(event, subject.about())
    }
}

pub(super) fn view(
    notice: &Notice,
    subject: &Subject,
    wording: &Wording<'_>,
    pages: Pages<'_>,
    (reader, space): (Reader, Space),
) -> View {
    let name = clean(&subject.monitor.name);
    let (word, tone, _) = announced_of(notice.event, subject);
    let lasted = reader.duration(subject.incident.duration(reader.now));
    let summary = match subject.incident.resolved_at() {
        Some(_) => format!("{}: {lasted}", reader.text("mail-label-lasted")),
        None => clean(&subject.incident.reason.detail),
    };
    let values = Values::new(notice, subject, word, pages.links, reader);
    let note = note(notice, subject, reader);
    View {
        language: reader.language,
        subject: subject_of(notice, subject, word, &name, wording, &values, reader),
        word,
        tone,
        headline: headline(notice.event, subject, LONGEST_NAME, reader),
        // The subject of a conversation does not say what happened.
        preheader: match wording.settings.subject_style {
            SubjectStyle::Status => summary,
            SubjectStyle::Thread => format!("{word}: {summary}"),
        },
        sections: vec![section(notice.event, subject, pages, reader)],
        list: Vec::new(),
        notes: note
            .into_iter()
            .chain(wording.note(&values, space.note))
            .collect(),
        why: String::new(),
        stop: None,
    }
}

/// `Shop is down`.
pub(super) fn headline(event: Event, subject: &Subject, longest_name: usize, reader: Reader) -> String {
    let (_, _, key) = announced_of(event, subject);
    if subject.incident.origin.own().is_some() {
        return own::headline(key, subject, longest_name, reader);
    }
    let name = shortened(&clean(&subject.monitor.name), longest_name);
    reader.text_with(key, &[("name", name.into())])
}

/// What there is to add to the facts.
pub(super) fn note(notice: &Notice, subject: &Subject, reader: Reader) -> Option<String> {
    if subject.incident.origin.own().is_some() {
        return own::note(notice.event, &subject.incident.origin, reader);
    }
    if subject.deleted && notice.event == Event::Resolved {
        return Some(reader.text("mail-note-deleted"));
    }
    // The recovery of an outage that this person never heard of stands for both messages.
    let outage = subject.incident.kind == IncidentKind::Down;
    let alone = notice.event == Event::Resolved && notice.thread.is_none() && outage;
    let key = match notice.event {
        Event::Flapping if outage => Some("mail-note-flapping"),
        Event::Flapping => Some("mail-note-degraded-flapping"),
        _ => alone.then_some("mail-note-both"),
    };
    key.map(|key| reader.text(key))
}

fn subject_of(
    notice: &Notice,
    subject: &Subject,
    word: &str,
    name: &str,
    wording: &Wording<'_>,
    values: &Values,
    reader: Reader,
) -> String {
    let own = subject.incident.origin.own().is_some();
    match wording.settings.subject_style {
        // What people write speaks of monitors.
        SubjectStyle::Status if own => {
            tagged_subject(word, &headline(notice.event, subject, LONGEST_NAME, reader))
        }
        SubjectStyle::Status => wording
            .subject(values, LONGEST_SUBJECT)
            .unwrap_or_else(|| tagged_subject(word, name)),
        SubjectStyle::Thread => {
            // The same from beginning to end, with room for what the answers to it begin with.
            let most = LONGEST_SUBJECT - ANSWER.len();
            let about = wording.subject(values, most).filter(|_| !own);
            let about = about.unwrap_or_else(|| {
                let number = subject.incident.id.to_string();
                subject_about(name, most, |name| {
                    let named = [("number", number.clone().into()), ("name", name.into())];
                    reader.text_with("mail-subject-incident", &named)
                })
            });
            match notice.thread {
                Some(_) if notice.event != Event::Opened => format!("{ANSWER}{about}"),
                _ => about,
            }
        }
    }
}

/// What is known of the incident: the part that a message about several repeats.
pub(super) fn section(event: Event, subject: &Subject, pages: Pages<'_>, reader: Reader) -> Section {
    let Subject {
        incident, monitor, ..
    } = subject;
    let row = |label: &str, value: String| Row::new(reader, label, value);
    if incident.origin.own().is_some() {
        return own::section(event, subject, pages, reader);
    }
    let target = format!("{} ({})", clean(&monitor.target), clean(&monitor.kind));
    let mut rows = vec![
        row("mail-label-monitor", clean(&monitor.name)),
        row("mail-label-target", target),
    ];
    let reason = clean(&incident.reason.detail);
    let lasted = reader.duration(incident.duration(reader.now));
    match incident.resolved_at() {
        Some(at) if incident.kind != IncidentKind::Down || subject.deleted => rows.extend([
            row("mail-label-began", reader.absolute(incident.since)),
            row("mail-label-ended", reader.moment(at)),
            row("mail-label-lasted", lasted),
            row("mail-label-reason", reason),
        ]),
        Some(at) => rows.extend([
            row("mail-label-down-from", reader.absolute(incident.since)),
            row("mail-label-up-since", reader.moment(at)),
            row("mail-label-lasted", lasted),
            row("mail-label-was-reason", reason),
        ]),
        // Nothing lasts that is still to come.
        None if incident.kind == IncidentKind::Certificate => rows.push(row("mail-label-reason", reason)),
        None => rows.extend([
            row("mail-label-since", reader.moment(incident.since)),
            row("mail-label-so-far", lasted),
            row("mail-label-reason", reason),
        ]),
    }
    rows.extend(acknowledged(incident, reader));
    if let Some(names) = took_down(&subject.took_down, reader) {
        rows.push(row("mail-label-took-down", names));
    }
    if !monitor.tags.is_empty() {
        let tags: Vec<String> = monitor.tags.iter().map(|t| clean(t)).collect();
        rows.push(row("mail-label-tags", clean(&tags.join(", "))));
    }
    Section {
        checks: checks(&subject.checks, reader),
        ..linked(rows, event, incident, pages, reader)
    }
}

fn acknowledged(incident: &Incident, reader: Reader) -> Option<Row> {
    let (Progress::Acknowledged { at, by }
    | Progress::Resolved {
        acknowledged: Some((at, by)),
        ..
    }) = &incident.progress
    else {
        return None;
    };
    let values = [("by", clean(by).into()), ("at", reader.absolute(*at).into())];
    let text = reader.text_with("mail-acknowledged-by", &values);
    Some(Row::new(reader, "mail-label-acknowledged", text))
}

/// With where to look and where to acknowledge.
fn linked(rows: Vec<Row>, event: Event, incident: &Incident, pages: Pages<'_>, reader: Reader) -> Section {
    Section {
        rows,
        link: Some(Link {
            label: reader.text("mail-link-incident"),
            url: pages.links.incident(incident.id),
        }),
        acknowledge: pages.acknowledge(event, incident).map(|url| Link {
            label: reader.text("mail-link-acknowledge"),
            url,
        }),
        ..Section::default()
    }
}

/// `a, b, c and 9 more`.
fn took_down(names: &[String], reader: Reader) -> Option<String> {
    let first: Vec<String> = names
        .iter()
        .take(MOST_TAKEN_DOWN)
        .map(|name| shortened(&clean(name), LONGEST_TAKEN_DOWN))
        .collect();
    let more = names.len() - first.len();
    let listed = first.join(", ");
    match (first.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(listed),
        (false, more) => {
            let values = [("names", listed.into()), ("n", more.into())];
            Some(reader.text_with("mail-digest-names", &values))
        }
    }
}

fn checks(checks: &[LastCheck], reader: Reader) -> Option<Checks> {
    let last: Timestamp = checks.last()?.at;
    let row = |check: &LastCheck| CheckRow {
        time: reader.clock(check.at),
        tone: Tone::of_check(check.result),
        word: reader.text(match check.result {
            CheckResult::Up => "mail-check-up",
            CheckResult::Down => "mail-check-down",
            CheckResult::Unknown => "mail-check-unknown",
        }),
        detail: match (&check.reason, check.latency) {
            (Some(reason), _) => clean(reason),
            (None, Some(d)) => latency(d),
            (None, None) => String::new(),
        },
    };
    Some(Checks {
        title: reader.text_with("mail-label-checks", &[("zone", reader.zone_at(last).into())]),
        rows: checks.iter().map(row).collect(),
    })
}
