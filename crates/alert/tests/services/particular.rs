//! What is particular to some services: changing a message, answering it, not doing so.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose scene cannot be set fails at once and loudly"
)]

use std::{sync::Arc, time::Duration};

use alert::channel::{Receipt, Retry, SendError};
use domain::{
    clock::Clock,
    delivery::{Attempt, AttemptVerdict, DeliveryState},
};
use serde_json::{Value, json};
use testkit::{FakeClock, HttpTarget, Reply, Request};

use crate::{
    row::{Row, fields, together, unescaped},
    rows,
    scene::{SOON, Scene},
};

fn row(kind: &str) -> Row {
    rows::all().into_iter().find(|row| row.kind == kind).unwrap()
}

/// What is asked of a service by an outage and its end, if it says this to what is asked second, and yes to the rest.
async fn outage(row: &Row, second: Reply) -> (Vec<Request>, AttemptVerdict) {
    let (requests, attempt) = outage_with_words(row, second).await;
    (requests, attempt.verdict)
}

/// The same with all that is kept of the attempt about the end.
async fn outage_with_words(row: &Row, second: Reply) -> (Vec<Request>, Attempt) {
    let clock = Arc::new(FakeClock::new());
    let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let service = HttpTarget::start().await;
    service.reply((row.yes)());
    let config = (row.config)(&service.url(""));
    let channel = scene
        .channel(json!({ "name": "Ops", "kind": row.kind, "config": config }))
        .await;
    let monitor = scene.monitor("Shop", &[channel.id]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_state(1, DeliveryState::Sent).await;
    service.then(second);
    clock.advance(Duration::from_mins(3));
    scene.up(&monitor).await;
    let sent = scene.wait_state(2, DeliveryState::Sent).await;
    running.stop().await;
    let attempts = scene.attempts(sent[1].id).await;
    assert_eq!(attempts.len(), 1, "{attempts:?}");
    let requests = service.wait_for_requests(2, SOON).await;
    (requests, attempts[0].clone())
}

#[tokio::test]
async fn a_message_that_is_gone_is_replaced_by_a_new_one() {
    for (kind, gone) in [
        (
            "slack_bot",
            Reply::ok(json!({ "ok": false, "error": "message_not_found" }).to_string()),
        ),
        (
            "discord",
            Reply::status(404).body(json!({ "code": 10_008, "message": "Unknown Message" }).to_string()),
        ),
    ] {
        let (requests, verdict) = outage(&row(kind), gone).await;
        assert_eq!(requests.len(), 3, "{kind}");
        let place = |r: &Request| (r.method.clone(), r.path.clone());
        assert_ne!(
            place(&requests[1]),
            place(&requests[0]),
            "{kind} changes a message"
        );
        assert_eq!(place(&requests[2]), place(&requests[0]), "{kind} sends a new one");
        let said = String::from_utf8_lossy(&requests[2].body).into_owned();
        assert!(said.contains("Shop is up again"), "{kind}: {said}");
        let reference = row(kind).reference.map(str::to_owned);
        assert_eq!(verdict, AttemptVerdict::Accepted { reference }, "{kind}");
    }
}

#[tokio::test]
async fn a_message_whose_opening_is_gone_is_sent_without_it() {
    let gone = json!({
        "ok": false, "error_code": 400, "description": "Bad Request: message to be replied not found",
    });
    let (requests, verdict) = outage(&row("telegram"), Reply::status(400).body(gone.to_string())).await;
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[1].json()["reply_parameters"]["message_id"], 42);
    assert!(requests[2].json().get("reply_parameters").is_none());
    assert!(matches!(verdict, AttemptVerdict::Accepted { .. }));
}

#[tokio::test]
async fn a_group_with_a_new_id_gets_the_message_at_once_and_the_log_says_what_to_change() {
    let moved = json!({
        "ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": { "migrate_to_chat_id": -1_001_999_i64 },
    });
    let reply = Reply::status(400).body(moved.to_string());
    let (requests, attempt) = outage_with_words(&row("telegram"), reply).await;
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[1].json()["chat_id"], "-1001557912345");
    assert_eq!(requests[2].json()["chat_id"], "-1001999");
    // Its number is another message's there.
    assert!(requests[2].json().get("reply_parameters").is_none());
    assert!(matches!(attempt.verdict, AttemptVerdict::Accepted { .. }));
    let said = attempt.reply_text.unwrap();
    assert!(
        said.contains("Enter -1001999 as the room of this channel"),
        "{said}"
    );
}

#[tokio::test]
async fn an_alarm_ends_with_its_outage_and_the_end_is_told_whether_it_could_be_silenced_or_not() {
    let row = row("pushover");
    for (silenced, noted) in [((row.yes)(), false), (Reply::status(500), true)] {
        let (requests, attempt) = outage_with_words(&row, silenced).await;
        assert_eq!(requests.len(), 3);
        let (alarm, end) = (fields(&requests[0]), fields(&requests[2]));
        assert_eq!(
            requests[1].path,
            format!("/1/receipts/cancel_by_tag/{}.json", alarm["tags"])
        );
        assert!(fields(&requests[1])["token"].contains("c4n4ry"));
        assert_eq!(requests[2].path, "/1/messages.json");
        assert!(end["priority"] == "0" && end["message"].contains("up again"));
        assert!(matches!(attempt.verdict, AttemptVerdict::Accepted { .. }));
        let said = attempt.reply_text.unwrap();
        assert_eq!(said.contains("could not be silenced"), noted, "{said}");
    }
}

/// Matrix takes what has the id of a transaction that it knows for a repetition.
#[tokio::test]
async fn a_message_has_the_same_transaction_whenever_it_is_tried() {
    let clock = Arc::new(FakeClock::new());
    let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let (row, server) = (row("matrix"), HttpTarget::start().await);
    server.then(Reply::status(502));
    server.reply((row.yes)());
    let config = (row.config)(&server.url(""));
    let channel = scene
        .channel(json!({ "name": "Ops", "kind": "matrix", "config": config }))
        .await;
    let monitor = scene.monitor("Shop", &[channel.id]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_attempts(1).await;
    clock.advance(Duration::from_mins(1));
    let sent = scene.wait_state(1, DeliveryState::Sent).await;
    running.stop().await;
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].path, requests[1].path);
    assert!(
        requests[0].path.ends_with(&sent[0].id.to_string()),
        "{}",
        requests[0].path
    );
}

/// What a test says and is answered.
async fn test_of(kind: &str, changed: Value) -> (Vec<Request>, Result<Receipt, SendError>) {
    let scene = Scene::new(Arc::new(FakeClock::new())).await;
    let (row, service) = (row(kind), HttpTarget::start().await);
    service.reply((row.yes)());
    let mut config = (row.config)(&service.url(""));
    for (field, value) in changed.as_object().unwrap() {
        config[field] = value.clone();
    }
    let channel = scene
        .channel(json!({ "name": "Ops @all [a](https://evil.example)", "kind": kind, "config": config }))
        .await;
    let result = scene.alert.send_test(&channel).await;
    (service.requests(), result)
}

#[tokio::test]
async fn a_test_joins_no_thread_and_mentions_nobody() {
    let (asked, result) = test_of("google_chat", json!({})).await;
    result.unwrap();
    assert!(!asked[0].path.contains("messageReplyOption"), "{}", asked[0].path);
    assert!(asked[0].json().get("thread").is_none());

    // A title without a link is read as Markdown.
    let (asked, result) = test_of("mattermost", json!({})).await;
    result.unwrap();
    let title = asked[0].json()["attachments"][0]["title"].clone();
    let title = title.as_str().unwrap();
    assert!(!unescaped(title, "[]()") && !together(title, "@:"), "{title}");
}

#[tokio::test]
async fn what_was_filled_in_wrongly_waits_until_it_is_changed() {
    for (kind, changed, says) in [
        (
            "matrix",
            json!({ "room": "#ops:example.com" }),
            "begins with \"!\"",
        ),
        ("telegram", json!({ "thread": "General" }), "is not a number"),
    ] {
        let (asked, result) = test_of(kind, changed).await;
        let error = result.unwrap_err();
        assert_eq!(error.retry, Retry::OnSettings, "{kind}");
        assert!(error.reason.contains(says), "{kind}: {}", error.reason);
        assert!(asked.is_empty(), "{kind}");
    }
}
