//! Making open incidents be looked at again: something that decides about them has changed.

use domain::{clock::Timestamp, hold::HeldBy, id::MonitorId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{ExprTrait, SimpleExpr},
};

use crate::{
    entity::{escalation, incident},
    error::StoreError,
};

/// All of them: a policy was changed, or what may hold them back.
pub(crate) async fn look_again<C: ConnectionTrait>(tx: &C, now: Timestamp) -> Result<(), StoreError> {
    wake(tx, escalation::Column::IncidentId.gt(0), now).await
}

/// That of this monitor: it was edited, or goes on.
pub(crate) async fn look_again_at<C: ConnectionTrait>(
    tx: &C,
    monitor: MonitorId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let own = escalation::Column::MonitorId.eq(monitor.0);
    let children = escalation::Column::HeldBy.eq(HeldBy::Parent(monitor).to_string());
    wake(tx, own.or(children), now).await
}

/// Those that are held because this monitor was down, or was about to be.
pub(crate) async fn wake_children<C: ConnectionTrait>(
    tx: &C,
    parent: MonitorId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let held = escalation::Column::HeldBy.eq(HeldBy::Parent(parent).to_string());
    wake(tx, held, now).await
}

/// The monitor is deleted: nobody is told any more, and whoever depended on it is looked at.
pub(crate) async fn let_go<C: ConnectionTrait>(
    tx: &C,
    monitor: MonitorId,
    now: Timestamp,
) -> Result<(), StoreError> {
    escalation::Entity::update_many()
        .col_expr(escalation::Column::NextAt, Option::<i64>::None.into())
        .filter(escalation::Column::MonitorId.eq(monitor.0))
        .exec(tx)
        .await?;
    wake_children(tx, monitor, now).await
}

async fn wake<C: ConnectionTrait>(tx: &C, which: SimpleExpr, now: Timestamp) -> Result<(), StoreError> {
    let open = incident::Entity::find()
        .select_only()
        .column(incident::Column::Id)
        .filter(incident::Column::ResolvedAt.is_null())
        .into_query();
    escalation::Entity::update_many()
        .col_expr(escalation::Column::NextAt, now.as_millis().into())
        .filter(escalation::Column::IncidentId.in_subquery(open))
        .filter(which)
        .exec(tx)
        .await?;
    Ok(())
}
