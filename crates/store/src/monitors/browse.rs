//! The list of monitors: pages, filters, counts.

use std::collections::HashMap;

use domain::{
    id::MonitorId,
    monitor::Monitor,
    state::{MonitorState, Status},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Statement,
    sea_query::{Expr, ExprTrait, LikeExpr, SelectStatement},
};

use super::{Monitors, row::read_state};
use crate::{
    entity::{monitor, monitor_state, monitor_tag},
    error::{StoreError, corrupt},
    page::{Page, cut, read_cursor, rows_to_read},
};

/// Which monitors a page shows, by name.
#[derive(Clone, Debug, Default)]
pub struct MonitorFilter {
    /// `Paused` = not enabled; every other status is of enabled monitors.
    pub status: Option<Status>,
    pub tag: Option<String>,
    /// Enabled monitors whose last result is too old to say anything: they count as unknown, whatever it was.
    pub stale: Vec<MonitorId>,
    /// Part of the name, whatever its case.
    pub query: Option<String>,
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: u32,
}

impl Monitors<'_> {
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
        let stale = || monitor::Column::Id.is_in(filter.stale.iter().map(|m| m.0));
        let has_stale = !filter.stale.is_empty();
        if has_stale && !matches!(status, Status::Unknown | Status::Paused) {
            all = all.add(stale().not());
        }
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
            Status::Unknown if has_stale => {
                let known = monitor::Column::Id.in_subquery(with_status(status));
                all = all.add(Condition::any().add(known).add(stale()));
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
