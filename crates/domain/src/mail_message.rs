//! How mails are worded beyond what is fixed: the kind of subject, a subject and a note of one's own.

use serde_json::{Value, json};

use crate::{
    field::{FieldError, FieldErrors},
    json::Object,
    outcome::named,
    text::{is_unsafe, parse_line},
};

mod placeholder;

pub use placeholder::{Placeholder, Template};

/// Characters of a subject as it leaves. RFC 5322 recommends 78 and forbids more than 998; mail programs cut far earlier
/// than the latter.
pub const LONGEST_SUBJECT: usize = 150;
/// Bytes of a note as it leaves. It stands in both parts of a message, each byte as three at worst; with twice that for
/// what must be escaped, it takes half of what mail programs show.
pub const LARGEST_NOTE: usize = 8 * 1024;
/// Characters that a person may type.
const LONGEST_SUBJECT_SOURCE: usize = 200;
/// Whatever the characters are, a note without placeholders leaves as it was typed.
const LONGEST_NOTE_SOURCE: usize = LARGEST_NOTE / 4;

named! {
    /// What a subject is for.
    SubjectStyle {
        /// `[DOWN] name`, `[UP] name`: a list of messages shows what happened.
        Status = "status",
        /// `Incident #42: name`, then `Re: Incident #42: name`: one conversation for each incident. Gmail puts messages
        /// together only when their subjects are the same.
        Thread = "thread",
    }
}

/// The body of `PUT /api/v1/settings/messages`, valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageSettings {
    pub subject_style: SubjectStyle,
    /// Instead of the usual subject.
    pub subject: Option<Template>,
    /// Added to every message about an incident.
    pub note: Option<Template>,
}

impl Default for MessageSettings {
    fn default() -> Self {
        Self {
            subject_style: SubjectStyle::Status,
            subject: None,
            note: None,
        }
    }
}

impl MessageSettings {
    /// `{"subject_style": "thread", "subject": "{{monitor}} ({{incident}})", "note": null}`.
    pub fn from_json(value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let style = o
            .text("subject_style")
            .unwrap_or_else(|| SubjectStyle::Status.to_string());
        let style = o.parse("subject_style", Some(style), |f, v| {
            SubjectStyle::parse(&v).ok_or_else(|| {
                FieldError::new(f, "subject-style-unknown", "Choose one of: status, thread.")
                    .with("known", "status, thread")
            })
        });
        let subject = o.text("subject").filter(|t| !t.trim().is_empty());
        let subject = o.parse("subject", subject, |f, v| parse_subject(f, &v, style));
        let note = o.text("note").filter(|t| !t.trim().is_empty());
        let note = o.parse("note", note, |f, v| parse_note(f, &v));
        let errors = o.finish();
        let settings = style.map(|subject_style| Self {
            subject_style,
            subject,
            note,
        });
        settings.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub fn to_json(&self) -> Value {
        json!({
            "subject_style": self.subject_style.as_str(),
            "subject": self.subject.as_ref().map(Template::source),
            "note": self.note.as_ref().map(Template::source),
        })
    }
}

fn parse_subject(field: &str, text: &str, style: Option<SubjectStyle>) -> Result<Template, FieldError> {
    let template = Template::parse(field, &parse_line(field, text, LONGEST_SUBJECT_SOURCE)?)?;
    let changing = template.placeholders().find(|p| !p.stays());
    match changing {
        Some(p) if style == Some(SubjectStyle::Thread) => {
            let allowed = Placeholder::listed(|p| p.stays());
            Err(FieldError::new(
                field,
                "template-changes",
                format!(
                    "A conversation needs the same subject from beginning to end, and {{{{{p}}}}} changes. Use: {allowed}."
                ),
            )
            .with("name", p)
            .with("known", allowed))
        }
        _ => Ok(template),
    }
}

/// Several lines; what browsers send as line ends becomes one.
fn parse_note(field: &str, text: &str) -> Result<Template, FieldError> {
    let text = text.trim().replace("\r\n", "\n").replace('\t', " ");
    if text.chars().count() > LONGEST_NOTE_SOURCE {
        let message = format!("Use at most {LONGEST_NOTE_SOURCE} characters.");
        return Err(FieldError::new(field, "too-long", message).with("max", LONGEST_NOTE_SOURCE));
    }
    if text.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return Err(FieldError::new(
            field,
            "control-characters-but-lines",
            "Remove control characters from this field; line breaks are fine.",
        ));
    }
    Template::parse(field, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(value: Value) -> Vec<(String, &'static str)> {
        let errors = MessageSettings::from_json(value).unwrap_err();
        errors.0.into_iter().map(|e| (e.field, e.code)).collect()
    }

    #[test]
    fn nothing_is_the_usual() {
        assert_eq!(
            MessageSettings::from_json(json!({})).unwrap(),
            MessageSettings::default()
        );
        let blank = json!({ "subject_style": null, "subject": " ", "note": "\r\n" });
        assert_eq!(
            MessageSettings::from_json(blank).unwrap(),
            MessageSettings::default()
        );
    }

    #[test]
    fn what_is_stored_reads_back() {
        let body = json!({
            "subject_style": "thread", "subject": "{{ monitor }} #{{incident}}", "note": "Runbook:\r\nhttps://wiki.example/{{kind}}",
        });
        let settings = MessageSettings::from_json(body).unwrap();
        assert_eq!(
            settings.note.as_ref().unwrap().source(),
            "Runbook:\nhttps://wiki.example/{{kind}}"
        );
        assert_eq!(MessageSettings::from_json(settings.to_json()).unwrap(), settings);
    }

    #[test]
    fn every_mistake_is_named_by_its_field() {
        for (body, expected) in [
            (
                json!({ "subject_style": "loud" }),
                ("subject_style", "subject-style-unknown"),
            ),
            (json!({ "subject": "a\nb" }), ("subject", "control-characters")),
            (json!({ "subject": "x".repeat(201) }), ("subject", "too-long")),
            (json!({ "subject": "{{nope}}" }), ("subject", "template-unknown")),
            (json!({ "note": "x".repeat(2049) }), ("note", "too-long")),
            (
                json!({ "note": "a\u{0}b" }),
                ("note", "control-characters-but-lines"),
            ),
            (json!({ "note": "{{" }), ("note", "template-open")),
            (json!({ "note": 7 }), ("note", "type-text")),
            (json!({ "notes": "" }), ("notes", "unknown-field")),
            (
                json!({ "subject_style": "thread", "subject": "{{status}} {{monitor}}" }),
                ("subject", "template-changes"),
            ),
        ] {
            assert_eq!(
                refused(body.clone()),
                [(expected.0.to_owned(), expected.1)],
                "{body}"
            );
        }
    }

    #[test]
    fn a_conversation_may_have_a_subject_that_stays() {
        let body =
            json!({ "subject_style": "thread", "subject": "{{monitor}} #{{incident}} via {{channel}}" });
        assert!(MessageSettings::from_json(body).is_ok());
    }
}
