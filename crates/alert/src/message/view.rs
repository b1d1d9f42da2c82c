//! What a message says, ready to print: the same sentences for the text and for the HTML.

use askama::Template;
use domain::{
    delivery::{CheckResult, Notice},
    mail::{Address, MailSettings},
    text::sanitize,
};

use super::{
    Language, Occasion, custom, digest, incident,
    palette::{DARK, LIGHT, Palette},
    space::Space,
    words::{Reader, tagged_subject},
    wrap::wrapped,
};
use crate::links::Pages;

/// Colour and mark of a message. The word says the same: nobody needs to see colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Bad,
    Good,
    Neutral,
}

impl Tone {
    pub(super) fn of_check(result: CheckResult) -> Self {
        match result {
            CheckResult::Up => Self::Good,
            CheckResult::Down => Self::Bad,
            CheckResult::Unknown => Self::Neutral,
        }
    }

    /// Ground of a badge.
    fn ground(self, p: &Palette) -> &'static str {
        match self {
            Self::Bad => p.bad,
            Self::Good => p.good,
            Self::Neutral => p.neutral,
        }
    }

    /// Text on the card.
    fn ink(self, p: &Palette) -> &'static str {
        match self {
            Self::Bad => p.bad_text,
            Self::Good => p.good_text,
            Self::Neutral => p.muted,
        }
    }

    /// Suffix of the classes that the dark appearance colours.
    fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Good => "good",
            Self::Neutral => "neutral",
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Bad => "▼",
            Self::Good => "▲",
            Self::Neutral => "●",
        }
    }
}

pub(super) struct Row {
    pub(super) label: String,
    pub(super) value: String,
}

/// One of the latest checks.
pub(super) struct CheckRow {
    pub(super) time: String,
    pub(super) tone: Tone,
    pub(super) word: String,
    /// How long it took, or why it was not up.
    pub(super) detail: String,
}

pub(super) struct Checks {
    /// With the zone of the times.
    pub(super) title: String,
    pub(super) rows: Vec<CheckRow>,
}

/// Where a link leads, and its words.
pub(super) struct Link {
    pub(super) label: String,
    pub(super) url: String,
}

/// One thing that the message is about. A message about several has one of these for each.
#[derive(Default)]
pub(super) struct Section {
    /// Only where there are several.
    pub(super) title: Option<String>,
    pub(super) rows: Vec<Row>,
    pub(super) checks: Option<Checks>,
    pub(super) link: Option<Link>,
    /// Beside it.
    pub(super) acknowledge: Option<Link>,
}

/// One of many things that the message is about, in a line or two.
pub(super) struct Item {
    pub(super) word: &'static str,
    pub(super) tone: Tone,
    pub(super) name: String,
    /// When, and what there is room for.
    pub(super) detail: String,
    pub(super) url: String,
}

pub(super) struct View {
    pub(super) language: Language,
    pub(super) subject: String,
    /// `DOWN`, `UP`: the same in every language.
    pub(super) word: &'static str,
    pub(super) tone: Tone,
    pub(super) headline: String,
    /// What a list of messages shows after the subject.
    pub(super) preheader: String,
    pub(super) sections: Vec<Section>,
    /// Instead of sections, where they would be too many.
    pub(super) list: Vec<Item>,
    /// Ours first, then the one that people wrote. Line breaks are meant.
    pub(super) notes: Vec<String>,
    /// Who gets this and why.
    pub(super) why: String,
    pub(super) stop: Option<Stop>,
}

/// How to stop it, and where.
pub(super) struct Stop {
    pub(super) how: String,
    pub(super) url: String,
    /// Instead of the address, where a link can have words.
    pub(super) words: String,
}

#[derive(Template)]
#[template(path = "emails/notice.txt")]
struct Text<'a> {
    view: &'a View,
}

#[derive(Template)]
#[template(path = "emails/notice.html")]
struct Html<'a> {
    view: &'a View,
    light: Palette,
    dark: Palette,
}

impl View {
    pub(super) fn text(&self) -> askama::Result<String> {
        Ok(wrapped(&Text { view: self }.render()?))
    }

    pub(super) fn html(&self) -> askama::Result<String> {
        let (light, dark) = (LIGHT, DARK);
        Html {
            view: self,
            light,
            dark,
        }
        .render()
    }

    /// `unsubscribe`: the page of this recipient, where there is one that can be reached.
    pub(super) fn of_notice(
        notice: &Notice,
        wording: &custom::Wording<'_>,
        pages: Pages<'_>,
        unsubscribe: Option<String>,
        (reader, space): (Reader, Space),
    ) -> Self {
        let channel = clean(&notice.channel_name);
        let recipients: Vec<&str> = std::iter::once(&notice.recipient)
            .chain(&notice.shared_with)
            .map(String::as_str)
            .collect();
        let why = reader.text_with(
            "mail-why",
            &[
                ("recipient", clean(&recipients.join(", ")).into()),
                ("channel", channel.clone().into()),
            ],
        );
        let stop = match unsubscribe {
            Some(url) => Stop {
                how: reader.text("mail-unsubscribe"),
                url,
                words: reader.text("mail-unsubscribe-do"),
            },
            None => Stop {
                how: reader.text("mail-stop"),
                url: pages.links.channels(),
                words: pages.links.channels(),
            },
        };
        let mut view = match &notice.subject {
            Some(_) if notice.is_digest() => digest::view(notice, pages, reader, space.parts),
            Some(subject) => incident::view(notice, subject, wording, pages, (reader, space)),
            None => Self {
                subject: tagged_subject("TEST", &channel),
                headline: reader.text_with("mail-headline-channel-test", &[("channel", channel.into())]),
                sections: vec![Section {
                    rows: vec![Row::new(reader, "mail-label-sent", reader.absolute(reader.now))],
                    ..Section::default()
                }],
                ..Self::of_a_test(reader)
            },
        };
        view.why = why;
        view.stop = Some(stop);
        view
    }

    /// The test of the mail settings.
    pub(super) fn of_test(settings: &MailSettings, to: &Address, reader: Reader, occasion: Occasion) -> Self {
        let (headline, note, why) = match occasion {
            Occasion::Test => ("mail-headline-test", "mail-note-test", "mail-why-test"),
            Occasion::Week => ("mail-headline-week", "mail-note-week", "mail-why-week"),
        };
        let row = |label: &str, value: String| Row::new(reader, label, value);
        let security = reader.text(&format!("mail-security-{}", settings.security));
        Self {
            subject: tagged_subject("TEST", &reader.text("mail-subject-test")),
            headline: reader.text(headline),
            preheader: reader.text(note),
            notes: vec![reader.text(note)],
            sections: vec![Section {
                rows: vec![
                    row("mail-label-server", settings.server.to_string()),
                    row("mail-label-security", security),
                    row("mail-label-from", settings.from.to_string()),
                    row("mail-label-sent", reader.absolute(reader.now)),
                ],
                ..Section::default()
            }],
            why: reader.text_with(why, &[("recipient", to.as_str().into())]),
            ..Self::of_a_test(reader)
        }
    }

    /// What all tests have in common.
    fn of_a_test(reader: Reader) -> Self {
        Self {
            language: reader.language,
            subject: String::new(),
            word: "TEST",
            tone: Tone::Neutral,
            headline: String::new(),
            preheader: reader.text("mail-note-test"),
            sections: Vec::new(),
            list: Vec::new(),
            notes: vec![reader.text("mail-note-test")],
            why: String::new(),
            stop: None,
        }
    }
}

impl Row {
    pub(super) fn new(reader: Reader, label: &str, value: String) -> Self {
        Self {
            label: reader.text(label),
            value,
        }
    }
}

/// What a target or a person put there, on one line.
pub(super) fn clean(text: &str) -> String {
    sanitize(text, 300)
}
