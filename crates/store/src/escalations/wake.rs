//! Making open incidents be looked at again: something that decides about them has changed.

use domain::{clock::Timestamp, hold::HeldBy, id::MonitorId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, sea_query::SimpleExpr,
};

use crate::{
    entity::{escalation, incident},
    error::StoreError,
    outbox,
};

/// All of them: a policy was changed, or what may hold them back.
pub(crate) async fn look_again<C: ConnectionTrait>(tx: &C, now: Timestamp) -> Result<(), StoreError> {
    let open = incident::Entity::find()
        .select_only()
        .column(incident::Column::Id)
        .filter(incident::Column::ResolvedAt.is_null())
        .into_query();
    wake(tx, escalation::Column::IncidentId.in_subquery(open), now).await?;
    outbox::look_again(tx, now).await
}

/// That of this monitor: it was edited, or goes on.
pub(crate) async fn look_again_at<C: ConnectionTrait>(
    tx: &C,
    monitor: MonitorId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let open = incident::Entity::find()
        .select_only()
        .column(incident::Column::Id)
        .filter(incident::Column::MonitorId.eq(monitor.0))
        .filter(incident::Column::ResolvedAt.is_null())
        .into_query();
    wake(tx, escalation::Column::IncidentId.in_subquery(open), now).await?;
    wake_children(tx, monitor, now).await
}

/// Those that are held because this monitor was down, or was about to be. Asked with every recovery, of thousands at once
/// in a storm: found by what holds them, which nothing does any more that is over.
pub(crate) async fn wake_children<C: ConnectionTrait>(
    tx: &C,
    parent: MonitorId,
    now: Timestamp,
) -> Result<(), StoreError> {
    wake(
        tx,
        escalation::Column::HeldBy.eq(HeldBy::Parent(parent).to_string()),
        now,
    )
    .await
}

/// The monitor is deleted: nobody is told any more, and whoever depended on it is looked at.
pub(crate) async fn let_go<C: ConnectionTrait>(
    tx: &C,
    monitor: MonitorId,
    now: Timestamp,
) -> Result<(), StoreError> {
    escalation::Entity::update_many()
        .col_expr(escalation::Column::NextAt, Option::<i64>::None.into())
        .col_expr(escalation::Column::HeldBy, Option::<String>::None.into())
        .filter(escalation::Column::MonitorId.eq(monitor.0))
        .exec(tx)
        .await?;
    wake_children(tx, monitor, now).await
}

async fn wake<C: ConnectionTrait>(tx: &C, which: SimpleExpr, now: Timestamp) -> Result<(), StoreError> {
    escalation::Entity::update_many()
        .col_expr(escalation::Column::NextAt, now.as_millis().into())
        .filter(which)
        .exec(tx)
        .await?;
    Ok(())
}
