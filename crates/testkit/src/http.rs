//! An HTTP/1.1 server that answers what a test wants, in the way that a test wants, and counts who asked.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

use crate::{
    door::Door,
    tls::{self, Certificate},
    wait::wait_until,
};

mod reply;
mod request;
mod serve;

pub use reply::Reply;
pub use request::Request;

/// A site to be watched.
pub struct HttpTarget {
    door: Door,
    shared: Arc<Shared>,
    scheme: &'static str,
}

#[derive(Default)]
struct Shared {
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    answers: Mutex<Answers>,
    requests: Mutex<Vec<Request>>,
}

#[derive(Default)]
struct Answers {
    /// Used up one by one, before everything else.
    next: VecDeque<Reply>,
    next_by_path: HashMap<String, VecDeque<Reply>>,
    by_path: HashMap<String, Reply>,
    usual: Reply,
}

impl Answers {
    fn choose(&mut self, path: &str) -> Reply {
        let path = path.split('?').next().unwrap_or_default();
        let by_path = &self.by_path;
        let next_here = self.next_by_path.get_mut(path);
        self.next
            .pop_front()
            .or_else(|| next_here?.pop_front())
            .or_else(|| by_path.get(path).cloned())
            .unwrap_or_else(|| self.usual.clone())
    }
}

impl HttpTarget {
    /// Answers everything with 200 and `ok`.
    pub async fn start() -> Self {
        Self::open(None).await
    }

    /// The same over TLS; [`tls::ca_pem`] vouches for [`Certificate::Good`].
    pub async fn start_tls(certificate: Certificate) -> Self {
        Self::open(Some(certificate)).await
    }

    #[expect(
        clippy::unused_async,
        reason = "says at the call that it needs a runtime, like its siblings"
    )]
    async fn open(certificate: Option<Certificate>) -> Self {
        let shared = Arc::new(Shared {
            acceptor: certificate.map(|c| tls::acceptor(c, &["http/1.1"])),
            ..Shared::default()
        });
        let serving = Arc::clone(&shared);
        let door = Door::open(move |stream, number| serve::serve(stream, number, Arc::clone(&serving)));
        let scheme = if certificate.is_some() { "https" } else { "http" };
        Self { door, shared, scheme }
    }

    pub fn addr(&self) -> SocketAddr {
        self.door.addr()
    }

    /// `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.addr())
    }

    /// From now on every path without a reply of its own gets this one.
    pub fn reply(&self, reply: Reply) {
        self.shared.answers.lock().usual = reply;
    }

    /// From now on: this status with a short body.
    pub fn respond(&self, status: u16) {
        self.reply(Reply::status(status));
    }

    pub fn reply_at(&self, path: &str, reply: Reply) {
        self.shared.answers.lock().by_path.insert(path.to_owned(), reply);
    }

    /// The reply to the next request that has none yet, whatever its path.
    pub fn then(&self, reply: Reply) {
        self.shared.answers.lock().next.push_back(reply);
    }

    /// The reply to the next request to this path that has none yet.
    pub fn then_at(&self, path: &str, reply: Reply) {
        let mut answers = self.shared.answers.lock();
        let queue = answers.next_by_path.entry(path.to_owned()).or_default();
        queue.push_back(reply);
    }

    /// Cuts every connection and refuses new ones until [`Self::reopen`]; the port stays reserved.
    pub async fn close(&self) {
        self.door.shut().await;
    }

    pub fn reopen(&self) {
        self.door.reopen();
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> usize {
        self.door.accepted()
    }

    /// Requests read so far.
    pub fn count(&self) -> usize {
        self.shared.requests.lock().len()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().clone()
    }

    /// Waits until `n` requests have been read in all.
    pub async fn wait_for_requests(&self, n: usize, within: Duration) -> Vec<Request> {
        let what = format!("{n} requests to {}", self.addr());
        wait_until(within, &what, || self.count() >= n).await;
        self.requests()
    }
}

/// Receives webhooks: what came is kept byte for byte.
pub struct WebhookSink(HttpTarget);

impl WebhookSink {
    pub async fn start() -> Self {
        let target = HttpTarget::start().await;
        target.respond(204);
        Self(target)
    }

    pub async fn start_tls(certificate: Certificate) -> Self {
        let target = HttpTarget::start_tls(certificate).await;
        target.respond(204);
        Self(target)
    }

    pub fn url(&self) -> String {
        self.0.url("/hook")
    }

    pub fn requests(&self) -> Vec<Request> {
        self.0.requests()
    }

    /// Waits until `n` have come in all.
    pub async fn wait_for(&self, n: usize, within: Duration) -> Vec<Request> {
        self.0.wait_for_requests(n, within).await
    }

    /// Replies, closing and counting are those of any HTTP target.
    pub fn target(&self) -> &HttpTarget {
        &self.0
    }
}
