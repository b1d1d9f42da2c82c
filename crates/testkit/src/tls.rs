//! Certificates good and bad, from one authority per test process.

use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// What a server shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// From the test authority, for `localhost`, 127.0.0.1 and ::1.
    #[default]
    Good,
    /// Was valid in the year 2001.
    Expired,
    /// Will be valid in the year 2100.
    NotYetValid,
    /// Signed by itself: no authority vouches for it.
    SelfSigned,
    /// From the test authority, for `wrong.example` alone.
    WrongName,
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let mut params = CertificateParams::default();
        params.distinguished_name = name("Watchbell test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority {
            pem,
            issuer: Issuer::new(params, key),
        }
    })
}

/// The authority behind every certificate that is not self-signed, in PEM.
pub fn ca_pem() -> String {
    authority().pem.clone()
}

/// Answers TLS handshakes with this kind of certificate; `alpn` may be empty.
pub fn acceptor(kind: Certificate, alpn: &[&str]) -> TlsAcceptor {
    let (chain, key) = identity(kind);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// This kind of certificate and its key, in PEM, for a server that reads files.
pub fn pem(kind: Certificate) -> (String, String) {
    let (certificate, key) = issue(kind);
    (certificate.pem(), key.serialize_pem())
}

fn identity(kind: Certificate) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let (certificate, key) = issue(kind);
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    (vec![certificate.der().clone()], key)
}

fn issue(kind: Certificate) -> (rcgen::Certificate, KeyPair) {
    let names: &[&str] = match kind {
        Certificate::WrongName => &["wrong.example"],
        Certificate::Good | Certificate::Expired | Certificate::NotYetValid | Certificate::SelfSigned => {
            &["localhost", "127.0.0.1", "::1"]
        }
    };
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let common_name = names[0].clone();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = name(&common_name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (params.not_before, params.not_after) = match kind {
        Certificate::Expired => (date_time_ymd(2001, 1, 1), date_time_ymd(2001, 12, 31)),
        Certificate::NotYetValid => (date_time_ymd(2100, 1, 1), date_time_ymd(2100, 12, 31)),
        Certificate::Good | Certificate::SelfSigned | Certificate::WrongName => {
            (date_time_ymd(2024, 1, 1), date_time_ymd(2090, 1, 1))
        }
    };
    let key = KeyPair::generate().unwrap();
    let certificate = match kind {
        Certificate::SelfSigned => params.self_signed(&key).unwrap(),
        Certificate::Good | Certificate::Expired | Certificate::NotYetValid | Certificate::WrongName => {
            params.signed_by(&key, &authority().issuer).unwrap()
        }
    };
    (certificate, key)
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}
