//! What a receiver found out about a mail that arrived: `Authentication-Results` (RFC 8601), as pasted by a person.
//!
//! Only the headers of the receiver that comes first are judged: each server writes its own above the older ones, and
//! whatever stands below may have been written by anybody. Every text is accepted; what is no header is passed over.

use crate::field::FieldError;

mod headers;
mod judge;
mod tokens;

use super::Finding;
use headers::Header;
use tokens::Token;

/// What the pasted headers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pasted {
    /// In the order of the text, so the newest first.
    pub results: Vec<Results>,
    /// Domain of the From header, lower case.
    pub from: Option<String>,
    pub signatures: Vec<Signature>,
}

/// One header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// Who checked; Microsoft leaves it out.
    pub server: Option<String>,
    /// From an ARC set: what an earlier server saw, repeated by a later one.
    pub is_arc: bool,
    pub checks: Vec<Check>,
}

/// One method and its result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// `spf`, `dkim`, `dmarc`, … in lower case.
    pub method: String,
    /// `pass`, `fail`, `none`, … in lower case.
    pub result: String,
    /// `reason=`, or else the first comment: often the receiver's own words.
    pub note: Option<String>,
    /// `smtp.mailfrom`, `header.d`, … with their values, names in lower case.
    pub properties: Vec<(String, String)>,
}

/// `d=` and `s=` of a DKIM-Signature, lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub domain: String,
    pub selector: String,
}

/// Bytes of a pasted text: headers of one mail are rarely more than 20 KiB.
pub const LONGEST_PASTE: usize = 128 * 1024;
const MOST_HEADERS: usize = 32;
const MOST_CHECKS: usize = 32;
const MOST_PROPERTIES: usize = 16;
/// Characters of a name or value that is kept.
const LONGEST_VALUE: usize = 320;

/// Reads pasted headers, folded or not, or the value of one header alone.
pub fn parse(field: &str, text: &str) -> Result<Pasted, FieldError> {
    if text.trim().is_empty() {
        return Err(FieldError::new(field, "required", "This field is required."));
    }
    if text.len() > LONGEST_PASTE {
        return Err(FieldError::new(
            field,
            "headers-too-long",
            "These are more than 128 KiB. Paste only the headers, not the whole mail.",
        ));
    }
    let mut pasted = Pasted::default();
    let headers = Header::all(text);
    // Perhaps the value alone was copied.
    let is_value = headers.is_empty();
    for header in headers {
        let name = header.name.to_ascii_lowercase();
        match name.as_str() {
            "authentication-results" | "arc-authentication-results"
                if pasted.results.len() < MOST_HEADERS =>
            {
                pasted
                    .results
                    .push(Results::parse(&header.value, name.starts_with("arc")));
            }
            "from" if pasted.from.is_none() => pasted.from = headers::domain_of(&header.value),
            "dkim-signature" if pasted.signatures.len() < MOST_HEADERS => {
                pasted.signatures.extend(Signature::parse(&header.value));
            }
            _ => {}
        }
    }
    pasted.results.retain(|r| !r.checks.is_empty());
    if is_value {
        let alone = Results::parse(&headers::unfold(text), false);
        if alone
            .checks
            .iter()
            .any(|c| judge::METHODS.contains(&c.method.as_str()))
        {
            pasted.results.push(alone);
        }
    }
    if pasted.results.is_empty() {
        return Err(FieldError::new(
            field,
            "headers-without-results",
            "There is no header Authentication-Results in this text. Open the mail that arrived, choose \"show original\" or \"show source\", and paste all headers.",
        ));
    }
    Ok(pasted)
}

impl Pasted {
    /// The verdicts of the receiver, in words.
    pub fn findings(&self) -> Vec<Finding> {
        judge::judge(self)
    }
}

impl Results {
    fn parse(value: &str, is_arc: bool) -> Self {
        let mut results = Self {
            is_arc,
            ..Self::default()
        };
        let tokens = Token::all(value);
        for (i, part) in tokens.split(|t| *t == Token::Semicolon).enumerate() {
            match Check::parse(part) {
                Some(check) if results.checks.len() < MOST_CHECKS => results.checks.push(check),
                // The first part names the server; in an ARC header, the second.
                None if results.server.is_none() && i < 2 => {
                    let word = part.iter().find_map(|t| match t {
                        Token::Word(w) => Some(w),
                        Token::Pair(..) | Token::Comment(_) | Token::Semicolon => None,
                    });
                    results.server = word.map(|w| short(&w.to_lowercase()));
                }
                _ => {}
            }
        }
        results
    }
}

impl Check {
    /// `method=result`, then a reason, comments and properties.
    fn parse(part: &[Token]) -> Option<Self> {
        let mut check = Self::default();
        let mut reason = None;
        let mut comment = None;
        for token in part {
            match token {
                Token::Pair(name, value) if check.method.is_empty() => {
                    // `dkim/1=pass` carries a version.
                    let method = name.split('/').next().unwrap_or_default().to_lowercase();
                    // The instance of an ARC set is no method.
                    if method.is_empty() || method == "i" {
                        return None;
                    }
                    check.method = short(&method);
                    check.result = short(&value.to_lowercase());
                }
                Token::Pair(name, value) if name.eq_ignore_ascii_case("reason") => {
                    reason = Some(short(value));
                }
                Token::Pair(name, value) if check.properties.len() < MOST_PROPERTIES => {
                    check.properties.push((short(&name.to_lowercase()), short(value)));
                }
                Token::Comment(text) if comment.is_none() && !check.method.is_empty() => {
                    comment = Some(short(text));
                }
                Token::Pair(..) | Token::Comment(_) | Token::Word(_) | Token::Semicolon => {}
            }
        }
        check.note = reason.or(comment).filter(|n| !n.is_empty());
        (!check.method.is_empty()).then_some(check)
    }

    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// The domain that was checked, lower case.
    pub fn domain(&self) -> Option<String> {
        let names: &[&str] = match self.method.as_str() {
            "spf" => &["smtp.mailfrom", "smtp.helo", "smtp.mail"],
            "dkim" => &["header.d", "header.i"],
            "dmarc" => &["header.from", "from.header.from"],
            _ => &["header.d", "header.from", "smtp.mailfrom"],
        };
        let value = names
            .iter()
            .find_map(|n| self.property(n).filter(|v| !v.is_empty()))?;
        let value = value.trim_matches(['<', '>']);
        let domain = value.rsplit_once('@').map_or(value, |(_, d)| d);
        (!domain.is_empty()).then(|| domain.trim_end_matches('.').to_lowercase())
    }
}

impl Signature {
    fn parse(value: &str) -> Option<Self> {
        let tags = super::tags::Tags::parse(value);
        let get = |name| {
            tags.get(name)
                .filter(|v| !v.is_empty())
                .map(|v| short(&v.to_lowercase()))
        };
        Some(Self {
            domain: get("d")?,
            selector: get("s")?,
        })
    }
}

fn short(text: &str) -> String {
    crate::text::sanitize(text, LONGEST_VALUE)
}
