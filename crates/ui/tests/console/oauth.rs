//! Settings > Mail > Connect: letting Watchbell log in with OAuth 2.0.

use std::time::Duration;

use domain::mail::MailSettings;
use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Canary, Reply, TokenEndpoint, wait_for};

use crate::visitor::{Scene, Visitor};

const HERE: &str = "/settings/mail/authorize?profile=1";
const ACT: &str = "/settings/mail/authorize";
const ANSWER: &str = "/settings/mail/authorize/answer";
const SOON: Duration = Duration::from_secs(10);

async fn save(scene: &Scene, client: Value) {
    let body = json!({
        "host": "127.0.0.1", "port": 2525, "security": "tls", "from": "watch@example.org",
        "username": "watch@example.org", "auth": "xoauth2", "oauth": client,
    });
    let settings = MailSettings::from_json(body, None).unwrap();
    scene.store.mail().save_primary(&settings, "me").await.unwrap();
}

async fn press(admin: &mut Visitor, button: &str) {
    let answer = admin.post(ACT, &[("profile", "1"), ("do", button)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(answer.location(), HERE);
}

#[tokio::test]
async fn a_device_code_is_shown_until_the_account_is_connected() {
    let (scene, endpoint) = (Scene::new().await, TokenEndpoint::start().await);
    let (access, refresh, secret) = (Canary::new(), Canary::new(), Canary::new());
    let mut client = endpoint.device_client();
    client["client_secret"] = secret.value().into();
    save(&scene, client).await;
    scene.work();
    let mut admin = scene.admin().await;
    let page = admin.get(HERE).await;
    assert!(page.body.contains("Not connected") && !page.headers.contains_key("refresh"));
    press(&mut admin, "connect").await;
    let page = admin.get(HERE).await;
    assert_eq!(page.headers["refresh"], "5", "it looks again without a script");
    for shown in [
        TokenEndpoint::USER_CODE,
        "https://login.example.org/device",
        "watch@example.org",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    endpoint.grants(access.value(), Some(refresh.value()), Duration::from_hours(1));
    let visitor = &admin;
    let page = wait_for(SOON, "the account is connected", async || {
        let page = visitor.clone().get(HERE).await;
        // What was given is stored a moment before the waiting ends.
        let ended = !page.headers.contains_key("refresh");
        (ended && page.body.contains("Connected since")).then_some(page)
    })
    .await;
    assert!(page.body.contains("Connect again"));
    for canary in [access, refresh, secret] {
        canary.assert_absent("the page", &page.body);
        canary.assert_absent("the mail settings", admin.get("/settings/mail").await.body);
    }
    press(&mut admin, "forget").await;
    let page = admin.get(HERE).await.body;
    assert!(page.contains("The account is disconnected") && page.contains("Not connected"));
}

#[tokio::test]
async fn what_went_wrong_is_said_in_the_language_of_the_reader() {
    let (scene, endpoint) = (Scene::new().await, TokenEndpoint::start().await);
    save(&scene, endpoint.device_client()).await;
    let mut admin = scene.admin().await;
    endpoint.device_answer(
        Reply::status(401).body(r#"{"error":"invalid_client","error_description":"<b>no</b>"}"#),
    );
    press(&mut admin, "connect").await;
    let page = admin.get(HERE).await.body;
    assert!(
        page.contains("could not be connected") && page.contains("does not know the client"),
        "{page}"
    );
    assert!(!page.contains("<b>no"), "the provider's words are text");
    admin.headers.insert("accept-language", "zh-CN".parse().unwrap());
    let page = admin.get(HERE).await.body;
    assert!(
        page.contains("账号未能连接") && page.contains("提供商不认识此客户端"),
        "{page}"
    );
}

#[tokio::test]
async fn the_browser_comes_back_with_the_answer_and_one_click_ends_it() {
    let (scene, endpoint) = (
        Scene::at("https://watch.example").await,
        TokenEndpoint::start().await,
    );
    save(&scene, endpoint.code_client()).await;
    let mut admin = scene.admin().await;
    press(&mut admin, "connect").await;
    let page = admin.get(HERE).await.body;
    assert!(
        page.contains("https://watch.example/settings/mail/authorize/return"),
        "{page}"
    );
    let link = page
        .split('"')
        .find(|part| part.contains("code_challenge="))
        .unwrap()
        .replace("&#38;", "&");
    let state = link.split('&').find_map(|p| p.strip_prefix("state=")).unwrap();

    let lost = admin
        .get("/settings/mail/authorize/return?code=c1&state=guessed")
        .await;
    assert_eq!(
        (lost.status, lost.location()),
        (StatusCode::SEE_OTHER, "/settings/mail")
    );
    let query = format!("code=4%2Fc1&state={state}");
    let back = admin
        .get(&format!("/settings/mail/authorize/return?{query}"))
        .await;
    assert!(back.body.contains("Finish connecting"), "{}", back.body);
    assert!(
        endpoint.requests().is_empty(),
        "an address that is visited changes nothing"
    );

    let wrong = admin.post(ANSWER, &[("profile", "1"), ("answer", "4/c1")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!wrong.body.contains("4/c1"), "a code is not sent back");
    endpoint.grants("at-1", Some("rt-1"), Duration::from_hours(1));
    let done = admin.post(ANSWER, &[("profile", "1"), ("answer", &query)]).await;
    assert_eq!(done.location(), HERE, "{}", done.body);
    assert!(admin.get(HERE).await.body.contains("The account is connected"));
    assert_eq!(endpoint.requests()[0].get("code"), "4/c1");
}

/// Whoever sends a browser here decides neither what is connected, nor where it goes next, nor what the page says.
#[tokio::test]
async fn an_answer_is_bound_to_its_attempt_and_its_profile() {
    let (scene, endpoint) = (
        Scene::at("https://watch.example").await,
        TokenEndpoint::start().await,
    );
    save(&scene, endpoint.code_client()).await;
    let first = scene.store.mail().primary().await.unwrap().unwrap().settings;
    let second = scene.store.mail().create(&first, "me").await.unwrap().id;
    let mut admin = scene.admin().await;
    press(&mut admin, "connect").await;
    let page = admin.get(HERE).await.body;
    let state = page.split("state=").nth(1).unwrap();
    let state: String = state
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    let query = format!("code=stolen&state={state}");

    let stranger = scene
        .visitor()
        .get(&format!("/settings/mail/authorize/return?{query}"))
        .await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
    assert!(
        stranger.location().starts_with("/login"),
        "{}",
        stranger.location()
    );
    let hostile = format!(
        "/settings/mail/authorize/return?state={state}&code=%22%3E%3Cscript%3E&next=https://evil.example&profile={second}"
    );
    let page = admin.get(&hostile).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        !page.body.contains("\"><script>") && !page.body.contains("href=\"https://evil"),
        "{}",
        page.body
    );
    let repeated = format!("/settings/mail/authorize/return?state=x&state={state}&code=1");
    assert_ne!(
        admin.get(&repeated).await.status,
        StatusCode::INTERNAL_SERVER_ERROR
    );

    // The other profile, the token of another site's form, and the state of an attempt that was begun anew.
    let second = second.to_string();
    let other = admin
        .post(ANSWER, &[("profile", &second), ("answer", &query)])
        .await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", other.body);
    let foreign = admin
        .post_bare(ANSWER, &[("profile", "1"), ("answer", &query)])
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    admin.get(HERE).await;
    press(&mut admin, "connect").await;
    let old = admin.post(ANSWER, &[("profile", "1"), ("answer", &query)]).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", old.body);
    assert!(
        endpoint.requests().is_empty(),
        "no code was taken to the provider"
    );
}

#[tokio::test]
async fn without_an_https_address_the_answer_is_pasted() {
    let (scene, endpoint) = (
        Scene::at("http://192.0.2.8:8380").await,
        TokenEndpoint::start().await,
    );
    save(&scene, endpoint.code_client()).await;
    let mut admin = scene.admin().await;
    press(&mut admin, "connect").await;
    let page = admin.get(HERE).await.body;
    assert!(
        page.contains("http://127.0.0.1/") && page.contains("Copy the address that it shows"),
        "{page}"
    );
    press(&mut admin, "cancel").await;
    assert!(!admin.get(HERE).await.body.contains("http://127.0.0.1/"));
}

#[tokio::test]
async fn profiles_with_a_password_have_no_such_page() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    assert_eq!(admin.get(HERE).await.status, StatusCode::NOT_FOUND);
    let body = json!({ "host": "127.0.0.1", "port": 25, "security": "none", "from": "watch@example.org" });
    let settings = MailSettings::from_json(body, None).unwrap();
    scene.store.mail().save_primary(&settings, "me").await.unwrap();
    let answer = admin.get(HERE).await;
    assert_eq!(answer.location(), "/settings/mail");
    assert!(
        admin
            .get("/settings/mail")
            .await
            .body
            .contains("does not log in with OAuth 2.0")
    );
}
