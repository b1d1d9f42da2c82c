//! The signature in the address of the page on which an incident is acknowledged.

use domain::id::{ChannelId, IncidentId};

use crate::{key::MasterKey, proof::ProofKey};

/// Makes and checks the proof.
pub(crate) struct Signer(ProofKey);

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) incident: IncidentId,
    pub(super) channel: ChannelId,
    /// In lower case; empty where the message goes to the channel as a whole.
    pub(super) recipient: String,
}

impl Signer {
    pub(crate) fn derive(master: &MasterKey) -> Self {
        Self(ProofKey::derive(master, "watchbell acknowledge"))
    }

    pub(super) fn sign(&self, proof: &Proof) -> String {
        self.0
            .sign(&[proof.incident.0, proof.channel.0], &proof.recipient)
    }

    pub(super) fn open(&self, token: &str) -> Option<Proof> {
        let ([incident, channel], recipient) = self.0.open(token)?;
        Some(Proof {
            incident: IncidentId(incident),
            channel: ChannelId(channel),
            recipient,
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;
    use crate::{optouts, proof::SIGNATURE};

    fn proof(incident: i64, channel: i64, recipient: &str) -> Proof {
        Proof {
            incident: IncidentId(incident),
            channel: ChannelId(channel),
            recipient: recipient.to_owned(),
        }
    }

    fn signer() -> Signer {
        Signer::derive(&MasterKey::generate().unwrap())
    }

    #[test]
    fn a_proof_says_what_was_signed_and_fits_into_a_text_message() {
        let signer = signer();
        for proof in [proof(123_456, 12, "me@example.net"), proof(7, 3, "")] {
            let token = signer.sign(&proof);
            assert!(
                token.len() < 60
                    && token
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
                "{token}"
            );
            assert_eq!(signer.open(&token), Some(proof));
        }
    }

    #[test]
    fn nothing_else_passes() {
        let signer = signer();
        let token = signer.sign(&proof(7, 3, "me@example.net"));
        let mine: Vec<&str> = token.split('.').collect();
        let part = |proof: Proof, n: usize| signer.sign(&proof).split('.').nth(n).unwrap().to_owned();
        let others = part(proof(7, 3, "you@example.net"), 2);
        let forged = [
            format!("8.3.{}.{}", mine[2], mine[3]),
            format!("7.4.{}.{}", mine[2], mine[3]),
            format!("73..{}.{}", mine[2], mine[3]),
            format!("7.3.{others}.{}", mine[3]),
            format!("7.3..{}", mine[3]),
            format!("7.3.{}.{}", mine[2], part(proof(8, 3, "me@example.net"), 3)),
            format!("7.3.{}.", mine[2]),
            format!("7.3.{}.{}", mine[2], &mine[3][..4]),
            format!("{}.{}.{}", mine[0], mine[1], mine[3]),
            format!("{token}."),
            format!("{token}AA"),
            "...".to_owned(),
            String::new(),
            "a".repeat(10_000),
        ];
        for forged in forged {
            assert_eq!(signer.open(&forged), None, "{forged}");
        }
    }

    #[test]
    fn not_one_bit_may_differ() {
        let signer = signer();
        let token = signer.sign(&proof(7, 3, "me@example.net"));
        let (head, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        for bit in 0..8 * SIGNATURE {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let forged = format!("{head}.{}", URL_SAFE_NO_PAD.encode(flipped));
            assert_eq!(signer.open(&forged), None, "bit {bit}");
        }
    }

    #[test]
    fn a_proof_belongs_to_its_key_and_its_purpose() {
        let master = MasterKey::generate().unwrap();
        let signer = Signer::derive(&master);
        let token = signer.sign(&proof(7, 3, "me@example.net"));
        assert_eq!(self::signer().open(&token), None);

        let optouts = optouts::Signer::derive(&master);
        let unsubscribing = optouts.sign(ChannelId(3), "me@example.net");
        let (_, signature) = unsubscribing.rsplit_once('.').unwrap();
        assert_eq!(signer.open(&unsubscribing), None);
        assert_eq!(signer.open(&format!("7.{unsubscribing}")), None);
        let (head, _) = token.rsplit_once('.').unwrap();
        assert_eq!(signer.open(&format!("{head}.{signature}")), None);
        assert_eq!(optouts.open(&token), None);
        assert_eq!(optouts.open(token.split_once('.').unwrap().1), None);
    }
}
