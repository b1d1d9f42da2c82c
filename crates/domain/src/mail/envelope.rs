//! Where a mail comes back to when it cannot be delivered (MAIL FROM).

use crate::{field::FieldError, mail::Address};

/// A plain address, or one with `%s` in its local part: each message then has a return address of its own, by which a
/// bounce finds its delivery (VERP).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeSender(String);

const PLACE: &str = "%s";
/// Room that is kept for what stands in the place of `%s`.
pub const LONGEST_MARK: usize = 48;

impl EnvelopeSender {
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let bad = || {
            FieldError::new(
                field,
                "envelope-invalid",
                "Use a mail address, or one with a single %s before the @, like bounce+%s@example.org.",
            )
        };
        // The longest mark must make an address as well, or there is none for some message.
        let longest = text.replacen(PLACE, &"0".repeat(LONGEST_MARK), 1);
        let address = Address::parse(field, &longest).map_err(|_| bad())?;
        let text = text.trim();
        let Some((local, _)) = text.rsplit_once('@') else {
            return Err(bad());
        };
        match local.matches(PLACE).count() {
            0 if !text.contains('%') => Ok(Self(address.to_string())),
            1 => Ok(Self(format!("{local}@{}", address.domain()))),
            _ => Err(bad()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Each message has a return address of its own.
    pub fn is_template(&self) -> bool {
        self.0.contains(PLACE)
    }

    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, d)| d)
    }

    /// The return address with `mark` in its place: letters, digits, `-` and `=` only, at most [`LONGEST_MARK`] of them.
    /// `None`: `mark` is not one.
    pub fn address(&self, mark: &str) -> Option<Address> {
        let fits = mark.len() <= LONGEST_MARK
            && mark
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'=');
        Address::parse("envelope_from", &self.0.replacen(PLACE, mark, 1))
            .ok()
            .filter(|_| fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_and_templates_are_told_apart() {
        let plain = EnvelopeSender::parse("f", " bounces@Example.org ").unwrap();
        assert!(!plain.is_template());
        assert_eq!(plain.address("x").unwrap().as_str(), "bounces@example.org");
        let template = EnvelopeSender::parse("f", "bounce+%s@bounces.example").unwrap();
        assert!(template.is_template());
        assert_eq!(template.domain(), "bounces.example");
        assert_eq!(
            template.address("0a-b").unwrap().as_str(),
            "bounce+0a-b@bounces.example"
        );
        for mark in ["a b", "a\r\n", "a@b", &"a".repeat(49)] {
            assert!(template.address(mark).is_none(), "{mark:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "%s",
            "%s@",
            "a@%s.example.org",
            "%s%s@example.org",
            "50%@example.org",
            "a b@example.org",
            "seventeen-letters%s@example.org",
            "a@example.org\r\nRCPT TO:<x@example.org>",
        ] {
            assert!(EnvelopeSender::parse("f", bad).is_err(), "{bad:?}");
        }
    }
}
