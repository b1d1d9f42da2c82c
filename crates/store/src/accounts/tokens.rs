//! API tokens: `wb_<id>_<43 characters>`. The id finds the row, the rest proves it.

use std::{collections::HashMap, time::Duration};

use domain::{
    clock::Timestamp,
    id::{TokenId, UserId},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
};
use secrecy::SecretString;

use super::{Accounts, User, note, read_user, secret};
use crate::{
    entity::{api_token, user},
    error::{StoreError, corrupt},
};

const USED_EVERY: Duration = Duration::from_mins(1);

/// What a token may do. `Write` includes `Read`; `Push` is for heartbeats alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Read,
    Write,
    Push,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Push];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Push => "push",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// An API token; the secret part is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub user: User,
    pub name: String,
    pub scope: Scope,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Exact to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl Accounts<'_> {
    /// Shown once.
    pub async fn create_token(
        &self,
        user: UserId,
        name: &str,
        scope: Scope,
        expires: Option<Timestamp>,
    ) -> Result<SecretString, StoreError> {
        let secret = secret::generate()?;
        let row = api_token::ActiveModel {
            id: NotSet,
            user_id: Set(user.0),
            name: Set(name.to_owned()),
            scope: Set(scope.as_str().to_owned()),
            token_hash: Set(secret::digest(&secret)),
            created_at: Set(self.store.now().as_millis()),
            expires_at: Set(expires.map(Timestamp::as_millis)),
            last_used_at: Set(None),
        };
        let tx = self.store.inner.db.write().await?;
        let id = api_token::Entity::insert(row).exec(&*tx).await?.last_insert_id;
        tx.commit().await?;
        Ok(SecretString::from(format!("wb_{id}_{}", secret.as_str())))
    }

    /// `None`: not a token, unknown, revoked or expired.
    pub async fn token(&self, text: &str) -> Result<Option<Token>, StoreError> {
        let now = self.store.now();
        let db = self.store.inner.db.read();
        let parts = text.strip_prefix("wb_").and_then(|rest| rest.split_once('_'));
        let Some((id, secret)) = parts.and_then(|(id, secret)| Some((id.parse::<i64>().ok()?, secret)))
        else {
            return Ok(None);
        };
        let Some(row) = api_token::Entity::find_by_id(id).one(db).await? else {
            return Ok(None);
        };
        let expired = row.expires_at.is_some_and(|at| at <= now.as_millis());
        if !secret::matches(secret, &row.token_hash) || expired {
            return Ok(None);
        }
        let user = user::Entity::find_by_id(row.user_id).one(db).await?;
        let user = user.ok_or_else(|| corrupt("api_tokens", id, "user_id"))?;
        let used = row.last_used_at.map(Timestamp::from_millis);
        if used.is_none_or(|at| now.since(at) >= USED_EVERY) {
            note("api_tokens", self.note_used(id, now)).await;
        }
        read_token(row, read_user(user)).map(Some)
    }

    async fn note_used(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.store.inner.db.write().await?;
        let used = api_token::ActiveModel {
            last_used_at: Set(Some(now.as_millis())),
            ..Default::default()
        };
        api_token::Entity::update_many()
            .set(used)
            .filter(api_token::Column::Id.eq(id))
            .exec(&*tx)
            .await?;
        tx.commit().await
    }

    /// Latest first; revoked ones are gone.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let db = self.store.inner.db.read();
        let rows = api_token::Entity::find()
            .order_by_desc(api_token::Column::Id)
            .all(db)
            .await?;
        let users = user::Entity::find()
            .filter(user::Column::Id.is_in(rows.iter().map(|r| r.user_id)))
            .all(db)
            .await?;
        let users: HashMap<i64, user::Model> = users.into_iter().map(|u| (u.id, u)).collect();
        rows.into_iter()
            .map(|row| {
                let user = users.get(&row.user_id).cloned();
                let user = user.ok_or_else(|| corrupt("api_tokens", row.id, "user_id"))?;
                read_token(row, read_user(user))
            })
            .collect()
    }

    /// `false`: there was none.
    pub async fn revoke_token(&self, id: TokenId) -> Result<bool, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let deleted = api_token::Entity::delete_by_id(id.0).exec(&*tx).await?;
        tx.commit().await?;
        Ok(deleted.rows_affected > 0)
    }
}

fn read_token(row: api_token::Model, user: User) -> Result<Token, StoreError> {
    Ok(Token {
        id: TokenId(row.id),
        user,
        scope: Scope::parse(&row.scope).ok_or_else(|| corrupt("api_tokens", row.id, "scope"))?,
        name: row.name,
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: row.expires_at.map(Timestamp::from_millis),
        last_used_at: row.last_used_at.map(Timestamp::from_millis),
    })
}
