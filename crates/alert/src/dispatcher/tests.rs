//! What only channels of our own making can do: panic, hang for ever, answer with any classification.

use std::{
    future::pending,
    time::{SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use domain::{
    channel::ChannelDraft,
    delivery::{Attempt, AttemptVerdict, DeliveryState, Notice},
    id::DeliveryId,
    monitor::{Monitor, MonitorConfig},
    outcome::{Evidence, Outcome, Phases, Reason, ReasonKind, Verdict},
    state::{MonitorState, advance},
};
use serde_json::json;
use store::{
    MasterKey, Options, Recorded,
    outbox::{Delivery, DeliveryFilter, Terms},
};
use tempfile::TempDir;

use super::*;
use crate::channel::{Receipt, Retry, SendError, Trace};

struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "a test of real waiting")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_millis(since.as_millis() as i64)
    }
}

/// What the URL of a channel makes it do.
struct Puppet(String);

#[async_trait]
impl Channel for Puppet {
    async fn send(&self, _: &Notice) -> Result<Receipt, SendError> {
        match self.0.as_str() {
            "/panic" => panic!("a defect of a channel"),
            "/hang" => pending().await,
            "/settings" => Err(SendError::new(Retry::OnSettings, "no", Trace::default())),
            _ => Ok(Receipt::default()),
        }
    }
}

struct Scene {
    store: Store,
    clock: Arc<dyn Clock>,
    _dir: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(Wall);
        let store = Store::open(Options {
            url: format!("sqlite://{}", dir.path().join("watchbell.db").display()),
            data_dir: dir.path().to_owned(),
            key: MasterKey::generate().unwrap(),
            clock: Arc::clone(&clock),
            message_domain: "watch.example".into(),
        });
        Self {
            store: store.await.unwrap(),
            clock,
            _dir: dir,
        }
    }

    fn open() -> Open {
        Arc::new(|config, _, _| match config {
            ChannelConfig::Webhook(webhook) => {
                let url = secrecy::ExposeSecret::expose_secret(&webhook.url);
                assert!(!url.ends_with("/unbuildable"), "a defect in building a channel");
                Box::new(Puppet(url::Url::parse(url).unwrap().path().to_owned()))
            }
            ChannelConfig::Email(_) | ChannelConfig::Service(_) => Box::new(Puppet(String::new())),
        })
    }

    fn routes(&self) -> Arc<Routes> {
        Arc::new(Routes::new(self.store.clone(), Arc::clone(&self.clock)))
    }

    async fn channel(&self, path: &str) -> ChannelId {
        let body = json!({"name": path, "kind": "webhook", "config": {"url": format!("http://hook.example/{path}")}});
        let draft = ChannelDraft::from_json(body, None).unwrap();
        self.store.channels().create(&draft).await.unwrap().id
    }

    /// A monitor that goes down.
    async fn outage(&self, name: &str, channels: &[ChannelId]) -> Monitor {
        let channels: Vec<i64> = channels.iter().map(|c| c.0).collect();
        let config = MonitorConfig::from_json(
            json!({
                "name": name, "kind": "tcp", "target": {"host": "db.example", "port": 5432},
                "schedule": {"every": "30s"}, "confirm_after": 1, "channels": channels,
            }),
            None,
        );
        let monitor = self.store.monitors().create(&config.unwrap()).await.unwrap();
        let outcome = Outcome {
            at: self.clock.now(),
            verdict: Verdict::Down(Reason::new(ReasonKind::Connect, "Connection refused.")),
            phases: Phases::default(),
            evidence: Box::new(Evidence::default()),
        };
        let (state, transition) = advance(MonitorState::default(), &outcome, monitor.config.thresholds);
        let recorded = Recorded {
            monitor: monitor.id,
            revision: monitor.revision,
            outcome,
            state,
            transitions: transition.into_iter().collect(),
        };
        self.store.record(recorded).await.unwrap();
        monitor
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let filter = DeliveryFilter {
            limit: 500,
            ..DeliveryFilter::default()
        };
        self.store.outbox().page(&filter).await.unwrap().items
    }

    async fn attempts(&self, id: DeliveryId) -> Vec<Attempt> {
        self.store.outbox().get(id).await.unwrap().unwrap().1
    }

    /// Waits until the delivery of this channel is as wanted.
    async fn wait(&self, channel: ChannelId, wanted: impl Fn(&Delivery) -> bool) -> Delivery {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let found = self.deliveries().await;
            if let Some(d) = found.into_iter().find(|d| d.channel == channel && wanted(d)) {
                return d;
            }
            assert!(
                Instant::now() < deadline,
                "waited in vain: {:#?}",
                self.deliveries().await
            );
            sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn a_panic_is_our_fault_and_stays_in_its_channel() {
    let scene = Scene::new().await;
    let mut channels = Vec::new();
    for path in ["panic", "unbuildable", "fine"] {
        channels.push(scene.channel(path).await);
    }
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    start(
        scene.store.clone(),
        Scene::open(),
        scene.routes(),
        Arc::clone(&scene.clock),
        &tracker,
        stop.clone(),
    );
    let begun = Instant::now();
    scene.outage("Shop", &channels).await;
    scene.wait(channels[2], |d| d.state == DeliveryState::Sent).await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    for channel in &channels[..2] {
        let row = scene
            .wait(*channel, |d| d.state == DeliveryState::Pending && d.attempts == 1)
            .await;
        let attempts = scene.attempts(row.id).await;
        let AttemptVerdict::Deferred { reason } = &attempts[0].verdict else {
            panic!("{attempts:#?}");
        };
        assert!(reason.contains("defect of Watchbell itself"), "{reason}");
        assert!(row.next_attempt_at.unwrap() > scene.clock.now());
    }
    stop.cancel();
    tracker.close();
    tracker.wait().await;
}

#[tokio::test]
async fn what_waits_for_settings_goes_out_when_they_are_saved() {
    let scene = Scene::new().await;
    let channel = scene.channel("settings").await;
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let handle = start(
        scene.store.clone(),
        Scene::open(),
        scene.routes(),
        Arc::clone(&scene.clock),
        &tracker,
        stop.clone(),
    );
    scene.outage("Shop", &[channel]).await;
    let row = scene.wait(channel, |d| d.waiting).await;
    assert_eq!((row.state, row.next_attempt_at), (DeliveryState::Pending, None));
    let attempts = scene.attempts(row.id).await;
    assert_eq!(
        attempts[0].verdict,
        AttemptVerdict::Waiting { reason: "no".into() }
    );

    let body = json!({"name": "fine", "kind": "webhook", "config": {"url": "http://hook.example/fine"}});
    let draft = ChannelDraft::from_json(body, None).unwrap();
    scene.store.channels().update(channel, &draft).await.unwrap();
    scene.wait(channel, |d| d.state == DeliveryState::Sent).await;
    stop.cancel();
    tracker.close();
    tracker.wait().await;
    assert_eq!(handle.health().in_flight, 0);
}

#[tokio::test]
async fn a_send_that_is_cut_off_at_the_stop_is_due_again() {
    let scene = Scene::new().await;
    let channel = scene.channel("hang").await;
    scene.outage("Shop", &[channel]).await;
    let claimed = scene
        .store
        .outbox()
        .claim(channel, &Terms::new(1, Duration::from_mins(10)))
        .await
        .unwrap();
    let deliverer = Deliverer::new(
        scene.store.clone(),
        Scene::open(),
        scene.routes(),
        Arc::clone(&scene.clock),
    );
    let parcel = parcel::Parcel::from(claimed[0].clone());
    let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
    let place = Arc::new(tokio::sync::Semaphore::new(1))
        .try_acquire_owned()
        .unwrap();
    let batch = Batch::single();
    let sending = deliverer.deliver(&parcel, &batch, place, (&stop, &cut));
    let watch = async {
        while deliverer.in_flight() == 0 {
            tokio::task::yield_now().await;
        }
        cut.cancel();
    };
    tokio::join!(sending, watch);
    let row = scene.deliveries().await.remove(0);
    assert_eq!((row.state, row.attempts), (DeliveryState::Pending, 1));
    assert!(row.next_attempt_at.unwrap() <= scene.clock.now());
}
