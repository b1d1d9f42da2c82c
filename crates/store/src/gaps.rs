//! When we were offline ourselves: the record that survives a restart, and the one message at the end of each gap.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    clock::Timestamp,
    host::HostPort,
    incident::Origin,
    outcome::{Reason, ReasonKind},
    reach::{ZoneName, Zones},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use crate::{
    entity::{gap, reference_answer},
    error::{StoreError, corrupt},
    store::Store,
    troubles::Trouble,
};

const KEPT: Duration = Duration::from_hours(24 * 365);

pub struct Gaps<'a> {
    pub(crate) store: &'a Store,
}

/// A time in which a zone was offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub zone: ZoneName,
    /// The first failing check.
    pub since: Timestamp,
    /// `None`: it lasts.
    pub until: Option<Timestamp>,
}

impl Gaps<'_> {
    /// A zone went offline. Nobody is told: nothing would get out, and the end tells it all. `false`: it was known.
    pub async fn begin(&self, zone: &ZoneName, since: Timestamp) -> Result<bool, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let began = find_open(&*tx, zone).await?.is_none();
        if began {
            let row = gap::ActiveModel {
                id: NotSet,
                zone: Set(zone.to_string()),
                since: Set(since.as_millis()),
                until: Set(None),
            };
            gap::Entity::insert(row).exec_without_returning(&*tx).await?;
            let trouble = Trouble {
                origin: Origin::Zone(zone.to_string()),
                since,
                reason: Reason::new(
                    ReasonKind::Connect,
                    "No reference of this zone answered, so nothing was known of its monitors.",
                ),
            };
            self.store.troubles().open_within(&*tx, &trouble, false).await?;
            let old = self.store.now().minus(KEPT).as_millis();
            gap::Entity::delete_many()
                .filter(gap::Column::Until.lt(old))
                .exec(&*tx)
                .await?;
        }
        tx.commit().await?;
        Ok(began)
    }

    /// The zone is back, and whoever looks after Watchbell hears of the gap. `None`: it was not known to be gone.
    pub async fn end(&self, zone: &ZoneName, until: Timestamp) -> Result<Option<Gap>, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let Some(row) = find_open(&*tx, zone).await? else {
            return Ok(None);
        };
        // A clock that was set back does not end it before it began.
        let until = until.max(Timestamp::from_millis(row.since));
        gap::Entity::update_many()
            .col_expr(gap::Column::Until, Expr::value(until.as_millis()))
            .filter(gap::Column::Id.eq(row.id))
            .exec(&*tx)
            .await?;
        let origin = Origin::Zone(zone.to_string());
        let tell = (true, "");
        self.store
            .troubles()
            .resolve_within(&*tx, &origin, until, tell)
            .await?;
        tx.commit().await?;
        self.store.outbox().wake();
        let gap = read(row)?;
        Ok(Some(Gap {
            until: Some(until),
            ..gap
        }))
    }

    /// Those that last, by zone.
    pub async fn open(&self) -> Result<Vec<Gap>, StoreError> {
        let rows = gap::Entity::find()
            .filter(gap::Column::Until.is_null())
            .order_by_asc(gap::Column::Zone)
            .all(self.store.inner.db.read())
            .await?;
        rows.into_iter().map(read).collect()
    }

    /// The latest first.
    pub async fn recent(&self, limit: u64) -> Result<Vec<Gap>, StoreError> {
        let rows = gap::Entity::find()
            .order_by_desc(gap::Column::Id)
            .limit(limit)
            .all(self.store.inner.db.read())
            .await?;
        rows.into_iter().map(read).collect()
    }

    /// Notes which references of a zone answered, and forgets those that are set up no more. Nothing is forgotten of one
    /// that is silent now.
    pub async fn note_answers(
        &self,
        zone: &ZoneName,
        set_up: &[HostPort],
        answered: &[HostPort],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.store.inner.db.write().await?;
        reference_answer::Entity::delete_many()
            .filter(reference_answer::Column::Zone.eq(zone.as_str()))
            .filter(reference_answer::Column::Reference.is_not_in(set_up.iter().map(ToString::to_string)))
            .exec(&*tx)
            .await?;
        let rows: Vec<_> = answered
            .iter()
            .map(|reference| reference_answer::ActiveModel {
                zone: Set(zone.to_string()),
                reference: Set(reference.to_string()),
                answered_at: Set(at.as_millis()),
            })
            .collect();
        if !rows.is_empty() {
            let latest = OnConflict::columns([
                reference_answer::Column::Zone,
                reference_answer::Column::Reference,
            ])
            .update_column(reference_answer::Column::AnsweredAt)
            .to_owned();
            reference_answer::Entity::insert_many(rows)
                .on_conflict(latest)
                .exec_without_returning(&*tx)
                .await?;
        }
        tx.commit().await
    }

    /// None of them can be relied on any more.
    pub async fn forget_answers(&self, zone: &ZoneName) -> Result<(), StoreError> {
        let tx = self.store.inner.db.write().await?;
        reference_answer::Entity::delete_many()
            .filter(reference_answer::Column::Zone.eq(zone.as_str()))
            .exec(&*tx)
            .await?;
        tx.commit().await
    }

    /// When each reference that is set up answered last; without those that never did.
    pub async fn answers(
        &self,
        zones: &Zones,
    ) -> Result<BTreeMap<(ZoneName, String), Timestamp>, StoreError> {
        let rows = reference_answer::Entity::find()
            .all(self.store.inner.db.read())
            .await?;
        let rows = rows.into_iter().filter_map(|row| {
            let zone = ZoneName::parse("zone", &row.zone).ok()?;
            let set_up = zones.get(&zone)?.references.iter();
            let known = set_up.map(ToString::to_string).any(|r| r == row.reference);
            known.then(|| ((zone, row.reference), Timestamp::from_millis(row.answered_at)))
        });
        Ok(rows.collect())
    }
}

async fn find_open<C: ConnectionTrait>(db: &C, zone: &ZoneName) -> Result<Option<gap::Model>, StoreError> {
    Ok(gap::Entity::find()
        .filter(gap::Column::Zone.eq(zone.as_str()))
        .filter(gap::Column::Until.is_null())
        .one(db)
        .await?)
}

fn read(row: gap::Model) -> Result<Gap, StoreError> {
    Ok(Gap {
        zone: ZoneName::parse("zone", &row.zone).map_err(|_| corrupt("offline_gaps", row.id, "zone"))?,
        since: Timestamp::from_millis(row.since),
        until: row.until.map(Timestamp::from_millis),
    })
}
