//! A silence: somebody says that for a while nobody is told of some monitors, and why.

use std::time::Duration;

use serde_json::Value;

use crate::{
    clock::Timestamp,
    duration,
    field::{FieldError, FieldErrors},
    id::SilenceId,
    json::Object,
    matcher::Matcher,
    text::parse_line,
};

pub const LONGEST: Duration = Duration::from_hours(24 * 90);
const SHORTEST: Duration = Duration::from_mins(1);
const LONGEST_REASON: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    pub id: SilenceId,
    pub matcher: Matcher,
    /// The account or token that made it.
    pub author: String,
    pub reason: String,
    pub created_at: Timestamp,
    pub starts_at: Timestamp,
    /// When it ends, or ended.
    pub ends_at: Timestamp,
    /// Who ended it, if it did not run out by itself.
    pub ended_by: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilenceState {
    Pending,
    Active,
    Over,
}

impl SilenceState {
    pub const ALL: [Self; 3] = [Self::Active, Self::Pending, Self::Over];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Over => "over",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

impl Silence {
    /// The start belongs to it, the end does not.
    pub fn state(&self, at: Timestamp) -> SilenceState {
        if at >= self.ends_at {
            SilenceState::Over
        } else if at < self.starts_at {
            SilenceState::Pending
        } else {
            SilenceState::Active
        }
    }

    /// What of it can be changed, as it stands.
    pub fn draft(&self) -> SilenceDraft {
        SilenceDraft {
            matcher: self.matcher.clone(),
            reason: self.reason.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }
}

/// What a person says. Valid by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilenceDraft {
    pub matcher: Matcher,
    pub reason: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

impl SilenceDraft {
    /// `{"matcher": {…}, "reason": "…", "starts_at": "…", "ends_at": "…"}`, or `"duration": "2h"` from the start instead of
    /// `ends_at`. Without a start, or with one that has passed, it begins `now`.
    pub fn from_json(value: Value, now: Timestamp) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let matcher = o.part("matcher", Matcher::from_json);
        if matcher.is_none() && o.errors.is_empty() {
            let _: Option<()> = o.complain("matcher", "required", "This field is required.");
        }
        let reason = o.required_text("reason");
        let reason = o.parse("reason", reason, parse_reason);
        let starts_at = o.time("starts_at").map_or(now, |t| t.max(now));
        let ends_at = read_end(&mut o, starts_at, now);
        if ends_at.is_none() && o.errors.is_empty() {
            let _: Option<()> = o.complain("ends_at", "required", "This field is required.");
        }
        let errors = o.finish();
        let draft = (|| {
            Some(Self {
                matcher: matcher?,
                reason: reason?,
                starts_at,
                ends_at: ends_at?,
            })
        })();
        draft.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// Lays `{"matcher", "reason", "ends_at" or "duration"}` over `silence`; what is left out stays. A duration counts from
    /// `now`, or from the start of a silence that has not begun. When it starts is not changed.
    pub fn changed(silence: &Silence, value: Value, now: Timestamp) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let matcher = o.part("matcher", Matcher::from_json);
        let reason = o.text("reason");
        let reason = o.parse("reason", reason, parse_reason);
        let ends_at = read_end(&mut o, silence.starts_at, now);
        let errors = o.finish();
        if !errors.is_empty() {
            return Err(errors);
        }
        let old = silence.draft();
        Ok(Self {
            matcher: matcher.unwrap_or(old.matcher),
            reason: reason.unwrap_or(old.reason),
            starts_at: old.starts_at,
            ends_at: ends_at.unwrap_or(old.ends_at),
        })
    }
}

fn parse_reason(field: &str, text: String) -> Result<String, FieldError> {
    parse_line(field, &text, LONGEST_REASON)
}

/// `None` when neither is given, or what is given cannot be used.
fn read_end(o: &mut Object, starts_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let (end, length) = (o.time("ends_at"), o.text("duration"));
    let (field, end) = match (end, length) {
        (Some(_), Some(_)) => {
            return o.complain(
                "ends_at",
                "silence-end-one-of",
                "Give either \"ends_at\" or \"duration\", and not both.",
            );
        }
        (Some(end), None) => ("ends_at", end),
        (None, Some(length)) => {
            let length = o.parse("duration", Some(length), |f, v| {
                duration::parse_between(f, &v, SHORTEST, LONGEST)
            })?;
            ("duration", starts_at.max(now).plus(length))
        }
        (None, None) => return None,
    };
    if end <= now {
        return o.complain(
            field,
            "end-passed",
            "This has passed already. Choose a later end.",
        );
    }
    if end <= starts_at {
        return o.complain(field, "end-before-start", "The end must come after the start.");
    }
    if end.since(starts_at) > LONGEST {
        return o.complain(
            field,
            "silence-too-long",
            "A silence lasts 90 days at most. Pause the monitors if nobody is to hear of them for longer.",
        );
    }
    Some(end)
}
