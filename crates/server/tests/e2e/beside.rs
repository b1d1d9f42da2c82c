//! What is wrong beside being down: told as what it is, to whom it concerns.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{HttpTarget, Reply, Script, SmtpServer, tls::Certificate, wait_for};

use crate::scene::{Db, PATIENCE, Scene};

const SLOW: Duration = Duration::from_millis(400);

async fn monitor(scene: &Scene, name: &str, target: Value, policy: i64) -> i64 {
    let monitor = json!({
        "name": name, "kind": "http", "target": target, "schedule": { "every": "1s" }, "timeout": "5s",
        "confirm_after": 2, "recheck_every": "200ms", "slow_above": "200ms", "policy": policy,
    });
    let created = scene.api.create("/monitors", monitor).await;
    assert_eq!(created["certificate_days"], json!([30, 14, 7, 3, 1]));
    created["id"].as_i64().expect("an id")
}

/// To these people, from the first to the last mail of each.
async fn subjects(smtp: &SmtpServer, recipient: &str, n: usize) -> Vec<String> {
    wait_for(PATIENCE, &format!("{n} mails to {recipient}"), || async {
        let mails = smtp.messages();
        let to = |m: &&testkit::smtp::Message| m.recipients.iter().any(|r| r == recipient);
        let subjects = mails.iter().filter(to).filter_map(|m| m.header("Subject"));
        Some(subjects.collect::<Vec<_>>()).filter(|s| s.len() >= n)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_answers_and_certificates_are_told_to_whom_they_concern_and_never_as_down() {
    let smtp = SmtpServer::start(Script::plain()).await;
    let shop = HttpTarget::start().await;
    let old = HttpTarget::start_tls(Certificate::Expired).await;
    let scene = Scene::start(Db::Sqlite, &[]).await;
    scene.set_mail(&smtp).await;
    let team = scene.email(&["team@example.org"]).await;
    let keeper = scene.email(&["certificates@example.org"]).await;
    let keepers = json!({ "after": "0s", "channels": [keeper], "events": ["certificate", "recovered"] });
    let mut policies = Vec::new();
    for events in [json!(["down"]), json!(["degraded", "recovered"])] {
        let policy = json!({
            "name": format!("With {events}"), "severity": "critical",
            "steps": [{ "after": "0s", "channels": [team], "events": events }, keepers],
        });
        let created = scene.api.create("/policies", policy).await;
        policies.push(created["id"].as_i64().expect("an id"));
    }

    let target = json!({ "url": old.url("/"), "verify_certificate": false });
    let certificate = monitor(&scene, "Old certificate", target, policies[0]).await;
    assert_eq!(
        subjects(&smtp, "certificates@example.org", 1).await,
        ["[CERT] Old certificate"]
    );
    scene.until_status(certificate, "up").await;

    shop.reply(Reply::ok("ok").delay(SLOW));
    let slow = monitor(&scene, "Shop", json!({ "url": shop.url("/") }), policies[1]).await;
    scene.until_status(slow, "degraded").await;
    shop.reply(Reply::ok("ok"));
    scene.until_status(slow, "up").await;
    let told = subjects(&smtp, "team@example.org", 2).await;
    assert_eq!(told, ["[DEGRADED] Shop", "[OK] Shop"]);

    // Their step tells of ends, and not of slow answers: they hear of no end of what they never heard of.
    let (_, all) = scene.api.get("/incidents").await;
    let all: Vec<(&str, &str, &str)> = all["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|i| {
            let word = |field: &str| i[field].as_str().unwrap_or_default();
            (word("kind"), word("state"), word("severity"))
        })
        .collect();
    assert_eq!(
        all,
        [
            ("degraded", "resolved", "warning"),
            ("certificate", "open", "warning")
        ]
    );
    scene.until_settled(3).await;
    assert_eq!(subjects(&smtp, "certificates@example.org", 1).await.len(), 1);
    scene.end().await;
}
