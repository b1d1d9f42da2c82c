//! What is held now: the silences and maintenance windows that are not over, in memory.
//!
//! They are few, and they are asked for with every sample and every incident that opens, ten thousand times in a storm.
//! So they are read once and kept; a version in the database, which every change of them replaces in its transaction,
//! says when to read them again. The tags and kinds of the monitors are kept beside them while there is a window, so
//! that taking a sample costs no query.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{
    clock::Timestamp,
    hold::Hold,
    id::MonitorId,
    in_force::InForce,
    maintenance::Maintenance,
    monitor::{Monitor, MonitorConfig},
    silence::Silence,
    target::Kind,
};
use parking_lot::{Mutex, RwLock};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};
use tokio_util::sync::CancellationToken;

use crate::{
    entity::{installation, monitor, monitor_tag},
    error::{StoreError, corrupt},
    escalations, maintenances, silences,
    store::Store,
};

const VERSION: &str = "holds_version";
/// Another instance may have changed something.
const REFRESH_EVERY: Duration = Duration::from_secs(30);
/// A check that began before the end of a window is recorded a little later.
const KEPT_AFTER_END: Duration = Duration::from_hours(1);

#[derive(Default)]
pub(crate) struct Holds {
    rules: RwLock<Arc<Rules>>,
    labels: RwLock<Labels>,
    /// One reading at a time.
    reading: tokio::sync::Mutex<()>,
}

/// What was read at one version.
#[derive(Default)]
struct Rules {
    version: Vec<u8>,
    silences: Vec<Silence>,
    windows: Vec<Maintenance>,
    /// The last answer, good until something begins or ends.
    in_force: Mutex<Option<Arc<InForce>>>,
}

/// By what monitors are matched.
#[derive(Default)]
struct Labels {
    /// Counts the edits, so that a reading that began before one does not undo it.
    edits: u64,
    /// Empty while there is no window.
    of: HashMap<MonitorId, (Vec<String>, Kind)>,
}

impl Rules {
    fn at(&self, at: Timestamp) -> Arc<InForce> {
        let mut last = self.in_force.lock();
        match &*last {
            Some(known) if known.holds_at(at) => Arc::clone(known),
            _ => {
                let fresh = Arc::new(InForce::at(at, &self.silences, &self.windows));
                *last = Some(Arc::clone(&fresh));
                fresh
            }
        }
    }
}

impl Holds {
    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read())
    }

    /// Without a query: by what was read last.
    pub(crate) fn is_under_maintenance(&self, monitor: MonitorId, at: Timestamp) -> bool {
        let rules = self.rules();
        if rules.windows.is_empty() {
            return false;
        }
        let in_force = rules.at(at);
        if in_force.maintenance().next().is_none() {
            return false;
        }
        let labels = self.labels.read();
        match labels.of.get(&monitor) {
            Some((tags, kind)) => in_force.maintenance_of(monitor, tags, *kind).is_some(),
            // Not known yet: only what is about all monitors is about it for certain.
            None => in_force.maintenance().any(|s| s.matcher.is_everything()),
        }
    }

    /// A monitor was created or edited. After the commit.
    pub(crate) fn learn(&self, id: MonitorId, config: &MonitorConfig) {
        let mut labels = self.labels.write();
        labels.edits += 1;
        let label = (config.tags.clone(), config.target.kind());
        labels.of.insert(id, label);
    }

    pub(crate) fn forget(&self, id: MonitorId) {
        let mut labels = self.labels.write();
        labels.edits += 1;
        labels.of.remove(&id);
    }
}

impl Store {
    /// What is in force now, by what this instance read last: at once after a change here, within half a minute after one
    /// elsewhere.
    pub fn in_force(&self) -> Arc<InForce> {
        self.inner.holds.rules().at(self.now())
    }

    /// What holds the alerts of this monitor now.
    pub async fn held(&self, monitor: &Monitor) -> Result<Option<Hold>, StoreError> {
        let config = &monitor.config;
        let monitor = (monitor.id, config.tags.as_slice(), config.target.kind());
        self.hold_of(self.inner.db.read(), monitor, self.now()).await
    }

    /// The silence or maintenance window that holds alerts of a monitor (its id, tags and kind) at `now`, with its end: of
    /// several the one that ends last, a window before a silence.
    ///
    /// In a transaction that writes it also sees to it, on PostgreSQL, that no silence or window changes until the end of
    /// that transaction: who ends one wakes whatever was held by it, and must see what is being held right now. Call it
    /// before rows of incidents are locked. One row is read by its key; the rest is in memory.
    pub(crate) async fn hold_of<C: ConnectionTrait>(
        &self,
        tx: &C,
        (id, tags, kind): (MonitorId, &[String], Kind),
        now: Timestamp,
    ) -> Result<Option<Hold>, StoreError> {
        Ok(self.in_force_within(tx, now).await?.hold_of(id, tags, kind))
    }

    /// What is in force at `now`, for the rest of this transaction: see [`Self::hold_of`].
    pub(crate) async fn in_force_within<C: ConnectionTrait>(
        &self,
        tx: &C,
        now: Timestamp,
    ) -> Result<Arc<InForce>, StoreError> {
        let select = installation::Entity::find_by_id(VERSION).lock_shared();
        let version = select.one(tx).await?.map(|row| row.value).unwrap_or_default();
        let mut rules = self.inner.holds.rules();
        if rules.version != version {
            rules = Arc::new(read_rules(tx, version, now).await?);
            *self.inner.holds.rules.write() = Arc::clone(&rules);
        }
        Ok(rules.at(now))
    }

    /// To be called in the transaction of everything that creates, edits, ends or deletes a silence or a maintenance
    /// window, and of what changes by what a monitor is matched. After the commit comes [`Store::holds_committed`].
    ///
    /// It makes every instance read them again, and open incidents be looked at: what was held by this may be told now.
    pub(crate) async fn holds_changed<C: ConnectionTrait>(
        &self,
        tx: &C,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Not counted: a version that was rolled back must never come up again.
        let mut version = [0; 16];
        getrandom::fill(&mut version).map_err(|_| StoreError::Crypto("no random numbers"))?;
        let row = installation::ActiveModel {
            key: Set(VERSION.to_owned()),
            value: Set(version.to_vec()),
        };
        installation::Entity::insert(row)
            .on_conflict(
                OnConflict::column(installation::Column::Key)
                    .update_column(installation::Column::Value)
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
        escalations::look_again(tx, now).await
    }

    /// What was changed is in force in this instance when this returns. It is stored in any case, so a failure here is no
    /// failure of the change: it is made good within half a minute.
    pub(crate) async fn holds_committed(&self) {
        self.outbox().wake();
        if let Err(e) = self.refresh_holds().await {
            tracing::warn!(error = %e, "silences and maintenance windows could not be read again; tried again soon");
        }
    }

    pub(crate) async fn refresh_holds(&self) -> Result<(), StoreError> {
        let holds = &self.inner.holds;
        let _one = holds.reading.lock().await;
        let db = self.inner.db.read();
        // The version first: what changes in between is read twice, and never missed.
        let row = installation::Entity::find_by_id(VERSION).one(db).await?;
        let version = row.map(|row| row.value).unwrap_or_default();
        let known = holds.rules();
        let fresh = if known.version == version {
            None
        } else {
            Some(Arc::new(read_rules(db, version, self.now()).await?))
        };
        // Before the windows that need them.
        let windows = &fresh.as_ref().unwrap_or(&known).windows;
        if !windows.is_empty() {
            self.refresh_labels().await?;
        }
        if let Some(rules) = fresh {
            *holds.rules.write() = rules;
        }
        Ok(())
    }

    async fn refresh_labels(&self) -> Result<(), StoreError> {
        let holds = &self.inner.holds;
        loop {
            let before = holds.labels.read().edits;
            let fresh = read_labels(self.inner.db.read()).await?;
            let mut labels = holds.labels.write();
            if labels.edits == before {
                labels.of = fresh;
                return Ok(());
            }
        }
    }
}

/// Keeps up with other instances.
pub(crate) async fn run(store: Store, stop: CancellationToken) {
    let mut failing = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REFRESH_EVERY) => {}
        }
        let result = tokio::select! {
            () = stop.cancelled() => return,
            result = store.refresh_holds() => result,
        };
        if let (Err(e), false) = (&result, failing) {
            tracing::warn!(error = %e, "silences and maintenance windows cannot be read; the last known ones are in force");
        }
        failing = result.is_err();
    }
}

async fn read_rules<C: ConnectionTrait>(
    db: &C,
    version: Vec<u8>,
    now: Timestamp,
) -> Result<Rules, StoreError> {
    let after = now.minus(KEPT_AFTER_END);
    Ok(Rules {
        version,
        silences: silences::not_over(db, after).await?,
        windows: maintenances::not_over(db, after).await?,
        in_force: Mutex::default(),
    })
}

async fn read_labels<C: ConnectionTrait>(
    db: &C,
) -> Result<HashMap<MonitorId, (Vec<String>, Kind)>, StoreError> {
    let kinds: Vec<(i64, String)> = monitor::Entity::find()
        .select_only()
        .columns([monitor::Column::Id, monitor::Column::Kind])
        .into_tuple()
        .all(db)
        .await?;
    let mut labels = HashMap::with_capacity(kinds.len());
    for (id, kind) in kinds {
        // Damaged in one row: it is not matched, and the others are.
        match Kind::parse(&kind) {
            Some(kind) => {
                labels.insert(MonitorId(id), (Vec::new(), kind));
            }
            None => {
                let _ = corrupt("monitors", id, "kind");
            }
        }
    }
    let tags: Vec<(i64, String)> = monitor_tag::Entity::find()
        .select_only()
        .columns([monitor_tag::Column::MonitorId, monitor_tag::Column::Tag])
        .order_by_asc(monitor_tag::Column::Tag)
        .into_tuple()
        .all(db)
        .await?;
    for (id, tag) in tags {
        if let Some((tags, _)) = labels.get_mut(&MonitorId(id)) {
            tags.push(tag);
        }
    }
    Ok(labels)
}

/// The tags that are stored, to see whether an edit changes them.
pub(crate) async fn matched_by<C: ConnectionTrait>(
    tx: &C,
    id: MonitorId,
) -> Result<Option<(Vec<String>, String)>, StoreError> {
    let kind: Option<String> = monitor::Entity::find_by_id(id.0)
        .select_only()
        .column(monitor::Column::Kind)
        .into_tuple()
        .one(tx)
        .await?;
    let Some(kind) = kind else { return Ok(None) };
    let mut tags: Vec<String> = monitor_tag::Entity::find()
        .select_only()
        .column(monitor_tag::Column::Tag)
        .filter(monitor_tag::Column::MonitorId.eq(id.0))
        .into_tuple()
        .all(tx)
        .await?;
    // The order of the domain, not of a database's collation.
    tags.sort_unstable();
    Ok(Some((tags, kind)))
}
