//! The signature in the address of the page on which people unsubscribe.

use domain::id::ChannelId;

use crate::{key::MasterKey, proof::ProofKey};

/// Makes and checks the proof.
pub(crate) struct Signer(ProofKey);

impl Signer {
    pub(crate) fn derive(master: &MasterKey) -> Self {
        Self(ProofKey::derive(master, "watchbell unsubscribe"))
    }

    pub(crate) fn sign(&self, channel: ChannelId, key: &str) -> String {
        self.0.sign(&[channel.0], key)
    }

    pub(crate) fn open(&self, token: &str) -> Option<(ChannelId, String)> {
        let ([channel], key) = self.0.open(token)?;
        Some((ChannelId(channel), key))
    }
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
