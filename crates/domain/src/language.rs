//! The languages that messages are written in.

use crate::{field::FieldError, outcome::named};

named! {
    /// By its BCP 47 tag.
    Language {
        English = "en",
        SimplifiedChinese = "zh-CN",
    }
}

impl Language {
    /// A tag as a person or a script writes it.
    pub fn read(field: &str, tag: &str) -> Result<Self, FieldError> {
        let known = Self::ALL
            .iter()
            .find(|l| l.as_str().eq_ignore_ascii_case(tag.trim()));
        known.copied().ok_or_else(|| {
            FieldError::new(field, "language-unknown", "Choose one of: en, zh-CN.").with("known", "en, zh-CN")
        })
    }
}
