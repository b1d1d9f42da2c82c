//! The name for EHLO: a full domain name or an address literal (RFC 5321, 4.1.3 and 4.1.4).

use std::net::{IpAddr, Ipv6Addr};

use super::Origin;
use crate::{field::FieldError, host::Host, text::parse_line};

const TAG: &str = "IPv6:";

/// What it gives it also takes, for that is what is stored.
pub(super) fn parse(field: &str, text: &str, origin: Origin) -> Result<String, FieldError> {
    let text = parse_line(field, text, 255)?;
    if let Some(ip) = tagged(&text) {
        return Ok(format!("[{TAG}{ip}]"));
    }
    match Host::parse(field, &text)? {
        Host::Name(name) if origin == Origin::Person && !name.contains('.') => Err(FieldError::new(
            field,
            "hello-short",
            "Many servers refuse a name without a dot. Use a full one like watch.example.org, or an address like 192.0.2.10.",
        )),
        Host::Name(name) => Ok(name),
        Host::Ip(IpAddr::V4(ip)) => Ok(format!("[{ip}]")),
        Host::Ip(IpAddr::V6(ip)) => Ok(format!("[{TAG}{ip}]")),
    }
}

/// `[IPv6:2001:db8::1]`.
fn tagged(text: &str) -> Option<Ipv6Addr> {
    let literal = text.strip_prefix('[')?.strip_suffix(']')?;
    let (tag, address) = literal.split_at_checked(TAG.len())?;
    address.parse().ok().filter(|_| tag.eq_ignore_ascii_case(TAG))
}
