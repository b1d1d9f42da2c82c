//! Who may do what.

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;
use std::time::Duration;
use store::accounts::Scope;

use secrecy::ExposeSecret;

use crate::fixture::{Api, paused, request};

fn filled(path: &str) -> String {
    let id = if path.starts_with("/deliveries") {
        "0198c0de-0000-7000-8000-000000000000"
    } else {
        "999999"
    };
    path.replace("{id}", id)
}

#[tokio::test]
async fn every_route_is_closed_without_a_token_and_to_the_wrong_scope() {
    let api = Api::start().await;
    let mut open = Vec::new();
    for (path, method, _) in api.document.operations() {
        let path = filled(path);
        let call = async |token: Option<&str>| api.call(method.clone(), &path, token, None).await;
        let stranger = call(None).await;
        if stranger.status == 200 {
            open.push(path.clone());
            continue;
        }
        assert_eq!(stranger.status, 401, "{method} {path}");
        assert_eq!(stranger.headers["www-authenticate"], "Bearer realm=\"watchbell\"");
        let pushed = call(Some(&api.push)).await.status;
        let may_push = path == "/mail/bounces";
        assert_eq!(pushed != 403, may_push, "{method} {path}: {pushed}");
        let reader = call(Some(&api.read)).await;
        if method == Method::GET {
            assert!(reader.status != 403 && reader.status != 401, "{method} {path}");
        } else {
            assert_eq!(reader.status, 403, "{method} {path}");
            let writer = call(Some(&api.write)).await;
            assert!(writer.status != 403 && writer.status != 401, "{method} {path}");
        }
    }
    assert_eq!(open, ["/openapi.json"], "nothing else is open");
}

#[tokio::test]
async fn what_is_not_there_is_closed_as_well() {
    let api = Api::start().await;
    let paths = ["", "/nothing", "/monitors/1/nothing", "/monitors/", "/settings"];
    for path in paths {
        let stranger = api.call(Method::GET, path, None, None).await;
        assert_eq!(stranger.status, 401, "{path}");
        assert_eq!(api.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn only_a_bearer_token_opens() {
    let api = Api::start().await;
    let (cookie, _) = api.store.accounts().start_session(api.user, false).await.unwrap();
    let cookie = cookie.expose_secret();
    let attempts: [(&str, String); 8] = [
        ("cookie", format!("__Host-session={cookie}")),
        ("cookie", format!("session={cookie}; token={}", api.write)),
        ("authorization", api.write.clone()),
        ("authorization", format!("Basic {}", api.write)),
        ("authorization", format!("Bearer {cookie}")),
        ("authorization", "Bearer ".into()),
        ("authorization", format!("Bearer {}x", api.write)),
        ("x-api-key", api.write.clone()),
    ];
    for (name, value) in attempts {
        let request = Request::get("/api/v1/monitors")
            .header(name, &value)
            .body(Body::empty())
            .unwrap();
        assert_eq!(api.send(request).await.status, 401, "{name}: {value}");
    }
    let query = api
        .call(Method::GET, &format!("/monitors?token={}", api.write), None, None)
        .await;
    assert_eq!(query.status, 401);
    let mut twice = request(Method::GET, "/monitors", Some(&api.write), None);
    let value = twice.headers()["authorization"].clone();
    twice.headers_mut().append("authorization", value);
    assert_eq!(api.send(twice).await.status, 401);
    let lower = Request::get("/api/v1/monitors")
        .header("authorization", format!("bearer {}", api.write))
        .body(Body::empty())
        .unwrap();
    assert_eq!(api.send(lower).await.status, 200);
}

#[tokio::test]
async fn expired_and_revoked_tokens_are_refused_by_name() {
    let api = Api::start().await;
    let accounts = api.store.accounts();
    let now = api.store.now();
    let expired = accounts
        .create_token(
            api.user,
            "old",
            Scope::Write,
            Some(now.minus(Duration::from_secs(1))),
        )
        .await
        .unwrap();
    let revoked = accounts
        .create_token(api.user, "gone", Scope::Write, None)
        .await
        .unwrap();
    let token = accounts.token(revoked.expose_secret()).await.unwrap().unwrap();
    assert!(accounts.revoke_token(token.id).await.unwrap());
    for token in [expired, revoked] {
        let token = token.expose_secret();
        for (method, body) in [(Method::GET, None), (Method::POST, Some(paused("x")))] {
            let answer = api.call(method, "/monitors", Some(token), body).await;
            assert_eq!(answer.status, 401);
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.contains("error=\"invalid_token\""));
            assert!(
                answer.body["detail"]
                    .as_str()
                    .unwrap()
                    .contains("expired or revoked")
            );
            assert!(!answer.text.contains(token), "a token is never repeated");
        }
    }
    assert_eq!(api.get("/monitors").await.body["items"], json!([]));
}
