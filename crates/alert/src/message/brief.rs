//! What there is to say where there is little room: chat, paging, push.

use domain::delivery::Notice;

use super::{
    digest::Summary,
    incident::{announced_of, headline, note, section},
    view::{Row, Tone, clean},
    words::{Reader, tagged_subject},
};
use crate::links::Pages;

/// Of the names in a digest, in characters: the least that a service shows of a message.
const ROOM_FOR_NAMES: usize = 700;

/// One message in the words of its readers. Nothing in it is escaped.
#[derive(Debug)]
pub(crate) struct Brief {
    pub(crate) tone: Tone,
    /// `[DOWN] Shop`: the word in front is the same in every language.
    pub(crate) title: String,
    /// `Shop is down`.
    pub(crate) headline: String,
    /// What is known, with its labels.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) note: Option<String>,
    /// Where to look, with its words.
    pub(crate) link: Option<(String, String)>,
    /// Where to acknowledge, with its words. Whoever follows it needs no login.
    pub(crate) acknowledge: Option<(String, String)>,
    /// What was watched; of a test, the channel.
    pub(crate) source: String,
}

impl Brief {
    pub(crate) fn new(notice: &Notice, pages: Pages<'_>, reader: Reader) -> Self {
        let Some(subject) = &notice.subject else {
            return Self::of_a_test(notice, reader);
        };
        if notice.is_digest() {
            return Self::of_many(notice, pages, reader);
        }
        let name = clean(&subject.monitor.name);
        let (word, tone, _) = announced_of(notice.event, subject);
        let own = subject.incident.origin.own().is_some();
        let headline = headline(notice.event, subject, usize::MAX, reader);
        let section = section(notice.event, subject, pages, reader);
        // The headline has the name.
        let facts = section.rows.into_iter().skip(1);
        Self {
            tone,
            title: tagged_subject(word, if own { &headline } else { &name }),
            headline,
            facts: facts.map(|Row { label, value }| (label, value)).collect(),
            note: note(notice, subject, reader).filter(|_| own || subject.deleted),
            link: section.link.map(|l| (l.label, l.url)),
            acknowledge: section.acknowledge.map(|l| (l.label, l.url)),
            source: clean(&subject.monitor.target),
        }
    }

    /// No message about one of them is changed by it or answered.
    fn of_many(notice: &Notice, pages: Pages<'_>, reader: Reader) -> Self {
        let summary = Summary::new(notice, reader);
        Self {
            tone: summary.tone,
            title: summary.subject(),
            facts: vec![(
                reader.text("mail-label-monitors"),
                summary.named(ROOM_FOR_NAMES, reader),
            )],
            headline: summary.headline,
            note: None,
            link: Some((reader.text("mail-link-incidents"), pages.links.incidents())),
            acknowledge: None,
            source: summary.about,
        }
    }

    fn of_a_test(notice: &Notice, reader: Reader) -> Self {
        let channel = clean(&notice.channel_name);
        Self {
            tone: Tone::Neutral,
            title: tagged_subject("TEST", &channel),
            headline: reader.text_with(
                "mail-headline-channel-test",
                &[("channel", channel.as_str().into())],
            ),
            facts: vec![(reader.text("mail-label-sent"), reader.absolute(reader.now))],
            note: Some(reader.text("mail-note-test")),
            link: None,
            acknowledge: None,
            source: channel,
        }
    }

    /// Where to look and where to acknowledge, as far as there are such places.
    pub(crate) fn links(&self) -> impl Iterator<Item = &(String, String)> {
        self.link.iter().chain(&self.acknowledge)
    }

    /// What makes the address for acknowledging one that works.
    pub(crate) fn proof(&self) -> Option<&str> {
        let (_, url) = self.acknowledge.as_ref()?;
        url.rsplit('/').next()
    }

    /// All of it, line by line.
    pub(crate) fn text(&self) -> String {
        let facts = self
            .facts
            .iter()
            .map(|(label, value)| format!("{label}: {value}"));
        let lines: Vec<String> = std::iter::once(self.headline.clone())
            .chain(facts)
            .chain(self.note.clone())
            .collect();
        lines.join("\n")
    }
}
