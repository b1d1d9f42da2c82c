//! A store on an empty database, and what every test says with few words.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use domain::{
    channel::{Channel, ChannelDraft},
    clock::{Clock, Timestamp},
    delivery::{Attempt, AttemptVerdict, DeliveryState, Event},
    id::{ChannelId, DeliveryId, IncidentId, MonitorId},
    monitor::{Monitor, MonitorConfig},
    outcome::{Evidence, Outcome, Phases, Reason, ReasonKind, Verdict},
    policy::{Policy, PolicyConfig},
    state::{Known, MonitorState, Transition},
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use store::{
    MasterKey, Options, Record, Recorded, Store, StoreError,
    outbox::{Claimed, Next, Terms},
};
use testkit::{FakeClock, Postgres, TempDir};

pub(crate) const LEASE: Duration = Duration::from_mins(10);

/// Makes two tests of one body.
macro_rules! both {
    ($(async fn $name:ident($db:ident: $type:ty) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($db: $type) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                body(<$type>::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                body(<$type>::postgres().await).await;
            }
        }
    )+};
}
pub(crate) use both;

pub(crate) struct Db {
    pub(crate) store: Store,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) dir: TempDir,
    pub(crate) key: MasterKey,
    url: String,
    /// Keeps the server's database alive.
    _postgres: Option<Postgres>,
}

impl Db {
    pub(crate) async fn sqlite() -> Self {
        let dir = testkit::temp_dir();
        let url = format!("sqlite://{}", dir.path().join("watchbell.db").display());
        Self::new(dir, url, None).await
    }

    pub(crate) async fn postgres() -> Self {
        let postgres = Postgres::start().await;
        let url = postgres.url().to_owned();
        Self::new(testkit::temp_dir(), url, Some(postgres)).await
    }

    async fn new(dir: TempDir, url: String, postgres: Option<Postgres>) -> Self {
        let clock = Arc::new(FakeClock::new());
        let key = MasterKey::generate().unwrap();
        let store = Store::open(options(&url, &dir, key.clone(), clock.clone()))
            .await
            .unwrap();
        Self {
            store,
            clock,
            dir,
            key,
            url,
            _postgres: postgres,
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// As after a restart of the process.
    pub(crate) async fn reopen(&mut self) {
        self.store.close().await;
        self.store = self.open_with(self.key.clone()).await.unwrap();
    }

    pub(crate) async fn open_with(&self, key: MasterKey) -> Result<Store, StoreError> {
        Store::open(options(&self.url, &self.dir, key, self.clock.clone())).await
    }

    /// As somebody with a database client.
    pub(crate) async fn sql(&self, sql: &str) {
        let db = sea_orm::Database::connect(&self.url).await.unwrap();
        db.execute_unprepared(sql).await.unwrap();
        db.close().await.unwrap();
    }

    /// One connection of its own.
    pub(crate) async fn connect(&self) -> sea_orm::DatabaseConnection {
        let mut options = sea_orm::ConnectOptions::new(&self.url);
        options.max_connections(1);
        sea_orm::Database::connect(options).await.unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub(crate) async fn mail_channel(&self, to: &[&str]) -> Channel {
        self.channel(json!({"name": "Mail", "kind": "email", "config": {"to": to}}))
            .await
    }

    pub(crate) async fn webhook(&self, url: &str) -> Channel {
        self.channel(json!({"name": "Hook", "kind": "webhook", "config": {"url": url}}))
            .await
    }

    pub(crate) async fn channel(&self, body: Value) -> Channel {
        self.store.channels().create(&channel_draft(body)).await.unwrap()
    }

    pub(crate) async fn monitor(&self, channels: &[&Channel]) -> Monitor {
        let ids: Vec<i64> = channels.iter().map(|c| c.id.0).collect();
        self.monitor_with(json!({"channels": ids})).await
    }

    /// A monitor whose body is the usual one with `changes`.
    pub(crate) async fn monitor_with(&self, changes: Value) -> Monitor {
        self.store.monitors().create(&config(changes)).await.unwrap()
    }

    pub(crate) async fn go_down(&self, monitor: &Monitor) -> Record {
        let reason = Reason::new(ReasonKind::Connect, "Connection refused.");
        let at = self.now();
        let recorded = Recorded {
            monitor: monitor.id,
            revision: monitor.revision,
            outcome: outcome(at, Verdict::Down(reason.clone())),
            state: MonitorState {
                known: Known::Down {
                    since: at,
                    reason: reason.clone(),
                    successes: 0,
                },
                ..MonitorState::default()
            },
            transitions: vec![Transition::Opened {
                kind: domain::incident::IncidentKind::Down,
                since: at,
                reason,
            }],
        };
        self.store.record(recorded).await.unwrap()
    }

    /// It is up, and something else than an outage begins.
    pub(crate) async fn worry(&self, monitor: &Monitor, kind: domain::incident::IncidentKind) -> Record {
        let opened = Transition::Opened {
            kind,
            since: self.now(),
            reason: Reason::new(ReasonKind::Certificate, "It expires in 6 days."),
        };
        self.record_up(monitor, opened).await
    }

    pub(crate) async fn come_up(&self, monitor: &Monitor) -> Record {
        self.relieve(monitor, domain::incident::IncidentKind::Down).await
    }

    /// It is up, and this is over.
    pub(crate) async fn relieve(&self, monitor: &Monitor, kind: domain::incident::IncidentKind) -> Record {
        let at = self.now();
        let over = Transition::Resolved { kind, since: at, at };
        self.record_up(monitor, over).await
    }

    async fn record_up(&self, monitor: &Monitor, transition: Transition) -> Record {
        let at = self.now();
        let recorded = Recorded {
            monitor: monitor.id,
            revision: monitor.revision,
            outcome: outcome(at, Verdict::Up),
            state: MonitorState {
                known: Known::Up {
                    since: at,
                    failing: None,
                },
                ..MonitorState::default()
            },
            transitions: vec![transition],
        };
        self.store.record(recorded).await.unwrap()
    }

    pub(crate) async fn policy(&self, body: Value) -> Policy {
        let config = PolicyConfig::from_json(body).unwrap();
        self.store.policies().create(&config).await.unwrap()
    }

    /// What is due now is planned and delivered; the events that this channel was told, in order.
    pub(crate) async fn told(&self, channel: &Channel) -> Vec<Event> {
        self.due().await;
        let mut told = Vec::new();
        for claimed in self.claim(channel).await {
            told.push(claimed.notice.event);
            assert!(self.finish(&claimed, Next::Sent).await);
        }
        told
    }

    pub(crate) async fn incident(&self, id: IncidentId) -> domain::incident::Incident {
        self.store.incidents().get(id).await.unwrap().unwrap().incident
    }

    pub(crate) async fn claim(&self, channel: &Channel) -> Vec<Claimed> {
        self.store
            .outbox()
            .claim(channel.id, &Terms::new(100, LEASE))
            .await
            .unwrap()
    }

    pub(crate) async fn claim_one(&self, channel: &Channel) -> Claimed {
        let mut claimed = self.claim(channel).await;
        assert_eq!(claimed.len(), 1, "exactly one row is due");
        claimed.remove(0)
    }

    pub(crate) async fn due(&self) -> Vec<ChannelId> {
        self.store.outbox().due_channels(self.now()).await.unwrap()
    }

    pub(crate) async fn state(&self, id: DeliveryId) -> DeliveryState {
        self.store.outbox().get(id).await.unwrap().unwrap().0.state
    }

    pub(crate) async fn finish(&self, claimed: &Claimed, next: Next) -> bool {
        let attempt = attempt(self.now(), claimed.attempt, next);
        self.store
            .outbox()
            .finish(&claimed.lease, &attempt, next)
            .await
            .unwrap()
    }
}

fn options(url: &str, dir: &TempDir, key: MasterKey, clock: Arc<FakeClock>) -> Options {
    Options {
        url: url.to_owned(),
        data_dir: dir.path().to_owned(),
        key,
        clock,
        message_domain: "watchbell.test".into(),
    }
}

pub(crate) fn config(changes: Value) -> MonitorConfig {
    let mut body = json!({
        "name": "Shop", "kind": "tcp", "target": {"host": "shop.example", "port": 443},
        "schedule": {"every": "30s"}, "timeout": "5s",
    });
    for (k, v) in changes.as_object().unwrap() {
        body[k] = v.clone();
    }
    MonitorConfig::from_json(body, None).unwrap()
}

pub(crate) fn channel_draft(body: Value) -> ChannelDraft {
    ChannelDraft::from_json(body, None).unwrap()
}

pub(crate) fn outcome(at: Timestamp, verdict: Verdict) -> Outcome {
    Outcome {
        at,
        verdict,
        phases: Phases {
            connect: Some(Duration::from_millis(3)),
            total: Duration::from_millis(4),
            ..Phases::default()
        },
        evidence: Box::new(Evidence::default()),
    }
}

pub(crate) fn attempt(at: Timestamp, number: u32, next: Next) -> Attempt {
    let reason = "451 greylisted".to_owned();
    Attempt {
        number,
        started_at: at,
        duration: Duration::from_millis(120),
        profile: None,
        settings_revision: None,
        remote: Some(SocketAddr::from(([127, 0, 0, 1], 2525))),
        server: Some("mx.example:25".into()),
        step: Some("reply".into()),
        tls: None,
        reply_code: Some(250),
        enhanced_code: None,
        reply_text: Some("2.0.0 Ok: queued as 4711".into()),
        verdict: match next {
            Next::Sent => AttemptVerdict::Accepted {
                reference: Some("4711".into()),
            },
            Next::Retry { .. } => AttemptVerdict::Deferred { reason },
            Next::Wait => AttemptVerdict::Waiting { reason },
            Next::Failed => AttemptVerdict::Refused { reason },
        },
        transcript: None,
        rejection: None,
    }
}

pub(crate) fn incident_of(record: Record) -> IncidentId {
    match record {
        Record::Stored { incidents, .. } if incidents.len() == 1 => incidents[0],
        other => panic!("not one incident in {other:?}"),
    }
}

pub(crate) fn ids<'a>(monitors: impl IntoIterator<Item = &'a Monitor>) -> Vec<MonitorId> {
    monitors.into_iter().map(|m| m.id).collect()
}
