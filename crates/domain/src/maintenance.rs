//! Maintenance windows: work that is announced. While one lasts, checks go on, nobody is told, and what is measured
//! counts neither as up nor as down.

use serde_json::{Value, json};

use crate::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
    id::MaintenanceId,
    json::Object,
    matcher::Matcher,
    text::parse_line,
};

mod when;
pub use when::{LONGEST_ONCE, LONGEST_REPEATED, SHORTEST, When};

const LONGEST_TITLE: usize = 120;
const LONGEST_NOTE: usize = 2000;

/// One time that a window is open: `from` belongs to it, `to` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A stored maintenance window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    pub id: MaintenanceId,
    pub config: MaintenanceConfig,
    /// The account or token that made it.
    pub author: String,
    pub created_at: Timestamp,
    /// What was ended early or called off, in the order of their windows. Only recent and coming ones.
    pub exceptions: Vec<Exception>,
}

/// What a person sets. Build it with [`MaintenanceConfig::from_json`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaintenanceConfig {
    pub title: String,
    /// For people; may be empty and have several lines.
    pub note: String,
    pub matcher: Matcher,
    pub when: When,
}

/// One window that ended before its time, or did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// When the window begins by its rule; that names it.
    pub starts_at: Timestamp,
    /// When it ended. Not after `starts_at`: it was called off.
    pub ends_at: Timestamp,
    pub by: String,
    pub at: Timestamp,
}

impl Exception {
    pub fn is_cancelled(&self) -> bool {
        self.ends_at <= self.starts_at
    }
}

impl Maintenance {
    /// The end of the window that is open at `at`.
    pub fn active(&self, at: Timestamp) -> Option<Timestamp> {
        self.window(at).map(|w| w.to)
    }

    /// The window that is open at `at`.
    pub fn window(&self, at: Timestamp) -> Option<Window> {
        let window = self.config.when.window(at)?;
        let to = match self.exception(window.from) {
            Some(e) => window.to.min(e.ends_at),
            None => window.to,
        };
        (at < to).then_some(Window { to, ..window })
    }

    /// The first window that begins strictly after `after` and was not called off.
    pub fn next(&self, after: Timestamp) -> Option<Window> {
        let mut after = after;
        loop {
            let window = self.config.when.next(after)?;
            let called_off = self.exception(window.from).is_some_and(Exception::is_cancelled);
            if !called_off {
                return Some(window);
            }
            after = window.from;
        }
    }

    /// At most `n` windows that begin strictly after `after`.
    pub fn upcoming(&self, after: Timestamp, n: usize) -> Vec<Window> {
        let next = |w: &Window| self.next(w.from);
        std::iter::successors(self.next(after), next).take(n).collect()
    }

    /// It is not open and never will be.
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.window(at).is_none() && self.next(at).is_none()
    }

    fn exception(&self, starts_at: Timestamp) -> Option<&Exception> {
        self.exceptions.iter().find(|e| e.starts_at == starts_at)
    }
}

/// The next `n` windows of all of these that begin strictly after `after`, in order.
pub fn upcoming(all: &[Maintenance], after: Timestamp, n: usize) -> Vec<(&Maintenance, Window)> {
    let each = all
        .iter()
        .flat_map(|m| m.upcoming(after, n).into_iter().map(move |w| (m, w)));
    let mut coming: Vec<(&Maintenance, Window)> = each.collect();
    coming.sort_by_key(|(m, w)| (*w, m.id));
    coming.truncate(n);
    coming
}

impl MaintenanceConfig {
    /// `{"title", "note", "matcher": {…}, "when": {…}}` from a person: what has passed is refused, and a single window that
    /// should have begun begins `now`. A `when` that is as in `previous` is taken as it stands.
    pub fn from_json(value: Value, now: Timestamp, previous: Option<&Self>) -> Result<Self, FieldErrors> {
        let mut config = Self::read(value)?;
        if previous.is_none_or(|p| p.when != config.when) {
            config.when = config.when.announced("when", now)?;
        }
        Ok(config)
    }

    /// As it was stored, whatever the time.
    pub fn read(value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let title = o.required_text("title");
        let title = o.parse("title", title, |f, v| parse_line(f, &v, LONGEST_TITLE));
        let note = o.text("note").unwrap_or_default();
        let note = o.parse("note", Some(note), parse_note);
        let matcher = o.required_part("matcher", Matcher::from_json);
        let when = o.required_part("when", When::from_json);
        let errors = o.finish();
        let config = (|| {
            Some(Self {
                title: title?,
                note: note?,
                matcher: matcher?,
                when: when?,
            })
        })();
        config.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub fn to_json(&self) -> Value {
        json!({
            "title": self.title,
            "note": self.note,
            "matcher": self.matcher.to_json(),
            "when": self.when.to_json(),
        })
    }
}

fn parse_note(field: &str, text: String) -> Result<String, FieldError> {
    let text = text.replace("\r\n", "\n");
    let note = text.trim();
    if note.chars().count() > LONGEST_NOTE {
        return Err(FieldError::new(
            field,
            "too-long",
            format!("Use at most {LONGEST_NOTE} characters."),
        )
        .with("max", LONGEST_NOTE));
    }
    if note.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)) {
        return Err(FieldError::new(
            field,
            "control-characters-lines",
            "Remove control characters from this field; line breaks are fine.",
        ));
    }
    Ok(note.to_owned())
}
