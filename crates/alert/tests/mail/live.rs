//! The test from the settings page.

use std::{sync::Arc, time::Duration};

use alert::mail::{Deadlines, Language, MailTest, Profile, Step, StepReport, Trial};
use domain::{id::ProfileId, mail::MailSettings, zone::Tz};
use serde_json::json;
use testkit::{FakeClock, Script, SmtpServer, Step as At, tls::Certificate};
use tokio::sync::mpsc;

use crate::scene::{PASSWORD, USER, assert_nothing_said, mailer, recipient, settings, with_login};

async fn test(settings: &MailSettings, revision: Option<i64>, language: Language) -> MailTest {
    let stored = revision.map(|revision| (ProfileId(1), revision));
    let profile = Profile { settings, stored };
    mailer(Deadlines::default())
        .test(
            profile,
            &recipient(),
            (language, Tz::UTC),
            &FakeClock::new(),
            Trial::default(),
        )
        .await
}

#[tokio::test]
async fn a_test_takes_the_way_of_the_alerts() {
    let server = SmtpServer::start(Script::starttls().login(USER, PASSWORD)).await;
    let test = test(
        &settings(&server, "starttls", with_login()),
        Some(4),
        Language::English,
    )
    .await;
    assert!(test.ok, "{}", test.detail);
    assert_eq!((test.failed_step, test.hint.as_ref()), (None, None));
    assert_eq!(test.queue_id.as_deref(), Some("TK000001"));
    assert_eq!((test.revision, test.remote), (Some(4), Some(server.addr())));
    let message = &server.messages()[0];
    assert_eq!(
        message.header("Subject").as_deref(),
        Some("[TEST] Watchbell mail settings")
    );
    assert_eq!(
        message.header("Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    assert!(message.header("Message-ID").unwrap().ends_with("@example.org>"));
    assert!(message.header("From").unwrap().contains("<watch@example.org>"));
}

#[tokio::test]
async fn a_failed_test_says_where_why_and_what_to_do() {
    let server = SmtpServer::start(Script::implicit().login(USER, "another one")).await;
    let settings = settings(&server, "tls", with_login());
    let english = test(&settings, None, Language::English).await;
    assert!(!english.ok);
    assert_eq!(
        (english.failed_step, english.reply_code),
        (Some(Step::Auth), Some(535))
    );
    assert!(
        english
            .hint
            .unwrap()
            .starts_with("User name or password is wrong.")
    );
    let chinese = test(&settings, None, Language::SimplifiedChinese).await;
    assert!(chinese.hint.unwrap().starts_with("用户名或密码错误。"));
}

#[tokio::test]
async fn the_body_of_the_api_can_be_written_from_it() {
    let server = SmtpServer::start(Script::plain().reply(At::RcptTo, "550 5.1.1 no")).await;
    let test = test(&settings(&server, "none", json!({})), None, Language::English).await;
    let body = serde_json::to_value(&test).unwrap();
    assert_eq!(body["ok"], false);
    assert_eq!(body["failed_step"], "rcpt_to");
    assert_eq!(body["steps"][0]["step"], "dns");
    assert!(body["steps"][0]["ms"].is_u64() && body["steps"][0]["detail"].is_string());
    let first = body["transcript"][0].as_str().unwrap();
    assert!(
        first.starts_with('+') && first.ends_with(" s S: 220 testkit ESMTP"),
        "{first}"
    );
}

#[tokio::test]
async fn steps_are_seen_while_the_conversation_goes_on() {
    let server = SmtpServer::start(Script::plain()).await;
    let hold = server.hold(At::RcptTo);
    let settings = settings(&server, "none", json!({}));
    let (tx, mut rx) = mpsc::unbounded_channel::<StepReport>();
    let to = recipient();
    let clock = Arc::new(FakeClock::new());
    let observe = move |step: &StepReport| {
        let _ = tx.send(step.clone());
    };
    let mailer = mailer(Deadlines::default());
    let profile = Profile {
        settings: &settings,
        stored: None,
    };
    let sending = mailer.test(
        profile,
        &to,
        (Language::English, Tz::UTC),
        &*clock,
        Trial {
            dry_run: false,
            observer: &observe,
        },
    );
    let watching = async {
        hold.reached(Duration::from_secs(5)).await;
        let mut seen = Vec::new();
        while let Ok(step) = rx.try_recv() {
            seen.push(step.step.as_str());
        }
        assert_eq!(
            seen,
            ["dns", "policy", "connect", "greeting", "ehlo", "mail_from"]
        );
        hold.open();
    };
    let (test, ()) = tokio::join!(sending, watching);
    assert!(test.ok, "{}", test.detail);
}

#[tokio::test]
async fn a_password_that_cannot_be_read_opens_no_connection() {
    let server = SmtpServer::start(Script::implicit().login(USER, PASSWORD)).await;
    let mut settings = settings(&server, "tls", with_login());
    settings.credentials.as_mut().unwrap().password = None;
    let test = test(&settings, Some(1), Language::English).await;
    assert!(!test.ok && test.steps.is_empty());
    assert!(test.detail.contains("Enter it again"), "{}", test.detail);
    assert_eq!(server.connection_count(), 0);
}

#[test]
fn mail_that_was_never_set_up_is_a_state() {
    let test = MailTest::not_configured(Language::English);
    assert!(!test.ok && test.steps.is_empty() && test.server.is_none());
    assert!(test.hint.unwrap().contains("Settings > Mail"));
}

#[tokio::test]
async fn a_dry_run_asks_for_the_recipient_and_sends_nothing() {
    let server = SmtpServer::start(Script::plain()).await;
    let settings = settings(&server, "none", json!({}));
    let rehearse = async || {
        let profile = Profile {
            settings: &settings,
            stored: None,
        };
        let trial = Trial {
            dry_run: true,
            ..Trial::default()
        };
        let clock = FakeClock::new();
        mailer(Deadlines::default())
            .test(profile, &recipient(), (Language::English, Tz::UTC), &clock, trial)
            .await
    };
    let good = rehearse().await;
    assert!(good.ok && good.dry_run, "{}", good.detail);
    assert_eq!(good.not_reached, [Step::Data, Step::Reply, Step::Inbox]);
    assert_eq!(good.queue_id, None);
    let commands = server.commands();
    assert!(commands.iter().any(|c| c == "RSET"), "{commands:?}");
    assert!(!commands.iter().any(|c| c == "DATA"), "{commands:?}");
    assert!(server.received().is_empty());

    server.on(At::RcptTo, testkit::Act::reply("550 5.1.1 no such user"));
    let refused = rehearse().await;
    assert_eq!((refused.ok, refused.failed_step), (false, Some(Step::RcptTo)));
}

#[tokio::test]
async fn the_last_step_is_the_mailbox_and_what_was_not_reached_is_named() {
    let server = SmtpServer::start(Script::starttls().login(USER, PASSWORD)).await;
    let settings = settings(&server, "starttls", with_login());
    let good = test(&settings, None, Language::English).await;
    assert_eq!(good.steps.last().map(|s| s.step), Some(Step::Inbox));
    assert!(good.not_reached.is_empty(), "{:?}", good.not_reached);

    server.on(At::MailFrom, testkit::Act::reply("550 5.7.1 not yours"));
    let bad = test(&settings, None, Language::English).await;
    assert_eq!(
        bad.not_reached,
        [Step::RcptTo, Step::Data, Step::Reply, Step::Inbox]
    );
}

/// A refused certificate is what people need to see most.
#[tokio::test]
async fn the_certificate_is_shown_when_it_is_accepted_and_when_it_is_refused() {
    let table = [
        (Certificate::Good, true, "localhost", "Watchbell test authority"),
        (
            Certificate::Expired,
            false,
            "localhost",
            "Watchbell test authority",
        ),
        (
            Certificate::NotYetValid,
            false,
            "localhost",
            "Watchbell test authority",
        ),
        (Certificate::SelfSigned, false, "localhost", "localhost"),
        (
            Certificate::WrongName,
            false,
            "wrong.example",
            "Watchbell test authority",
        ),
    ];
    for (kind, ok, subject, issuer) in table {
        for (security, script) in [("tls", Script::implicit()), ("starttls", Script::starttls())] {
            let server = SmtpServer::start(script.certificate(kind).login(USER, PASSWORD)).await;
            let test = test(
                &settings(&server, security, with_login()),
                None,
                Language::English,
            )
            .await;
            assert_eq!(test.ok, ok, "{kind:?} {security}: {}", test.detail);
            let shown = test.certificate.unwrap();
            assert_eq!(
                (shown.subject.as_str(), shown.issuer.as_str()),
                (subject, issuer),
                "{kind:?}"
            );
            assert!(shown.names.contains(&subject.to_owned()), "{shown:?}");
            assert_eq!(shown.fingerprint_sha256.len(), 95);
            assert_eq!(shown.days_left < 0, kind == Certificate::Expired, "{shown:?}");
            assert!(!shown.chain.is_empty() && shown.chain[0].subject == subject);
            if !ok {
                assert_nothing_said(&server);
            }
        }
    }
    // No handshake, no certificate.
    let plain = SmtpServer::start(Script::plain()).await;
    let test = test(&settings(&plain, "none", json!({})), None, Language::English).await;
    assert_eq!(test.certificate, None);
}
