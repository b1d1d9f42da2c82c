//! Access tokens end; mail does not.

use std::time::{Duration, Instant};

use alert::{
    Through,
    mail::{Deadlines, Language, Mailer, Profile, Trial},
};
use domain::{
    delivery::{AttemptVerdict, DeliveryState},
    mail::{Address, MailSettings},
    zone::Tz,
};
use egress::{Dialer, Policy};
use futures_util::future::join_all;
use serde_json::json;
use testkit::{Act, Reply, Script, SmtpServer, Step, tls::ca_pem};
use url::Url;

use crate::account::{Account, HOUR, PROFILE, USER};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_token_is_renewed_five_minutes_ahead_and_a_rotated_refresh_token_is_kept() {
    let account = Account::connected(HOUR).await;
    assert!(account.test().await.ok);
    account.clock.advance(54 * MINUTE);
    assert!(account.test().await.ok);
    assert!(account.endpoint.requests().is_empty(), "six minutes are enough");

    account.clock.advance(2 * MINUTE);
    account.endpoint.grants("at-2", Some("rt-2"), HOUR);
    account.server.welcome(USER, "at-2");
    assert!(account.test().await.ok);
    account.clock.advance(56 * MINUTE);
    account.endpoint.grants("at-3", None, HOUR);
    account.server.welcome(USER, "at-3");
    assert!(account.test().await.ok);
    account.clock.advance(56 * MINUTE);
    account.endpoint.grants("at-4", None, HOUR);
    account.server.welcome(USER, "at-4");
    assert!(account.test().await.ok);
    let used: Vec<String> = account
        .endpoint
        .requests()
        .iter()
        .map(|r| {
            assert_eq!(r.get("grant_type"), "refresh_token");
            r.get("refresh_token").to_owned()
        })
        .collect();
    assert_eq!(used, ["rt-1", "rt-2", "rt-2"]);
    assert_eq!(account.shown(), ["at-1", "at-1", "at-2", "at-3", "at-4"]);
}

#[tokio::test]
async fn all_who_wait_share_one_renewal() {
    let account = Account::connected(MINUTE).await;
    account.endpoint.then(
        Reply::ok(json!({ "token_type": "Bearer", "access_token": "at-2", "expires_in": 3600 }).to_string())
            .delay(Duration::from_millis(200)),
    );
    account.server.welcome(USER, "at-2");
    let reports = join_all((0..8).map(|_| account.test())).await;
    assert!(reports.iter().all(|r| r.ok));
    assert_eq!(account.endpoint.requests().len(), 1);
}

/// Whoever watches a test, and the dispatcher, wait for both together.
#[tokio::test]
async fn a_provider_that_is_slow_takes_its_time_from_that_of_the_mail() {
    const SESSION: Duration = Duration::from_secs(6);
    let account = Account::connected(MINUTE).await;
    account.endpoint.then(
        Reply::ok(json!({ "token_type": "Bearer", "access_token": "at-2", "expires_in": 3600 }).to_string())
            .delay(Duration::from_secs(4)),
    );
    account.server.welcome(USER, "at-2");
    account.server.on(Step::MailFrom, Act::Never);
    let settings = account.settings().await;
    let profile = Profile {
        settings: &settings,
        stored: Some((PROFILE, 1)),
    };
    let dialer = Dialer::new(Policy::default()).unwrap();
    let mailer = Mailer::new(dialer, Url::parse("https://watch.example").unwrap())
        .with_oauth(account.oauth().clone())
        .with_deadlines(Deadlines::default().within(SESSION));
    let to = Address::parse("to", "me@example.net").unwrap();
    let begun = Instant::now();
    let test = mailer.test(
        profile,
        &to,
        (Language::English, Tz::UTC),
        &*account.clock,
        Trial::default(),
    );
    let report = test.await;
    assert!(
        begun.elapsed() < SESSION + Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        !report.ok && !report.detail.contains("within 6s"),
        "{}",
        report.detail
    );
    assert_eq!(account.endpoint.requests().len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_mail_is_sent() {
    for challenge in [true, false] {
        let script = Script::implicit().token(USER, "at-2");
        let script = if challenge {
            script
        } else {
            script.without_challenge()
        };
        let account = Account::with(script).await;
        account.connect("at-1", "rt-1", HOUR).await;
        account.endpoint.grants("at-2", None, HOUR);
        let report = account.test().await;
        assert!(report.ok, "{}", report.detail);
        assert_eq!(account.shown(), ["at-1", "at-2"]);
        assert_eq!(account.server.connection_count(), 2, "on a connection of its own");
        let first = account.server.log(1);
        let refused = first
            .iter()
            .position(|l| l.starts_with("S: 334"))
            .map(|i| first[i + 1].clone());
        assert_eq!(
            refused,
            challenge.then(|| "C: ".to_owned()),
            "an empty line answers the challenge"
        );
    }
}

#[tokio::test]
async fn a_server_that_refuses_every_token_is_asked_twice_and_no_more() {
    let account = Account::connected(HOUR).await;
    account.server.welcome(USER, "something else");
    account.endpoint.grants("at-2", None, HOUR);
    let report = account.test().await;
    assert!(!report.ok);
    assert_eq!(report.reply_code, Some(535));
    assert!(report.hint.unwrap().contains("does not take the access token"));
    assert_eq!(account.shown(), ["at-1", "at-2"]);
    assert_eq!(account.endpoint.requests().len(), 1);
    assert!(
        report.transcript.iter().any(|l| l.ends_with("C: ***")),
        "{:?}",
        report.transcript
    );
    assert_eq!(
        account.attention().await,
        "",
        "the provider itself has not complained"
    );
}

#[tokio::test]
async fn a_server_without_tokens_says_so_before_it_sees_one() {
    let account = Account::with(Script::implicit().token(USER, "at-1").mechanisms("PLAIN LOGIN")).await;
    account.connect("at-1", "rt-1", HOUR).await;
    let report = account.test().await;
    assert!(report.detail.contains("PLAIN LOGIN"), "{}", report.detail);
    assert!(account.shown().is_empty());
}

#[tokio::test]
async fn a_temporary_failure_of_the_login_costs_no_token() {
    let account = Account::connected(HOUR).await;
    account.server.on(
        Step::Auth,
        Act::reply("454 4.7.0 temporary authentication failure"),
    );
    assert!(!account.test().await.ok);
    assert!(account.endpoint.requests().is_empty());
}

#[tokio::test]
async fn a_revoked_authorization_waits_for_a_person_who_connects_again() {
    let account = Account::connected(MINUTE).await;
    let scene = &account.scene;
    account.clock.advance(2 * MINUTE);
    account
        .endpoint
        .usually(Reply::status(400).body(r#"{"error":"invalid_grant","error_description":"revoked"}"#));
    let channel = scene
        .channel(json!({ "name": "Ops", "kind": "email", "config": { "to": ["me@example.net"] } }))
        .await;
    let monitor = scene.monitor("Shop", &[channel.id]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    let waiting = scene.wait_attempts(1).await;
    assert!(waiting[0].waiting);
    let attempt = scene.attempts(waiting[0].id).await.remove(0);
    assert_eq!((attempt.step.as_deref(), attempt.remote), (Some("auth"), None));
    let AttemptVerdict::Waiting { reason } = attempt.verdict else {
        panic!("{:?}", attempt.verdict)
    };
    assert!(
        reason.contains("invalid_grant: revoked") && reason.contains("Connect the account again"),
        "{reason}"
    );
    assert_eq!(account.attention().await, "oauth-revoked");
    assert_eq!(
        account.endpoint.requests().len(),
        1,
        "it is not asked again in vain"
    );
    assert!(!account.test().await.ok);
    assert_eq!(account.endpoint.requests().len(), 1);
    assert_eq!(account.server.connection_count(), 0);

    account.endpoint.grants("at-1", Some("rt-9"), 2 * HOUR);
    account.oauth().begin(PROFILE).await.unwrap();
    scene.wait_state(1, DeliveryState::Sent).await;
    assert_eq!(account.attention().await, "");
    running.stop().await;
}

#[tokio::test]
async fn a_revocation_is_seen_before_it_costs_a_message() {
    let account = Account::connected(HOUR).await;
    account.endpoint.refuses("invalid_grant");
    account.oauth().renew_all().await;
    assert_eq!(account.attention().await, "oauth-revoked");
    assert!(
        account.test().await.ok,
        "while the last token lasts, mail is sent"
    );
    account.clock.advance(HOUR);
    assert!(!account.test().await.ok);
    // Saving the settings (a new client secret, say) asks once more.
    account.save(account.body(account.endpoint.device_client())).await;
    account.endpoint.grants("at-1", None, 2 * HOUR);
    assert!(account.test().await.ok);
    let asked = account.endpoint.requests().len();
    account.oauth().renew_all().await;
    assert_eq!(
        account.endpoint.requests().len(),
        asked,
        "it lasts beyond the next look"
    );
}

#[tokio::test]
async fn a_provider_that_cannot_be_asked_is_asked_again_later() {
    for reply in [
        Reply::status(500),
        Reply::status(503).body(r#"{"error":"invalid_grant"}"#),
        Reply::ok("<html>captive portal</html>"),
        Reply::ok(json!({ "token_type": "Bearer", "access_token": "a b", "expires_in": 3600 }).to_string()),
        Reply::ok("x".repeat(65 * 1024)),
        Reply::endless(),
        Reply::redirect(307, "http://127.0.0.1:9/"),
        Reply::reset(),
    ] {
        let account = Account::connected(4 * MINUTE).await;
        account.endpoint.usually(reply.clone());
        assert!(account.test().await.ok, "the old token still lasts: {reply:?}");
        account.clock.advance(4 * MINUTE);
        let report = account.test().await;
        assert!(
            report.hint.unwrap().contains("cannot be asked at the moment"),
            "{}",
            report.detail
        );
        assert_eq!(account.attention().await, "", "{reply:?}");
        assert_eq!(
            account.endpoint.requests().len(),
            1,
            "one question for all within seconds"
        );
    }
}

#[tokio::test]
async fn a_provider_that_hangs_holds_nobody_for_long() {
    let account = Account::connected(MINUTE).await;
    account.clock.advance(MINUTE);
    account.endpoint.usually(Reply::hang());
    let begun = Instant::now();
    let reports = join_all((0..4).map(|_| account.test())).await;
    assert!(
        reports
            .iter()
            .all(|r| !r.ok && r.detail.contains("did not answer within 10 s"))
    );
    assert!(begun.elapsed() < Duration::from_secs(14), "{:?}", begun.elapsed());
    assert_eq!(account.endpoint.requests().len(), 1);
}

#[tokio::test]
async fn a_token_goes_to_no_other_server() {
    let account = Account::connected(HOUR).await;
    let other = SmtpServer::start(Script::implicit().token(USER, "at-1")).await;
    let body = json!({
        "host": "127.0.0.1", "port": other.port(), "security": "tls", "ca_pem": ca_pem(), "from": "watch@example.org",
        "username": USER, "auth": "xoauth2", "oauth": account.endpoint.device_client(),
    });
    let unsaved = MailSettings::from_json(body.clone(), None).unwrap();
    let report = account.test_through(Through::Unsaved(Box::new(unsaved))).await;
    assert!(
        report
            .detail
            .contains("Nobody has connected this account for these settings"),
        "{}",
        report.detail
    );
    let same = account.settings().await;
    assert!(account.test_through(Through::Unsaved(Box::new(same))).await.ok);

    account.save(body).await;
    assert!(!account.test().await.ok);
    assert_eq!(other.connection_count(), 0);
    assert!(account.connection().await.grant.is_none());
    // Going back does not bring it back.
    account.save(account.body(account.endpoint.device_client())).await;
    assert!(account.connection().await.grant.is_none());
    assert!(account.endpoint.requests().is_empty());
}
