//! Random tokens from the operating system.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// 256 bits, URL-safe. An empty text when the operating system has no randomness, which no comparison accepts.
pub(crate) fn token() -> String {
    let mut bytes = [0_u8; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => URL_SAFE_NO_PAD.encode(bytes),
        Err(_) => String::new(),
    }
}

/// A short name, not a secret.
pub(crate) fn name() -> String {
    // Without randomness the name is zero: it only helps to find a line in the log.
    format!("{:016x}", getrandom::u64().unwrap_or_default())
}
