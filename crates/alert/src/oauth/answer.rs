//! The answer that comes back by the browser.

use domain::text::sanitize;
use secrecy::SecretString;
use url::Url;

use super::problem::{Problem, ProblemKind};

const LONGEST_ANSWER: usize = 8 * 1024;

/// What the provider sent the browser back with (RFC 6749, 4.1.2).
pub(super) struct Answer {
    pub(super) state: String,
    pub(super) result: Result<SecretString, Problem>,
}

impl Answer {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST_ANSWER {
            return None;
        }
        let query = match Url::parse(text) {
            Ok(url) => url.query()?.to_owned(),
            Err(_) => text.trim_start_matches('?').to_owned(),
        };
        let mut parts = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            parts.push((name.into_owned(), value.into_owned()));
        }
        let get = |name: &str| parts.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let state = get("state")?.to_owned();
        let result = match (get("code"), get("error")) {
            (_, Some(error)) => {
                let kind = if error == "access_denied" {
                    ProblemKind::Denied
                } else {
                    ProblemKind::Rejected
                };
                let words = get("error_description").unwrap_or_default();
                let separator = if words.is_empty() { "" } else { ": " };
                Err(Problem::new(
                    kind,
                    sanitize(&format!("{error}{separator}{words}"), 400),
                ))
            }
            (Some(code), None) => Ok(SecretString::from(code)),
            (None, None) => return None,
        };
        Some(Self { state, result })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn answers_are_addresses_or_their_queries() {
        for text in [
            "http://127.0.0.1/?state=s1&code=4%2F0Ab&scope=https%3A%2F%2Fmail.google.com%2F",
            "  ?code=4/0Ab&state=s1 ",
            "state=s1&code=4%2F0Ab",
        ] {
            let answer = Answer::parse(text).unwrap();
            assert_eq!(answer.state, "s1");
            assert_eq!(answer.result.unwrap().expose_secret(), "4/0Ab");
        }
        let denied = Answer::parse("http://127.0.0.1/?error=access_denied&state=s1").unwrap();
        assert_eq!(denied.result.unwrap_err().kind, ProblemKind::Denied);
        let other = Answer::parse("?error=invalid_scope&error_description=a%0Ab&state=s1").unwrap();
        assert_eq!(other.result.unwrap_err().detail, "invalid_scope: a b");
        for text in [
            "",
            "4/0Ab",
            "http://127.0.0.1/",
            "http://127.0.0.1/?code=x",
            "?state=s1",
        ] {
            assert!(Answer::parse(text).is_none(), "{text}");
        }
        assert!(Answer::parse(&format!("?state=s1&code={}", "x".repeat(LONGEST_ANSWER))).is_none());
    }
}
