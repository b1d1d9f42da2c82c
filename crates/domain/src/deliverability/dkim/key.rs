//! The public key in a DKIM record: which kind, and how long.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// Bits of its modulus.
    Rsa(usize),
    Ed25519,
    /// It says what it is, and is not that.
    Broken,
    Unknown,
}

/// Padding is often lost when a key is copied; verifiers do not mind.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Key {
    /// `data` is base64 without spaces.
    pub(super) fn parse(kind: &str, data: &str) -> Self {
        if !matches!(kind, "rsa" | "ed25519") {
            return Self::Unknown;
        }
        let Ok(bytes) = BASE64.decode(data) else {
            return Self::Broken;
        };
        match kind {
            "ed25519" if bytes.len() == 32 => Self::Ed25519,
            "rsa" => rsa_bits(&bytes).map_or(Self::Broken, Self::Rsa),
            _ => Self::Broken,
        }
    }
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// 1.2.840.113549.1.1.1, rsaEncryption, with its tag and length.
const RSA_ENCRYPTION: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// `SubjectPublicKeyInfo` (RFC 5280), as everybody publishes it, or the bare `RSAPublicKey` (RFC 8017) of RFC 6376.
fn rsa_bits(der: &[u8]) -> Option<usize> {
    let (body, _) = read(SEQUENCE, der)?;
    if let Some((modulus, _)) = read(INTEGER, body) {
        return bits(modulus);
    }
    let (algorithm, rest) = read(SEQUENCE, body)?;
    if !algorithm.starts_with(RSA_ENCRYPTION) {
        return None;
    }
    let (string, _) = read(BIT_STRING, rest)?;
    let (unused, key) = string.split_first()?;
    let (body, _) = read(SEQUENCE, key).filter(|_| *unused == 0)?;
    let (modulus, rest) = read(INTEGER, body)?;
    read(INTEGER, rest)?;
    bits(modulus)
}

/// Content and rest of a DER value with this tag.
fn read(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first().filter(|_| *found == tag)?;
    let (length, rest) = match *first {
        short @ ..=0x7f => (usize::from(short), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (
            usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])),
            rest.get(2..)?,
        ),
        // Longer than any record.
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn bits(modulus: &[u8]) -> Option<usize> {
    let start = modulus.iter().position(|b| *b != 0)?;
    let leading = modulus[start].leading_zeros() as usize;
    Some((modulus.len() - start) * 8 - leading)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of this many bits, made of ones.
    fn der(bits: usize, bare: bool) -> Vec<u8> {
        fn value(tag: u8, content: &[u8]) -> Vec<u8> {
            let length = content.len();
            let mut out = vec![tag];
            match length {
                0..0x80 => out.push(u8::try_from(length).unwrap()),
                _ => {
                    out.push(0x82);
                    out.extend(u16::try_from(length).unwrap().to_be_bytes());
                }
            }
            out.extend(content);
            out
        }
        let mut modulus = vec![0];
        modulus.extend(std::iter::repeat_n(0xff, bits / 8));
        let numbers = [value(INTEGER, &modulus), value(INTEGER, &[1, 0, 1])].concat();
        let key = value(SEQUENCE, &numbers);
        if bare {
            return key;
        }
        let algorithm = value(SEQUENCE, &[RSA_ENCRYPTION, &[5, 0]].concat());
        let string = value(BIT_STRING, &[&[0], key.as_slice()].concat());
        value(SEQUENCE, &[algorithm, string].concat())
    }

    #[test]
    fn rsa_keys_are_measured() {
        for bits in [512, 768, 1024, 2048, 4096] {
            for bare in [false, true] {
                let text = BASE64.encode(der(bits, bare));
                assert_eq!(Key::parse("rsa", &text), Key::Rsa(bits));
                assert_eq!(Key::parse("rsa", text.trim_end_matches('=')), Key::Rsa(bits));
            }
        }
        let whole = der(1024, false);
        for cut in 0..whole.len() {
            let text = BASE64.encode(&whole[..cut]);
            assert_eq!(Key::parse("rsa", &text), Key::Broken, "{cut}");
        }
    }

    #[test]
    fn other_keys() {
        assert_eq!(
            Key::parse("ed25519", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
            Key::Ed25519
        );
        assert_eq!(Key::parse("ed25519", "AAAA"), Key::Broken);
        assert_eq!(Key::parse("rsa", "!!!"), Key::Broken);
        assert_eq!(Key::parse("dsa", "AAAA"), Key::Unknown);
    }
}
