//! Whose outage is taken for whose.

use domain::{
    clock::Timestamp,
    hold::{HeldBy, Hold},
    id::MonitorId,
    state::{Known, MonitorState},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Statement,
};

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

/// One failure is enough to wait for the next check: the children may be checked more often than their parent.
fn fails(state: &MonitorState) -> bool {
    match &state.known {
        Known::Down { .. } => true,
        Known::Up { failing, .. } | Known::Pending { failing } => failing.is_some(),
    }
}

/// Names of monitors whose outages since then were taken for the one of `parent`, as they were called.
pub(crate) async fn taken_down<C: ConnectionTrait>(
    db: &C,
    parent: MonitorId,
    since: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let incidents = escalation::Entity::find()
        .select_only()
        .column(escalation::Column::IncidentId)
        .filter(escalation::Column::TakenDownBy.eq(parent.0))
        .into_query();
    let rows = incident::Entity::find()
        .filter(incident::Column::Id.in_subquery(incidents))
        .filter(incident::Column::OpenedAt.gte(since.as_millis()))
        .order_by_asc(incident::Column::Id)
        .all(db)
        .await?;
    let mut names = Vec::with_capacity(rows.len());
    for row in &rows {
        let name = read_label(row)?.name;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}
