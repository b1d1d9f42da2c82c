//! Monitors: round trips, patches, pages, checks.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use testkit::{HttpTarget, TcpTarget, wait_for};

use crate::fixture::{Api, fields, is_time, paused, tcp};

fn http(url: &str) -> Value {
    json!({
        "name": "Shop", "kind": "http", "enabled": false,
        "target": {"url": url, "headers": {"Authorization": "Bearer s3cret-header", "X-Other": "0ther-secret"}},
        "schedule": {"every": "30s"},
    })
}

#[tokio::test]
async fn a_monitor_goes_round() {
    let api = Api::start().await;
    let channel = json!({"name": "Ops", "kind": "email", "config": {"to": ["ops@example.org"]}});
    let channel = api.post("/channels", channel).await.body["id"].as_i64().unwrap();
    let body = json!({
        "name": "Shop", "kind": "http",
        "target": {"url": "https://shop.example/health", "method": "get", "accept_status": ["200-299", "401"]},
        "schedule": {"cron": "*/5 * * * *", "timezone": "Asia/Shanghai"},
        "timeout": "10s", "confirm_after": 3, "recheck_every": "2s", "recover_after": 2,
        "channels": [channel], "tags": ["prod", "eu", "prod"], "enabled": false,
    });
    let created = api.post("/monitors", body).await;
    assert_eq!(created.status, 201);
    let id = created.body["id"].as_i64().unwrap();
    assert_eq!(
        created.headers["location"],
        format!("http://watch.test/api/v1/monitors/{id}")
    );
    let read = api.get(&format!("/monitors/{id}")).await;
    assert_eq!(read.body, created.body);
    assert_eq!(read.body["target"]["method"], "GET");
    assert_eq!(read.body["target"]["accept_status"], json!(["200-299", "401"]));
    assert_eq!(
        read.body["schedule"],
        json!({"cron": "*/5 * * * *", "timezone": "Asia/Shanghai"})
    );
    assert_eq!(read.body["tags"], json!(["eu", "prod"]));
    assert_eq!(read.body["channels"], json!([channel]));
    assert_eq!(
        read.body["state"],
        json!({"status": "paused", "since": null, "last_check_at": null, "latency_ms": null, "reason": null,
               "maintenance_until": null})
    );
    assert!(is_time(&read.body["created_at"]));

    let changed = api
        .patch(&format!("/monitors/{id}"), json!({"name": "Shop 2", "tags": []}))
        .await;
    assert_eq!(changed.body["name"], "Shop 2");
    assert_eq!(changed.body["tags"], json!([]));
    assert_eq!(changed.body["confirm_after"], 3, "the rest stays");
    assert!(changed.body["revision"].as_i64() > read.body["revision"].as_i64());

    assert_eq!(api.delete(&format!("/monitors/{id}")).await.status, 204);
    assert_eq!(api.get(&format!("/monitors/{id}")).await.status, 404);
    assert_eq!(api.delete(&format!("/monitors/{id}")).await.status, 404);
}

#[tokio::test]
async fn null_in_a_patch_returns_to_the_default() {
    let api = Api::start().await;
    let mut body = paused("a");
    body["timeout"] = json!("3s");
    body["confirm_after"] = json!(7);
    body["tags"] = json!(["x"]);
    let id = api.post("/monitors", body).await.body["id"].as_i64().unwrap();
    let path = format!("/monitors/{id}");
    let patch = json!({"timeout": null, "confirm_after": null, "tags": null, "enabled": null});
    let answer = api.patch(&path, patch).await;
    assert_eq!(answer.body["timeout"], "10s");
    assert_eq!(answer.body["confirm_after"], 2);
    assert_eq!(answer.body["tags"], json!([]));
    assert_eq!(answer.body["enabled"], true);
    for (patch, field) in [
        (json!({"name": null}), "name"),
        (json!({"target": null}), "target"),
        (json!({"schedule": {"every": null}}), "schedule.every"),
        (json!({"target": {"port": null}}), "target.port"),
        (json!({"colour": "red"}), "colour"),
        (json!([]), ""),
    ] {
        let answer = api.patch(&path, patch).await;
        assert_eq!(answer.status, 422);
        assert_eq!(fields(&answer), [field]);
    }
    let cron = api.patch(&path, json!({"schedule": {"cron": "0 * * * *"}})).await;
    assert_eq!(
        cron.body["schedule"],
        json!({"cron": "0 * * * *", "timezone": "UTC"})
    );
    let zone = api
        .patch(&path, json!({"schedule": {"timezone": "Asia/Shanghai"}}))
        .await;
    assert_eq!(
        zone.body["schedule"],
        json!({"cron": "0 * * * *", "timezone": "Asia/Shanghai"})
    );
    let every = api.patch(&path, json!({"schedule": {"every": "1h"}})).await;
    assert_eq!(every.body["schedule"], json!({"every": "1h"}));
    let ping = api
        .patch(&path, json!({"kind": "ping", "target": {"host": "127.0.0.1"}}))
        .await;
    assert_eq!(ping.body["target"], json!({"host": "127.0.0.1"}));
}

#[tokio::test]
async fn header_values_are_written_and_never_read() {
    let api = Api::start().await;
    let created = api.post("/monitors", http("https://shop.example/")).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.body["id"].as_i64().unwrap();
    let path = format!("/monitors/{id}");
    let both = json!({"Authorization_set": true, "X-Other_set": true});
    assert_eq!(created.body["target"]["headers"], both);
    let value = async |name: &str| {
        let monitor = api
            .store
            .monitors()
            .get(domain::id::MonitorId(id))
            .await
            .unwrap()
            .unwrap();
        let domain::target::Target::Http(target) = &monitor.config.target else {
            panic!("not http")
        };
        let header = target.headers.iter().find(|h| h.name == name);
        header.map(|h| secrecy::ExposeSecret::expose_secret(&h.value).to_owned())
    };

    let kept = api
        .patch(
            &path,
            json!({"name": "Renamed", "target": {"url": "https://shop.example/2"}}),
        )
        .await;
    assert_eq!(kept.body["target"]["headers"], both);
    assert_eq!(
        value("Authorization").await.as_deref(),
        Some("Bearer s3cret-header")
    );

    for change in [
        json!({"url": "https://evil.example/"}),
        json!({"verify_certificate": false}),
    ] {
        let refused = api.patch(&path, json!({"target": change})).await;
        assert_eq!(refused.status, 422);
        assert!(
            fields(&refused).iter().all(|f| *f == "target.headers"),
            "{}",
            refused.text
        );
    }

    let headers = json!({"authorization": "n3w-secret", "X-OTHER": null, "X-Third": "th1rd"});
    let replaced = api.patch(&path, json!({"target": {"headers": headers}})).await;
    assert_eq!(
        replaced.body["target"]["headers"],
        json!({"Authorization_set": true, "X-Third_set": true}),
        "in any spelling it is the same header"
    );
    assert_eq!(value("Authorization").await.as_deref(), Some("n3w-secret"));

    let none = api.patch(&path, json!({"target": {"headers": null}})).await;
    assert_eq!(none.body["target"]["headers"], json!({}));

    let list = api.get("/monitors").await;
    for answer in [created, kept, replaced, none, list] {
        for secret in ["s3cret", "0ther-secret", "n3w-secret", "th1rd"] {
            assert!(!answer.text.contains(secret), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    let api = Api::start().await;
    for i in 0..7 {
        let mut body = paused(&format!("monitor {i}"));
        body["tags"] = if i % 2 == 0 { json!(["even"]) } else { json!([]) };
        assert_eq!(api.post("/monitors", body).await.status, 201);
    }
    let mut names = Vec::new();
    let mut path = "/monitors?limit=3".to_owned();
    loop {
        let page = api.get(&path).await;
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        names.extend(items.iter().map(|m| m["name"].as_str().unwrap().to_owned()));
        match page.body["next"].as_str() {
            Some(next) => path = format!("/monitors?limit=3&cursor={next}"),
            None => break,
        }
    }
    let expected: Vec<String> = (0..7).map(|i| format!("monitor {i}")).collect();
    assert_eq!(names, expected);
    let count = async |query: &str| {
        let answer = api.get(&format!("/monitors?{query}")).await;
        answer.body["items"].as_array().unwrap().len()
    };
    assert_eq!(count("tag=even").await, 4);
    assert_eq!(count("q=MONITOR+3").await, 1);
    assert_eq!(count("status=paused&limit=500").await, 7);
    assert_eq!(count("status=up").await, 0);
}

#[tokio::test]
async fn check_now_counts_and_shows_its_phases() {
    let api = Api::start().await;
    let target = HttpTarget::start().await;
    let mut body = http(&target.url("/health"));
    body["schedule"] = json!({"every": "1d"});
    body["enabled"] = json!(true);
    let id = api.post("/monitors", body).await.body["id"].as_i64().unwrap();
    let check = api.act(&format!("/monitors/{id}/check")).await;
    assert_eq!(check.status, 200, "{}", check.text);
    assert_eq!(check.body["verdict"], "up");
    assert_eq!(check.body["reason"], Value::Null);
    for phase in ["connect_ms", "wait_ms", "total_ms"] {
        assert!(
            check.body["phases"][phase].as_f64().is_some(),
            "{phase}: {}",
            check.text
        );
    }
    assert_eq!(check.body["phases"]["tls_ms"], Value::Null, "not reached");
    assert_eq!(check.body["evidence"]["http_status"], 200);
    assert_eq!(check.body["state"]["status"], "up");

    target.respond(503);
    let down = api.act(&format!("/monitors/{id}/check")).await;
    assert_eq!(down.body["verdict"], "down");
    assert_eq!(down.body["reason"]["kind"], "status");

    // A new monitor is checked at once as well, so there may be one more success before.
    let items = wait_for(Duration::from_secs(5), "the samples are written", || async {
        let answer = api.get(&format!("/monitors/{id}/results")).await;
        let items = answer.body["items"].as_array().unwrap().clone();
        items
            .last()
            .is_some_and(|s| s["verdict"] == "down")
            .then_some(items)
    })
    .await;
    assert_eq!(items[0]["verdict"], "up");
    let first = api.get(&format!("/monitors/{id}/results?limit=1")).await;
    assert_eq!(first.body["items"][0], items[0]);
    let next = first.body["next"].as_str().unwrap();
    let second = api
        .get(&format!("/monitors/{id}/results?limit=1&cursor={next}"))
        .await;
    assert_eq!(second.body["items"][0], items[1]);

    let stats = api.get(&format!("/monitors/{id}/stats?range=7d")).await;
    assert_eq!(stats.status, 200);
    let read = api.get(&format!("/monitors/{id}")).await;
    assert!(is_time(&read.body["state"]["last_check_at"]), "{}", read.text);
    assert!(read.body["state"]["latency_ms"].is_number());
}

#[tokio::test]
async fn pause_stops_and_resume_goes_on() {
    let api = Api::start().await;
    let target = TcpTarget::start().await;
    let mut body = tcp("port");
    body["target"] = json!({"host": "127.0.0.1", "port": target.addr().port()});
    let id = api.post("/monitors", body).await.body["id"].as_i64().unwrap();
    let paused = api.act(&format!("/monitors/{id}/pause")).await;
    assert_eq!(paused.body["state"]["status"], "paused");
    assert_eq!(paused.body["enabled"], false);
    let refused = api.act(&format!("/monitors/{id}/check")).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body["detail"].as_str().unwrap().contains("resume"));
    let resumed = api.act(&format!("/monitors/{id}/resume")).await;
    assert_eq!(resumed.body["enabled"], true);
    let check = api.act(&format!("/monitors/{id}/check")).await;
    assert_eq!(check.body["verdict"], "up", "{}", check.text);
    let head = api
        .call(Method::HEAD, &format!("/monitors/{id}"), None, None)
        .await;
    assert_eq!(head.status, 401, "HEAD is as closed as GET");
}
