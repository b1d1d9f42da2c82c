use domain::{
    channel::ChannelDraft,
    incident::Origin,
    mail::{MailSettings, breaker::Fault},
    outcome::{Reason, ReasonKind},
};
use prometheus_client::{encoding::text::encode, registry::Registry};
use store::{
    MasterKey, Options, Store, Trouble,
    mail::Outcome,
    outbox::{Next, Terms},
};
use testkit::{FakeClock, TempDir};

use super::*;
use crate::metrics;

struct Scene {
    store: Store,
    clock: Arc<FakeClock>,
    _dir: TempDir,
}

impl Scene {
    async fn start() -> Self {
        let (dir, clock) = (testkit::temp_dir(), Arc::new(FakeClock::new()));
        let options = Options {
            url: format!("sqlite://{}", dir.path().join("watchbell.db").display()),
            data_dir: dir.path().to_owned(),
            key: MasterKey::generate().unwrap(),
            clock: clock.clone(),
            message_domain: "watchbell.test".into(),
        };
        Self {
            store: Store::open(options).await.unwrap(),
            clock,
            _dir: dir,
        }
    }

    /// `/readyz` and `/metrics`, as far as messages go.
    async fn told(&self) -> (Value, String) {
        let now = self.clock.now();
        let found = messages(&self.store, now).await.unwrap();
        let mut registry = Registry::with_prefix("watchbell");
        metrics::deliveries(&mut registry, &self.store, now)
            .await
            .unwrap();
        metrics::breakers(&mut registry, &self.store).await.unwrap();
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        (found.into(), text)
    }
}

#[tokio::test]
async fn readiness_and_metrics_say_how_the_messages_do() {
    let scene = Scene::start().await;
    let (found, text) = scene.told().await;
    let idle = json!({ "outbox": { "oldest_pending_seconds": null, "due": 0, "failed_24h": 0 } });
    assert_eq!(found, idle);
    assert!(
        text.contains("watchbell_deliveries_ended{state=\"sent\"} 0"),
        "{text}"
    );

    // Two webhooks are told of a trouble of our own: one does not answer, the other says no for good.
    let mut hooks = Vec::new();
    for name in ["A", "B"] {
        let body = json!({ "name": name, "kind": "webhook", "config": { "url": "https://hooks.example/x" } });
        let draft = ChannelDraft::from_json(body, None).unwrap();
        hooks.push(scene.store.channels().create(&draft).await.unwrap());
    }
    let trouble = Trouble {
        origin: Origin::Zone("wan".into()),
        since: scene.clock.now(),
        reason: Reason::new(ReasonKind::Connect, "Nothing answered."),
    };
    scene.store.troubles().open(&trouble, true).await.unwrap();
    scene.clock.advance(Duration::from_secs(90));
    let (found, text) = scene.told().await;
    let waiting = json!({ "oldest_pending_seconds": 90, "due": 2, "failed_24h": 0 });
    assert_eq!(found["outbox"], waiting);
    assert!(text.contains("watchbell_deliveries_due 2"), "{text}");

    let later = scene.clock.now().plus(Duration::from_mins(5));
    for (hook, next) in hooks.iter().zip([Next::Retry { at: later }, Next::Failed]) {
        let terms = Terms::new(1, Duration::from_mins(1));
        let claimed = scene
            .store
            .outbox()
            .claim(hook.id, &terms)
            .await
            .unwrap()
            .remove(0);
        let attempt = attempt(scene.clock.now());
        assert!(
            scene
                .store
                .outbox()
                .finish(&claimed.lease, &attempt, next)
                .await
                .unwrap()
        );
    }
    let (found, text) = scene.told().await;
    let tried = json!({ "oldest_pending_seconds": 90, "due": 0, "failed_24h": 1 });
    assert_eq!(found["outbox"], tried);
    assert!(
        text.contains("watchbell_deliveries_ended{state=\"failed\"} 1"),
        "{text}"
    );
    scene.clock.advance(Duration::from_hours(25));
    assert!(
        scene
            .told()
            .await
            .1
            .contains("watchbell_deliveries_ended{state=\"failed\"} 0")
    );
}

#[tokio::test]
async fn a_mail_server_that_fails_is_named_while_its_breaker_is_open() {
    let scene = Scene::start().await;
    let settings =
        json!({ "host": "mx.example", "port": 465, "security": "tls", "from": "watch@example.org" });
    let settings = MailSettings::from_json(settings, None).unwrap();
    let mail = scene.store.mail();
    let profile = mail.create(&settings, "ana").await.unwrap();
    let at = scene.clock.now();
    for _ in 0..domain::mail::breaker::MOST_FAILURES {
        let failed = (Outcome::Fails(Fault::Failed), at);
        mail.learn(profile.id, profile.revision, failed, ("no answer", None))
            .await
            .unwrap();
    }
    let (found, text) = scene.told().await;
    assert_eq!(found["mail_breakers_open_since"], json!({ "1": at.to_rfc3339() }));
    assert!(
        text.contains("watchbell_mail_breaker_open{profile=\"1\"} 1"),
        "{text}"
    );

    mail.learn(profile.id, profile.revision, (Outcome::Works, at), ("", None))
        .await
        .unwrap();
    let (found, text) = scene.told().await;
    assert_eq!(found.get("mail_breakers_open_since"), None);
    assert!(
        text.contains("watchbell_mail_breaker_open{profile=\"1\"} 0"),
        "{text}"
    );
}

fn attempt(at: Timestamp) -> domain::delivery::Attempt {
    domain::delivery::Attempt {
        number: 1,
        started_at: at,
        duration: Duration::ZERO,
        profile: None,
        settings_revision: None,
        remote: None,
        server: None,
        step: None,
        tls: None,
        reply_code: None,
        enhanced_code: None,
        reply_text: None,
        verdict: domain::delivery::AttemptVerdict::Refused { reason: "no".into() },
        transcript: None,
        rejection: None,
    }
}
