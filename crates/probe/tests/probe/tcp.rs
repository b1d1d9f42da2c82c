//! TCP checks.

use std::time::Duration;

use domain::{
    outcome::{FaultKind, Outcome, ReasonKind, Verdict},
    target::Kind,
};
use serde_json::json;
use testkit::{HttpTarget, TcpTarget};

use crate::scene::{self, down, in_empty_network, internal, probes, target, with_few_files};

async fn tcp(host: &str, port: u16, total: Duration) -> Outcome {
    probes()
        .check(&target(Kind::Tcp, json!({ "host": host, "port": port })), total)
        .await
}

#[tokio::test]
async fn an_open_port_is_up() {
    let open = TcpTarget::start().await;
    let outcome = tcp("127.0.0.1", open.addr().port(), Duration::from_secs(3)).await;
    assert_eq!(outcome.verdict, Verdict::Up);
    assert_eq!(outcome.evidence.remote, Some(open.addr()));
    assert!(outcome.phases.connect.is_some() && outcome.phases.dns.is_none());
    let outcome = tcp("localhost", open.addr().port(), Duration::from_secs(3)).await;
    assert!(outcome.verdict == Verdict::Up && outcome.phases.dns.is_some());
}

#[tokio::test]
async fn a_closed_port_is_down_and_up_again() {
    let port = TcpTarget::start().await;
    port.close().await;
    let number = port.addr().port();
    let outcome = tcp("127.0.0.1", number, Duration::from_secs(3)).await;
    let expected = format!("Connection refused by 127.0.0.1:{number}");
    assert_eq!(down(&outcome), (ReasonKind::Connect, expected.as_str()));
    port.reopen();
    assert_eq!(
        tcp("127.0.0.1", number, Duration::from_secs(3)).await.verdict,
        Verdict::Up
    );
}

/// Without a route the network of *this* machine is the one that is broken.
#[tokio::test]
async fn no_route_is_our_fault() {
    if !in_empty_network("tcp::no_route_is_our_fault", false) {
        return;
    }
    let outcome = tcp("192.0.2.1", 80, Duration::from_secs(1)).await;
    assert!(
        internal(&outcome).1.contains("no route to 192.0.2.1"),
        "{:?}",
        outcome.verdict
    );
    let outcome = scene::http(&probes(), json!({ "url": "http://192.0.2.1/" })).await;
    assert!(
        internal(&outcome).1.contains("no route to 192.0.2.1"),
        "{:?}",
        outcome.verdict
    );
}

/// Out of file descriptors: nothing can be said about anybody else.
#[tokio::test]
async fn no_socket_left_is_our_fault() {
    if !with_few_files("tcp::no_socket_left_is_our_fault") {
        return;
    }
    let site = HttpTarget::start().await;
    let (port, probes) = (site.addr().port(), probes());
    let tcp = target(Kind::Tcp, json!({ "host": "127.0.0.1", "port": port }));
    let http = target(Kind::Http, json!({ "url": site.url("/") }));
    let by_name = target(Kind::Http, json!({ "url": "http://any.example/" }));
    let files: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    let total = Duration::from_secs(2);
    let outcomes = [
        probes.check(&tcp, total).await,
        probes.check(&http, total).await,
        probes.check(&by_name, total).await,
    ];
    drop(files);
    assert_eq!(internal(&outcomes[0]).0, FaultKind::Resources);
    assert_eq!(internal(&outcomes[1]).0, FaultKind::Resources);
    assert_eq!(internal(&outcomes[2]).0, FaultKind::Resolver);
    assert_eq!(probes.check(&http, total).await.verdict, Verdict::Up);
}
