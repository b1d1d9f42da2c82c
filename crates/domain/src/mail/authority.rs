//! An own certificate authority as it is pasted: PEM (RFC 7468).
//!
//! What can be told without knowing TLS is told at the form. Whether the certificate is good for anything shows when it
//! is used; what is no certificate at all must not be found out by the first alert.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::Origin;
use crate::field::FieldError;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const LONGEST: usize = 64 * 1024;
/// Tags of DER (X.690).
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// One certificate or several, nothing else between them but words.
pub(super) fn parse(field: &str, text: &str, origin: Origin) -> Result<String, FieldError> {
    let text = text.trim();
    let framed = text.len() <= LONGEST && text.starts_with(BEGIN) && text.ends_with(END);
    if !framed || (origin == Origin::Person && !holds_certificates(text)) {
        return Err(FieldError::new(
            field,
            "pem-invalid",
            "Paste the certificate in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.",
        ));
    }
    Ok(text.to_owned())
}

fn holds_certificates(text: &str) -> bool {
    if text.chars().any(|c| c.is_control() && !"\r\n\t".contains(c)) {
        return false;
    }
    let mut block: Option<String> = None;
    for line in text.lines().map(str::trim) {
        block = match (line, block) {
            (BEGIN, None) => Some(String::new()),
            (END, Some(encoded)) => match STANDARD.decode(encoded) {
                Ok(der) if is_certificate(&der) => None,
                _ => return false,
            },
            // Of all that is pasted by mistake a private key is the worst.
            (line, _) if line.starts_with("-----") => return false,
            (line, Some(encoded)) => Some(encoded + line),
            (_, None) => None,
        };
    }
    block.is_none()
}

/// The outer form of a certificate (RFC 5280, 4.1): what is signed, how, and the signature.
fn is_certificate(der: &[u8]) -> bool {
    let parts = || {
        let (certificate, rest) = element(der, SEQUENCE)?;
        let (_, certificate) = element(certificate, SEQUENCE)?;
        let (_, certificate) = element(certificate, SEQUENCE)?;
        let (_, end) = element(certificate, BIT_STRING)?;
        Some(rest.is_empty() && end.is_empty())
    };
    parts() == Some(true)
}

/// The content of the first element, which must have this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, der) = der.split_first()?;
    let (&length, der) = der.split_first()?;
    let (length, der) = match usize::from(length) {
        short @ 0..=0x7f => (short, der),
        // Two bytes hold every length that fits into the field.
        long => {
            let (bytes, der) = der.split_at_checked(long & 0x7f)?;
            let length = match *bytes {
                [a] => usize::from(a),
                [a, b] => usize::from(u16::from_be_bytes([a, b])),
                _ => return None,
            };
            (length, der)
        }
    };
    der.split_at_checked(length).filter(|_| first == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shortest that has the form.
    const SHORTEST: &str = "MAcwADAAAwEA";

    fn block(encoded: &str) -> String {
        format!("{BEGIN}\n{encoded}\n{END}")
    }

    #[test]
    fn what_is_a_certificate_is_taken_as_it_is() {
        let long = {
            // Lengths of one byte more and of two.
            let signed = [&[SEQUENCE, 0x82, 0x01, 0x2c][..], &[0; 300]].concat();
            let how = [&[SEQUENCE, 0x81, 0x80][..], &[0; 128]].concat();
            let all = [&signed[..], &how, &[BIT_STRING, 1, 0]].concat();
            let head = [
                &[SEQUENCE, 0x82][..],
                &u16::try_from(all.len()).unwrap().to_be_bytes(),
            ]
            .concat();
            STANDARD.encode([head, all].concat())
        };
        for pem in [
            block(SHORTEST),
            block("MAcw\nADAA\nAwEA"),
            format!("{BEGIN}\r\n  {SHORTEST}\r\n{END}"),
            format!("{}\nsubject=CN = Inner\n{}", block(SHORTEST), block(&long)),
        ] {
            assert_eq!(parse("ca_pem", &format!("\n{pem} \n"), Origin::Person), Ok(pem));
        }
    }

    #[test]
    fn what_is_none_is_refused_when_it_is_typed_and_read_when_it_is_stored() {
        let key = format!(
            "{}\n-----BEGIN PRIVATE KEY-----\n{SHORTEST}\n-----END PRIVATE KEY-----",
            block(SHORTEST)
        );
        for pem in [
            block(""),
            block("!!"),
            block("AAAA"),
            block("MAcwADAAAwE"),
            block("MAcwADAAAwEAAA=="),
            block("MAgwADAAAwEA"),
            block("MAcwADAABAEA"),
            block("MA=="),
            format!("{BEGIN}\n{SHORTEST}\n{}", block(SHORTEST)),
            format!("{}\n\0\n{}", block(SHORTEST), block(SHORTEST)),
            format!("{key}\n{}", block(SHORTEST)),
            format!("{}\n{SHORTEST}\n{END}", block(SHORTEST)),
        ] {
            let refused = parse("ca_pem", &pem, Origin::Person).map_err(|e| e.code);
            assert_eq!(refused, Err("pem-invalid"), "{pem:?}");
            assert_eq!(parse("ca_pem", &pem, Origin::Store), Ok(pem));
        }
        for pem in ["", "not a certificate", &block(&"A".repeat(LONGEST))] {
            assert!(parse("ca_pem", pem, Origin::Store).is_err(), "{pem:.60}");
        }
    }
}
