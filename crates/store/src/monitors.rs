//! Monitors and what is known of them.

use std::collections::HashMap;

use domain::{
    clock::Timestamp,
    delivery::MonitorLabel,
    id::{ChannelId, MonitorId},
    monitor::{Monitor, MonitorConfig},
    state::{MonitorState, Status},
};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Statement,
    sea_query::{Expr, ExprTrait, LikeExpr, OnConflict, Query, SelectStatement},
};
use serde_json::Value;

use crate::{
    entity::{channel, monitor, monitor_channel, monitor_state, monitor_tag},
    error::{StoreError, corrupt},
    incidents, outbox,
    page::{Page, cut, read_cursor, rows_to_read},
    samples,
    seal::{Place, Sealer},
    store::Store,
};

const TABLE: &str = "monitors";

pub struct Monitors<'a> {
    pub(crate) store: &'a Store,
}

/// Which monitors a page shows, by name.
#[derive(Clone, Debug, Default)]
pub struct MonitorFilter {
    /// `Paused` = not enabled; every other status is of enabled monitors.
    pub status: Option<Status>,
    pub tag: Option<String>,
    /// Part of the name, whatever its case.
    pub query: Option<String>,
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: u32,
}

impl Monitors<'_> {
    pub async fn create(&self, config: &MonitorConfig) -> Result<Monitor, StoreError> {
        let now = self.store.now().as_millis();
        let tx = self.store.inner.db.write().await?;
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
        let row = monitor::ActiveModel {
            id: Unchanged(id.0),
            name: Set(config.name.clone()),
            name_key: Set(config.name.to_lowercase()),
            kind: Set(config.target.kind().to_string()),
            enabled: Set(config.enabled),
            config: Set(body(config)),
            sealed: Set(self.sealed(id.0, config)?),
            ..Default::default()
        };
        let Some(row) = self.change(&*tx, row).await? else {
            return Ok(None);
        };
        for (entity, column) in [("monitor_tags", "monitor_id"), ("monitor_channels", "monitor_id")] {
            let delete = Query::delete()
                .from_table(entity)
                .and_where(Expr::col(column).eq(id.0))
                .to_owned();
            tx.execute(&delete).await?;
        }
        write_links(&*tx, id.0, config).await?;
        self.store.commit_secret(tx).await?;
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
        tx.commit().await?;
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

    /// Its open incident is resolved with it, and its pending deliveries are cancelled. `false`: there was none.
    pub async fn delete(&self, id: MonitorId) -> Result<bool, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        outbox::cancel_of_monitor(&*tx, id, "The monitor was deleted.", now).await?;
        incidents::close_with_monitor(&*tx, id, now).await?;
        samples::delete_of_monitor(&*tx, id).await?;
        let deleted = monitor::Entity::delete_by_id(id.0).exec(&*tx).await?;
        tx.commit().await?;
        self.store.inner.journal.forget(id);
        Ok(deleted.rows_affected > 0)
    }

    pub async fn all(&self) -> Result<Vec<Monitor>, StoreError> {
        let db = self.store.inner.db.read();
        let rows = monitor::Entity::find()
            .order_by_asc(monitor::Column::Id)
            .all(db)
            .await?;
        self.read(db, rows).await
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

    /// By name.
    pub async fn page(&self, filter: &MonitorFilter) -> Result<Page<(Monitor, MonitorState)>, StoreError> {
        let db = self.store.inner.db.read();
        let mut select = monitor::Entity::find()
            .filter(condition(filter))
            .order_by_asc(monitor::Column::NameKey)
            .order_by_asc(monitor::Column::Id)
            .limit(rows_to_read(filter.limit));
        if let Some((name, id)) = read_cursor::<(String, i64)>(filter.cursor.as_deref())? {
            let same_name = Condition::all()
                .add(monitor::Column::NameKey.eq(&name))
                .add(monitor::Column::Id.gt(id));
            select = select.filter(
                Condition::any()
                    .add(monitor::Column::NameKey.gt(&name))
                    .add(same_name),
            );
        }
        let (rows, next) = cut(select.all(db).await?, filter.limit, |r| {
            (r.name_key.clone(), r.id)
        });
        let ids = rows.iter().map(|r| r.id);
        let states = monitor_state::Entity::find()
            .filter(monitor_state::Column::MonitorId.is_in(ids))
            .all(db)
            .await?;
        let mut states = states
            .into_iter()
            .map(read_state)
            .collect::<Result<HashMap<_, _>, _>>()?;
        let monitors = self.read(db, rows).await?;
        let items = monitors
            .into_iter()
            .map(|m| {
                let state = states.remove(&m.id).unwrap_or_default();
                (m, state)
            })
            .collect();
        Ok(Page { items, next })
    }

    /// How many monitors have each status that occurs; a paused one counts as paused whatever it was before.
    pub async fn counts(&self) -> Result<Vec<(Status, u64)>, StoreError> {
        let db = self.store.inner.db.read();
        let sql = "SELECT CASE WHEN m.enabled THEN COALESCE(s.status, 'pending') ELSE 'paused' END AS status, \
                   COUNT(*) AS n FROM monitors m LEFT JOIN monitor_states s ON s.monitor_id = m.id GROUP BY 1";
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
            .await?;
        rows.iter()
            .map(|row| {
                let status: String = row.try_get("", "status")?;
                let n: i64 = row.try_get("", "n")?;
                let status =
                    Status::parse(&status).ok_or_else(|| corrupt("monitor_states", "?", "status"))?;
                Ok((status, n as u64))
            })
            .collect()
    }

    pub async fn count(&self) -> Result<u64, StoreError> {
        Ok(monitor::Entity::find().count(self.store.inner.db.read()).await?)
    }

    /// Every tag in use, sorted.
    pub async fn tags(&self) -> Result<Vec<String>, StoreError> {
        let tags = monitor_tag::Entity::find()
            .select_only()
            .column(monitor_tag::Column::Tag)
            .distinct()
            .order_by_asc(monitor_tag::Column::Tag)
            .into_tuple()
            .all(self.store.inner.db.read())
            .await?;
        Ok(tags)
    }

    /// What messages say of a monitor. Their channels do not matter for it.
    pub(crate) fn label(&self, row: monitor::Model) -> Result<MonitorLabel, StoreError> {
        let monitor = read_monitor(row, Vec::new(), &self.store.inner.sealer)?;
        Ok(MonitorLabel {
            id: monitor.id,
            name: monitor.config.name,
            kind: monitor.config.target.kind().to_string(),
            target: monitor.config.target.to_string(),
            tags: monitor.config.tags,
        })
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
        let mut links = monitor_channel::Entity::find().order_by_asc(monitor_channel::Column::ChannelId);
        // A list of ids pays off for a page; for all monitors it would exceed what a statement can bind.
        if rows.len() <= 501 {
            links = links.filter(monitor_channel::Column::MonitorId.is_in(rows.iter().map(|r| r.id)));
        }
        let mut channels: HashMap<i64, Vec<i64>> = HashMap::new();
        for link in links.all(db).await? {
            channels.entry(link.monitor_id).or_default().push(link.channel_id);
        }
        rows.into_iter()
            .map(|row| {
                let channels = channels.remove(&row.id).unwrap_or_default();
                read_monitor(row, channels, &self.store.inner.sealer)
            })
            .collect()
    }
}

/// The JSON that is kept: what has columns or tables of its own is not kept twice.
fn body(config: &MonitorConfig) -> String {
    let mut value = config.to_json();
    if let Some(map) = value.as_object_mut() {
        for own in ["name", "enabled", "channels"] {
            map.remove(own);
        }
    }
    value.to_string()
}

fn read_monitor(row: monitor::Model, channels: Vec<i64>, sealer: &Sealer) -> Result<Monitor, StoreError> {
    let damaged = || corrupt(TABLE, row.id, "config");
    let mut value: Value = serde_json::from_str(&row.config).map_err(|_| damaged())?;
    let map = value.as_object_mut().ok_or_else(damaged)?;
    map.insert("name".into(), row.name.into());
    map.insert("enabled".into(), row.enabled.into());
    map.insert("channels".into(), channels.into());
    let mut locked = false;
    if let Some(sealed) = &row.sealed {
        let place = Place {
            table: TABLE,
            row: &row.id,
        };
        let target = map.get_mut("target").ok_or_else(damaged)?;
        match sealer.open(place, sealed)? {
            Some(secret) => {
                let secret = crate::seal::json(&secret).ok_or_else(|| corrupt(TABLE, row.id, "sealed"))?;
                domain::sealed::join(target, secret);
            }
            None => {
                domain::sealed::without_secrets(target);
                locked = true;
            }
        }
    }
    let config = MonitorConfig::from_json(value, None).map_err(|_| damaged())?;
    Ok(Monitor {
        id: MonitorId(row.id),
        revision: row.revision,
        created_at: Timestamp::from_millis(row.created_at),
        config,
        locked,
    })
}

fn read_state(row: monitor_state::Model) -> Result<(MonitorId, MonitorState), StoreError> {
    let state =
        serde_json::from_str(&row.state).map_err(|_| corrupt("monitor_states", row.monitor_id, "state"))?;
    Ok((MonitorId(row.monitor_id), state))
}

pub(crate) async fn write_state<C: ConnectionTrait>(
    tx: &C,
    id: MonitorId,
    state: &MonitorState,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(state).map_err(|_| corrupt("monitor_states", id, "state"))?;
    let row = monitor_state::ActiveModel {
        monitor_id: Set(id.0),
        status: Set(state.status().as_str().to_owned()),
        state: Set(text),
        updated_at: Set(now.as_millis()),
    };
    let columns = [
        monitor_state::Column::Status,
        monitor_state::Column::State,
        monitor_state::Column::UpdatedAt,
    ];
    monitor_state::Entity::insert(row)
        .on_conflict(
            OnConflict::column(monitor_state::Column::MonitorId)
                .update_columns(columns)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
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

fn condition(filter: &MonitorFilter) -> Condition {
    let mut all = Condition::all();
    let with_status = |status: Status| -> SelectStatement {
        monitor_state::Entity::find()
            .select_only()
            .column(monitor_state::Column::MonitorId)
            .filter(monitor_state::Column::Status.eq(status.as_str()))
            .into_query()
    };
    if let Some(status) = filter.status {
        all = all.add(monitor::Column::Enabled.eq(status != Status::Paused));
        match status {
            Status::Paused => {}
            Status::Pending => {
                // One that was never recorded has no row.
                let decided = monitor_state::Entity::find()
                    .select_only()
                    .column(monitor_state::Column::MonitorId)
                    .filter(monitor_state::Column::Status.ne(Status::Pending.as_str()))
                    .into_query();
                all = all.add(monitor::Column::Id.not_in_subquery(decided));
            }
            Status::Up | Status::Degraded | Status::Down | Status::Unknown | Status::Maintenance => {
                all = all.add(monitor::Column::Id.in_subquery(with_status(status)));
            }
        }
    }
    if let Some(tag) = &filter.tag {
        let tagged = monitor_tag::Entity::find()
            .select_only()
            .column(monitor_tag::Column::MonitorId)
            .filter(monitor_tag::Column::Tag.eq(tag))
            .into_query();
        all = all.add(monitor::Column::Id.in_subquery(tagged));
    }
    if let Some(query) = filter.query.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        let escaped = query
            .to_lowercase()
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        let pattern = LikeExpr::new(format!("%{escaped}%")).escape('\\');
        all = all.add(Expr::col(monitor::Column::NameKey).like(pattern));
    }
    all
}
