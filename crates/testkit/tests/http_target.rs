//! The HTTP target and the webhook sink do what they are told.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that cannot do its part must fail the test"
)]

use std::time::{Duration, Instant};

use testkit::{HttpTarget, Reply, TcpTarget, WebhookSink, tls};

fn client() -> reqwest::Client {
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_millis(500))
        .tls_certs_only([reqwest::Certificate::from_pem(tls::ca_pem().as_bytes()).unwrap()])
        .build()
        .unwrap()
}

#[tokio::test]
async fn answers_by_turn_by_path_and_otherwise_as_usual() {
    let target = HttpTarget::start().await;
    target.respond(503);
    target.reply_at("/moved", Reply::redirect(301, "/there"));
    target.then(Reply::ok("once").header("x-one", "1"));
    let client = client();
    let first = client.get(target.url("/")).send().await.unwrap();
    assert_eq!(
        (
            first.status().as_u16(),
            first.headers()["x-one"].to_str().unwrap()
        ),
        (200, "1")
    );
    assert_eq!(first.text().await.unwrap(), "once");
    let moved = client.get(target.url("/moved?x=1")).send().await.unwrap();
    assert_eq!(
        (
            moved.status().as_u16(),
            moved.headers()["location"].to_str().unwrap()
        ),
        (301, "/there")
    );
    assert_eq!(client.get(target.url("/")).send().await.unwrap().status(), 503);
    assert_eq!(target.count(), 3);
    assert_eq!(target.requests()[1].path, "/moved?x=1");
}

#[tokio::test]
async fn misbehaves_on_request() {
    let target = HttpTarget::start().await;
    let client = client();
    let get = || client.get(target.url("/")).send();
    target.reply(Reply::hang());
    assert!(get().await.unwrap_err().is_timeout());
    target.reply(Reply::reset());
    assert!(get().await.is_err());
    target.reply(Reply::raw("nonsense\r\n\r\n"));
    assert!(get().await.is_err());
    target.reply(Reply::ok("0123456789").cut_body(4));
    assert!(get().await.unwrap().text().await.is_err());
    target.reply(Reply::endless());
    assert!(get().await.unwrap().text().await.is_err());
    target.reply(Reply::ok("slow").delay(Duration::from_millis(100)).tarpit(100));
    let begun = Instant::now();
    assert_eq!(get().await.unwrap().text().await.unwrap(), "slow");
    assert!(begun.elapsed() >= Duration::from_millis(130));
}

#[tokio::test]
async fn closes_and_opens_again_on_its_port() {
    let target = HttpTarget::start().await;
    let tcp = TcpTarget::start().await;
    let client = client();
    for _ in 0..3 {
        target.close().await;
        tcp.close().await;
        assert!(client.get(target.url("/")).send().await.unwrap_err().is_connect());
        assert!(tokio::net::TcpStream::connect(tcp.addr()).await.is_err());
        target.reopen();
        tcp.reopen();
        assert_eq!(client.get(target.url("/")).send().await.unwrap().status(), 200);
        tokio::net::TcpStream::connect(tcp.addr()).await.unwrap();
    }
}

#[tokio::test]
async fn speaks_tls() {
    let good = HttpTarget::start_tls(tls::Certificate::Good).await;
    assert_eq!(client().get(good.url("/")).send().await.unwrap().status(), 200);
    let expired = HttpTarget::start_tls(tls::Certificate::Expired).await;
    assert!(client().get(expired.url("/")).send().await.is_err());
}

#[tokio::test]
async fn keeps_webhooks_byte_for_byte() {
    let sink = WebhookSink::start().await;
    sink.target().then(Reply::status(500));
    let client = client();
    for expected in [500, 204] {
        let body = "{\"a\" : 1}\n";
        let sent = client
            .post(sink.url())
            .header("webhook-id", "msg_1")
            .body(body)
            .send()
            .await;
        assert_eq!(sent.unwrap().status(), expected);
    }
    let requests = sink.wait_for(2, Duration::from_secs(1)).await;
    assert_eq!(requests[1].body, b"{\"a\" : 1}\n");
    assert_eq!(requests[1].header("Webhook-Id"), Some("msg_1"));
    assert_eq!(requests[1].json()["a"], 1);
}
