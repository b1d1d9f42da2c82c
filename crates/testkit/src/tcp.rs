//! A TCP port that accepts, holds or cuts connections.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt;

use crate::door::Door;

/// Accepts and keeps each connection open until the other side ends it.
pub struct TcpTarget(Door);

impl TcpTarget {
    #[expect(
        clippy::unused_async,
        reason = "says at the call that it needs a runtime, like its siblings"
    )]
    pub async fn start() -> Self {
        Self(Door::open(|mut stream, _| async move {
            let mut sink = [0; 1024];
            while stream.read(&mut sink).await.is_ok_and(|n| n > 0) {}
        }))
    }

    pub fn addr(&self) -> SocketAddr {
        self.0.addr()
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> usize {
        self.0.accepted()
    }

    /// Refuses connections until [`Self::reopen`]; the port stays reserved.
    pub async fn close(&self) {
        self.0.shut().await;
    }

    pub fn reopen(&self) {
        self.0.reopen();
    }
}
