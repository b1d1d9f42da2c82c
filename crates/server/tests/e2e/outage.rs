//! What goes down is heard, by mail and by webhook; what comes back as well.

use std::collections::HashSet;

use serde_json::Value;
use testkit::{Act, HttpTarget, Reply, Rule, Script, SmtpServer, Step, WebhookSink};

use crate::scene::{Db, PATIENCE, SIGNING_SECRET, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_and_its_recovery_reach_mail_and_webhook_on_sqlite() {
    outage_and_recovery(Db::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_and_its_recovery_reach_mail_and_webhook_on_postgres() {
    outage_and_recovery(Db::Postgres).await;
}

async fn outage_and_recovery(db: Db) {
    let (target, smtp, sink) = (
        HttpTarget::start().await,
        SmtpServer::start(Script::plain()).await,
        WebhookSink::start().await,
    );
    let scene = Scene::start(db, &[]).await;
    scene.set_mail(&smtp).await;
    let channels = [
        scene.email(&["a@example.org", "b@example.org"]).await,
        scene.webhook(&sink).await,
    ];
    let monitor = scene.watch(&target, &channels).await;

    target.close().await;
    scene.until_status(monitor, "down").await;
    scene.until_settled(3).await;
    target.reopen();
    scene.until_status(monitor, "up").await;
    let deliveries = scene.until_settled(6).await;

    assert_eq!(deliveries.len(), 6, "{deliveries:#?}");
    assert!(deliveries.iter().all(|d| d["state"] == "sent"), "{deliveries:#?}");
    let messages = smtp.messages();
    assert_eq!(messages.len(), 4);
    for recipient in ["a@example.org", "b@example.org"] {
        let mine: Vec<_> = messages.iter().filter(|m| m.recipients == [recipient]).collect();
        assert_eq!(
            mine.len(),
            2,
            "each person gets a message of their own about each event"
        );
        let down = mine[0].header("Message-ID").expect("an id");
        assert!(
            mine[0]
                .header("Subject")
                .expect("a subject")
                .contains("[DOWN] Shop")
        );
        assert!(
            mine[1]
                .header("Subject")
                .expect("a subject")
                .contains("[UP] Shop")
        );
        assert_eq!(mine[1].header("In-Reply-To").as_deref(), Some(down.as_str()));
        assert_eq!(mine[1].header("References").as_deref(), Some(down.as_str()));
        assert_ne!(mine[1].header("Message-ID"), Some(down));
    }
    let hooks = sink.requests();
    assert_eq!(hooks.len(), 2);
    for hook in &hooks {
        verify(hook);
    }
    let types: Vec<Value> = hooks.iter().map(|h| json_of(&h.body)["type"].clone()).collect();
    assert_eq!(types, ["incident.opened", "incident.resolved"]);
    let incidents = scene.incidents().await;
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_carries_the_same_ids() {
    let (target, smtp, sink) = (
        HttpTarget::start().await,
        SmtpServer::start(Script::plain()).await,
        WebhookSink::start().await,
    );
    // The webhook answers 503 once, and the mail server answers nothing after the final dot and hangs up.
    sink.target().then(Reply::status(503));
    let scene = Scene::start(Db::Sqlite, &[]).await;
    scene.set_mail(&smtp).await;
    smtp.rule(Rule::on(Step::FinalDot, Act::Cut).times(1));
    let channels = [scene.email(&["a@example.org"]).await, scene.webhook(&sink).await];
    let monitor = scene.watch(&target, &channels).await;
    target.close().await;
    scene.until_status(monitor, "down").await;

    let hooks = sink.wait_for(2, PATIENCE).await;
    assert_eq!(hooks[0].header("webhook-id"), hooks[1].header("webhook-id"));
    verify(&hooks[1]);
    // Saving the settings brings waiting mail forward; the retry table itself is tested elsewhere.
    testkit::wait_until(PATIENCE, "the first mail to be cut off", || {
        smtp.received().len() == 1
    })
    .await;
    testkit::wait_for(PATIENCE, "the mail to be waiting for its retry", || async {
        let all = scene.deliveries().await;
        let mine = all.iter().find(|d| d["recipient"] == "a@example.org")?;
        (mine["state"] == "pending").then_some(())
    })
    .await;
    scene.set_mail(&smtp).await;
    testkit::wait_until(PATIENCE, "the mail to be accepted", || smtp.messages().len() == 1).await;
    let ids: HashSet<_> = smtp.received().iter().map(|m| m.header("Message-ID")).collect();
    assert_eq!((smtp.received().len(), ids.len()), (2, 1), "two tries, one id");
    scene.end().await;
}

/// As a receiver would, with a library that is not ours.
fn verify(request: &testkit::Request) {
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let value = request.header(name).expect(name);
        headers.insert(name, value.parse().expect("a header value"));
    }
    let receiver = standardwebhooks::Webhook::new(SIGNING_SECRET).expect("a secret");
    receiver
        .verify(&request.body, &headers)
        .expect("a valid signature");
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}
