//! The key that seals secrets at rest.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

const LENGTH: usize = 32;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// 256 random bits. Never printed; wiped when dropped.
#[derive(Clone)]
pub struct MasterKey(pub(crate) Zeroizing<[u8; LENGTH]>);

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the secret key must be 32 bytes in base64")]
    Format,
    #[error("{what} {path}: {source}")]
    File {
        what: &'static str,
        path: String,
        source: io::Error,
    },
    #[error("the operating system gives no random numbers")]
    Randomness,
}

impl MasterKey {
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| KeyError::Randomness)?;
        Ok(Self(bytes))
    }

    /// 32 bytes in base64, with or without padding.
    pub fn from_base64(text: &SecretString) -> Result<Self, KeyError> {
        let bytes = LENIENT
            .decode(text.expose_secret().trim())
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Format)?;
        let bytes = <[u8; LENGTH]>::try_from(bytes.as_slice()).map_err(|_| KeyError::Format)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// Reads the key file, or makes one that only its owner may read. The new file is complete and on the disk before
    /// it has its name, so a crash in between leaves no half key behind which new secrets would be sealed.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let error = |what| {
            move |source| KeyError::File {
                what,
                path: path.display().to_string(),
                source,
            }
        };
        match read(path) {
            Ok(text) => return Self::from_base64(&text),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(error("cannot read the secret key from")(e)),
        }
        let key = Self::generate()?;
        match key.write(path) {
            Ok(()) => Ok(key),
            // Another process was faster: its key is the one.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                Self::from_base64(&read(path).map_err(error("cannot read the secret key from"))?)
            }
            Err(e) => Err(error("cannot write the secret key to")(e)),
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let directory = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let draft = path.with_extension(format!("new-{}", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        let text = Zeroizing::new(STANDARD.encode(self.0.as_slice()) + "\n");
        let linked = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            // Unlike a rename, a hard link never replaces a key that is already there.
            .and_then(|()| std::fs::hard_link(&draft, path));
        let removed = std::fs::remove_file(&draft);
        linked.and(removed)?;
        File::open(directory)?.sync_all()
    }
}

fn read(path: &Path) -> io::Result<SecretString> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(1024).read_to_string(&mut text)?;
    Ok(SecretString::from(text.as_str()))
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret.key");
        let first = MasterKey::load_or_create(&path).unwrap();
        let again = MasterKey::load_or_create(&path).unwrap();
        assert_eq!(first.0, again.0);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn parallel_starts_agree_on_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret.key");
        // The draft's name carries the process id, so within one process starts are taken in turn.
        let keys: Vec<_> = (0..4)
            .map(|_| MasterKey::load_or_create(&path).unwrap().0)
            .collect();
        assert!(keys.windows(2).all(|w| w[0] == w[1]));
    }

    #[test]
    fn a_key_of_another_length_is_refused_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret.key");
        std::fs::write(&path, "c2hvcnQ=").unwrap();
        assert!(matches!(MasterKey::load_or_create(&path), Err(KeyError::Format)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "c2hvcnQ=");
    }
}
