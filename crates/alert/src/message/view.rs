//! What a message says, ready to print: the same sentences for the text and for the HTML.

use askama::Template;
use domain::{
    clock::Timestamp,
    delivery::{Event, Notice, Subject},
    incident::Progress,
    mail::{Address, MailSettings},
    text::sanitize,
};

use super::{
    Language,
    words::{absolute, duration, moment},
};
use crate::links::Links;

/// Colour and mark of a message. The word says the same: nobody needs to see colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Bad,
    Good,
    Neutral,
}

impl Tone {
    /// At least 4.5:1 against white text.
    fn colour(self) -> &'static str {
        match self {
            Self::Bad => "#b42318",
            Self::Good => "#1a7340",
            Self::Neutral => "#3b4a63",
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

pub(super) struct View {
    pub(super) language: Language,
    pub(super) subject: String,
    /// `DOWN`, `UP`: the same in every language.
    pub(super) word: &'static str,
    pub(super) tone: Tone,
    pub(super) headline: String,
    /// What a list of messages shows after the subject.
    pub(super) preheader: String,
    pub(super) rows: Vec<Row>,
    pub(super) note: Option<String>,
    /// The page to look at.
    pub(super) link: Option<(String, String)>,
    /// Who gets this and why.
    pub(super) why: String,
    /// How to stop it, and where.
    pub(super) stop: Option<(String, String)>,
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
}

impl View {
    pub(super) fn text(&self) -> askama::Result<String> {
        Text { view: self }.render()
    }

    pub(super) fn html(&self) -> askama::Result<String> {
        Html { view: self }.render()
    }

    pub(super) fn of_notice(notice: &Notice, links: &Links, language: Language, now: Timestamp) -> Self {
        let channel = clean(&notice.channel_name);
        let why = language.text_with(
            "mail-why",
            &[
                ("recipient", clean(&notice.recipient).into()),
                ("channel", channel.clone().into()),
            ],
        );
        let stop = Some((language.text("mail-stop"), links.channels()));
        match &notice.subject {
            Some(subject) => Self::of_incident(notice, subject, links, language, now, why, stop),
            None => Self {
                language,
                subject: super::words::subject("TEST", &channel),
                word: "TEST",
                tone: Tone::Neutral,
                headline: language.text_with("mail-headline-channel-test", &[("channel", channel.into())]),
                preheader: language.text("mail-note-test"),
                rows: vec![Row::new(language, "mail-label-sent", absolute(now))],
                note: Some(language.text("mail-note-test")),
                link: None,
                why,
                stop,
            },
        }
    }

    fn of_incident(
        notice: &Notice,
        subject: &Subject,
        links: &Links,
        language: Language,
        now: Timestamp,
        why: String,
        stop: Option<(String, String)>,
    ) -> Self {
        let Subject { incident, monitor } = subject;
        let name = clean(&monitor.name);
        let (word, tone, headline) = match notice.event {
            Event::Opened => ("DOWN", Tone::Bad, "mail-headline-opened"),
            Event::Reminder => ("DOWN", Tone::Bad, "mail-headline-reminder"),
            Event::Acknowledged => ("ACK", Tone::Neutral, "mail-headline-acknowledged"),
            Event::Resolved => ("UP", Tone::Good, "mail-headline-resolved"),
            Event::CertificateExpiring => ("CERT", Tone::Neutral, "mail-headline-certificate"),
            Event::Test => ("TEST", Tone::Neutral, "mail-headline-opened"),
        };
        let row = |label: &str, value: String| Row::new(language, label, value);
        let target = format!("{} ({})", clean(&monitor.target), clean(&monitor.kind));
        let mut rows = vec![
            row("mail-label-monitor", name.clone()),
            row("mail-label-target", target),
        ];
        let reason = clean(&incident.reason.detail);
        let lasted = duration(incident.duration(now), language);
        let preheader = match incident.resolved_at() {
            Some(_) => format!("{}: {lasted}", language.text("mail-label-lasted")),
            None => reason.clone(),
        };
        match incident.resolved_at() {
            Some(at) => rows.extend([
                row("mail-label-down-from", absolute(incident.since)),
                row("mail-label-up-since", moment(at, now, language)),
                row("mail-label-lasted", lasted),
                row("mail-label-was-reason", reason),
            ]),
            None => rows.extend([
                row("mail-label-since", moment(incident.since, now, language)),
                row("mail-label-so-far", lasted),
                row("mail-label-reason", reason),
            ]),
        }
        if let Progress::Acknowledged { at, by }
        | Progress::Resolved {
            acknowledged: Some((at, by)),
            ..
        } = &incident.progress
        {
            let text = language.text_with(
                "mail-acknowledged-by",
                &[("by", clean(by).into()), ("at", absolute(*at).into())],
            );
            rows.push(row("mail-label-acknowledged", text));
        }
        if !monitor.tags.is_empty() {
            let tags: Vec<String> = monitor.tags.iter().map(|t| clean(t)).collect();
            rows.push(row("mail-label-tags", tags.join(", ")));
        }
        // The recovery of an outage that this person never heard of stands for both messages.
        let alone = notice.event == Event::Resolved && notice.thread.is_none();
        Self {
            language,
            subject: super::words::subject(word, &name),
            word,
            tone,
            headline: language.text_with(headline, &[("name", name.into())]),
            preheader,
            rows,
            note: alone.then(|| language.text("mail-note-both")),
            link: Some((language.text("mail-link-incident"), links.incident(incident.id))),
            why,
            stop,
        }
    }

    /// The test of the mail settings.
    pub(super) fn of_test(settings: &MailSettings, to: &Address, language: Language, now: Timestamp) -> Self {
        let row = |label: &str, value: String| Row::new(language, label, value);
        Self {
            language,
            subject: super::words::subject("TEST", &language.text("mail-subject-test")),
            word: "TEST",
            tone: Tone::Neutral,
            headline: language.text("mail-headline-test"),
            preheader: language.text("mail-note-test"),
            rows: vec![
                row("mail-label-server", settings.server.to_string()),
                row(
                    "mail-label-security",
                    language.text(&format!("mail-security-{}", settings.security)),
                ),
                row("mail-label-from", settings.from.to_string()),
                row("mail-label-sent", absolute(now)),
            ],
            note: Some(language.text("mail-note-test")),
            link: None,
            why: language.text_with("mail-why-test", &[("recipient", to.as_str().into())]),
            stop: None,
        }
    }
}

impl Row {
    fn new(language: Language, label: &str, value: String) -> Self {
        Self {
            label: language.text(label),
            value,
        }
    }
}

/// What a target or a person put there, on one line.
fn clean(text: &str) -> String {
    sanitize(text, 300)
}
