//! Names, addresses and connections, against name servers and listeners of our own.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use domain::host::{Host, HostPort};
use egress::{DialError, Dialer, Options, Policy, ResolveError, Source};
use testkit::dns::{Answer, DnsServer};
use tokio::net::TcpListener;

fn dialer(server: SocketAddr, deny: &[&str]) -> Dialer {
    let deny = deny.iter().map(|n| n.parse().unwrap()).collect();
    let options = Options {
        name_servers: Some(vec![server]),
        ..Options::default()
    };
    Dialer::with_options(Policy::new(Vec::new(), deny), options).unwrap()
}

fn name(name: &str) -> Host {
    Host::parse("host", name).unwrap()
}

fn at(host: &str, port: u16) -> HostPort {
    HostPort {
        host: name(host),
        port,
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(3)
}

#[tokio::test]
async fn localhost_and_literals_need_no_name_server() {
    let dead = dialer(SocketAddr::new(ip("127.0.0.1"), 9), &[]);
    assert!(
        dead.resolve(&name("localhost"))
            .await
            .unwrap()
            .contains(&ip("127.0.0.1"))
    );
    assert!(
        dead.resolve(&name("db.localhost"))
            .await
            .unwrap()
            .contains(&ip("127.0.0.1"))
    );
    assert_eq!(
        dead.resolve(&name("192.0.2.7")).await.unwrap(),
        vec![ip("192.0.2.7")]
    );
}

#[tokio::test]
async fn both_families_are_found() {
    let server =
        DnsServer::start(|_, _| Answer::Addresses(vec![ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")]))
            .await;
    let mut all = dialer(server.addr, &[])
        .resolve(&name("both.example"))
        .await
        .unwrap();
    all.sort();
    assert_eq!(all, vec![ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")]);
}

#[tokio::test]
async fn nothing_is_remembered() {
    let server = DnsServer::start(|_, _| Answer::Addresses(vec![ip("192.0.2.1")])).await;
    let dialer = dialer(server.addr, &[]);
    for _ in 0..2 {
        dialer.resolve(&name("again.example")).await.unwrap();
    }
    assert!(server.asked() >= 4, "{} questions", server.asked());
}

#[tokio::test]
async fn answers_are_classified() {
    let server = DnsServer::start(|name, _| match name {
        "nx.example" => Answer::Code(3),
        "broken.example" => Answer::Code(2),
        "refused.example" => Answer::Code(5),
        "silent.example" => Answer::Silence,
        // A name without addresses, and the root, which a living name server knows.
        _ => Answer::Code(0),
    })
    .await;
    let dialer = dialer(server.addr, &[]);
    let resolve = async |n: &str| dialer.resolve(&name(n)).await.unwrap_err();
    let e = resolve("nx.example").await;
    assert!(
        matches!(&e, ResolveError::NotFound(t) if t == "The name nx.example does not exist (NXDOMAIN)"),
        "{e}"
    );
    let e = resolve("empty.example").await;
    assert!(
        matches!(&e, ResolveError::NotFound(t) if t.contains("no address")),
        "{e}"
    );
    let e = resolve("broken.example").await;
    assert!(
        matches!(&e, ResolveError::Failed(t) if t.contains("SERVFAIL")),
        "{e}"
    );
    assert!(matches!(resolve("refused.example").await, ResolveError::Ours(_)));
    let started = Instant::now();
    assert_eq!(resolve("silent.example").await, ResolveError::Timeout);
    assert!(
        started.elapsed() < Duration::from_millis(5500),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_dead_name_server_is_our_fault() {
    let server = DnsServer::start(|_, _| Answer::Silence).await;
    let e = dialer(server.addr, &[])
        .resolve(&name("any.example"))
        .await
        .unwrap_err();
    assert!(matches!(e, ResolveError::Ours(_)), "{e}");
}

#[tokio::test]
async fn one_silent_family_does_not_hold_up_the_other() {
    let server = DnsServer::start(|_, before| match before {
        0 => Answer::Addresses(vec![ip("192.0.2.1"), ip("2001:db8::1")]),
        _ => Answer::Silence,
    })
    .await;
    let started = Instant::now();
    assert_eq!(
        dialer(server.addr, &[])
            .resolve(&name("half.example"))
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_dial_says_where_it_went_and_how_long_it_took() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = DnsServer::start(|_, _| Answer::Addresses(vec![ip("127.0.0.1")])).await;
    let dialed = dialer(server.addr, &[])
        .dial(&at("up.example", port), soon())
        .await
        .unwrap();
    assert_eq!(dialed.remote, listener.local_addr().unwrap());
    assert_eq!(dialed.addresses, vec![ip("127.0.0.1")]);
    assert!(dialed.dns > Duration::ZERO);
}

#[tokio::test]
async fn the_next_address_gets_its_turn() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = DnsServer::start(|_, _| Answer::Addresses(vec![ip("127.0.0.77"), ip("127.0.0.1")])).await;
    let dialed = dialer(server.addr, &[])
        .dial(&at("two.example", port), soon())
        .await
        .unwrap();
    assert_eq!(dialed.remote.ip(), ip("127.0.0.1"));
}

#[tokio::test]
async fn a_refusal_names_the_address() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let dialer = Dialer::new(Policy::default()).unwrap();
    let error = dialer.dial(&at("127.0.0.1", port), soon()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("Connection refused by 127.0.0.1:{port}")
    );
    assert!(matches!(error, DialError::Connect { .. }));
}

/// The name changes its address between two lookups: each is judged by what it gives then.
#[tokio::test]
async fn rebinding_gains_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = DnsServer::start(|_, before| {
        Answer::Addresses(vec![if before < 2 {
            ip("127.0.0.1")
        } else {
            ip("127.6.6.6")
        }])
    })
    .await;
    let dialer = dialer(server.addr, &["127.6.0.0/16"]);
    assert!(dialer.dial(&at("rebind.example", port), soon()).await.is_ok());
    let error = dialer
        .dial(&at("rebind.example", port), soon())
        .await
        .unwrap_err();
    assert!(matches!(&error, DialError::Denied(_)), "{error}");
}

#[tokio::test]
async fn denied_addresses_are_left_out_and_only_all_of_them_deny() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = DnsServer::start(|name, _| {
        Answer::Addresses(match name {
            "mixed.example" => vec![ip("169.254.169.254"), ip("127.0.0.1")],
            _ => vec![ip("169.254.169.254"), ip("64:ff9b::a9fe:a9fe")],
        })
    })
    .await;
    let dialer = dialer(server.addr, &[]);
    let dialed = dialer.dial(&at("mixed.example", port), soon()).await.unwrap();
    assert_eq!(dialed.addresses, vec![ip("127.0.0.1")]);
    let error = dialer.dial(&at("evil.example", port), soon()).await.unwrap_err();
    assert!(matches!(error, DialError::Denied(_)), "{error}");
}

#[tokio::test]
async fn a_look_up_says_what_is_denied_and_who_was_asked() {
    let server =
        DnsServer::start(|_, _| Answer::Addresses(vec![ip("169.254.169.254"), ip("127.0.0.1")])).await;
    let dialer = dialer(server.addr, &[]);
    let found = dialer.look_up(&name("mixed.example"), 25, soon()).await.unwrap();
    assert_eq!(found.permitted, [ip("127.0.0.1")]);
    let denied: Vec<_> = found.denied.iter().map(|(ip, _)| *ip).collect();
    assert_eq!(denied, [ip("169.254.169.254")]);
    assert_eq!(found.source, Source::NameServers(vec![server.addr]));
    assert_eq!(found.source.to_string(), format!("asked {}", server.addr));
    let usual = Source::NameServers(vec![
        "192.0.2.53:53".parse().unwrap(),
        "[2001:db8::53]:53".parse().unwrap(),
    ]);
    assert_eq!(usual.to_string(), "asked 192.0.2.53, 2001:db8::53");
    for (host, source) in [("192.0.2.1", Source::Literal), ("db.localhost", Source::Reserved)] {
        let found = dialer.look_up(&name(host), 25, soon()).await.unwrap();
        assert_eq!(found.source, source, "{host}");
    }
    // Nothing that may be dialled is no error of the look-up.
    let found = dialer
        .look_up(&name("169.254.169.254"), 25, soon())
        .await
        .unwrap();
    assert!(matches!(
        found.dialable(&name("169.254.169.254")),
        Err(DialError::Denied(_))
    ));
}

/// A listener whose queue is full drops every further SYN.
#[tokio::test]
async fn a_silent_target_ends_at_the_deadline() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let addr = listener.local_addr().unwrap();
    let dialer = Dialer::new(Policy::default()).unwrap();
    let target = HostPort {
        host: Host::Ip(addr.ip()),
        port: addr.port(),
    };
    let mut open = Vec::new();
    for _ in 0..8 {
        let started = Instant::now();
        match dialer.dial(&target, started + Duration::from_millis(300)).await {
            Ok(dialed) => open.push(dialed),
            Err(DialError::Timeout { tried }) => {
                assert_eq!(tried, vec![addr]);
                assert!(started.elapsed() < Duration::from_millis(900));
                return;
            }
            Err(e) => panic!("{e}"),
        }
    }
    panic!("the listen queue of this kernel never filled");
}

#[test]
fn what_this_machine_lacks_is_not_held_against_the_target() {
    let remote: SocketAddr = "127.0.0.1:80".parse().unwrap();
    let sorted = |code| DialError::from_connect(std::io::Error::from_raw_os_error(code), remote);
    // ENOMEM, EACCES, ENFILE, EMFILE, EADDRNOTAVAIL, ENOBUFS
    for ours in [12, 13, 23, 24, 99, 105] {
        assert!(matches!(sorted(ours), DialError::Resources(_)), "{ours}");
    }
    // ECONNRESET, ECONNREFUSED, EHOSTUNREACH; a network that our routing table does know
    for theirs in [104, 111, 113, 101] {
        assert!(matches!(sorted(theirs), DialError::Connect { .. }), "{theirs}");
    }
    assert!(matches!(sorted(110), DialError::Timeout { .. }));
}
