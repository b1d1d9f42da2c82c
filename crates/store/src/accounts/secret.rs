//! Random texts that prove something, and how they are kept: as their SHA-256.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::StoreError;

/// 256 random bits, 43 characters.
pub(super) fn generate() -> Result<Zeroizing<String>, StoreError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| StoreError::Crypto("no random numbers"))?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// A fast hash is right here: nobody can guess 256 bits.
pub(super) fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

pub(super) fn matches(text: &str, digest_of_it: &[u8]) -> bool {
    digest(text).ct_eq(digest_of_it).into()
}
