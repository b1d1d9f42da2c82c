//! Sealing secrets at rest: XChaCha20-Poly1305, bound to the place where they are kept.
//!
//! A sealed value is version (1 byte), key id (8), nonce (24), ciphertext and tag. The associated data names table,
//! column and row, so a sealed value that is copied into another row does not open there.

use std::{
    fmt::Display,
    sync::atomic::{AtomicBool, Ordering},
};

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    error::{StoreError, corrupt},
    key::MasterKey,
};

const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const NONCE: usize = 24;
/// Version and key id: what two values that were sealed with the same key have in common.
pub(crate) const PREFIX: usize = 1 + KEY_ID;

pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
    prefix: [u8; PREFIX],
    /// Whether the database's canary opened with this key.
    pub(crate) matches: AtomicBool,
}

/// Where a sealed value is kept.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a (dyn Display + Sync),
}

impl Place<'_> {
    fn aad(self) -> Vec<u8> {
        format!("{}/sealed/{}", self.table, self.row).into_bytes()
    }

    fn damaged(self) -> StoreError {
        corrupt(self.table, self.row, "sealed")
    }
}

impl Sealer {
    pub(crate) fn new(key: &MasterKey) -> Self {
        let digest = Sha256::new()
            .chain_update(b"watchbell key id")
            .chain_update(key.0.as_slice())
            .finalize();
        let mut prefix = [VERSION; PREFIX];
        prefix[1..].copy_from_slice(&digest[..KEY_ID]);
        Self {
            cipher: XChaCha20Poly1305::new(&Key::from(*key.0)),
            prefix,
            matches: AtomicBool::new(true),
        }
    }

    pub(crate) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    pub(crate) fn key_matches(&self) -> bool {
        self.matches.load(Ordering::Relaxed)
    }

    pub(crate) fn seal(&self, place: Place<'_>, secret: &SecretString) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| StoreError::Crypto("no random numbers"))?;
        let aad = place.aad();
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: &aad,
        };
        let text = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Crypto("sealing failed"))?;
        Ok([&self.prefix[..], &nonce[..], &text[..]].concat())
    }

    /// `None`: sealed with another key. A value that was sealed with this key and does not open is damaged.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Option<SecretString>, StoreError> {
        let (Some(prefix), Some(nonce), Some(text)) = (
            sealed.get(..PREFIX),
            sealed.get(PREFIX..PREFIX + NONCE),
            sealed.get(PREFIX + NONCE..),
        ) else {
            return Err(place.damaged());
        };
        if prefix != self.prefix {
            return Ok(None);
        }
        let nonce = <[u8; NONCE]>::try_from(nonce).map_err(|_| place.damaged())?;
        let aad = place.aad();
        let bytes = self
            .cipher
            .decrypt(&XNonce::from(nonce), Payload { msg: text, aad: &aad })
            .map_err(|_| place.damaged())?;
        let text = String::from_utf8(bytes).map_err(|_| place.damaged())?;
        Ok(Some(SecretString::from(text)))
    }
}

/// The secret members of a configuration, in the open: join them and let go.
pub(crate) fn json(secret: &SecretString) -> Option<serde_json::Value> {
    serde_json::from_str(secret.expose_secret()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(row: &i64) -> Place<'_> {
        Place {
            table: "channels",
            row,
        }
    }

    fn sealer() -> Sealer {
        Sealer::new(&MasterKey::generate().unwrap())
    }

    #[test]
    fn a_sealed_value_opens_in_its_own_row_only() {
        let sealer = sealer();
        let sealed = sealer.seal(place(&1), &SecretString::from("s3cret")).unwrap();
        assert!(!sealed.windows(6).any(|w| w == b"s3cret"));
        let opened = sealer.open(place(&1), &sealed).unwrap().unwrap();
        assert_eq!(opened.expose_secret(), "s3cret");
        assert!(matches!(
            sealer.open(place(&2), &sealed),
            Err(StoreError::Corrupt { column: "sealed", .. })
        ));
    }

    #[test]
    fn another_key_reads_as_locked_and_a_changed_byte_as_damaged() {
        let (one, two) = (sealer(), sealer());
        let mut sealed = one.seal(place(&1), &SecretString::from("x")).unwrap();
        assert!(two.open(place(&1), &sealed).unwrap().is_none());
        *sealed.last_mut().unwrap() ^= 1;
        assert!(one.open(place(&1), &sealed).is_err());
        assert!(one.open(place(&1), &sealed[..20]).is_err());
    }
}
