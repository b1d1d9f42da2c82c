//! Serving HTTP with limits that `axum::serve` does not set: a header deadline, idle connections closed, a cap on
//! connections altogether and for one address.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

const MOST_CONNECTIONS: usize = 1024;
const MOST_PER_ADDRESS: usize = 200;
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// How long a request that is being answered may keep the process from stopping.
const DRAIN: Duration = Duration::from_secs(5);

/// Accepts until `stop`, then lets the requests that are under way finish.
pub(crate) async fn serve(listener: TcpListener, app: Router, tracker: TaskTracker, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let addresses = Addresses::default();
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, remote)) => {
                // Over a cap the connection is dropped at once: a queue would only hide the overload.
                let Ok(slot) = slots.clone().try_acquire_owned() else {
                    continue;
                };
                let Some(place) = addresses.enter(remote.ip()) else {
                    continue;
                };
                spawn_connection(stream, remote, app.clone(), &graceful, &tracker, (slot, place));
            }
            Err(error) => {
                // Out of file descriptors, mostly: accepting again at once would spin.
                tracing::warn!(error = %error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::info!("requests still open were cut off");
    }
}

fn spawn_connection(
    stream: TcpStream,
    remote: SocketAddr,
    app: Router,
    graceful: &GracefulShutdown,
    tracker: &TaskTracker,
    held: (OwnedSemaphorePermit, Place),
) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(remote));
        app.clone().oneshot(request)
    });
    // Browsers speak HTTP/2 only over TLS, which a proxy ends before us. Telling the versions apart would leave a
    // connection that says nothing open for ever.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_headers(64)
        .max_buf_size(64 * 1024)
        .keep_alive(true)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    tracker.spawn(async move {
        // What goes wrong here went wrong on the visitor's side.
        if let Err(error) = connection.await {
            tracing::debug!(client.address = %remote, error = %error, "a connection ended early");
        }
        drop(held);
    });
}

/// Connections by address; IPv6 counts by /64, which is what one visitor has.
#[derive(Clone, Debug, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

#[derive(Debug)]
struct Place {
    addresses: Addresses,
    key: IpAddr,
}

impl Addresses {
    fn enter(&self, address: IpAddr) -> Option<Place> {
        let key = match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
            v4 @ IpAddr::V4(_) => v4,
        };
        let mut counts = self.0.lock();
        let count = counts.entry(key).or_default();
        if *count >= MOST_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Place {
            addresses: self.clone(),
            key,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.lock();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_place() {
        let addresses = Addresses::default();
        let ours: IpAddr = "2001:db8::1".parse().unwrap();
        let places: Vec<_> = (0..MOST_PER_ADDRESS)
            .map_while(|_| addresses.enter(ours))
            .collect();
        assert_eq!(places.len(), MOST_PER_ADDRESS);
        assert!(
            addresses.enter("2001:db8::2".parse().unwrap()).is_none(),
            "same /64"
        );
        assert!(addresses.enter("2001:db8:0:1::1".parse().unwrap()).is_some());
        drop(places);
        assert!(addresses.enter(ours).is_some());
    }
}
