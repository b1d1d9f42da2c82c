//! A message as it travels: an envelope and the bytes between DATA and the final dot.

use domain::mail::Address;

/// One message, usually to one recipient.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Where it comes back to (MAIL FROM).
    pub from: Address,
    pub to: Address,
    /// Further recipients, who see each other.
    pub also_to: Vec<Address>,
    /// Headers and body; lines end in CRLF, and there is no other CR and no other LF.
    bytes: Vec<u8>,
    /// The same without the recipients whose addresses go beyond ASCII; they stand in its headers as well.
    plain: Option<Box<Letter>>,
}

impl Letter {
    /// A CR or LF that stands alone would let one server see the end of a message where another does not (SMTP
    /// smuggling), so line ends are made uniform here, whatever the message was built with.
    pub fn new(from: Address, to: Address, bytes: &[u8]) -> Self {
        let mut clean = Vec::with_capacity(bytes.len());
        for byte in bytes {
            match byte {
                b'\r' => {}
                b'\n' => clean.extend_from_slice(b"\r\n"),
                _ => clean.push(*byte),
            }
        }
        // The conversation writes the last line end itself, before the final dot.
        while clean.ends_with(b"\r\n") {
            clean.truncate(clean.len() - 2);
        }
        Self {
            from,
            to,
            also_to: Vec::new(),
            bytes: clean,
            plain: None,
        }
    }

    #[must_use]
    pub fn shared_with(self, also_to: Vec<Address>) -> Self {
        Self { also_to, ..self }
    }

    /// Comes back to `address`, if there is one.
    #[must_use]
    pub fn returned_to(self, address: Option<Address>) -> Self {
        match address {
            Some(from) => {
                let plain = self
                    .plain
                    .map(|plain| Box::new(plain.returned_to(Some(from.clone()))));
                Self { from, plain, ..self }
            }
            None => self,
        }
    }

    /// Where a server takes addresses in ASCII only, `plain` goes to those who have one.
    #[must_use]
    pub fn or_plain(self, plain: Self) -> Self {
        let plain = Some(Box::new(plain));
        Self { plain, ..self }
    }

    /// What a server can be given, and the recipients that it must do without.
    pub(super) fn fitting(&self, utf8: bool) -> (&Self, Vec<&Address>) {
        match &self.plain {
            Some(plain) if !utf8 => {
                let beyond = self.recipients().filter(|a| !a.as_str().is_ascii());
                (plain, beyond.collect())
            }
            _ => (self, Vec::new()),
        }
    }

    pub fn recipients(&self) -> impl Iterator<Item = &Address> {
        std::iter::once(&self.to).chain(&self.also_to)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An address or a header goes beyond ASCII: the server must offer SMTPUTF8 (RFC 6531).
    pub(super) fn needs_utf8(&self) -> bool {
        let mut addresses = self.recipients().chain([&self.from]);
        addresses.any(|a| !a.as_str().is_ascii()) || !self.bytes.is_ascii()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn letter(bytes: &[u8]) -> Letter {
        let address = Address::parse("to", "a@example.org").unwrap();
        Letter::new(address.clone(), address, bytes)
    }

    #[test]
    fn line_ends_are_uniform() {
        assert_eq!(letter(b"a\nb\r\nc\rd\r.\r\r\n\n").bytes(), b"a\r\nb\r\ncd.");
    }

    proptest! {
        #[test]
        fn no_cr_or_lf_stands_alone(bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()], 0..200)) {
            let letter = letter(&bytes);
            let text = letter.bytes();
            for (i, b) in text.iter().enumerate() {
                if *b == b'\r' {
                    prop_assert_eq!(text.get(i + 1), Some(&b'\n'));
                }
                if *b == b'\n' {
                    prop_assert!(i > 0 && text[i - 1] == b'\r');
                }
            }
        }
    }
}
