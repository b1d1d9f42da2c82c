//! Reading monitors again after a change, and now and then all of them.

use std::{collections::HashMap, panic::AssertUnwindSafe, time::Duration};

use domain::{id::MonitorId, monitor::Monitor, outcome::Outcome, state::MonitorState};
use futures_util::FutureExt;
use store::{Store, StoreError};
use tokio::{sync::oneshot, task::JoinSet, time::sleep};

const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What was read.
pub(crate) enum Loaded {
    /// `None`: the monitor is gone.
    One(MonitorId, Option<Box<(Monitor, MonitorState)>>),
    /// The row is damaged; what is known of it stays in force.
    Damaged(MonitorId),
    /// The revision of every enabled monitor, when it could be read.
    Census(Option<HashMap<MonitorId, i64>>),
}

/// One read per monitor at a time, so that an older answer never arrives after a newer one.
#[derive(Default)]
pub(crate) struct Loads {
    pub(crate) tasks: JoinSet<Loaded>,
    open: HashMap<MonitorId, Open>,
}

#[derive(Default)]
pub(crate) struct Open {
    /// Something changed after the read began.
    again: bool,
    pub(crate) waiters: Vec<oneshot::Sender<Outcome>>,
}

impl Loads {
    /// Reads the monitor; if that is under way already, reads it once more afterwards.
    pub(crate) fn begin(&mut self, store: &Store, id: MonitorId) {
        match self.open.get_mut(&id) {
            Some(open) => open.again = true,
            None => {
                self.open.insert(id, Open::default());
                self.tasks.spawn(read(store.clone(), id));
            }
        }
    }

    /// Makes the read that is under way happen again: what it sees may be older than what we know by now.
    pub(crate) fn outdate(&mut self, id: MonitorId) {
        if let Some(open) = self.open.get_mut(&id) {
            open.again = true;
        }
    }

    /// Somebody waits for a check of a monitor that is being read. Gives the waiter back when it is not.
    pub(crate) fn join(
        &mut self,
        id: MonitorId,
        waiter: oneshot::Sender<Outcome>,
    ) -> Option<oneshot::Sender<Outcome>> {
        match self.open.get_mut(&id) {
            Some(open) => {
                open.waiters.push(waiter);
                None
            }
            None => Some(waiter),
        }
    }

    /// The read ended. `None`: it was outdated and begins again; otherwise who waited for it.
    pub(crate) fn end(&mut self, store: &Store, id: MonitorId) -> Option<Vec<oneshot::Sender<Outcome>>> {
        let open = self.open.get_mut(&id)?;
        if open.again {
            open.again = false;
            self.tasks.spawn(read(store.clone(), id));
            return None;
        }
        self.open.remove(&id).map(|open| open.waiters)
    }

    pub(crate) fn begin_census(&mut self, store: &Store) {
        let store = store.clone();
        self.tasks.spawn(async move {
            Loaded::Census(patiently("the list of monitors", || census(store.clone())).await)
        });
    }
}

async fn read(store: Store, id: MonitorId) -> Loaded {
    let found = patiently("a monitor", || find(store.clone(), id));
    // A panic must not leave the monitor marked as being read for ever.
    match AssertUnwindSafe(found).catch_unwind().await {
        Ok(Some(found)) => Loaded::One(id, found),
        Ok(None) | Err(_) => Loaded::Damaged(id),
    }
}

async fn find(store: Store, id: MonitorId) -> Result<Option<Box<(Monitor, MonitorState)>>, StoreError> {
    let Some(monitor) = store.monitors().get(id).await? else {
        return Ok(None);
    };
    let state = store.monitors().state(id).await?.unwrap_or_default();
    Ok(Some(Box::new((monitor, state))))
}

async fn census(store: Store) -> Result<HashMap<MonitorId, i64>, StoreError> {
    let all = store.monitors().all().await?;
    let enabled = all.into_iter().filter(|m| m.config.enabled);
    Ok(enabled.map(|m| (m.id, m.revision)).collect())
}

/// Reads until the database answers. `None`: it answers that it cannot, and would again.
async fn patiently<T, F>(what: &'static str, read: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut wait = Duration::from_millis(50);
    loop {
        match read().await {
            Ok(found) => return Some(found),
            Err(error @ (StoreError::Busy | StoreError::Unavailable(_))) => {
                tracing::warn!(error = %error, "{what} could not be read; trying again");
                sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            Err(error) => {
                tracing::error!(error = %error, "{what} could not be read");
                return None;
            }
        }
    }
}
