//! Small parts of pages: a struct and a template in `web/templates/components`. They escape their own content, so a
//! page prints them as they are.

use askama::{Template, filters::HtmlSafe};
use domain::clock::Timestamp;

mod field;
mod strip;
mod tabs;
pub use field::{Choice, Field, Form};
pub use strip::{Bar, Sparkline, Strip};
pub(crate) use tabs::TabLink;

/// The hidden field that proves that a form is ours.
#[derive(Template)]
#[template(path = "components/csrf.html")]
pub struct CsrfField<'a> {
    pub(crate) token: &'a str,
}

impl HtmlSafe for CsrfField<'_> {}

/// A moment.
#[derive(Template)]
#[template(path = "components/time.html")]
pub struct TimeTag {
    /// RFC 3339.
    datetime: String,
    /// What is read without a script, or the relative words.
    text: String,
    relative: bool,
}

impl HtmlSafe for TimeTag {}

impl TimeTag {
    pub(crate) fn absolute(at: Timestamp) -> Self {
        Self {
            datetime: at.to_rfc3339(),
            text: utc(at),
            relative: false,
        }
    }

    pub(crate) fn relative(at: Timestamp, words: String) -> Self {
        Self {
            datetime: at.to_rfc3339(),
            text: words,
            relative: true,
        }
    }
}

/// "2026-11-23 14:20:05 UTC"
pub fn utc(at: Timestamp) -> String {
    at.to_utc().format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A state as word, shape and colour: none of the three is needed to read the other two.
#[derive(Template)]
#[template(path = "components/mark.html")]
pub struct Mark {
    shape: &'static str,
    word: String,
}

impl HtmlSafe for Mark {}

impl Mark {
    pub(crate) fn new(shape: &'static str, word: String) -> Self {
        Self { shape, word }
    }
}

/// "1 - 50" without a total needs only the way on: `href` of the next page, if there is one.
#[derive(Template)]
#[template(path = "components/pager.html")]
pub struct Pager {
    pub first_href: Option<String>,
    pub next_href: Option<String>,
    pub first_label: String,
    pub next_label: String,
}

impl HtmlSafe for Pager {}

impl Pager {
    /// `path` with `query` (name, value) and the cursor of the next page. Empty values stay out of the address.
    pub fn new(
        shell: &crate::Shell,
        path: &str,
        query: &[(&str, &str)],
        cursor: Option<&str>,
        next: Option<&str>,
    ) -> Self {
        Self {
            first_href: cursor.map(|_| href(path, query)),
            next_href: next.map(|n| {
                let mut query = query.to_vec();
                query.push(("cursor", n));
                href(path, &query)
            }),
            first_label: shell.t("pager-first").to_string(),
            next_label: shell.t("pager-next").to_string(),
        }
    }
}

/// `path` with those of the pairs that have a value.
pub fn href(path: &str, query: &[(&str, &str)]) -> String {
    let mut encoder = url::form_urlencoded::Serializer::new(String::new());
    encoder.extend_pairs(query.iter().filter(|(_, v)| !v.is_empty()));
    let query = encoder.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// An icon by name; decoration only, the word stands beside it.
#[derive(Template)]
#[template(path = "components/icon.html")]
pub struct Icon<'a> {
    name: &'a str,
}

impl HtmlSafe for Icon<'_> {}

impl crate::Shell {
    pub fn icon<'a>(&self, name: &'a str) -> Icon<'a> {
        Icon { name }
    }
}
