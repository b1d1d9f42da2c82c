//! Pings, in a network of their own where the machine gives us one.

use std::time::{Duration, Instant};

use domain::{
    outcome::{FaultKind, Outcome, ReasonKind, Verdict},
    target::Kind,
};
use serde_json::json;

use crate::scene::{down, in_empty_network, internal, probes, target};

async fn ping(host: &str, total: Duration) -> Outcome {
    probes()
        .check(&target(Kind::Ping, json!({ "host": host })), total)
        .await
}

#[tokio::test]
async fn an_answer_is_up() {
    if !in_empty_network("ping::an_answer_is_up", true) {
        return;
    }
    assert_eq!(probes().ping_available(), Ok(()));
    for host in ["127.0.0.1", "::1", "localhost"] {
        let outcome = ping(host, Duration::from_secs(3)).await;
        assert_eq!(outcome.verdict, Verdict::Up, "{host}");
        assert!(outcome.phases.wait.is_some() && outcome.evidence.remote.is_some());
    }
}

#[tokio::test]
async fn silence_is_loss_and_ends_in_time() {
    if !in_empty_network("ping::silence_is_loss_and_ends_in_time", true) {
        return;
    }
    std::fs::write("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1").unwrap();
    let started = Instant::now();
    let outcome = ping("127.0.0.1", Duration::from_millis(600)).await;
    assert!(started.elapsed() < Duration::from_millis(1600));
    assert_eq!(
        down(&outcome),
        (
            ReasonKind::Loss,
            "No reply from 127.0.0.1 to 3 pings within 600 ms"
        )
    );
}

#[tokio::test]
async fn without_permission_it_is_unknown_and_says_what_to_run() {
    if !in_empty_network(
        "ping::without_permission_it_is_unknown_and_says_what_to_run",
        false,
    ) {
        return;
    }
    let outcome = ping("127.0.0.1", Duration::from_secs(1)).await;
    let (kind, detail) = internal(&outcome);
    assert_eq!(kind, FaultKind::Privilege);
    assert!(
        detail.contains("sysctl -w net.ipv4.ping_group_range=\"0 2147483647\""),
        "{detail}"
    );
    assert_eq!(probes().ping_available().unwrap_err().kind, FaultKind::Privilege);
}

#[tokio::test]
async fn no_route_is_our_fault() {
    if !in_empty_network("ping::no_route_is_our_fault", true) {
        return;
    }
    let outcome = ping("192.0.2.1", Duration::from_secs(1)).await;
    assert_eq!(
        internal(&outcome).0,
        FaultKind::Resources,
        "{:?}",
        outcome.verdict
    );
    assert!(internal(&outcome).1.contains("no route to 192.0.2.1"));
}
