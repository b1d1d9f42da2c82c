//! The webhook channel on the way that messages take, against real sockets.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose scene cannot be set fails at once and loudly"
)]

use std::{sync::Arc, time::Duration};

use alert::channel::{Receipt, Retry, SendError};
use domain::channel::Channel;
use egress::Policy;
use serde_json::json;
use standardwebhooks::Webhook;
use testkit::{Canary, HttpTarget, Reply, Request, WallClock, WebhookSink, tls::Certificate};

mod scene;
use scene::{SECRET, Scene};

async fn scene() -> Scene {
    Scene::new(Arc::new(WallClock)).await
}

async fn channel(scene: &Scene, url: &str) -> Channel {
    scene
        .channel(json!({"name": "Hook", "kind": "webhook", "config": {"url": url, "secret": SECRET}}))
        .await
}

async fn send(scene: &Scene, url: &str) -> Result<Receipt, SendError> {
    scene.alert.send_test(&channel(scene, url).await).await
}

fn headers(request: &Request) -> http::HeaderMap {
    let pairs = request.headers.iter().map(|(n, v)| {
        (
            n.parse::<http::HeaderName>().unwrap(),
            v.parse::<http::HeaderValue>().unwrap(),
        )
    });
    pairs.collect()
}

#[tokio::test]
async fn an_independent_library_accepts_the_signature() {
    let (scene, sink) = (scene().await, WebhookSink::start().await);
    let receipt = send(&scene, &sink.url()).await.unwrap();
    let request = &sink.requests()[0];

    let verifier = Webhook::new(SECRET).unwrap();
    verifier.verify(&request.body, &headers(request)).unwrap();
    let mut forged = request.body.clone();
    forged.push(b' ');
    assert!(verifier.verify(&forged, &headers(request)).is_err());

    assert_eq!(request.method, "POST");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(request.header("webhook-id").unwrap().starts_with("msg_"));
    assert!(request.header("user-agent").unwrap().starts_with("Watchbell/"));
    assert_eq!(request.json()["type"], "test");
    assert_eq!(request.json()["data"]["incident"], json!(null));
    assert_eq!(receipt.trace.reply_code, Some(204));
    assert_eq!(receipt.trace.remote, Some(sink.target().addr()));
    assert_eq!(receipt.trace.step.as_deref(), Some("reply"));
}

#[tokio::test]
async fn custom_headers_are_sent_and_cannot_replace_ours() {
    let (scene, sink) = (scene().await, WebhookSink::start().await);
    let channel = scene
        .channel(json!({"name": "Hook", "kind": "webhook", "config": {
            "url": sink.url(), "secret": SECRET,
            "headers": {"Authorization": "Bearer abc", "Webhook-Id": "msg_forged", "Content-Type": "text/plain"},
        }}))
        .await;
    scene.alert.send_test(&channel).await.unwrap();
    let request = &sink.requests()[0];
    assert_eq!(request.header("authorization"), Some("Bearer abc"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let ids = request
        .headers
        .iter()
        .filter(|(n, _)| n.eq_ignore_ascii_case("webhook-id"));
    assert_eq!(ids.count(), 1);
    assert_ne!(request.header("webhook-id"), Some("msg_forged"));
    Webhook::new(SECRET)
        .unwrap()
        .verify(&request.body, &headers(request))
        .unwrap();
}

/// Whatever the body is, it is what was signed.
#[tokio::test]
async fn every_format_is_signed_and_says_what_it_is() {
    let scene = scene().await;
    let json_body = r#"{"text": {{json:reason}}, "more": "{{url:link}}"}"#;
    let form_body = "text={{url:reason}}&id={{url:incident_id}}";
    let form = "application/x-www-form-urlencoded";
    for (fields, method, content_type) in [
        (json!({}), "POST", Some("application/json")),
        (
            json!({"format": "alertmanager"}),
            "POST",
            Some("application/json"),
        ),
        (
            json!({"format": "template", "body": json_body}),
            "POST",
            Some("application/json"),
        ),
        (
            json!({"format": "template", "method": "PUT", "content_type": form, "body": form_body}),
            "PUT",
            Some(form),
        ),
        (json!({"format": "template", "method": "GET"}), "GET", None),
    ] {
        let sink = WebhookSink::start().await;
        let url = format!("{}?key=a%20b", sink.url());
        let mut config = json!({"url": url, "secret": SECRET, "headers": {"X-Key": "k"}});
        let all = config.as_object_mut().unwrap();
        all.extend(fields.as_object().unwrap().clone());
        let body = json!({"name": "Hook", "kind": "webhook", "config": config});
        let channel = scene.channel(body).await;
        scene.alert.send_test(&channel).await.unwrap();
        let request = &sink.requests()[0];
        assert_eq!(request.method, method, "{fields}");
        assert_eq!(request.header("content-type"), content_type, "{fields}");
        assert_eq!(request.header("x-key"), Some("k"));
        assert_eq!(request.body.is_empty(), method == "GET");
        let receiver = Webhook::new(SECRET).unwrap();
        receiver.verify(&request.body, &headers(request)).unwrap();
        assert!(receiver.verify(b"{}", &headers(request)).is_err());
    }
}

/// Through the outbox and the dispatcher, with what a target said.
#[tokio::test]
async fn an_outage_is_told_in_ones_own_words() {
    let (scene, sink) = (scene().await, WebhookSink::start().await);
    let form = json!({
        "url": sink.url(), "format": "template", "content_type": "application/x-www-form-urlencoded",
        "body": "text={{url:status}}%3A+{{url:monitor}}&why={{url:reason}}&at={{url:link}}",
        "events": ["opened"],
    });
    let channel = scene
        .channel(json!({"name": "Hook", "kind": "webhook", "config": form}))
        .await;
    let monitor = scene.monitor("A&B \"=\" 商店", &[channel.id]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    let request = sink.wait_for(1, scene::SOON).await.remove(0);
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let (names, values): (Vec<&str>, Vec<&str>) =
        fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).unzip();
    assert_eq!(names, ["text", "why", "at"]);
    assert_eq!(values[..2], ["DOWN: A&B \"=\" 商店", "The answer was 503."]);
    assert!(values[2].ends_with("/incidents/1"), "{}", values[2]);

    scene.up(&monitor).await;
    assert_eq!(
        scene.deliveries().await.len(),
        1,
        "it was asked for openings alone"
    );
    running.stop().await;
    assert_eq!(sink.requests().len(), 1);
}

#[tokio::test]
async fn without_a_secret_nothing_claims_to_be_signed() {
    let (scene, sink) = (scene().await, WebhookSink::start().await);
    let channel = scene
        .channel(json!({"name": "Hook", "kind": "webhook", "config": {"url": sink.url()}}))
        .await;
    scene.alert.send_test(&channel).await.unwrap();
    let request = &sink.requests()[0];
    assert_eq!(request.header("webhook-signature"), None);
    assert!(request.header("webhook-id").is_some() && request.header("webhook-timestamp").is_some());
}

#[tokio::test]
async fn a_redirect_is_named_and_not_followed() {
    let scene = scene().await;
    let (sink, elsewhere) = (WebhookSink::start().await, HttpTarget::start().await);
    sink.target()
        .reply(Reply::redirect(307, &elsewhere.url("/steal?token=canary")));
    let error = send(&scene, &sink.url()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Briefly);
    assert!(
        error.reason.contains(&format!("http://{}", elsewhere.addr())),
        "{}",
        error.reason
    );
    assert!(!error.reason.contains("canary") && !error.reason.contains("/steal"));
    assert_eq!((sink.requests().len(), elsewhere.count()), (1, 0));
}

#[tokio::test]
async fn a_denied_address_is_not_dialled() {
    let policy = Policy::new(Vec::new(), vec!["127.0.0.0/8".parse().unwrap()]);
    let scene = Scene::with_policy(Arc::new(WallClock), policy).await;
    let sink = WebhookSink::start().await;
    let port = sink.target().addr().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"] {
        let error = send(&scene, &format!("http://{host}:{port}/hook"))
            .await
            .unwrap_err();
        assert!(
            error.reason.contains("WATCHBELL_EGRESS"),
            "{host}: {}",
            error.reason
        );
        assert_eq!(error.trace.step.as_deref(), Some("policy"), "{host}");
    }
    let metadata = send(&scene, "http://169.254.169.254/latest/meta-data/").await;
    assert_eq!(metadata.unwrap_err().trace.step.as_deref(), Some("policy"));
    assert_eq!(sink.target().accepted(), 0);
}

#[tokio::test]
async fn what_stands_in_the_way_is_told_apart() {
    let scene = scene().await;
    let (plain, refusing, self_signed) = (
        WebhookSink::start().await,
        WebhookSink::start().await,
        WebhookSink::start_tls(Certificate::SelfSigned).await,
    );
    refusing.target().close().await;
    for (url, step) in [
        (refusing.url(), "connect"),
        (self_signed.url(), "tls"),
        ("http://does-not-exist.invalid/hook".to_owned(), "dns"),
    ] {
        let error = send(&scene, &url).await.unwrap_err();
        assert_eq!(error.trace.step.as_deref(), Some(step), "{}", error.reason);
        assert_eq!(error.retry, Retry::Backoff, "{}", error.reason);
        assert!(!error.reason.contains("/hook"), "{}", error.reason);
    }
    for broken in [Reply::reset(), Reply::raw(""), Reply::raw("nonsense\r\n\r\n")] {
        plain.target().reply(broken);
        let error = send(&scene, &plain.url()).await.unwrap_err();
        assert_eq!(error.trace.step.as_deref(), Some("reply"), "{}", error.reason);
        assert_eq!(error.retry, Retry::Backoff);
    }
}

#[tokio::test]
async fn the_status_line_is_the_answer_whatever_the_body_does() {
    let (scene, sink) = (scene().await, WebhookSink::start().await);
    for body in [
        Reply::endless(),
        Reply::ok("x".repeat(1000)).cut_body(10),
        Reply::ok(vec![0xff; 300_000]),
    ] {
        sink.target().reply(body);
        let receipt = send(&scene, &sink.url()).await.unwrap();
        assert_eq!(receipt.trace.reply_code, Some(200));
        assert!(receipt.trace.reply_text.is_none_or(|t| t.len() <= 1024));
    }
}

#[tokio::test]
async fn hostile_answers_become_one_harmless_line() {
    let (scene, sink) = (scene().await, WebhookSink::start().await);
    sink.target().reply(
        Reply::status(500).body("<script>\r\nSet-Cookie: a=b\u{0}\u{1b}[2J\u{202e}evil\u{2028}".repeat(200)),
    );
    let error = send(&scene, &sink.url()).await.unwrap_err();
    let text = error.trace.reply_text.unwrap();
    assert!(!text.chars().any(domain::text::is_unsafe), "{text:?}");
    assert!(text.len() <= 1024);
}

#[tokio::test]
async fn retry_after_is_heard() {
    let (scene, sink) = (scene().await, WebhookSink::start().await);
    sink.target().reply(Reply::status(429).header("retry-after", "7"));
    let error = send(&scene, &sink.url()).await.unwrap_err();
    assert_eq!(error.retry, Retry::After(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_silent_receiver_is_left_after_ten_seconds() {
    let (scene, sink) = (scene().await, WebhookSink::start().await);
    let channel = channel(&scene, &sink.url()).await;
    sink.target().reply(Reply::hang());
    let begun = std::time::Instant::now();
    let error = scene.alert.send_test(&channel).await.unwrap_err();
    assert!((9.5..11.0).contains(&begun.elapsed().as_secs_f64()));
    assert_eq!(error.retry, Retry::Backoff);
    assert_eq!(error.trace.step.as_deref(), Some("reply"));
}

/// The URL, the signing secret and the headers are secrets: in no receipt, error or log, at any level, also when the
/// receiver echoes them.
#[tokio::test]
async fn no_secret_leaves_the_channel() {
    let logs = testkit::Logs::default();
    let _guard = logs.capture();
    let (scene, sink) = (scene().await, WebhookSink::start().await);
    let (path, query, header) = (Canary::new(), Canary::new(), Canary::new());
    let url = format!("{}/{}?token={}", sink.url(), path.value(), query.value());
    let channel = scene
        .channel(json!({"name": "Hook", "kind": "webhook", "config": {
            "url": url, "secret": SECRET, "headers": {"Authorization": format!("Bearer {}", header.value())},
        }}))
        .await;
    let key = Canary::from_value(SECRET.trim_start_matches("whsec_").to_owned());
    let echo = format!(
        "Cannot POST {url} with {SECRET} and Bearer {}; {} {}",
        header.value(),
        path.value(),
        query.value()
    );
    let mut seen = Vec::new();
    for reply in [
        Reply::ok(echo.clone()),
        Reply::status(404).body(echo.clone()),
        Reply::status(503).body(echo.clone()),
        Reply::redirect(302, &format!("{url}/elsewhere")).body(echo.clone()),
        Reply::reset(),
        Reply::raw(echo.clone()),
    ] {
        sink.target().reply(reply);
        seen.push(format!("{:?}", scene.alert.send_test(&channel).await));
    }
    sink.target().close().await;
    seen.push(format!("{:?}", scene.alert.send_test(&channel).await));
    seen.push(format!("{channel:?}"));
    let logged = logs.text();
    assert!(logged.len() > 100, "the capture works");
    for canary in [&path, &query, &header, &key] {
        for text in &seen {
            canary.assert_absent("a result", text);
        }
        canary.assert_absent("the log", &logged);
    }
}
