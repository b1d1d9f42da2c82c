//! The name that we say in EHLO (RFC 5321, 4.1.4).

use std::net::{IpAddr, SocketAddr};

use domain::{host::Host, mail::MailSettings};
use lettre::transport::smtp::extension::ClientId;
use url::Url;

/// What the settings say, else the domain of the public URL where it is a full one, else the address of our end of the
/// connection. Never the machine's own name: in a container that is a random number, and servers refuse it.
pub(super) fn name(settings: &MailSettings, public_url: &Url, local: Option<SocketAddr>) -> ClientId {
    if let Some(name) = &settings.hello_name {
        return read(name);
    }
    let public = public_url
        .host_str()
        .and_then(|h| Host::parse("public_url", h).ok());
    match public {
        Some(Host::Name(name)) if name.contains('.') => ClientId::Domain(name),
        _ => literal(local.map_or(IpAddr::from([127, 0, 0, 1]), |l| l.ip())),
    }
}

fn literal(ip: IpAddr) -> ClientId {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ClientId::Ipv4(ip),
        IpAddr::V6(ip) => ClientId::Ipv6(ip),
    }
}

/// The settings hold a name, `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
fn read(text: &str) -> ClientId {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let ip = bare.and_then(|b| b.strip_prefix("IPv6:").unwrap_or(b).parse().ok());
    ip.map_or_else(|| ClientId::Domain(text.to_owned()), literal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(hello_name: Option<&str>, public_url: &str, local: &str) -> String {
        let settings = MailSettings::from_json(
            json!({ "host": "mx.example.org", "port": 25, "security": "none", "from": "a@example.org",
                    "hello_name": hello_name }),
            None,
        )
        .unwrap();
        let url = Url::parse(public_url).unwrap();
        name(&settings, &url, local.parse().ok()).to_string()
    }

    #[test]
    fn the_first_name_that_says_something_is_used() {
        let local = "192.0.2.7:40000";
        for (hello, url, said_name) in [
            (
                Some("watch.example.org"),
                "https://other.example",
                "watch.example.org",
            ),
            (Some("192.0.2.1"), "https://other.example", "[192.0.2.1]"),
            (Some("2001:db8::1"), "https://other.example", "[IPv6:2001:db8::1]"),
            (None, "https://up.example.org/watch", "up.example.org"),
            (None, "http://watchbell:8380", "[192.0.2.7]"),
            (None, "http://127.0.0.1:8380", "[192.0.2.7]"),
            (None, "http://[::1]:8380", "[192.0.2.7]"),
        ] {
            assert_eq!(said(hello, url, local), said_name, "{hello:?} {url}");
        }
        assert_eq!(said(None, "http://[::1]:8380", "[::1]:9"), "[IPv6:::1]");
        assert_eq!(
            said(None, "http://[::1]:8380", "[::ffff:192.0.2.9]:9"),
            "[192.0.2.9]"
        );
    }
}
