//! Channels: round trips, secrets, tests.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use testkit::WebhookSink;

use crate::fixture::{Api, fields};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn webhook(url: &str) -> Value {
    json!({"name": "Hook", "kind": "webhook", "config": {
        "url": url, "secret": SECRET, "headers": {"X-Token": "t0p-secret"},
    }})
}

async fn stored(api: &Api, id: i64) -> domain::channel::WebhookChannel {
    let channel = api
        .store
        .channels()
        .get(domain::id::ChannelId(id))
        .await
        .unwrap()
        .unwrap();
    match channel.config.unwrap() {
        domain::channel::ChannelConfig::Webhook(w) => w,
        _ => panic!("not a webhook"),
    }
}

#[tokio::test]
async fn a_mail_channel_goes_round() {
    let api = Api::start().await;
    let body = json!({"name": "Ops", "kind": "email", "config": {"to": ["ops@example.org"], "cc": ["boss@example.org"]}});
    let created = api.post("/channels", body).await;
    assert_eq!(created.status, 201);
    let id = created.body["id"].as_i64().unwrap();
    let path = format!("/channels/{id}");
    assert_eq!(
        created.headers["location"],
        format!("http://watch.test/api/v1/channels/{id}")
    );
    let config = json!({"to": ["ops@example.org"], "cc": ["boss@example.org"], "bcc": [], "language": null, "timezone": null});
    assert_eq!(created.body["config"], config);
    assert_eq!(api.get(&path).await.body, created.body);
    assert_eq!(
        api.get("/channels").await.body,
        json!({"items": [created.body], "next": null})
    );
    let read_by = json!({"config": {"language": "zh-CN", "timezone": "asia/shanghai"}});
    let spoken = api.patch(&path, read_by).await.body["config"].clone();
    assert_eq!(
        (&spoken["language"], &spoken["timezone"]),
        (&json!("zh-CN"), &json!("Asia/Shanghai"))
    );
    let changed = api
        .patch(
            &path,
            json!({"enabled": false, "config": {"cc": null, "language": null}}),
        )
        .await;
    assert_eq!(changed.body["enabled"], false);
    assert_eq!(changed.body["config"]["cc"], json!([]));
    assert_eq!(changed.body["config"]["to"], json!(["ops@example.org"]));
    assert_eq!(api.delete(&path).await.status, 204);
    assert_eq!(api.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_webhook_without_a_secret_gets_one_and_hears_it_once() {
    let api = Api::start().await;
    let url = "https://hooks.example/T000/B000/url-secret";
    let body = json!({"name": "Hook", "kind": "webhook", "config": {"url": url}});
    let created = api.post("/channels", body).await;
    assert_eq!(created.status, 201);
    let secret = created.body["config"]["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    assert!(
        !created.text.contains("url-secret"),
        "the address is a secret as well"
    );
    let id = created.body["id"].as_i64().unwrap();
    assert_eq!(stored(&api, id).await.secret.unwrap().expose_secret(), secret);
    for path in [format!("/channels/{id}"), "/channels".to_owned()] {
        let read = api.get(&path).await;
        assert!(!read.text.contains(secret));
        assert!(!read.text.contains("url-secret"));
        assert!(read.text.contains("\"secret_set\":true"));
        assert!(read.text.contains("\"url_set\":true"));
    }
    let own = api.post("/channels", webhook(url)).await;
    assert!(
        own.body["config"].get("secret").is_none(),
        "an own secret is not repeated"
    );
}

#[tokio::test]
async fn a_patch_keeps_replaces_and_removes() {
    let api = Api::start().await;
    let created = api.post("/channels", webhook("https://hooks.example/one")).await;
    let id = created.body["id"].as_i64().unwrap();
    let path = format!("/channels/{id}");
    let renamed = api.patch(&path, json!({"name": "Renamed"})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    let kept = stored(&api, id).await;
    assert_eq!(kept.url.expose_secret(), "https://hooks.example/one");
    assert_eq!(kept.secret.unwrap().expose_secret(), SECRET);
    assert_eq!(kept.headers[0].value.expose_secret(), "t0p-secret");

    let new_secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let config = json!({"url": "https://hooks.example/two", "secret": new_secret, "headers": {"x-token": null, "X-New": "n"}});
    let changed = api.patch(&path, json!({"config": config})).await;
    assert_eq!(
        changed.body["config"],
        json!({"url_set": true, "secret_set": true, "headers": {"X-New_set": true}, "format": "standard",
               "events": ["opened", "acknowledged", "resolved"], "method": null, "content_type": null, "body": null})
    );
    let now = stored(&api, id).await;
    assert_eq!(now.url.expose_secret(), "https://hooks.example/two");
    assert_eq!(now.secret.unwrap().expose_secret(), new_secret);

    let elsewhere = api
        .patch(&path, json!({"config": {"url": "https://evil.example/"}}))
        .await;
    assert_eq!(
        fields(&elsewhere),
        ["config.headers"],
        "a header value goes to no other server"
    );
    let bare = api.patch(&path, json!({"config": {"headers": null}})).await;
    assert_eq!(bare.body["config"]["headers"], json!({}));

    for (patch, field) in [
        (json!({"config": {"secret": null}}), "config.secret"),
        (json!({"config": {"secret": "hunter2"}}), "config.secret"),
        (json!({"config": {"url": "ftp://x.example"}}), "config.url"),
        (json!({"config": {"url_set": true}}), "config.url_set"),
        (json!({"kind": "email"}), "kind"),
        (json!({"owner": 1}), "owner"),
    ] {
        let answer = api.patch(&path, patch).await;
        assert_eq!(answer.status, 422);
        assert_eq!(fields(&answer), [field], "{}", answer.text);
        assert!(!answer.text.contains("hunter2"));
    }
}

#[tokio::test]
async fn a_format_goes_round_and_a_patch_keeps_what_it_leaves_out() {
    let api = Api::start().await;
    let own = json!({
        "format": "template", "events": ["opened", "resolved"], "method": "PUT",
        "content_type": "application/json; charset=utf-8", "body": "{\n  \"text\": {{json:reason}}\n}",
    });
    let mut body = webhook("https://hooks.example/one");
    let config = body["config"].as_object_mut().unwrap();
    config.extend(own.as_object().unwrap().clone());
    let created = api.post("/channels", body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let path = format!("/channels/{}", created.body["id"]);
    let shows = |answer: &crate::fixture::Answer, expected: &Value| {
        assert_eq!(answer.status, 200, "{}", answer.text);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&answer.body["config"][name], value, "{name}: {}", answer.text);
        }
    };
    shows(&api.get(&path).await, &own);
    shows(&api.patch(&path, json!({"name": "Renamed"})).await, &own);
    let mut posted = own.clone();
    posted["method"] = "POST".into();
    posted["events"] = json!(["opened"]);
    let patch = json!({"config": {"method": "POST", "events": ["opened"]}});
    shows(&api.patch(&path, patch).await, &posted);
    posted["method"] = "GET".into();
    posted["body"] = Value::Null;
    let refused = api.patch(&path, json!({"config": {"method": "GET"}})).await;
    assert_eq!(fields(&refused), ["config.body"], "it is not thrown away unasked");
    let asked = json!({"config": {"method": "GET", "body": null}});
    shows(&api.patch(&path, asked).await, &posted);

    let plain = json!({"format": "alertmanager", "method": null, "content_type": null, "body": null, "events": ["opened"]});
    let other = api
        .patch(&path, json!({"config": {"format": "alertmanager"}}))
        .await;
    shows(&other, &plain);
    let refused = api.patch(&path, json!({"config": {"body": "{}"}})).await;
    assert_eq!(fields(&refused), ["config.body"]);
    let usual = json!({"format": "standard", "events": ["opened", "acknowledged", "resolved"]});
    let reset = json!({"config": {"format": null, "events": null}});
    shows(&api.patch(&path, reset).await, &usual);
}

#[tokio::test]
async fn bad_channels_are_refused_by_field() {
    let api = Api::start().await;
    let mail = |config: Value| json!({"name": "x", "kind": "email", "config": config});
    let hook = |config: Value| json!({"name": "x", "kind": "webhook", "config": config});
    for (body, field) in [
        (mail(json!({})), "config.to"),
        (mail(json!({"to": []})), "config.to"),
        (mail(json!({"to": ["nobody"]})), "config.to"),
        (
            mail(json!({"to": ["a@example.org\r\nBcc: b@example.org"]})),
            "config.to",
        ),
        (
            mail(json!({"to": ["a@example.org"], "subject": "x"})),
            "config.subject",
        ),
        (
            mail(json!({"to": ["a@example.org"], "language": "de"})),
            "config.language",
        ),
        (
            mail(json!({"to": ["a@example.org"], "timezone": "Mars"})),
            "config.timezone",
        ),
        (hook(json!({})), "config.url"),
        (hook(json!({"url": "file:///etc/passwd"})), "config.url"),
        (
            hook(json!({"url": "https://a.example", "secret": "short"})),
            "config.secret",
        ),
        (
            hook(json!({"url": "https://a.example", "format": "xml"})),
            "config.format",
        ),
        (
            hook(json!({"url": "https://a.example", "body": "{}"})),
            "config.body",
        ),
        (
            hook(json!({"url": "https://a.example", "format": "template", "body": "{\"a\": {{reason}}}"})),
            "config.body",
        ),
        (
            hook(
                json!({"url": "https://a.example", "format": "template", "body": "{}", "content_type": "x"}),
            ),
            "config.content_type",
        ),
        (
            hook(json!({"url": "https://a.example", "format": "template", "method": "DELETE"})),
            "config.method",
        ),
        (
            hook(json!({"url": "https://a.example", "events": []})),
            "config.events",
        ),
        (json!({"name": "x", "kind": "pigeon", "config": {}}), "kind"),
        (json!({"name": "x", "kind": "email"}), "config"),
    ] {
        let answer = api.post("/channels", body).await;
        assert_eq!(answer.status, 422);
        assert_eq!(fields(&answer), [field], "{}", answer.text);
    }
}

#[tokio::test]
async fn a_test_takes_the_real_way_and_is_rationed() {
    let api = Api::start().await;
    let sink = WebhookSink::start().await;
    let id = api.post("/channels", webhook(&sink.url())).await.body["id"]
        .as_i64()
        .unwrap();
    let path = format!("/channels/{id}/test");
    let good = api.act(&path).await;
    assert_eq!(good.status, 200);
    assert_eq!(good.body["ok"], true, "{}", good.text);
    let seen = sink.wait_for(1, Duration::from_secs(5)).await;
    assert_eq!(seen[0].json()["type"], "test");
    assert!(seen[0].header("webhook-signature").is_some());

    sink.target().respond(410);
    let bad = api.act(&path).await;
    assert_eq!(bad.body["ok"], false);
    assert_eq!(bad.body["reply_code"], 410);
    assert!(!bad.body["error"].as_str().unwrap().is_empty());
    assert!(bad.body["retry"].is_string());
    for answer in [&good, &bad] {
        assert!(!answer.text.contains("t0p-secret") && !answer.text.contains(SECRET));
    }
    for _ in 0..3 {
        assert_eq!(api.act(&path).await.status, 200);
    }
    let sixth = api.act(&path).await;
    assert_eq!(sixth.status, 429);
    assert!(
        sixth.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            <= 60
    );
    assert_eq!(sink.requests().len(), 5);
}

#[tokio::test]
async fn a_mail_profile_that_is_not_there_is_refused() {
    let api = Api::start().await;
    let body = |profile: Value| json!({"name": "Ops", "kind": "email", "config": {"to": ["a@example.org"], "profile": profile}});
    let refused = api.post("/channels", body(json!(999))).await;
    assert_eq!(
        (refused.status.as_u16(), fields(&refused)),
        (422, vec!["config.profile"])
    );

    let mail = json!({"host": "h.example", "port": 587, "security": "starttls", "from": "a@example.org"});
    for _ in 0..2 {
        assert_eq!(
            api.post("/settings/mail/profiles", mail.clone()).await.status,
            201
        );
    }
    let created = api.post("/channels", body(json!(2))).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let path = format!("/channels/{}", created.body["id"]);
    let refused = api.patch(&path, json!({"config": {"profile": 999}})).await;
    assert_eq!(fields(&refused), ["config.profile"]);
    // One that is deleted later does not lock the channel up: the others are used.
    assert_eq!(api.delete("/settings/mail/profiles/2").await.status, 204);
    assert_eq!(api.patch(&path, json!({"name": "Renamed"})).await.status, 200);
    assert_eq!(
        api.patch(&path, json!({"config": {"profile": null}}))
            .await
            .status,
        200
    );
    assert_eq!(
        fields(&api.patch(&path, json!({"config": {"profile": 2}})).await),
        ["config.profile"]
    );
}
