//! Each switch of the settings page, on the wire.

use std::net::IpAddr;

use alert::mail::{Batch, Class, Deadlines, Mailer, Profile, Step, Symptom};
use domain::host::Host;
use serde_json::json;
use testkit::{
    Act, Script, SmtpServer, Step as At,
    dns::{Answer, DnsServer},
    smtp::Auth,
    tls::Certificate,
};

use crate::scene::{
    PASSWORD, USER, assert_failed, assert_nothing_said, deliver, deliver_to, failure, letter_to, settings,
    short, steps, with_login,
};

#[tokio::test]
async fn without_encryption_and_login() {
    let server = SmtpServer::start(Script::plain()).await;
    let done = deliver(&settings(&server, "none", json!({}))).await;
    let accepted = done.result.as_ref().unwrap();
    assert_eq!(accepted.queue_id.as_deref(), Some("TK000001"));
    assert_eq!(
        steps(&done),
        [
            "dns",
            "policy",
            "connect",
            "greeting",
            "ehlo",
            "mail_from",
            "rcpt_to",
            "data",
            "reply"
        ]
    );
    let message = &server.messages()[0];
    assert_eq!(
        (message.from.as_str(), message.recipients[0].as_str()),
        ("watch@example.org", "me@example.net")
    );
    assert!(
        message.text().ends_with("line\r\n.dotted\r\n..twice\r\nend\r\n"),
        "{}",
        message.text()
    );
    assert!(message.parameters.contains("SIZE="), "{}", message.parameters);
    assert_eq!(
        server.commands().first().map(String::as_str),
        Some("EHLO watch.example.org")
    );
    assert_eq!(server.commands().last().map(String::as_str), Some("QUIT"));
    let trace = &done.trace;
    assert_eq!(trace.settings_revision, Some(7));
    assert_eq!(trace.remote, Some(server.addr()));
    assert_eq!(trace.server, Some(format!("127.0.0.1:{}", server.port())));
    assert_eq!(
        (trace.step.as_deref(), trace.reply_code),
        (Some("reply"), Some(250))
    );
    assert!(trace.reply_text.as_ref().unwrap().contains("queued as"));
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let server = SmtpServer::start(Script::implicit().login(USER, PASSWORD)).await;
    let done = deliver(&settings(&server, "tls", with_login())).await;
    assert!(done.result.is_ok(), "{:?}", done.result);
    assert_eq!(
        steps(&done),
        [
            "dns",
            "policy",
            "connect",
            "tls",
            "greeting",
            "ehlo",
            "auth",
            "mail_from",
            "rcpt_to",
            "data",
            "reply"
        ]
    );
    let message = &server.messages()[0];
    assert!(message.tls);
    assert_eq!(message.username.as_deref(), Some(USER));
    assert_eq!(server.auth_attempts()[0].mechanism, "PLAIN");
    let tls = &done.steps[3].detail;
    assert!(
        tls.starts_with("TLS 1.3, ") && tls.contains("certificate valid for 127.0.0.1"),
        "{tls}"
    );
}

#[tokio::test]
async fn starttls() {
    let server = SmtpServer::start(Script::starttls().login(USER, PASSWORD)).await;
    let over = json!({ "username": USER, "password": PASSWORD, "host": "localhost" });
    let done = deliver(&settings(&server, "starttls", over)).await;
    assert!(done.result.is_ok(), "{:?}", done.result);
    assert_eq!(
        steps(&done),
        [
            "dns",
            "policy",
            "connect",
            "greeting",
            "ehlo",
            "starttls",
            "tls",
            "ehlo",
            "auth",
            "mail_from",
            "rcpt_to",
            "data",
            "reply"
        ]
    );
    let connection = &server.connections()[0];
    assert!(connection.tls && connection.smuggled.is_empty());
    assert_eq!(connection.server_name.as_deref(), Some("localhost"));
    assert!(server.auth_attempts().iter().all(|a| a.tls));
    assert!(server.messages()[0].tls);
}

#[tokio::test]
async fn login_where_plain_is_not_offered() {
    let server = SmtpServer::start(
        Script::implicit()
            .login(USER, PASSWORD)
            .mechanisms("CRAM-MD5 LOGIN"),
    )
    .await;
    let done = deliver(&settings(&server, "tls", with_login())).await;
    assert!(done.result.is_ok(), "{:?}", done.result);
    assert_eq!(server.auth_attempts()[0].mechanism, "LOGIN");
}

#[tokio::test]
async fn a_stripped_starttls_ends_before_a_word_is_said() {
    let server = SmtpServer::start(Script::plain().login(USER, PASSWORD)).await;
    let done = deliver(&settings(&server, "starttls", with_login())).await;
    assert_failed(&done, Step::StartTls, Symptom::StartTlsMissing);
    assert_eq!(failure(&done).class, Class::Profile);
    assert_nothing_said(&server);
    assert_eq!(server.commands(), ["EHLO watch.example.org"]);
}

#[tokio::test]
async fn a_refused_starttls_ends_before_a_word_is_said() {
    let server = SmtpServer::start(
        Script::starttls()
            .login(USER, PASSWORD)
            .reply(At::StartTls, "454 4.7.0 not now"),
    )
    .await;
    let done = deliver(&settings(&server, "starttls", with_login())).await;
    assert_failed(&done, Step::StartTls, Symptom::Answer);
    assert_eq!(failure(&done).class, Class::Transient);
    assert_nothing_said(&server);
}

#[tokio::test]
async fn what_was_injected_before_the_handshake_is_refused() {
    for injected in [
        "220 2.0.0 go\n250 2.0.0 queued",
        "220 2.0.0 go\n250-evil\n250 AUTH PLAIN",
    ] {
        let server = SmtpServer::start(
            Script::starttls()
                .login(USER, PASSWORD)
                .reply(At::StartTls, injected),
        )
        .await;
        let done = deliver(&settings(&server, "starttls", with_login())).await;
        assert_failed(&done, Step::StartTls, Symptom::OutOfTurn);
        assert_nothing_said(&server);
    }
}

#[tokio::test]
async fn bad_certificates_are_refused_and_named() {
    let table = [
        (
            Certificate::Expired,
            Symptom::CertificateExpired,
            "expired on 2001-12-31",
        ),
        (
            Certificate::NotYetValid,
            Symptom::CertificateNotYetValid,
            "not valid before 2100-01-01",
        ),
        (
            Certificate::WrongName,
            Symptom::CertificateName,
            "issued for wrong.example, not for 127.0.0.1",
        ),
        (Certificate::SelfSigned, Symptom::CertificateIssuer, "self-signed"),
    ];
    for (certificate, symptom, words) in table {
        for (script, security) in [(Script::implicit(), "tls"), (Script::starttls(), "starttls")] {
            let server = SmtpServer::start(script.certificate(certificate).login(USER, PASSWORD)).await;
            let done = deliver(&settings(&server, security, with_login())).await;
            assert_failed(&done, Step::Tls, symptom);
            assert!(failure(&done).what.contains(words), "{}", failure(&done).what);
            assert_eq!(failure(&done).class, Class::Profile);
            assert_nothing_said(&server);
        }
    }
}

#[tokio::test]
async fn an_authority_that_is_not_in_the_settings_is_unknown() {
    let server = SmtpServer::start(Script::implicit()).await;
    let done = deliver(&settings(&server, "tls", json!({ "ca_pem": null }))).await;
    assert_failed(&done, Step::Tls, Symptom::CertificateIssuer);
}

#[tokio::test]
async fn the_certificate_check_can_be_switched_off_and_says_so() {
    for certificate in [
        Certificate::Expired,
        Certificate::WrongName,
        Certificate::SelfSigned,
    ] {
        let server = SmtpServer::start(Script::implicit().certificate(certificate)).await;
        let done = deliver(&settings(
            &server,
            "tls",
            json!({ "verify_certificate": false, "ca_pem": null }),
        ))
        .await;
        assert!(done.result.is_ok(), "{:?}", done.result);
        assert!(
            done.steps[3].detail.contains("certificate NOT checked"),
            "{}",
            done.steps[3].detail
        );
    }
}

#[tokio::test]
async fn an_authority_that_is_no_certificate_is_named() {
    let server = SmtpServer::start(Script::implicit()).await;
    let pem = "-----BEGIN CERTIFICATE-----\nMAcwADAAAwEA\n-----END CERTIFICATE-----";
    let done = deliver(&settings(&server, "tls", json!({ "ca_pem": pem }))).await;
    assert_failed(&done, Step::Tls, Symptom::AuthorityInvalid);
}

#[tokio::test]
async fn implicit_tls_on_a_port_that_greets_first() {
    let server = SmtpServer::start(Script::starttls()).await;
    let done = deliver(&settings(&server, "tls", json!({}))).await;
    assert_failed(&done, Step::Tls, Symptom::StartTlsExpected);
    assert!(
        failure(&done).reason().contains("this port speaks STARTTLS"),
        "{}",
        failure(&done).reason()
    );
}

#[tokio::test]
async fn implicit_tls_on_a_port_without_any_encryption() {
    let server = SmtpServer::start(Script::plain()).await;
    let done = deliver(&settings(&server, "tls", with_login())).await;
    assert_failed(&done, Step::Tls, Symptom::TlsNotSpoken);
    assert!(
        failure(&done).what.contains("no STARTTLS either"),
        "{}",
        failure(&done).what
    );
    assert!(server.auth_attempts().is_empty() && server.received().is_empty());
}

#[tokio::test]
async fn no_encryption_on_a_port_that_wants_tls() {
    for security in ["none", "starttls"] {
        let server = SmtpServer::start(Script::implicit()).await;
        let done = deliver_to(&settings(&server, security, json!({})), "me@example.net", short()).await;
        assert_failed(&done, Step::Greeting, Symptom::TlsExpected);
        assert_nothing_said(&server);
    }
}

#[tokio::test]
async fn a_password_travels_unencrypted_to_loopback_only() {
    // 127.0.0.1 is loopback: allowed without asking.
    let server = SmtpServer::start(Script::plain().login(USER, PASSWORD)).await;
    let done = deliver(&settings(&server, "none", with_login())).await;
    assert!(done.result.is_ok(), "{:?}", done.result);
}

/// The address that was dialled decides: a name that was this machine when it was typed may be another one now.
#[tokio::test]
async fn a_password_travels_unencrypted_elsewhere_only_by_a_word() {
    // Leads to this machine and is no loopback address.
    let elsewhere: IpAddr = "0.0.0.0".parse().unwrap();
    let policy = egress::Policy::new(vec![elsewhere.into()], Vec::new());
    let dialer = egress::Dialer::new(policy).unwrap();
    let mailer = Mailer::new(dialer, "https://watch.example.org".parse().unwrap());
    for allowed in [false, true] {
        let server = SmtpServer::start(Script::plain().login(USER, PASSWORD)).await;
        let over = json!({ "username": USER, "password": PASSWORD, "allow_insecure_auth": allowed });
        let mut settings = settings(&server, "none", over);
        settings.server.host = Host::Ip(elsewhere);
        let profile = Profile {
            settings: &settings,
            stored: None,
        };
        let letter = letter_to("me@example.net");
        let done = mailer.deliver(&Batch::single(), profile, &letter, &|_| ()).await;
        if allowed {
            assert!(done.result.is_ok(), "{:?}", done.result);
            assert_eq!(server.auth_attempts().len(), 1);
        } else {
            assert_eq!(
                failure(&done).symptom,
                Symptom::InsecureAuth,
                "{}",
                failure(&done).what
            );
            assert_nothing_said(&server);
        }
    }
}

#[tokio::test]
async fn a_server_that_offers_no_login_hears_nothing() {
    let server = SmtpServer::start(Script::implicit().auth(Auth::Off)).await;
    let done = deliver(&settings(&server, "tls", with_login())).await;
    assert_failed(&done, Step::Auth, Symptom::AuthMissing);
    assert_nothing_said(&server);

    let server = SmtpServer::start(Script::implicit().auth(Auth::Anyone).mechanisms("GSSAPI XOAUTH2")).await;
    let done = deliver(&settings(&server, "tls", with_login())).await;
    assert_failed(&done, Step::Auth, Symptom::AuthMechanism);
    assert!(failure(&done).what.contains("GSSAPI XOAUTH2"));
    assert_nothing_said(&server);
}

#[tokio::test]
async fn what_we_call_ourselves() {
    let server = SmtpServer::start(Script::plain()).await;
    let done = deliver(&settings(
        &server,
        "none",
        json!({ "hello_name": "mon.example.org" }),
    ))
    .await;
    assert!(done.result.is_ok());
    assert_eq!(server.commands()[0], "EHLO mon.example.org");
}

#[tokio::test]
async fn a_denied_address_is_not_dialled() {
    let server = SmtpServer::start(Script::plain()).await;
    let over = json!({ "host": "169.254.169.254" });
    let done = deliver_to(
        &settings(&server, "none", over),
        "me@example.net",
        Deadlines::default(),
    )
    .await;
    assert_failed(&done, Step::Policy, Symptom::Denied);
    assert!(failure(&done).reason().contains("WATCHBELL_EGRESS_ALLOW"));
    assert_eq!(done.trace.remote, None);
}

#[tokio::test]
async fn what_dns_said_and_the_policy_refused_is_shown() {
    let names = DnsServer::start(|name, _| {
        Answer::Addresses(match name {
            "mixed.example" => vec!["169.254.169.254".parse().unwrap(), "127.0.0.1".parse().unwrap()],
            _ => vec!["169.254.169.254".parse().unwrap()],
        })
    })
    .await;
    let options = egress::Options {
        name_servers: Some(vec![names.addr]),
        ..egress::Options::default()
    };
    let dialer = egress::Dialer::with_options(egress::Policy::default(), options).unwrap();
    let mailer = Mailer::new(dialer, "https://watch.example.org".parse().unwrap());
    let server = SmtpServer::start(Script::plain()).await;
    for (host, steps) in [
        (
            "mixed.example",
            [
                format!(
                    "mixed.example is 127.0.0.1, 169.254.169.254 (asked {})",
                    names.addr
                ),
                "allowed; not used because the egress policy denies it: 169.254.169.254".to_owned(),
            ],
        ),
        (
            "metadata.example",
            [
                format!("metadata.example is 169.254.169.254 (asked {})", names.addr),
                "169.254.169.254 ".to_owned(),
            ],
        ),
    ] {
        let settings = settings(&server, "none", json!({ "host": host }));
        let profile = Profile {
            settings: &settings,
            stored: None,
        };
        let letter = letter_to("me@example.net");
        let done = mailer.deliver(&Batch::single(), profile, &letter, &|_| ()).await;
        assert_eq!(done.result.is_ok(), host == "mixed.example");
        for (step, begin) in done.steps.iter().zip(steps) {
            assert!(step.detail.starts_with(&begin), "{}", step.detail);
        }
    }
}

#[tokio::test]
async fn nobody_listens() {
    let server = SmtpServer::start(Script::plain()).await;
    let settings = settings(&server, "none", json!({}));
    server.close().await;
    let done = deliver(&settings).await;
    assert_failed(&done, Step::Connect, Symptom::ConnectRefused);
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let server = SmtpServer::start(Script::plain()).await;
    let done = deliver(&settings(
        &server,
        "none",
        json!({ "host": "smtp.nowhere.invalid" }),
    ))
    .await;
    let failure = failure(&done);
    assert_eq!(failure.step, Step::Dns, "{}", failure.what);
    assert_eq!(failure.class, Class::Profile);
    assert_eq!(server.connection_count(), 0);
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_left() {
    let server = SmtpServer::start(Script::implicit().on(At::Handshake, Act::Never)).await;
    let mut deadlines = short();
    deadlines.tls = std::time::Duration::from_millis(300);
    let done = deliver_to(&settings(&server, "tls", json!({})), "me@example.net", deadlines).await;
    assert_failed(&done, Step::Tls, Symptom::TlsTimeout);
}
