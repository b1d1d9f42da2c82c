//! Proofs that something was made here: keyed tags, with a key for each purpose.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::key::MasterKey;

/// Bytes of a whole tag.
const TAG: usize = 32;
/// Bytes of a signature in an address: 128 bits keep it short enough for a line of a mail and for a text message.
pub(crate) const SIGNATURE: usize = 16;
/// Longer ones are not ours.
const LONGEST_TOKEN: usize = 600;
/// The block of SHA-256. HMAC fills shorter keys up with zeros to this.
const BLOCK: usize = 64;

/// Makes and checks tags. Derived from the master key, so that it tells nothing of it; never printed, wiped when dropped.
pub(crate) struct ProofKey(Zeroizing<[u8; TAG]>);

impl ProofKey {
    /// A tag of one purpose is worth nothing for another one.
    pub(crate) fn derive(master: &MasterKey, purpose: &str) -> Self {
        Self(Zeroizing::new(tag(master.0.as_slice(), purpose.as_bytes())))
    }

    pub(crate) fn tag(&self, message: &[u8]) -> [u8; TAG] {
        tag(self.0.as_slice(), message)
    }

    /// Numbers and words with their signature, as they stand in the address of a page: `7.3.<words>.<signature>`. Letters,
    /// digits, `.`, `-` and `_`.
    pub(crate) fn sign(&self, numbers: &[i64], words: &str) -> String {
        let signature = self.tag(&message(numbers, words));
        let encoded = [words.as_bytes(), &signature[..SIGNATURE]].map(|b| URL_SAFE_NO_PAD.encode(b));
        let numbers = numbers.iter().map(ToString::to_string);
        numbers.chain(encoded).collect::<Vec<_>>().join(".")
    }

    /// What was signed. `None`: it was not signed here, or for something else.
    pub(crate) fn open<const N: usize>(&self, token: &str) -> Option<([i64; N], String)> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let mut parts = token.split('.');
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = parts.next()?.parse().ok()?;
        }
        let (words, signature) = (parts.next()?, parts.next()?);
        let words = String::from_utf8(URL_SAFE_NO_PAD.decode(words).ok()?).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if signature.len() != SIGNATURE || parts.next().is_some() {
            return None;
        }
        let made_here = self.vouches(&message(&numbers, &words), &signature);
        made_here.then_some((numbers, words))
    }

    /// Whether `claimed` is the beginning of the tag of `message`; takes as long for a wrong one as for the right one.
    pub(crate) fn vouches(&self, message: &[u8], claimed: &[u8]) -> bool {
        let expected = self.tag(message);
        let expected = expected.get(..claimed.len()).unwrap_or_default();
        !claimed.is_empty() && bool::from(expected.ct_eq(claimed))
    }
}

fn message(numbers: &[i64], words: &str) -> Vec<u8> {
    let numbers = numbers.iter().map(|n| format!("{n}\0"));
    (numbers.collect::<String>() + words).into_bytes()
}

fn tag(key: &[u8], message: &[u8]) -> [u8; TAG] {
    let mut block = Zeroizing::new([0; BLOCK]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_that_of_the_standard() {
        // RFC 4231, 4.3.
        let tag = tag(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(tag[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(tag[28..], [0x64, 0xec, 0x38, 0x43]);
    }

    #[test]
    fn a_proof_holds_for_its_purpose_and_message_alone() {
        let master = MasterKey::generate().unwrap();
        let (one, other) = (
            ProofKey::derive(&master, "one"),
            ProofKey::derive(&master, "other"),
        );
        let tag = one.tag(b"message");
        assert!(one.vouches(b"message", &tag) && one.vouches(b"message", &tag[..10]));
        assert!(!one.vouches(b"massage", &tag) && !other.vouches(b"message", &tag));
        assert!(!one.vouches(b"message", b"") && !one.vouches(b"message", &[0; 40]));
    }
}
