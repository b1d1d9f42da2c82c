//! Where a redirect leads, and what may go along.

use domain::target::{HttpTarget, Method as TargetMethod};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{self, InvalidHeaderValue},
};
use secrecy::ExposeSecret;
use url::Url;

/// What is sent next.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    /// Whether the target's body goes along.
    pub(super) with_body: bool,
}

/// These say nothing about who we are. Every other header that a person set may be a token under any name.
const HARMLESS: [HeaderName; 7] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::PRAGMA,
    header::USER_AGENT,
];

impl Hop {
    pub(super) fn first(target: &HttpTarget) -> Result<Self, InvalidHeaderValue> {
        let mut headers = HeaderMap::with_capacity(target.headers.len());
        for h in &target.headers {
            // A name that the target type accepted is a token; this cannot fail.
            let Ok(name) = HeaderName::from_bytes(h.name.as_bytes()) else {
                continue;
            };
            let mut value = HeaderValue::from_str(h.value.expose_secret())?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        let method = match target.method {
            TargetMethod::Get => Method::GET,
            TargetMethod::Head => Method::HEAD,
            TargetMethod::Post => Method::POST,
            TargetMethod::Put => Method::PUT,
            TargetMethod::Patch => Method::PATCH,
            TargetMethod::Delete => Method::DELETE,
            TargetMethod::Options => Method::OPTIONS,
        };
        Ok(Self {
            url: target.url.clone(),
            method,
            headers,
            with_body: target.body.is_some(),
        })
    }

    /// The request that a redirect asks for, or a sentence about why it is not followed.
    pub(super) fn follow(mut self, status: StatusCode, location: &str, start: &Url) -> Result<Self, String> {
        let Ok(mut url) = self.url.join(location) else {
            return Err(format!(
                "Redirected to an address that cannot be read: {location}"
            ));
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(format!("Redirected to {url}, which is neither http nor https"));
        }
        // A monitor that began without encryption has nothing to lose; one that began with it must keep it.
        if start.scheme() == "https" && url.scheme() == "http" {
            return Err(format!("Redirected from https to the unencrypted {url}"));
        }
        // A server must not make us send credentials of its choice. Neither setter fails on a URL with a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);

        // RFC 9110, 15.4: 303 always becomes GET; 301 and 302 turn POST into GET, as every browser does.
        let to_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if to_get {
            self.method = Method::GET;
            self.with_body = false;
            self.headers.remove(header::CONTENT_TYPE);
        }
        if url.origin() != self.url.origin() {
            // What is dropped once stays dropped, also when the next redirect leads back.
            let kept = HARMLESS
                .iter()
                .filter_map(|n| self.headers.get(n).map(|v| (n.clone(), v.clone())));
            self.headers = kept.collect();
        }
        self.url = url;
        Ok(self)
    }
}

/// True for the statuses that move a request elsewhere (not 300, 304 and 305).
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(url: &str) -> Hop {
        let headers = [
            (header::AUTHORIZATION, "Bearer t"),
            (header::COOKIE, "a=b"),
            (HeaderName::from_static("x-api-key"), "k"),
            (header::ACCEPT, "*/*"),
            (header::CONTENT_TYPE, "application/json"),
        ];
        Hop {
            url: url.parse().unwrap(),
            method: Method::POST,
            headers: headers
                .into_iter()
                .map(|(n, v)| (n, HeaderValue::from_static(v)))
                .collect(),
            with_body: true,
        }
    }

    fn follow(from: &str, status: u16, to: &str) -> Result<Hop, String> {
        hop(from).follow(StatusCode::from_u16(status).unwrap(), to, &from.parse().unwrap())
    }

    #[test]
    fn credentials_stay_within_the_origin() {
        assert_eq!(follow("http://a/x", 307, "/y").unwrap().headers.len(), 5);
        for elsewhere in ["http://b/", "http://a:81/", "https://a/", "//b/"] {
            let next = follow("http://a/x", 307, elsewhere).unwrap();
            let mut left: Vec<_> = next.headers.keys().map(HeaderName::as_str).collect();
            left.sort_unstable();
            assert_eq!(left, ["accept", "content-type"], "{elsewhere}");
        }
    }

    #[test]
    fn what_is_dropped_stays_dropped() {
        let away = follow("http://a/x", 307, "http://b/").unwrap();
        let back = away
            .follow(StatusCode::FOUND, "http://a/", &"http://a/".parse().unwrap())
            .unwrap();
        assert!(!back.headers.contains_key(header::AUTHORIZATION));
    }

    #[test]
    fn methods_change_as_in_browsers() {
        for (status, method, body) in [
            (301, "GET", false),
            (302, "GET", false),
            (303, "GET", false),
            (307, "POST", true),
            (308, "POST", true),
        ] {
            let next = follow("http://a/", status, "/y").unwrap();
            assert_eq!((next.method.as_str(), next.with_body), (method, body), "{status}");
        }
    }

    #[test]
    fn encryption_is_not_given_up_and_schemes_are_limited() {
        assert!(
            follow("https://a/", 302, "http://a/")
                .unwrap_err()
                .contains("unencrypted")
        );
        for bad in [
            "file:///etc/passwd",
            "ftp://a/",
            "gopher://a/",
            "data:text/plain,x",
        ] {
            assert!(follow("http://a/", 302, bad).is_err(), "{bad}");
        }
        let next = follow("http://a/", 302, "http://user:secret@b/#top").unwrap();
        assert_eq!(next.url.as_str(), "http://b/");
    }
}
