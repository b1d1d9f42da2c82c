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
pub(crate) fn hex(bytes: usize) -> String {
    let mut buffer = vec![0_u8; bytes];
    // Without randomness the name is all zeros: it only helps to find a line in the log.
    if getrandom::fill(&mut buffer).is_err() {
        buffer.fill(0);
    }
    buffer.iter().map(|b| format!("{b:02x}")).collect()
}
