//! The signature in the address of the page on which people unsubscribe.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::id::ChannelId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{error::StoreError, key::MasterKey};

/// Bytes of a signature: 128 bits keep the address short enough for a line of a mail.
const SIGNATURE: usize = 16;
/// Longer ones are not ours.
const LONGEST_TOKEN: usize = 600;
/// Makes and checks the proof. Never printed; wiped when dropped.
pub(crate) struct Signer(Zeroizing<[u8; 32]>);

impl Signer {
    pub(crate) fn new(key: &MasterKey) -> Result<Self, StoreError> {
        let mut mac = hmac(key.0.as_slice())?;
        mac.update(b"watchbell unsubscribe");
        Ok(Self(Zeroizing::new(mac.finalize().into_bytes().into())))
    }

    fn mac(&self, channel: ChannelId, key: &str) -> Result<Hmac<Sha256>, StoreError> {
        let mut mac = hmac(self.0.as_slice())?;
        mac.update(format!("{channel}\0{key}").as_bytes());
        Ok(mac)
    }

    pub(super) fn sign(&self, channel: ChannelId, key: &str) -> Result<String, StoreError> {
        let signature = self.mac(channel, key)?.finalize().into_bytes();
        let [address, signature] =
            [key.as_bytes(), &signature[..SIGNATURE]].map(|b| URL_SAFE_NO_PAD.encode(b));
        Ok(format!("{channel}.{address}.{signature}"))
    }

    pub(super) fn open(&self, token: &str) -> Option<(ChannelId, String)> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let mut parts = token.split('.');
        let (channel, address, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let channel = channel.parse().ok()?;
        let key = String::from_utf8(URL_SAFE_NO_PAD.decode(address).ok()?).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if signature.len() != SIGNATURE || parts.next().is_some() {
            return None;
        }
        // Compares in constant time.
        self.mac(channel, &key)
            .ok()?
            .verify_truncated_left(&signature)
            .ok()?;
        Some((channel, key))
    }
}

fn hmac(key: &[u8]) -> Result<Hmac<Sha256>, StoreError> {
    Hmac::new_from_slice(key).map_err(|_| StoreError::Crypto("no key for signing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new(&MasterKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_proof_says_what_was_signed_and_nothing_else_passes() {
        let signer = signer();
        let token = signer.sign(ChannelId(3), "me@example.net").unwrap();
        assert!(
            token.len() < 60
                && token
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
            "{token}"
        );
        assert_eq!(
            signer.open(&token),
            Some((ChannelId(3), "me@example.net".to_owned()))
        );

        let other = signer.sign(ChannelId(3), "you@example.net").unwrap();
        let (mine, theirs): (Vec<&str>, Vec<&str>) = (token.split('.').collect(), other.split('.').collect());
        let forged = [
            format!("4.{}.{}", mine[1], mine[2]),
            format!("3.{}.{}", theirs[1], mine[2]),
            format!("3.{}.", mine[1]),
            format!("3.{}.{}", mine[1], &mine[2][..4]),
            format!("{token}."),
            format!("{token}AA"),
            format!("03.{}.{}x", mine[1], mine[2]),
            "..".to_owned(),
            String::new(),
            "a".repeat(10_000),
        ];
        for forged in forged {
            assert_eq!(signer.open(&forged), None, "{forged}");
        }
    }

    #[test]
    fn a_proof_belongs_to_its_key() {
        let token = signer().sign(ChannelId(1), "me@example.net").unwrap();
        assert_eq!(signer().open(&token), None);
    }
}
