//! Connecting a mail profile.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use testkit::{Canary, TokenEndpoint};

use crate::fixture::{Api, fields, is_time};

const AUTHORIZE: &str = "/settings/mail/profiles/1/authorize";

fn settings(client: Value) -> Value {
    json!({
        "host": "127.0.0.1", "port": 2525, "security": "tls", "from": "watch@example.org",
        "username": "watch@example.org", "auth": "xoauth2", "oauth": client,
    })
}

#[tokio::test]
async fn a_profile_is_connected_by_the_page_of_its_provider_and_no_secret_is_told() {
    let (api, endpoint) = (Api::start().await, TokenEndpoint::start().await);
    let (secret, access, refresh) = (Canary::new(), Canary::new(), Canary::new());
    let mut client = endpoint.code_client();
    client["client_secret"] = secret.value().into();
    let saved = api.put("/settings/mail", settings(client.clone())).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert_eq!(saved.body["oauth"]["client_secret_set"], true);
    assert_eq!(saved.body["oauth"]["token_url"], client["token_url"]);
    assert_eq!(saved.body["password_set"], false);
    let none = api.get(AUTHORIZE).await;
    assert_eq!(none.body["state"], "not_connected");

    let begun = api.post(AUTHORIZE, json!({})).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    let pending = &begun.body["pending"];
    assert_eq!(pending["way"], "page");
    assert!(is_time(&pending["expires_at"]));
    let url = pending["url"].as_str().unwrap();
    let state = url.split('&').find_map(|p| p.strip_prefix("state=")).unwrap();

    let wrong = api
        .put(AUTHORIZE, json!({ "answer": "?code=c1&state=guessed" }))
        .await;
    assert_eq!(wrong.status, 409);
    let wrong = api.put(AUTHORIZE, json!({ "answer": "c1" })).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(fields(&wrong), ["answer"]);
    endpoint.grants(access.value(), Some(refresh.value()), Duration::from_hours(1));
    let answer = format!("http://127.0.0.1/?code=c1&state={state}");
    let connected = api.put(AUTHORIZE, json!({ "answer": answer })).await;
    assert_eq!(connected.status, 200, "{}", connected.text);
    assert_eq!(connected.body["state"], "connected");
    assert_eq!(
        (&connected.body["pending"], &connected.body["failed"]),
        (&Value::Null, &Value::Null)
    );
    assert!(is_time(&connected.body["expires_at"]));
    assert_eq!(endpoint.requests()[0].get("client_secret"), secret.value());

    let read = api.get("/settings/mail").await;
    for answer in [saved, begun, connected, read] {
        for canary in [&secret, &access, &refresh] {
            canary.assert_absent("an answer", &answer.text);
        }
    }
    let forgotten = api.call(Method::DELETE, AUTHORIZE, Some(&api.write), None).await;
    assert_eq!(forgotten.status, 204);
    let again = api.call(Method::DELETE, AUTHORIZE, Some(&api.write), None).await;
    assert_eq!(again.status, 404);
    assert_eq!(api.get(AUTHORIZE).await.body["state"], "not_connected");
}

#[tokio::test]
async fn a_device_code_is_told_and_a_refusal_explained() {
    let (api, endpoint) = (Api::start().await, TokenEndpoint::start().await);
    api.put("/settings/mail", settings(endpoint.device_client()))
        .await;
    let begun = api.post(AUTHORIZE, json!({})).await;
    assert_eq!(begun.body["pending"]["user_code"], TokenEndpoint::USER_CODE);
    assert_eq!(begun.body["pending"]["url"], "https://login.example.org/device");
    assert_eq!(api.get(AUTHORIZE).await.body["pending"], begun.body["pending"]);

    endpoint.device_answer(testkit::Reply::status(401).body(r#"{"error":"invalid_client"}"#));
    let refused = api.post(AUTHORIZE, json!({})).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("invalid_client"), "{}", refused.text);
    let read = api.get(AUTHORIZE).await;
    assert_eq!(read.body["failed"]["kind"], "oauth-client");
}

#[tokio::test]
async fn other_profiles_are_not_connected() {
    let api = Api::start().await;
    assert_eq!(api.get(AUTHORIZE).await.status, 404);
    let mut password = settings(Value::Null);
    (password["auth"], password["password"]) = (json!("auto"), json!("pw"));
    let saved = api.put("/settings/mail", password).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert_eq!(api.get(AUTHORIZE).await.status, 409);
    assert_eq!(api.post(AUTHORIZE, json!({})).await.status, 409);
    let reading = api.call(Method::POST, AUTHORIZE, Some(&api.read), None).await;
    assert_eq!(reading.status, 403);
}
