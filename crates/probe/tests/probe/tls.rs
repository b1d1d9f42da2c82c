//! Certificates: refused with a reason, shown all the same.

use std::time::Duration;

use domain::{
    outcome::{ReasonKind, Verdict},
    target::Kind,
};
use serde_json::json;
use testkit::{HttpTarget, Reply, TcpTarget, tls::Certificate};

use crate::scene::{down, http, probes, target};

#[tokio::test]
async fn a_trusted_certificate_is_up_and_shown() {
    let site = HttpTarget::start_tls(Certificate::Good).await;
    let url = format!("https://localhost:{}/", site.addr().port());
    let outcome = http(&probes(), json!({ "url": url })).await;
    assert_eq!(outcome.verdict, Verdict::Up);
    let certificate = outcome.evidence.certificate.unwrap();
    assert_eq!(
        (certificate.subject.as_str(), certificate.issuer.as_str()),
        ("localhost", "Watchbell test authority")
    );
    assert_eq!(certificate.names, ["localhost", "127.0.0.1", "::1"]);
    assert_eq!(certificate.chain_length, 1);
    assert!(certificate.not_before < certificate.not_after);
    let p = outcome.phases;
    assert!(p.dns.is_some() && p.connect.is_some() && p.tls.unwrap() > Duration::ZERO && p.wait.is_some());
}

#[tokio::test]
async fn a_bad_certificate_is_down_in_words_and_shown() {
    for (kind, start, contains) in [
        (
            Certificate::Expired,
            "The certificate expired ",
            " days ago (2001-12-31)",
        ),
        (
            Certificate::NotYetValid,
            "The certificate is not valid before 2100-01-01",
            "",
        ),
        (
            Certificate::SelfSigned,
            "The certificate is self-signed (localhost)",
            "",
        ),
        (
            Certificate::WrongName,
            "The certificate is for wrong.example, not for ",
            "127.0.0.1",
        ),
    ] {
        let site = HttpTarget::start_tls(kind).await;
        let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
        let (reason, detail) = down(&outcome);
        assert_eq!(reason, ReasonKind::Tls, "{detail}");
        assert!(detail.starts_with(start) && detail.contains(contains), "{detail}");
        assert!(outcome.evidence.certificate.is_some(), "{kind:?}");
        assert!(outcome.phases.connect.is_some() && outcome.phases.wait.is_none());
    }
}

#[tokio::test]
async fn a_stranger_s_authority_is_named() {
    let site = HttpTarget::start_tls(Certificate::Good).await;
    let dialer = egress::Dialer::new(egress::Policy::default()).unwrap();
    let strict = probe::Probes::new(dialer, std::sync::Arc::new(testkit::WallClock));
    let outcome = http(&strict, json!({ "url": site.url("/") })).await;
    assert!(
        down(&outcome)
            .1
            .contains("\"Watchbell test authority\" is not trusted"),
        "{:?}",
        outcome.verdict
    );
}

#[tokio::test]
async fn without_verification_a_bad_certificate_is_only_shown() {
    let site = HttpTarget::start_tls(Certificate::Expired).await;
    let outcome = http(
        &probes(),
        json!({ "url": site.url("/"), "verify_certificate": false }),
    )
    .await;
    assert_eq!(outcome.verdict, Verdict::Up);
    assert_eq!(
        outcome.evidence.certificate.unwrap().not_after.to_string(),
        "2001-12-31T00:00:00.000Z"
    );
}

#[tokio::test]
async fn https_is_not_left_for_http() {
    let (plain, site) = (
        HttpTarget::start().await,
        HttpTarget::start_tls(Certificate::Good).await,
    );
    site.reply(Reply::redirect(302, &plain.url("/")));
    let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
    assert!(
        down(&outcome)
            .1
            .starts_with("Redirected from https to the unencrypted http://")
    );
    assert_eq!(plain.accepted(), 0);

    // Who began without encryption may pass through it.
    let start = HttpTarget::start().await;
    start.reply(Reply::redirect(302, &site.url("/")));
    let outcome = http(&probes(), json!({ "url": start.url("/") })).await;
    assert_eq!(outcome.verdict, Verdict::Up);
    assert_eq!(outcome.evidence.hops.len(), 3);
    assert!(outcome.evidence.certificate.is_some());
}

#[tokio::test]
async fn a_port_without_tls_says_so() {
    let site = HttpTarget::start().await;
    site.reply(Reply::raw("HTTP/1.1 400 Bad Request\r\n\r\n"));
    let url = format!("https://{}/", site.addr());
    // The server waits for the end of a request head that never comes; it speaks first in the second case.
    let outcome = probes()
        .check(
            &target(Kind::Http, json!({ "url": url })),
            Duration::from_millis(400),
        )
        .await;
    let (kind, detail) = down(&outcome);
    assert_eq!(kind, ReasonKind::Timeout);
    assert_eq!(
        detail,
        format!(
            "No answer within 400 ms (during the TLS handshake with {})",
            site.addr()
        )
    );

    let smtp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = smtp.local_addr().unwrap();
    let greet = async {
        let (mut stream, _) = smtp.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 mail.example ESMTP ready\r\n")
            .await
            .unwrap();
        stream
    };
    let probes = probes();
    let (outcome, _stream) = tokio::join!(http(&probes, json!({ "url": format!("https://{addr}/") })), greet);
    assert_eq!(
        down(&outcome),
        (
            ReasonKind::Tls,
            format!("{addr} does not speak TLS on this port").as_str()
        )
    );
}

#[tokio::test]
async fn a_connection_that_ends_in_the_handshake_is_a_fault_of_tls() {
    let target = TcpTarget::start().await;
    let addr = target.addr();
    let cut = async {
        testkit::wait_until(Duration::from_secs(3), "a connection", || target.accepted() > 0).await;
        target.close().await;
    };
    let probes = probes();
    let (outcome, ()) = tokio::join!(http(&probes, json!({ "url": format!("https://{addr}/") })), cut);
    assert_eq!(down(&outcome).0, ReasonKind::Tls, "{:?}", outcome.verdict);
}
