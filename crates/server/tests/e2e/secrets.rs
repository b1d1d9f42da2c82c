//! No secret leaves the process, not even at trace level.

use serde_json::json;
use testkit::{HttpTarget, Script, SmtpServer, WebhookSink, smtp::Auth};

use crate::scene::{Db, Scene};

const PASSWORD: &str = "canary-Pw-7f3a91";
const PATH: &str = "canary-path-5d2e";
const HEADER: &str = "canary-header-90b1";

#[tokio::test(flavor = "multi_thread")]
async fn canaries_are_in_no_answer_and_in_no_log() {
    use base64::Engine as _;

    let (target, sink) = (HttpTarget::start().await, WebhookSink::start().await);
    let smtp = SmtpServer::start(Script::plain().auth(Auth::Anyone)).await;
    let scene = Scene::start(Db::Sqlite, &[("WATCHBELL_LOG", "trace")]).await;
    let mail = json!({
        "host": "127.0.0.1", "port": smtp.port(), "security": "none", "username": "canary-user",
        "password": PASSWORD, "from": "watch@example.org",
    });
    let mut answers = vec![scene.put("/settings/mail", mail).await];
    let email = scene.email(&["a@example.org"]).await;
    let url = sink.target().url(&format!("/{PATH}"));
    let (code, hook) = scene
        .api
        .post(
            "/channels",
            json!({ "name": "Hook", "kind": "webhook",
                    "config": { "url": url, "secret": crate::scene::SIGNING_SECRET, "headers": { "X-Token": HEADER } } }),
        )
        .await;
    assert_eq!(code, 201, "{hook}");
    let channels = [email, hook["id"].as_i64().expect("an id")];
    answers.push(hook);
    let monitor = scene.watch(&target, &channels).await;
    let (code, answer) = scene
        .api
        .patch(
            &format!("/monitors/{monitor}"),
            json!({ "target": { "url": target.url("/health"), "headers": { "Authorization": HEADER } } }),
        )
        .await;
    assert_eq!(code, 200, "{answer}");
    answers.push(answer);
    target.close().await;
    scene.until_status(monitor, "down").await;
    let deliveries = scene.until_settled(2).await;
    assert!(deliveries.iter().all(|d| d["state"] == "sent"), "{deliveries:#?}");
    assert!(
        smtp.auth_attempts().iter().any(|a| a.password == PASSWORD),
        "the password was used"
    );

    for path in [
        "/settings/mail",
        "/channels",
        "/monitors",
        "/deliveries",
        "/incidents",
    ] {
        answers.push(scene.api.get(path).await.1);
    }
    for delivery in &deliveries {
        let id = delivery["id"].as_str().expect("an id");
        answers.push(scene.api.get(&format!("/deliveries/{id}")).await.1);
    }
    let (_, test) = scene
        .api
        .post("/settings/mail/test", json!({ "to": "me@example.org" }))
        .await;
    assert_eq!(test["ok"], true, "{test}");
    answers.push(test);

    let engine = base64::engine::general_purpose::STANDARD;
    let canaries = [
        PASSWORD.to_owned(),
        engine.encode(PASSWORD),
        engine.encode(format!("\0canary-user\0{PASSWORD}")),
        PATH.to_owned(),
        HEADER.to_owned(),
        crate::scene::SIGNING_SECRET
            .trim_start_matches("whsec_")
            .to_owned(),
    ];
    let data_dir = scene.bell.data_dir().to_owned();
    let log = scene.end().await.output();
    assert!(
        log.contains("TRACE") || log.contains("DEBUG"),
        "the log is as talkative as it can be:\n{log}"
    );
    for canary in &canaries {
        assert!(!log.contains(canary.as_str()), "{canary} is in the log");
        for answer in &answers {
            assert!(
                !answer.to_string().contains(canary.as_str()),
                "{canary} is in {answer}"
            );
        }
    }
    for name in ["watchbell.db", "watchbell.db-wal"] {
        let Ok(bytes) = std::fs::read(data_dir.join(name)) else {
            continue;
        };
        for canary in &canaries {
            let found = bytes.windows(canary.len()).any(|w| w == canary.as_bytes());
            assert!(!found, "{canary} stands in {name} in the open");
        }
    }
}
