//! Acknowledging by the link in a message: what it shows, what its buttons do, and what nobody can do with it.

use std::time::Duration;

use domain::{
    channel::ChannelDraft,
    clock::Clock,
    id::{ChannelId, IncidentId},
    incident::Progress,
    monitor::{Monitor, MonitorConfig},
    outcome::{Evidence, Outcome, Phases, Reason, ReasonKind, Verdict},
    state::{Known, MonitorState, Transition},
};
use http::{Method, StatusCode, header};
use serde_json::json;
use store::Recorded;
use testkit::Logs;

use crate::visitor::{Answer, EMAIL, Scene};

const ADDRESS: &str = "me@example.net";
const TARGET: &str = "shop.example";
const DO: [(&str, &str); 1] = [("do", "acknowledge")];

/// An outage of which a mail channel was told.
struct Outage {
    monitor: Monitor,
    incident: IncidentId,
    channel: ChannelId,
}

impl Outage {
    async fn of(scene: &Scene) -> Self {
        let body =
            json!({ "name": "On call", "kind": "email", "config": { "to": [ADDRESS, "you@example.net"] } });
        let draft = ChannelDraft::from_json(body, None).unwrap();
        let channel = scene.store.channels().create(&draft).await.unwrap().id;
        let body = json!({
            "name": "Shop <front>", "kind": "tcp", "target": { "host": TARGET, "port": 443 },
            "schedule": { "every": "30s" }, "channels": [channel.0], "enabled": false,
        });
        let config = MonitorConfig::from_json(body, None).unwrap();
        let monitor = scene.store.monitors().create(&config).await.unwrap();
        let since = scene.clock.now();
        let reason = Reason::new(ReasonKind::Connect, "Connection refused <here>.");
        let known = Known::Down {
            since,
            reason: reason.clone(),
            successes: 0,
        };
        let opened = Transition::Opened {
            kind: domain::incident::IncidentKind::Down,
            since,
            reason: reason.clone(),
        };
        record(scene, &monitor, Verdict::Down(reason), known, opened).await;
        let open = scene.store.incidents().open_of(&[monitor.id]).await.unwrap();
        let incident = open[&monitor.id].id;
        Self {
            monitor,
            incident,
            channel,
        }
    }

    async fn end(&self, scene: &Scene) {
        let since = scene.clock.now();
        let known = Known::Up { since, failing: None };
        let resolved = Transition::Resolved {
            kind: domain::incident::IncidentKind::Down,
            since,
            at: since,
        };
        record(scene, &self.monitor, Verdict::Up, known, resolved).await;
    }

    fn page(&self, scene: &Scene) -> String {
        self.page_of(scene, ADDRESS)
    }

    fn page_of(&self, scene: &Scene, recipient: &str) -> String {
        let links = scene.store.acknowledgements();
        format!("/ack/{}", links.token(self.incident, self.channel, recipient))
    }

    async fn progress(&self, scene: &Scene) -> Progress {
        let row = scene.store.incidents().get(self.incident).await.unwrap().unwrap();
        row.incident.progress
    }
}

async fn record(scene: &Scene, monitor: &Monitor, verdict: Verdict, known: Known, transition: Transition) {
    let recorded = Recorded {
        monitor: monitor.id,
        revision: monitor.revision,
        outcome: Outcome {
            at: scene.clock.now(),
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

/// What holds for every answer of these pages.
fn is_bare(answer: &Answer) {
    answer.sets_no_cookie();
    assert!(
        !answer.body.contains("<script") && !answer.body.contains("name=\"csrf\""),
        "{}",
        answer.body
    );
    for elsewhere in [
        "/incidents",
        "/monitors",
        "/login",
        TARGET,
        EMAIL,
        "you@example.net",
    ] {
        assert!(!answer.body.contains(elsewhere), "{elsewhere}: {}", answer.body);
    }
}

#[tokio::test]
async fn looking_changes_nothing_and_the_button_does_once() {
    let scene = Scene::new().await;
    let outage = Outage::of(&scene).await;
    let page = outage.page(&scene);
    scene.clock.advance(Duration::from_mins(7));
    let mut stranger = scene.visitor();
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let answer = stranger.send(method, &page, None).await;
        assert_eq!(answer.status, StatusCode::OK);
        is_bare(&answer);
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("script-src"),
            "{policy}"
        );
        assert!(
            policy.contains("form-action 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    }
    assert_eq!(
        outage.progress(&scene).await,
        Progress::Open,
        "scanners follow links"
    );
    let asked = stranger.get(&page).await.body;
    for shown in [
        "Shop &#60;front&#62; is down",
        "Connection refused &#60;here&#62;.",
        "7 min ago",
        "me@example.net (by mail)",
        "name=\"do\" value=\"acknowledge\"",
    ] {
        assert!(asked.contains(shown), "{shown}: {asked}");
    }
    assert_eq!(asked.matches("<button class=\"primary\"").count(), 1);

    let first = scene.clock.now();
    for _ in 0..2 {
        let done = stranger.post_bare(&page, &DO).await;
        assert_eq!(
            (done.status, done.location()),
            (StatusCode::SEE_OTHER, page.as_str())
        );
        is_bare(&done);
        scene.clock.advance(Duration::from_mins(1));
    }
    let by = "me@example.net (by mail)".to_owned();
    assert_eq!(
        outage.progress(&scene).await,
        Progress::Acknowledged { at: first, by }
    );
    let shown = stranger.get(&page).await;
    is_bare(&shown);
    assert!(
        shown.body.contains("Somebody is looking after")
            && shown.body.contains("me@example.net (by mail), <time"),
        "{}",
        shown.body
    );
    assert!(!shown.body.contains("<button"));
}

#[tokio::test]
async fn who_was_second_sees_who_was_first() {
    let scene = Scene::new().await;
    let outage = Outage::of(&scene).await;
    let mut first = scene.visitor();
    first.post_bare(&outage.page(&scene), &DO).await;
    let page = outage.page_of(&scene, "YOU@example.net");
    let answer = first.post_bare(&page, &DO).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let shown = first.get(&page).await.body;
    assert!(
        shown.contains("me@example.net (by mail)") && !shown.contains("you@example.net"),
        "{shown}"
    );

    let mut admin = scene.admin().await;
    let told = admin.get(&format!("/incidents/{}", outage.incident)).await.body;
    assert!(
        told.contains("Acknowledged by me@example.net (by mail)"),
        "{told}"
    );
}

#[tokio::test]
async fn what_is_over_or_gone_is_said_to_be() {
    let scene = Scene::new().await;
    let outage = Outage::of(&scene).await;
    let page = outage.page(&scene);
    outage.end(&scene).await;
    let mut stranger = scene.visitor();
    let answer = stranger.post_bare(&page, &DO).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let over = stranger.get(&page).await;
    is_bare(&over);
    assert!(
        over.body.contains("is up again") && !over.body.contains("<button"),
        "{}",
        over.body
    );
    assert!(matches!(
        outage.progress(&scene).await,
        Progress::Resolved {
            acknowledged: None,
            ..
        }
    ));

    scene.store.monitors().delete(outage.monitor.id).await.unwrap();
    let gone = stranger.get(&page).await;
    is_bare(&gone);
    assert!(
        gone.body.contains("is not watched any more") && !gone.body.contains("<button"),
        "{}",
        gone.body
    );
    assert_eq!(stranger.post_bare(&page, &DO).await.status, StatusCode::SEE_OTHER);

    scene.clock.advance(Duration::from_hours(30 * 24));
    assert_eq!(stranger.get(&page).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.post_bare(&page, &DO).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_signed_looks_like_a_page_that_does_not_exist() {
    let scene = Scene::new().await;
    let outage = Outage::of(&scene).await;
    let good = outage.page(&scene);
    let parts: Vec<&str> = good.split('.').collect();
    let links = scene.store.acknowledgements();
    let mut stranger = scene.visitor();
    let mut bodies = Vec::new();
    for bad in [
        "/ack/x".to_owned(),
        format!("{good}x"),
        format!("/ack/2.{}.{}.{}", parts[1], parts[2], parts[3]),
        format!("{}.{}..{}", parts[0], parts[1], parts[3]),
        format!("{}.{}.{}.AAAAAAAAAAAAAAAAAAAAAA", parts[0], parts[1], parts[2]),
        format!("/ack/{}", links.token(IncidentId(99), outage.channel, ADDRESS)),
        format!(
            "/ack/{}",
            links.token(outage.incident, outage.channel, "nobody@example.net")
        ),
        format!("/ack/{}", scene.store.optouts().token(outage.channel, ADDRESS)),
        format!("/unsubscribe/{}", good.trim_start_matches("/ack/")),
        format!("/ack/{}", "a".repeat(5000)),
    ] {
        for method in [Method::GET, Method::POST] {
            let form = (method == Method::POST).then(|| "do=acknowledge".to_owned());
            let answer = stranger.send(method, &bad, form).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
            answer.sets_no_cookie();
            bodies.push(answer.without_its_id());
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "the answers differ");
    assert_eq!(outage.progress(&scene).await, Progress::Open);
}

/// Only the body of a POST counts, whatever else says the same; and the proof opens nothing else.
#[tokio::test]
async fn whoever_has_the_link_has_it_quiet_for_a_while_and_sees_until_when() {
    let scene = Scene::new().await;
    let outage = Outage::of(&scene).await;
    let mut stranger = scene.visitor();
    let page = outage.page(&scene);
    for (what, span) in [("snooze", "1h"), ("silence", "4h")] {
        let answer = stranger.post_bare(&page, &[("do", what), ("for", span)]).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, page.as_str())
        );
        let shown = stranger.get(&page).await;
        is_bare(&shown);
        assert!(shown.body.contains("<dt>Quiet until</dt>"), "{what}");
        assert_eq!(
            outage.progress(&scene).await,
            Progress::Open,
            "{what} acknowledges nothing"
        );
    }
    let escalation = scene
        .store
        .incidents()
        .escalation(outage.incident)
        .await
        .unwrap()
        .unwrap();
    let hour = Duration::from_hours(1);
    assert_eq!(escalation.snoozed_until, Some(scene.clock.now().plus(hour)));
    let filter = store::SilenceFilter {
        limit: 10,
        ..store::SilenceFilter::default()
    };
    let silences = scene.store.silences().page(&filter).await.unwrap().items;
    assert_eq!(silences.len(), 1);
    assert_eq!(silences[0].ends_at, scene.clock.now().plus(4 * hour));
    for wrong in [
        [("do", "snooze"), ("for", "1y")],
        [("do", "silence"), ("for", "")],
        [("do", "delete"), ("for", "1h")],
    ] {
        let answer = stranger.post_bare(&page, &wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong:?}");
    }
}

#[tokio::test]
async fn no_other_way_of_asking_acknowledges() {
    let scene = Scene::new().await;
    let outage = Outage::of(&scene).await;
    let page = outage.page(&scene);
    let mut stranger = scene.visitor();
    let wished = format!("{page}?do=acknowledge&_method=POST");
    for (method, path, form, expected) in [
        (Method::GET, &wished, None, StatusCode::OK),
        (Method::HEAD, &wished, None, StatusCode::OK),
        (Method::POST, &wished, Some(""), StatusCode::BAD_REQUEST),
        (Method::POST, &page, Some("do=again"), StatusCode::BAD_REQUEST),
        (
            Method::PUT,
            &page,
            Some("do=acknowledge"),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (Method::DELETE, &page, None, StatusCode::METHOD_NOT_ALLOWED),
        (
            Method::PATCH,
            &page,
            Some("do=acknowledge"),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
    ] {
        let answer = stranger.send(method.clone(), path, form.map(str::to_owned)).await;
        assert_eq!(answer.status, expected, "{method} {path}");
    }
    assert_eq!(outage.progress(&scene).await, Progress::Open);
    let token = page.rsplit('/').next().unwrap();
    let shown = format!("/incidents/{}?token={token}", outage.incident);
    assert_eq!(
        stranger.get(&shown).await.location().split('?').next(),
        Some("/login")
    );
    let acknowledged = format!("/incidents/{}/acknowledge?token={token}", outage.incident);
    let answer = stranger.post_bare(&acknowledged, &DO).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/login")
    );
    assert_eq!(outage.progress(&scene).await, Progress::Open);
}

#[tokio::test]
async fn a_session_is_neither_needed_nor_touched() {
    let scene = Scene::new().await;
    let outage = Outage::of(&scene).await;
    let page = outage.page(&scene);
    let mut admin = scene.admin().await;
    is_bare(&admin.get(&page).await);
    is_bare(&admin.post_bare(&page, &DO).await);
    let by = "me@example.net (by mail)".to_owned();
    let at = scene.clock.now();
    assert_eq!(outage.progress(&scene).await, Progress::Acknowledged { at, by });
    assert_eq!(
        admin.get("/channels").await.status,
        StatusCode::OK,
        "still signed in"
    );
}

#[tokio::test]
async fn the_page_speaks_the_language_of_its_reader() {
    let scene = Scene::new().await;
    let outage = Outage::of(&scene).await;
    for (language, word) in [("en", "is down"), ("zh-CN", "已宕机")] {
        let mut reader = scene.visitor();
        reader
            .headers
            .insert("accept-language", language.parse().unwrap());
        let shown = reader.get(&outage.page(&scene)).await.body;
        assert!(
            shown.contains(&format!("<html lang=\"{language}\">")) && shown.contains(word),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn one_client_cannot_ask_without_end() {
    let scene = Scene::new().await;
    let page = Outage::of(&scene).await.page(&scene);
    let mut stranger = scene.visitor();
    let mut last = StatusCode::OK;
    for _ in 0..61 {
        last = stranger.get(&page).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let mut other = scene.visitor();
    other.peer = "192.0.2.8:40000".parse().unwrap();
    assert_eq!(other.get(&page).await.status, StatusCode::OK);
    scene.clock.advance(Duration::from_secs(61));
    assert_eq!(stranger.get(&page).await.status, StatusCode::OK);
    let large = "x".repeat(9000);
    let answer = stranger.send(Method::POST, &page, Some(large)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_log_says_who_and_not_how_to_do_it() {
    let scene = Scene::new().await;
    let outage = Outage::of(&scene).await;
    let page = outage.page(&scene);
    let unsubscribe = format!(
        "/unsubscribe/{}",
        scene.store.optouts().token(outage.channel, ADDRESS)
    );
    let logs = Logs::default();
    let guard = logs.capture();
    let mut stranger = scene.visitor();
    stranger.get(&page).await;
    stranger.post_bare(&page, &DO).await;
    scene.store.close().await;
    for signed in [&page, &unsubscribe] {
        assert!(stranger.get(signed).await.status.is_server_error());
    }
    drop(guard);
    let said = logs.text();
    assert!(said.contains("me@example.net (by mail)"), "{said}");
    assert!(
        said.contains("url.path=/ack/ ") && said.contains("url.path=/unsubscribe/ "),
        "{said}"
    );
    for signed in [&page, &unsubscribe] {
        assert!(!said.contains(signed.rsplit('/').next().unwrap()), "{said}");
    }
}
