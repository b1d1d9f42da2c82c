//! Silences, those that are over as well: who was not told of what, why, and by whose word.

use domain::{
    clock::Timestamp,
    id::SilenceId,
    matcher::Matcher,
    silence::{Silence, SilenceDraft, SilenceState},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::{
    entity::silence,
    error::{StoreError, corrupt},
    monitors::check_matched,
    page::{Page, cut, read_cursor, rows_to_read},
    store::Store,
};

const TABLE: &str = "silences";

pub struct Silences<'a> {
    pub(crate) store: &'a Store,
}

#[derive(Clone, Debug, Default)]
pub struct SilenceFilter {
    pub state: Option<SilenceState>,
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: u32,
}

impl Silences<'_> {
    /// `UnknownMonitor` when it names one that there is not.
    pub async fn create(&self, draft: &SilenceDraft, author: &str) -> Result<Silence, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        check_matched(&*tx, &draft.matcher, None).await?;
        let row = silence::ActiveModel {
            id: NotSet,
            matcher: Set(draft.matcher.to_json().to_string()),
            author: Set(author.to_owned()),
            reason: Set(draft.reason.clone()),
            created_at: Set(now.as_millis()),
            starts_at: Set(draft.starts_at.as_millis()),
            ends_at: Set(draft.ends_at.as_millis()),
            ended_by: Set(None),
        };
        let id = silence::Entity::insert(row).exec(&*tx).await?.last_insert_id;
        self.store.holds_changed(&*tx, now).await?;
        tx.commit().await?;
        self.store.holds_committed().await;
        Ok(Silence {
            id: SilenceId(id),
            matcher: draft.matcher.clone(),
            author: author.to_owned(),
            reason: draft.reason.clone(),
            created_at: now,
            starts_at: draft.starts_at,
            ends_at: draft.ends_at,
            ended_by: None,
        })
    }

    pub async fn get(&self, id: SilenceId) -> Result<Option<Silence>, StoreError> {
        let row = silence::Entity::find_by_id(id.0)
            .one(self.store.inner.db.read())
            .await?;
        row.map(read).transpose()
    }

    /// Newest first.
    pub async fn page(&self, filter: &SilenceFilter) -> Result<Page<Silence>, StoreError> {
        let now = self.store.now().as_millis();
        let mut select = silence::Entity::find()
            .order_by_desc(silence::Column::Id)
            .limit(rows_to_read(filter.limit));
        if let Some(state) = filter.state {
            select = select.filter(in_state(state, now));
        }
        if let Some(before) = read_cursor::<i64>(filter.cursor.as_deref())? {
            select = select.filter(silence::Column::Id.lt(before));
        }
        let rows = select.all(self.store.inner.db.read()).await?;
        let (rows, next) = cut(rows, filter.limit, |r| r.id);
        let items = rows.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// `None`: there is none with this id, or it is over.
    pub async fn change(&self, id: SilenceId, draft: &SilenceDraft) -> Result<Option<Silence>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let stored = silence::Entity::find_by_id(id.0)
            .lock_exclusive()
            .one(&*tx)
            .await?;
        let Some(stored) = stored.map(read).transpose()? else {
            return Ok(None);
        };
        check_matched(&*tx, &draft.matcher, Some(&stored.matcher)).await?;
        let row = silence::ActiveModel {
            matcher: Set(draft.matcher.to_json().to_string()),
            reason: Set(draft.reason.clone()),
            ends_at: Set(draft.ends_at.as_millis()),
            ..Default::default()
        };
        let changed = silence::Entity::update_many()
            .set(row)
            .filter(silence::Column::Id.eq(id.0))
            .filter(silence::Column::EndsAt.gt(now.as_millis()))
            .exec_with_returning(&*tx)
            .await?;
        let Some(row) = changed.into_iter().next() else {
            return Ok(None);
        };
        self.store.holds_changed(&*tx, now).await?;
        tx.commit().await?;
        self.store.holds_committed().await;
        read(row).map(Some)
    }

    /// Ends it now, or calls it off if it has not begun. One that is over stays as it is. `None`: there is none with this id.
    pub async fn end(&self, id: SilenceId, by: &str) -> Result<Option<Silence>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let row = silence::ActiveModel {
            ends_at: Set(now.as_millis()),
            ended_by: Set(Some(by.to_owned())),
            ..Default::default()
        };
        let changed = silence::Entity::update_many()
            .set(row)
            .filter(silence::Column::Id.eq(id.0))
            .filter(silence::Column::EndsAt.gt(now.as_millis()))
            .exec_with_returning(&*tx)
            .await?;
        let Some(row) = changed.into_iter().next() else {
            drop(tx);
            return self.get(id).await;
        };
        self.store.holds_changed(&*tx, now).await?;
        tx.commit().await?;
        self.store.holds_committed().await;
        read(row).map(Some)
    }
}

fn in_state(state: SilenceState, now: i64) -> Condition {
    use silence::Column;
    match state {
        SilenceState::Pending => Condition::all()
            .add(Column::StartsAt.gt(now))
            .add(Column::EndsAt.gt(now)),
        SilenceState::Active => Condition::all()
            .add(Column::StartsAt.lte(now))
            .add(Column::EndsAt.gt(now)),
        SilenceState::Over => Condition::all().add(Column::EndsAt.lte(now)),
    }
}

/// Those that end after `after`. One that is damaged silences nothing, and is in the log.
pub(crate) async fn not_over<C: ConnectionTrait>(
    db: &C,
    after: Timestamp,
) -> Result<Vec<Silence>, StoreError> {
    let rows = silence::Entity::find()
        .filter(silence::Column::EndsAt.gt(after.as_millis()))
        .order_by_asc(silence::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|row| read(row).ok()).collect())
}

fn read(row: silence::Model) -> Result<Silence, StoreError> {
    let value = serde_json::from_str(&row.matcher).ok();
    let matcher = value.and_then(|v| Matcher::from_json("matcher", v).ok());
    Ok(Silence {
        id: SilenceId(row.id),
        matcher: matcher.ok_or_else(|| corrupt(TABLE, row.id, "matcher"))?,
        author: row.author,
        reason: row.reason,
        created_at: Timestamp::from_millis(row.created_at),
        starts_at: Timestamp::from_millis(row.starts_at),
        ends_at: Timestamp::from_millis(row.ends_at),
        ended_by: row.ended_by,
    })
}
