//! The message about several incidents: what would have been messages of their own, where the mail server takes no more.
//!
//! A few have a part each, as their own message would tell them. Many are a list with a line or two for each, so that
//! mail programs show all of it; where that is still too much, with the names alone.

use std::collections::BTreeMap;

use domain::delivery::{Event, Notice, Subject};

use super::{
    incident::{announced, section},
    space::Parts,
    view::{Item, Section, Tone, View, clean},
    words::{Reader, shortened, tagged_subject},
};
use crate::links::{Links, Pages};

/// Names in the subject; how many more there are is said.
const NAMED: usize = 3;
/// Of a name in the title of its part.
const LONGEST_NAME: usize = 60;
/// The same where there are names alone.
const SHORT_NAME: usize = 30;
/// Of a reason in the list.
const LONGEST_REASON: usize = 120;
/// More than this are a list.
const MOST_PARTS: usize = 10;

/// `notice` and what travels with it, in the order in which things happened.
pub(super) fn view(notice: &Notice, pages: Pages<'_>, reader: Reader, parts: Parts) -> View {
    let all = || std::iter::once(notice).chain(&notice.also);
    let all = || all().filter_map(|one| Some((one.event, one.subject.as_ref()?)));
    let (mut names, mut counts) = (Vec::new(), BTreeMap::new());
    for (event, subject) in all() {
        let (word, ..) = announced(event, &subject.incident.origin);
        *counts.entry((rank(event), word)).or_insert(0_usize) += 1;
        let name = shortened(clean(&subject.monitor.name).trim(), LONGEST_NAME);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let count = all().count();
    let (mut sections, mut list) = (Vec::new(), Vec::new());
    if matches!(parts, Parts::Told) && count <= MOST_PARTS {
        sections.extend(all().map(|(event, subject)| part(event, subject, pages, reader)));
    } else {
        let most = parts.most().unwrap_or(count);
        let listed = all().take(most);
        list.extend(listed.map(|(event, subject)| item(event, subject, pages.links, reader, parts)));
    }
    let unlisted = if list.is_empty() { 0 } else { count - list.len() };
    let words: Vec<String> = counts
        .iter()
        .map(|((_, word), n)| format!("{n} {word}"))
        .collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let listed = names.join(", ");
    let about = if more == 0 {
        listed
    } else {
        let values = [("names", listed.into()), ("n", more.into())];
        reader.text_with("mail-digest-names", &values)
    };
    let down = counts.keys().any(|(_, word)| *word == "DOWN");
    let first = notice.subject.as_ref().map(|s| &s.incident.origin);
    let (word, tone) = match first {
        _ if down => ("DOWN", Tone::Bad),
        Some(origin) => {
            let (word, tone, _) = announced(notice.event, origin);
            (word, tone)
        }
        None => ("", Tone::Neutral),
    };
    View {
        language: reader.language,
        subject: tagged_subject(&words.join(", "), &about),
        word,
        tone,
        headline: reader.text_with("mail-headline-digest", &[("n", count.into())]),
        preheader: format!("{}: {about}", words.join(", ")),
        sections,
        list,
        // The note of one's own speaks of one incident; it has no place here.
        notes: notes(unlisted, reader),
        why: String::new(),
        stop: None,
    }
}

fn part(event: Event, subject: &Subject, pages: Pages<'_>, reader: Reader) -> Section {
    let (word, ..) = announced(event, &subject.incident.origin);
    let name = shortened(&clean(&subject.monitor.name), LONGEST_NAME);
    Section {
        title: Some(format!("{word}: {name}")),
        checks: None,
        ..section(event, subject, pages, reader)
    }
}

fn item(event: Event, subject: &Subject, links: &Links, reader: Reader, parts: Parts) -> Item {
    let (word, tone, _) = announced(event, &subject.incident.origin);
    let incident = &subject.incident;
    let when = reader.absolute(incident.resolved_at().unwrap_or(incident.since));
    let named = matches!(parts, Parts::Named { .. });
    let what = match incident.resolved_at() {
        Some(_) => {
            let lasted = reader.duration(incident.duration(reader.now));
            format!("{}: {lasted}", reader.text("mail-label-lasted"))
        }
        None => shortened(&clean(&incident.reason.detail), LONGEST_REASON),
    };
    let name = clean(&subject.monitor.name);
    Item {
        word,
        tone,
        name: shortened(&name, if named { SHORT_NAME } else { LONGEST_NAME }),
        detail: if named { when } else { format!("{when} · {what}") },
        url: links.incident(incident.id),
    }
}

fn notes(unlisted: usize, reader: Reader) -> Vec<String> {
    let more = (unlisted > 0).then(|| reader.text_with("mail-digest-more", &[("n", unlisted.into())]));
    more.into_iter()
        .chain([reader.text("mail-note-digest")])
        .collect()
}

/// What is wrong comes first.
fn rank(event: Event) -> u8 {
    match event {
        Event::Opened => 0,
        Event::Reminder => 1,
        Event::CertificateExpiring => 2,
        Event::Acknowledged => 3,
        Event::Resolved => 4,
        Event::Test => 5,
    }
}
