//! The headers that say where a message belongs and how to stop it.

use domain::{id::ChannelId, mail::Address};
use lettre::message::header::{HeaderName, HeaderValue};

/// How one recipient stops the messages of one channel (RFC 2369, RFC 8058).
pub(super) struct Unsubscribe {
    /// Its page. A POST to it is enough; a GET only shows a form, because scanners follow links.
    pub(super) page: String,
    /// Where people answer, who can be asked as well.
    pub(super) reply_to: Option<Address>,
}

impl Unsubscribe {
    pub(super) fn headers(&self) -> Vec<HeaderValue> {
        let mail = self
            .reply_to
            .as_ref()
            .map(|to| format!(", <mailto:{}?subject=unsubscribe>", mailto(to)));
        let ways = format!("<{}>{}", self.page, mail.unwrap_or_default());
        let mut headers = vec![header("List-Unsubscribe", ways)];
        // RFC 8058, 3.1: one click is promised for https alone.
        if self.page.starts_with("https://") {
            headers.push(header(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            ));
        }
        headers
    }
}

/// RFC 6068, 2: what would end the address or begin a field is written by its number.
fn mailto(address: &Address) -> String {
    let mut out = String::new();
    for byte in address.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@+!$'*".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(["%".to_owned(), format!("{byte:02X}")]);
        }
    }
    out
}

/// RFC 2919: what mail programs sort by. Each channel is a list of its own.
pub(super) fn list_id(channel: Option<(ChannelId, &str)>, domain: &str) -> HeaderValue {
    let value = match channel {
        None => format!("Watchbell <watchbell.{domain}>"),
        Some((id, name)) => {
            // The name is for people only; one that would need encoding is left out.
            let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
            let name = Some(name.trim()).filter(|n| !n.is_empty() && n.len() <= 60 && n.chars().all(plain));
            format!(
                "Watchbell {} <channel-{id}.watchbell.{domain}>",
                name.unwrap_or("channel")
            )
        }
    };
    header("List-Id", value)
}

pub(super) fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_leave_its_mailto() {
        let address = Address::parse("to", "a?b&c%d=e+f/g@example.org").unwrap();
        assert_eq!(mailto(&address), "a%3Fb%26c%25d%3De+f%2Fg@example.org");
    }
}
