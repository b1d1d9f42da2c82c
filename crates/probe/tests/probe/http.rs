//! HTTP checks: statuses, requests, redirects, phases.

use std::time::Duration;

use domain::{
    outcome::{ReasonKind, Verdict},
    target::Kind,
};
use serde_json::json;
use testkit::{HttpTarget, Reply};

use crate::scene::{down, http, probes, target};

#[tokio::test]
async fn an_accepted_status_is_up() {
    let site = HttpTarget::start().await;
    let outcome = http(&probes(), json!({ "url": site.url("/health?x=1") })).await;
    assert_eq!(outcome.verdict, Verdict::Up);
    let seen = &outcome.evidence;
    assert_eq!(seen.http_status, Some(200));
    assert_eq!(seen.http_version.as_deref(), Some("HTTP/1.1"));
    assert_eq!(seen.remote, Some(site.addr()));
    assert_eq!(seen.hops, [site.url("/health?x=1")]);
    assert_eq!(seen.body_bytes, Some(2));
    let p = outcome.phases;
    assert!(p.dns.is_none() && p.tls.is_none());
    assert!(p.connect.is_some() && p.wait.is_some() && p.transfer.is_some() && p.total > Duration::ZERO);
    let request = &site.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("GET", "/health?x=1")
    );
    assert!(request.header("user-agent").unwrap().starts_with("Watchbell/"));
}

#[tokio::test]
async fn another_status_is_down_and_named() {
    let site = HttpTarget::start().await;
    site.respond(503);
    let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
    assert_eq!(
        down(&outcome),
        (
            ReasonKind::Status,
            "Answered 503 Service Unavailable; expected 200-299"
        )
    );
    let accepted = json!({ "url": site.url("/"), "accept_status": ["200-204", "503"] });
    assert_eq!(http(&probes(), accepted).await.verdict, Verdict::Up);
    site.respond(599);
    let outcome = http(
        &probes(),
        json!({ "url": site.url("/"), "accept_status": ["200", "401"] }),
    )
    .await;
    assert_eq!(down(&outcome).1, "Answered 599; expected 200, 401");
}

#[tokio::test]
async fn a_closed_port_is_refused_by_name() {
    let site = HttpTarget::start().await;
    site.close().await;
    let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
    let expected = format!("Connection refused by {}", site.addr());
    assert_eq!(down(&outcome), (ReasonKind::Connect, expected.as_str()));
    let port = site.addr().port();
    let outcome = http(&probes(), json!({ "url": format!("http://localhost:{port}/") })).await;
    assert_eq!(down(&outcome).0, ReasonKind::Connect);
    assert!(
        down(&outcome).1.starts_with("Connection refused by 127.0.0.1"),
        "{:?}",
        outcome.verdict
    );
}

#[tokio::test]
async fn method_headers_and_body_go_out_as_set() {
    let site = HttpTarget::start().await;
    let outcome = http(
        &probes(),
        json!({
            "url": site.url("/submit"), "method": "POST", "body": "{\"a\":1}",
            "headers": { "Content-Type": "application/json", "X-Token": "secret", "Host": "shop.example" },
        }),
    )
    .await;
    assert_eq!(outcome.verdict, Verdict::Up);
    let request = &site.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.body.as_slice()),
        ("POST", br#"{"a":1}"#.as_slice())
    );
    assert_eq!(request.header("x-token"), Some("secret"));
    assert_eq!(request.header("host"), Some("shop.example"));
    assert!(!format!("{outcome:?}").contains("secret"));
}

#[tokio::test]
async fn head_and_empty_answers_have_no_body() {
    let site = HttpTarget::start().await;
    site.reply_at("/none", Reply::status(204));
    for value in [
        json!({ "url": site.url("/"), "method": "HEAD" }),
        json!({ "url": site.url("/none") }),
    ] {
        let outcome = http(&probes(), value).await;
        assert_eq!(
            (outcome.verdict, outcome.evidence.body_bytes),
            (Verdict::Up, Some(0))
        );
    }
}

#[tokio::test]
async fn every_check_makes_its_own_connection() {
    let site = HttpTarget::start().await;
    let probes = probes();
    for _ in 0..3 {
        assert_eq!(
            http(&probes, json!({ "url": site.url("/") })).await.verdict,
            Verdict::Up
        );
    }
    assert_eq!(site.accepted(), 3);
}

#[tokio::test]
async fn redirects_are_followed_and_every_hop_is_shown() {
    let site = HttpTarget::start().await;
    site.reply_at("/a", Reply::redirect(301, "/b"));
    site.reply_at("/b", Reply::redirect(307, "c?x=1"));
    let outcome = http(&probes(), json!({ "url": site.url("/a") })).await;
    assert_eq!(outcome.verdict, Verdict::Up);
    assert_eq!(
        outcome.evidence.hops,
        [site.url("/a"), site.url("/b"), site.url("/c?x=1")]
    );
}

#[tokio::test]
async fn without_redirects_a_redirect_is_an_answer() {
    let site = HttpTarget::start().await;
    site.reply(Reply::redirect(302, "/elsewhere"));
    let outcome = http(&probes(), json!({ "url": site.url("/"), "max_redirects": 0 })).await;
    assert_eq!(down(&outcome).1, "Answered 302 Found; expected 200-299");
    let accepted = json!({ "url": site.url("/"), "max_redirects": 0, "accept_status": ["302"] });
    assert_eq!(http(&probes(), accepted).await.verdict, Verdict::Up);
}

#[tokio::test]
async fn endless_redirects_end() {
    let site = HttpTarget::start().await;
    site.reply_at("/a", Reply::redirect(302, "/b"));
    site.reply_at("/b", Reply::redirect(302, "/a"));
    let outcome = http(&probes(), json!({ "url": site.url("/a") })).await;
    let expected = format!("Redirected in a circle, back to {}", site.url("/a"));
    assert_eq!(down(&outcome), (ReasonKind::Redirect, expected.as_str()));
    assert_eq!(site.count(), 6);

    for i in 0..5 {
        site.reply_at(&format!("/{i}"), Reply::redirect(302, &format!("/{}", i + 1)));
    }
    let outcome = http(&probes(), json!({ "url": site.url("/0"), "max_redirects": 2 })).await;
    let expected = format!("Redirected more than 2 times, last to {}", site.url("/3"));
    assert_eq!(down(&outcome).1, expected);
}

#[tokio::test]
async fn credentials_do_not_cross_origins() {
    let (first, second) = (HttpTarget::start().await, HttpTarget::start().await);
    first.reply_at("/", Reply::redirect(302, &second.url("/")));
    let value = json!({
        "url": first.url("/"),
        "headers": { "Authorization": "Bearer t", "Cookie": "s=1", "X-Api-Key": "k", "Accept": "text/x-test" },
    });
    assert_eq!(http(&probes(), value).await.verdict, Verdict::Up);
    assert_eq!(first.requests()[0].header("authorization"), Some("Bearer t"));
    let request = &second.requests()[0];
    for name in ["authorization", "cookie", "x-api-key"] {
        assert_eq!(request.header(name), None, "{name}");
    }
    assert_eq!(request.header("accept"), Some("text/x-test"));
}

#[tokio::test]
async fn redirects_to_other_schemes_are_not_followed() {
    let site = HttpTarget::start().await;
    for to in ["file:///etc/passwd", "ftp://127.0.0.1/", "http://", "data:,x"] {
        site.reply(Reply::redirect(302, to));
        let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
        assert_eq!(down(&outcome).0, ReasonKind::Redirect, "{to}");
    }
}

#[tokio::test]
async fn answers_that_are_no_http_say_so() {
    let site = HttpTarget::start().await;
    let check = async || http(&probes(), json!({ "url": site.url("/") })).await;
    site.reply(Reply::raw("SSH-2.0-OpenSSH_9.9\r\n"));
    let outcome = check().await;
    assert_eq!(down(&outcome).0, ReasonKind::Protocol);
    assert!(
        down(&outcome).1.contains("is not valid HTTP"),
        "{:?}",
        outcome.verdict
    );
    site.reply(Reply::raw(""));
    let expected = format!("{} closed the connection without an answer", site.addr());
    assert_eq!(down(&check().await), (ReasonKind::Protocol, expected.as_str()));
    site.reply(Reply::reset());
    assert_eq!(down(&check().await).0, ReasonKind::Protocol);
    site.reply(Reply::ok("0123456789").cut_body(4));
    let outcome = check().await;
    assert_eq!(
        down(&outcome),
        (
            ReasonKind::Body,
            "The connection closed before the body was complete (4 bytes read)"
        )
    );
}

#[tokio::test]
async fn phases_show_where_the_time_went() {
    let site = HttpTarget::start().await;
    site.reply(
        Reply::ok("ok")
            .delay(Duration::from_millis(150))
            .delay_body(Duration::from_millis(250)),
    );
    let value = json!({ "url": format!("http://localhost:{}/", site.addr().port()) });
    let outcome = probes()
        .check(&target(Kind::Http, value), Duration::from_secs(5))
        .await;
    assert_eq!(outcome.verdict, Verdict::Up);
    let p = outcome.phases;
    let near = |phase: Option<Duration>, ms: u64| {
        let d = phase.unwrap();
        assert!(
            d >= Duration::from_millis(ms) && d < Duration::from_millis(ms + 140),
            "{d:?} is not {ms} ms"
        );
    };
    near(p.wait, 150);
    near(p.transfer, 250);
    assert!(p.dns.unwrap() < Duration::from_millis(100) && p.connect.unwrap() < Duration::from_millis(100));
    let sum: Duration = [p.dns, p.connect, p.tls, p.wait, p.transfer]
        .into_iter()
        .flatten()
        .sum();
    assert!(
        p.total >= sum && p.total < sum + Duration::from_millis(200),
        "{:?} of {:?}",
        sum,
        p.total
    );
}
