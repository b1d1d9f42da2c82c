//! The subject and the note that people wrote, with the values of one message.

use domain::{
    delivery::{Notice, Subject},
    mail_message::{LARGEST_NOTE, MessageSettings, Placeholder},
};

use super::{
    view::clean,
    words::{Reader, subject_about},
};
use crate::links::Links;

/// The settings as they are at the moment of sending.
pub(super) struct Wording<'a> {
    pub(super) settings: &'a MessageSettings,
}

/// What the placeholders stand for. Every value is on one line.
pub(super) struct Values {
    status: &'static str,
    monitor: String,
    target: String,
    kind: String,
    tags: String,
    reason: String,
    since: String,
    duration: String,
    incident: String,
    channel: String,
    link: String,
}

impl Values {
    pub(super) fn new(
        notice: &Notice,
        subject: &Subject,
        status: &'static str,
        links: &Links,
        reader: Reader,
    ) -> Self {
        let Subject {
            incident, monitor, ..
        } = subject;
        Self {
            status,
            monitor: clean(&monitor.name),
            target: clean(&monitor.target),
            kind: clean(&monitor.kind),
            tags: clean(&monitor.tags.join(", ")),
            reason: clean(&incident.reason.detail),
            since: reader.absolute(incident.since),
            duration: reader.duration(incident.duration(reader.now)),
            incident: incident.id.to_string(),
            channel: clean(&notice.channel_name),
            link: links.incident(incident.id),
        }
    }

    fn of(&self, placeholder: Placeholder) -> String {
        let value = match placeholder {
            Placeholder::Status => self.status,
            Placeholder::Monitor => &self.monitor,
            Placeholder::Target => &self.target,
            Placeholder::Kind => &self.kind,
            Placeholder::Tags => &self.tags,
            Placeholder::Reason => &self.reason,
            Placeholder::Since => &self.since,
            Placeholder::Duration => &self.duration,
            Placeholder::Incident => &self.incident,
            Placeholder::Channel => &self.channel,
            Placeholder::Link => &self.link,
        };
        value.to_owned()
    }
}

impl Wording<'_> {
    /// At most `most` characters of it. `None`: the usual one. One whose values are all empty is no subject.
    pub(super) fn subject(&self, values: &Values, most: usize) -> Option<String> {
        let template = self.settings.subject.as_ref()?;
        let subject = subject_about(&values.monitor, most, |name| {
            template.render(LARGEST_NOTE, |p| {
                if p == Placeholder::Monitor {
                    name.to_owned()
                } else {
                    values.of(p)
                }
            })
        });
        Some(subject).filter(|s| !s.is_empty())
    }

    /// At most `most` bytes of it.
    pub(super) fn note(&self, values: &Values, most: usize) -> Option<String> {
        let template = self.settings.note.as_ref().filter(|_| most > 0)?;
        let note = template.render(most, |p| values.of(p));
        Some(note.trim().to_owned()).filter(|n| !n.is_empty())
    }
}
