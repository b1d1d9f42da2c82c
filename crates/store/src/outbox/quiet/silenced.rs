//! What quiet hours let go into a silence or a maintenance window.

use std::collections::HashMap;

use domain::{
    clock::Timestamp,
    delivery::Event,
    hold::{HeldBy, Hold},
    hours::{LONGEST_STRETCH, QuietAction},
    id::{ChannelId, MonitorId},
    in_force::InForce,
    target::Kind,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
};

use super::{BY_HOLD, expiry, opening};
use crate::{
    entity::{delivery, incident, monitor, monitor_tag},
    error::StoreError,
    monitors::under_anything,
};

/// What one statement binds.
const BOUND: usize = 500;

/// Openings whose quiet hours are over while a silence or a maintenance window holds their incident wait for its end.
pub(super) async fn put_off<C: ConnectionTrait>(
    tx: &C,
    in_force: &InForce,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(held) = under_anything(in_force) else {
        return Ok(());
    };
    let over = || {
        opening()
            .add(delivery::Column::ChannelId.eq(channel.0))
            .add(delivery::Column::HeldUntil.lte(now.as_millis()))
    };
    let of = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::IncidentId)
        .filter(over())
        .into_query();
    let incidents: Vec<(i64, i64)> = incident::Entity::find()
        .select_only()
        .columns([incident::Column::Id, incident::Column::MonitorId])
        .filter(incident::Column::Id.in_subquery(of))
        .filter(incident::Column::MonitorId.in_subquery(held))
        .filter(incident::Column::Origin.is_null())
        .into_tuple()
        .all(tx)
        .await?;
    // In a storm they are many, and what holds them is not.
    let mut by_hold: HashMap<Hold, Vec<i64>> = HashMap::new();
    for part in incidents.chunks(BOUND) {
        let monitors = part.iter().map(|(_, monitor)| *monitor);
        let known = matched(tx, monitors).await?;
        for (incident, monitor) in part {
            let Some((kind, tags)) = known.get(monitor) else {
                continue;
            };
            if let Some(hold) = in_force.hold_of(MonitorId(*monitor), tags, *kind) {
                by_hold.entry(hold).or_default().push(*incident);
            }
        }
    }
    for (hold, incidents) in by_hold {
        let horizon = now.plus(LONGEST_STRETCH);
        let until = hold.until.unwrap_or(horizon).min(horizon);
        let whose = match hold.by {
            HeldBy::Maintenance(_) => "a maintenance window",
            HeldBy::Silence(_) | HeldBy::Parent(_) => "a silence",
        };
        for part in incidents.chunks(BOUND) {
            let row = delivery::ActiveModel {
                held_until: Set(Some(until.as_millis())),
                held_as: Set(Some(QuietAction::Hold.as_str().to_owned())),
                held_by: Set(Some(BY_HOLD.to_owned())),
                next_attempt_at: Set(Some(until.as_millis())),
                expires_at: Set(expiry(until, Event::Opened).as_millis()),
                reason: Set(Some(format!("Held until {until} by {whose}."))),
                ..Default::default()
            };
            delivery::Entity::update_many()
                .set(row)
                .filter(over())
                .filter(delivery::Column::IncidentId.is_in(part.iter().copied()))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

/// By what these monitors are matched: kind and tags, by monitor.
async fn matched<C: ConnectionTrait>(
    tx: &C,
    monitors: impl Iterator<Item = i64> + Clone,
) -> Result<HashMap<i64, (Kind, Vec<String>)>, StoreError> {
    let kinds: Vec<(i64, String)> = monitor::Entity::find()
        .select_only()
        .columns([monitor::Column::Id, monitor::Column::Kind])
        .filter(monitor::Column::Id.is_in(monitors.clone()))
        .into_tuple()
        .all(tx)
        .await?;
    let known = kinds
        .into_iter()
        .filter_map(|(id, kind)| Some((id, (Kind::parse(&kind)?, Vec::new()))));
    let mut known: HashMap<i64, (Kind, Vec<String>)> = known.collect();
    let tags = monitor_tag::Entity::find().filter(monitor_tag::Column::MonitorId.is_in(monitors));
    for tag in tags.all(tx).await? {
        if let Some((_, tags)) = known.get_mut(&tag.monitor_id) {
            tags.push(tag.tag);
        }
    }
    Ok(known)
}
