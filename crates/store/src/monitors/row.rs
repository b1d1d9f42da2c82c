//! Rows of monitors and of their states, and what they mean.

use domain::{
    clock::Timestamp,
    id::MonitorId,
    monitor::{Monitor, MonitorConfig},
    state::MonitorState,
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};
use serde_json::Value;

use super::TABLE;
use crate::{
    entity::{monitor, monitor_state},
    error::{StoreError, corrupt},
    seal::{Place, Sealer},
};

/// The JSON that is kept: what has columns or tables of its own is not kept twice.
pub(super) fn body(config: &MonitorConfig) -> String {
    let mut value = config.to_json();
    if let Some(map) = value.as_object_mut() {
        for own in ["name", "enabled", "channels", "policy", "parents"] {
            map.remove(own);
        }
    }
    value.to_string()
}

/// What a monitor has to do with others, from tables of its own.
#[derive(Default)]
pub(crate) struct Links {
    pub(crate) channels: Vec<i64>,
    pub(crate) parents: Vec<i64>,
}

pub(crate) fn read_monitor(
    row: monitor::Model,
    links: Links,
    sealer: &Sealer,
) -> Result<Monitor, StoreError> {
    let damaged = || corrupt(TABLE, row.id, "config");
    let mut value: Value = serde_json::from_str(&row.config).map_err(|_| damaged())?;
    let map = value.as_object_mut().ok_or_else(damaged)?;
    map.insert("name".into(), row.name.into());
    map.insert("enabled".into(), row.enabled.into());
    map.insert("channels".into(), links.channels.into());
    map.insert("policy".into(), row.policy_id.into());
    map.insert("parents".into(), links.parents.into());
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

pub(crate) fn read_state(row: monitor_state::Model) -> Result<(MonitorId, MonitorState), StoreError> {
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
