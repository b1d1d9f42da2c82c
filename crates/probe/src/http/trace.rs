//! When the phases of one request happened: three hooks inside the HTTP client mark them for the task that sends it.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use egress::HttpResolver;
use parking_lot::Mutex;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;
use tower::{Layer, Service};

tokio::task_local! { static TRACE: Arc<Mutex<Marks>>; }

/// Moments of one request; a missing one was not reached. The start of TLS is kept by [`egress::tls::capture`].
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) connect_start: Option<Instant>,
    pub(super) dns_start: Option<Instant>,
    pub(super) dns_end: Option<Instant>,
    pub(super) connect_end: Option<Instant>,
    /// What the name resolved to and the policy permits; port 0.
    pub(super) addresses: Vec<SocketAddr>,
}

/// Runs a request and gives its marks with the output. The client must not keep idle connections: only then does it
/// connect inside this task.
pub(super) async fn traced<F: Future>(request: F) -> (F::Output, Marks) {
    let trace = Arc::new(Mutex::new(Marks::default()));
    let output = TRACE.scope(Arc::clone(&trace), request).await;
    let marks = std::mem::take(&mut *trace.lock());
    (output, marks)
}

fn mark(f: impl FnOnce(&mut Marks)) {
    let _ = TRACE.try_with(|t| f(&mut t.lock()));
}

/// Marks the name lookup. Not asked for address literals.
pub(super) struct TracedResolver(pub(super) HttpResolver);

impl Resolve for TracedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolving = self.0.resolve(name);
        Box::pin(async move {
            mark(|m| m.dns_start = Some(Instant::now()));
            let all: Vec<SocketAddr> = resolving.await?.collect();
            mark(|m| {
                m.dns_end = Some(Instant::now());
                m.addresses.clone_from(&all);
            });
            Ok(Box::new(all.into_iter()) as Addrs)
        })
    }
}

/// Marks the whole connect: name, TCP and TLS.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectMarks;

#[derive(Clone, Debug)]
pub(super) struct MarkedConnect<S>(S);

impl<S> Layer<S> for ConnectMarks {
    type Service = MarkedConnect<S>;

    fn layer(&self, inner: S) -> Self::Service {
        MarkedConnect(inner)
    }
}

impl<S, R> Service<R> for MarkedConnect<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        mark(|m| m.connect_start = Some(Instant::now()));
        let connecting = self.0.call(request);
        Box::pin(async move {
            let connection = connecting.await?;
            mark(|m| m.connect_end = Some(Instant::now()));
            Ok(connection)
        })
    }
}
