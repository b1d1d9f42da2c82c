//! Languages and their texts: Fluent files from `web/locales`, embedded.

use std::{borrow::Cow, fmt, sync::LazyLock};

use domain::{deliverability::Finding, field::FieldError};
use fluent::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use rust_embed::RustEmbed;
use unic_langid::LanguageIdentifier;

#[derive(RustEmbed)]
#[folder = "../../web/locales"]
struct LocaleFiles;

/// A language that the console speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// BCP 47 tag; also the name of the folder and the value of the cookie.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// The language's name in itself, as a reader looks for it.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
        }
    }

    /// Exact tag, as a cookie or a form carries it.
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.tag() == tag)
    }

    /// The best of an `Accept-Language` header (RFC 9110, 12.5.4); English when nothing fits.
    pub fn accepted(header: &str) -> Self {
        let mut ranges: Vec<(&str, f32)> = header
            .split(',')
            .filter_map(|part| {
                let mut pieces = part.split(';');
                let tag = pieces.next()?.trim();
                let quality = pieces
                    .find_map(|p| p.trim().strip_prefix("q="))
                    .map_or(Some(1.0), |q| q.trim().parse().ok())?;
                (quality > 0.0).then_some((tag, quality))
            })
            .collect();
        ranges.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranges
            .into_iter()
            .find_map(|(tag, _)| {
                let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
                match primary.as_str() {
                    "en" => Some(Self::English),
                    "zh" => Some(Self::Chinese),
                    _ => None,
                }
            })
            .unwrap_or_default()
    }

    fn identifier(self) -> LanguageIdentifier {
        // Our own tags parse; a test would see the plural rules of "und" otherwise.
        self.tag().parse().unwrap_or_default()
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| load(Language::English));
        static CHINESE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| load(Language::Chinese));
        match self {
            Self::English => &ENGLISH,
            Self::Chinese => &CHINESE,
        }
    }

    /// The text of `key`; add its values with [`Text::arg`].
    pub fn text(self, key: &str) -> Text {
        Text {
            language: self,
            key: key.to_owned(),
            args: Vec::new(),
        }
    }

    pub(crate) fn knows(self, key: &str) -> bool {
        self.bundle().has_message(key)
    }

    /// What is wrong with a field. The domain speaks English; other languages go by the complaint's code and fall back
    /// to its sentence.
    pub fn complaint(self, e: &FieldError) -> String {
        let key = format!("error-{}", e.code);
        if self == Self::English || !self.knows(&key) {
            return e.message.clone();
        }
        let text = e.args.iter().fold(self.text(&key), |t, (k, v)| t.arg(k, v));
        text.to_string()
    }

    /// What was seen, and what to do. As with complaints, the English sentences are the domain's.
    pub fn finding(self, finding: &Finding) -> (String, Option<String>) {
        let key = format!("finding-{}", finding.code.as_str());
        if self == Self::English || !self.knows(&key) {
            return (finding.seen(), finding.advice());
        }
        let fill = |key: &str| {
            let text = finding.args.iter().fold(self.text(key), |t, (k, v)| t.arg(k, v));
            text.to_string()
        };
        let advice = finding.advice().map(|_| fill(&format!("{key}-do")));
        (fill(&key), advice)
    }
}

fn load(language: Language) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
    // The marks would land in attributes and page titles; our values carry no bidirectional overrides.
    bundle.set_use_isolating(false);
    let prefix = format!("{}/", language.tag());
    for path in LocaleFiles::iter().filter(|p| p.starts_with(&prefix) && is_ours(p)) {
        let Some(file) = LocaleFiles::get(&path) else {
            continue;
        };
        let source = String::from_utf8_lossy(&file.data).into_owned();
        let resource = FluentResource::try_new(source).unwrap_or_else(|(resource, errors)| {
            tracing::error!(file = %path, ?errors, "a locale file has mistakes; its other messages are used");
            resource
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(file = %path, ?errors, "a locale file repeats messages; the first ones are used");
        }
    }
    bundle
}

/// The texts of mails belong to `alert`.
fn is_ours(path: &str) -> bool {
    path.strip_suffix(".ftl")
        .is_some_and(|name| !name.ends_with("/emails"))
}

/// A message with its values, formatted where it is printed. Templates escape it like any other text.
#[derive(Clone, Debug)]
pub struct Text {
    language: Language,
    key: String,
    args: Vec<(&'static str, Value)>,
}

#[derive(Clone, Debug)]
enum Value {
    Number(f64),
    Text(String),
}

impl Text {
    /// A value that is put in as it reads.
    pub fn arg(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.args.push((name, Value::Text(value.to_string())));
        self
    }

    /// A number that chooses a plural form.
    pub fn count(mut self, name: &'static str, number: impl fmt::Display) -> Self {
        // By way of its digits: templates hand over references to integers of every width.
        let text = number.to_string();
        let value = text.parse().map_or(Value::Text(text), Value::Number);
        self.args.push((name, value));
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bundle = self.language.bundle();
        let Some(pattern) = bundle.get_message(&self.key).and_then(|m| m.value()) else {
            // A test proves that every key exists; should one slip through, the key is better than nothing.
            return f.write_str(&self.key);
        };
        let args: FluentArgs<'_> = self
            .args
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Number(n) => FluentValue::from(*n),
                    Value::Text(t) => FluentValue::from(t.as_str()),
                };
                (Cow::Borrowed(*name), value)
            })
            .collect();
        let mut errors = Vec::new();
        f.write_str(&bundle.format_pattern(pattern, Some(&args), &mut errors))?;
        if !errors.is_empty() {
            tracing::error!(key = self.key, ?errors, "a text misses one of its values");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_header_chooses_by_quality() {
        for (header, expected) in [
            ("", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("de, en;q=0.7, zh;q=0.9", Language::Chinese),
            ("fr-FR, *;q=0.1", Language::English),
            ("zh;q=0, en", Language::English),
            ("zh;q=x", Language::English),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }
}
