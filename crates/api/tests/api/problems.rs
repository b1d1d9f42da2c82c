//! Every refusal is RFC 9457 and says what to do.

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;

use crate::fixture::{Answer, Api, fields, paused};

async fn raw(api: &Api, media_type: Option<&str>, body: impl Into<Body>) -> Answer {
    let mut request =
        Request::post("/api/v1/monitors").header("authorization", format!("Bearer {}", api.write));
    if let Some(media_type) = media_type {
        request = request.header("content-type", media_type);
    }
    api.send(request.body(body.into()).unwrap()).await
}

fn expect(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.body["type"], format!("urn:watchbell:problem:{kind}"));
    for member in ["title", "detail"] {
        assert!(!answer.body[member].as_str().unwrap().is_empty());
    }
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn each_error_has_its_shape() {
    let api = Api::start().await;
    let json = Some("application/json");
    expect(
        &api.call(Method::GET, "/monitors", None, None).await,
        401,
        "unauthorized",
    );
    expect(
        &api.call(Method::POST, "/monitors", Some(&api.read), Some(paused("x")))
            .await,
        403,
        "forbidden",
    );
    expect(&api.get("/nothing").await, 404, "not-found");
    for path in [
        "/monitors/7",
        "/monitors/abc",
        "/monitors/99999999999999999999",
        "/incidents/7",
        "/channels/7",
    ] {
        expect(&api.get(path).await, 404, "not-found");
    }
    expect(&api.get("/deliveries/7").await, 404, "not-found");
    expect(
        &api.get("/deliveries/0198c0de-0000-7000-8000-000000000000").await,
        404,
        "not-found",
    );
    expect(&api.act("/channels/7/test").await, 404, "not-found");
    expect(&api.act("/monitors/7/check").await, 404, "not-found");
    let method = api.call(Method::PUT, "/monitors", Some(&api.write), None).await;
    expect(&method, 405, "method-not-allowed");
    assert!(method.headers["allow"].to_str().unwrap().contains("POST"));
    expect(
        &raw(&api, json, vec![b'x'; 256 * 1024 + 1]).await,
        413,
        "too-large",
    );
    expect(&raw(&api, None, "{}").await, 415, "unsupported-media-type");
    expect(
        &raw(&api, Some("text/plain"), "{}").await,
        415,
        "unsupported-media-type",
    );
    expect(
        &raw(&api, Some("application/x-www-form-urlencoded"), "name=x").await,
        415,
        "unsupported-media-type",
    );
    expect(&raw(&api, json, "").await, 400, "malformed");
    expect(&raw(&api, json, vec![0xff, 0xfe]).await, 400, "malformed");
    expect(&raw(&api, json, "[".repeat(1000)).await, 400, "malformed");
    let malformed = raw(
        &api,
        Some("application/json; charset=utf-8"),
        "{\n  \"name\": oops\n}",
    )
    .await;
    expect(&malformed, 400, "malformed");
    let detail = malformed.body["detail"].as_str().unwrap();
    assert!(detail.contains("line 2, column 11"), "{detail}");
    expect(&raw(&api, json, "{}").await, 422, "invalid-input");
    expect(&raw(&api, json, "[]").await, 422, "invalid-input");
    expect(&raw(&api, json, "null").await, 422, "invalid-input");
}

#[tokio::test]
async fn bad_queries_are_named_by_parameter() {
    let api = Api::start().await;
    let id = api.monitor("a").await;
    let table = [
        ("/monitors?limit=0".to_owned(), "limit"),
        ("/monitors?limit=501".to_owned(), "limit"),
        ("/monitors?limit=many".to_owned(), "limit"),
        ("/monitors?status=fine".to_owned(), "status"),
        ("/monitors?colour=red".to_owned(), "colour"),
        ("/monitors?cursor=%21%21".to_owned(), "cursor"),
        ("/incidents?cursor=zzz".to_owned(), "cursor"),
        ("/deliveries?cursor=zzz".to_owned(), "cursor"),
        ("/incidents?state=closed".to_owned(), "state"),
        ("/incidents?monitor=x".to_owned(), "monitor"),
        ("/deliveries?state=lost".to_owned(), "state"),
        ("/deliveries?channel=x".to_owned(), "channel"),
        (format!("/monitors/{id}/results?from=yesterday"), "from"),
        (format!("/monitors/{id}/results?cursor=x"), "cursor"),
        (format!("/monitors/{id}/stats?range=1y"), "range"),
    ];
    for (path, field) in table {
        let answer = api.get(&path).await;
        assert_eq!(answer.status, 422, "{path}");
        assert_eq!(fields(&answer), [field], "{path}");
    }
}

/// What a person types wrong, and what they are told: the field, and a sentence that says what to do.
#[tokio::test]
async fn bad_input_is_refused_by_field() {
    let api = Api::start().await;
    let target = |url: &str| json!({"target": {"url": url}});
    let table = [
        (target("https://"), "target.url"),
        (target("http:///path"), "target.url"),
        (target("shop.example"), "target.url"),
        (target("file:///etc/passwd"), "target.url"),
        (target("javascript:alert(1)"), "target.url"),
        (target("https://user:pw@shop.example/"), "target.url"),
        (target("https://shop.example/\r\nX: y"), "target.url"),
        (
            json!({"target": {"url": "https://a.example", "headers": {"X\r\nY": "1"}}}),
            "target.headers",
        ),
        (
            json!({"target": {"url": "https://a.example", "headers": {"X": "1\r\nY: 2"}}}),
            "target.headers",
        ),
        (
            json!({"target": {"url": "https://a.example", "headers": {"X": null}}}),
            "target.headers",
        ),
        (
            json!({"target": {"url": "https://a.example", "colour": 1}}),
            "target.colour",
        ),
        (json!({"schedule": {"every": "0s"}}), "schedule.every"),
        (json!({"schedule": {"every": "2d"}}), "schedule.every"),
        (json!({"schedule": {"every": 30}}), "schedule.every"),
        (json!({"schedule": {"cron": "61 * * * *"}}), "schedule.cron"),
        (
            json!({"schedule": {"cron": "* * * * *", "timezone": "Mars/Base"}}),
            "schedule.timezone",
        ),
        (
            json!({"schedule": {"every": "30s", "cron": "* * * * *"}}),
            "schedule.every",
        ),
        (json!({"name": ""}), "name"),
        (json!({"name": "two\nlines"}), "name"),
        (json!({"name": "x".repeat(200_000)}), "name"),
        (json!({"kind": "gopher"}), "kind"),
        (json!({"timeout": "1h"}), "timeout"),
        (json!({"confirm_after": 0}), "confirm_after"),
        (json!({"confirm_after": "2"}), "confirm_after"),
        (json!({"channels": [12345]}), "channels"),
        (json!({"channels": "1"}), "channels"),
        (json!({"tags": ["a\u{202e}b"]}), "tags"),
        (json!({"enabled": "yes"}), "enabled"),
        (json!({"id": 5}), "id"),
        (json!({"state": {"status": "up"}}), "state"),
        (json!({"role": "admin"}), "role"),
        (json!({"user_id": 1}), "user_id"),
        (
            json!({"kind": "tcp", "target": {"host": "tcp://db", "port": 1}}),
            "target.host",
        ),
        (
            json!({"kind": "tcp", "target": {"host": "db:5432", "port": 1}}),
            "target.host",
        ),
        (
            json!({"kind": "tcp", "target": {"host": "db", "port": 0}}),
            "target.port",
        ),
        (
            json!({"kind": "tcp", "target": {"host": "db", "port": 70000}}),
            "target.port",
        ),
        (
            json!({"kind": "ping", "target": {"host": "0x7f.1"}}),
            "target.host",
        ),
    ];
    for (wrong, field) in table {
        let mut body = json!({
            "name": "Shop", "kind": "http",
            "target": {"url": "https://shop.example/health"}, "schedule": {"every": "30s"},
        });
        for (name, value) in wrong.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = api.post("/monitors", body).await;
        assert_eq!(answer.status, 422, "{field}: {}", answer.text);
        assert_eq!(fields(&answer), [field], "{}", answer.text);
        assert!(
            answer.text.len() < 2000,
            "what was sent is not repeated at length"
        );
    }
    let all = json!({"name": "", "kind": "http", "target": {"url": "ftp://x"}, "schedule": {"every": "x"}, "extra": 1});
    let answer = api.post("/monitors", all).await;
    assert_eq!(
        fields(&answer),
        ["name", "target.url", "schedule.every", "extra"],
        "all at once"
    );
    assert_eq!(
        api.get("/monitors").await.body["items"],
        json!([]),
        "nothing was kept"
    );
}
