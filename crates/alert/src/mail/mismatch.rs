//! The port speaks the other kind of TLS: recognised by a second look, on a connection of its own.
//!
//! The settings stay as they are, and no message takes this way.

use std::net::SocketAddr;

use domain::{
    host::{Host, HostPort},
    mail::Security,
};
use tokio::time::Duration;

use super::{
    capabilities::Capabilities,
    dial::probe_for_tls,
    failure::{Failure, Symptom},
    reply::Reply,
    session::Setup,
    steps::Step,
    stream::{MailStream, Socket},
};

/// How long the port may take to greet, and then to answer EHLO.
const PEEK: Duration = Duration::from_secs(5);

/// A better name for a TLS handshake that failed, where there is one. Nothing but EHLO is said.
pub(super) async fn explain_tls_failure(setup: &Setup<'_>, failure: Failure, remote: SocketAddr) -> Failure {
    let unclear = matches!(
        failure.symptom,
        Symptom::TlsNotSpoken | Symptom::TlsTimeout | Symptom::TlsFailed
    );
    if !unclear {
        return failure;
    }
    setup
        .wire
        .note("TLS was not answered; a look without encryption, on a new connection");
    let server = &setup.settings.server;
    match peek(setup, remote).await {
        Some(offered) if offered.starttls => Failure::profile(
            Step::Tls,
            Symptom::StartTlsExpected,
            format!("{server} greets unencrypted and offers STARTTLS: this port speaks STARTTLS."),
        ),
        Some(_) => Failure::profile(
            Step::Tls,
            Symptom::TlsNotSpoken,
            format!(
                "{server} greets unencrypted, and offers no STARTTLS either: this port has no encryption."
            ),
        ),
        None => failure,
    }
}

/// What the port offers when it is spoken to as a mail server without TLS; `None` when it does not answer as one.
async fn peek(setup: &Setup<'_>, remote: SocketAddr) -> Option<Capabilities> {
    let deadline = setup.wire.allow(PEEK);
    let dialed = setup.dialer.dial(&same_port(remote), deadline).await.ok()?;
    let mut stream = MailStream::new(Socket::Plain(dialed.stream), remote, setup.wire.clone());
    let greeting = setup.hear(Step::Greeting, &mut stream).await.ok()?;
    if greeting.code != 220 {
        return None;
    }
    let ehlo = setup
        .say(Step::Ehlo, &mut stream, &format!("EHLO {}", setup.hello))
        .await;
    // A greeting of 220 is proof enough that this is no TLS port.
    let offered = ehlo.ok().filter(Reply::is_success);
    let offered = offered.map(|reply| Capabilities::read(&reply));
    setup.wire.allow(setup.deadlines.farewell);
    let _ = stream.write_line("QUIT").await;
    Some(offered.unwrap_or_default())
}

/// No greeting usually means a port that waits for TLS. Asked only after the conversation has failed anyway: servers
/// hold it against a client to speak before the greeting.
pub(super) async fn explain_silence(setup: &Setup<'_>, failure: Failure, remote: SocketAddr) -> Failure {
    let silent = matches!(
        failure.symptom,
        Symptom::AnswerTimeout | Symptom::Closed | Symptom::NotSmtp
    );
    if silent && expects_tls(setup, remote).await {
        return tls_expected(setup);
    }
    failure
}

/// Asks the same while the greeting is still waited for, once it is late. Ends only when the port expects TLS.
pub(super) async fn suspect_tls(setup: &Setup<'_>, remote: SocketAddr) -> Failure {
    if setup.settings.security != Security::Tls {
        tokio::time::sleep(setup.deadlines.silence).await;
        if expects_tls(setup, remote).await {
            return tls_expected(setup);
        }
    }
    std::future::pending().await
}

async fn expects_tls(setup: &Setup<'_>, remote: SocketAddr) -> bool {
    probe_for_tls(setup, &same_port(remote)).await
}

fn same_port(remote: SocketAddr) -> HostPort {
    HostPort {
        host: Host::Ip(remote.ip()),
        port: remote.port(),
    }
}

fn tls_expected(setup: &Setup<'_>) -> Failure {
    Failure::profile(
        Step::Greeting,
        Symptom::TlsExpected,
        format!(
            "{} says nothing by itself, but answers TLS: this port is encrypted from the first byte.",
            setup.settings.server
        ),
    )
}
