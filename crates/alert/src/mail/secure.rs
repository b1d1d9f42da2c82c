//! TLS of a mail connection, from the first byte or after STARTTLS, and what its failures mean.

use domain::{
    clock::Timestamp,
    host::Host,
    mail::{MailSettings, Security},
};
use egress::{
    Dialer,
    tls::{Captured, TlsOptions, capture, client_config},
};
use rustls::{
    CertificateError, Error,
    pki_types::{ServerName, UnixTime},
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    certificate::CertificateReport,
    failure::{Failure, Symptom},
    steps::Step,
};

/// An encrypted connection and a sentence about it.
pub(super) struct Secured {
    pub(super) stream: TlsStream<TcpStream>,
    /// As `TLS 1.3`.
    pub(super) version: String,
    pub(super) detail: String,
}

/// Encrypts a connection as the settings ask. The certificate comes back whatever became of it: one that was refused is
/// what people need to see most. After a refusal nothing more goes over the connection.
pub(super) async fn secure(
    tcp: TcpStream,
    settings: &MailSettings,
    dialer: &Dialer,
    deadline: Instant,
) -> (Result<Secured, Failure>, Option<CertificateReport>) {
    let options = TlsOptions {
        verify: settings.verify_certificate,
        extra_ca_pem: settings.ca_pem.as_deref(),
        roots: dialer.roots(),
        alpn: &[],
    };
    let config = match client_config(options) {
        Ok(config) => config,
        Err(e) => {
            let what = format!("The certificate authority in the mail settings cannot be used: {e}.");
            return (
                Err(Failure::profile(Step::Tls, Symptom::AuthorityInvalid, what)),
                None,
            );
        }
    };
    let name = server_name(&settings.server.host);
    let handshake = timeout_at(deadline, TlsConnector::from(config).connect(name, tcp));
    let (result, captured) = capture(handshake).await;
    let certificate = egress::certificate::presented(&captured).map(CertificateReport::from);
    let result = match result {
        Ok(Ok(stream)) => {
            let version = version(&stream);
            let detail = describe(&stream, &version, &captured, certificate.as_ref(), settings);
            Ok(Secured {
                stream,
                version,
                detail,
            })
        }
        Ok(Err(error)) => Err(refusal(&error, captured, settings)),
        Err(_) => Err(Failure::profile(
            Step::Tls,
            Symptom::TlsTimeout,
            format!("{} did not finish the TLS handshake in time.", settings.server),
        )),
    };
    (result, certificate)
}

/// True when the other side answers a TLS greeting as TLS. Nothing else is sent.
pub(super) async fn speaks_tls(tcp: TcpStream, host: &Host, dialer: &Dialer, deadline: Instant) -> bool {
    let options = TlsOptions {
        verify: false,
        extra_ca_pem: None,
        roots: dialer.roots(),
        alpn: &[],
    };
    let Ok(config) = client_config(options) else {
        return false;
    };
    let handshake = TlsConnector::from(config).connect(server_name(host), tcp);
    matches!(timeout_at(deadline, handshake).await, Ok(Ok(_)))
}

fn server_name(host: &Host) -> ServerName<'static> {
    match host {
        Host::Ip(ip) => ServerName::from(*ip),
        Host::Name(name) => ServerName::try_from(name.clone())
            // A name with an underscore: legal for us, never in a certificate. The unspecified address matches nothing.
            .unwrap_or_else(|_| ServerName::from(std::net::IpAddr::from([0, 0, 0, 0]))),
    }
}

fn version(stream: &TlsStream<TcpStream>) -> String {
    let version = stream.get_ref().1.protocol_version();
    let version = version.and_then(|v| v.as_str().map(str::to_owned));
    version.map_or_else(|| "TLS".to_owned(), |v| v.replace("TLSv1_", "TLS 1."))
}

fn describe(
    stream: &TlsStream<TcpStream>,
    version: &str,
    captured: &Captured,
    certificate: Option<&CertificateReport>,
    settings: &MailSettings,
) -> String {
    let (_, tls) = stream.get_ref();
    let cipher = tls
        .negotiated_cipher_suite()
        .map(|c| format!("{:?}", c.suite()))
        .unwrap_or_default();
    let host = &settings.server.host;
    let verdict = match (&captured.error, settings.verify_certificate) {
        (None, true) => format!("certificate valid for {host}"),
        (None, false) => format!("certificate valid for {host}, although the check is switched off"),
        (Some(error), _) => format!(
            "certificate NOT checked, as set up; the check would say: {}",
            certificate_words(error, host).1
        ),
    };
    let more = certificate
        .map(|c| format!(", {}", c.in_words()))
        .unwrap_or_default();
    format!("{version}, {cipher}, {verdict}{more}")
}

fn refusal(error: &std::io::Error, captured: Captured, settings: &MailSettings) -> Failure {
    let server = &settings.server;
    let tls = error.get_ref().and_then(|e| e.downcast_ref::<Error>()).cloned();
    let profile = |symptom, what: String| Failure::profile(Step::Tls, symptom, what);
    match tls.or(captured.error) {
        Some(error @ Error::InvalidCertificate(_)) => {
            let (symptom, what) = certificate_words(&error, &server.host);
            profile(
                symptom,
                format!("The certificate of {server} was refused: {what}."),
            )
        }
        Some(Error::InvalidMessage(_)) => {
            let what = match settings.security {
                Security::StartTls => format!("{server} agreed to STARTTLS and then did not speak TLS."),
                Security::Tls | Security::None => {
                    format!("{server} does not speak TLS from the first byte on this port.")
                }
            };
            profile(Symptom::TlsNotSpoken, what)
        }
        Some(Error::PeerIncompatible(why)) => profile(
            Symptom::TlsVersion,
            format!("{server} and we have no TLS version or cipher in common ({why:?})."),
        ),
        Some(Error::AlertReceived(alert)) => {
            let symptom = match alert {
                rustls::AlertDescription::ProtocolVersion | rustls::AlertDescription::HandshakeFailure => {
                    Symptom::TlsVersion
                }
                _ => Symptom::TlsFailed,
            };
            profile(
                symptom,
                format!("{server} broke off the TLS handshake ({alert:?})."),
            )
        }
        Some(error) => profile(
            Symptom::TlsFailed,
            format!("The TLS handshake with {server} failed: {error}."),
        ),
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => profile(
            Symptom::TlsFailed,
            format!("{server} closed the connection during the TLS handshake."),
        ),
        None => profile(
            Symptom::TlsFailed,
            format!("The connection to {server} failed during the TLS handshake: {error}."),
        ),
    }
}

fn certificate_words(error: &Error, host: &Host) -> (Symptom, String) {
    let Error::InvalidCertificate(error) = error else {
        return (Symptom::CertificateOther, error.to_string());
    };
    match error {
        CertificateError::Expired => (Symptom::CertificateExpired, "it has expired".to_owned()),
        CertificateError::ExpiredContext { not_after, .. } => (
            Symptom::CertificateExpired,
            format!("it expired on {}", day(*not_after)),
        ),
        CertificateError::NotValidYet => (Symptom::CertificateNotYetValid, "it is not valid yet".to_owned()),
        CertificateError::NotValidYetContext { not_before, .. } => (
            Symptom::CertificateNotYetValid,
            format!("it is not valid before {}", day(*not_before)),
        ),
        CertificateError::NotValidForName => {
            (Symptom::CertificateName, format!("it was not issued for {host}"))
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let mut names: Vec<&str> = presented.iter().map(|n| bare_name(n)).collect();
            names.truncate(5);
            (
                Symptom::CertificateName,
                format!("it was issued for {}, not for {host}", names.join(", ")),
            )
        }
        CertificateError::UnknownIssuer => (
            Symptom::CertificateIssuer,
            "it comes from an authority that this machine does not know (self-signed, or an own authority)"
                .to_owned(),
        ),
        // Its issuer bears the name of an authority that we know, and is another one.
        CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => (
            Symptom::CertificateIssuer,
            "it was not signed by the authority that it names (self-signed, or an own authority)".to_owned(),
        ),
        // A self-signed certificate that is also an authority: webpki has no variant of its own for it.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            (Symptom::CertificateIssuer, "it is self-signed".to_owned())
        }
        other => (Symptom::CertificateOther, other.to_string()),
    }
}

/// rustls names them as `DnsName("mail.example.org")`.
fn bare_name(presented: &str) -> &str {
    presented.split('"').nth(1).unwrap_or(presented)
}

fn day(at: UnixTime) -> String {
    let millis = i64::try_from(at.as_secs().saturating_mul(1000)).unwrap_or(i64::MAX);
    Timestamp::from_millis(millis)
        .to_utc()
        .format("%Y-%m-%d")
        .to_string()
}
