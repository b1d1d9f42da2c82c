//! Waiting for something to become true, with an end.

use std::{
    future::Future,
    time::{Duration, Instant},
};

const STEP: Duration = Duration::from_millis(5);

/// Waits until `condition` holds; panics with `what` when it does not within `within`.
pub async fn wait_until(within: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    wait_for(within, what, || {
        let holds = condition();
        async move { holds.then_some(()) }
    })
    .await;
}

/// Asks `probe` until it gives something; panics with `what` when it does not within `within`.
pub async fn wait_for<T, F>(within: Duration, what: &str, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {within:?} in vain: {what}");
        tokio::time::sleep(STEP).await;
    }
}
