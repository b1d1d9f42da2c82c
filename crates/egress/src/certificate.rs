//! What a certificate says, for people: of a handshake that went well and of one that was refused.

use domain::{clock::Timestamp, outcome::Certificate, text::sanitize};
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

use crate::tls::Captured;

const LONGEST_NAME: usize = 200;
/// A certificate may carry thousands of names; a page needs the first ones.
const MOST_NAMES: usize = 20;
/// So may a chain; nobody needs more than leaf, intermediates and root.
const LONGEST_CHAIN: usize = 8;

/// The chain that a server presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub leaf: Certificate,
    /// SHA-256 of the leaf's DER form: lower-case hexadecimal, two digits a byte, separated by colons.
    pub fingerprint: String,
    /// Leaf first, as the server sent them, at most eight.
    pub chain: Vec<Link>,
    /// When it was judged.
    pub at: Timestamp,
}

/// One certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub subject: String,
    pub issuer: String,
    pub not_after: Timestamp,
}

/// The leaf as people read it. `None` when nothing was shown or it does not parse.
pub fn leaf(captured: &Captured) -> Option<Certificate> {
    let x509 = parse(captured.chain.first()?)?;
    let names = x509
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|s| &s.value.general_names);
    let names = names
        .into_iter()
        .flatten()
        .filter_map(name)
        .take(MOST_NAMES)
        .collect();
    Some(Certificate {
        subject: common_name(x509.subject()),
        issuer: common_name(x509.issuer()),
        names,
        not_before: at(x509.validity().not_before.timestamp()),
        not_after: at(x509.validity().not_after.timestamp()),
        chain_length: captured.chain.len(),
    })
}

/// The whole chain. `None` when nothing was shown or the leaf does not parse; another certificate that does not parse is
/// left out.
pub fn presented(captured: &Captured) -> Option<Presented> {
    let leaf = leaf(captured)?;
    let digest = Sha256::digest(captured.chain.first()?.as_ref());
    let digits: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let link = |der: &CertificateDer<'_>| {
        let x509 = parse(der)?;
        Some(Link {
            subject: common_name(x509.subject()),
            issuer: common_name(x509.issuer()),
            not_after: at(x509.validity().not_after.timestamp()),
        })
    };
    Some(Presented {
        leaf,
        fingerprint: digits.join(":"),
        chain: captured
            .chain
            .iter()
            .take(LONGEST_CHAIN)
            .filter_map(link)
            .collect(),
        at: at(i64::try_from(captured.judged?.as_secs()).unwrap_or(i64::MAX)),
    })
}

impl Presented {
    /// Whole days until the leaf expires; negative after it has.
    pub fn days_left(&self) -> i64 {
        (self.leaf.not_after.as_seconds() - self.at.as_seconds()).div_euclid(86_400)
    }
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509Certificate::from_der(der.as_ref()).ok().map(|(_, x509)| x509)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1000))
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(n) => Some(sanitize(n, LONGEST_NAME)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes)
                .ok()
                .map(|b| std::net::Ipv4Addr::from(b).to_string()),
            16 => <[u8; 16]>::try_from(*bytes)
                .ok()
                .map(|b| std::net::Ipv6Addr::from(b).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The common name where there is one, or the whole name.
fn common_name(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|n| n.as_str().ok());
    sanitize(
        &common.map_or_else(|| name.to_string(), ToOwned::to_owned),
        LONGEST_NAME,
    )
}
