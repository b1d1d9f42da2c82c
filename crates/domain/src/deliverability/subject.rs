//! Whose mail is looked at.

use std::fmt;

use super::Provider;
use crate::{
    field::{FieldError, FieldErrors},
    host::Host,
    mail::MailSettings,
    text::parse_line,
};

/// Sender, envelope, selectors and server of the mails in question. Two subjects that are equal get the same answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Of the From address: ASCII, lower case.
    pub domain: String,
    /// Of the envelope sender (MAIL FROM), which SPF is asked about.
    pub envelope: String,
    /// As a person named them; empty = those that the provider usually uses.
    pub selectors: Vec<Selector>,
    /// The server that the mail is handed to.
    pub server: Option<Host>,
}

/// A DKIM selector: labels of DNS, lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector(String);

/// A page of selectors is a list of guesses.
const MOST_SELECTORS: usize = 10;

impl Subject {
    /// Reads what was typed. An empty domain is that of the saved From address, an empty envelope is the domain.
    /// `selectors` are separated by commas or spaces.
    pub fn parse(
        domain: &str,
        envelope: &str,
        selectors: &str,
        saved: Option<&MailSettings>,
    ) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let domain = match (domain.trim(), saved) {
            ("", Some(saved)) => Some(saved.from.domain().to_ascii_lowercase()),
            (typed, _) => errors.take(parse_domain("domain", typed)),
        };
        let envelope = match envelope.trim() {
            // What is saved goes with the domain that is saved, not with another one that somebody looks at.
            "" => saved
                .filter(|saved| Some(saved.from.domain()) == domain.as_deref())
                .and_then(|saved| saved.envelope_from.as_ref())
                .map(|envelope| envelope.domain().to_owned())
                .or_else(|| domain.clone()),
            typed => errors.take(parse_domain("envelope", typed)),
        };
        let selectors = errors.take(parse_selectors("selector", selectors));
        match (domain, envelope, selectors) {
            (Some(domain), Some(envelope), Some(selectors)) if errors.is_empty() => Ok(Self {
                domain,
                envelope,
                selectors,
                server: saved.map(|s| s.server.host.clone()),
            }),
            _ => Err(errors),
        }
    }

    pub fn provider(&self) -> Option<&'static Provider> {
        Provider::of_server(self.server.as_ref()?)
    }
}

impl Selector {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A domain, or a mail address in it.
fn parse_domain(field: &str, text: &str) -> Result<String, FieldError> {
    let text = parse_line(field, text, 254)?;
    let domain = text.rsplit_once('@').map_or(text.as_str(), |(_, d)| d);
    match Host::parse(field, domain) {
        Ok(Host::Name(name)) if name.contains('.') => Ok(name.to_ascii_lowercase()),
        Ok(_) | Err(_) => Err(FieldError::new(
            field,
            "domain-invalid",
            "This is not a domain. Example: example.org.",
        )),
    }
}

fn parse_selectors(field: &str, text: &str) -> Result<Vec<Selector>, FieldError> {
    if text.len() > 1024 {
        return Err(FieldError::new(field, "too-long", "Use at most 1024 characters.").with("max", 1024));
    }
    let mut all: Vec<Selector> = Vec::new();
    for part in text
        .split([',', ' ', '\n', '\r', '\t', ';'])
        .filter(|p| !p.is_empty())
    {
        // A pasted record name carries the selector in front.
        let lower = part.to_ascii_lowercase();
        let name = lower.split("._domainkey").next().unwrap_or_default();
        let label_ok = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && l.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if name.len() > 120 || !name.split('.').all(label_ok) {
            return Err(FieldError::new(
                field,
                "selector-invalid",
                "A selector has letters, digits and hyphens, as in the s= part of a DKIM signature. Example: selector1.",
            ));
        }
        let selector = Selector(name.to_owned());
        if !all.contains(&selector) {
            all.push(selector);
        }
    }
    if all.len() > MOST_SELECTORS {
        let message = format!("Use at most {MOST_SELECTORS} selectors.");
        return Err(FieldError::new(field, "selectors-too-many", message).with("max", MOST_SELECTORS));
    }
    Ok(all)
}
