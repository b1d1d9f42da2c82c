//! On which monitors a monitor depends.

use domain::{
    dependency::{Parents, makes_cycle},
    id::MonitorId,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::{
    entity::{monitor, monitor_parent},
    error::StoreError,
};

/// Refuses parents that do not exist, and those that depend on the monitor themselves.
pub(super) async fn write_parents<C: ConnectionTrait>(
    tx: &C,
    id: MonitorId,
    parents: &[MonitorId],
) -> Result<(), StoreError> {
    if parents.is_empty() {
        return Ok(());
    }
    let known: Vec<i64> = monitor::Entity::find()
        .select_only()
        .column(monitor::Column::Id)
        .filter(monitor::Column::Id.is_in(parents.iter().map(|p| p.0)))
        .into_tuple()
        .all(tx)
        .await?;
    if let Some(unknown) = parents.iter().find(|p| !known.contains(&p.0)) {
        return Err(StoreError::UnknownMonitor(*unknown));
    }
    let mut all = Parents::new();
    for link in monitor_parent::Entity::find().all(tx).await? {
        let of = all.entry(MonitorId(link.monitor_id)).or_default();
        of.insert(MonitorId(link.parent_id));
    }
    if makes_cycle(&all, id, parents) {
        return Err(StoreError::DependsOnItself);
    }
    let links = parents.iter().map(|parent| monitor_parent::ActiveModel {
        monitor_id: Set(id.0),
        parent_id: Set(parent.0),
    });
    monitor_parent::Entity::insert_many(links)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
