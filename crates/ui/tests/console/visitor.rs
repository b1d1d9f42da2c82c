//! The console on a database of its own, and a visitor with cookies, as a browser would be.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{Router, body::Body, extract::ConnectInfo};
use domain::{clock::Clock, mail::Address};
use http::{HeaderMap, Method, Request, StatusCode, header};
use secrecy::SecretString;
use store::{MasterKey, Options, Store, accounts::Password};
use testkit::{FakeClock, TempDir};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

pub(crate) const EMAIL: &str = "me@example.org";
pub(crate) const PASSWORD: &str = "several words in a row";
pub(crate) const SETUP_TOKEN: &str = "sample-setup-token-0123456789";

/// A running console.
pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) dir: TempDir,
    router: Router,
    alert: alert::Alert,
    stop: CancellationToken,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::at("http://127.0.0.1:8380").await
    }

    pub(crate) async fn at(public_url: &str) -> Self {
        Self::with(public_url, egress::Options::default()).await
    }

    /// A console whose names are resolved by this server.
    pub(crate) async fn asking(name_server: SocketAddr) -> Self {
        let options = egress::Options {
            name_servers: Some(vec![name_server]),
            ..egress::Options::default()
        };
        Self::with("http://127.0.0.1:8380", options).await
    }

    async fn with(public_url: &str, options: egress::Options) -> Self {
        let dir = testkit::temp_dir();
        let clock = Arc::new(FakeClock::new());
        let store = Store::open(Options {
            url: format!("sqlite://{}", dir.path().join("watchbell.db").display()),
            data_dir: dir.path().to_owned(),
            key: MasterKey::generate().unwrap(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            message_domain: "watch.example".to_owned(),
        })
        .await
        .unwrap();
        let policy = egress::Policy::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new());
        let dialer = egress::Dialer::with_options(policy, options).unwrap();
        let stop = CancellationToken::new();
        let probes = probe::Probes::new(dialer.clone(), Arc::clone(&clock) as Arc<dyn Clock>);
        let scheduler = scheduler::Scheduler::start(
            scheduler::Config {
                workers: 2,
                per_host: 1,
            },
            store.clone(),
            probes,
            Arc::clone(&clock) as Arc<dyn Clock>,
            &TaskTracker::new(),
            stop.clone(),
        )
        .await
        .unwrap();
        let public_url: url::Url = public_url.parse().unwrap();
        let alert = alert::Alert::new(
            store.clone(),
            dialer,
            Arc::clone(&clock) as Arc<dyn Clock>,
            public_url.clone(),
        )
        .unwrap();
        let router = ui::router(ui::State {
            store: store.clone(),
            scheduler,
            alert: alert.clone(),
            public_url,
            trusted_proxies: Vec::new(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            data_dir: dir.path().to_owned(),
        });
        Self {
            store,
            clock,
            dir,
            router,
            alert,
            stop,
        }
    }

    /// Starts what goes on in the background: messages are sent, decisions at providers asked for.
    pub(crate) fn work(&self) {
        self.alert
            .start_dispatcher(&TaskTracker::new(), self.stop.clone());
    }

    pub(crate) fn visitor(&self) -> Visitor {
        Visitor {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
            headers: HeaderMap::new(),
            peer: "192.0.2.7:40000".parse().unwrap(),
            token: String::new(),
        }
    }

    pub(crate) async fn with_admin(&self) {
        let password = Password::parse("password", PASSWORD).unwrap();
        self.store
            .accounts()
            .upsert_admin(&Address::parse("email", EMAIL).unwrap(), &password)
            .await
            .unwrap();
    }

    pub(crate) async fn with_setup_token(&self) {
        self.store
            .accounts()
            .set_setup_token(&SecretString::from(SETUP_TOKEN))
            .await
            .unwrap();
    }

    /// A visitor who is signed in; makes the administrator first.
    pub(crate) async fn admin(&self) -> Visitor {
        self.with_admin().await;
        let mut visitor = self.visitor();
        visitor.get("/login").await;
        let answer = visitor
            .post("/login", &[("email", EMAIL), ("password", PASSWORD)])
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        visitor.get("/").await;
        visitor
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Keeps cookies and the form token of the last page.
#[derive(Clone)]
pub(crate) struct Visitor {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub(crate) headers: HeaderMap,
    pub(crate) peer: SocketAddr,
    pub(crate) token: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |l| l.to_str().unwrap())
    }

    /// The page of an error without the id of its request: what is left must tell nothing apart.
    pub(crate) fn without_its_id(&self) -> String {
        let (before, after) = self.body.split_once("<code>").unwrap();
        format!("{before}{}", after.split_once("</code>").unwrap().1)
    }

    pub(crate) fn sets_no_cookie(&self) {
        assert!(
            !self.headers.contains_key(header::SET_COOKIE),
            "{:?}",
            self.headers
        );
    }
}

impl Visitor {
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Sends a form with the token of the last page.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token.clone();
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        self.post_bare(path, &all).await
    }

    /// Sends exactly these fields.
    pub(crate) async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, form: Option<String>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !self.headers.contains_key(header::HOST) {
            request = request.header(header::HOST, "127.0.0.1:8380");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let mut request = request.body(form.map_or_else(Body::empty, Body::from)).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        self.remember(&parts.headers, &body);
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    fn remember(&mut self, headers: &HeaderMap, body: &str) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                let value = rest.split(';').next().unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some((_, rest)) = body.split_once("name=\"csrf\" value=\"") {
            rest.split('"').next().unwrap().clone_into(&mut self.token);
        }
    }
}

/// A monitor of a port that nobody checks in the course of a test.
pub(crate) async fn monitor(scene: &Scene, changes: serde_json::Value) -> domain::id::MonitorId {
    let mut body = serde_json::json!({
        "name": "Shop", "kind": "tcp", "target": {"host": "shop.example", "port": 443}, "schedule": {"every": "1h"},
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    let config = domain::monitor::MonitorConfig::from_json(body, None).unwrap();
    scene.store.monitors().create(&config).await.unwrap().id
}
