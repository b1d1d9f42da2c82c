//! What is wrong with something that a person typed: which field, what, and what to do.

use std::fmt;

/// One complaint about one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Path as in the API body: `target.url`, `schedule.every`, `to`.
    pub field: String,
    /// Stable name of the complaint, the key of its translation: `error-<code>` in the locale files.
    pub code: &'static str,
    /// Values that the sentence names, by placeholder.
    pub args: Vec<(&'static str, String)>,
    /// The sentence in English: what is wrong and what to do.
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            args: Vec::new(),
            message: message.into(),
        }
    }

    /// It is none of the words that there are.
    pub fn choice_unknown(field: impl Into<String>, known: &[&str]) -> Self {
        let known = known.join(", ");
        Self::new(field, "choice-unknown", format!("Choose one of: {known}.")).with("known", known)
    }

    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// All complaints about one form or body. Never empty where it is an `Err`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    pub fn push(&mut self, e: FieldError) {
        self.0.push(e);
    }

    /// Keeps the value, or keeps the complaint and goes on, so that a person sees all mistakes at once.
    pub fn take<T>(&mut self, r: Result<T, FieldError>) -> Option<T> {
        match r {
            Ok(v) => Some(v),
            Err(e) => {
                self.push(e);
                None
            }
        }
    }

    /// The same for a part with complaints of its own.
    pub fn absorb<T>(&mut self, r: Result<T, FieldErrors>) -> Option<T> {
        match r {
            Ok(v) => Some(v),
            Err(errors) => {
                self.0.extend(errors.0);
                None
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn of<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a FieldError> {
        self.0.iter().filter(move |e| e.field == field)
    }
}

impl From<FieldError> for FieldErrors {
    fn from(e: FieldError) -> Self {
        Self(vec![e])
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, e) in self.0.iter().enumerate() {
            let sep = if i == 0 { "" } else { "; " };
            write!(f, "{sep}{e}")?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}
