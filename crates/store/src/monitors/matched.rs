//! Which monitors a matcher is about, asked of the database: the cost follows the matcher, not the number of monitors.

use domain::{id::MonitorId, in_force::InForce, matcher::Matcher};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, SelectStatement},
};

use super::Monitors;
use crate::{
    entity::{incident, monitor, monitor_tag},
    error::StoreError,
};

/// The monitors that a matcher is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The first ones by name.
    pub first: Vec<(MonitorId, String)>,
    pub monitors: u64,
    /// How many of them have an open incident.
    pub open_incidents: u64,
}

impl Monitors<'_> {
    /// At most `names` of them by name, and how many there are.
    pub async fn matched(&self, matcher: &Matcher, names: u64) -> Result<Matched, StoreError> {
        let db = self.store.inner.db.read();
        let select = monitor::Entity::find().filter(condition(matcher));
        let first: Vec<(i64, String)> = select
            .clone()
            .select_only()
            .columns([monitor::Column::Id, monitor::Column::Name])
            .order_by_asc(monitor::Column::NameKey)
            .order_by_asc(monitor::Column::Id)
            .limit(names)
            .into_tuple()
            .all(db)
            .await?;
        let ids = select
            .clone()
            .select_only()
            .column(monitor::Column::Id)
            .into_query();
        let open_incidents = incident::Entity::find()
            .filter(incident::Column::ResolvedAt.is_null())
            .filter(incident::Column::MonitorId.in_subquery(ids))
            .count(db)
            .await?;
        Ok(Matched {
            first: first
                .into_iter()
                .map(|(id, name)| (MonitorId(id), name))
                .collect(),
            monitors: select.count(db).await?,
            open_incidents,
        })
    }

    /// The names of these, as far as they exist, by id.
    pub async fn names(&self, ids: &[MonitorId]) -> Result<Vec<(MonitorId, String)>, StoreError> {
        let names: Vec<(i64, String)> = monitor::Entity::find()
            .select_only()
            .columns([monitor::Column::Id, monitor::Column::Name])
            .filter(monitor::Column::Id.is_in(ids.iter().map(|m| m.0)))
            .order_by_asc(monitor::Column::Id)
            .into_tuple()
            .all(self.store.inner.db.read())
            .await?;
        Ok(names
            .into_iter()
            .map(|(id, name)| (MonitorId(id), name))
            .collect())
    }

    /// The monitors with exactly this name, whatever its case.
    pub async fn named(&self, name: &str) -> Result<Vec<MonitorId>, StoreError> {
        let ids: Vec<i64> = monitor::Entity::find()
            .select_only()
            .column(monitor::Column::Id)
            .filter(monitor::Column::NameKey.eq(name.to_lowercase()))
            .order_by_asc(monitor::Column::Id)
            .limit(20)
            .into_tuple()
            .all(self.store.inner.db.read())
            .await?;
        Ok(ids.into_iter().map(MonitorId).collect())
    }
}

fn condition(matcher: &Matcher) -> Condition {
    // Never empty: a condition that is might be left out by who puts it together with others.
    let mut all = Condition::all().add(Expr::val(1).eq(1));
    if !matcher.tags().is_empty() {
        let tagged = monitor_tag::Entity::find()
            .select_only()
            .column(monitor_tag::Column::MonitorId)
            .filter(monitor_tag::Column::Tag.is_in(matcher.tags().iter().cloned()))
            .into_query();
        all = all.add(monitor::Column::Id.in_subquery(tagged));
    }
    if !matcher.monitors().is_empty() {
        all = all.add(monitor::Column::Id.is_in(matcher.monitors().iter().map(|m| m.0)));
    }
    if !matcher.kinds().is_empty() {
        all = all.add(monitor::Column::Kind.is_in(matcher.kinds().iter().map(|k| k.as_str())));
    }
    all
}

/// The monitors under maintenance; `None`: no window is open.
pub(super) fn under_maintenance(in_force: &InForce) -> Option<Condition> {
    any_of(in_force.maintenance().map(|s| &s.matcher))
}

/// Ids of the monitors whose alerts are held back by something; `None`: by nothing.
pub(crate) fn under_anything(in_force: &InForce) -> Option<SelectStatement> {
    let held = any_of(in_force.matchers())?;
    let ids = monitor::Entity::find()
        .select_only()
        .column(monitor::Column::Id)
        .filter(held);
    Some(ids.into_query())
}

fn any_of<'a>(matchers: impl Iterator<Item = &'a Matcher>) -> Option<Condition> {
    let mut matchers = matchers.peekable();
    matchers.peek()?;
    Some(matchers.fold(Condition::any(), |any, m| any.add(condition(m))))
}

/// Refuses a monitor that does not exist, unless it was named before: it was deleted meanwhile, and that is no mistake.
pub(crate) async fn check_matched<C: ConnectionTrait>(
    tx: &C,
    matcher: &Matcher,
    before: Option<&Matcher>,
) -> Result<(), StoreError> {
    let known: Vec<i64> = monitor::Entity::find()
        .select_only()
        .column(monitor::Column::Id)
        .filter(monitor::Column::Id.is_in(matcher.monitors().iter().map(|m| m.0)))
        .into_tuple()
        .all(tx)
        .await?;
    let unknown =
        |id: &&MonitorId| !known.contains(&id.0) && !before.is_some_and(|b| b.monitors().contains(id));
    match matcher.monitors().iter().find(unknown) {
        Some(id) => Err(StoreError::UnknownMonitor(*id)),
        None => Ok(()),
    }
}
