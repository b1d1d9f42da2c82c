//! Incidents as people read them.

use std::{cmp::Reverse, collections::HashMap};

use domain::{
    clock::Timestamp,
    delivery::{Event, MonitorLabel},
    id::{IncidentId, MonitorId},
    incident::{Incident, IncidentKind, Origin, Progress},
    outcome::{Reason, ReasonKind},
    policy::Severity,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

use crate::{
    entity::{incident, incident_event, monitor},
    error::{StoreError, corrupt},
    escalations, outbox,
    page::{Page, cut, read_cursor, rows_to_read},
    store::Store,
};

const TABLE: &str = "incidents";

pub struct Incidents<'a> {
    pub(crate) store: &'a Store,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentPhase {
    Open,
    Resolved,
}

#[derive(Clone, Debug, Default)]
pub struct IncidentFilter {
    pub phase: Option<IncidentPhase>,
    pub monitor: Option<MonitorId>,
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    pub incident: Incident,
    /// The name now, or the last one of a monitor that is gone; `Watchbell: …` of a trouble of our own.
    pub monitor_name: String,
}

/// What became of the wish to be left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snoozed {
    Until(Timestamp),
    /// It is acknowledged or over: nothing more would be told anyway.
    NoNeed(Incident),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentEvent {
    pub at: Timestamp,
    pub kind: IncidentEventKind,
    /// The reason, or who acknowledged.
    pub detail: String,
}

domain::named! {
    /// What happened in an incident, as it is kept.
    IncidentEventKind {
        Opened = "opened",
        /// Something holds its alerts back; the detail is a [`domain::hold::HeldBy`].
        Held = "held",
        Released = "released",
        /// Who was on call when a step told them, by name.
        OnCall = "on_call",
        /// The detail is the number of the rotation ([`domain::id::RotationId`]).
        NobodyOnCall = "nobody_on_call",
        Acknowledged = "acknowledged",
        /// The detail says until when, and who it was.
        Snoozed = "snoozed",
        /// The monitor is up, and it is not certain yet that it stays so.
        Recovering = "recovering",
        /// The monitor is down again before that was told.
        Relapsed = "relapsed",
        Flapping = "flapping",
        /// More urgent than before; the detail says why.
        Worsened = "worsened",
        Resolved = "resolved",
    }
}

impl Incidents<'_> {
    pub async fn get(&self, id: IncidentId) -> Result<Option<IncidentRow>, StoreError> {
        let db = self.store.inner.db.read();
        let row = incident::Entity::find_by_id(id.0).one(db).await?;
        Ok(with_names(db, row.into_iter().collect()).await?.pop())
    }

    /// Latest first.
    pub async fn page(&self, filter: &IncidentFilter) -> Result<Page<IncidentRow>, StoreError> {
        let db = self.store.inner.db.read();
        let mut select = incident::Entity::find()
            .order_by_desc(incident::Column::Id)
            .limit(rows_to_read(filter.limit));
        match filter.phase {
            Some(IncidentPhase::Open) => select = select.filter(incident::Column::ResolvedAt.is_null()),
            Some(IncidentPhase::Resolved) => {
                select = select.filter(incident::Column::ResolvedAt.is_not_null());
            }
            None => {}
        }
        if let Some(monitor) = filter.monitor {
            select = select
                .filter(incident::Column::MonitorId.eq(monitor.0))
                .filter(incident::Column::Origin.is_null());
        }
        if let Some(before) = read_cursor::<i64>(filter.cursor.as_deref())? {
            select = select.filter(incident::Column::Id.lt(before));
        }
        let (rows, next) = cut(select.all(db).await?, filter.limit, |r| r.id);
        let items = with_names(db, rows).await?;
        Ok(Page { items, next })
    }

    /// The open incident of each of these that has one; of several the outage.
    pub async fn open_of(&self, monitors: &[MonitorId]) -> Result<HashMap<MonitorId, Incident>, StoreError> {
        let rows = incident::Entity::find()
            .filter(incident::Column::ResolvedAt.is_null())
            .filter(incident::Column::MonitorId.is_in(monitors.iter().map(|m| m.0)))
            .all(self.store.inner.db.read())
            .await?;
        let mut open = rows
            .into_iter()
            .map(|r| Ok((MonitorId(r.monitor_id), read_incident(r)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        open.sort_by_key(|(_, incident)| Reverse(incident.kind));
        Ok(open.into_iter().collect())
    }

    /// Open ones of a kind, the longest first, and how many there are. Of Watchbell itself there are none among them.
    pub async fn open_of_kind(
        &self,
        kind: IncidentKind,
        limit: u32,
    ) -> Result<(Vec<IncidentRow>, u64), StoreError> {
        let db = self.store.inner.db.read();
        let open = incident::Entity::find()
            .filter(incident::Column::ResolvedAt.is_null())
            .filter(incident::Column::Origin.is_null())
            .filter(incident::Column::Kind.eq(kind.as_str()));
        let all = open.clone().count(db).await?;
        let rows = open
            .order_by_asc(incident::Column::Id)
            .limit(u64::from(limit))
            .all(db)
            .await?;
        Ok((with_names(db, rows).await?, all))
    }

    pub async fn open_count(&self) -> Result<u64, StoreError> {
        Ok(incident::Entity::find()
            .filter(incident::Column::ResolvedAt.is_null())
            .count(self.store.inner.db.read())
            .await?)
    }

    /// The first acknowledgement counts; a resolved incident stays as it is. `None`: there is no such incident.
    /// Whoever hears of the incident hears of it.
    pub async fn acknowledge(&self, id: IncidentId, by: &str) -> Result<Option<Incident>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        // The monitor is locked before its incident, as whoever records an outcome does it.
        let case = self.store.open_case(&*tx, id, now).await?;
        let row = incident::ActiveModel {
            acknowledged_at: Set(Some(now.as_millis())),
            acknowledged_by: Set(Some(by.to_owned())),
            ..Default::default()
        };
        let changed = incident::Entity::update_many()
            .set(row)
            .filter(incident::Column::Id.eq(id.0))
            .filter(incident::Column::AcknowledgedAt.is_null())
            .filter(incident::Column::ResolvedAt.is_null())
            .exec_with_returning(&*tx)
            .await?;
        let Some(row) = changed.into_iter().next() else {
            drop(tx);
            return Ok(self.get(id).await?.map(|r| r.incident));
        };
        note(&*tx, id, now, IncidentEventKind::Acknowledged, by).await?;
        escalations::drop_reminders(&*tx, id, "Acknowledged before it was sent.", now).await?;
        let origin = origin_of(&row)?;
        if origin.own().is_some() {
            let troubles = self.store.troubles();
            troubles
                .tell(&*tx, (id, &origin), Event::Acknowledged, now)
                .await?;
        } else if let Some(case) = case {
            self.store
                .tell(&*tx, &case, (Event::Acknowledged, now), now)
                .await?;
        }
        self.store.carry_on(&*tx, id, now).await?;
        let incident = read_incident(row)?;
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(Some(incident))
    }

    /// Nobody is told anything more before `until`; then it goes on, unless the incident is over. One that is acknowledged
    /// or over stays as it is. `None`: there is no such incident.
    pub async fn snooze(
        &self,
        id: IncidentId,
        until: Timestamp,
        by: &str,
    ) -> Result<Option<Snoozed>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let Some(row) = incident::Entity::find_by_id(id.0).one(&*tx).await? else {
            return Ok(None);
        };
        if row.resolved_at.is_some() || row.acknowledged_at.is_some() {
            return Ok(Some(Snoozed::NoNeed(read_incident(row)?)));
        }
        // Before anything is written: see `Store::hold_of`.
        self.store.open_case(&*tx, id, now).await?;
        if !escalations::snooze(&*tx, id, until, by).await? {
            return Ok(Some(Snoozed::NoNeed(read_incident(row)?)));
        }
        let detail = format!("{until} {by}");
        note(&*tx, id, now, IncidentEventKind::Snoozed, &detail).await?;
        if until > now {
            escalations::drop_reminders(&*tx, id, "Snoozed before it was sent.", now).await?;
        }
        self.store.carry_on(&*tx, id, now).await?;
        tx.commit().await?;
        Ok(Some(Snoozed::Until(until)))
    }

    /// Oldest first.
    pub async fn events(&self, id: IncidentId) -> Result<Vec<IncidentEvent>, StoreError> {
        let rows = incident_event::Entity::find()
            .filter(incident_event::Column::IncidentId.eq(id.0))
            .order_by_asc(incident_event::Column::Id)
            .all(self.store.inner.db.read())
            .await?;
        rows.into_iter()
            .map(|row| {
                let kind = IncidentEventKind::parse(&row.kind);
                Ok(IncidentEvent {
                    at: Timestamp::from_millis(row.at),
                    kind: kind.ok_or_else(|| corrupt("incident_events", row.id, "kind"))?,
                    detail: row.detail,
                })
            })
            .collect()
    }
}

/// What messages say of the monitor, kept with the incident for when the monitor is gone.
#[derive(Serialize, Deserialize)]
struct Label {
    name: String,
    kind: String,
    target: String,
    tags: Vec<String>,
}

pub(crate) fn read_label(row: &incident::Model) -> Result<MonitorLabel, StoreError> {
    let label: Label = serde_json::from_str(&row.label).map_err(|_| corrupt(TABLE, row.id, "label"))?;
    Ok(MonitorLabel {
        id: MonitorId(row.monitor_id),
        name: label.name,
        kind: label.kind,
        target: label.target,
        tags: label.tags,
    })
}

pub(crate) fn origin_of(row: &incident::Model) -> Result<Origin, StoreError> {
    match &row.origin {
        Some(own) => Origin::parse_own(own).ok_or_else(|| corrupt(TABLE, row.id, "origin")),
        None => Ok(Origin::Monitor(MonitorId(row.monitor_id))),
    }
}

pub(crate) fn read_incident(row: incident::Model) -> Result<Incident, StoreError> {
    let kind = ReasonKind::parse(&row.reason_kind).ok_or_else(|| corrupt(TABLE, row.id, "reason_kind"))?;
    let origin = origin_of(&row)?;
    let about = read_kind(&row)?;
    let acknowledged = match (row.acknowledged_at, row.acknowledged_by) {
        (Some(at), Some(by)) => Some((Timestamp::from_millis(at), by)),
        (None, None) => None,
        _ => return Err(corrupt(TABLE, row.id, "acknowledged_by")),
    };
    let progress = match (row.resolved_at, acknowledged) {
        (Some(at), acknowledged) => Progress::Resolved {
            at: Timestamp::from_millis(at),
            acknowledged,
        },
        (None, Some((at, by))) => Progress::Acknowledged { at, by },
        (None, None) => Progress::Open,
    };
    let severity = match row.severity.as_deref() {
        Some(word) => Severity::parse(word).ok_or_else(|| corrupt(TABLE, row.id, "severity"))?,
        // What is our own is no outage of anybody's.
        None if row.origin.is_some() => Severity::Warning,
        None => about.severity(Severity::default()),
    };
    Ok(Incident {
        severity,
        id: IncidentId(row.id),
        origin,
        kind: about,
        since: Timestamp::from_millis(row.since),
        opened_at: Timestamp::from_millis(row.opened_at),
        reason: Reason {
            kind,
            detail: row.reason_detail,
        },
        progress,
    })
}

pub(crate) fn read_kind(row: &incident::Model) -> Result<IncidentKind, StoreError> {
    IncidentKind::parse(&row.kind).ok_or_else(|| corrupt(TABLE, row.id, "kind"))
}

async fn with_names<C: ConnectionTrait>(
    db: &C,
    rows: Vec<incident::Model>,
) -> Result<Vec<IncidentRow>, StoreError> {
    let names: Vec<(i64, String)> = monitor::Entity::find()
        .select_only()
        .columns([monitor::Column::Id, monitor::Column::Name])
        .filter(monitor::Column::Id.is_in(rows.iter().map(|r| r.monitor_id)))
        .into_tuple()
        .all(db)
        .await?;
    let names: HashMap<i64, String> = names.into_iter().collect();
    rows.into_iter()
        .map(|row| {
            let monitor_name = match names.get(&row.monitor_id) {
                Some(name) => name.clone(),
                None => read_label(&row)?.name,
            };
            let incident = read_incident(row)?;
            Ok(IncidentRow {
                incident,
                monitor_name,
            })
        })
        .collect()
}

/// The open incident of a monitor about this, locked for the rest of the transaction.
pub(crate) async fn find_open<C: ConnectionTrait>(
    tx: &C,
    monitor: MonitorId,
    kind: IncidentKind,
) -> Result<Option<incident::Model>, StoreError> {
    Ok(incident::Entity::find()
        .filter(incident::Column::MonitorId.eq(monitor.0))
        .filter(incident::Column::Kind.eq(kind.as_str()))
        .filter(incident::Column::Origin.is_null())
        .filter(incident::Column::ResolvedAt.is_null())
        .lock_exclusive()
        .one(tx)
        .await?)
}

/// The same of a trouble of our own.
pub(crate) async fn find_open_own<C: ConnectionTrait>(
    tx: &C,
    origin: &str,
) -> Result<Option<incident::Model>, StoreError> {
    Ok(incident::Entity::find()
        .filter(incident::Column::Origin.eq(origin))
        .filter(incident::Column::ResolvedAt.is_null())
        .lock_exclusive()
        .one(tx)
        .await?)
}

/// `label` is what messages say of the origin.
pub(crate) async fn open<C: ConnectionTrait>(
    tx: &C,
    (origin, kind, label): (&Origin, IncidentKind, MonitorLabel),
    since: Timestamp,
    at: Timestamp,
    reason: &Reason,
) -> Result<IncidentId, StoreError> {
    let id = label.id.0;
    let label = Label {
        name: label.name,
        kind: label.kind,
        target: label.target,
        tags: label.tags,
    };
    let row = incident::ActiveModel {
        id: NotSet,
        monitor_id: Set(id),
        label: Set(serde_json::to_string(&label).map_err(|_| corrupt(TABLE, "new", "label"))?),
        since: Set(since.as_millis()),
        opened_at: Set(at.as_millis()),
        reason_kind: Set(reason.kind.to_string()),
        reason_detail: Set(reason.detail.clone()),
        origin: Set(origin.own()),
        kind: Set(kind.as_str().to_owned()),
        ..Default::default()
    };
    let id = IncidentId(incident::Entity::insert(row).exec(tx).await?.last_insert_id);
    note(tx, id, at, IncidentEventKind::Opened, &reason.detail).await?;
    Ok(id)
}

pub(crate) async fn resolve<C: ConnectionTrait>(
    tx: &C,
    id: IncidentId,
    at: Timestamp,
    detail: &str,
) -> Result<(), StoreError> {
    let row = incident::ActiveModel {
        resolved_at: Set(Some(at.as_millis())),
        ..Default::default()
    };
    incident::Entity::update_many()
        .set(row)
        .filter(incident::Column::Id.eq(id.0))
        .exec(tx)
        .await?;
    note(tx, id, at, IncidentEventKind::Resolved, detail).await
}

/// It is more urgent than before, and why.
pub(crate) async fn worsen<C: ConnectionTrait>(
    tx: &C,
    id: IncidentId,
    at: Timestamp,
    reason: &Reason,
) -> Result<(), StoreError> {
    incident::Entity::update_many()
        .col_expr(incident::Column::ReasonKind, reason.kind.as_str().into())
        .col_expr(incident::Column::ReasonDetail, reason.detail.as_str().into())
        .filter(incident::Column::Id.eq(id.0))
        .exec(tx)
        .await?;
    note(tx, id, at, IncidentEventKind::Worsened, &reason.detail).await
}

pub(crate) async fn set_severity<C: ConnectionTrait>(
    tx: &C,
    id: IncidentId,
    severity: Severity,
) -> Result<(), StoreError> {
    incident::Entity::update_many()
        .col_expr(incident::Column::Severity, severity.as_str().into())
        .filter(incident::Column::Id.eq(id.0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Every open incident of a monitor, the earliest first, locked for the rest of the transaction.
pub(crate) async fn all_open_of<C: ConnectionTrait>(
    tx: &C,
    monitor: MonitorId,
) -> Result<Vec<incident::Model>, StoreError> {
    Ok(incident::Entity::find()
        .filter(incident::Column::MonitorId.eq(monitor.0))
        .filter(incident::Column::Origin.is_null())
        .filter(incident::Column::ResolvedAt.is_null())
        .order_by_asc(incident::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?)
}

pub(crate) async fn close_with_monitor<C: ConnectionTrait>(
    tx: &C,
    monitor: MonitorId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for row in all_open_of(tx, monitor).await? {
        resolve(tx, IncidentId(row.id), now, outbox::MONITOR_DELETED).await?;
    }
    Ok(())
}

pub(crate) async fn note<C: ConnectionTrait>(
    tx: &C,
    incident: IncidentId,
    at: Timestamp,
    kind: IncidentEventKind,
    detail: &str,
) -> Result<(), StoreError> {
    let row = incident_event::ActiveModel {
        id: NotSet,
        incident_id: Set(incident.0),
        at: Set(at.as_millis()),
        kind: Set(kind.as_str().to_owned()),
        detail: Set(detail.to_owned()),
    };
    incident_event::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
