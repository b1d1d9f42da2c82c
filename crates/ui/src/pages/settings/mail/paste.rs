//! An address that was pasted whole into the field of the server, taken apart.
//!
//! `smtps://user:password@host:465`, `smtp://host`, `host:465`, `[2001:db8::25]:587`.

use domain::host::Host;
use serde::Serialize;
use url::Url;

use crate::pages::form::value;

/// What it says; what it does not say stays as it was typed. The password is not among what is sent back to a browser.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Pasted {
    pub(super) host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) security: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
    #[serde(skip)]
    password: Option<String>,
}

/// `None`: a name alone, or something that the domain must judge.
pub(super) fn read(text: &str) -> Option<Pasted> {
    let text = text.trim();
    if text.contains("://") {
        address(text)
    } else {
        host_and_port(text)
    }
}

/// Puts it into the fields of a form.
pub(super) fn split(mut typed: Vec<(String, String)>) -> Vec<(String, String)> {
    let Some(pasted) = read(value(&typed, "host")) else {
        return typed;
    };
    let fields = [
        ("host", Some(pasted.host)),
        ("port", pasted.port.map(|p| p.to_string())),
        ("security", pasted.security.map(str::to_owned)),
        ("username", pasted.username),
        ("password", pasted.password),
    ];
    for (name, text) in fields {
        if let Some(text) = text {
            typed.retain(|(n, _)| n != name);
            typed.push((name.to_owned(), text));
        }
    }
    typed
}

fn address(text: &str) -> Option<Pasted> {
    let url = Url::parse(text).ok()?;
    let (security, usual) = match url.scheme() {
        "smtps" | "submissions" => ("tls", 465),
        "smtp" | "submission" => ("starttls", 587),
        _ => return None,
    };
    let host = url.host_str()?;
    let decode = |text: &str| {
        // The form decoder turns "+" into a blank, an address does not.
        let text = text.replace('+', "%2B");
        url::form_urlencoded::parse(text.as_bytes())
            .next()
            .map(|(k, _)| k.into_owned())
    };
    Some(Pasted {
        host: host.trim_matches(['[', ']']).to_owned(),
        port: Some(url.port().unwrap_or(usual)),
        security: Some(security),
        username: decode(url.username()).filter(|u| !u.is_empty()),
        password: url.password().and_then(decode).filter(|p| !p.is_empty()),
    })
}

/// The port says how it is usually protected; an unusual one says nothing.
fn host_and_port(text: &str) -> Option<Pasted> {
    let (host, port) = text.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|p| *p != 0)?;
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host = match bare {
        Some(inner) => inner,
        // An IPv6 address without brackets: its last group is no port.
        None if host.contains(':') => return None,
        None => host,
    };
    Host::parse("host", host).ok()?;
    let security = match port {
        465 => Some("tls"),
        587 => Some("starttls"),
        _ => None,
    };
    Some(Pasted {
        host: host.to_owned(),
        port: Some(port),
        security,
        ..Pasted::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn a_pasted_address_is_taken_apart() {
        for (pasted, expected) in [
            (
                "smtps://me%40example.org:a+b%21@mail.example.org:465/",
                ["mail.example.org", "465", "tls", "me@example.org", "a+b!"],
            ),
            (
                "smtps://mail.example.org",
                ["mail.example.org", "465", "tls", "", ""],
            ),
            (
                " smtp://me@mail.example.org ",
                ["mail.example.org", "587", "starttls", "me", ""],
            ),
            (
                "smtp://mail.example.org:2525",
                ["mail.example.org", "2525", "starttls", "", ""],
            ),
            (
                "submission://[2001:db8::25]:587",
                ["2001:db8::25", "587", "starttls", "", ""],
            ),
            ("mail.example.org:465", ["mail.example.org", "465", "tls", "", ""]),
            (
                "mail.example.org:587",
                ["mail.example.org", "587", "starttls", "", ""],
            ),
            ("192.0.2.25:1025", ["192.0.2.25", "1025", "none", "", ""]),
            ("[2001:db8::25]:465", ["2001:db8::25", "465", "tls", "", ""]),
        ] {
            let before = [("host", pasted), ("port", "25"), ("security", "none")];
            let after = split(typed(&before));
            let got = ["host", "port", "security", "username", "password"].map(|n| value(&after, n));
            assert_eq!(got, expected, "{pasted}");
        }
    }

    #[test]
    fn other_addresses_are_left_for_the_domain_to_refuse() {
        for host in [
            "https://mail.example.org",
            "mail.example.org",
            "mail.example.org:0",
            "mail.example.org:99999",
            "mail.example.org:smtp",
            "2001:db8::25",
            "a b:25",
            "smtps://",
            "",
        ] {
            let before = typed(&[("host", host)]);
            assert_eq!(split(before.clone()), before, "{host}");
        }
    }

    #[test]
    fn the_password_is_not_sent_back() {
        let pasted = read("smtps://me:hunter2@mail.example.org").unwrap();
        assert!(!serde_json::to_string(&pasted).unwrap().contains("hunter2"));
    }
}
