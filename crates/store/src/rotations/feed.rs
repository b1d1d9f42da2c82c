//! The signature in the address of a rotation's calendar.

use domain::id::RotationId;

use crate::{error::StoreError, key::MasterKey, proof::ProofKey};

/// Makes and checks the proof.
pub(crate) struct Signer(ProofKey);

impl Signer {
    pub(crate) fn derive(master: &MasterKey) -> Self {
        Self(ProofKey::derive(master, "watchbell on-call calendar"))
    }

    pub(super) fn sign(&self, rotation: RotationId, number: i64) -> String {
        self.0.sign(&[rotation.0, number], "")
    }

    pub(super) fn open(&self, token: &str) -> Option<(RotationId, i64)> {
        let ([rotation, number], _) = self.0.open(token)?;
        Some((RotationId(rotation), number))
    }
}

/// By chance, so that no number of a deleted rotation comes back with its id.
pub(super) fn new_number() -> Result<i64, StoreError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|_| StoreError::Crypto("no random numbers"))?;
    Ok(i64::from_le_bytes(random) & i64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_belongs_to_its_rotation_number_and_key() {
        let signer = Signer::derive(&MasterKey::generate().unwrap());
        let token = signer.sign(RotationId(7), 4711);
        assert_eq!(signer.open(&token), Some((RotationId(7), 4711)));
        let (_, signature) = token.rsplit_once('.').unwrap();
        for forged in [
            format!("8.4711..{signature}"),
            format!("7.4712..{signature}"),
            format!("7.4711.eA.{signature}"),
            String::new(),
        ] {
            assert_eq!(signer.open(&forged), None, "{forged}");
        }
        assert_eq!(Signer::derive(&MasterKey::generate().unwrap()).open(&token), None);
    }
}
