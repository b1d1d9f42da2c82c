//! Keeps what we know to be secret out of what others say: receivers like to echo the request.

use domain::text::sanitize;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Shorter parts of an address (`v1`, `hooks`) are words, not keys, and would shred the text.
const SHORTEST: usize = 6;
const MARK: &str = "[hidden]";
const LONGEST: usize = 1024;

/// The secrets of one channel, longest first.
pub(crate) struct Redactor(Vec<SecretString>);

impl Redactor {
    /// `secrets` beside what the address holds.
    pub(crate) fn new(url: &Url, secrets: &[&SecretString]) -> Self {
        let mut words: Vec<SecretString> = Vec::new();
        let mut add = |text: &str| {
            if text.len() >= SHORTEST {
                words.push(text.into());
            }
        };
        add(url.as_str());
        add(&url[url::Position::BeforePath..]);
        add(url.path());
        for segment in url.path_segments().into_iter().flatten() {
            add(segment);
        }
        add(url.query().unwrap_or_default());
        for (_, value) in url.query_pairs() {
            add(&value);
        }
        for secret in secrets {
            let text = secret.expose_secret();
            add(text);
            // `Bearer abc`, `whsec_abc`: the part that matters also alone.
            add(text.rsplit([' ', '_']).next().unwrap_or_default());
        }
        words.sort_by_key(|w| std::cmp::Reverse(w.expose_secret().len()));
        Self(words)
    }

    /// The other side's text on one line, at most 1 KiB, without our secrets.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for word in &self.0 {
            text = text.replace(word.expose_secret(), MARK);
        }
        let mut line = sanitize(&text, LONGEST);
        if line.len() > LONGEST {
            line.truncate(line.floor_char_boundary(LONGEST - '…'.len_utf8()));
            line.push('…');
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let url = "https://hooks.example/services/T0000AAAA/B1/c4n4rysecret?token=querycanary&v=1";
        let secrets = [
            SecretString::from("whsec_bXkgc2lnbmluZyBzZWNyZXQgaXMgbG9uZw=="),
            "Bearer header-canary".into(),
        ];
        Redactor::new(&Url::parse(url).unwrap(), &secrets.each_ref())
    }

    #[test]
    fn an_echoed_request_shows_no_secret() {
        let echo = "Cannot POST /services/T0000AAAA/B1/c4n4rysecret?token=querycanary&v=1 \
            with header-canary and bXkgc2lnbmluZyBzZWNyZXQgaXMgbG9uZw== (querycanary, c4n4rysecret)";
        let shown = redactor().clean(echo);
        for canary in ["c4n4ry", "querycanary", "header-canary", "bXkgc2", "T0000AAAA"] {
            assert!(!shown.contains(canary), "{shown}");
        }
        assert!(shown.starts_with("Cannot POST [hidden] with"), "{shown}");
    }

    #[test]
    fn hostile_text_becomes_one_short_line() {
        let shown = redactor().clean(&format!("a\r\n\u{1b}[31m\u{202e}{}", "é".repeat(5000)));
        assert!(shown.len() <= LONGEST);
        assert!(!shown.chars().any(domain::text::is_unsafe));
        assert!(shown.ends_with('…'));
    }
}
