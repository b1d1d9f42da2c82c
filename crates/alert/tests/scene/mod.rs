//! A store on a temporary database, an [`Alert`] over it, and monitors that go down and up on command.
#![expect(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses a part of it; a scene that cannot be set fails at once"
)]

use std::{sync::Arc, time::Duration};

use alert::{Alert, DispatcherHandle};
use domain::{
    channel::{Channel, ChannelDraft},
    clock::Clock,
    delivery::{Attempt, DeliveryState},
    id::{ChannelId, DeliveryId},
    monitor::{Monitor, MonitorConfig},
    outcome::{Evidence, Outcome, Phases, Reason, ReasonKind, Verdict},
    state::{MonitorState, Transition, advance},
};
use egress::{Dialer, Policy};
use parking_lot::Mutex;
use serde_json::{Value, json};
use store::{
    MasterKey, Options, Record, Recorded, Store,
    outbox::{Backlog, Delivery, DeliveryFilter},
};
use testkit::{TempDir, temp_dir, wait_for};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

pub(crate) const SOON: Duration = Duration::from_secs(10);
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) alert: Alert,
    states: Mutex<std::collections::HashMap<i64, MonitorState>>,
    dir: TempDir,
    key: MasterKey,
}

/// A dispatcher at work.
pub(crate) struct Running {
    pub(crate) handle: DispatcherHandle,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Running {
    /// Returns how long it took.
    pub(crate) async fn stop(self) -> Duration {
        let begun = std::time::Instant::now();
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        begun.elapsed()
    }
}

impl Scene {
    pub(crate) async fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_policy(clock, Policy::default()).await
    }

    pub(crate) async fn with_policy(clock: Arc<dyn Clock>, policy: Policy) -> Self {
        let (dir, key) = (temp_dir(), MasterKey::generate().unwrap());
        let store = open(&dir, &key, &clock).await;
        let alert = alert(&store, &clock, policy);
        Self {
            store,
            clock,
            alert,
            states: Mutex::default(),
            dir,
            key,
        }
    }

    /// As after a kill: another store and another dispatcher over the same files.
    pub(crate) async fn again(&self) -> Self {
        let store = open(&self.dir, &self.key, &self.clock).await;
        let alert = alert(&store, &self.clock, Policy::default());
        Self {
            store,
            alert,
            clock: Arc::clone(&self.clock),
            states: Mutex::new(self.states.lock().clone()),
            dir: temp_dir(),
            key: self.key.clone(),
        }
    }

    /// Neither in the database nor beside it.
    pub(crate) fn assert_not_on_disk(&self, canary: &testkit::Canary) {
        canary.assert_absent_below(self.dir.path());
    }

    pub(crate) fn start(&self) -> Running {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        Running {
            handle: self.alert.start_dispatcher(&tracker, stop.clone()),
            tracker,
            stop,
        }
    }

    pub(crate) async fn webhook(&self, name: &str, url: &str) -> ChannelId {
        self.channel(json!({"name": name, "kind": "webhook", "config": {"url": url, "secret": SECRET}}))
            .await
            .id
    }

    pub(crate) async fn channel(&self, body: Value) -> Channel {
        let draft = ChannelDraft::from_json(body, None).unwrap();
        self.store.channels().create(&draft).await.unwrap()
    }

    pub(crate) async fn update(&self, id: ChannelId, body: Value) {
        let draft = ChannelDraft::from_json(body, None).unwrap();
        self.store.channels().update(id, &draft).await.unwrap().unwrap();
    }

    pub(crate) async fn monitor(&self, name: &str, channels: &[ChannelId]) -> Monitor {
        let channels: Vec<i64> = channels.iter().map(|c| c.0).collect();
        let config = MonitorConfig::from_json(
            json!({
                "name": name, "kind": "http", "target": {"url": "https://shop.example/health"},
                "schedule": {"every": "30s"}, "confirm_after": 1, "channels": channels,
            }),
            None,
        );
        self.store.monitors().create(&config.unwrap()).await.unwrap()
    }

    pub(crate) async fn down(&self, monitor: &Monitor) {
        let reason = Reason::new(ReasonKind::Status, "The answer was 503.");
        self.outcome(monitor, Verdict::Down(reason)).await;
    }

    pub(crate) async fn up(&self, monitor: &Monitor) {
        self.outcome(monitor, Verdict::Up).await;
    }

    pub(crate) async fn outcome(&self, monitor: &Monitor, verdict: Verdict) {
        let outcome = Outcome {
            at: self.clock.now(),
            verdict,
            phases: Phases::default(),
            evidence: Box::new(Evidence::default()),
        };
        let before = self.states.lock().get(&monitor.id.0).cloned().unwrap_or_default();
        let (state, transition) = advance(before, &outcome, monitor.config.thresholds);
        self.states.lock().insert(monitor.id.0, state.clone());
        let expected = transition.is_some();
        assert!(matches!(
            transition,
            None | Some(Transition::Opened { .. } | Transition::Resolved { .. })
        ));
        let recorded = Recorded {
            monitor: monitor.id,
            revision: monitor.revision,
            outcome,
            state,
            transitions: transition.into_iter().collect(),
        };
        let record = self.store.record(recorded).await.unwrap();
        assert!(matches!(record, Record::Stored { ref incidents, .. } if incidents.is_empty() != expected));
    }

    /// Oldest first.
    pub(crate) async fn deliveries(&self) -> Vec<Delivery> {
        let filter = DeliveryFilter {
            limit: 500,
            ..DeliveryFilter::default()
        };
        let mut items = self.store.outbox().page(&filter).await.unwrap().items;
        items.reverse();
        items
    }

    pub(crate) async fn attempts(&self, id: DeliveryId) -> Vec<Attempt> {
        self.store.outbox().get(id).await.unwrap().unwrap().1
    }

    pub(crate) async fn backlog(&self) -> Backlog {
        self.store.outbox().backlog().await.unwrap()
    }

    /// Waits until `n` deliveries are in this state.
    pub(crate) async fn wait_state(&self, n: usize, state: DeliveryState) -> Vec<Delivery> {
        wait_for(SOON, &format!("{n} deliveries {state}"), async || {
            let mut found = self.deliveries().await;
            found.retain(|d| d.state == state);
            (found.len() >= n).then_some(found)
        })
        .await
    }

    /// Waits until every delivery has been tried this often and none is being sent.
    pub(crate) async fn wait_attempts(&self, attempts: u32) -> Vec<Delivery> {
        wait_for(SOON, &format!("{attempts} attempts each"), async || {
            let found = self.deliveries().await;
            let done = |d: &Delivery| d.attempts == attempts && d.state != DeliveryState::Sending;
            (!found.is_empty() && found.iter().all(done)).then_some(found)
        })
        .await
    }
}

async fn open(dir: &TempDir, key: &MasterKey, clock: &Arc<dyn Clock>) -> Store {
    let options = Options {
        url: format!("sqlite://{}", dir.path().join("watchbell.db").display()),
        data_dir: dir.path().to_owned(),
        key: key.clone(),
        clock: Arc::clone(clock),
        message_domain: "watch.example".into(),
    };
    Store::open(options).await.unwrap()
}

fn alert(store: &Store, clock: &Arc<dyn Clock>, policy: Policy) -> Alert {
    Alert::new(
        store.clone(),
        Dialer::new(policy).unwrap(),
        Arc::clone(clock),
        Url::parse("https://watch.example").unwrap(),
    )
    .unwrap()
}
