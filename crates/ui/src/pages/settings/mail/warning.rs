//! Port and security that rarely go together. Only a warning: the test decides, and nothing is changed by itself.
//!
//! The rules are here alone: while somebody types, the script asks for the notice as the page would show it.

use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::Query,
    response::{Html, IntoResponse as _},
};
use serde::Deserialize;

use crate::{
    SignedIn, error,
    locale::{Language, Text},
};

/// The notice with its buttons; nothing where nothing looks wrong.
#[derive(Template)]
#[template(path = "pages/settings/mail/warning.html")]
pub(super) struct Notice {
    language: Language,
    warning: Option<Warning>,
}

impl HtmlSafe for Notice {}

impl Notice {
    pub(super) fn about(language: Language, host: &str, port: &str, security: &str) -> Self {
        Self {
            language,
            warning: of(host, port, security),
        }
    }

    fn t(&self, key: &str) -> Text {
        self.language.text(key)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    host: String,
    port: String,
    security: String,
}

/// `GET /settings/mail/warning?host=&port=&security=`: the notice alone.
pub(super) async fn show(who: SignedIn, Query(asked): Query<Asked>) -> error::Result {
    let notice = Notice::about(who.visit.language, &asked.host, &asked.port, &asked.security);
    Ok(Html(notice.render()?).into_response())
}

/// What looks wrong and what could be chosen instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Warning {
    /// Text key.
    key: &'static str,
    /// Buttons: what they do (`fix:<field>:<value>`) and the text key of what they say.
    fixes: &'static [(&'static str, &'static str)],
}

const USE_TLS: (&str, &str) = ("fix:security:tls", "mail-fix-tls");
const USE_STARTTLS: (&str, &str) = ("fix:security:starttls", "mail-fix-starttls");
const USE_465: (&str, &str) = ("fix:port:465", "mail-fix-465");
const USE_587: (&str, &str) = ("fix:port:587", "mail-fix-587");

/// Judges the fields as typed.
fn of(host: &str, port: &str, security: &str) -> Option<Warning> {
    let host = host.trim();
    let local = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| match ip {
            std::net::IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
            std::net::IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
        });
    let (key, fixes): (_, &'static [_]) = match (port.trim(), security) {
        ("465", "starttls") => ("mail-warning-465", &[USE_TLS, USE_587]),
        ("465", "none") => ("mail-warning-465", &[USE_TLS]),
        ("587" | "25" | "2525", "tls") => ("mail-warning-587", &[USE_STARTTLS, USE_465]),
        ("587", "none") => ("mail-warning-587-none", &[USE_STARTTLS]),
        ("25", _) if !local && !host.is_empty() => ("mail-warning-25", &[USE_587]),
        _ => return None,
    };
    Some(Warning { key, fixes })
}

/// The field and the value that a button of a warning sets.
pub(super) fn fix(button: &str) -> Option<(&'static str, &'static str)> {
    [USE_TLS, USE_STARTTLS, USE_465, USE_587]
        .into_iter()
        .find(|(action, _)| *action == button)
        .and_then(|(action, _)| action.strip_prefix("fix:")?.split_once(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_rarely_work_are_named() {
        for (host, port, security, expected) in [
            ("mail.example.org", "465", "tls", None),
            ("mail.example.org", "587", "starttls", None),
            ("127.0.0.1", "1025", "none", None),
            ("127.0.0.1", "25", "none", None),
            ("10.0.0.5", "25", "none", None),
            ("", "25", "starttls", None),
            ("mail.example.org", "465", "starttls", Some("mail-warning-465")),
            ("mail.example.org", "465", "none", Some("mail-warning-465")),
            ("mail.example.org", "587", "tls", Some("mail-warning-587")),
            ("mail.example.org", "25", "tls", Some("mail-warning-587")),
            ("mail.example.org", "587", "none", Some("mail-warning-587-none")),
            ("mail.example.org", "25", "starttls", Some("mail-warning-25")),
        ] {
            assert_eq!(
                of(host, port, security).map(|w| w.key),
                expected,
                "{host} {port} {security}"
            );
        }
    }

    #[test]
    fn every_button_sets_a_field_and_nothing_else_does() {
        assert_eq!(fix("fix:security:tls"), Some(("security", "tls")));
        assert_eq!(fix("fix:port:587"), Some(("port", "587")));
        assert_eq!(fix("fix:host:evil.example"), None);
        assert_eq!(fix("save"), None);
    }
}
