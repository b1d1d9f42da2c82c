//! Looking at a sender's records, against a name server of our own.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alert::{Alert, deliverability::Looked};
use domain::{clock::Clock, deliverability::Subject, mail::MailSettings};
use egress::{Dialer, Options, Policy};
use serde_json::json;
use store::{MasterKey, Store};
use testkit::{
    DnsServer, FakeClock, TempDir,
    dns::{Answer, Question},
};

struct Scene {
    alert: Alert,
    clock: Arc<FakeClock>,
    server: DnsServer,
    _dir: TempDir,
}

impl Scene {
    async fn of(zone: Vec<(&str, Answer)>) -> Self {
        Self::with(DnsServer::of(zone).await).await
    }

    async fn answering(answer: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Self {
        Self::with(DnsServer::answering(answer).await).await
    }

    async fn with(server: DnsServer) -> Self {
        let dir = testkit::temp_dir();
        let clock = Arc::new(FakeClock::new());
        let store = Store::open(store::Options {
            url: format!("sqlite://{}", dir.path().join("watchbell.db").display()),
            data_dir: dir.path().to_owned(),
            key: MasterKey::generate().unwrap(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            message_domain: "watch.example".to_owned(),
        })
        .await
        .unwrap();
        let options = Options {
            name_servers: Some(vec![server.addr]),
            ..Options::default()
        };
        let dialer = Dialer::with_options(Policy::new(Vec::new(), Vec::new()), options).unwrap();
        let public_url = "http://watch.example/".parse().unwrap();
        let alert = Alert::new(store, dialer, Arc::clone(&clock) as Arc<dyn Clock>, public_url).unwrap();
        Self {
            alert,
            clock,
            server,
            _dir: dir,
        }
    }

    async fn look(&self, selectors: &str, again: bool) -> Looked {
        self.alert.deliverability().look(&subject(selectors), again).await
    }
}

fn subject(selectors: &str) -> Subject {
    let settings =
        json!({ "host": "smtp.gmail.com", "port": 465, "security": "tls", "from": "me@example.org" });
    let settings = MailSettings::from_json(settings, None).unwrap();
    Subject::parse("", "", selectors, Some(&settings)).unwrap()
}

fn codes(looked: &Looked) -> Vec<&'static str> {
    looked.findings.iter().map(|f| f.code.as_str()).collect()
}

#[tokio::test]
async fn a_zone_in_order_is_read_to_its_last_include() {
    let scene = Scene::of(vec![
        (
            "example.org",
            Answer::txt(["v=spf1 include:_spf.google.com ~all"]),
        ),
        ("example.org", Answer::Mx(vec![(1, "mx.example.org".into())])),
        (
            "mx.example.org",
            Answer::Addresses(vec!["192.0.2.1".parse().unwrap()]),
        ),
        (
            "_spf.google.com",
            Answer::txt(["v=spf1 include:_netblocks.google.com ~all"]),
        ),
        (
            "_netblocks.google.com",
            Answer::txt(["v=spf1 ip4:192.0.2.0/24 ~all"]),
        ),
        (
            "_dmarc.example.org",
            Answer::txt(["v=DMARC1; p=reject; rua=mailto:d@example.org"]),
        ),
        ("s1._domainkey.example.org", Answer::txt(["v=DKIM1; p="])),
    ])
    .await;
    let looked = scene.look("s1", false).await;
    assert_eq!(
        codes(&looked),
        [
            "spf-found",
            "spf-end-soft-fail",
            "spf-provider-included",
            "spf-lookups",
            "spf-relay-unknown",
            "dkim-revoked",
            "dmarc-found",
            "dmarc-policy",
            "dmarc-reports",
            "align-same",
            "mx-found",
        ]
    );
}

#[tokio::test]
async fn an_hour_is_remembered_and_a_second_look_is_possible() {
    let scene = Scene::of(vec![("example.org", Answer::txt(["v=spf1 mx -all"]))]).await;
    let first = scene.look("", false).await;
    let asked = scene.server.asked();
    assert!(asked > 0);
    scene.clock.advance(Duration::from_mins(59));
    assert_eq!(scene.look("", false).await, first);
    assert_eq!(scene.server.asked(), asked, "the hour is not over");
    scene.look("other", false).await;
    assert!(
        scene.server.asked() > asked,
        "another selector is another question"
    );

    let asked = scene.server.asked();
    let again = scene.look("", true).await;
    assert!(again.at > first.at && scene.server.asked() > asked);
    scene.clock.advance(Duration::from_hours(1));
    assert!(scene.look("", false).await.at > again.at);
}

#[tokio::test]
async fn what_failed_is_unknown_and_not_remembered() {
    let scene = Scene::answering(|q| match (q.name.as_str(), q.before) {
        ("_dmarc.example.org", 0..12) => Answer::Code(2),
        ("example.org", _) if q.kind == 16 => Answer::txt(["v=spf1 include:_spf.google.com ~all"]),
        ("_spf.google.com", _) => Answer::txt(["v=spf1 -all"]),
        _ => Answer::Code(3),
    })
    .await;
    assert!(codes(&scene.look("s1", false).await).contains(&"dmarc-failed"));
    while scene.server.asked() < 12 {
        scene.look("s1", true).await;
    }
    assert!(codes(&scene.look("s1", false).await).contains(&"dmarc-missing"));
}

/// Every name is an include of ten others, each answer large; nobody waits longer than the page allows.
#[tokio::test]
async fn a_hostile_zone_costs_a_bounded_time() {
    let scene = Scene::answering(|q| {
        if q.kind != 16 {
            return Answer::Silence;
        }
        let includes: Vec<String> = (0..10).map(|i| format!("include:{i}.{}", q.name)).collect();
        let padding = "ip4:192.0.2.1 ".repeat(400);
        Answer::txt([format!("v=spf1 {} {padding}-all", includes.join(" "))])
    })
    .await;
    let started = Instant::now();
    let looked = scene.look("s1", false).await;
    assert!(
        started.elapsed() < Duration::from_secs(13),
        "{:?}",
        started.elapsed()
    );
    let codes = codes(&looked);
    assert!(codes.contains(&"spf-too-many-lookups"), "{codes:?}");
    assert!(codes.contains(&"mx-failed"), "{codes:?}");
}

#[tokio::test]
async fn a_dead_name_server_is_no_verdict_about_the_domain() {
    let scene = Scene::answering(|_| Answer::Silence).await;
    let started = Instant::now();
    let looked = scene.look("s1", false).await;
    assert!(
        started.elapsed() < Duration::from_secs(11),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(
        codes(&looked),
        [
            "spf-failed",
            "dkim-failed",
            "dmarc-failed",
            "align-same",
            "mx-failed"
        ]
    );
}
