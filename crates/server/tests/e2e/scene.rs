//! The usual scene: a running Watchbell with an administrator, and the few things that every test sets up.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Api, HttpTarget, Postgres, SmtpServer, Watchbell, WatchbellOptions, WebhookSink, wait_for};

/// Long enough for a busy machine; tests end as soon as what they wait for is there.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Db {
    Sqlite,
    Postgres,
}

pub(crate) struct Scene {
    pub(crate) bell: Watchbell,
    pub(crate) api: Api,
    /// Keeps the database of this scene.
    _postgres: Option<Postgres>,
}

pub(crate) fn options() -> WatchbellOptions {
    WatchbellOptions::new(env!("CARGO_BIN_EXE_watchbell"))
}

impl Scene {
    pub(crate) async fn start(db: Db, vars: &[(&str, &str)]) -> Self {
        let mut options = options();
        for (name, value) in vars {
            options = options.env(name, value);
        }
        let postgres = match db {
            Db::Sqlite => None,
            Db::Postgres => Some(Postgres::start().await),
        };
        if let Some(postgres) = &postgres {
            options = options.database(postgres.url());
        }
        let bell = Watchbell::start(options).await;
        let api = bell.admin().await;
        Self {
            bell,
            api,
            _postgres: postgres,
        }
    }

    pub(crate) async fn set_mail(&self, server: &SmtpServer) -> Value {
        let body = json!({
            "host": "127.0.0.1", "port": server.port(), "security": "none",
            "from": "watch@example.org", "from_name": "Watchbell",
        });
        self.put("/settings/mail", body).await
    }

    /// An email channel to these addresses; gives its id.
    pub(crate) async fn email(&self, to: &[&str]) -> i64 {
        let body = json!({ "name": "Mail", "kind": "email", "config": { "to": to }, "enabled": true });
        self.create("/channels", body).await
    }

    pub(crate) async fn webhook(&self, sink: &WebhookSink) -> i64 {
        let config = json!({ "url": sink.url(), "secret": SIGNING_SECRET });
        self.create(
            "/channels",
            json!({ "name": "Hook", "kind": "webhook", "config": config, "enabled": true }),
        )
        .await
    }

    /// A monitor that is checked every second and decided within two checks.
    pub(crate) async fn watch(&self, target: &HttpTarget, channels: &[i64]) -> i64 {
        let id = self
            .create(
                "/monitors",
                json!({
                    "name": "Shop", "kind": "http", "target": { "url": target.url("/health") },
                    "schedule": { "every": "1s" }, "timeout": "1s", "recheck_every": "200ms",
                    "confirm_after": 2, "channels": channels,
                }),
            )
            .await;
        self.until_status(id, "up").await;
        id
    }

    pub(crate) async fn until_status(&self, monitor: i64, status: &str) {
        let path = format!("/monitors/{monitor}");
        self.api
            .poll(&path, PATIENCE, |m| m["state"]["status"] == status)
            .await;
    }

    pub(crate) async fn deliveries(&self) -> Vec<Value> {
        let (code, body) = self.api.get("/deliveries?limit=500").await;
        assert_eq!(code, 200, "{body}");
        body["items"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until `n` deliveries exist and each is in a final state.
    pub(crate) async fn until_settled(&self, n: usize) -> Vec<Value> {
        wait_for(PATIENCE, &format!("{n} deliveries to be settled"), || async {
            let all = self.deliveries().await;
            let open = |d: &Value| d["state"] == "pending" || d["state"] == "sending";
            (all.len() >= n && !all.iter().any(open)).then_some(all)
        })
        .await
    }

    pub(crate) async fn incidents(&self) -> Vec<Value> {
        let (code, body) = self.api.get("/incidents").await;
        assert_eq!(code, 200, "{body}");
        body["items"].as_array().cloned().unwrap_or_default()
    }

    async fn create(&self, path: &str, body: Value) -> i64 {
        self.api.create(path, body).await["id"].as_i64().expect("an id")
    }

    /// SIGKILL, and the next start on the same directory without the point that it was to die at.
    pub(crate) async fn kill_and_restart(&mut self) {
        self.bell.kill9();
        self.bell.remove_env("WATCHBELL_CRASH_AT");
        self.bell.restart().await;
    }

    /// SIGTERM must end it with exit code 0.
    pub(crate) async fn end(mut self) -> Watchbell {
        let status = self.bell.stop().await;
        assert!(status.success(), "{status}\n{}", self.bell.output());
        self.bell
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        let (code, answer) = self.api.put(path, body).await;
        assert_eq!(code, 200, "{path}: {answer}");
        answer
    }
}
