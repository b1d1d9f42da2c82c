//! The token that proves, before there is an account, that a visitor can read the server's log.

use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use secrecy::{ExposeSecret, SecretString};

use super::{Accounts, secret};
use crate::{entity::installation, error::StoreError};

pub(super) const TOKEN: &str = "setup_token";

impl Accounts<'_> {
    /// Replaces the one before.
    pub async fn set_setup_token(&self, token: &SecretString) -> Result<(), StoreError> {
        let row = installation::ActiveModel {
            key: Set(TOKEN.to_owned()),
            value: Set(secret::digest(token.expose_secret())),
        };
        let tx = self.store.inner.db.write().await?;
        installation::Entity::insert(row)
            .on_conflict(
                OnConflict::column(installation::Column::Key)
                    .update_column(installation::Column::Value)
                    .to_owned(),
            )
            .exec_without_returning(&*tx)
            .await?;
        tx.commit().await
    }

    pub async fn check_setup_token(&self, token: &str) -> Result<bool, StoreError> {
        let row = installation::Entity::find_by_id(TOKEN)
            .one(self.store.inner.db.read())
            .await?;
        Ok(row.is_some_and(|r| secret::matches(token, &r.value)))
    }
}
