//! Whose outage is taken for whose.

use std::{collections::HashMap, time::Duration};

use domain::{
    clock::Timestamp,
    hold::{HeldBy, Hold},
    id::MonitorId,
    incident::IncidentKind,
    state::{Known, MonitorState},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};

use crate::{
    entity::{escalation, incident},
    error::StoreError,
    incidents::read_label,
};

/// The enabled ancestors of a monitor, the farthest first. Nobody depends on themselves, so the depth is a guard only.
const ANCESTORS: &str = "WITH RECURSIVE up(id, depth) AS ( \
       SELECT parent_id, 1 FROM monitor_parents WHERE monitor_id = $1 \
       UNION SELECT p.parent_id, up.depth + 1 FROM monitor_parents p JOIN up ON p.monitor_id = up.id WHERE up.depth < 32) \
     SELECT up.id AS id, s.state AS state FROM up \
       JOIN monitors m ON m.id = up.id JOIN monitor_states s ON s.monitor_id = up.id \
     WHERE m.enabled ORDER BY up.depth DESC, up.id";

/// An ancestor that is down, or about to be: the farthest, which is the one that people are told of.
pub(super) async fn hold<C: ConnectionTrait>(tx: &C, monitor: MonitorId) -> Result<Option<Hold>, StoreError> {
    let backend = tx.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, ANCESTORS, [monitor.0.into()]);
    for row in tx.query_all_raw(statement).await? {
        let id: i64 = row.try_get("", "id")?;
        let state: String = row.try_get("", "state")?;
        // What cannot be read holds nobody back.
        let Ok(state) = serde_json::from_str::<MonitorState>(&state) else {
            continue;
        };
        if fails(&state) {
            let by = HeldBy::Parent(MonitorId(id));
            return Ok(Some(Hold { by, until: None }));
        }
    }
    Ok(None)
}

/// One failure is enough to wait for the next check: the children may be checked more often than their parent. While we
/// cannot look there is no next check that would confirm it, and what was not confirmed says nothing.
pub(crate) fn fails(state: &MonitorState) -> bool {
    match &state.known {
        Known::Down { .. } => true,
        Known::Up { failing, .. } | Known::Pending { failing } => failing.is_some() && state.doubt.is_none(),
    }
}

/// A child may be seen down before its parent.
const EARLIER: Duration = Duration::from_mins(10);
/// Read for a claim; a message names few of them and counts the others.
const MOST: u64 = 1000;

/// Names of monitors whose outages were taken for one of these, which began then: as they were called.
pub(crate) async fn taken_down_by<C: ConnectionTrait>(
    db: &C,
    outages: HashMap<MonitorId, Timestamp>,
) -> Result<HashMap<MonitorId, Vec<String>>, StoreError> {
    let mut names: HashMap<MonitorId, Vec<String>> = HashMap::new();
    let taken: Vec<(i64, Option<i64>)> = escalation::Entity::find()
        .select_only()
        .columns([escalation::Column::IncidentId, escalation::Column::TakenDownBy])
        .filter(escalation::Column::TakenDownBy.is_in(outages.keys().map(|m| m.0)))
        .order_by_desc(escalation::Column::IncidentId)
        .limit(MOST)
        .into_tuple()
        .all(db)
        .await?;
    if taken.is_empty() {
        return Ok(names);
    }
    let by: HashMap<i64, i64> = taken.into_iter().filter_map(|(id, by)| Some((id, by?))).collect();
    let rows = incident::Entity::find()
        .filter(incident::Column::Id.is_in(by.keys().copied()))
        .filter(incident::Column::Kind.eq(IncidentKind::Down.as_str()))
        .order_by_asc(incident::Column::Id)
        .all(db)
        .await?;
    for row in &rows {
        let Some(parent) = by.get(&row.id).map(|id| MonitorId(*id)) else {
            continue;
        };
        let began = outages.get(&parent).map(|since| since.minus(EARLIER));
        if began.is_none_or(|began| row.opened_at < began.as_millis()) {
            continue;
        }
        let name = read_label(row)?.name;
        let of_parent = names.entry(parent).or_default();
        if !of_parent.contains(&name) {
            of_parent.push(name);
        }
    }
    Ok(names)
}
