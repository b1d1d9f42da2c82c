//! The certificate of a mail server as a report shows it, whether it was accepted or refused.

use egress::certificate::{Link, Presented};
use serde::Serialize;

/// What the server presented. Moments are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateReport {
    pub subject: String,
    pub issuer: String,
    /// Host names and addresses that it is valid for, at most twenty.
    pub names: Vec<String>,
    pub not_before: String,
    pub not_after: String,
    /// Whole days until it expires; negative after it has.
    pub days_left: i64,
    /// SHA-256 of the DER form, hexadecimal, bytes separated by colons.
    pub fingerprint_sha256: String,
    /// As the server sent it, the certificate itself first.
    pub chain: Vec<ChainLink>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainLink {
    pub subject: String,
    pub issuer: String,
    pub not_after: String,
}

impl From<Presented> for CertificateReport {
    fn from(p: Presented) -> Self {
        let days_left = p.days_left();
        let link = |l: Link| ChainLink {
            subject: l.subject,
            issuer: l.issuer,
            not_after: l.not_after.to_rfc3339(),
        };
        Self {
            subject: p.leaf.subject,
            issuer: p.leaf.issuer,
            names: p.leaf.names,
            not_before: p.leaf.not_before.to_rfc3339(),
            not_after: p.leaf.not_after.to_rfc3339(),
            days_left,
            fingerprint_sha256: p.fingerprint,
            chain: p.chain.into_iter().map(link).collect(),
        }
    }
}

impl CertificateReport {
    /// `issued by Example CA, until 2027-01-01 (61 days left)`, for the sentence about the handshake.
    pub(super) fn in_words(&self) -> String {
        let until = self.not_after.split('T').next().unwrap_or_default();
        let left = match self.days_left {
            1 => "1 day left".to_owned(),
            n if n < 0 => "expired".to_owned(),
            n => format!("{n} days left"),
        };
        format!("issued by {}, until {until} ({left})", self.issuer)
    }
}
