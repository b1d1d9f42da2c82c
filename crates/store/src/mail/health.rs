//! How the profiles do: last success and failure, the breaker, what waits, and the mail that shows that mail still works.

use std::{collections::HashMap, time::Duration};

use domain::{
    clock::Timestamp,
    id::ProfileId,
    mail::breaker::{Breaker, Fault},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{ExprTrait, OnConflict},
};

use super::{Mail, current, of_mail, order, saved, scope};
use crate::{
    entity::{delivery, mail_status, mail_status::Column},
    error::StoreError,
    outbox,
};

/// What is known of one profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailHealth {
    /// When, the server's words, and the revision that was used.
    pub last_success: Option<(Timestamp, String, i64)>,
    /// When, and what happened.
    pub last_error: Option<(Timestamp, String)>,
    /// The step of the conversation at which that happened.
    pub last_error_step: Option<String>,
    /// Of the present revision.
    pub breaker: Breaker,
    pub canary: Canary,
}

/// A profile that nothing was accepted through for so long may be broken without anybody knowing.
pub const SILENCE: Duration = Duration::from_hours(24 * 30);

impl MailHealth {
    /// Nothing was accepted for [`SILENCE`]: since the last success or, where there never was one, since the settings
    /// were saved.
    pub fn is_silent(&self, saved_at: Timestamp, now: Timestamp) -> bool {
        let heard = self.last_success.as_ref().map_or(saved_at, |(at, ..)| *at);
        now.since(heard) > SILENCE
    }
}

/// The weekly mail that shows that mail still works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canary {
    /// When one was accepted last.
    pub at: Option<Timestamp>,
    /// Why the latest one was not accepted.
    pub error: Option<String>,
    /// When that one was tried.
    pub tried: Option<Timestamp>,
}

/// What waits for mail as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailQueue {
    /// Not final yet, those that wait for settings included.
    pub pending: u64,
    pub oldest_pending: Option<Timestamp>,
    /// Until somebody corrects the settings.
    pub waiting: u64,
    pub oldest_waiting: Option<Timestamp>,
}

/// What a conversation says about its profile, whatever became of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took the login and listened.
    Works,
    Fails(Fault),
}

impl Mail<'_> {
    pub async fn health(&self, id: ProfileId) -> Result<MailHealth, StoreError> {
        Ok(self.health_of_all().await?.remove(&id).unwrap_or_default())
    }

    /// A profile that nothing is known of is not among them.
    pub async fn health_of_all(&self) -> Result<HashMap<ProfileId, MailHealth>, StoreError> {
        let db = self.store.inner.db.read();
        let ids = order(db).await?;
        let current = current(db, &ids).await?;
        let revision = |id| current.get(&scope(id)).map(|row| row.revision);
        let rows = mail_status::Entity::find().all(db).await?;
        let of_profile = |row: mail_status::Model| {
            let id = ProfileId(row.id.into());
            (id, read(row, revision(id)))
        };
        Ok(rows
            .into_iter()
            .map(of_profile)
            .filter(|(id, _)| ids.contains(id))
            .collect())
    }

    pub async fn queue(&self) -> Result<MailQueue, StoreError> {
        let mut queue = MailQueue::default();
        for waiting in [false, true] {
            let mut rows = delivery::Entity::find()
                .select_only()
                .column_as(delivery::Column::Id.count(), "n")
                .column_as(delivery::Column::CreatedAt.min(), "oldest")
                .filter(delivery::Column::FinishedAt.is_null())
                .filter(of_mail())
                .filter(outbox::is_held(self.store.now()).not());
            if waiting {
                rows = rows.filter(delivery::Column::Waiting.eq(true));
            }
            let found: Option<(i64, Option<i64>)> = rows.into_tuple().one(self.store.inner.db.read()).await?;
            let (n, oldest) = found.unwrap_or_default();
            let oldest = oldest.map(Timestamp::from_millis);
            if waiting {
                (queue.waiting, queue.oldest_waiting) = (n as u64, oldest);
            } else {
                (queue.pending, queue.oldest_pending) = (n as u64, oldest);
            }
        }
        Ok(queue)
    }

    /// Counts an outcome of `revision`, when its conversation began, what happened and at which step; one of an older
    /// revision says nothing about the present one. After a success that ends a row of failures, every pending mail is due.
    pub async fn learn(
        &self,
        id: ProfileId,
        revision: i64,
        (outcome, began): (Outcome, Timestamp),
        (what, step): (&str, Option<&str>),
    ) -> Result<Breaker, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let current = saved(&*tx, id).await?.map(|(current, _)| current);
        let row = row(&*tx, id).await?;
        let before = row.map_or_else(Breaker::default, |row| breaker(&row, current));
        if current != Some(revision) {
            return Ok(before);
        }
        let after = match outcome {
            Outcome::Works => Breaker::default(),
            Outcome::Fails(fault) => before.clone().failed(fault, began, now),
        };
        if after == before {
            return Ok(after);
        }
        put(&*tx, id, after_breaker(&after, revision)).await?;
        let _change = match outcome {
            Outcome::Works => Some(self.release(&*tx).await?),
            Outcome::Fails(_) => {
                note(&*tx, id, now, Some((what, step)), "", revision).await?;
                None
            }
        };
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(after)
    }

    /// The next message tries at once. `false`: there is no such profile.
    pub async fn try_now(&self, id: ProfileId) -> Result<bool, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let Some((revision, _)) = saved(&*tx, id).await? else {
            return Ok(false);
        };
        let row = row(&*tx, id).await?;
        let breaker = row.map_or_else(Breaker::default, |row| breaker(&row, Some(revision)));
        put(&*tx, id, after_breaker(&breaker.tried_now(), revision)).await?;
        let _change = self.release(&*tx).await?;
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(true)
    }

    /// A message that is no delivery (a test, the canary) was accepted or not; the words of the server, or what happened.
    pub async fn note_message(
        &self,
        id: ProfileId,
        revision: i64,
        failure: Option<(&str, Option<&str>)>,
        words: &str,
    ) -> Result<(), StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        note(&*tx, id, now, failure, words, revision).await?;
        tx.commit().await
    }

    /// The weekly mail was accepted, or why it was not; then the time of the last accepted one stays.
    pub async fn note_canary(&self, id: ProfileId, error: Option<&str>) -> Result<(), StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let mut row = mail_status::ActiveModel {
            canary_error: Set(error.map(str::to_owned)),
            canary_tried_at: Set(Some(now.as_millis())),
            ..Default::default()
        };
        if error.is_none() {
            row.canary_at = Set(Some(now.as_millis()));
        }
        put(&*tx, id, row).await?;
        tx.commit().await
    }
}

fn read(row: mail_status::Model, revision: Option<i64>) -> MailHealth {
    let success = row.success_at.zip(row.success_revision);
    MailHealth {
        breaker: breaker(&row, revision),
        last_success: success.map(|(at, revision)| {
            let words = row.success_text.unwrap_or_default();
            (Timestamp::from_millis(at), words, revision)
        }),
        last_error: row
            .error_at
            .map(|at| (Timestamp::from_millis(at), row.error_text.unwrap_or_default())),
        last_error_step: row.error_step,
        canary: Canary {
            at: row.canary_at.map(Timestamp::from_millis),
            error: row.canary_error,
            tried: row.canary_tried_at.map(Timestamp::from_millis),
        },
    }
}

/// A breaker that does not parse, or of settings that were saved again since, is forgotten: at worst the server is asked
/// once more.
fn breaker(row: &mail_status::Model, revision: Option<i64>) -> Breaker {
    let stored = row
        .breaker
        .as_deref()
        .filter(|_| row.breaker_revision == revision);
    stored
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

fn after_breaker(breaker: &Breaker, revision: i64) -> mail_status::ActiveModel {
    mail_status::ActiveModel {
        breaker: Set(serde_json::to_string(breaker).ok()),
        breaker_revision: Set(Some(revision)),
        ..Default::default()
    }
}

async fn row<C: ConnectionTrait>(tx: &C, id: ProfileId) -> Result<Option<mail_status::Model>, StoreError> {
    Ok(mail_status::Entity::find_by_id(key(id)).one(tx).await?)
}

fn key(id: ProfileId) -> i32 {
    i32::try_from(id.0).unwrap_or(i32::MAX)
}

/// Notes how a mail ended, for the page: what happened and at which step, or the server's words. A failure of settings
/// that were saved again since says nothing about the present ones.
pub(crate) async fn note<C: ConnectionTrait>(
    tx: &C,
    id: ProfileId,
    at: Timestamp,
    failure: Option<(&str, Option<&str>)>,
    words: &str,
    revision: i64,
) -> Result<(), StoreError> {
    if failure.is_some()
        && saved(tx, id)
            .await?
            .is_some_and(|(current, _)| current > revision)
    {
        return Ok(());
    }
    let row = match failure {
        None => mail_status::ActiveModel {
            success_at: Set(Some(at.as_millis())),
            success_text: Set(Some(words.to_owned())),
            success_revision: Set(Some(revision)),
            ..Default::default()
        },
        Some((what, step)) => mail_status::ActiveModel {
            error_at: Set(Some(at.as_millis())),
            error_text: Set(Some(what.to_owned())),
            error_step: Set(step.map(str::to_owned)),
            ..Default::default()
        },
    };
    put(tx, id, row).await
}

/// Writes the columns that are set.
async fn put<C: ConnectionTrait>(
    tx: &C,
    id: ProfileId,
    mut row: mail_status::ActiveModel,
) -> Result<(), StoreError> {
    use sea_orm::Iterable;
    row.id = Set(key(id));
    let set: Vec<Column> = Column::iter()
        .filter(|c| !matches!(c, Column::Id) && is_set(&row, *c))
        .collect();
    mail_status::Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Id).update_columns(set).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

fn is_set(row: &mail_status::ActiveModel, column: Column) -> bool {
    use sea_orm::ActiveModelTrait;
    !row.get(column).is_not_set()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_from_the_last_success_or_the_save() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let before = |days: u64| now.minus(Duration::from_hours(24 * days));
        let accepted = |days: u64| MailHealth {
            last_success: Some((before(days), "250 ok".to_owned(), 1)),
            ..MailHealth::default()
        };
        let never = MailHealth::default();
        for (health, saved, silent) in [
            (&never, 0, false),
            (&never, 30, false),
            (&never, 31, true),
            (&accepted(2), 400, false),
            (&accepted(31), 400, true),
            // A clock that was set back says nothing.
            (&accepted(0), 0, false),
        ] {
            assert_eq!(
                health.is_silent(before(saved), now),
                silent,
                "{health:?}, saved {saved} d ago"
            );
        }
    }
}
