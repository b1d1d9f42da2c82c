//! Rows of escalations, and what they mean.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    escalation::{Escalation, Recovering},
    hold::Hold,
    id::{IncidentId, MonitorId, PolicyId},
    incident::IncidentKind,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::Case;
use crate::{
    entity::{escalation, incident},
    error::{StoreError, corrupt},
    incidents::read_kind,
};

const TABLE: &str = "escalations";

pub(super) async fn insert<C: ConnectionTrait>(
    tx: &C,
    case: &Case,
    policy: Option<PolicyId>,
) -> Result<(), StoreError> {
    let row = escalation::ActiveModel {
        incident_id: Set(case.incident.0),
        monitor_id: Set(case.label.id.0),
        policy_id: Set(policy.map(|p| p.0)),
        ..columns(&case.escalation)
    };
    escalation::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// `None`: it was opened before there were any.
pub(super) async fn find<C: ConnectionTrait>(
    db: &C,
    id: IncidentId,
) -> Result<Option<Escalation>, StoreError> {
    let row = escalation::Entity::find_by_id(id.0).one(db).await?;
    row.map(read).transpose()
}

/// What is known of an open incident before anything is decided about it.
pub(super) struct Known {
    pub(super) incident: IncidentId,
    pub(super) kind: IncidentKind,
    pub(super) opened_at: Timestamp,
    pub(super) acknowledged: bool,
    /// That it had when it opened.
    pub(super) policy: Option<PolicyId>,
    pub(super) escalation: Escalation,
}

impl Known {
    /// Of one that has just been opened.
    pub(super) fn new(incident: IncidentId, kind: IncidentKind, opened_at: Timestamp) -> Self {
        Self {
            incident,
            kind,
            opened_at,
            acknowledged: false,
            policy: None,
            escalation: Escalation::default(),
        }
    }
}

pub(super) async fn known<C: ConnectionTrait>(tx: &C, id: IncidentId) -> Result<Known, StoreError> {
    let stored = incident::Entity::find_by_id(id.0).one(tx).await?;
    let stored = stored.ok_or_else(|| corrupt("incidents", id, "id"))?;
    let row = escalation::Entity::find_by_id(id.0).one(tx).await?;
    let opened_at = Timestamp::from_millis(stored.opened_at);
    Ok(Known {
        acknowledged: stored.acknowledged_at.is_some(),
        policy: row.as_ref().and_then(|r| r.policy_id).map(PolicyId),
        escalation: match row {
            Some(row) => read(row)?,
            // Opened by a version without policies: the channels of its monitor were told at once.
            None => Escalation {
                begun_at: Some(opened_at),
                through: Some(Duration::ZERO),
                told_at: Some(opened_at),
                ..Escalation::default()
            },
        },
        ..Known::new(id, read_kind(&stored)?, opened_at)
    })
}

pub(super) async fn write<C: ConnectionTrait>(
    tx: &C,
    id: IncidentId,
    escalation: &Escalation,
) -> Result<(), StoreError> {
    escalation::Entity::update_many()
        .set(columns(escalation))
        .filter(escalation::Column::IncidentId.eq(id.0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Nothing is due by the clock any more.
pub(super) async fn stop<C: ConnectionTrait>(tx: &C, id: IncidentId) -> Result<(), StoreError> {
    put(tx, id, None).await
}

pub(super) async fn put_off<C: ConnectionTrait>(
    tx: &C,
    id: IncidentId,
    until: Timestamp,
) -> Result<(), StoreError> {
    put(tx, id, Some(until.as_millis())).await
}

async fn put<C: ConnectionTrait>(tx: &C, id: IncidentId, next_at: Option<i64>) -> Result<(), StoreError> {
    escalation::Entity::update_many()
        .col_expr(escalation::Column::NextAt, next_at.into())
        .filter(escalation::Column::IncidentId.eq(id.0))
        .exec(tx)
        .await?;
    Ok(())
}

fn columns(e: &Escalation) -> escalation::ActiveModel {
    let ms = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    escalation::ActiveModel {
        begun_at: Set(ms(e.begun_at)),
        through_ms: Set(e
            .through
            .map(|d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))),
        reminders: Set(i32::try_from(e.reminders).unwrap_or(i32::MAX)),
        told_at: Set(ms(e.told_at)),
        held_by: Set(e.held.map(|h| h.by.to_string())),
        held_until: Set(ms(e.held.and_then(|h| h.until))),
        taken_down_by: Set(e.taken_down_by.map(|m| m.0)),
        snoozed_until: Set(ms(e.snoozed_until)),
        recovering_since: Set(e.recovering.map(|r| r.since.as_millis())),
        recovering_until: Set(e.recovering.map(|r| r.until.as_millis())),
        flapping_at: Set(ms(e.flapping)),
        next_at: Set(ms(e.next_at)),
        ..Default::default()
    }
}

pub(super) fn read(row: escalation::Model) -> Result<Escalation, StoreError> {
    let damaged = |column| corrupt(TABLE, row.incident_id, column);
    let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
    let held = match &row.held_by {
        Some(by) => Some(Hold {
            by: by.parse().map_err(|_| damaged("held_by"))?,
            until: at(row.held_until),
        }),
        None => None,
    };
    let through = row.through_ms.map(u64::try_from).transpose();
    let recovering = row.recovering_since.zip(row.recovering_until);
    Ok(Escalation {
        begun_at: at(row.begun_at),
        through: through
            .map_err(|_| damaged("through_ms"))?
            .map(Duration::from_millis),
        reminders: u32::try_from(row.reminders).map_err(|_| damaged("reminders"))?,
        told_at: at(row.told_at),
        held,
        taken_down_by: row.taken_down_by.map(MonitorId),
        snoozed_until: at(row.snoozed_until),
        recovering: recovering.map(|(since, until)| Recovering {
            since: Timestamp::from_millis(since),
            until: Timestamp::from_millis(until),
        }),
        flapping: at(row.flapping_at),
        next_at: at(row.next_at),
    })
}
