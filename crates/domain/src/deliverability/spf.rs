//! SPF records (RFC 7208): who may send with this domain in the envelope.

use std::net::{Ipv4Addr, Ipv6Addr};

mod judge;
mod walk;

pub(super) use judge::judge;

/// What a mechanism does with a server that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Qualifier {
    Pass,
    Fail,
    SoftFail,
    Neutral,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term<'a> {
    All(Qualifier),
    Include(&'a str),
    /// `None`: the domain of the record itself.
    A(Option<&'a str>),
    Mx(Option<&'a str>),
    Ptr,
    Exists(&'a str),
    /// A literal network: needs no lookup.
    Network,
    Redirect(&'a str),
    /// `exp=` and whatever else receivers ignore.
    OtherModifier,
}

/// The terms of one record, each as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record<'a> {
    terms: Vec<(&'a str, Term<'a>)>,
}

/// `v=spf1`, followed by a space or nothing (RFC 7208, 4.5).
fn is_spf(text: &str) -> bool {
    text.get(..6).is_some_and(|v| v.eq_ignore_ascii_case("v=spf1"))
        && matches!(text.as_bytes().get(6), None | Some(b' '))
}

/// Meant as SPF, but nobody reads it as such: quotes that were typed along, a missing space, an old version.
fn looks_like_spf(text: &str) -> bool {
    let bare: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !"\"'“”".contains(*c))
        .take(8)
        .collect::<String>()
        .to_ascii_lowercase();
    !is_spf(text) && (bare.starts_with("v=spf") || bare.starts_with("spf1") || bare.starts_with("spf2.0"))
}

impl<'a> Record<'a> {
    /// `Err` is the term that makes the whole record invalid (a permanent error for every receiver).
    fn parse(text: &'a str) -> Result<Self, &'a str> {
        let rest = text.get(6..).unwrap_or_default();
        let terms = rest.split(' ').filter(|t| !t.is_empty());
        let terms = terms.map(|t| Term::parse(t).map(|term| (t, term)).ok_or(t));
        Ok(Self {
            terms: terms.collect::<Result<_, _>>()?,
        })
    }

    /// Where `all` stands, after which nothing counts.
    fn end(&self) -> Option<(usize, Qualifier)> {
        self.terms.iter().enumerate().find_map(|(i, (_, t))| match t {
            Term::All(q) => Some((i, *q)),
            _ => None,
        })
    }

    /// What receivers evaluate: up to `all`; a redirect only where there is no `all` (RFC 7208, 6.1), and last.
    fn effective(&self) -> impl Iterator<Item = &(&'a str, Term<'a>)> {
        let end = self.end().map_or(self.terms.len(), |(i, _)| i);
        let (has_all, is_redirect) = (self.end().is_some(), |t: &Term<'_>| {
            matches!(t, Term::Redirect(_))
        });
        let mechanisms = self.terms[..end].iter().filter(move |(_, t)| !is_redirect(t));
        let redirects = self.terms.iter().filter(move |(_, t)| !has_all && is_redirect(t));
        mechanisms.chain(redirects)
    }

    fn redirect(&self) -> Option<&'a str> {
        self.terms.iter().find_map(|(_, t)| match t {
            Term::Redirect(target) => Some(*target),
            _ => None,
        })
    }
}

impl<'a> Term<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let (qualifier, body) = match text.as_bytes().first()? {
            b'+' => (Some(Qualifier::Pass), &text[1..]),
            b'-' => (Some(Qualifier::Fail), &text[1..]),
            b'~' => (Some(Qualifier::SoftFail), &text[1..]),
            b'?' => (Some(Qualifier::Neutral), &text[1..]),
            _ => (None, text),
        };
        let name_length = body
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            .count();
        let (name, rest) = body.split_at(name_length);
        let name = name.to_ascii_lowercase();
        if let Some(value) = rest.strip_prefix('=') {
            let named = qualifier.is_none() && name.starts_with(|c: char| c.is_ascii_alphabetic());
            return match name.as_str() {
                _ if !named => None,
                "redirect" => domain(value).map(Self::Redirect),
                _ => Some(Self::OtherModifier),
            };
        }
        let value = rest.strip_prefix(':');
        match name.as_str() {
            "all" if rest.is_empty() => Some(Self::All(qualifier.unwrap_or(Qualifier::Pass))),
            "include" => domain(value?).map(Self::Include),
            "exists" => domain(value?).map(Self::Exists),
            "a" => with_prefix(rest, Self::A),
            "mx" => with_prefix(rest, Self::Mx),
            "ptr" if rest.is_empty() => Some(Self::Ptr),
            "ptr" => domain(value?).map(|_| Self::Ptr),
            "ip4" => network::<Ipv4Addr>(value?, 32).then_some(Self::Network),
            "ip6" => network::<Ipv6Addr>(value?, 128).then_some(Self::Network),
            _ => None,
        }
    }
}

/// A domain-spec; it may hold macros, whose value only a receiver knows.
fn domain(text: &str) -> Option<&str> {
    let plausible = !text.is_empty() && text.len() <= 253 && !text.contains(['/', ':', ',', '=']);
    (plausible || (has_macro(text) && text.len() <= 253)).then_some(text)
}

fn has_macro(text: &str) -> bool {
    text.contains('%')
}

/// `[":" domain] ["/" prefix ["//" prefix]]` behind a mechanism.
fn with_prefix<'a>(rest: &'a str, mechanism: impl Fn(Option<&'a str>) -> Term<'a>) -> Option<Term<'a>> {
    // A slash inside a macro is a delimiter of the macro, not of a prefix.
    let at = rest.rfind('}').map_or(0, |i| i + 1);
    let slash = rest[at..].find('/').map(|i| i + at);
    let (name, prefix) = rest.split_at(slash.unwrap_or(rest.len()));
    let number = |text: &str, most: u8| text.parse::<u8>().is_ok_and(|n| n <= most);
    let prefix_ok = match prefix.split_once("//") {
        Some(("", v6)) => number(v6, 128),
        Some((v4, v6)) => v4.strip_prefix('/').is_some_and(|v4| number(v4, 32)) && number(v6, 128),
        None => prefix.is_empty() || prefix.strip_prefix('/').is_some_and(|v4| number(v4, 32)),
    };
    let name = match name.strip_prefix(':') {
        Some(name) => Some(domain(name)?),
        None if name.is_empty() => None,
        None => return None,
    };
    prefix_ok.then(|| mechanism(name))
}

fn network<A: std::str::FromStr>(text: &str, most: u8) -> bool {
    match text.split_once('/') {
        Some((address, prefix)) => {
            address.parse::<A>().is_ok() && prefix.parse::<u8>().is_ok_and(|n| n <= most)
        }
        None => text.parse::<A>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_as_the_rfc_writes_them() {
        for (text, expected) in [
            ("all", Some(Term::All(Qualifier::Pass))),
            ("-ALL", Some(Term::All(Qualifier::Fail))),
            ("~all", Some(Term::All(Qualifier::SoftFail))),
            ("?all", Some(Term::All(Qualifier::Neutral))),
            ("include:_spf.google.com", Some(Term::Include("_spf.google.com"))),
            ("a", Some(Term::A(None))),
            ("a/24", Some(Term::A(None))),
            (
                "a:mail.example.org/24//64",
                Some(Term::A(Some("mail.example.org"))),
            ),
            ("mx//64", Some(Term::Mx(None))),
            ("mx:example.org", Some(Term::Mx(Some("example.org")))),
            ("ptr", Some(Term::Ptr)),
            ("ip4:192.0.2.0/24", Some(Term::Network)),
            ("ip6:2001:db8::/32", Some(Term::Network)),
            (
                "exists:%{i}._spf.example.org",
                Some(Term::Exists("%{i}._spf.example.org")),
            ),
            (
                "redirect=_spf.example.org",
                Some(Term::Redirect("_spf.example.org")),
            ),
            ("exp=explain.example.org", Some(Term::OtherModifier)),
            ("moo=cow", Some(Term::OtherModifier)),
            ("include", None),
            ("include:", None),
            ("include=example.org", Some(Term::OtherModifier)),
            ("all:example.org", None),
            ("ip4:192.0.2.300", None),
            ("ip4:192.0.2.0/33", None),
            ("ip4:2001:db8::1", None),
            ("ip:192.0.2.1", None),
            ("a/33", None),
            ("mx/24/64", None),
            ("example.org", None),
            ("include:a,b", None),
            ("-redirect=example.org", None),
            ("include:bücher.example", None),
            ("\u{7}all", None),
        ] {
            assert_eq!(Term::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_meant_as_spf_but_is_none() {
        for text in ["v=spf1", "v=spf1 -all", "V=SPF1 mx"] {
            assert!(is_spf(text) && !looks_like_spf(text), "{text}");
        }
        for text in [
            "v=spf1; a",
            "v=spf1,a",
            "\"v=spf1 -all\"",
            "v = spf1 -all",
            "spf2.0/pra -all",
            "spf1 a",
        ] {
            assert!(!is_spf(text) && looks_like_spf(text), "{text}");
        }
        for text in ["", "v=spf", "google-site-verification=x", "v=DMARC1"] {
            assert!(!is_spf(text), "{text}");
        }
        assert!(!looks_like_spf("v=DMARC1; p=none"));
    }
}
