//! What people do all day: monitors, incidents, channels, deliveries.

use std::time::Duration;

use http::StatusCode;
use testkit::{HttpTarget, WebhookSink, wait_for};

use crate::visitor::{Answer, Scene, Visitor};

const TOKEN: &str = "hook-path-secret";

fn see_other(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location()
}

/// Creates a webhook channel and gives its address in the console.
async fn channel(visitor: &mut Visitor, sink: &WebhookSink) -> String {
    let url = format!("{}?key={TOKEN}", sink.url());
    let fields = [
        ("kind", "webhook"),
        ("name", "Chat"),
        ("config.url", &url),
        ("config.headers", "X-Key: header-secret"),
    ];
    let created = visitor.post("/channels", &fields).await;
    assert_eq!(created.status, StatusCode::OK, "{}", created.body);
    assert!(
        created.body.contains("whsec_"),
        "a secret that was made is told once"
    );
    assert!(visitor.get("/channels").await.body.contains("/channels/1"));
    "/channels/1".to_owned()
}

#[tokio::test]
async fn a_monitor_is_made_changed_checked_paused_and_deleted() {
    let scene = Scene::new().await;
    let target = HttpTarget::start().await;
    let mut visitor = scene.admin().await;
    let sink = WebhookSink::start().await;
    channel(&mut visitor, &sink).await;

    assert!(
        visitor
            .get("/monitors/new")
            .await
            .body
            .contains("channel-1\" name=\"channel\" value=\"1\" checked")
    );
    let url = target.url("/health");
    let fields = |url: &'static str| {
        [
            ("kind", "http"),
            ("name", "Shop <b>"),
            ("target.url", url),
            ("target.headers", "Authorization: Bearer header-secret"),
            ("rhythm", "every"),
            ("schedule.every", "1h"),
            ("target.verify_certificate", "on"),
            ("channel", "1"),
            ("tags", "prod, eu"),
        ]
    };
    let refused = visitor.post("/monitors", &fields("shop.example")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("shop.example") && refused.body.contains("Shop &#60;b&#62;"),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("Authorization:") && !refused.body.contains("header-secret"));

    let mut good = fields("").to_vec();
    good[2].1 = &url;
    let created = visitor.post("/monitors", &good).await;
    let page = see_other(&created).to_owned();
    let shown = visitor.get(&page).await.body;
    assert!(shown.contains("Shop &#60;b&#62;") && shown.contains("Chat") && !shown.contains("<b>"));

    let check = visitor.post(&format!("{page}/check"), &[]).await;
    assert!(
        check.body.contains("HTTP/1.1") && check.body.contains("200"),
        "{}",
        check.body
    );
    let sent = target.requests();
    assert_eq!(
        sent.last().unwrap().header("authorization"),
        Some("Bearer header-secret")
    );
    scene.clock.advance(Duration::from_mins(1));
    wait_for(Duration::from_secs(5), "the sample is written", || {
        let (mut visitor, page) = (visitor.clone(), page.clone());
        async move {
            visitor
                .get(&format!("{page}?range=1h"))
                .await
                .body
                .contains("<polygon")
                .then_some(())
        }
    })
    .await;

    // The name alone keeps the header.
    good[1].1 = "Shop";
    good[3].1 = "Authorization:";
    assert_eq!(see_other(&visitor.post(&page, &good).await), page);
    visitor.post(&format!("{page}/check"), &[]).await;
    let kept = target.requests();
    assert_eq!(
        kept.last().unwrap().header("authorization"),
        Some("Bearer header-secret")
    );

    assert_eq!(
        see_other(&visitor.post(&format!("{page}/pause"), &[]).await),
        page
    );
    assert!(visitor.get(&page).await.body.contains(&format!("{page}/resume")));
    assert_eq!(
        see_other(&visitor.post(&format!("{page}/check"), &[]).await),
        page,
        "a paused monitor is not checked"
    );
    assert!(
        visitor
            .get("/monitors?status=paused&q=shop")
            .await
            .body
            .contains(&page)
    );
    assert_eq!(
        see_other(&visitor.post(&format!("{page}/resume"), &[]).await),
        page
    );

    let asked = visitor.get(&format!("{page}/delete")).await.body;
    assert!(asked.contains("Delete Shop?") && asked.contains(&url));
    assert_eq!(
        see_other(&visitor.post(&format!("{page}/delete"), &[]).await),
        "/monitors"
    );
    assert_eq!(visitor.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_channel_keeps_its_secrets_and_is_tested() {
    let scene = Scene::new().await;
    let sink = WebhookSink::start().await;
    let mut visitor = scene.admin().await;
    let page = channel(&mut visitor, &sink).await;
    for path in [page.as_str(), "/channels"] {
        let body = visitor.get(path).await.body;
        assert!(
            !body.contains(TOKEN) && !body.contains("header-secret") && !body.contains("whsec_A"),
            "{path}"
        );
    }
    let test = format!("{page}/test");
    let good = visitor.post(&test, &[]).await;
    assert!(good.body.contains("class=\"notice good\""), "{}", good.body);
    let request = &sink.wait_for(1, Duration::from_secs(5)).await[0];
    assert_eq!(request.header("x-key"), Some("header-secret"));

    // Empty secrets stay, and a bad address does not come back to the browser.
    let keep = [
        ("kind", "webhook"),
        ("name", "Chat 2"),
        ("config.url", ""),
        ("config.headers", "X-Key:"),
    ];
    assert_eq!(see_other(&visitor.post(&page, &keep).await), page);
    let wrong = [
        ("kind", "webhook"),
        ("name", "Chat 2"),
        ("config.url", "ftp://secret-host"),
        ("config.headers", "X-Key: v"),
    ];
    let refused = visitor.post(&page, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.body.contains("secret-host"));

    sink.target().respond(410);
    let bad = visitor.post(&test, &[]).await;
    assert!(
        bad.body.contains("class=\"notice bad\"") && bad.body.contains("410"),
        "{}",
        bad.body
    );
    assert!(!bad.body.contains(TOKEN));
    for _ in 0..3 {
        visitor.post(&test, &[]).await;
    }
    assert_eq!(
        see_other(&visitor.post(&test, &[]).await),
        page,
        "five per minute"
    );
    assert_eq!(sink.requests().len(), 5);

    let renewed = [
        ("kind", "webhook"),
        ("name", "Chat"),
        ("config.url", ""),
        ("new_secret", "on"),
    ];
    assert!(visitor.post(&page, &renewed).await.body.contains("whsec_"));
    assert_eq!(
        see_other(&visitor.post(&format!("{page}/disable"), &[]).await),
        page
    );
    assert_eq!(
        see_other(&visitor.post(&format!("{page}/enable"), &[]).await),
        page
    );
    assert!(
        visitor
            .get(&format!("{page}/delete"))
            .await
            .body
            .contains("Delete Chat?")
    );
    assert_eq!(
        see_other(&visitor.post(&format!("{page}/delete"), &[]).await),
        "/channels"
    );
    assert_eq!(visitor.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_webhook_speaks_in_ones_own_words() {
    let scene = Scene::new().await;
    let sink = WebhookSink::start().await;
    let mut visitor = scene.admin().await;
    let url = sink.url();
    let form = visitor.get("/channels/new?kind=webhook").await.body;
    assert!(form.contains("name=\"config.format\" value=\"standard\" checked"));
    assert!(form.contains("name=\"config.events.resolved\" checked"));
    assert!(form.contains("503 \\&#34;Service Unavailable\\&#34;"), "{form}");
    let mut fields = [
        ("kind", "webhook"),
        ("name", "Pager"),
        ("config.url", url.as_str()),
        ("config.format", "template"),
        ("config.method", "PUT"),
        ("config.content_type", "application/json"),
        ("config.body", "{\r\n\"text\": \"{{json:reason}}\"\r\n}"),
        ("config.events.opened", "on"),
    ];
    let refused = visitor.post("/channels", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("id=\"config-body-error\""),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("this is not JSON (line 2)"));
    assert!(
        refused.body.contains("value=\"template\" checked")
            && refused.body.contains("<option value=\"PUT\" selected>")
    );
    assert!(!refused.body.contains("name=\"config.events.resolved\" checked"));
    let example = visitor.post("/channels/preview", &fields).await;
    assert_eq!(example.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(example.body.contains("this is not JSON (line 2)") && !example.body.contains("<html"));

    fields[6].1 = "{\r\n\"text\": {{json:reason}}\r\n}";
    let example = visitor.post("/channels/preview", &fields).await;
    assert_eq!(example.status, StatusCode::OK, "{}", example.body);
    assert!(example.body.contains("Service Unavailable"), "{}", example.body);
    let created = visitor.post("/channels", &fields).await;
    assert!(created.body.contains("whsec_"), "{}", created.body);
    let page = visitor.get("/channels/1").await.body;
    assert!(page.contains("{{json:reason}}") && page.contains("<option value=\"PUT\" selected>"));
    assert!(page.contains("name=\"config.events.opened\" checked"));
    assert!(!page.contains("name=\"config.events.resolved\" checked"));
    visitor.post("/channels/1/test", &[]).await;
    let request = &sink.wait_for(1, Duration::from_secs(5)).await[0];
    assert_eq!(request.method, "PUT");
    assert_eq!(
        String::from_utf8_lossy(&request.body),
        "{\n\"text\": \"This is a test of the channel. Nothing is down.\"\n}"
    );
}

#[tokio::test]
async fn an_outage_is_told_acknowledged_and_its_messages_are_found() {
    let scene = Scene::new().await;
    let target = HttpTarget::start().await;
    let sink = WebhookSink::start().await;
    target.respond(503);
    let mut visitor = scene.admin().await;
    channel(&mut visitor, &sink).await;
    let url = target.url("/");
    let fields = [
        ("kind", "http"),
        ("name", "Shop"),
        ("target.url", url.as_str()),
        ("rhythm", "every"),
        ("schedule.every", "1h"),
        ("confirm_after", "1"),
        ("channel", "1"),
    ];
    let monitor = visitor.post("/monitors", &fields).await;
    let monitor = see_other(&monitor).to_owned();
    visitor.post(&format!("{monitor}/check"), &[]).await;
    assert!(
        visitor
            .get("/incidents?state=open")
            .await
            .body
            .contains("/incidents/1")
    );
    let incident = visitor.get("/incidents/1").await.body;
    assert!(incident.contains("503") && incident.contains("/incidents/1/acknowledge"));
    assert_eq!(
        see_other(&visitor.post("/incidents/1/acknowledge", &[]).await),
        "/incidents/1"
    );
    let acknowledged = visitor.get("/incidents/1").await.body;
    assert!(acknowledged.contains("me@example.org") && !acknowledged.contains("/incidents/1/acknowledge"));
    assert!(visitor.get(&monitor).await.body.contains("/incidents/1"));

    let list = visitor.get("/deliveries?incident=1&state=pending").await.body;
    let (_, rest) = list
        .split_once("name-cell\"><a href=\"/deliveries/")
        .expect("a planned delivery");
    let delivery = format!("/deliveries/{}", rest.split('"').next().unwrap());
    assert!(visitor.get(&delivery).await.body.contains("Message-ID"));
    let again = visitor.post(&format!("{delivery}/resend"), &[]).await;
    let again = see_other(&again).to_owned();
    assert_ne!(again, delivery);
    assert_eq!(visitor.get(&again).await.status, StatusCode::OK);

    // None of them is sent, and all go with their channel.
    let delete = visitor.get("/channels/1/delete").await.body;
    assert!(
        delete.contains("3 messages that are not sent yet are cancelled."),
        "{delete}"
    );
    let channel = visitor.get("/channels/1").await.body;
    assert!(channel.contains("<dt>Waiting</dt><dd>3</dd>"), "{channel}");

    for path in [
        "/monitors/x",
        "/monitors/99/edit",
        "/incidents/99",
        "/channels/99",
        "/deliveries/1",
        "/channels/99/delete",
    ] {
        assert_eq!(visitor.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
