//! Whatever a server sends, and however slowly: a check stays small and ends in time.

use std::time::{Duration, Instant};

use domain::{
    outcome::{Outcome, ReasonKind, Verdict},
    target::Kind,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;
use testkit::{HttpTarget, Reply};

use crate::scene::{down, http, probes, target};

const MIB: u64 = 1024 * 1024;

async fn within(site: &HttpTarget, total: Duration) -> Outcome {
    probes()
        .check(&target(Kind::Http, json!({ "url": site.url("/") })), total)
        .await
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_the_limit() {
    let site = HttpTarget::start().await;
    site.reply(Reply::endless());
    let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
    assert_eq!(
        (outcome.verdict, outcome.evidence.body_bytes),
        (Verdict::Up, Some(MIB))
    );
}

/// 64 MiB of zeros in about 400 KiB.
#[tokio::test]
async fn a_decompression_bomb_is_read_up_to_the_limit() {
    let site = HttpTarget::start().await;
    site.reply(Reply::ok(gzip_of_zeros(64 * MIB)).header("content-encoding", "gzip"));
    let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
    assert_eq!(
        (outcome.verdict, outcome.evidence.body_bytes),
        (Verdict::Up, Some(MIB))
    );
}

#[tokio::test]
async fn a_body_that_cannot_be_decoded_is_down() {
    let site = HttpTarget::start().await;
    site.reply(Reply::ok("this is not gzip").header("content-encoding", "gzip"));
    let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
    assert_eq!(down(&outcome).0, ReasonKind::Body);
}

#[tokio::test]
async fn huge_headers_are_down() {
    let site = HttpTarget::start().await;
    site.reply(Reply::ok("ok").header("x-filler", &"a".repeat(70 * 1024)));
    let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
    assert_eq!(
        down(&outcome),
        (
            ReasonKind::Protocol,
            "The headers of the answer are longer than 64 KiB"
        )
    );
    site.reply(Reply::ok("ok").header("x-filler", &"a".repeat(2 * MIB as usize)));
    let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
    assert_eq!(
        down(&outcome),
        (
            ReasonKind::Protocol,
            "The answer has too many or too long headers"
        )
    );
    site.reply((0..500).fold(Reply::ok("ok"), |r, i| r.header(&format!("x-{i}"), "1")));
    let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
    assert_eq!(down(&outcome).0, ReasonKind::Protocol);
}

#[tokio::test]
async fn silence_says_what_was_waited_for() {
    let site = HttpTarget::start().await;
    site.reply(Reply::hang());
    let started = Instant::now();
    let outcome = within(&site, Duration::from_millis(300)).await;
    assert!(started.elapsed() < Duration::from_millis(1300));
    let expected = "No answer within 300 ms (waiting for the first byte)";
    assert_eq!(down(&outcome), (ReasonKind::Timeout, expected));
    assert!(outcome.phases.connect.is_some() && outcome.phases.wait.is_none());
}

#[tokio::test]
async fn a_slow_drip_does_not_outlive_the_deadline() {
    let site = HttpTarget::start().await;
    site.reply(Reply::ok("x".repeat(1000)).tarpit(20));
    let started = Instant::now();
    let outcome = within(&site, Duration::from_millis(500)).await;
    assert!(started.elapsed() < Duration::from_millis(1500));
    let (kind, detail) = down(&outcome);
    assert_eq!(kind, ReasonKind::Timeout);
    assert!(
        detail.starts_with("The body was not complete within 500 ms ("),
        "{detail}"
    );
}

/// R-225: whatever the server does, the check ends at most a second after its deadline, and never as our fault.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_faulty_server_holds_a_check_beyond_its_deadline() {
    let ms = |range: std::ops::Range<u64>| range.prop_map(Duration::from_millis);
    let ending = prop_oneof![
        Just(Reply::hang()),
        Just(Reply::reset()),
        Just(Reply::endless()),
        Just(Reply::endless().tarpit(2000)),
        Just(Reply::redirect(302, "/again")),
        Just(Reply::redirect(302, "http://127.0.0.1:9/")),
        proptest::collection::vec(any::<u8>(), 0..200).prop_map(Reply::raw),
        "HTTP/1\\.[0-3] [0-9]{1,4} [a-z]{0,9}\r\n([a-z-]{1,9}: ?[ -~]{0,20}\r\n){0,4}\r\n[ -~]{0,60}"
            .prop_map(Reply::raw),
        (0..50_usize).prop_map(|n| Reply::ok("x".repeat(100)).cut_body(n)),
        (1..200_u32).prop_map(|rate| Reply::ok("x".repeat(5000)).tarpit(rate)),
        Just(Reply::ok("not compressed").header("content-encoding", "br")),
    ];
    let cases = (ending, ms(0..300), ms(0..300), ms(100..400), any::<bool>());
    let mut runner = TestRunner::deterministic();
    let probes = probes();
    let mut running = Vec::new();
    for _ in 0..120 {
        let (reply, before, body, total, tls) = cases.new_tree(&mut runner).unwrap().current();
        let probes = probes.clone();
        running.push(async move {
            let site = if tls {
                HttpTarget::start_tls(testkit::tls::Certificate::Good).await
            } else {
                HttpTarget::start().await
            };
            let shown = format!("{reply:?} after {before:?} and {body:?}, deadline {total:?}");
            site.reply(reply.delay(before).delay_body(body));
            let started = Instant::now();
            let outcome = probes
                .check(&target(Kind::Http, json!({ "url": site.url("/") })), total)
                .await;
            let took = started.elapsed();
            assert!(took <= total + Duration::from_secs(1), "{took:?}: {shown}");
            assert!(
                !matches!(outcome.verdict, Verdict::Internal(_)),
                "{:?}: {shown}",
                outcome.verdict
            );
        });
    }
    // A few at a time: the point is the faults, not the load.
    while !running.is_empty() {
        let batch = running.split_off(running.len().saturating_sub(10));
        futures_util::future::join_all(batch).await;
    }
}

/// One fixed-Huffman deflate block (RFC 1951, 3.2.6): a zero, then "258 times the byte before" in 13 bits each. The
/// checksum at the end is left out: nobody gets there.
fn gzip_of_zeros(length: u64) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let (mut byte, mut filled) = (0_u8, 0);
    let mut push = |bits: &str| {
        for bit in bits.bytes() {
            byte |= (bit - b'0') << filled;
            filled += 1;
            if filled == 8 {
                out.push(byte);
                (byte, filled) = (0, 0);
            }
        }
    };
    push("110");
    push("00110000");
    for _ in 0..length / 258 {
        push("11000101");
        push("00000");
    }
    push("0000000");
    push("0000000");
    out
}
