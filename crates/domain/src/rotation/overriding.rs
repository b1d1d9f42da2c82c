//! Somebody takes over for a while.

use std::time::Duration;

use serde_json::Value;

use crate::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
    id::{ContactId, OverrideId},
    json::Object,
    text::parse_line,
};

const LONGEST_NOTE: usize = 200;
pub const LONGEST_OVERRIDE: Duration = Duration::from_hours(366 * 24);

/// A stored override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub id: OverrideId,
    pub contact: ContactId,
    pub from: Timestamp,
    /// Not covered any more.
    pub to: Timestamp,
    /// May be empty.
    pub note: String,
    /// Who entered it.
    pub by: String,
}

/// The body of `POST /api/v1/rotations/{id}/overrides`, valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideDraft {
    pub contact: ContactId,
    pub from: Timestamp,
    pub to: Timestamp,
    pub note: String,
}

impl Override {
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

impl OverrideDraft {
    /// `{"contact": 2, "from": "2026-12-24T12:00:00Z", "to": "2026-12-27T08:00:00Z", "note": "Holidays"}`.
    pub fn from_json(value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let contact = match o.integer("contact") {
            Some(id) => Some(ContactId(id)),
            None if o.errors.is_empty() => o.complain("contact", "required", "This field is required."),
            None => None,
        };
        let [from, to] = ["from", "to"].map(|name| {
            let text = o.required_text(name);
            o.parse(name, text, |f, v| {
                Timestamp::parse_rfc3339(&v).ok_or_else(|| {
                    FieldError::new(
                        f,
                        "time-rfc3339",
                        "This is not a time. Use RFC 3339 like 2026-12-24T12:00:00Z.",
                    )
                })
            })
        });
        let note = o.text("note").filter(|n| !n.trim().is_empty());
        let note = match note {
            Some(note) => o.parse("note", Some(note), |f, v| parse_line(f, &v, LONGEST_NOTE)),
            None => Some(String::new()),
        };
        if let (Some(from), Some(to)) = (from, to) {
            if to <= from {
                let _: Option<()> =
                    o.complain("to", "override-order", "The end must be later than the begin.");
            } else if to.since(from) > LONGEST_OVERRIDE {
                let _: Option<()> = o.complain(
                    "to",
                    "override-long",
                    "This is longer than a year. Change the layers instead.",
                );
            }
        }
        let errors = o.finish();
        let draft = (|| {
            Some(Self {
                contact: contact?,
                from: from?,
                to: to?,
                note: note?,
            })
        })();
        draft.filter(|_| errors.is_empty()).ok_or(errors)
    }
}
