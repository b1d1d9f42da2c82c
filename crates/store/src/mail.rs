//! Mail profiles: what the next message uses, in which order, and how each of them does.
//!
//! A profile's settings are immutable revisions in the table of settings; a save adds one and makes every waiting mail
//! due. What is known of a profile (its last success and failure, its breaker) is one row beside them.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use domain::{clock::Timestamp, id::ProfileId, mail::MailSettings};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};
use serde_json::Value;

use crate::{
    database::is_duplicate,
    entity::{channel, delivery, mail_profile, setting},
    error::{StoreError, corrupt},
    mail_tokens, outbox,
    seal::{Place, Sealer},
    settings::{self, TABLE},
    store::Store,
};

mod audit;
mod health;

pub use health::{Canary, MailHealth, MailQueue, Outcome, SILENCE};

pub(crate) use health::note;

/// The kind of the channels that mail settings concern.
pub(crate) const EMAIL: &str = "email";
/// The first profile has the scope that mail had when there was one only: sealed values are bound to it.
const FIRST: &str = "mail";

pub struct Mail<'a> {
    pub(crate) store: &'a Store,
}

/// A profile as it is set up now.
#[derive(Clone, Debug)]
pub struct MailProfile {
    pub id: ProfileId,
    /// Counts up with every save, from 1.
    pub revision: i64,
    pub settings: MailSettings,
    pub saved_at: Timestamp,
    pub saved_by: String,
    /// The fields that differ from the revision before, by name; none for the first.
    pub changed: Vec<String>,
}

impl Mail<'_> {
    /// In order, those that are switched off included. The first is the primary one.
    pub async fn profiles(&self) -> Result<Vec<MailProfile>, StoreError> {
        let all = self.store.mail_profiles(self.store.inner.db.read()).await?;
        all.into_iter().collect()
    }

    pub async fn profile(&self, id: ProfileId) -> Result<Option<MailProfile>, StoreError> {
        let all = self.profiles().await?;
        Ok(all.into_iter().find(|p| p.id == id))
    }

    /// `None`: mail was never set up.
    pub async fn primary(&self) -> Result<Option<MailProfile>, StoreError> {
        Ok(self.profiles().await?.into_iter().next())
    }

    /// The profiles that a message may take, in the order in which they stand in for each other: `named` first.
    pub async fn route(&self, named: Option<ProfileId>) -> Result<Vec<MailProfile>, StoreError> {
        let all = self.store.mail_profiles(self.store.inner.db.read()).await?;
        let (mut route, mut damaged) = (Vec::with_capacity(all.len()), None);
        for profile in all {
            match profile {
                Ok(profile) if profile.settings.enabled => route.push(profile),
                Ok(_) => {}
                Err(e) => damaged = Some(e),
            }
        }
        // A damaged one does not keep the others from standing in for it.
        if let Some(e) = damaged.filter(|_| route.is_empty()) {
            return Err(e);
        }
        if let Some(at) = route.iter().position(|p| Some(p.id) == named) {
            let first = route.remove(at);
            route.insert(0, first);
        }
        Ok(route)
    }

    /// A further profile, behind all others.
    pub async fn create(&self, settings: &MailSettings, by: &str) -> Result<MailProfile, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let profile = self.add(&*tx, settings, by).await?;
        let _change = self.release(&*tx).await?;
        self.store.commit_secret(tx).await?;
        audit::saved(&profile);
        self.store.outbox().wake();
        Ok(profile)
    }

    /// Pending mails become due: what they failed on may be corrected. `None`: there is no such profile.
    pub async fn save(
        &self,
        id: ProfileId,
        settings: &MailSettings,
        by: &str,
    ) -> Result<Option<MailProfile>, StoreError> {
        let tx = self.store.inner.db.write().await?;
        if position(&*tx, id).await?.is_none() {
            return Ok(None);
        }
        let saved = self.write(&*tx, id, settings, by).await?;
        let _change = self.release(&*tx).await?;
        self.store.commit_secret(tx).await?;
        audit::saved(&saved);
        self.store.outbox().wake();
        Ok(Some(saved))
    }

    /// Saves the primary profile, or makes it.
    pub async fn save_primary(&self, settings: &MailSettings, by: &str) -> Result<MailProfile, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let first = order(&*tx).await?.first().copied();
        let saved = match first {
            Some(id) => self.write(&*tx, id, settings, by).await?,
            None => self.add(&*tx, settings, by).await?,
        };
        let _change = self.release(&*tx).await?;
        self.store.commit_secret(tx).await?;
        audit::saved(&saved);
        self.store.outbox().wake();
        Ok(saved)
    }

    /// Channels that named it use the others in order. `false`: there is no such profile.
    pub async fn delete(&self, id: ProfileId) -> Result<bool, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let deleted = mail_profile::Entity::update_many()
            .col_expr(mail_profile::Column::DeletedAt, now.as_millis().into())
            .filter(mail_profile::Column::Id.eq(id.0))
            .filter(mail_profile::Column::DeletedAt.is_null())
            .exec(&*tx)
            .await?;
        mail_tokens::delete(&*tx, id).await?;
        // Its secrets go with it; the rest of its revisions is the record of what was used.
        setting::Entity::update_many()
            .col_expr(setting::Column::Sealed, Expr::value(None::<Vec<u8>>))
            .filter(setting::Column::Scope.eq(scope(id)))
            .exec(&*tx)
            .await?;
        let _change = self.release(&*tx).await?;
        self.store.commit_secret(tx).await?;
        self.store.outbox().wake();
        Ok(deleted.rows_affected > 0)
    }

    /// `false`: these are not exactly the profiles that there are; nothing was changed.
    pub async fn reorder(&self, ids: &[ProfileId]) -> Result<bool, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let (mut wanted, mut present) = (ids.to_vec(), order(&*tx).await?);
        wanted.sort_unstable();
        present.sort_unstable();
        if wanted != present {
            return Ok(false);
        }
        for (position, id) in (0_i32..).zip(ids) {
            mail_profile::Entity::update_many()
                .col_expr(mail_profile::Column::Position, position.into())
                .filter(mail_profile::Column::Id.eq(id.0))
                .exec(&*tx)
                .await?;
        }
        let _change = self.release(&*tx).await?;
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(true)
    }

    async fn add<C: ConnectionTrait>(
        &self,
        tx: &C,
        settings: &MailSettings,
        by: &str,
    ) -> Result<MailProfile, StoreError> {
        let last: Option<(Option<i64>, Option<i32>)> = mail_profile::Entity::find()
            .select_only()
            .column_as(mail_profile::Column::Id.max(), "id")
            .column_as(mail_profile::Column::Position.max(), "position")
            .into_tuple()
            .one(tx)
            .await?;
        let (last_id, last_position) = last.unwrap_or_default();
        let id = ProfileId(last_id.unwrap_or(0) + 1);
        let row = mail_profile::ActiveModel {
            id: Set(id.0),
            position: Set(last_position.map_or(0, |p| p.saturating_add(1))),
            created_at: Set(self.store.now().as_millis()),
            deleted_at: Set(None),
        };
        match mail_profile::Entity::insert(row).exec_without_returning(tx).await {
            Ok(_) => {}
            // Two were made at once: the other one has this number.
            Err(e) if is_duplicate(&e) => return Err(StoreError::Busy),
            Err(e) => return Err(e.into()),
        }
        self.write(tx, id, settings, by).await
    }

    async fn write<C: ConnectionTrait>(
        &self,
        tx: &C,
        id: ProfileId,
        settings: &MailSettings,
        by: &str,
    ) -> Result<MailProfile, StoreError> {
        let now = self.store.now();
        let scope = scope(id);
        let before = settings::latest(tx, &scope).await?;
        let revision = before.as_ref().map_or(0, |row| row.revision) + 1;
        let sealer = &self.store.inner.sealer;
        // Of one that cannot be read nothing is known.
        let before = before.and_then(|row| read(id, row, sealer).ok());
        let changed = before.map_or_else(Vec::new, |b| settings.changed_since(&b.settings));
        let row_name = format!("{scope}/{revision}");
        let place = Place {
            table: TABLE,
            row: &row_name,
        };
        let secrets = settings.secrets();
        let sealed = secrets.map(|s| sealer.seal(place, &s)).transpose()?;
        let body = settings.to_json().to_string();
        // A password that was replaced is of no use to us any more, and must be of none to anybody else.
        setting::Entity::update_many()
            .col_expr(setting::Column::Sealed, Expr::value(None::<Vec<u8>>))
            .filter(setting::Column::Scope.eq(scope.as_str()))
            .exec(tx)
            .await?;
        let row = setting::ActiveModel {
            sealed: Set(sealed),
            changed: Set(Some(changed.join(","))),
            ..settings::row(&scope, revision, body, now, by)
        };
        settings::insert(tx, row).await?;
        mail_tokens::settle(tx, id, settings).await?;
        Ok(MailProfile {
            id,
            revision,
            settings: settings.clone(),
            saved_at: now,
            saved_by: by.to_owned(),
            changed,
        })
    }

    /// Every pending mail is due: what it waits for may have been corrected. What is given back is to be kept until the
    /// transaction has ended.
    async fn release<C: ConnectionTrait>(&self, tx: &C) -> Result<Change<'_>, StoreError> {
        let change = Change::begin(&self.store.inner.mail_changes);
        outbox::bring_forward(tx, of_mail(), self.store.now()).await?;
        Ok(change)
    }

    /// How often this process has made pending mails due. To be read before looking at the profiles, and handed to
    /// [`crate::outbox::Outbox::postpone`].
    pub fn changes(&self) -> u64 {
        self.store.inner.mail_changes.ended.load(Ordering::SeqCst)
    }

    /// Whether pending mails were made due since then, or are being made so.
    pub(crate) fn changed_since(&self, seen: u64) -> bool {
        self.store.inner.mail_changes.begun.load(Ordering::SeqCst) != seen
    }
}

/// Changes of mail that make pending mails due, by when they began and when they ended. A delivery that is looked at in
/// between sees the old state and is not among the pending ones: it must be able to tell.
#[derive(Default)]
pub(crate) struct Changes {
    begun: AtomicU64,
    ended: AtomicU64,
}

struct Change<'a>(&'a Changes);

impl<'a> Change<'a> {
    fn begin(changes: &'a Changes) -> Self {
        changes.begun.fetch_add(1, Ordering::SeqCst);
        Self(changes)
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

impl Store {
    pub(crate) async fn mail_profiles<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<Vec<Result<MailProfile, StoreError>>, StoreError> {
        let ids = order(db).await?;
        let mut rows = current(db, &ids).await?;
        let read_one = |id| {
            let row = rows.remove(&scope(id))?;
            Some(read(id, row, &self.inner.sealer))
        };
        Ok(ids.into_iter().filter_map(read_one).collect())
    }
}

/// Deliveries of mail channels.
pub(crate) fn of_mail() -> SimpleExpr {
    let channels = channel::Entity::find()
        .select_only()
        .column(channel::Column::Id)
        .filter(channel::Column::Kind.eq(EMAIL))
        .into_query();
    delivery::Column::ChannelId.in_subquery(channels)
}

/// The latest revision of a profile, and when it was saved.
pub(crate) async fn saved<C: ConnectionTrait>(
    db: &C,
    id: ProfileId,
) -> Result<Option<(i64, Timestamp)>, StoreError> {
    let row = settings::latest(db, &scope(id)).await?;
    Ok(row.map(|row| (row.revision, Timestamp::from_millis(row.saved_at))))
}

/// When a profile was saved last, `but` one, or a person let us in at a provider.
pub(crate) async fn last_saved<C: ConnectionTrait>(
    db: &C,
    but: Option<ProfileId>,
) -> Result<Option<Timestamp>, StoreError> {
    let mut others = order(db).await?;
    others.retain(|id| Some(*id) != but);
    let rows = current(db, &others).await?;
    let saved = rows.values().map(|row| Timestamp::from_millis(row.saved_at));
    Ok(saved.max().max(mail_tokens::last_connected(db).await?))
}

/// The sealed secrets of the profiles that there are.
pub(crate) async fn sealed<C: ConnectionTrait>(db: &C) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows = current(db, &order(db).await?).await?;
    Ok(rows.into_values().filter_map(|row| row.sealed).collect())
}

fn scope(id: ProfileId) -> String {
    match id {
        ProfileId(1) => FIRST.to_owned(),
        ProfileId(n) => format!("{FIRST}/{n}"),
    }
}

async fn order<C: ConnectionTrait>(db: &C) -> Result<Vec<ProfileId>, StoreError> {
    let ids: Vec<i64> = mail_profile::Entity::find()
        .select_only()
        .column(mail_profile::Column::Id)
        .filter(mail_profile::Column::DeletedAt.is_null())
        .order_by_asc(mail_profile::Column::Position)
        .order_by_asc(mail_profile::Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(ProfileId).collect())
}

pub(crate) async fn exists<C: ConnectionTrait>(db: &C, id: ProfileId) -> Result<bool, StoreError> {
    Ok(position(db, id).await?.is_some())
}

async fn position<C: ConnectionTrait>(db: &C, id: ProfileId) -> Result<Option<usize>, StoreError> {
    Ok(order(db).await?.iter().position(|other| *other == id))
}

/// The latest revisions, by scope: one query, however many profiles and revisions there are.
async fn current<C: ConnectionTrait>(
    db: &C,
    ids: &[ProfileId],
) -> Result<HashMap<String, setting::Model>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let scopes = || ids.iter().map(|id| scope(*id));
    let latest = setting::Entity::find()
        .select_only()
        .column(setting::Column::Scope)
        .column_as(setting::Column::Revision.max(), "revision")
        .filter(setting::Column::Scope.is_in(scopes()))
        .group_by(setting::Column::Scope)
        .into_query();
    let key = Expr::tuple([
        Expr::col(setting::Column::Scope),
        Expr::col(setting::Column::Revision),
    ]);
    let rows = setting::Entity::find()
        .filter(key.in_subquery(latest))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.scope.clone(), row)).collect())
}

fn read(id: ProfileId, row: setting::Model, sealer: &Sealer) -> Result<MailProfile, StoreError> {
    let row_name = format!("{}/{}", row.scope, row.revision);
    let body: Value = serde_json::from_str(&row.body).map_err(|_| corrupt(TABLE, &row_name, "body"))?;
    let place = Place {
        table: TABLE,
        row: &row_name,
    };
    let secret = match &row.sealed {
        Some(sealed) => sealer.open(place, sealed)?,
        None => None,
    };
    let secret = secret
        .map(|s| crate::seal::json(&s).ok_or_else(|| corrupt(TABLE, &row_name, "sealed")))
        .transpose()?;
    Ok(MailProfile {
        id,
        revision: row.revision,
        settings: MailSettings::from_stored(body, secret).map_err(|_| corrupt(TABLE, &row_name, "body"))?,
        saved_at: Timestamp::from_millis(row.saved_at),
        saved_by: row.saved_by,
        changed: names(row.changed.as_deref()),
    })
}

fn names(joined: Option<&str>) -> Vec<String> {
    let names = joined.unwrap_or_default().split(',');
    names.filter(|n| !n.is_empty()).map(str::to_owned).collect()
}
