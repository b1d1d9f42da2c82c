//! The signed id of a delivery, short enough for the local part of an address (RFC 5321: 64 octets).

use std::time::Duration;

use domain::{clock::Timestamp, id::DeliveryId};
use uuid::Uuid;

use crate::{key::MasterKey, proof::ProofKey};

/// A mail that nobody could deliver comes back within this, or is not believed.
pub const VALID_FOR: Duration = Duration::from_hours(48);
/// Letters and digits of a mark.
pub const MARK_LENGTH: usize = 47;

const ID: usize = 16;
/// Hours since 1970, which lasts until 3883.
const HOUR: usize = 3;
/// 80 bits: there is one guess per request, and a right one suspends one recipient.
const TAG: usize = 10;
const BYTES: usize = ID + HOUR + TAG;
/// RFC 4648, in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Signs marks.
pub(crate) struct MarkKey(ProofKey);

/// Why an address leads to no delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    #[error("there is no mark of ours in this address")]
    Missing,
    #[error("the mark in this address was not made with the key of this instance")]
    Forged,
    #[error("the mark in this address is older than two days")]
    Expired,
}

impl MarkKey {
    pub(crate) fn derive(master: &MasterKey) -> Self {
        Self(ProofKey::derive(master, "watchbell return addresses"))
    }

    pub(super) fn mark(&self, delivery: DeliveryId, now: Timestamp) -> String {
        let hour = u32::try_from(now.as_seconds().max(0) / 3600).unwrap_or(u32::MAX);
        let mut bytes = [0; BYTES];
        bytes[..ID].copy_from_slice(delivery.0.as_bytes());
        bytes[ID..ID + HOUR].copy_from_slice(&hour.to_be_bytes()[1..]);
        let tag = self.0.tag(&bytes[..ID + HOUR]);
        bytes[ID + HOUR..].copy_from_slice(&tag[..TAG]);
        encode(&bytes)
    }

    /// The template of the address may have been changed since, so the mark is looked for at every place.
    pub(super) fn find(&self, address: &str, now: Timestamp) -> Result<DeliveryId, MarkError> {
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
        let local: Vec<u8> = local.trim().bytes().take(256).collect();
        let mut found = MarkError::Missing;
        for window in local.windows(MARK_LENGTH) {
            let Some(bytes) = decode(window) else { continue };
            if !self.is_ours(&bytes) {
                found = MarkError::Forged;
                continue;
            }
            let hour = u32::from_be_bytes([0, bytes[ID], bytes[ID + 1], bytes[ID + 2]]);
            let signed = Timestamp::from_millis(i64::from(hour) * 3_600_000);
            // The hour that it was signed in counts in full.
            if now.since(signed) > VALID_FOR + Duration::from_hours(1) {
                return Err(MarkError::Expired);
            }
            let mut id = [0; ID];
            id.copy_from_slice(&bytes[..ID]);
            return Ok(DeliveryId(Uuid::from_bytes(id)));
        }
        Err(found)
    }

    fn is_ours(&self, bytes: &[u8; BYTES]) -> bool {
        let (message, claimed) = bytes.split_at(ID + HOUR);
        self.0.vouches(message, claimed)
    }
}

fn encode(bytes: &[u8; BYTES]) -> String {
    let bit = |i: usize| bytes.get(i / 8).map_or(0, |b| usize::from(b >> (7 - i % 8) & 1));
    (0..MARK_LENGTH)
        .map(|letter| (0..5).fold(0, |value, i| value << 1 | bit(letter * 5 + i)))
        .map(|value| char::from(ALPHABET[value]))
        .collect()
}

/// `None`: not what [`encode`] writes. Mail systems change the case of addresses, so it does not count.
fn decode(text: &[u8]) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    for (letter, c) in text.iter().enumerate() {
        let value = ALPHABET.iter().position(|a| *a == c.to_ascii_lowercase())?;
        for i in 0..5 {
            let (place, set) = (letter * 5 + i, value >> (4 - i) & 1 == 1);
            if set {
                // The last letter has bits beyond the last byte, and they are never set.
                *bytes.get_mut(place / 8)? |= 1 << (7 - place % 8);
            }
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_443_600_000);

    fn key() -> MarkKey {
        MarkKey::derive(&MasterKey::generate().unwrap())
    }

    fn id(n: u128) -> DeliveryId {
        DeliveryId(Uuid::from_u128(n))
    }

    #[test]
    fn a_mark_is_found_wherever_it_stands_and_in_any_case() {
        let key = key();
        let mark = key.mark(id(7), NOW);
        assert_eq!(mark.len(), MARK_LENGTH);
        for address in [
            mark.clone(),
            format!("bounce+{mark}@bounces.example"),
            format!("bounce{mark}x@bounces.example"),
            format!("{}@BOUNCES.EXAMPLE", mark.to_uppercase()),
        ] {
            assert_eq!(key.find(&address, NOW), Ok(id(7)), "{address}");
        }
        for address in [
            "",
            "@",
            "bounces@bounces.example",
            &format!("a@{mark}.example"),
            &mark[1..],
        ] {
            assert_eq!(key.find(address, NOW), Err(MarkError::Missing), "{address}");
        }
    }

    #[test]
    fn a_mark_of_another_key_and_an_old_one_are_told_apart() {
        let key = key();
        let mark = key.mark(id(7), NOW);
        assert_eq!(
            MarkKey::derive(&MasterKey::generate().unwrap()).find(&mark, NOW),
            Err(MarkError::Forged)
        );
        assert_eq!(key.find(&mark, NOW.plus(VALID_FOR)), Ok(id(7)));
        let late = NOW.plus(VALID_FOR + Duration::from_hours(2));
        assert_eq!(key.find(&mark, late), Err(MarkError::Expired));
        assert_eq!(
            key.find(&mark, NOW.minus(Duration::from_hours(9))),
            Ok(id(7)),
            "a clock that was set back"
        );
    }

    proptest! {
        #[test]
        fn one_changed_letter_is_enough(n in any::<u128>(), place in 0..MARK_LENGTH, other in 0usize..32) {
            let key = key();
            let mark = key.mark(id(n), NOW);
            let mut changed = mark.clone().into_bytes();
            changed[place] = ALPHABET[other];
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(key.find(&mark, NOW), Ok(id(n)));
            if changed != mark {
                prop_assert!(key.find(&changed, NOW).is_err());
            }
        }

        #[test]
        fn no_address_panics(address in ".{0,300}") {
            prop_assert!(key().find(&address, NOW).is_err());
        }
    }
}
