//! The message about several incidents: what would have been messages of their own, where the mail server takes no more.

use std::collections::BTreeMap;

use domain::delivery::{Event, Notice};

use super::{
    incident::{announced, section},
    view::{Section, Tone, View, clean},
    words::{Reader, shortened, tagged_subject},
};
use crate::links::Links;

/// Names in the subject; how many more there are is said.
const NAMED: usize = 3;
/// Of a name in the title of its part.
const LONGEST_NAME: usize = 60;

/// `notice` and what travels with it, in the order in which things happened.
pub(super) fn view(notice: &Notice, links: &Links, reader: Reader) -> View {
    let all: Vec<&Notice> = std::iter::once(notice).chain(&notice.also).collect();
    let (mut sections, mut names, mut counts) = (Vec::new(), Vec::new(), BTreeMap::new());
    for one in &all {
        let Some(subject) = &one.subject else { continue };
        let (word, ..) = announced(one.event);
        *counts.entry((rank(one.event), word)).or_insert(0_usize) += 1;
        let name = clean(&subject.monitor.name);
        if !names.contains(&name) {
            names.push(name.clone());
        }
        sections.push(Section {
            title: Some(format!("{word}: {}", shortened(&name, LONGEST_NAME))),
            checks: None,
            ..section(one.event, subject, links, reader)
        });
    }
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
    let word = if down { "DOWN" } else { announced(notice.event).0 };
    View {
        language: reader.language,
        subject: tagged_subject(&words.join(", "), &about),
        word,
        tone: if down {
            Tone::Bad
        } else {
            announced(notice.event).1
        },
        headline: reader.text_with("mail-headline-digest", &[("n", sections.len().into())]),
        preheader: format!("{}: {about}", words.join(", ")),
        sections,
        // The note of one's own speaks of one incident; it has no place here.
        notes: vec![reader.text("mail-note-digest")],
        why: String::new(),
        stop: None,
    }
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
