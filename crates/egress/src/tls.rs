//! TLS client configurations on ring, and what a handshake showed.
//!
//! A configuration is shared by many connections; what one connection saw is collected by the task that runs it:
//! wrap the handshake in [`capture`].

use std::{
    future::Future,
    sync::{Arc, LazyLock},
};

use parking_lot::Mutex;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, NamedGroup, RootCertStore, SignatureScheme,
    client::{
        ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
        VerifierBuilderError, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio::time::Instant;

tokio::task_local! { static SEEN: Arc<Mutex<Captured>>; }

/// ring, named explicitly: nothing depends on a process-wide default.
static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

#[derive(Clone, Debug)]
pub struct TlsOptions<'a> {
    /// Off: a bad certificate is reported in [`Captured`] but accepted.
    pub verify: bool,
    /// An own certificate authority, trusted beside `roots`.
    pub extra_ca_pem: Option<&'a str>,
    /// From [`crate::Dialer::roots`].
    pub roots: Arc<RootCertStore>,
    /// `&["h2", "http/1.1"]`; empty = no ALPN.
    pub alpn: &'a [&'a str],
}

#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    #[error("the certificate authority is not valid PEM: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error("the certificate authority holds no certificate")]
    NoCertificate,
    #[error("the certificate authority cannot be used: {0}")]
    Authority(Error),
    #[error("no certificate verifier: {0}")]
    Verifier(#[from] VerifierBuilderError),
    #[error("no TLS configuration: {0}")]
    Config(Error),
}

/// What the handshakes of one task showed; the last one wins.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    /// The leaf and what came with it, also when it was refused.
    pub chain: Vec<CertificateDer<'static>>,
    /// Why the certificate is bad, also when it was accepted all the same.
    pub error: Option<Error>,
    /// The moment that the certificate was held against.
    pub judged: Option<UnixTime>,
    /// When the ClientHello was written.
    pub started: Option<Instant>,
}

/// Builds a configuration. It is costly (verifier, roots): build one per set of options and share it.
pub fn client_config(options: TlsOptions<'_>) -> Result<Arc<ClientConfig>, TlsSetupError> {
    let roots = match options.extra_ca_pem {
        None => options.roots,
        Some(pem) => Arc::new(with_authority(&options.roots, pem)?),
    };
    let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&PROVIDER)).build()?;
    let verifier = CapturingVerifier {
        inner,
        enforce: options.verify,
    };
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
        .with_safe_default_protocol_versions()
        .map_err(TlsSetupError::Config)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = options.alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    // No tickets: every handshake is a full one, so that the certificate is seen every time.
    config.resumption = Resumption::store(Arc::new(StartMark));
    Ok(Arc::new(config))
}

/// Runs a future and collects what the TLS handshakes in it showed. Put a timeout inside, not around, to keep what
/// was seen until then. `TlsConnector::connect` writes the ClientHello when it is *called*: call it inside, too.
pub async fn capture<F: Future>(work: F) -> (F::Output, Captured) {
    let seen = Arc::new(Mutex::new(Captured::default()));
    let output = SEEN.scope(Arc::clone(&seen), work).await;
    let captured = std::mem::take(&mut *seen.lock());
    (output, captured)
}

/// The same roots and those of a PEM text.
pub(crate) fn with_authority(roots: &RootCertStore, pem: &str) -> Result<RootCertStore, TlsSetupError> {
    let mut all = roots.clone();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        all.add(certificate?).map_err(TlsSetupError::Authority)?;
    }
    if all.len() == roots.len() {
        return Err(TlsSetupError::NoCertificate);
    }
    Ok(all)
}

/// System roots, or the built-in set where the system has none (a container from scratch).
pub(crate) fn load_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(error = %error, "a system root certificate could not be read");
    }
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        tracing::info!("no system root certificates, using the built-in ones");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

fn note(f: impl FnOnce(&mut Captured)) {
    // Outside of `capture` nobody asked.
    let _ = SEEN.try_with(|seen| f(&mut seen.lock()));
}

#[derive(Debug)]
struct CapturingVerifier {
    inner: Arc<WebPkiServerVerifier>,
    enforce: bool,
}

impl ServerCertVerifier for CapturingVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let result = self
            .inner
            .verify_server_cert(leaf, intermediates, name, ocsp, now);
        note(|seen| {
            seen.chain = std::iter::once(leaf)
                .chain(intermediates)
                .map(|c| c.clone().into_owned())
                .collect();
            seen.error = result.as_ref().err().cloned();
            seen.judged = Some(now);
        });
        match result {
            Err(_) if !self.enforce => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// A session store that stores nothing. rustls asks it for a ticket as the first step of a handshake, which is the
/// only sign of that moment where an HTTP client owns the connection.
#[derive(Debug)]
struct StartMark;

impl ClientSessionStore for StartMark {
    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        note(|seen| seen.started = Some(Instant::now()));
        None
    }
    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }
    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}
    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}
    fn remove_tls12_session(&self, _: &ServerName<'static>) {}
    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}
}
