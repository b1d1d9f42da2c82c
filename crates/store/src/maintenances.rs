//! Maintenance windows, and which of their occurrences ended early or were called off.

use std::{collections::HashMap, time::Duration};

use domain::{
    clock::Timestamp,
    id::MaintenanceId,
    maintenance::{Exception, Maintenance, MaintenanceConfig, Window},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};

use crate::{
    entity::{maintenance, maintenance_exception},
    error::{StoreError, corrupt},
    monitors::check_matched,
    page::{Page, cut, read_cursor, rows_to_read},
    store::Store,
};

const TABLE: &str = "maintenances";
/// Longer than any single window, so that no exception of one that may be open is left out.
const EXCEPTIONS_FOR: Duration = Duration::from_hours(24 * 100);

pub struct Maintenances<'a> {
    pub(crate) store: &'a Store,
}

/// Where a window stands at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaintenanceState {
    /// Open.
    Active,
    /// It will be open.
    Pending,
    Over,
}

impl MaintenanceState {
    pub const ALL: [Self; 3] = [Self::Active, Self::Pending, Self::Over];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Over => "over",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    pub fn of(maintenance: &Maintenance, at: Timestamp) -> Self {
        if maintenance.active(at).is_some() {
            Self::Active
        } else if maintenance.next(at).is_some() {
            Self::Pending
        } else {
            Self::Over
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct MaintenanceFilter {
    pub state: Option<MaintenanceState>,
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: u32,
}

impl Maintenances<'_> {
    /// `UnknownMonitor` when it names one that there is not.
    pub async fn create(&self, config: &MaintenanceConfig, author: &str) -> Result<Maintenance, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        check_matched(&*tx, &config.matcher, None).await?;
        let row = maintenance::ActiveModel {
            id: NotSet,
            config: Set(config.to_json().to_string()),
            author: Set(author.to_owned()),
            created_at: Set(now.as_millis()),
            last_end: Set(config.when.last_end().map(Timestamp::as_millis)),
        };
        let id = maintenance::Entity::insert(row).exec(&*tx).await?.last_insert_id;
        self.store.holds_changed(&*tx, now).await?;
        tx.commit().await?;
        self.store.holds_committed().await;
        Ok(Maintenance {
            id: MaintenanceId(id),
            config: config.clone(),
            author: author.to_owned(),
            created_at: now,
            exceptions: Vec::new(),
        })
    }

    pub async fn get(&self, id: MaintenanceId) -> Result<Option<Maintenance>, StoreError> {
        get(self.store.inner.db.read(), id, self.store.now()).await
    }

    /// Newest first. What repeats is judged by its rule, which the database cannot: it is read until the page is full.
    pub async fn page(&self, filter: &MaintenanceFilter) -> Result<Page<Maintenance>, StoreError> {
        let (now, db) = (self.store.now(), self.store.inner.db.read());
        let limit = rows_to_read(filter.limit);
        let mut before = read_cursor::<i64>(filter.cursor.as_deref())?;
        let mut found = Vec::new();
        while (found.len() as u64) < limit {
            let mut select = maintenance::Entity::find()
                .order_by_desc(maintenance::Column::Id)
                .limit(limit);
            if let Some(before) = before {
                select = select.filter(maintenance::Column::Id.lt(before));
            }
            if matches!(
                filter.state,
                Some(MaintenanceState::Active | MaintenanceState::Pending)
            ) {
                select = select.filter(may_come(now));
            }
            let rows = select.all(db).await?;
            let last = (rows.len() as u64) < limit;
            before = rows.last().map(|r| r.id);
            let read = read_all(db, rows, now).await?;
            let wanted = |m: &Maintenance| filter.state.is_none_or(|s| MaintenanceState::of(m, now) == s);
            for maintenance in read {
                let maintenance = maintenance?;
                if wanted(&maintenance) {
                    found.push(maintenance);
                }
            }
            if last {
                break;
            }
        }
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let (items, next) = cut(found, filter.limit, |m| m.id.0);
        Ok(Page { items, next })
    }

    /// Those that are open or will be, oldest first.
    pub async fn not_over(&self) -> Result<Vec<Maintenance>, StoreError> {
        let now = self.store.now();
        let mut all = not_over(self.store.inner.db.read(), now).await?;
        all.retain(|m| !m.is_over(now));
        Ok(all)
    }

    /// `None`: there is none with this id.
    pub async fn change(
        &self,
        id: MaintenanceId,
        config: &MaintenanceConfig,
    ) -> Result<Option<Maintenance>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let Some(stored) = locked(&*tx, id, now).await? else {
            return Ok(None);
        };
        check_matched(&*tx, &config.matcher, Some(&stored.config.matcher)).await?;
        let row = maintenance::ActiveModel {
            config: Set(config.to_json().to_string()),
            last_end: Set(config.when.last_end().map(Timestamp::as_millis)),
            ..Default::default()
        };
        maintenance::Entity::update_many()
            .set(row)
            .filter(maintenance::Column::Id.eq(id.0))
            .exec(&*tx)
            .await?;
        self.store.holds_changed(&*tx, now).await?;
        tx.commit().await?;
        self.store.holds_committed().await;
        Ok(Some(Maintenance {
            config: config.clone(),
            ..stored
        }))
    }

    /// With all that was called off. `false`: there was none.
    pub async fn delete(&self, id: MaintenanceId) -> Result<bool, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let deleted = maintenance::Entity::delete_by_id(id.0).exec(&*tx).await?;
        if deleted.rows_affected == 0 {
            return Ok(false);
        }
        self.store.holds_changed(&*tx, now).await?;
        tx.commit().await?;
        self.store.holds_committed().await;
        Ok(true)
    }

    /// Ends the occurrence that is running. `None`: there is none with this id, or it is not running.
    pub async fn end(&self, id: MaintenanceId, by: &str) -> Result<Option<Maintenance>, StoreError> {
        let now = self.store.now();
        self.except(id, by, |m| Some((m.window(now)?.from, now))).await
    }

    /// Calls off the one occurrence that begins at `from`. `None`: there is no such window ahead.
    pub async fn cancel(
        &self,
        id: MaintenanceId,
        from: Timestamp,
        by: &str,
    ) -> Result<Option<Maintenance>, StoreError> {
        let now = self.store.now();
        let just_before = Timestamp::from_millis(from.as_millis().saturating_sub(1));
        let comes = |m: &Maintenance| {
            let window: Window = m.next(just_before)?;
            (window.from == from && from > now).then_some((from, from))
        };
        self.except(id, by, comes).await
    }

    /// Takes back that the occurrence of `from` was called off. `None`: it was not, or its time has come.
    pub async fn restore(
        &self,
        id: MaintenanceId,
        from: Timestamp,
    ) -> Result<Option<Maintenance>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let removed = maintenance_exception::Entity::delete_many()
            .filter(maintenance_exception::Column::MaintenanceId.eq(id.0))
            .filter(maintenance_exception::Column::StartsAt.eq(from.as_millis()))
            .filter(maintenance_exception::Column::StartsAt.gt(now.as_millis()))
            .exec(&*tx)
            .await?;
        if removed.rows_affected == 0 {
            return Ok(None);
        }
        self.store.holds_changed(&*tx, now).await?;
        tx.commit().await?;
        self.store.holds_committed().await;
        self.get(id).await
    }

    /// `choose` gives the beginning of the occurrence and its new end.
    async fn except(
        &self,
        id: MaintenanceId,
        by: &str,
        choose: impl FnOnce(&Maintenance) -> Option<(Timestamp, Timestamp)>,
    ) -> Result<Option<Maintenance>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let Some(stored) = locked(&*tx, id, now).await? else {
            return Ok(None);
        };
        let Some((starts_at, ends_at)) = choose(&stored) else {
            return Ok(None);
        };
        let row = maintenance_exception::ActiveModel {
            maintenance_id: Set(id.0),
            starts_at: Set(starts_at.as_millis()),
            ends_at: Set(ends_at.as_millis()),
            made_by: Set(by.to_owned()),
            made_at: Set(now.as_millis()),
        };
        use maintenance_exception::Column;
        maintenance_exception::Entity::insert(row)
            .on_conflict(
                OnConflict::columns([Column::MaintenanceId, Column::StartsAt])
                    .update_columns([Column::EndsAt, Column::MadeBy, Column::MadeAt])
                    .to_owned(),
            )
            .exec_without_returning(&*tx)
            .await?;
        self.store.holds_changed(&*tx, now).await?;
        tx.commit().await?;
        self.store.holds_committed().await;
        self.get(id).await
    }
}

/// Leaves out most of what is over; the rule says the rest.
fn may_come(after: Timestamp) -> Condition {
    Condition::any()
        .add(maintenance::Column::LastEnd.is_null())
        .add(maintenance::Column::LastEnd.gt(after.as_millis()))
}

/// Those whose last window ends after `after`. One that is damaged holds nothing, and is in the log.
pub(crate) async fn not_over<C: ConnectionTrait>(
    db: &C,
    after: Timestamp,
) -> Result<Vec<Maintenance>, StoreError> {
    let rows = maintenance::Entity::find()
        .filter(may_come(after))
        .order_by_asc(maintenance::Column::Id)
        .all(db)
        .await?;
    let read = read_all(db, rows, after).await?;
    Ok(read.into_iter().filter_map(Result::ok).collect())
}

async fn get<C: ConnectionTrait>(
    db: &C,
    id: MaintenanceId,
    now: Timestamp,
) -> Result<Option<Maintenance>, StoreError> {
    let row = maintenance::Entity::find_by_id(id.0).one(db).await?;
    let mut read = read_all(db, row.into_iter().collect(), now).await?;
    read.pop().transpose()
}

async fn locked<C: ConnectionTrait>(
    tx: &C,
    id: MaintenanceId,
    now: Timestamp,
) -> Result<Option<Maintenance>, StoreError> {
    let row = maintenance::Entity::find_by_id(id.0)
        .lock_exclusive()
        .one(tx)
        .await?;
    let mut read = read_all(tx, row.into_iter().collect(), now).await?;
    read.pop().transpose()
}

async fn read_all<C: ConnectionTrait>(
    db: &C,
    rows: Vec<maintenance::Model>,
    now: Timestamp,
) -> Result<Vec<Result<Maintenance, StoreError>>, StoreError> {
    use maintenance_exception::Column;
    let found = maintenance_exception::Entity::find()
        .filter(Column::MaintenanceId.is_in(rows.iter().map(|r| r.id)))
        .filter(Column::StartsAt.gt(now.minus(EXCEPTIONS_FOR).as_millis()))
        .order_by_asc(Column::StartsAt)
        .all(db)
        .await?;
    let mut exceptions: HashMap<i64, Vec<Exception>> = HashMap::new();
    for row in found {
        exceptions.entry(row.maintenance_id).or_default().push(Exception {
            starts_at: Timestamp::from_millis(row.starts_at),
            ends_at: Timestamp::from_millis(row.ends_at),
            by: row.made_by,
            at: Timestamp::from_millis(row.made_at),
        });
    }
    let read = rows.into_iter().map(|row| {
        let value = serde_json::from_str(&row.config).ok();
        let config = value.and_then(|v| MaintenanceConfig::read(v).ok());
        Ok(Maintenance {
            id: MaintenanceId(row.id),
            config: config.ok_or_else(|| corrupt(TABLE, row.id, "config"))?,
            author: row.author,
            created_at: Timestamp::from_millis(row.created_at),
            exceptions: exceptions.remove(&row.id).unwrap_or_default(),
        })
    });
    Ok(read.collect())
}
