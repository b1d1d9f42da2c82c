//! People, their sessions, and the tokens of their scripts.

use std::time::Duration;

use domain::{clock::Timestamp, id::UserId, mail::Address};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    sea_query::OnConflict,
};
use secrecy::SecretString;

use crate::{
    entity::{installation, session, user},
    error::StoreError,
    store::Store,
};

mod password;
mod secret;
mod sessions;
mod setup;
mod throttle;
mod tokens;

pub(crate) use password::Hashing;
pub use password::Password;
pub use sessions::Session;
pub use throttle::RetryAfter;
pub use tokens::{Scope, Token};

/// Authentication waits no longer for a note of the last use.
const LONGEST_NOTE: Duration = Duration::from_secs(1);

pub struct Accounts<'a> {
    pub(crate) store: &'a Store,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub created_at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateAdminError {
    #[error("there is an administrator already")]
    AlreadyDone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts<'_> {
    /// True until the first administrator exists.
    pub async fn setup_needed(&self) -> Result<bool, StoreError> {
        Ok(user::Entity::find().count(self.store.inner.db.read()).await? == 0)
    }

    /// Exactly one caller succeeds, however many try at once. The setup token is spent with it.
    pub async fn create_first_admin(
        &self,
        email: &Address,
        password: &Password,
    ) -> Result<User, CreateAdminError> {
        if !self.setup_needed().await? {
            return Err(CreateAdminError::AlreadyDone);
        }
        let hash = self.store.inner.hashing.hash(password).await?;
        let tx = self
            .store
            .inner
            .db
            .write()
            .await
            .map_err(CreateAdminError::Store)?;
        let Some(user) = self.insert_founder(&*tx, email, hash).await? else {
            return Err(CreateAdminError::AlreadyDone);
        };
        installation::Entity::delete_by_id(setup::TOKEN)
            .exec(&*tx)
            .await
            .map_err(StoreError::from)?;
        tx.commit().await?;
        Ok(user)
    }

    /// Creates the account or resets its password, and ends its sessions.
    pub async fn upsert_admin(&self, email: &Address, password: &Password) -> Result<User, StoreError> {
        let hash = self.store.inner.hashing.hash(password).await?;
        let tx = self.store.inner.db.write().await?;
        let user = match self.insert_founder(&*tx, email, hash.clone()).await? {
            Some(user) => user,
            None => self.insert_or_reset(&*tx, email, hash).await?,
        };
        session::Entity::delete_many()
            .filter(session::Column::UserId.eq(user.id.0))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(user)
    }

    /// `None`: wrong, or no such account; both take as long.
    pub async fn authenticate(
        &self,
        email: &str,
        password: &SecretString,
    ) -> Result<Option<User>, StoreError> {
        let row = self.row_by_email(email).await?;
        let hash = row.as_ref().map(|r| r.password_hash.clone());
        let right = self.store.inner.hashing.verify(password, hash).await?;
        Ok(row.filter(|_| right).map(read_user))
    }

    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        Ok(self.row_by_email(email).await?.map(read_user))
    }

    async fn row_by_email(&self, email: &str) -> Result<Option<user::Model>, StoreError> {
        Ok(user::Entity::find()
            .filter(user::Column::EmailKey.eq(email_key(email)))
            .one(self.store.inner.db.read())
            .await?)
    }

    /// One statement decides: the unique `founder` lets a single row in. `None`: somebody was first.
    async fn insert_founder<C: ConnectionTrait>(
        &self,
        tx: &C,
        email: &Address,
        hash: String,
    ) -> Result<Option<User>, StoreError> {
        let row = user::ActiveModel {
            founder: Set(Some(1)),
            ..self.new_row(email, hash)
        };
        let inserted = user::Entity::insert(row)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(tx)
            .await;
        match inserted {
            Ok(0) | Err(sea_orm::DbErr::RecordNotInserted) => return Ok(None),
            Ok(_) => {}
            Err(e) => return Err(e.into()),
        }
        let row = user::Entity::find()
            .filter(user::Column::EmailKey.eq(email_key(email.as_str())))
            .one(tx)
            .await?;
        Ok(row.map(read_user))
    }

    async fn insert_or_reset<C: ConnectionTrait>(
        &self,
        tx: &C,
        email: &Address,
        hash: String,
    ) -> Result<User, StoreError> {
        let row = self.new_row(email, hash);
        let stored = user::Entity::insert(row)
            .on_conflict(
                OnConflict::column(user::Column::EmailKey)
                    .update_column(user::Column::PasswordHash)
                    .to_owned(),
            )
            .exec_with_returning(tx)
            .await?;
        Ok(read_user(stored))
    }

    fn new_row(&self, email: &Address, hash: String) -> user::ActiveModel {
        user::ActiveModel {
            id: NotSet,
            email: Set(email.to_string()),
            email_key: Set(email_key(email.as_str())),
            password_hash: Set(hash),
            founder: Set(None),
            created_at: Set(self.store.now().as_millis()),
        }
    }
}

/// Addresses differ in their case only by accident.
/// Notes that somebody was here. A database that takes no writes (full disk, busy) must not lock people out of the pages
/// that tell them so.
async fn note(table: &'static str, write: impl Future<Output = Result<(), StoreError>>) {
    match tokio::time::timeout(LONGEST_NOTE, write).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::warn!(db.table = table, error = %e, "the last use could not be noted"),
        Err(_) => tracing::warn!(db.table = table, "the last use was not noted in time"),
    }
}

fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

fn read_user(row: user::Model) -> User {
    User {
        id: UserId(row.id),
        email: row.email,
        created_at: Timestamp::from_millis(row.created_at),
    }
}
