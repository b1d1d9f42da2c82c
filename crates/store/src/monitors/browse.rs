//! The list of monitors: pages, filters, counts.

use std::collections::HashMap;

use domain::{
    id::MonitorId,
    in_force::InForce,
    monitor::Monitor,
    state::{MonitorState, Status},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    sea_query::{CaseStatement, Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement},
};

use super::{Monitors, matched::under_maintenance, row::read_state};
use crate::{
    entity::{monitor, monitor_state, monitor_tag},
    error::{StoreError, corrupt},
    page::{Page, cut, read_cursor, rows_to_read},
};

/// Which monitors a page shows, by name.
#[derive(Clone, Debug, Default)]
pub struct MonitorFilter {
    /// `Paused` = not enabled; every other status is of enabled monitors, and all but `Maintenance` of those that are under
    /// none.
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
            .filter(condition(filter, &self.store.in_force()))
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

    /// How many monitors have each status that occurs; a paused one counts as paused whatever it was before, and one under
    /// maintenance as that whatever its checks find.
    pub async fn counts(&self) -> Result<Vec<(Status, u64)>, StoreError> {
        let db = self.store.inner.db.read();
        let paused = CaseStatement::new().case(monitor::Column::Enabled.eq(false), word(Status::Paused));
        let covered = match under_maintenance(&self.store.in_force()) {
            Some(under) => paused.case(under, word(Status::Maintenance)),
            None => paused,
        };
        let recorded = Expr::col((monitor_state::Entity, monitor_state::Column::Status));
        let status = covered.finally(Func::coalesce([recorded, word(Status::Pending)]));
        let same = Expr::col((monitor_state::Entity, monitor_state::Column::MonitorId))
            .equals((monitor::Entity, monitor::Column::Id));
        let id = Expr::col((monitor::Entity, monitor::Column::Id));
        let select = Query::select()
            .expr_as(status, "status")
            .expr_as(Func::count(id), "n")
            .from(monitor::Entity)
            .left_join(monitor_state::Entity, same)
            .add_group_by([Expr::cust("1")])
            .to_owned();
        let rows = db.query_all(&select).await?;
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

/// A word of ours, written into the statement: a parameter would be of no type in a CASE.
fn word(status: Status) -> Expr {
    Expr::cust(format!("'{}'", status.as_str()))
}

fn condition(filter: &MonitorFilter, in_force: &InForce) -> Condition {
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
        let under = under_maintenance(in_force);
        match (status, &under) {
            (Status::Paused | Status::Maintenance, _) | (_, None) => {}
            (_, Some(under)) => all = all.add(under.clone().not()),
        }
        let stale = || monitor::Column::Id.is_in(filter.stale.iter().map(|m| m.0));
        let has_stale = !filter.stale.is_empty();
        if has_stale && !matches!(status, Status::Unknown | Status::Paused | Status::Maintenance) {
            all = all.add(stale().not());
        }
        match status {
            Status::Paused => {}
            Status::Maintenance => {
                let nothing = || Condition::all().add(Expr::val(1).eq(0));
                all = all.add(under.unwrap_or_else(nothing));
            }
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
            Status::Up | Status::Degraded | Status::Down | Status::Unknown => {
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
