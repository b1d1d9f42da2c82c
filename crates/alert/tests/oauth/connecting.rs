//! A person lets us in, or does not.

use std::time::Duration;

use alert::oauth::{OAuthError, Pending, ProblemKind};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::delivery::DeliveryState;
use serde_json::json;
use sha2::{Digest, Sha256};
use testkit::{Reply, TokenEndpoint, wait_until};
use url::Url;

use crate::{
    account::{Account, HOUR, PROFILE},
    scene::SOON,
};

#[tokio::test]
async fn a_device_code_that_is_accepted_connects_and_sends_what_waited() {
    let account = Account::new().await;
    let scene = &account.scene;
    let channel = scene
        .channel(json!({ "name": "Ops", "kind": "email", "config": { "to": ["me@example.net"] } }))
        .await;
    let monitor = scene.monitor("Shop", &[channel.id]).await;
    account.clock.advance(Duration::from_secs(1));
    let running = scene.start();
    scene.down(&monitor).await;
    let waiting = scene.wait_attempts(1).await;
    assert!(waiting[0].waiting, "nothing can be sent before somebody connects");
    let reason = waiting[0].reason.clone().unwrap_or_default();
    assert!(reason.contains("Connect it under Settings > Mail"), "{reason}");
    assert_eq!(account.server.connection_count(), 0);

    account.endpoint.refuses("authorization_pending");
    account.endpoint.grants("at-1", Some("rt-1"), HOUR);
    let pending = account.oauth().begin(PROFILE).await.unwrap();
    let Pending::Device {
        user_code,
        verification_url,
        ..
    } = pending
    else {
        panic!("{pending:?}")
    };
    assert_eq!(user_code, TokenEndpoint::USER_CODE);
    assert_eq!(verification_url.as_str(), "https://login.example.org/device");
    assert!(account.connection().await.pending.is_some());
    let asked = &account.endpoint.device_requests()[0];
    assert_eq!(
        (asked.get("client_id"), asked.get("scope")),
        ("watchbell", "smtp offline")
    );

    scene.wait_state(1, DeliveryState::Sent).await;
    let asked = account.endpoint.requests();
    assert_eq!(asked.len(), 2);
    for request in asked {
        assert_eq!(
            request.get("grant_type"),
            "urn:ietf:params:oauth:grant-type:device_code"
        );
        assert_eq!(request.get("device_code"), "a-device-code-of-the-testkit");
    }
    assert_eq!(account.shown(), ["at-1"]);
    let connection = account.connection().await;
    assert!(connection.pending.is_none() && connection.failed.is_none());
    assert_eq!(
        connection.grant.unwrap().expires_at,
        account.scene.clock.now().plus(HOUR)
    );
    running.stop().await;
}

#[tokio::test]
async fn a_provider_that_asks_for_patience_gets_it() {
    let account = Account::new().await;
    let running = account.scene.start();
    account.endpoint.refuses("slow_down");
    account.endpoint.grants("at-1", Some("rt-1"), HOUR);
    account.oauth().begin(PROFILE).await.unwrap();
    let begun = std::time::Instant::now();
    account.wait_until("connected", |c| c.grant.is_some()).await;
    // One second until the first question, six until the second.
    assert!(
        begun.elapsed() >= Duration::from_millis(6_900),
        "{:?}",
        begun.elapsed()
    );
    running.stop().await;
}

#[tokio::test]
async fn an_authorization_that_leads_to_nothing_says_why() {
    for (error, kind) in [
        ("access_denied", ProblemKind::Denied),
        ("expired_token", ProblemKind::Expired),
        ("invalid_client", ProblemKind::Client),
        ("invalid_scope", ProblemKind::Rejected),
    ] {
        let account = Account::new().await;
        let running = account.scene.start();
        account.endpoint.refuses(error);
        account.oauth().begin(PROFILE).await.unwrap();
        let ended = account.wait_until(error, |c| c.failed.is_some()).await;
        assert_eq!(ended.failed.unwrap().kind, kind);
        assert!(ended.pending.is_none() && ended.grant.is_none());
        running.stop().await;
    }
}

#[tokio::test]
async fn without_a_refresh_token_nothing_is_kept() {
    let account = Account::new().await;
    let running = account.scene.start();
    account.endpoint.grants("at-1", None, HOUR);
    account.oauth().begin(PROFILE).await.unwrap();
    let ended = account.wait_until("ended", |c| c.failed.is_some()).await;
    assert_eq!(ended.failed.unwrap().kind, ProblemKind::Rejected);
    assert!(ended.grant.is_none());
    running.stop().await;
}

#[tokio::test]
async fn a_provider_without_device_codes_is_told_apart() {
    let account = Account::new().await;
    for reply in [
        Reply::status(404),
        Reply::ok("<html>hello</html>"),
        Reply::ok("x".repeat(70 * 1024)),
        Reply::reset(),
    ] {
        account.endpoint.device_answer(reply);
        let error = account.oauth().begin(PROFILE).await.unwrap_err();
        let OAuthError::Refused(problem) = error else {
            panic!("{error:?}")
        };
        assert_eq!(problem.kind, ProblemKind::Unavailable, "{problem}");
        assert_eq!(account.connection().await.failed.unwrap(), problem);
    }
}

#[tokio::test]
async fn settings_that_change_while_a_person_decides_are_not_connected() {
    let account = Account::new().await;
    let running = account.scene.start();
    account.oauth().begin(PROFILE).await.unwrap();
    wait_until(SOON, "a question", || !account.endpoint.requests().is_empty()).await;
    let mut body = account.body(account.endpoint.device_client());
    body["username"] = "other@example.org".into();
    account.save(body).await;
    account.endpoint.grants("at-1", Some("rt-1"), HOUR);
    let ended = account.wait_until("ended", |c| c.failed.is_some()).await;
    assert_eq!(ended.failed.unwrap().kind, ProblemKind::NotConnected);
    assert!(ended.grant.is_none());
    running.stop().await;
}

/// The value in the query, or "".
fn query(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(n, _)| n == name);
    found.map(|(_, v)| v.into_owned()).unwrap_or_default()
}

#[tokio::test]
async fn the_page_of_the_provider_brings_a_code_that_is_ours_alone() {
    let account = Account::new().await;
    account.save(account.body(account.endpoint.code_client())).await;
    let begin = async || match account.oauth().begin(PROFILE).await.unwrap() {
        Pending::Page {
            url,
            redirect_url,
            returns,
            ..
        } => {
            assert!(returns);
            assert_eq!(
                redirect_url.as_str(),
                "https://watch.example/settings/mail/authorize/return"
            );
            assert_eq!(query(&url, "redirect_uri"), redirect_url.as_str());
            url
        }
        pending @ Pending::Device { .. } => panic!("{pending:?}"),
    };
    let first = begin().await;
    let url = begin().await;
    assert_eq!(query(&url, "response_type"), "code");
    assert_eq!(query(&url, "login_hint"), "watch@example.org");
    assert_eq!(query(&url, "code_challenge_method"), "S256");
    let (state, challenge) = (query(&url, "state"), query(&url, "code_challenge"));
    assert_eq!(account.oauth().awaiting(&state), Some(PROFILE));
    for answer in [
        format!("?code=c1&state={}", query(&first, "state")),
        "?code=c1&state=guessed".to_owned(),
        format!("https://watch.example/return?state={state}"),
        "c1".to_owned(),
    ] {
        let error = account.oauth().finish(PROFILE, &answer).await.unwrap_err();
        assert!(
            matches!(error, OAuthError::NothingPending | OAuthError::NotAnAnswer),
            "{answer}: {error}"
        );
    }
    assert!(account.endpoint.requests().is_empty());

    account.endpoint.grants("at-1", Some("rt-1"), HOUR);
    let answer = format!("https://watch.example/settings/mail/authorize/return?code=4%2Fc1&state={state}");
    account.oauth().finish(PROFILE, &answer).await.unwrap();
    let asked = account.endpoint.requests().remove(0);
    assert_eq!(
        (asked.get("grant_type"), asked.get("code")),
        ("authorization_code", "4/c1")
    );
    assert_eq!(
        asked.get("redirect_uri"),
        "https://watch.example/settings/mail/authorize/return"
    );
    assert_eq!(
        URL_SAFE_NO_PAD.encode(Sha256::digest(asked.get("code_verifier"))),
        challenge
    );
    assert!(account.test().await.ok);
    // A code counts once.
    assert!(account.oauth().finish(PROFILE, &answer).await.is_err());
    assert_eq!(account.endpoint.requests().len(), 1);
}

#[tokio::test]
async fn a_person_who_says_no_on_the_page_is_heard() {
    let account = Account::new().await;
    account.save(account.body(account.endpoint.code_client())).await;
    let Pending::Page { url, .. } = account.oauth().begin(PROFILE).await.unwrap() else {
        panic!()
    };
    let answer = format!("?error=access_denied&state={}", query(&url, "state"));
    let error = account.oauth().finish(PROFILE, &answer).await.unwrap_err();
    assert!(matches!(error, OAuthError::Refused(p) if p.kind == ProblemKind::Denied));
    assert_eq!(
        account.connection().await.failed.unwrap().kind,
        ProblemKind::Denied
    );
    assert!(account.endpoint.requests().is_empty());
}

#[tokio::test]
async fn what_is_forgotten_is_gone() {
    let account = Account::connected(HOUR).await;
    assert!(account.oauth().forget(PROFILE).await.unwrap());
    assert!(!account.oauth().forget(PROFILE).await.unwrap());
    let report = account.test().await;
    assert!(!report.ok && report.hint.unwrap().contains("Connect it under Settings > Mail"));
    assert_eq!(account.server.connection_count(), 0);
}
