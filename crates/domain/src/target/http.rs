//! An HTTP target.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    field::FieldError,
    json::Object,
    outcome::named,
    text::{is_unsafe, parse_line},
};

const LONGEST_URL: usize = 2048;
const LONGEST_BODY: usize = 64 * 1024;
const MOST_HEADERS: usize = 32;

named! {
    Method {
        Get = "GET", Head = "HEAD", Post = "POST", Put = "PUT", Patch = "PATCH", Delete = "DELETE", Options = "OPTIONS",
    }
}

#[derive(Clone, Debug)]
pub struct HttpTarget {
    /// `http` or `https`, with a host, without user name and password.
    pub url: Url,
    pub method: Method,
    pub headers: Vec<Header>,
    pub body: Option<String>,
    /// Never empty.
    pub accept_status: Vec<StatusRange>,
    /// 0 = a redirect is an answer like any other.
    pub max_redirects: u32,
    /// Off: the certificate is reported but does not fail the check.
    pub verify_certificate: bool,
}

/// A request header. Its value may be a token: it is sealed at rest and never read back.
#[derive(Clone, Debug)]
pub struct Header {
    pub name: String,
    pub value: SecretString,
}

/// Status codes from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRange {
    pub first: u16,
    pub last: u16,
}

impl HttpTarget {
    pub(super) fn read(o: &mut Object, previous: Option<&Self>) -> Option<Self> {
        let url = o.required_text("url");
        let url = o.parse("url", url, |f, v| parse_url(f, &v));
        let method = o.text("method").unwrap_or_else(|| "GET".to_owned());
        let method = o.parse("method", Some(method), |f, v| {
            Method::parse(&v.trim().to_ascii_uppercase()).ok_or_else(|| {
                FieldError::new(
                    f,
                    "method-unknown",
                    "Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.",
                )
            })
        });
        let verify_certificate = o.boolean("verify_certificate").unwrap_or(true);
        let headers = match o.value("headers") {
            None => Some(Vec::new()),
            some => o.parse("headers", some, |f, v| {
                let stored = Stored {
                    headers: previous.map_or(&[], |p| &p.headers),
                    // A url that is itself refused needs no second complaint.
                    same_place: previous.zip(url.as_ref()).is_none_or(|(p, url)| {
                        p.url.origin() == url.origin() && p.verify_certificate == verify_certificate
                    }),
                };
                header_list(f, v, stored)
            }),
        };
        let body = o.text("body").filter(|b| !b.is_empty());
        if body.as_ref().is_some_and(|b| b.len() > LONGEST_BODY) {
            let _: Option<()> = o.complain("body", "body-too-long", "The body may have at most 64 KiB.");
        }
        let accept = o
            .texts("accept_status")
            .unwrap_or_else(|| vec!["200-299".to_owned()]);
        let accept_status = o.parse("accept_status", Some(accept), parse_ranges);
        let max_redirects = o.integer("max_redirects").unwrap_or(5);
        let max_redirects = o.parse("max_redirects", Some(max_redirects), |f, n| {
            u32::try_from(n)
                .ok()
                .filter(|n| *n <= 10)
                .ok_or_else(|| FieldError::new(f, "redirects-range", "Use a number from 0 to 10."))
        });
        Some(Self {
            url: url?,
            method: method?,
            headers: headers?,
            body,
            accept_status: accept_status?,
            max_redirects: max_redirects?,
            verify_certificate,
        })
    }

    pub(super) fn to_json(&self) -> Value {
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .map(|h| (h.name.clone(), Value::Null))
            .collect();
        let accept: Vec<String> = self.accept_status.iter().map(ToString::to_string).collect();
        json!({
            "url": self.url.as_str(),
            "method": self.method.as_str(),
            "headers": headers,
            "body": self.body,
            "accept_status": accept,
            "max_redirects": self.max_redirects,
            "verify_certificate": self.verify_certificate,
        })
    }

    pub(super) fn secrets(&self) -> Option<SecretString> {
        let headers = header_values(&self.headers)?;
        Some(SecretString::from(json!({ "headers": headers }).to_string()))
    }

    pub fn accepts(&self, status: u16) -> bool {
        self.accept_status
            .iter()
            .any(|r| (r.first..=r.last).contains(&status))
    }
}

/// `http` and `https` alone, with a host; a redirect is held to the same rule by the probe.
pub fn parse_url(field: &str, text: &str) -> Result<Url, FieldError> {
    let text = parse_line(field, text, LONGEST_URL)?;
    let bad = |code, message: &str| Err(FieldError::new(field, code, message));
    let Ok(url) = Url::parse(&text) else {
        return bad(
            "url-invalid",
            "This is not a complete address. Example: https://example.org/health.",
        );
    };
    if !matches!(url.scheme(), "http" | "https") {
        return bad(
            "url-scheme",
            "Only http:// and https:// addresses can be used here.",
        );
    }
    // The parser reads `http:/x` and `http:///x` as `http://x`; whoever wrote them left something out.
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    if authority.starts_with(['/', '\\', '?', '#'])
        || authority.is_empty()
        || url.host_str().is_none_or(str::is_empty)
    {
        return bad(
            "url-host",
            "The address has no host. Example: https://example.org/health.",
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return bad(
            "url-credentials",
            "Remove the user name and password from the address and send them as an Authorization header: headers are kept secret.",
        );
    }
    if url.port() == Some(0) {
        return bad("port-range", "Use a port from 1 to 65535.");
    }
    Ok(url)
}

/// Headers that are stored already. Their values are kept only for the place that they were entered for: otherwise a
/// changed address would be handed the old token.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) headers: &'a [Header],
    pub(crate) same_place: bool,
}

/// Reads `{"Name": "value"}`; `null` as a value keeps the stored one.
pub(crate) fn header_list(field: &str, value: Value, stored: Stored<'_>) -> Result<Vec<Header>, FieldError> {
    let Value::Object(map) = value else {
        return Err(FieldError::new(
            field,
            "type-object",
            "This must be a JSON object.",
        ));
    };
    if map.len() > MOST_HEADERS {
        return Err(FieldError::new(
            field,
            "headers-too-many",
            format!("Use at most {MOST_HEADERS} headers."),
        )
        .with("max", MOST_HEADERS));
    }
    map.into_iter()
        .map(|(name, value)| parse_header(field, &name, value, stored))
        .collect()
}

fn parse_header(field: &str, name: &str, value: Value, stored: Stored<'_>) -> Result<Header, FieldError> {
    let shown = crate::text::sanitize(name, 60);
    let bad = |code, message: String| Err(FieldError::new(field, code, message).with("name", &shown));
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || name.len() > 128 || !name.bytes().all(token) {
        return bad("header-name", format!("\"{shown}\" is not a header name."));
    }
    // Framing is the client's business; setting these by hand allows request smuggling.
    let reserved = [
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
        "te",
        "trailer",
    ];
    if reserved.iter().any(|r| name.eq_ignore_ascii_case(r)) {
        return bad(
            "header-reserved",
            format!("\"{shown}\" is set by Watchbell itself. Remove it."),
        );
    }
    let value = match value {
        Value::String(s) => SecretString::from(s),
        Value::Null => match stored.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)) {
            Some(h) if stored.same_place => h.value.clone(),
            Some(_) => {
                return bad(
                    "header-reenter",
                    format!(
                        "Enter the value of \"{shown}\" again: it is kept only while scheme, host, port and certificate check stay the same."
                    ),
                );
            }
            None => return bad("header-value-missing", format!("Enter a value for \"{shown}\".")),
        },
        _ => {
            return bad(
                "type-text",
                format!("The value of \"{shown}\" must be a text in quotes."),
            );
        }
    };
    let text = value.expose_secret();
    if text.len() > 4096 || text.chars().any(is_unsafe) || !text.is_ascii() {
        return bad(
            "header-value",
            format!(
                "The value of \"{shown}\" may have at most 4096 plain ASCII characters and no line break."
            ),
        );
    }
    Ok(Header {
        name: name.to_owned(),
        value,
    })
}

/// The values in the open, for sealing; `None` when there are none.
pub(crate) fn header_values(headers: &[Header]) -> Option<Map<String, Value>> {
    let values = headers
        .iter()
        .map(|h| (h.name.clone(), h.value.expose_secret().into()));
    Some(values.collect::<Map<_, _>>()).filter(|m| !m.is_empty())
}

fn parse_ranges(field: &str, texts: Vec<String>) -> Result<Vec<StatusRange>, FieldError> {
    let ranges: Option<Vec<_>> = texts.iter().map(|t| StatusRange::parse(t)).collect();
    ranges.filter(|r| !r.is_empty() && r.len() <= 32).ok_or_else(|| {
        FieldError::new(
            field,
            "status-range",
            "Write status codes from 100 to 599, like 200-299 or 401, at least one.",
        )
    })
}

impl StatusRange {
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (100 <= first && first <= last && last <= 599).then_some(Self { first, last })
    }
}

impl std::fmt::Display for StatusRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}
