//! A scheduler over a real database file and real probes, and a second life of it on the same file.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper of tests that cannot do its part must fail the test"
)]

use std::{sync::Arc, time::Duration};

use domain::{
    clock::Clock,
    id::MonitorId,
    monitor::{Monitor, MonitorConfig},
    state::{MonitorState, Status},
};
use probe::Probes;
use scheduler::{Config, Handle, Scheduler};
use serde_json::{Value, json};
use store::{MasterKey, Options, Store};
use testkit::{TempDir, WallClock, temp_dir, wait_for};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) const WITHIN: Duration = Duration::from_secs(10);

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) scheduler: Handle,
    config: Config,
    key: MasterKey,
    dir: TempDir,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl World {
    pub(crate) async fn new() -> Self {
        let config = Config {
            workers: 64,
            per_host: 64,
        };
        Self::with(config).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::begin(config, MasterKey::generate().unwrap(), temp_dir()).await
    }

    async fn begin(config: Config, key: MasterKey, dir: TempDir) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let store = Store::open(Options {
            url: format!("sqlite://{}", dir.path().join("watchbell.db").display()),
            data_dir: dir.path().to_owned(),
            key: key.clone(),
            clock: Arc::clone(&clock),
            message_domain: "watchbell.test".to_owned(),
        });
        let store = store.await.unwrap();
        let policy = egress::Policy::new(Vec::new(), Vec::new());
        let probes = Probes::new(egress::Dialer::new(policy).unwrap(), Arc::clone(&clock));
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let started = Scheduler::start(config, store.clone(), probes, clock, &tracker, stop.clone());
        Self {
            scheduler: started.await.unwrap(),
            store,
            config,
            key,
            dir,
            tracker,
            stop,
        }
    }

    /// Stops everything in order and starts it again on the same file.
    pub(crate) async fn restart(self) -> Self {
        let key = self.key.clone();
        self.restart_with_key(key).await
    }

    pub(crate) async fn restart_with_key(self, key: MasterKey) -> Self {
        self.stop.cancel();
        self.tracker.close();
        let ended = tokio::time::timeout(WITHIN, self.tracker.wait()).await;
        ended.expect("the tasks end after stop");
        self.store.close().await;
        Self::begin(self.config, key, self.dir).await
    }

    /// Creates a monitor and tells the scheduler, as the API does.
    pub(crate) async fn add(&self, config: Value) -> Monitor {
        let config = MonitorConfig::from_json(config, None).unwrap();
        let monitor = self.store.monitors().create(&config).await.unwrap();
        self.scheduler.changed(monitor.id);
        monitor
    }

    pub(crate) async fn edit(&self, monitor: &Monitor, config: Value) {
        let config = MonitorConfig::from_json(config, Some(&monitor.config)).unwrap();
        self.store
            .monitors()
            .update(monitor.id, &config)
            .await
            .unwrap()
            .unwrap();
        self.scheduler.changed(monitor.id);
    }

    pub(crate) async fn state(&self, id: MonitorId) -> MonitorState {
        self.store.monitors().state(id).await.unwrap().unwrap_or_default()
    }

    pub(crate) async fn wait_status(&self, id: MonitorId, status: Status) -> MonitorState {
        wait_for(WITHIN, &format!("status {}", status.as_str()), || async {
            let state = self.state(id).await;
            (state.status() == status).then_some(state)
        })
        .await
    }

    /// Every incident ever, open or resolved.
    pub(crate) async fn incidents(&self) -> usize {
        let filter = store::IncidentFilter {
            limit: 100,
            ..Default::default()
        };
        self.store.incidents().page(&filter).await.unwrap().items.len()
    }
}

/// The body that makes a monitor of this URL; `more` replaces or adds fields.
pub(crate) fn http(url: &str, every: &str, more: Value) -> Value {
    let mut body = json!({
        "name": "Target", "kind": "http", "target": { "url": url }, "schedule": { "every": every },
        "timeout": "5s", "confirm_after": 2, "recheck_every": "300ms", "recover_after": 1,
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}
