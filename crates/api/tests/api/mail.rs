//! The mail settings and their test.

use serde_json::{Value, json};
use testkit::{Script, SmtpServer};

use crate::fixture::{Api, fields, is_time};

fn settings(port: u16) -> Value {
    json!({
        "host": "127.0.0.1", "port": port, "security": "none",
        "username": "watch", "password": "s3cret-pass", "from": "watch@example.org",
    })
}

#[tokio::test]
async fn settings_go_round_without_the_password() {
    let api = Api::start().await;
    let empty = api.get("/settings/mail").await;
    assert_eq!(empty.body["state"], "not_configured");
    assert_eq!(empty.body["password_set"], false);
    assert_eq!(empty.body["host"], Value::Null);
    let saved = api.put("/settings/mail", settings(2525)).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert_eq!(saved.body["state"], "configured");
    assert_eq!(saved.body["password_set"], true);
    assert_eq!(saved.body["saved_by"], "write (ops@example.org)");
    assert!(is_time(&saved.body["saved_at"]));
    let first = saved.body["revision"].as_i64().unwrap();

    let mut same = settings(2525);
    same.as_object_mut().unwrap().remove("password");
    same["from_name"] = json!("Watchbell");
    let kept = api.put("/settings/mail", same.clone()).await;
    assert_eq!(kept.body["password_set"], true);
    assert!(kept.body["revision"].as_i64().unwrap() > first);
    assert_eq!(kept.body["from_name"], "Watchbell");

    for (field, value) in [
        ("host", json!("localhost")),
        ("port", json!(2526)),
        ("username", json!("other")),
        ("verify_certificate", json!(false)),
    ] {
        let mut elsewhere = same.clone();
        elsewhere[field] = value;
        let refused = api.put("/settings/mail", elsewhere).await;
        assert_eq!(refused.status, 422, "{field}");
        assert_eq!(fields(&refused), ["password"], "{field}");
    }
    let read = api.get("/settings/mail").await;
    assert_eq!(read.body, kept.body, "a refused save changes nothing");
    for answer in [saved, kept, read] {
        assert!(!answer.text.contains("s3cret-pass"));
    }
}

#[tokio::test]
async fn bad_settings_are_refused_by_field() {
    let api = Api::start().await;
    for (field, value) in [
        ("host", json!("smtp://mail.example.org")),
        ("host", json!("mail.example.org:25")),
        ("host", json!("mail\r\n.example.org")),
        ("host", Value::Null),
        ("port", json!(0)),
        ("port", json!(65536)),
        ("security", json!("auto")),
        ("from", json!("watch@example.org\r\nBcc: x@example.org")),
        ("from_name", json!("Watch\nbell")),
        ("reply_to", json!("a@example.org\n")),
        ("reply_to", json!("a@b@\r\n.example.org")),
        ("hello_name", json!("x\ry")),
        ("username", json!("wa\r\ntch")),
        ("password", json!("pa\r\nss")),
        ("ca_pem", json!("hello")),
        ("smtp_host", json!("x")),
    ] {
        let mut body = settings(25);
        body[field] = value.clone();
        let answer = api.put("/settings/mail", body).await;
        assert_eq!(answer.status, 422, "{field} {value}: {}", answer.text);
        assert_eq!(fields(&answer), [field], "{}", answer.text);
    }
    let mut insecure = settings(25);
    insecure["host"] = json!("mail.example.org");
    let answer = api.put("/settings/mail", insecure).await;
    assert_eq!(fields(&answer), ["security"], "a password needs encryption");
}

#[tokio::test]
async fn a_test_mail_takes_the_real_way() {
    let api = Api::start().await;
    let server = SmtpServer::start(Script::plain().login("watch", "s3cret-pass")).await;
    let to = json!({"to": "me@example.org"});
    let unset = api.post("/settings/mail/test", to.clone()).await;
    assert_eq!(unset.body["ok"], false);
    assert_eq!(unset.body["steps"], json!([]));
    assert_eq!(server.connection_count(), 0);

    api.put("/settings/mail", settings(server.port())).await;
    let good = api.post("/settings/mail/test", to).await;
    assert_eq!(good.body["ok"], true, "{}", good.text);
    assert!(good.body["steps"].as_array().unwrap().len() > 4);
    assert_eq!(server.messages().len(), 1);
    assert!(!good.text.contains("s3cret-pass"));

    let overlay = json!({"to": "me@example.org", "settings": {"password": "wrong"}});
    let bad = api.post("/settings/mail/test", overlay).await;
    assert_eq!(bad.body["ok"], false);
    assert_eq!(bad.body["failed_step"], "auth");
    assert!(bad.body["hint"].is_string());

    let other = SmtpServer::start(Script::plain().login("watch", "s3cret-pass")).await;
    let elsewhere = json!({"to": "me@example.org", "settings": {"port": other.port()}});
    let refused = api.post("/settings/mail/test", elsewhere).await;
    assert_eq!(refused.status, 422);
    assert_eq!(
        fields(&refused),
        ["settings.password"],
        "the saved password goes nowhere else"
    );
    assert_eq!(other.connection_count(), 0);

    let wrong = json!({"to": "nobody", "settings": {"hots": "x"}, "cc": 1});
    assert_eq!(
        fields(&api.post("/settings/mail/test", wrong).await),
        ["to", "settings.hots", "cc"]
    );
}
