//! Reads what a mail server says of a mail that it could not deliver (delivery status notification, RFC 3464).
//!
//! What comes in is from anybody. Nothing in it is believed here: the return address says whose mail it was, and that is
//! for `store::bounces` to check.

use domain::bounce::Status;
use mail_parser::{MessageParser, MimeHeaders};

/// Where a mail system notes the address that a message was delivered to.
const DELIVERED_TO: [&str; 6] = [
    "to",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-rcpt-to",
];
/// Addresses that are looked at; a report has one or two.
const MOST_ADDRESSES: usize = 20;
/// Fields of a report that are looked at.
const MOST_FIELDS: usize = 400;

/// A report about one mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Where it was sent to, as far as that can be seen; the return address of the mail should be among them.
    pub addresses: Vec<String>,
    /// `None`: this is no report about a delivery.
    pub status: Option<Status>,
    /// The words of the server that refused the mail, as they came.
    pub text: String,
}

/// A whole message (`message/rfc822`) that has a report in it.
pub fn read_message(raw: &[u8]) -> Report {
    let Some(message) = MessageParser::default().parse(raw) else {
        return Report::default();
    };
    let status = message
        .parts
        .iter()
        .find(|part| {
            part.is_content_type("message", "delivery-status")
                || part.is_content_type("message", "global-delivery-status")
        })
        .map(|part| read_status(part.contents()))
        .unwrap_or_default();
    let mut addresses: Vec<String> = message
        .headers_raw()
        .filter(|(name, _)| DELIVERED_TO.iter().any(|d| name.eq_ignore_ascii_case(d)))
        .flat_map(|(_, value)| addresses_in(value))
        .collect();
    addresses.extend(status.addresses);
    addresses.truncate(MOST_ADDRESSES);
    Report { addresses, ..status }
}

/// The report alone (`message/delivery-status`): groups of fields, one for the message and one for each recipient.
pub fn read_status(raw: &[u8]) -> Report {
    let text = String::from_utf8_lossy(raw);
    let mut report = Report::default();
    let mut action = String::new();
    for (name, value) in fields(&text) {
        match name.as_str() {
            "original-envelope-id" => report.addresses.push(value),
            "action" => action = value.to_ascii_lowercase(),
            "status" => {
                report.status = value.parse().ok().or(report.status);
            }
            "diagnostic-code" => {
                // "smtp; 550 5.1.1 …"
                let words = value.split_once(';').map_or(value.as_str(), |(_, words)| words);
                words.trim().clone_into(&mut report.text);
            }
            // The group of the next recipient. We write to one at a time, so the first one is ours.
            "final-recipient" if report.status.is_some() => break,
            _ => {}
        }
    }
    report.status = report.status.or_else(|| status_in(&report.text));
    if let Some(status) = &mut report.status {
        // What was delivered or is still being tried is no failure, whatever number stands beside it.
        status.class = match action.as_str() {
            "delivered" | "relayed" | "expanded" => 2,
            "delayed" => status.class.min(4),
            _ => status.class,
        };
    }
    report
}

/// The enhanced code in an answer of SMTP, or what its first digit says.
fn status_in(words: &str) -> Option<Status> {
    let enhanced = words
        .split_whitespace()
        .take(3)
        .find_map(|word| word.parse().ok());
    enhanced.or_else(|| {
        let class = match words.as_bytes() {
            [
                class @ (b'2' | b'4' | b'5'),
                b'0'..=b'9',
                b'0'..=b'9',
                b' ' | b'-',
                ..,
            ] => class - b'0',
            _ => return None,
        };
        Some(Status {
            class,
            subject: 0,
            detail: 0,
        })
    })
}

/// Names in lower case and values, lines that go on (RFC 5322, 2.2.3) joined.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            if fields.len() == MOST_FIELDS {
                break;
            }
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

fn addresses_in(header: &str) -> impl Iterator<Item = String> + '_ {
    header
        .split(|c: char| c.is_whitespace() || "<>,;\"()".contains(c))
        .filter(|word| word.contains('@'))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests;
