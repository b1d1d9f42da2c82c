//! A host that can be dialled: a DNS name or an IP address, and nothing around it.

use std::{fmt, net::IpAddr};

use crate::field::FieldError;

/// A DNS name (lower case, ASCII, IDNA applied) or an IP address. No scheme, no port, no brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    Name(String),
    Ip(IpAddr),
}

impl Host {
    /// Parses what a person typed and says what to do about a pasted address that carries more than a host.
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let text = crate::text::parse_line(field, text, 255)?;
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(FieldError::new(
                field,
                "host-with-scheme",
                format!("Enter the host alone, without \"{scheme}://\" and without a path or port."),
            )
            .with("scheme", scheme));
        }
        let bare = text
            .strip_prefix('[')
            .and_then(|t| t.strip_suffix(']'))
            .unwrap_or(&text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self::Ip(ip));
        }
        if let Some((host, port)) = text.rsplit_once(':')
            && port.chars().all(|c| c.is_ascii_digit())
            && !host.contains(':')
        {
            return Err(FieldError::new(
                field,
                "host-with-port",
                "Enter the host alone; the port has its own field.",
            ));
        }
        let bad = || {
            FieldError::new(
                field,
                "host-invalid",
                "This is not a host name or IP address. Example: mail.example.org or 192.0.2.10.",
            )
        };
        // Not the strict form: it refuses the underscore, and containers are called `shop_web_1`.
        let name = idna::domain_to_ascii(text.strip_suffix('.').unwrap_or(&text)).map_err(|_| bad())?;
        let label_ok = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        // A name whose last label is a number is an IP address in disguise (octal, decimal, short forms).
        let numeric_tail = name.rsplit('.').next().is_some_and(|l| {
            l.bytes().all(|b| b.is_ascii_digit()) || l.starts_with("0x") || l.starts_with("0X")
        });
        if name.is_empty() || name.len() > 253 || numeric_tail || !name.split('.').all(label_ok) {
            return Err(bad());
        }
        Ok(Self::Name(name))
    }
}

impl fmt::Display for Host {
    /// Without brackets; for `host:port` use [`HostPort`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(n) => f.write_str(n),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

/// `host:port`, IPv6 in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    pub host: Host,
    pub port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

/// A TCP port from text or number: 1 to 65535.
pub fn parse_port(field: &str, port: i64) -> Result<u16, FieldError> {
    u16::try_from(port)
        .ok()
        .filter(|p| *p > 0)
        .ok_or_else(|| FieldError::new(field, "port-range", "Use a port from 1 to 65535."))
}
