//! Monitors and what is known of them.

use std::collections::{BTreeMap, HashMap};

use domain::{
    clock::Timestamp,
    delivery::MonitorLabel,
    id::{ChannelId, MonitorId},
    monitor::{Monitor, MonitorConfig},
    reach::ZoneName,
    state::MonitorState,
};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    entity::{channel, monitor, monitor_channel, monitor_parent, monitor_state, monitor_tag},
    error::StoreError,
    escalations, holds, incidents, policies, samples,
    seal::Place,
    settings,
    store::Store,
};

mod browse;
mod matched;
mod parents;
mod relations;
mod row;

pub use browse::MonitorFilter;
pub use matched::Matched;
pub(crate) use matched::{check_matched, under_anything};
use parents::write_parents;
use row::body;
pub(crate) use row::write_state;
pub(crate) use row::{Links, read_monitor, read_state};

const TABLE: &str = "monitors";

pub struct Monitors<'a> {
    pub(crate) store: &'a Store,
}

impl Monitors<'_> {
    pub async fn create(&self, config: &MonitorConfig) -> Result<Monitor, StoreError> {
        let now = self.store.now().as_millis();
        let tx = self.store.inner.db.write().await?;
        policies::check(&*tx, config.policy).await?;
        settings::must_exist(&*tx, &config.zone).await?;
        let row = monitor::ActiveModel {
            id: NotSet,
            revision: Set(1),
            name: Set(config.name.clone()),
            name_key: Set(config.name.to_lowercase()),
            kind: Set(config.target.kind().to_string()),
            enabled: Set(config.enabled),
            config: Set(body(config)),
            sealed: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
            policy_id: Set(config.policy.map(|p| p.0)),
        };
        let id = monitor::Entity::insert(row).exec(&*tx).await?.last_insert_id;
        if let Some(sealed) = self.sealed(id, config)? {
            let row = monitor::ActiveModel {
                id: Unchanged(id),
                sealed: Set(Some(sealed)),
                ..Default::default()
            };
            monitor::Entity::update(row).exec(&*tx).await?;
        }
        write_links(&*tx, id, config).await?;
        self.store.commit_secret(tx).await?;
        self.store.inner.holds.learn(MonitorId(id), config);
        Ok(Monitor {
            id: MonitorId(id),
            revision: 1,
            created_at: Timestamp::from_millis(now),
            config: config.clone(),
            locked: false,
        })
    }

    pub async fn get(&self, id: MonitorId) -> Result<Option<Monitor>, StoreError> {
        let db = self.store.inner.db.read();
        let row = monitor::Entity::find_by_id(id.0).one(db).await?;
        Ok(self.read(db, row.into_iter().collect()).await?.pop())
    }

    /// Counts the revision up: outcomes of checks that are still running are discarded.
    pub async fn update(&self, id: MonitorId, config: &MonitorConfig) -> Result<Option<Monitor>, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let matched_by = holds::matched_by(&*tx, id).await?;
        settings::must_exist(&*tx, &config.zone).await?;
        let row = monitor::ActiveModel {
            id: Unchanged(id.0),
            name: Set(config.name.clone()),
            name_key: Set(config.name.to_lowercase()),
            kind: Set(config.target.kind().to_string()),
            enabled: Set(config.enabled),
            config: Set(body(config)),
            sealed: Set(self.sealed(id.0, config)?),
            policy_id: Set(config.policy.map(|p| p.0)),
            ..Default::default()
        };
        policies::check(&*tx, config.policy).await?;
        let Some(row) = self.change(&*tx, row).await? else {
            return Ok(None);
        };
        for table in ["monitor_tags", "monitor_channels", "monitor_parents"] {
            let delete = Query::delete()
                .from_table(table)
                .and_where(Expr::col("monitor_id").eq(id.0))
                .to_owned();
            tx.execute(&delete).await?;
        }
        write_links(&*tx, id.0, config).await?;
        let matched_then = (config.tags.clone(), config.target.kind().to_string());
        if matched_by.is_some_and(|before| before != matched_then) {
            self.store.holds_changed(&*tx, self.store.now()).await?;
        }
        escalations::look_again_at(&*tx, id, self.store.now()).await?;
        self.store.commit_secret(tx).await?;
        self.store.inner.holds.learn(id, config);
        self.store.outbox().wake();
        Ok(Some(Monitor {
            id,
            revision: row.revision,
            created_at: Timestamp::from_millis(row.created_at),
            config: config.clone(),
            locked: false,
        }))
    }

    pub async fn set_enabled(&self, id: MonitorId, enabled: bool) -> Result<Option<Monitor>, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let row = monitor::ActiveModel {
            id: Unchanged(id.0),
            enabled: Set(enabled),
            ..Default::default()
        };
        let row = self.change(&*tx, row).await?;
        let monitor = self.read(&*tx, row.into_iter().collect()).await?.pop();
        escalations::look_again_at(&*tx, id, self.store.now()).await?;
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(monitor)
    }

    /// Writes the columns that are set in `row` and counts the revision up.
    async fn change<C: ConnectionTrait>(
        &self,
        tx: &C,
        row: monitor::ActiveModel,
    ) -> Result<Option<monitor::Model>, StoreError> {
        let Unchanged(id) = row.id else { return Ok(None) };
        let changed = monitor::Entity::update_many()
            .set(row)
            .col_expr(
                monitor::Column::Revision,
                Expr::col(monitor::Column::Revision).add(1),
            )
            .col_expr(monitor::Column::UpdatedAt, self.store.now().as_millis().into())
            .filter(monitor::Column::Id.eq(id))
            .exec_with_returning(tx)
            .await?;
        Ok(changed.into_iter().next())
    }

    /// Its open incidents are resolved with it, and whoever was told of them hears of that; what was not sent yet is
    /// cancelled. `false`: there was none.
    pub async fn delete(&self, id: MonitorId) -> Result<bool, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        // Locked first, so that on PostgreSQL an outcome that is being recorded is in, or sees that the monitor is gone.
        let row = monitor::Entity::find_by_id(id.0)
            .lock_exclusive()
            .one(&*tx)
            .await?;
        let Some(row) = row else {
            return Ok(false);
        };
        self.store.end_messages(&*tx, &row, now).await?;
        incidents::close_with_monitor(&*tx, id, now).await?;
        escalations::let_go(&*tx, id, now).await?;
        samples::delete_of_monitor(&*tx, id).await?;
        monitor::Entity::delete_by_id(id.0).exec(&*tx).await?;
        tx.commit().await?;
        self.store.inner.journal.forget(id);
        self.store.inner.holds.forget(id);
        self.store.outbox().wake();
        Ok(true)
    }

    /// Damaged rows are left out (and logged): one of them must not keep the others from being checked.
    pub async fn all(&self) -> Result<Vec<Monitor>, StoreError> {
        let db = self.store.inner.db.read();
        let rows = monitor::Entity::find()
            .order_by_asc(monitor::Column::Id)
            .all(db)
            .await?;
        let mut monitors = Vec::with_capacity(rows.len());
        for monitor in self.read_each(db, rows).await? {
            match monitor {
                Ok(monitor) => monitors.push(monitor),
                Err(StoreError::Corrupt { .. }) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(monitors)
    }

    /// How many monitors are in each zone, paused ones included.
    pub async fn zones_in_use(&self) -> Result<BTreeMap<ZoneName, usize>, StoreError> {
        let mut used = BTreeMap::new();
        for monitor in self.all().await? {
            *used.entry(monitor.config.zone).or_default() += 1;
        }
        Ok(used)
    }

    /// Of monitors that were recorded at least once.
    pub async fn states(&self) -> Result<HashMap<MonitorId, MonitorState>, StoreError> {
        let rows = monitor_state::Entity::find()
            .all(self.store.inner.db.read())
            .await?;
        rows.into_iter().map(read_state).collect()
    }

    pub async fn state(&self, id: MonitorId) -> Result<Option<MonitorState>, StoreError> {
        let row = monitor_state::Entity::find_by_id(id.0)
            .one(self.store.inner.db.read())
            .await?;
        Ok(row.map(read_state).transpose()?.map(|(_, state)| state))
    }

    /// What messages say of a monitor. Their channels do not matter for it.
    pub(crate) fn label(&self, row: monitor::Model) -> Result<MonitorLabel, StoreError> {
        let monitor = read_monitor(row, Links::default(), &self.store.inner.sealer)?;
        Ok(label_of(monitor.id, monitor.config))
    }

    fn sealed(&self, id: i64, config: &MonitorConfig) -> Result<Option<Vec<u8>>, StoreError> {
        let place = Place {
            table: TABLE,
            row: &id,
        };
        let secrets = config.target.secrets();
        secrets
            .map(|s| self.store.inner.sealer.seal(place, &s))
            .transpose()
    }

    async fn read<C: ConnectionTrait>(
        &self,
        db: &C,
        rows: Vec<monitor::Model>,
    ) -> Result<Vec<Monitor>, StoreError> {
        self.read_each(db, rows).await?.into_iter().collect()
    }

    async fn read_each<C: ConnectionTrait>(
        &self,
        db: &C,
        rows: Vec<monitor::Model>,
    ) -> Result<Vec<Result<Monitor, StoreError>>, StoreError> {
        let mut links = monitor_channel::Entity::find().order_by_asc(monitor_channel::Column::ChannelId);
        let mut parents = monitor_parent::Entity::find().order_by_asc(monitor_parent::Column::ParentId);
        // A list of ids pays off for a page; for all monitors it would exceed what a statement can bind.
        if rows.len() <= 501 {
            let ids = || rows.iter().map(|r| r.id);
            links = links.filter(monitor_channel::Column::MonitorId.is_in(ids()));
            parents = parents.filter(monitor_parent::Column::MonitorId.is_in(ids()));
        }
        let mut all: HashMap<i64, Links> = HashMap::new();
        for link in links.all(db).await? {
            all.entry(link.monitor_id)
                .or_default()
                .channels
                .push(link.channel_id);
        }
        for link in parents.all(db).await? {
            all.entry(link.monitor_id)
                .or_default()
                .parents
                .push(link.parent_id);
        }
        let read = rows.into_iter().map(|row| {
            let links = all.remove(&row.id).unwrap_or_default();
            read_monitor(row, links, &self.store.inner.sealer)
        });
        Ok(read.collect())
    }
}

pub(crate) fn label_of(id: MonitorId, config: MonitorConfig) -> MonitorLabel {
    MonitorLabel {
        id,
        kind: config.target.kind().to_string(),
        target: config.target.to_string(),
        name: config.name,
        tags: config.tags,
    }
}

async fn write_links<C: ConnectionTrait>(tx: &C, id: i64, config: &MonitorConfig) -> Result<(), StoreError> {
    let wanted = config.channels.iter().map(|c| c.0);
    let known: Vec<i64> = channel::Entity::find()
        .select_only()
        .column(channel::Column::Id)
        .filter(channel::Column::Id.is_in(wanted.clone()))
        .into_tuple()
        .all(tx)
        .await?;
    if let Some(unknown) = wanted.clone().find(|c| !known.contains(c)) {
        return Err(StoreError::UnknownChannel(ChannelId(unknown)));
    }
    let links = wanted.map(|c| monitor_channel::ActiveModel {
        monitor_id: Set(id),
        channel_id: Set(c),
    });
    if !config.channels.is_empty() {
        monitor_channel::Entity::insert_many(links)
            .exec_without_returning(tx)
            .await?;
    }
    write_parents(tx, MonitorId(id), &config.parents).await?;
    let tags = config.tags.iter().map(|tag| monitor_tag::ActiveModel {
        tag: Set(tag.clone()),
        monitor_id: Set(id),
    });
    if !config.tags.is_empty() {
        monitor_tag::Entity::insert_many(tags)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}
