//! Certificates, seen whether they are accepted or not.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::sync::Arc;

use egress::{
    Dialer, Options, Policy,
    tls::{TlsOptions, TlsSetupError, capture, client_config},
};
use rustls::{CertificateError, Error, pki_types::ServerName};
use testkit::tls::{Certificate, acceptor, ca_pem};
use tokio_rustls::TlsConnector;

/// Shakes hands over a pipe and gives what the client saw.
async fn handshake(kind: Certificate, verify: bool) -> (bool, egress::tls::Captured) {
    let dialer = Dialer::new(Policy::default()).unwrap();
    let pem = ca_pem();
    let options = TlsOptions {
        verify,
        extra_ca_pem: Some(&pem),
        roots: dialer.roots(),
        alpn: &[],
    };
    let connector = TlsConnector::from(client_config(options).unwrap());
    let (ours, theirs) = tokio::io::duplex(16 * 1024);
    let server = acceptor(kind, &[]);
    let client = capture(async {
        connector
            .connect(ServerName::try_from("localhost").unwrap(), ours)
            .await
    });
    let ((client, captured), _) = tokio::join!(client, server.accept(theirs));
    (client.is_ok(), captured)
}

#[tokio::test]
async fn a_good_certificate_is_accepted_and_seen() {
    let (accepted, captured) = handshake(Certificate::Good, true).await;
    assert!(accepted, "{captured:?}");
    assert!(captured.error.is_none() && captured.started.is_some());
    assert_eq!(captured.chain.len(), 1);
}

#[tokio::test]
async fn a_bad_certificate_is_seen_although_it_is_refused() {
    for kind in [
        Certificate::Expired,
        Certificate::NotYetValid,
        Certificate::SelfSigned,
        Certificate::WrongName,
    ] {
        let (accepted, captured) = handshake(kind, true).await;
        assert!(!accepted, "{kind:?}");
        assert_eq!(captured.chain.len(), 1, "{kind:?}");
        let matches = match (kind, &captured.error) {
            (Certificate::Expired, Some(Error::InvalidCertificate(e))) => {
                matches!(e, CertificateError::ExpiredContext { .. })
            }
            (Certificate::NotYetValid, Some(Error::InvalidCertificate(e))) => {
                matches!(e, CertificateError::NotValidYetContext { .. })
            }
            (Certificate::SelfSigned, Some(Error::InvalidCertificate(e))) => {
                // The other complaint where the system happens to trust another issuer called "localhost".
                *e == CertificateError::UnknownIssuer
                    || matches!(
                        e,
                        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
                    )
            }
            (_, Some(Error::InvalidCertificate(e))) => {
                matches!(e, CertificateError::NotValidForNameContext { .. })
            }
            _ => false,
        };
        assert!(matches, "{kind:?}: {:?}", captured.error);
    }
}

#[tokio::test]
async fn reporting_alone_accepts_and_still_tells() {
    let (accepted, captured) = handshake(Certificate::Expired, false).await;
    assert!(accepted && captured.error.is_some());
}

#[test]
fn an_unusable_authority_is_refused_with_its_reason() {
    let dialer = Dialer::new(Policy::default()).unwrap();
    let config = |pem| {
        client_config(TlsOptions {
            verify: true,
            extra_ca_pem: Some(pem),
            roots: dialer.roots(),
            alpn: &[],
        })
    };
    assert!(matches!(
        config("nothing in it"),
        Err(TlsSetupError::NoCertificate)
    ));
    let broken = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
    assert!(matches!(config(broken), Err(TlsSetupError::Pem(_))));
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(config(nonsense), Err(TlsSetupError::Authority(_))));
    let options = Options {
        extra_ca_pem: Some(nonsense.to_owned()),
        ..Options::default()
    };
    assert!(Dialer::with_options(Policy::default(), options).is_err());
}

#[test]
fn roots_are_loaded_once() {
    let dialer = Dialer::new(Policy::default()).unwrap();
    assert!(Arc::ptr_eq(&dialer.roots(), &dialer.clone().roots()) && !dialer.roots().is_empty());
}
