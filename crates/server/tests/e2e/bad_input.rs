//! Bad input gets an error that says what and what to do, and nothing is lost.

use std::net::TcpListener;

use serde_json::{Value, json};
use testkit::{CommandOutput, HttpTarget, Postgres, Watchbell, WatchbellOptions, temp_dir};

use crate::scene::{Db, Scene, options};

fn monitor(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = json!({
        "name": "Shop", "kind": "http", "target": { "url": "https://shop.example/health" },
        "schedule": { "every": "30s" },
    });
    change(&mut body);
    body
}

fn mail(field: &str, value: impl Into<Value>) -> Value {
    let mut body = json!({
        "host": "smtp.example.org", "port": 465, "security": "tls", "username": "u", "password": "p",
        "from": "watch@example.org",
    });
    body[field] = value.into();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_names_the_field_and_the_cure() {
    let scene = Scene::start(Db::Sqlite, &[]).await;
    let monitors = [
        ("target.url", monitor(|b| b["target"]["url"] = "https://".into())),
        (
            "target.url",
            monitor(|b| b["target"]["url"] = "https:///health".into()),
        ),
        (
            "target.url",
            monitor(|b| b["target"]["url"] = "file:///etc/passwd".into()),
        ),
        (
            "target.url",
            monitor(|b| b["target"]["url"] = " GOPHER://x".into()),
        ),
        (
            "target.url",
            monitor(|b| b["target"]["url"] = "https://u:p@shop.example/".into()),
        ),
        (
            "schedule.every",
            monitor(|b| b["schedule"]["every"] = "0s".into()),
        ),
        ("schedule.every", monitor(|b| b["schedule"]["every"] = "0".into())),
        ("color", monitor(|b| b["color"] = "red".into())),
        ("target.colour", monitor(|b| b["target"]["colour"] = "red".into())),
        ("name", monitor(|b| b["name"] = "x".repeat(100_000).into())),
        ("name", monitor(|b| b["name"] = "a\r\nb".into())),
        ("channels", monitor(|b| b["channels"] = json!([4711]))),
    ];
    for (field, body) in monitors {
        let (code, answer) = scene.api.post("/monitors", body).await;
        assert_refused(code, &answer, field);
    }
    let settings = [
        ("host", mail("host", "smtps://smtp.example.org")),
        ("host", mail("host", "smtp.example.org:465")),
        ("host", mail("host", "a\r\nMAIL FROM:<x@y.z>")),
        ("port", mail("port", 0)),
        ("port", mail("port", 65_536)),
        ("username", mail("username", "u\r\nx")),
        ("password", mail("password", "p\r\nx")),
        ("from", mail("from", "watch@example.org\r\nBcc: x@example.org")),
        ("from_name", mail("from_name", "W\r\nBcc: x@example.org")),
        ("reply_to", mail("reply_to", "x\n@example.org")),
        ("hello_name", mail("hello_name", "x\r\nMAIL FROM:<a@b.c>")),
        ("smtp_host", mail("smtp_host", "x")),
        ("security", mail("security", "opportunistic")),
    ];
    for (field, body) in settings {
        let (code, answer) = scene.api.put("/settings/mail", body).await;
        assert_refused(code, &answer, field);
    }
    let (_, all) = scene.api.get("/monitors").await;
    assert_eq!(all["items"], json!([]), "nothing half valid was kept");
    let (_, mail) = scene.api.get("/settings/mail").await;
    assert_eq!(mail["state"], "not_configured");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_megabyte_and_a_wrong_token_are_refused() {
    let scene = Scene::start(Db::Sqlite, &[]).await;
    let (code, answer) = scene
        .api
        .post("/monitors", monitor(|b| b["name"] = "x".repeat(1 << 20).into()))
        .await;
    assert_eq!((code, &answer["status"]), (413, &json!(413)), "{answer}");
    for token in [
        "",
        "wb_1_nonsense",
        "wb_999999_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let (code, answer) = scene.bell.api(token).get("/monitors").await;
        assert_eq!(code, 401, "{answer}");
        assert!(
            answer["detail"].as_str().is_some_and(|d| d.contains("token")),
            "{answer}"
        );
    }
    scene.end().await;
}

fn assert_refused(code: u16, answer: &Value, field: &str) {
    assert_eq!(code, 422, "{field}: {answer}");
    let errors = answer["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("{field}: {answer}"));
    let named = errors
        .iter()
        .find(|e| e["field"] == field)
        .unwrap_or_else(|| panic!("{field}: {answer}"));
    assert!(
        named["message"].as_str().is_some_and(|m| m.len() > 10),
        "{answer}"
    );
}

async fn run(options: WatchbellOptions, arguments: &[&str]) -> CommandOutput {
    Watchbell::prepare(options).run(arguments, "").await
}

/// Three lines, the code, and no trace of a panic.
fn assert_failure(output: &CommandOutput, code: i32, words: &[&str]) {
    let stderr = &output.stderr;
    assert_eq!(output.code(), Some(code), "{stderr}");
    for word in ["error:", "why:", "do:"].iter().chain(words) {
        assert!(stderr.contains(word), "no {word:?} in: {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = run(options().env("WATCHBELL_LISTEN", &address), &[]).await;
    assert_failure(&output, 78, &[&address, "WATCHBELL_LISTEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_cannot_be_written_to_is_named() {
    // /proc is read-only even for root.
    let output = run(options().data_dir("/proc/watchbell"), &[]).await;
    assert_failure(&output, 73, &["/proc/watchbell", "WATCHBELL_DATA_DIR"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_instance_on_one_data_directory_is_refused() {
    let scene = Scene::start(Db::Sqlite, &[]).await;
    let output = run(options().data_dir(scene.bell.data_dir()), &[]).await;
    assert_failure(&output, 73, &["another Watchbell"]);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_named() {
    for (name, value) in [
        ("WATCHBELL_PUBLIC_URL", "watch.example.org"),
        ("WATCHBELL_DATABASE_URL", "mysql://root@db/x"),
        ("WATCHBELL_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("WATCHBELL_LOG_FORMAT", "xml"),
        ("WATCHBELL_SECRET_KEY", "short"),
    ] {
        let output = run(options().env(name, value), &[]).await;
        assert_failure(&output, 78, &[name]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_database_is_left_alone() {
    let postgres = Postgres::start().await;
    let mut bell = Watchbell::start(options().database(postgres.url())).await;
    let status = bell.stop().await;
    assert!(status.success(), "{status}\n{}", bell.output());
    postgres
        .sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_future', 0)")
        .await;
    let output = run(options().database(postgres.url()), &[]).await;
    assert_failure(&output, 65, &["newer", "backup"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_wrong_key_monitoring_goes_on_and_reentering_the_secret_heals() {
    let target = HttpTarget::start().await;
    let sink = testkit::WebhookSink::start().await;
    let mut scene = Scene::start(Db::Sqlite, &[]).await;
    let channel = scene.webhook(&sink).await;
    let monitor = scene.watch(&target, &[channel]).await;
    scene.bell.kill9();
    std::fs::remove_file(scene.bell.data_dir().join("secret.key")).expect("the key is there");
    scene.bell.restart().await;
    scene.until_status(monitor, "up").await;

    target.close().await;
    scene.until_status(monitor, "down").await;
    let waiting = testkit::wait_for(crate::scene::PATIENCE, "the delivery to wait", || async {
        scene
            .deliveries()
            .await
            .into_iter()
            .find(|d| d["state"] == "pending" && !d["reason"].is_null())
    })
    .await;
    assert!(
        waiting["reason"].as_str().expect("a reason").contains("again"),
        "{waiting}"
    );
    let body = json!({ "config": { "url": sink.url(), "secret": crate::scene::SIGNING_SECRET } });
    let (code, answer) = scene.api.patch(&format!("/channels/{channel}"), body).await;
    assert_eq!(code, 200, "{answer}");
    sink.wait_for(1, crate::scene::PATIENCE).await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unused_directory_of_one_command_says_what_is_missing() {
    let dir = temp_dir();
    let output = run(
        options().data_dir(dir.path()),
        &["token", "create", "--email", "nobody@example.org", "--name", "x"],
    )
    .await;
    assert_failure(&output, 65, &["nobody@example.org", "admin create"]);
    let output = run(
        options().data_dir(dir.path()),
        &["mail", "test", "--to", "me@example.org"],
    )
    .await;
    assert_failure(&output, 78, &["not set up", "settings/mail"]);
}
