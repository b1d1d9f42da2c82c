//! TXT and MX records, against name servers of our own.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use egress::{Dialer, Exchange, Options, Policy, ResolveError};
use testkit::dns::{Answer, DnsServer};

const BUDGET: Duration = Duration::from_secs(5);

fn dialer(server: SocketAddr) -> Dialer {
    let options = Options {
        name_servers: Some(vec![server]),
        ..Options::default()
    };
    Dialer::with_options(Policy::new(Vec::new(), Vec::new()), options).unwrap()
}

#[tokio::test]
async fn strings_are_joined_and_servers_sorted() {
    let long = "x".repeat(700);
    let server = DnsServer::of(vec![
        ("example.org", Answer::txt(["v=spf1 -all", long.as_str()])),
        (
            "example.org",
            Answer::Mx(vec![(20, "b.example.org".into()), (10, "A.example.org".into())]),
        ),
        ("null.example", Answer::Mx(vec![(0, String::new())])),
    ])
    .await;
    let dialer = dialer(server.addr);
    assert_eq!(
        dialer.txt("example.org", BUDGET).await.unwrap(),
        ["v=spf1 -all".to_owned(), long]
    );
    let servers = dialer.mx("Example.org.", BUDGET).await.unwrap();
    let exchange = |preference, host: &str| Exchange {
        preference,
        host: host.to_owned(),
    };
    assert_eq!(
        servers,
        [exchange(10, "a.example.org"), exchange(20, "b.example.org")]
    );
    assert_eq!(
        dialer.mx("null.example", BUDGET).await.unwrap(),
        [exchange(0, "")]
    );
}

#[tokio::test]
async fn no_such_records_and_no_such_name_are_told_apart() {
    let server = DnsServer::of(vec![(
        "example.org",
        Answer::Mx(vec![(1, "mx.example.org".into())]),
    )])
    .await;
    let dialer = dialer(server.addr);
    assert_eq!(
        dialer.txt("example.org", BUDGET).await.unwrap(),
        Vec::<String>::new()
    );
    let missing = dialer.txt("_dmarc.example.org", BUDGET).await;
    assert!(
        matches!(&missing, Err(ResolveError::NotFound(why)) if why.contains("NXDOMAIN")),
        "{missing:?}"
    );
    let unusable = dialer.txt(&format!("{}.example", "x".repeat(64)), BUDGET).await;
    assert!(matches!(unusable, Err(ResolveError::NotFound(_))), "{unusable:?}");
}

/// The question is about this very name, so no search domain of the machine is tried behind it.
#[tokio::test]
async fn one_question_is_asked_once() {
    let server = DnsServer::start(|_, _| Answer::Code(3)).await;
    let _ = dialer(server.addr).txt("gone", BUDGET).await;
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_huge_or_binary_zone_is_bounded() {
    let huge = vec![b'x'; 20_000];
    let server = DnsServer::of(vec![
        ("huge.example", Answer::txt([huge.clone(), huge])),
        ("many.example", Answer::txt((0..2000).map(|i| i.to_string()))),
        ("binary.example", Answer::txt([[0xff, 0x00, 0x0a, b'a']])),
        ("empty.example", Answer::Txt(vec![Vec::new()])),
    ])
    .await;
    let dialer = dialer(server.addr);
    let huge = dialer.txt("huge.example", BUDGET).await.unwrap();
    assert_eq!(huge.iter().map(String::len).collect::<Vec<_>>(), [8192, 8192]);
    assert_eq!(dialer.txt("many.example", BUDGET).await.unwrap().len(), 100);
    assert_eq!(
        dialer.txt("binary.example", BUDGET).await.unwrap(),
        ["\u{fffd}\0\na"]
    );
    assert_eq!(dialer.txt("empty.example", BUDGET).await.unwrap(), [""]);
}

#[tokio::test]
async fn failure_and_silence_have_a_name_and_an_end() {
    let server = DnsServer::start(|name, _| match name {
        "broken.example" => Answer::Code(2),
        "slow.example" => Answer::Silence,
        _ => Answer::Code(0),
    })
    .await;
    let working = dialer(server.addr);
    let broken = working.txt("broken.example", BUDGET).await;
    assert!(matches!(broken, Err(ResolveError::Failed(_))), "{broken:?}");
    let started = Instant::now();
    let slow = working.txt("slow.example", Duration::from_secs(1)).await;
    assert_eq!(
        slow,
        Err(ResolveError::Timeout),
        "the name server lives, so the domain is to blame"
    );
    assert!(started.elapsed() < Duration::from_secs(2));

    let dead = DnsServer::start(|_, _| Answer::Silence).await;
    let ours = dialer(dead.addr).mx("example.org", Duration::from_secs(1)).await;
    assert!(matches!(ours, Err(ResolveError::Ours(_))), "{ours:?}");
}
