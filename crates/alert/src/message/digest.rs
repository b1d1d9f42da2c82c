//! The message about several incidents: what would have been messages of their own.
//!
//! A few have a part each, as their own message would tell them. Many are a list with a line or two for each, so that
//! mail programs show all of it; where that is still too much, with the names alone. Of very many the first ones are named
//! and the others counted.

use std::collections::BTreeMap;

use domain::{
    delivery::{Event, Notice, Subject},
    id::MonitorId,
    incident::{IncidentKind, Origin},
};

use super::{
    incident::{announced, announced_of, section},
    space::Parts,
    view::{Item, Link, Section, Tone, View, clean},
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
const MOST_PARTS: u64 = 10;

/// Of what is counted only: troubles of our own are too few for that.
const SOME_MONITOR: Origin = Origin::Monitor(MonitorId(0));

/// What a digest is about, in few words.
pub(super) struct Summary {
    /// `12 DOWN`, `3 DOWN, 2 ACK`: the words are the same in every language.
    pub(super) words: String,
    /// `a, b, c and 9 more`.
    pub(super) about: String,
    /// Of what is described, in the order in which it happened, each once.
    pub(super) names: Vec<String>,
    /// Events.
    pub(super) count: u64,
    pub(super) word: &'static str,
    pub(super) tone: Tone,
    pub(super) headline: String,
}

impl Summary {
    pub(super) fn new(notice: &Notice, reader: Reader) -> Self {
        let (mut names, mut counts) = (Vec::new(), BTreeMap::new());
        for (event, subject) in all(notice) {
            *counts.entry(rank(event, subject.about())).or_insert(0_u64) += 1;
            let name = shortened(clean(&subject.monitor.name).trim(), LONGEST_NAME);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut more = names.len().saturating_sub(NAMED) as u64;
        for ((event, kind), n) in &notice.counted {
            *counts.entry(rank(*event, (&SOME_MONITOR, *kind))).or_insert(0) += n;
            more += n;
        }
        let words: Vec<String> = counts
            .iter()
            .map(|((_, word), n)| format!("{n} {word}"))
            .collect();
        let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let down = counts.keys().any(|(_, word)| *word == "DOWN");
        let first = notice.subject.as_ref().map(Subject::about);
        let first = first.unwrap_or((&SOME_MONITOR, IncidentKind::Down));
        let (own, tone, _) = announced(notice.event, first);
        let of_one_kind = counts.len() == 1;
        let headline = match own {
            "DOWN" if of_one_kind => "mail-headline-digest-down",
            "UP" if of_one_kind && all_untold(notice) => "mail-headline-digest-both",
            "UP" if of_one_kind => "mail-headline-digest-up",
            _ => "mail-headline-digest",
        };
        Self {
            words: words.join(", "),
            about: and_more(&named, more, reader),
            names,
            count: notice.count(),
            word: if down { "DOWN" } else { own },
            tone: if down { Tone::Bad } else { tone },
            headline: reader.text_with(headline, &[("n", notice.count().into())]),
        }
    }

    /// As many names as there is room for, in characters, and how many more there are.
    pub(super) fn named(&self, room: usize, reader: Reader) -> String {
        let (mut listed, mut used) = (Vec::new(), 0);
        for name in &self.names {
            used += name.chars().count() + ", ".len();
            if used > room {
                break;
            }
            listed.push(name.as_str());
        }
        // Events of one name are told by it.
        let counted = self.count.saturating_sub(self.names.len() as u64);
        let more = (self.names.len() - listed.len()) as u64 + counted;
        and_more(&listed.join(", "), more, reader)
    }

    pub(super) fn subject(&self) -> String {
        tagged_subject(&self.words, &self.about)
    }
}

fn and_more(names: &str, more: u64, reader: Reader) -> String {
    if more == 0 {
        return names.to_owned();
    }
    reader.text_with(
        "mail-digest-names",
        &[("names", names.into()), ("n", more.into())],
    )
}

/// Nobody was told of the beginning of what has ended, as far as it is described.
fn all_untold(notice: &Notice) -> bool {
    std::iter::once(notice)
        .chain(&notice.also)
        .all(|one| one.thread.is_none())
}

/// What is described, in the order in which it happened.
fn all(notice: &Notice) -> impl Iterator<Item = (Event, &Subject)> {
    let all = std::iter::once(notice).chain(&notice.also);
    all.filter_map(|one| Some((one.event, one.subject.as_ref()?)))
}

/// `notice` and what travels with it.
pub(super) fn view(notice: &Notice, pages: Pages<'_>, reader: Reader, parts: Parts) -> View {
    let summary = Summary::new(notice, reader);
    let described = all(notice).count();
    let (mut sections, mut list) = (Vec::new(), Vec::new());
    if matches!(parts, Parts::Told) && notice.count() <= MOST_PARTS {
        sections.extend(all(notice).map(|(event, subject)| part(event, subject, pages, reader)));
    } else {
        let listed = all(notice).take(parts.most().unwrap_or(described));
        list.extend(listed.map(|(event, subject)| item(event, subject, pages.links, reader, parts)));
        sections.push(Section {
            link: Some(Link {
                label: reader.text("mail-link-incidents"),
                url: pages.links.incidents(),
            }),
            ..Section::default()
        });
    }
    let unlisted = if list.is_empty() {
        0
    } else {
        summary.count - list.len() as u64
    };
    View {
        language: reader.language,
        subject: summary.subject(),
        word: summary.word,
        tone: summary.tone,
        preheader: format!("{}: {}", summary.words, summary.about),
        headline: summary.headline,
        sections,
        list,
        // The note of one's own speaks of one incident; it has no place here.
        notes: notes(unlisted, reader),
        why: String::new(),
        stop: None,
    }
}

fn part(event: Event, subject: &Subject, pages: Pages<'_>, reader: Reader) -> Section {
    let (word, ..) = announced_of(event, subject);
    let name = shortened(&clean(&subject.monitor.name), LONGEST_NAME);
    Section {
        title: Some(format!("{word}: {name}")),
        checks: None,
        ..section(event, subject, pages, reader)
    }
}

fn item(event: Event, subject: &Subject, links: &Links, reader: Reader, parts: Parts) -> Item {
    let (word, tone, _) = announced_of(event, subject);
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

fn notes(unlisted: u64, reader: Reader) -> Vec<String> {
    let more = (unlisted > 0).then(|| reader.text_with("mail-digest-more", &[("n", unlisted.into())]));
    more.into_iter()
        .chain([reader.text("mail-note-digest")])
        .collect()
}

/// What is wrong comes first.
fn rank(event: Event, (origin, kind): (&Origin, IncidentKind)) -> (u8, &'static str) {
    let rank = match event {
        Event::Opened | Event::Reminder | Event::Flapping if kind == IncidentKind::Down => 0,
        Event::Opened | Event::Reminder | Event::Flapping => 1,
        Event::Acknowledged => 2,
        Event::Resolved => 3,
        Event::Test => 4,
    };
    (rank, announced(event, (origin, kind)).0)
}
