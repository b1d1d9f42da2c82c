//! The log of deliveries: filters, the table for spreadsheets, transcripts, recipients that get nothing more.

use std::time::Duration;

use domain::{
    channel::{Channel, ChannelDraft},
    clock::Clock,
    delivery::{Attempt, AttemptVerdict},
    id::{DeliveryId, ProfileId},
    monitor::{Monitor, MonitorConfig},
    outcome::{Evidence, Outcome, Phases, Reason, ReasonKind, Verdict},
    state::{Known, MonitorState, Transition},
};
use http::StatusCode;
use serde_json::json;
use store::{
    Recorded,
    outbox::{Next, Terms},
};

use crate::visitor::Scene;

const LEASE: Duration = Duration::from_mins(10);

/// An outage begins, or ends: whoever hears of it has a message that is not sent yet.
pub(crate) async fn turn(scene: &Scene, monitor: &Monitor, down: bool) {
    let at = scene.clock.now();
    let reason = Reason::new(ReasonKind::Connect, "Connection refused.");
    let (verdict, known, transition) = if down {
        let known = Known::Down {
            since: at,
            reason: reason.clone(),
            successes: 0,
        };
        let opened = Transition::Opened {
            kind: domain::incident::IncidentKind::Down,
            since: at,
            reason: reason.clone(),
        };
        (Verdict::Down(reason), known, opened)
    } else {
        let known = Known::Up {
            since: at,
            failing: None,
        };
        (
            Verdict::Up,
            known,
            Transition::Resolved {
                kind: domain::incident::IncidentKind::Down,
                since: at,
                at,
            },
        )
    };
    let recorded = Recorded {
        monitor: monitor.id,
        revision: monitor.revision,
        outcome: Outcome {
            at,
            verdict,
            phases: Phases::default(),
            evidence: Box::new(Evidence::default()),
        },
        state: MonitorState {
            known,
            ..MonitorState::default()
        },
        transitions: vec![transition],
    };
    scene.store.record(recorded).await.unwrap();
}

pub(crate) async fn mail_channel(scene: &Scene) -> Channel {
    let body =
        json!({"name": "On call", "kind": "email", "config": {"to": ["dead@example.org", "ok@example.org"]}});
    let draft = ChannelDraft::from_json(body, None).unwrap();
    scene.store.channels().create(&draft).await.unwrap()
}

pub(crate) async fn monitor(scene: &Scene, channel: &Channel) -> Monitor {
    let body = json!({
        "name": "=Shop", "kind": "tcp", "target": {"host": "shop.example", "port": 443},
        "schedule": {"every": "30s"}, "channels": [channel.id.0], "enabled": false,
    });
    let config = MonitorConfig::from_json(body, None).unwrap();
    scene.store.monitors().create(&config).await.unwrap()
}

/// An outage from its begin to its end, of which everybody is told; `dead@` is refused.
async fn outage(scene: &Scene, channel: &Channel, monitor: &Monitor) -> Vec<DeliveryId> {
    let mut refused = Vec::new();
    for down in [true, false] {
        let at = scene.clock.now();
        turn(scene, monitor, down).await;
        for claimed in scene
            .store
            .outbox()
            .claim(channel.id, &Terms::new(50, LEASE))
            .await
            .unwrap()
        {
            let dead = claimed.notice.recipient.starts_with("dead");
            let attempt = Attempt {
                number: claimed.attempt,
                started_at: at,
                duration: Duration::from_millis(812),
                profile: Some((ProfileId(1), "Primary".to_owned())),
                settings_revision: Some(7),
                remote: Some("203.0.113.25:465".parse().unwrap()),
                server: Some("smtp.example.org:465".to_owned()),
                step: Some(if dead { "rcpt_to" } else { "reply" }.to_owned()),
                tls: Some("TLS 1.3".to_owned()),
                reply_code: Some(if dead { 550 } else { 250 }),
                enhanced_code: dead.then(|| "5.1.1".to_owned()),
                reply_text: Some(if dead { "5.1.1 No such <user>" } else { "ok" }.to_owned()),
                verdict: if dead {
                    AttemptVerdict::Refused {
                        reason: "The server refused the recipient.".to_owned(),
                    }
                } else {
                    AttemptVerdict::Accepted {
                        reference: Some("4711".to_owned()),
                    }
                },
                transcript: Some("+0.001 s S: 220 <hello>\n+0.002 s C: QUIT".to_owned()),
                rejection: None,
            };
            let next = if dead { Next::Failed } else { Next::Sent };
            scene
                .store
                .outbox()
                .finish(&claimed.lease, &attempt, next)
                .await
                .unwrap();
            if dead {
                refused.push(claimed.notice.delivery);
            }
        }
    }
    refused
}

#[tokio::test]
async fn the_log_is_filtered_and_the_address_holds_the_filter() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let channel = mail_channel(&scene).await;
    let shop = monitor(&scene, &channel).await;
    outage(&scene, &channel, &shop).await;
    let now = scene.clock.now().to_rfc3339();
    let rows = |body: &str| body.matches("class=\"name-cell\"").count();
    for (query, expected) in [
        (String::new(), 4),
        ("?state=failed".to_owned(), 2),
        ("?recipient=OK%40example.org".to_owned(), 2),
        ("?recipient=example".to_owned(), 4),
        ("?recipient=nobody".to_owned(), 0),
        (
            format!(
                "?monitor={}&event=incident.opened&channel={}",
                shop.id, channel.id
            ),
            2,
        ),
        ("?profile=1&incident=1".to_owned(), 4),
        ("?profile=2".to_owned(), 0),
        (format!("?from={now}"), 4),
        (format!("?to={now}"), 0),
        ("?from=2020-01-01&to=2099-12-31T23:59".to_owned(), 4),
    ] {
        let page = visitor.get(&format!("/deliveries{query}")).await;
        assert_eq!(
            (page.status, rows(&page.body)),
            (StatusCode::OK, expected),
            "{query}"
        );
    }
    let page = visitor
        .get("/deliveries?event=incident.opened&from=2020-01-01")
        .await
        .body;
    assert!(
        page.contains("value=\"incident.opened\" selected") && page.contains("<details class=\"more\" open")
    );
    assert!(
        page.contains("value=\"2020-01-01T00:00\" data-utc=\"2020-01-01T00:00:00.000Z\""),
        "{page}"
    );
    assert!(
        page.contains("href=\"/deliveries.csv?event=incident.opened&#38;from=2020-01-01\""),
        "{page}"
    );
    for query in ["from=yesterday", "state=x", "monitor=x", "profile=x"] {
        let page = visitor.get(&format!("/deliveries?{query}")).await.body;
        assert!(page.contains("cannot be read") && rows(&page) == 0, "{query}");
        assert_eq!(
            visitor.get(&format!("/deliveries.csv?{query}")).await.status,
            StatusCode::BAD_REQUEST
        );
    }
}

#[tokio::test]
async fn the_log_is_a_table_that_runs_nothing() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let channel = mail_channel(&scene).await;
    let shop = monitor(&scene, &channel).await;
    outage(&scene, &channel, &shop).await;
    let table = visitor.get("/deliveries.csv?state=failed").await;
    assert!(
        table.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    assert!(
        table.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains("watchbell-deliveries-")
    );
    let lines: Vec<&str> = table.body.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 3, "{}", table.body);
    assert!(lines[0].starts_with("\u{feff}delivery_id,"));
    assert!(
        lines[1].contains("\"'=Shop\"") && lines[1].contains(",TLS 1.3,"),
        "{}",
        lines[1]
    );
    let stranger = scene.visitor().get("/deliveries.csv").await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_attempt_shows_what_was_said() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let channel = mail_channel(&scene).await;
    let shop = monitor(&scene, &channel).await;
    let refused = outage(&scene, &channel, &shop).await;
    let here = format!("/deliveries/{}", refused[0]);
    let page = visitor.get(&here).await.body;
    for shown in [
        "Primary",
        "revision 7",
        "smtp.example.org:465",
        "203.0.113.25:465",
        "TLS 1.3",
        "rcpt_to",
        "5.1.1",
        "S: 220 &#60;hello&#62;",
        "data-copy=\"#transcript-1\"",
        "812 ms",
        "No such &#60;user&#62;",
    ] {
        assert!(page.contains(shown), "{shown} is missing: {page}");
    }
    let again = visitor.post(&format!("{here}/resend"), &[]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    let page = visitor.get(again.location()).await.body;
    assert!(
        page.contains("Sent again by") && page.contains("me@example.org"),
        "{page}"
    );
    assert!(visitor.get("/deliveries").await.body.contains("Sent again by"));
}

#[tokio::test]
async fn a_suspended_recipient_is_shown_everywhere_and_enabled_again() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    assert!(
        visitor
            .get("/deliveries/recipients")
            .await
            .body
            .contains("Nothing is known")
    );
    let channel = mail_channel(&scene).await;
    let shop = monitor(&scene, &channel).await;
    outage(&scene, &channel, &shop).await;
    for path in ["/", "/channels"] {
        assert!(!visitor.get(path).await.body.contains("suspended"), "{path}");
    }
    scene.clock.advance(Duration::from_hours(24));
    outage(&scene, &channel, &shop).await;
    // The session of yesterday is over.
    let mut visitor = scene.admin().await;
    for path in ["/", "/channels"] {
        assert!(
            visitor
                .get(path)
                .await
                .body
                .contains("One recipient is suspended"),
            "{path}"
        );
    }
    let page = visitor
        .get("/deliveries/recipients?state=suspended&q=DEAD")
        .await
        .body;
    assert!(
        page.contains("dead@example.org") && !page.contains("ok@example.org"),
        "{page}"
    );
    assert!(
        page.contains("550 5.1.1 No such &#60;user&#62;") && page.contains("two different days"),
        "{page}"
    );
    let fields = [("address", "dead@example.org")];
    let bare = visitor.post_bare("/deliveries/recipients/enable", &fields).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN, "a form of somebody else");
    let enabled = visitor.post("/deliveries/recipients/enable", &fields).await;
    assert_eq!(enabled.location(), "/deliveries/recipients");
    assert!(
        visitor
            .get("/deliveries/recipients")
            .await
            .body
            .contains("gets mail again")
    );
    assert_eq!(scene.store.recipients().suspended_count().await.unwrap(), 0);
    visitor.post("/deliveries/recipients/enable", &fields).await;
    assert!(
        visitor
            .get("/deliveries/recipients")
            .await
            .body
            .contains("is not suspended")
    );
    assert!(!visitor.get("/").await.body.contains("is suspended"));
}
