//! Where a check does not go, however it is led there: a refusal is ours and never a DOWN.

use std::{net::SocketAddr, time::Duration};

use domain::{
    outcome::{FaultKind, ReasonKind, Verdict},
    target::Kind,
};
use egress::Options;
use probe::Probes;
use serde_json::json;
use testkit::{
    HttpTarget, Reply,
    dns::{Answer, DnsServer},
};

use crate::scene::{down, http, internal, probes, probes_with, target};

fn asking(server: SocketAddr, deny: &[&str]) -> Probes {
    probes_with(
        deny,
        Options {
            name_servers: Some(vec![server]),
            ..Options::default()
        },
    )
}

#[tokio::test]
async fn metadata_is_denied_in_every_spelling() {
    for url in [
        "http://169.254.169.254/latest/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0xa9.0xfe.0xa9.0xfe/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://metadata.google.internal/",
    ] {
        let outcome = http(&probes(), json!({ "url": url })).await;
        assert_eq!(internal(&outcome).0, FaultKind::Policy, "{url}");
        assert!(internal(&outcome).1.contains("WATCHBELL_EGRESS_ALLOW"), "{url}");
    }
}

#[tokio::test]
async fn a_redirect_to_metadata_is_not_followed() {
    let site = HttpTarget::start().await;
    for to in [
        "http://169.254.169.254/",
        "//2852039166/x",
        "http://[::ffff:a9fe:a9fe]/",
        "http://metadata.google.internal./",
    ] {
        site.reply(Reply::redirect(302, to));
        let outcome = http(&probes(), json!({ "url": site.url("/") })).await;
        assert_eq!(internal(&outcome).0, FaultKind::Policy, "{to}");
    }
}

#[tokio::test]
async fn our_own_listener_is_not_reached_by_name() {
    let own = HttpTarget::start().await;
    let policy = egress::Policy::default().with_own_listeners(vec![own.addr()]);
    let probes = Probes::new(
        egress::Dialer::new(policy).unwrap(),
        std::sync::Arc::new(testkit::WallClock),
    );
    let port = own.addr().port();
    for value in [
        json!({ "url": own.url("/") }),
        json!({ "url": format!("http://localhost:{port}/") }),
    ] {
        let outcome = http(&probes, value).await;
        assert_eq!(internal(&outcome).0, FaultKind::Policy);
    }
    assert_eq!(own.accepted(), 0);
}

#[tokio::test]
async fn a_name_that_turns_to_a_denied_address_gains_nothing() {
    let site = HttpTarget::start().await;
    let port = site.addr().port();
    let server = DnsServer::start(|_, before| {
        Answer::Addresses(vec![
            if before < 2 { "127.0.0.1" } else { "127.6.6.6" }
                .parse()
                .unwrap(),
        ])
    })
    .await;
    let probes = asking(server.addr, &["127.6.0.0/16"]);
    let value = json!({ "url": format!("http://rebind.example:{port}/") });
    assert_eq!(http(&probes, value.clone()).await.verdict, Verdict::Up);
    assert_eq!(internal(&http(&probes, value).await).0, FaultKind::Policy);
    assert!(server.asked() >= 3);
}

#[tokio::test]
async fn every_kind_of_check_is_held_to_the_policy() {
    for (kind, value) in [
        (Kind::Tcp, json!({ "host": "169.254.169.254", "port": 80 })),
        (Kind::Ping, json!({ "host": "169.254.169.254" })),
        (Kind::Ping, json!({ "host": "metadata.google.internal" })),
    ] {
        let outcome = probes().check(&target(kind, value), Duration::from_secs(2)).await;
        assert_eq!(internal(&outcome).0, FaultKind::Policy);
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_down_and_a_dead_name_server_is_ours() {
    let server = DnsServer::start(|name, _| match name {
        "broken.example" => Answer::Code(2),
        _ => Answer::Code(3),
    })
    .await;
    let probes = asking(server.addr, &[]);
    for (kind, value) in [
        (Kind::Http, json!({ "url": "http://nowhere.invalid/" })),
        (Kind::Tcp, json!({ "host": "nowhere.invalid", "port": 80 })),
        (Kind::Ping, json!({ "host": "nowhere.invalid" })),
    ] {
        let outcome = probes.check(&target(kind, value), Duration::from_secs(3)).await;
        assert_eq!(
            down(&outcome),
            (
                ReasonKind::Dns,
                "The name nowhere.invalid does not exist (NXDOMAIN)"
            ),
            "{kind}"
        );
    }
    let outcome = http(&probes, json!({ "url": "http://broken.example/" })).await;
    assert_eq!(
        down(&outcome),
        (
            ReasonKind::Dns,
            "The name servers of broken.example failed (SERVFAIL)"
        )
    );

    let silent = DnsServer::start(|_, _| Answer::Silence).await;
    let probes = asking(silent.addr, &[]);
    for (kind, value) in [
        (Kind::Http, json!({ "url": "http://any.example/" })),
        (Kind::Tcp, json!({ "host": "any.example", "port": 80 })),
    ] {
        let outcome = probes.check(&target(kind, value), Duration::from_secs(1)).await;
        assert_eq!(internal(&outcome).0, FaultKind::Resolver, "{kind}");
    }
}
