//! Which passwords may be chosen, and how they are kept: argon2id, hashed beside the runtime, four at a time.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::field::FieldError;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::error::StoreError;

const SHORTEST: usize = 12;
const LONGEST_BYTES: usize = 256;
/// Each hash takes 19 MiB while it is computed.
const AT_ONCE: usize = 4;

/// Long ones of the lists that attackers try first; the short ones are refused by their length.
const WELL_KNOWN: &[&str] = &[
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "1qazxsw23edc",
    "q1w2e3r4t5y6",
    "qwertyuiop123",
    "qwerty123456",
    "qwertyuiop[]",
    "zxcvbnm123456",
    "administrator",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "passw0rd1234",
    "p@ssw0rd1234",
    "p@ssword1234",
    "letmeinletmein",
    "iloveyou1234",
    "iloveyouforever",
    "welcome12345",
    "welcome123456",
    "changeme1234",
    "changemechangeme",
    "changemeplease",
    "correcthorsebatterystaple",
    "mypassword123",
    "superadmin123",
    "administrator1",
    "adminadmin123",
    "watchbell123",
    "watchbell1234",
    "uptimemonitor",
    "abc123abc123",
    "abcd1234abcd",
    "football1234",
    "baseball1234",
    "princess1234",
    "sunshine1234",
    "trustno1trustno1",
    "unknown12345",
    "thisisapassword",
    "thisismypassword",
    "secretpassword",
    "defaultpassword",
];
const RUNS: [&str; 3] = [
    "0123456789012345678901234567890123456789",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnmqwertyuiopasdfghjklzxcvbnm",
];

/// A password that a person may choose: 12 characters to 256 bytes, not one of the well-known ones.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        if text.len() > LONGEST_BYTES {
            let message = format!("Use at most {LONGEST_BYTES} bytes.");
            return Err(FieldError::new(field, "password-too-long", message).with("max", LONGEST_BYTES));
        }
        if text.chars().count() < SHORTEST {
            let message =
                format!("Use at least {SHORTEST} characters. A few words in a row are easy to remember.");
            return Err(FieldError::new(field, "password-too-short", message).with("min", SHORTEST));
        }
        if is_well_known(&text.to_lowercase()) {
            return Err(FieldError::new(
                field,
                "password-well-known",
                "This password is among the first that attackers try. Choose another one.",
            ));
        }
        Ok(Self(SecretString::from(text)))
    }

    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

fn is_well_known(text: &str) -> bool {
    let backwards: String = text.chars().rev().collect();
    let repeats = |n: usize| {
        let unit: Vec<char> = text.chars().take(n).collect();
        text.chars().zip(unit.iter().cycle()).all(|(a, b)| a == *b)
    };
    WELL_KNOWN.contains(&text)
        || RUNS
            .iter()
            .any(|run| run.contains(text) || run.contains(backwards.as_str()))
        || (1..=3).any(repeats)
}

/// Bounds how many hashes are computed at once, whatever arrives.
pub(crate) struct Hashing {
    permits: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Hashing {
    pub(super) async fn hash(&self, password: &Password) -> Result<String, StoreError> {
        let password = password.0.clone();
        self.run(move || hash(&password)).await?
    }

    /// Without a stored hash it computes one all the same, so that the time does not tell whether there is an account.
    pub(super) async fn verify(
        &self,
        password: &SecretString,
        stored: Option<String>,
    ) -> Result<bool, StoreError> {
        let password = password.clone();
        self.run(move || {
            // Longer than anybody could have chosen: not worth the time.
            if password.expose_secret().len() > LONGEST_BYTES {
                return Ok(false);
            }
            let Some(stored) = stored else {
                hash(&password)?;
                return Ok(false);
            };
            let parsed = PasswordHash::new(&stored)
                .map_err(|_| StoreError::Crypto("a stored password hash is damaged"))?;
            let verified = hasher()?.verify_password(password.expose_secret().as_bytes(), &parsed);
            Ok(verified.is_ok())
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        const STOPPED: StoreError = StoreError::Crypto("password hashing was stopped");
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|_| STOPPED)?;
        // The permit goes along: a caller who gives up does not make room for one more hash.
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|_| STOPPED)
    }
}

fn hasher() -> Result<Argon2<'static>, StoreError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| StoreError::Crypto("argon2 parameters"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &SecretString) -> Result<String, StoreError> {
    let hashed: PasswordHash = hasher()?
        .hash_password(password.expose_secret().as_bytes())
        .map_err(|_| StoreError::Crypto("the password could not be hashed"))?;
    Ok(hashed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        Password::parse("password", text).err().map(|e| e.code)
    }

    #[test]
    fn length_counts_characters_below_and_bytes_above() {
        assert_eq!(code("elevenchars"), Some("password-too-short"));
        assert_eq!(code("zwölf zeichen"), None);
        assert_eq!(code(&"é".repeat(129)), Some("password-too-long"));
    }

    #[test]
    fn what_attackers_try_first_is_refused() {
        for text in [
            "Password1234",
            "123456789012",
            "987654321098",
            "abcabcabcabc",
            "aaaaaaaaaaaaa",
            "qwertyuiopas",
        ] {
            assert_eq!(code(text), Some("password-well-known"), "{text}");
        }
        assert_eq!(code("a quiet brass bell"), None);
    }

    #[test]
    fn a_password_does_not_print_itself() {
        let password = Password::parse("password", "a quiet brass bell").unwrap();
        assert!(!format!("{password:?}").contains("brass"));
    }
}
