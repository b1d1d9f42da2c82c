//! Sessions: an opaque random cookie value, kept as its hash, with an end.

use std::time::Duration;

use domain::{clock::Timestamp, id::UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};
use secrecy::SecretString;

use super::{Accounts, User, note, read_user, secret};
use crate::{
    entity::{session, user},
    error::{StoreError, corrupt},
};

const IDLE: Duration = Duration::from_hours(24);
const IDLE_REMEMBERED: Duration = Duration::from_hours(30 * 24);
const OLDEST: Duration = Duration::from_hours(90 * 24);
/// "Last seen" is exact to this: not every page view is a write.
const SEEN_EVERY: Duration = Duration::from_mins(5);

#[derive(Clone)]
pub struct Session {
    pub user: User,
    /// Belongs to this session alone; forms carry it.
    pub csrf: String,
    pub created_at: Timestamp,
    pub remember: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.user)
            .field("created_at", &self.created_at)
            .field("remember", &self.remember)
            .finish_non_exhaustive()
    }
}

impl Accounts<'_> {
    /// The value of the cookie, and the session.
    pub async fn start_session(
        &self,
        user: UserId,
        remember: bool,
    ) -> Result<(SecretString, Session), StoreError> {
        let now = self.store.now();
        let (cookie, csrf) = (secret::generate()?, secret::generate()?);
        let row = session::ActiveModel {
            token_hash: Set(secret::digest(&cookie)),
            user_id: Set(user.0),
            csrf: Set(csrf.to_string()),
            remember: Set(remember),
            created_at: Set(now.as_millis()),
            last_seen_at: Set(now.as_millis()),
        };
        let tx = self.store.inner.db.write().await?;
        let Some(user) = user::Entity::find_by_id(user.0).one(&*tx).await? else {
            return Err(StoreError::Conflict("the account is gone"));
        };
        session::Entity::insert(row).exec_without_returning(&*tx).await?;
        // A login is rare enough to carry the cleaning.
        session::Entity::delete_many()
            .filter(over(now))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        let session = Session {
            user: read_user(user),
            csrf: csrf.to_string(),
            created_at: now,
            remember,
        };
        Ok((SecretString::from(cookie.as_str()), session))
    }

    /// The session of a cookie, unless it is over: 24 hours idle (remembered: 30 days), or 90 days old.
    pub async fn session(&self, cookie: &str) -> Result<Option<Session>, StoreError> {
        let now = self.store.now();
        let db = self.store.inner.db.read();
        let key = secret::digest(cookie);
        let row = session::Entity::find_by_id(key.clone()).one(db).await?;
        let Some(row) = row.filter(|r| !is_over(r, now)) else {
            return Ok(None);
        };
        let user = user::Entity::find_by_id(row.user_id).one(db).await?;
        let user = user.ok_or_else(|| corrupt("sessions", row.user_id, "user_id"))?;
        if now.since(Timestamp::from_millis(row.last_seen_at)) >= SEEN_EVERY {
            note("sessions", self.note_seen(key, now)).await;
        }
        Ok(Some(Session {
            user: read_user(user),
            csrf: row.csrf,
            created_at: Timestamp::from_millis(row.created_at),
            remember: row.remember,
        }))
    }

    async fn note_seen(&self, key: Vec<u8>, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.store.inner.db.write().await?;
        let seen = session::ActiveModel {
            last_seen_at: Set(now.as_millis()),
            ..Default::default()
        };
        session::Entity::update_many()
            .set(seen)
            .filter(session::Column::TokenHash.eq(key))
            .exec(&*tx)
            .await?;
        tx.commit().await
    }

    pub async fn end_session(&self, cookie: &str) -> Result<(), StoreError> {
        let tx = self.store.inner.db.write().await?;
        session::Entity::delete_by_id(secret::digest(cookie))
            .exec(&*tx)
            .await?;
        tx.commit().await
    }

    pub async fn end_sessions_of(&self, user: UserId) -> Result<(), StoreError> {
        let tx = self.store.inner.db.write().await?;
        session::Entity::delete_many()
            .filter(session::Column::UserId.eq(user.0))
            .exec(&*tx)
            .await?;
        tx.commit().await
    }
}

fn is_over(row: &session::Model, now: Timestamp) -> bool {
    let idle = if row.remember { IDLE_REMEMBERED } else { IDLE };
    now.since(Timestamp::from_millis(row.last_seen_at)) >= idle
        || now.since(Timestamp::from_millis(row.created_at)) >= OLDEST
}

fn over(now: Timestamp) -> Condition {
    let idle = |remember: bool, after: Duration| {
        Condition::all()
            .add(session::Column::Remember.eq(remember))
            .add(session::Column::LastSeenAt.lte(now.minus(after).as_millis()))
    };
    Condition::any()
        .add(idle(false, IDLE))
        .add(idle(true, IDLE_REMEMBERED))
        .add(session::Column::CreatedAt.lte(now.minus(OLDEST).as_millis()))
}
