//! The router over a real store, scheduler and alert, and a caller who checks each answer against the document.

use std::sync::Arc;

use axum::{Router, body::Body};
use domain::{
    clock::{Clock, Timestamp},
    mail::Address,
    monitor::MonitorConfig,
};
use http::{HeaderMap, Method, Request, StatusCode, header::AUTHORIZATION};
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store::{
    MasterKey, Options, Store,
    accounts::{Password, Scope},
};
use testkit::{TempDir, WallClock};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::schema::Document;

pub(crate) struct Api {
    router: Router,
    pub(crate) store: Store,
    pub(crate) document: Document,
    pub(crate) write: String,
    pub(crate) read: String,
    pub(crate) push: String,
    pub(crate) user: domain::id::UserId,
    stop: CancellationToken,
    _dir: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Drop for Api {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::with(egress::Options::default()).await
    }

    /// An API whose names are resolved by this server.
    pub(crate) async fn asking(name_server: std::net::SocketAddr) -> Self {
        Self::with(egress::Options {
            name_servers: Some(vec![name_server]),
            ..egress::Options::default()
        })
        .await
    }

    async fn with(options: egress::Options) -> Self {
        let dir = testkit::temp_dir();
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let store = Store::open(Options {
            url: format!("sqlite://{}", dir.path().join("watchbell.db").display()),
            data_dir: dir.path().to_owned(),
            key: MasterKey::generate().unwrap(),
            clock: Arc::clone(&clock),
            message_domain: "watchbell.test".into(),
        })
        .await
        .unwrap();
        let policy = egress::Policy::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new());
        let dialer = egress::Dialer::with_options(policy, options).unwrap();
        let public_url: url::Url = "http://watch.test/".parse().unwrap();
        let alert = alert::Alert::new(
            store.clone(),
            dialer.clone(),
            Arc::clone(&clock),
            public_url.clone(),
        )
        .unwrap();
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let scheduler = scheduler::Scheduler::start(
            scheduler::Config {
                workers: 4,
                per_host: 2,
            },
            store.clone(),
            probe::Probes::new(dialer, Arc::clone(&clock)),
            clock,
            &tracker,
            stop.clone(),
        )
        .await
        .unwrap();
        let accounts = store.accounts();
        let email = Address::parse("email", "ops@example.org").unwrap();
        let password = Password::parse("password", "correct horse battery").unwrap();
        let user = accounts.create_first_admin(&email, &password).await.unwrap().id;
        let mut tokens = Vec::new();
        for scope in [Scope::Write, Scope::Read, Scope::Push] {
            let token = accounts
                .create_token(user, scope.as_str(), scope, None)
                .await
                .unwrap();
            tokens.push(token.expose_secret().to_owned());
        }
        let [write, read, push] = <[String; 3]>::try_from(tokens).unwrap();
        let router = Router::new().nest(
            "/api/v1",
            api::router(api::State {
                store: store.clone(),
                scheduler,
                alert,
                public_url,
            }),
        );
        let document = Document::new(plain(&router, "/openapi.json").await);
        Self {
            router,
            store,
            document,
            write,
            read,
            push,
            user,
            stop,
            _dir: dir,
        }
    }

    /// Sends any request; `path` is below `/api/v1`.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let answer = answer(&self.router, request).await;
        let path = path.strip_prefix("/api/v1").unwrap();
        self.document
            .check(&method, path, answer.status, &answer.headers, &answer.body);
        answer
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        self.send(request(method, path, token, body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, Some(&self.read), None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(&self.write), Some(body)).await
    }

    /// A POST without a body.
    pub(crate) async fn act(&self, path: &str) -> Answer {
        self.call(Method::POST, path, Some(&self.write), None).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(&self.write), Some(body))
            .await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(&self.write), Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, Some(&self.write), None).await
    }

    /// Creates a monitor that is not checked by itself (paused) and gives its id.
    pub(crate) async fn monitor(&self, name: &str) -> i64 {
        let answer = self.post("/monitors", paused(name)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.body["id"].as_i64().unwrap()
    }
}

/// A monitor of a port of this machine that nothing checks until it is resumed.
pub(crate) fn paused(name: &str) -> Value {
    let mut body = tcp(name);
    body["enabled"] = json!(false);
    body
}

pub(crate) fn tcp(name: &str) -> Value {
    let body = json!({
        "name": name,
        "kind": "tcp",
        "target": {"host": "127.0.0.1", "port": 9},
        "schedule": {"every": "1h"},
        "confirm_after": 1,
    });
    assert!(MonitorConfig::from_json(body.clone(), None).is_ok());
    body
}

pub(crate) fn request(method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = match body {
        Some(value) => {
            request = request.header("content-type", "application/json");
            Body::from(value.to_string())
        }
        None => Body::empty(),
    };
    request.body(body).unwrap()
}

async fn plain(router: &Router, path: &str) -> Value {
    let answer = answer(router, request(Method::GET, path, None, None)).await;
    assert_eq!(answer.status, 200);
    answer.body
}

async fn answer(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let media_type = parts
        .headers
        .get("content-type")
        .map_or("", |v| v.to_str().unwrap());
    let body = if text.is_empty() {
        Value::Null
    } else if media_type.starts_with("text/") {
        Value::String(text.clone())
    } else {
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("not JSON: {e}: {text}"))
    };
    Answer {
        status: parts.status,
        headers: parts.headers,
        text,
        body,
    }
}

/// The fields that a 422 names.
pub(crate) fn fields(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array();
    errors
        .map(|e| e.iter().filter_map(|e| e["field"].as_str()).collect())
        .unwrap_or_default()
}

pub(crate) fn is_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    // RFC 3339 in UTC with milliseconds.
    text.len() == "2026-01-31T12:00:00.000Z".len()
        && text.ends_with('Z')
        && Timestamp::parse_rfc3339(text).is_some()
}
