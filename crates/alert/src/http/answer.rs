//! What an HTTP answer means for a delivery.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{attention::Rejection, clock::Timestamp};
use reqwest::{
    StatusCode,
    header::{HeaderMap, LOCATION, RETRY_AFTER},
};
use url::Url;

use crate::channel::Retry;

const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// No message lives for longer.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// `Ok` is the receiver's yes; otherwise what to do and a sentence for a person.
pub(super) fn judge(
    status: StatusCode,
    headers: &HeaderMap,
    url: &Url,
    now: Timestamp,
    credentials: &str,
) -> Result<(), (Retry, String)> {
    let code = status.as_u16();
    let (retry, reason) = match code {
        200..=299 => return Ok(()),
        300..=399 => {
            let origin = redirect_origin(headers, url);
            let reason = format!(
                "The receiver redirects to {origin} ({code}). Redirects are not followed, because the message is meant for the address that was set up. Enter the final address."
            );
            (Retry::Briefly, reason)
        }
        408 | 425 => (
            later(headers, now),
            format!("The receiver wants the message again ({code})."),
        ),
        429 => (
            later(headers, now),
            format!("The receiver asks to slow down ({code})."),
        ),
        410 => (
            Retry::Never,
            format!(
                "The receiver says that this address is gone for good ({code}). Remove the channel or enter the new address."
            ),
        ),
        401 | 403 => (
            Retry::Briefly,
            format!("The receiver does not let us in ({code}). Check {credentials}."),
        ),
        404 => (
            Retry::Briefly,
            format!("The receiver does not know the address ({code}). Check the URL of this channel."),
        ),
        400..=499 => (
            Retry::Briefly,
            format!("The receiver refuses the message ({code})."),
        ),
        500..=599 => (
            later(headers, now),
            format!("The receiver has an error of its own ({code})."),
        ),
        _ => (
            Retry::Backoff,
            format!("The receiver gave an answer that is not final ({code})."),
        ),
    };
    Err((retry, reason))
}

/// The message is neither taken nor refused.
pub(super) fn asks_for_patience(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429)
}

/// What a status says about the address itself, whatever was to be sent there.
pub(super) fn rejection(status: StatusCode) -> Option<Rejection> {
    match status.as_u16() {
        410 => Some(Rejection::Gone),
        401 => Some(Rejection::Unauthorised),
        404 => Some(Rejection::NotFound),
        _ => None,
    }
}

/// `Retry-After` in either form (RFC 9110, 10.2.3), held between a second and a day.
fn later(headers: &HeaderMap, now: Timestamp) -> Retry {
    let wait = headers
        .get(RETRY_AFTER)
        .and_then(|v| v.to_str().ok())
        .and_then(|text| parse_wait(text.trim(), now));
    wait.map_or(Retry::Backoff, after)
}

/// The time that the other side named, wherever it did.
pub(crate) fn after(wait: Duration) -> Retry {
    Retry::After(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT))
}

fn parse_wait(text: &str, now: Timestamp) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a long time all the same.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc);
    Some(Timestamp::from_utc(at).since(now))
}

/// Where a redirect leads, without the path: that may carry a key.
fn redirect_origin(headers: &HeaderMap, url: &Url) -> String {
    headers
        .get(LOCATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|location| url.join(location).ok())
        .filter(|target| matches!(target.scheme(), "http" | "https"))
        .map_or_else(
            || "somewhere else".to_owned(),
            |target| target.origin().ascii_serialization(),
        )
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT

    fn judge_with(
        code: u16,
        header: Option<(reqwest::header::HeaderName, &str)>,
    ) -> Result<(), (Retry, String)> {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let url = Url::parse("https://hooks.example/secret-path").unwrap();
        judge(
            StatusCode::from_u16(code).unwrap(),
            &headers,
            &url,
            NOW,
            "the key",
        )
    }

    #[test]
    fn the_retry_table() {
        for (code, retry) in [
            (200, None),
            (204, None),
            (299, None),
            (301, Some(Retry::Briefly)),
            (308, Some(Retry::Briefly)),
            (400, Some(Retry::Briefly)),
            (401, Some(Retry::Briefly)),
            (403, Some(Retry::Briefly)),
            (404, Some(Retry::Briefly)),
            (408, Some(Retry::Backoff)),
            (410, Some(Retry::Never)),
            (413, Some(Retry::Briefly)),
            (422, Some(Retry::Briefly)),
            (425, Some(Retry::Backoff)),
            (429, Some(Retry::Backoff)),
            (500, Some(Retry::Backoff)),
            (502, Some(Retry::Backoff)),
            (503, Some(Retry::Backoff)),
            (504, Some(Retry::Backoff)),
            (600, Some(Retry::Backoff)),
        ] {
            assert_eq!(judge_with(code, None).err().map(|e| e.0), retry, "{code}");
        }
    }

    #[test]
    fn three_of_them_are_about_the_address() {
        let all = (100..600).map(|code| StatusCode::from_u16(code).unwrap());
        let about: Vec<_> = all
            .filter_map(|s| Some((s.as_u16(), rejection(s)?.as_str())))
            .collect();
        assert_eq!(about, [(401, "unauthorised"), (404, "not_found"), (410, "gone")]);
    }

    #[test]
    fn retry_after_is_honoured_within_a_second_and_a_day() {
        for (value, retry) in [
            ("7", Retry::After(Duration::from_secs(7))),
            ("0", Retry::After(SHORTEST_WAIT)),
            ("7200", Retry::After(Duration::from_hours(2))),
            ("86400", Retry::After(Duration::from_hours(24))),
            ("99999999999999999999999", Retry::After(LONGEST_WAIT)),
            (
                "Sun, 06 Nov 1994 08:50:37 GMT",
                Retry::After(Duration::from_mins(1)),
            ),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Retry::After(SHORTEST_WAIT)),
            ("soon", Retry::Backoff),
            ("-5", Retry::Backoff),
            ("", Retry::Backoff),
        ] {
            for code in [429, 503] {
                let (got, _) = judge_with(code, Some((RETRY_AFTER, value))).unwrap_err();
                assert_eq!(got, retry, "{code} {value}");
            }
        }
        // It does not turn a final no into a later yes.
        let (got, _) = judge_with(410, Some((RETRY_AFTER, "7"))).unwrap_err();
        assert_eq!(got, Retry::Never);
    }

    #[test]
    fn a_redirect_names_the_origin_alone() {
        let (_, reason) = judge_with(
            302,
            Some((LOCATION, "https://evil.example:8443/login?key=canary")),
        )
        .unwrap_err();
        assert!(reason.contains("https://evil.example:8443 "), "{reason}");
        assert!(!reason.contains("canary"));
        let (_, reason) = judge_with(302, Some((LOCATION, "/secret-path/"))).unwrap_err();
        assert!(reason.contains("https://hooks.example ") && !reason.contains("secret-path"));
        let (_, reason) = judge_with(302, Some((LOCATION, "javascript:alert(1)"))).unwrap_err();
        assert!(reason.contains("somewhere else"));
    }
}
