//! What holds for every service.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose scene cannot be set fails at once and loudly"
)]

use std::{sync::Arc, time::Duration};

use alert::channel::{Receipt, Retry, SendError};
use domain::{
    attention::Rejection,
    channel::{Channel, ChannelKind, catalogue::SERVICES},
    clock::Clock,
    delivery::{DeliveryState, Event},
    id::{DeliveryId, IncidentId},
    incident::Progress,
    outcome::{Reason, ReasonKind, Verdict},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{FakeClock, HttpTarget, Logs, Reply, Request, WallClock};

use crate::{
    row::{HOSTILE, Row, secret, texts, unsigned},
    rows,
    scene::{SOON, Scene},
};

struct Copy {
    row: Row,
    scene: Scene,
    service: HttpTarget,
    channel: Channel,
}

impl Copy {
    async fn of(row: Row, clock: Arc<dyn Clock>) -> Self {
        let scene = Scene::new(clock).await;
        let service = HttpTarget::start().await;
        service.reply((row.yes)());
        let config = (row.config)(&service.url(""));
        let channel = scene
            .channel(json!({ "name": "Ops", "kind": row.kind, "config": config }))
            .await;
        Self {
            row,
            scene,
            service,
            channel,
        }
    }

    async fn test(&self) -> Result<Receipt, SendError> {
        self.scene.alert.send_test(&self.channel).await
    }

    /// The answer to one test with this reply.
    async fn refusal(&self, reply: Reply) -> SendError {
        self.service.reply(reply);
        match self.test().await {
            Err(error) => error,
            Ok(receipt) => panic!("{} took it: {receipt:?}", self.row.kind),
        }
    }
}

async fn every(clock: fn() -> Arc<dyn Clock>) -> Vec<Copy> {
    join_all(rows::all().into_iter().map(|row| Copy::of(row, clock()))).await
}

fn wall() -> Arc<dyn Clock> {
    Arc::new(WallClock)
}

#[test]
fn every_service_has_a_row() {
    let rows: Vec<_> = rows::all().iter().map(|row| row.kind).collect();
    let services: Vec<_> = SERVICES.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(rows, services);
    for kind in ChannelKind::ALL.iter().skip(2) {
        assert!(services.contains(&kind.as_str()), "{kind}");
    }
}

#[tokio::test]
async fn a_yes_is_a_yes_and_names_the_message() {
    for copy in every(wall).await {
        let kind = copy.row.kind;
        let receipt = copy.test().await.unwrap_or_else(|e| panic!("{kind}: {e:?}"));
        assert_eq!(receipt.reference.as_deref(), copy.row.reference, "{kind}");
        assert_eq!(receipt.trace.step.as_deref(), Some("reply"), "{kind}");
        assert!(
            receipt.trace.remote.is_some() && receipt.trace.server.is_some(),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn each_documented_no_is_classified() {
    for copy in every(wall).await {
        let kind = copy.row.kind;
        let noes = (copy.row.noes)();
        assert!(noes.len() >= 3, "{kind} documents more");
        for no in noes {
            let shown = format!("{kind}, {:?}", no.reply);
            let error = copy.refusal(no.reply).await;
            assert_eq!(error.retry, no.retry, "{shown}: {}", error.reason);
            assert!(error.reason.contains(no.says), "{shown}: {}", error.reason);
            // What only other settings help against is about the channel, and what passes by itself is not.
            let about_us = error.trace.rejection.is_some();
            match no.retry {
                Retry::OnSettings => assert!(about_us, "{shown}"),
                Retry::Backoff | Retry::After(_) | Retry::Within(_) => assert!(!about_us, "{shown}"),
                Retry::Never | Retry::Briefly => {
                    let by_status = match error.trace.reply_code {
                        Some(401) => Some(Rejection::Unauthorised),
                        Some(404) => Some(Rejection::NotFound),
                        Some(410) => Some(Rejection::Gone),
                        _ => None,
                    };
                    assert_eq!(error.trace.rejection, no.rejects.or(by_status), "{shown}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_any_service_may_do_is_told_apart() {
    for copy in every(wall).await {
        let kind = copy.row.kind;
        let elsewhere = HttpTarget::start().await;
        for (what, reply, retry) in [
            ("overloaded", Reply::status(503), Retry::Backoff),
            (
                "asks for patience",
                Reply::status(429).header("retry-after", "7"),
                Retry::After(Duration::from_secs(7)),
            ),
            ("lets nobody in", Reply::status(401), Retry::Briefly),
            ("is gone", Reply::status(404), Retry::Briefly),
            ("moved", Reply::redirect(307, &elsewhere.url("/")), Retry::Briefly),
            ("hangs up", Reply::reset(), Retry::Backoff),
            ("talks nonsense", Reply::raw("SSH-2.0-x\r\n"), Retry::Backoff),
            (
                "never ends",
                Reply::status(500).body(vec![b'x'; 4 * 1024 * 1024]),
                Retry::Backoff,
            ),
        ] {
            let error = copy.refusal(reply).await;
            assert_eq!(error.retry, retry, "{kind} {what}: {}", error.reason);
            let rejection = match what {
                "lets nobody in" => Some(Rejection::Unauthorised),
                "is gone" => Some(Rejection::NotFound),
                _ => None,
            };
            assert_eq!(error.trace.rejection, rejection, "{kind} {what}");
            assert!(error.reason.len() <= 1_200, "{kind} {what}");
            assert!(
                error.trace.reply_text.is_none_or(|t| t.len() <= 1_024),
                "{kind} {what}"
            );
        }
        assert_eq!(elsewhere.count(), 0, "{kind} followed a redirect");
    }
}

/// A login page of a network or of a proxy, and another program, say yes to whatever they are asked.
#[tokio::test]
async fn what_a_stranger_says_is_no_yes() {
    // Their own yes has no body, or one that is not documented.
    let any_words = ["teams", "alertmanager", "apprise"];
    for copy in every(wall).await {
        let kind = copy.row.kind;
        let page = "\n<!DOCTYPE html>\n<html><head><title>Log in</title></head><body></body></html>";
        let html = |body: &str| Reply::ok(body).header("content-type", "text/html; charset=utf-8");
        let mut replies = vec![
            Reply::ok(page),
            html(page),
            html("<html lang=en>Hi</html>").but(202),
        ];
        if !any_words.contains(&kind) {
            let others = ["", "welcome", "{}", "{\"message\": \"hello\"}"];
            replies.extend(others.map(Reply::ok));
            replies.push(Reply::status(204));
        }
        for reply in replies {
            let shown = format!("{kind}, {reply:?}");
            let error = copy.refusal(reply).await;
            assert!(
                matches!(error.retry, Retry::Briefly | Retry::Backoff),
                "{shown}: {error:?}"
            );
            assert!(error.reason.contains("ddress"), "{shown}: {}", error.reason);
        }
    }
}

/// Whatever word or number of the service stands in the body.
#[tokio::test]
async fn who_asks_for_patience_gets_it_for_as_long_as_the_header_says() {
    for copy in every(wall).await {
        let kind = copy.row.kind;
        let documented = (copy.row.noes)().into_iter().map(|no| no.reply);
        let unknown =
            json!({ "code": 4_711, "errcode": 4_711, "ok": false, "message": "limit", "errmsg": "limit" });
        for reply in documented.chain([Reply::ok(unknown.to_string())]) {
            for status in [408, 425, 429] {
                let reply = reply.clone().but(status).header("retry-after", "7");
                let shown = format!("{kind}, {reply:?}");
                let error = copy.refusal(reply).await;
                // Some say in the body how long.
                assert!(matches!(error.retry, Retry::After(_)), "{shown}: {error:?}");
                assert_eq!(error.trace.rejection, None, "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn a_silent_service_is_left_after_ten_seconds() {
    let copies = every(wall).await;
    let silent = copies.iter().map(async |copy| {
        let error = copy.refusal(Reply::hang()).await;
        (copy.row.kind, error)
    });
    for (kind, error) in join_all(silent).await {
        assert_eq!(error.retry, Retry::Backoff, "{kind}");
        assert!(error.reason.contains("within 10 s"), "{kind}: {}", error.reason);
    }
}

/// Whatever a service repeats of what it was asked.
#[tokio::test]
async fn no_secret_shows() {
    let logs = Logs::default();
    let guard = logs.capture();
    for copy in every(wall).await {
        let kind = copy.row.kind;
        copy.test().await.unwrap();
        let asked = copy.service.requests().remove(0);
        let mut secrets = secrets_of(&copy.channel.config.as_ref().unwrap().secrets().unwrap());
        assert!(!secrets.is_empty(), "{kind} has secrets");
        let login = asked.header("authorization").and_then(|v| v.rsplit(' ').next());
        secrets.extend(login.map(str::to_owned));
        let echo = format!(
            "{} {:?} {}",
            asked.path,
            asked.headers,
            String::from_utf8_lossy(&asked.body)
        );
        for status in [200, 400, 401, 404, 500] {
            copy.service.reply(Reply::status(status).body(echo.clone()));
            let shown = format!("{:?}", copy.test().await);
            for secret in &secrets {
                assert!(!shown.contains(secret.as_str()), "{kind} {status}: {shown}");
            }
        }
        let shown = format!(
            "{:?} {}",
            copy.channel,
            copy.channel.config.as_ref().unwrap().to_json()
        );
        for secret in &secrets {
            assert!(!shown.contains(secret.as_str()), "{kind}: {shown}");
        }
    }
    drop(guard);
    assert!(!logs.text().contains("c4n4ry"), "{}", logs.text());
}

/// Each value that is filled in as a secret, and the part of an address that is one.
fn secrets_of(sealed: &secrecy::SecretString) -> Vec<String> {
    let all: Value = serde_json::from_str(secrecy::ExposeSecret::expose_secret(sealed)).unwrap();
    let found = texts(&all)
        .into_iter()
        .filter_map(|t| Some(t[t.find("c4n4ry")?..].to_owned()));
    let found: Vec<String> = found.collect();
    assert!(found.iter().all(|t| t.starts_with(&secret("")[..6])));
    found
}

/// From the opening to the recovery, by the dispatcher.
#[tokio::test]
async fn an_outage_with_hostile_words_is_told_and_nothing_in_it_is_obeyed() {
    for row in rows::all() {
        let clock = Arc::new(FakeClock::new());
        let copy = Copy::of(row, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let kind = copy.row.kind;
        let monitor = copy.scene.monitor(&HOSTILE[..120], &[copy.channel.id]).await;
        let running = copy.scene.start();
        let reason = Reason::new(ReasonKind::Status, HOSTILE);
        copy.scene.outcome(&monitor, Verdict::Down(reason)).await;
        copy.scene.wait_state(1, DeliveryState::Sent).await;
        clock.advance(Duration::from_mins(3));
        copy.scene.up(&monitor).await;
        let rows = copy.scene.wait_state(2, DeliveryState::Sent).await;
        running.stop().await;
        assert_eq!(rows[1].event, Event::Resolved, "{kind}");
        let requests = copy.service.wait_for_requests(2, SOON).await;
        assert!(requests.len() >= 2, "{kind}");
        (copy.row.harmless)(&requests[0]);
        for request in &requests {
            let body = String::from_utf8_lossy(&request.body);
            assert!(!body.contains(['\u{202e}', '\u{7}', '\u{0}']), "{kind}: {body}");
            assert!(
                !body.contains("\\u0007") && !body.contains("\\u0000"),
                "{kind}: {body}"
            );
        }
    }
}

/// Where there are buttons or links of ours, one of them acknowledges; as long as there is something to acknowledge.
#[tokio::test]
async fn who_is_told_can_acknowledge_and_the_log_cannot() {
    let offering = [
        "slack",
        "slack_bot",
        "discord",
        "teams",
        "google_chat",
        "telegram",
        "matrix",
        "ntfy",
    ];
    for row in rows::all() {
        let clock = Arc::new(FakeClock::new());
        let copy = Copy::of(row, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let kind = copy.row.kind;
        let monitor = copy.scene.monitor("Shop", &[copy.channel.id]).await;
        let running = copy.scene.start();
        let links = copy.scene.store.acknowledgements();
        let proof = links.token(IncidentId(1), copy.channel.id, "");
        // It repeats what it was asked, as some do, before it takes it.
        copy.service
            .then(Reply::status(503).body(format!("no: https://watch.example/ack/{proof}")));
        copy.scene.down(&monitor).await;
        let tried = copy.scene.wait_attempts(1).await;
        let log = format!("{tried:?} {:?}", copy.scene.attempts(tried[0].id).await);
        if offering.contains(&kind) {
            assert!(!log.contains(&proof), "{kind}: {log}");
        }
        clock.advance(Duration::from_mins(1));
        copy.scene.store.outbox().wake();
        copy.scene.wait_state(1, DeliveryState::Sent).await;
        let done = links.acknowledge(&proof).await.unwrap().unwrap();
        let by = Progress::Acknowledged {
            at: clock.now(),
            by: "Ops (by message)".to_owned(),
        };
        assert_eq!(done.incident.progress, by);
        copy.scene.wait_state(2, DeliveryState::Sent).await;
        clock.advance(Duration::from_mins(3));
        copy.scene.up(&monitor).await;
        copy.scene.wait_state(3, DeliveryState::Sent).await;
        running.stop().await;
        let requests = copy.service.requests();
        let carries = |r: &Request| String::from_utf8_lossy(&r.body).contains(&proof);
        let carried: Vec<bool> = requests.iter().map(carries).collect();
        let offered = offering.contains(&kind);
        assert_eq!(carried[..2], [offered; 2], "{kind}");
        assert!(!carried[2..].contains(&true), "{kind} {carried:?}");
    }
}

#[tokio::test]
async fn what_is_asked_of_each() {
    for row in rows::all() {
        let clock = Arc::new(FakeClock::new());
        let copy = Copy::of(row, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let kind = copy.row.kind;
        let monitor = copy.scene.monitor("Shop", &[copy.channel.id]).await;
        let running = copy.scene.start();
        copy.scene.down(&monitor).await;
        let opened = copy.scene.wait_state(1, DeliveryState::Sent).await;
        clock.advance(Duration::from_mins(1));
        let incidents = copy.scene.store.incidents();
        incidents.acknowledge(opened[0].incident, "ana").await.unwrap();
        copy.scene.wait_state(2, DeliveryState::Sent).await;
        clock.advance(Duration::from_mins(3));
        copy.scene.up(&monitor).await;
        copy.scene.wait_state(3, DeliveryState::Sent).await;
        running.stop().await;
        let requests: Vec<String> = copy.service.requests().iter().map(told).collect();
        insta::assert_snapshot!(format!("asked_{kind}"), requests.join("\n\n"));
    }
}

/// A request without what changes from run to run.
fn told(request: &Request) -> String {
    let usual = ["host", "user-agent", "accept", "content-length"];
    let headers = request
        .headers
        .iter()
        .filter(|(name, _)| !usual.contains(&name.as_str()));
    let headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect();
    let headers = headers.concat();
    let body = match serde_json::from_slice::<Value>(&request.body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap(),
        Err(_) => String::from_utf8_lossy(&request.body).into_owned(),
    };
    let path: Vec<&str> = request
        .path
        .split('/')
        .map(|s| s.parse::<DeliveryId>().map_or(s, |_| "(delivery)"))
        .collect();
    let body = unsigned(&body);
    format!("{} {}\n{headers}\n{body}", request.method, path.join("/"))
}
