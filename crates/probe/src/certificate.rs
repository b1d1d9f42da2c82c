//! Certificates in words: why one was refused. What it says is read by `egress::certificate`.

use domain::{
    clock::Timestamp,
    outcome::{Certificate, FaultKind, ReasonKind, Verdict},
};
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, pki_types::UnixTime};

use crate::failure::{down, ours};

/// Why a handshake failed. `remote` is who we talked to, in words.
pub(crate) fn refused(error: &Error, leaf: Option<&Certificate>, remote: &str) -> Verdict {
    let tls = |detail: String| down(ReasonKind::Tls, detail);
    match error {
        // What we cannot do is not the target's fault.
        Error::PeerIncompatible(what) => ours(
            FaultKind::Defect,
            format!(
                "Watchbell cannot speak the TLS of {remote}: it needs TLS 1.2 or 1.3 with modern ciphers ({what:?})."
            ),
        ),
        Error::AlertReceived(AlertDescription::ProtocolVersion) => ours(
            FaultKind::Defect,
            format!("Watchbell cannot speak the TLS of {remote}: the server refuses TLS 1.2 and 1.3."),
        ),
        Error::InvalidCertificate(CertificateError::UnsupportedSignatureAlgorithmContext { .. }) => {
            not_verifiable(remote)
        }
        // Also what a self-signed certificate gets that bears the name of an authority we trust.
        Error::InvalidCertificate(CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            ..
        }) if !leaf.is_some_and(is_self_signed) => not_verifiable(remote),
        Error::InvalidCertificate(e) => tls(certificate(e, leaf)),
        Error::AlertReceived(alert) => tls(format!(
            "{remote} refused the TLS handshake (alert {})",
            spaced(&format!("{alert:?}"))
        )),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            tls(format!("{remote} does not speak TLS on this port"))
        }
        e => tls(format!("The TLS handshake with {remote} failed: {e}")),
    }
}

fn not_verifiable(remote: &str) -> Verdict {
    ours(
        FaultKind::Defect,
        format!(
            "Watchbell cannot verify the certificate of {remote}: its signature algorithm is not supported."
        ),
    )
}

fn is_self_signed(leaf: &Certificate) -> bool {
    leaf.subject == leaf.issuer && leaf.chain_length == 1
}

fn certificate(error: &CertificateError, leaf: Option<&Certificate>) -> String {
    match error {
        CertificateError::ExpiredContext { time, not_after } => {
            // The leaf may be fine and another certificate of the chain may be the expired one.
            let is_leaf = leaf.is_none_or(|l| l.not_after.as_seconds() == seconds(*not_after));
            let which = if is_leaf {
                "The certificate"
            } else {
                "A certificate of the chain"
            };
            format!(
                "{which} expired {} ago ({})",
                span(*not_after, *time),
                day(*not_after)
            )
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("The certificate is not valid before {}", day(*not_before))
        }
        CertificateError::NotValidForNameContext { expected, .. } => {
            let expected = expected.to_str();
            match leaf.map(|l| l.names.as_slice()) {
                Some([]) | None => {
                    format!("The certificate names no host, so it is not valid for {expected}")
                }
                Some(names) => {
                    let more = if names.len() > 5 { ", …" } else { "" };
                    let names = names
                        .iter()
                        .take(5)
                        .map(String::as_str)
                        .collect::<Vec<_>>()
                        .join(", ");
                    format!("The certificate is for {names}{more}, not for {expected}")
                }
            }
        }
        CertificateError::UnknownIssuer
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => match leaf {
            Some(l) if is_self_signed(l) => {
                format!("The certificate is self-signed ({})", l.subject)
            }
            Some(l) if l.chain_length == 1 => format!(
                "The certificate's issuer \"{}\" is not trusted, or the server does not send the intermediate certificate",
                l.issuer
            ),
            Some(l) => format!("The certificate's issuer \"{}\" is not trusted", l.issuer),
            None => "The certificate's issuer is not trusted".to_owned(),
        },
        CertificateError::Revoked => "The certificate was revoked".to_owned(),
        CertificateError::Other(e) if e.to_string().contains("CaUsedAsEndEntity") => {
            "The certificate is self-signed: it is an authority, not a server certificate".to_owned()
        }
        e => format!("The certificate is not valid: {e}"),
    }
}

fn seconds(t: UnixTime) -> i64 {
    i64::try_from(t.as_secs()).unwrap_or(i64::MAX)
}

/// `3 days`, `1 day`, `5 hours`, `2 minutes`.
fn span(from: UnixTime, to: UnixTime) -> String {
    let s = to.as_secs().saturating_sub(from.as_secs());
    let (n, unit) = match s {
        86_400.. => (s / 86_400, "day"),
        3_600.. => (s / 3_600, "hour"),
        _ => (s / 60, "minute"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

fn day(t: UnixTime) -> String {
    let text = Timestamp::from_millis(seconds(t).saturating_mul(1000)).to_rfc3339();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// `HandshakeFailure` to `handshake failure`.
fn spaced(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: u64) -> UnixTime {
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(days * 86_400))
    }

    fn detail(error: CertificateError) -> String {
        match refused(&Error::InvalidCertificate(error), None, "192.0.2.1:443") {
            Verdict::Down(r) => r.detail,
            v => panic!("{v:?}"),
        }
    }

    #[test]
    fn expiry_says_how_long_ago_and_when() {
        let error = CertificateError::ExpiredContext {
            time: at(20_780),
            not_after: at(20_777),
        };
        assert_eq!(detail(error), "The certificate expired 3 days ago (2026-11-20)");
        let error = CertificateError::ExpiredContext {
            time: at(20_778),
            not_after: at(20_777),
        };
        assert_eq!(detail(error), "The certificate expired 1 day ago (2026-11-20)");
    }

    #[test]
    fn old_tls_is_not_held_against_the_target() {
        for error in [
            Error::AlertReceived(AlertDescription::ProtocolVersion),
            Error::PeerIncompatible(rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13),
        ] {
            assert!(matches!(refused(&error, None, "x"), Verdict::Internal(_)));
        }
        let error = Error::AlertReceived(AlertDescription::HandshakeFailure);
        let Verdict::Down(reason) = refused(&error, None, "192.0.2.1:443") else {
            panic!()
        };
        assert_eq!(
            reason.detail,
            "192.0.2.1:443 refused the TLS handshake (alert handshake failure)"
        );
    }
}
