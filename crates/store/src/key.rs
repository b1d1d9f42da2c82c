//! The key that seals secrets at rest.

use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

/// 256 random bits. Never printed; wiped when dropped.
#[derive(Clone)]
pub struct MasterKey(pub(crate) Zeroizing<[u8; 32]>);

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the secret key must be 32 bytes in base64")]
    Format,
    #[error("{what} {path}: {source}")]
    File {
        what: &'static str,
        path: String,
        source: std::io::Error,
    },
    #[error("the operating system gives no random numbers")]
    Randomness,
}

impl MasterKey {
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| KeyError::Randomness)?;
        Ok(Self(bytes))
    }

    /// 32 bytes in base64, with or without padding.
    pub fn from_base64(_text: &SecretString) -> Result<Self, KeyError> {
        Err(KeyError::Format)
    }

    /// Reads the key file, or makes one that only its owner may read.
    pub fn load_or_create(_path: &Path) -> Result<Self, KeyError> {
        Err(KeyError::Format)
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}
