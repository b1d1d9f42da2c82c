//! The signature in the address of the page on which people unsubscribe.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::id::ChannelId;

use crate::{key::MasterKey, proof::ProofKey};

/// Bytes of a signature: 128 bits keep the address short enough for a line of a mail.
const SIGNATURE: usize = 16;
/// Longer ones are not ours.
const LONGEST_TOKEN: usize = 600;
/// Makes and checks the proof.
pub(crate) struct Signer(ProofKey);

impl Signer {
    pub(crate) fn derive(master: &MasterKey) -> Self {
        Self(ProofKey::derive(master, "watchbell unsubscribe"))
    }

    pub(crate) fn sign(&self, channel: ChannelId, key: &str) -> String {
        let signature = self.0.tag(&message(channel, key));
        let [address, signature] =
            [key.as_bytes(), &signature[..SIGNATURE]].map(|b| URL_SAFE_NO_PAD.encode(b));
        format!("{channel}.{address}.{signature}")
    }

    pub(crate) fn open(&self, token: &str) -> Option<(ChannelId, String)> {
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
        let made_here = self.0.vouches(&message(channel, &key), &signature);
        made_here.then_some((channel, key))
    }
}

fn message(channel: ChannelId, key: &str) -> Vec<u8> {
    format!("{channel}\0{key}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::derive(&MasterKey::generate().unwrap())
    }

    #[test]
    fn a_proof_says_what_was_signed_and_nothing_else_passes() {
        let signer = signer();
        let token = signer.sign(ChannelId(3), "me@example.net");
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

        let other = signer.sign(ChannelId(3), "you@example.net");
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
        let token = signer().sign(ChannelId(1), "me@example.net");
        assert_eq!(signer().open(&token), None);
    }
}
