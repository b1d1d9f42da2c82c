//! Proofs that something was made here: keyed tags, with a key for each purpose.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::key::MasterKey;

/// Bytes of a whole tag.
const TAG: usize = 32;
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

    /// Whether `claimed` is the beginning of the tag of `message`; takes as long for a wrong one as for the right one.
    pub(crate) fn vouches(&self, message: &[u8], claimed: &[u8]) -> bool {
        let expected = self.tag(message);
        let expected = expected.get(..claimed.len()).unwrap_or_default();
        !claimed.is_empty() && bool::from(expected.ct_eq(claimed))
    }
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
