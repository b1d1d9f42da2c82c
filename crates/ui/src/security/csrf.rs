//! Is this form ours? Two independent answers, and both must be yes: what the browser says about the origin of the
//! request, and a token that only our own page could know.

use http::{HeaderMap, header};
use subtle::ConstantTimeEq as _;
use url::Url;

/// The hidden field in every form.
pub(crate) const FIELD: &str = "csrf";

/// False when the browser says that another site sent the request. A client that says nothing (a script) passes here:
/// it has no cookies that a stranger could ride on, and still needs the token.
pub(crate) fn is_same_origin(headers: &HeaderMap, public_url: &Url) -> bool {
    let said = |name| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    match said("sec-fetch-site") {
        Some("same-origin" | "none") => return true,
        Some(_) => return false,
        None => {}
    }
    let Some(origin) = said(header::ORIGIN.as_str()) else {
        return true;
    };
    if origin == public_url.origin().ascii_serialization() {
        return true;
    }
    // People on a LAN use an address that nobody configured: then the origin must be the host that was asked.
    let Ok(origin) = Url::parse(origin) else {
        return false;
    };
    let host = origin.host_str().map(|h| match origin.port() {
        Some(port) => format!("{h}:{port}"),
        None => h.to_owned(),
    });
    host.is_some_and(|h| said(header::HOST.as_str()).is_some_and(|asked| asked.eq_ignore_ascii_case(&h)))
}

/// The token of an urlencoded body, compared in constant time.
pub(crate) fn carries_token(body: &[u8], expected: &str) -> bool {
    if expected.is_empty() {
        return false;
    }
    url::form_urlencoded::parse(body)
        .find(|(name, _)| name == FIELD)
        .is_some_and(|(_, value)| value.as_bytes().ct_eq(expected.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_table() {
        let public: Url = "https://watch.example/".parse().unwrap();
        for (site, origin, host, expected) in [
            (None, None, "watch.example", true),
            (Some("same-origin"), None, "inner:8380", true),
            (Some("none"), None, "watch.example", true),
            (
                Some("same-site"),
                Some("https://a.example"),
                "watch.example",
                false,
            ),
            (Some("cross-site"), None, "watch.example", false),
            (None, Some("https://watch.example"), "inner:8380", true),
            (None, Some("http://10.0.0.7:8380"), "10.0.0.7:8380", true),
            (None, Some("http://10.0.0.7:8381"), "10.0.0.7:8380", false),
            (None, Some("http://[fd00::7]:8380"), "[fd00::7]:8380", true),
            (None, Some("https://evil.example"), "watch.example", false),
            (
                None,
                Some("https://watch.example.evil.example"),
                "watch.example",
                false,
            ),
            (None, Some("null"), "watch.example", false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            headers.insert(header::HOST, host.parse().unwrap());
            assert_eq!(
                is_same_origin(&headers, &public),
                expected,
                "{site:?} {origin:?} {host}"
            );
        }
    }

    #[test]
    fn a_token_is_found_wherever_it_stands_and_an_empty_one_never_counts() {
        assert!(carries_token(b"a=1&csrf=s3cret&b=2", "s3cret"));
        assert!(!carries_token(b"a=1&csrf=s3cre", "s3cret"));
        assert!(!carries_token(b"csrf=", ""));
        assert!(!carries_token(b"", "s3cret"));
    }
}
