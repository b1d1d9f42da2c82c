//! People, their sessions, API tokens, and the memory of failed logins.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, binary, boolean, integer, integer_null, text},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = Table::create()
            .table("users")
            .col(big_pk_auto("id"))
            .col(text("email"))
            .col(text("email_key").unique_key())
            .col(text("password_hash"))
            // 1 for the first administrator and NULL for everybody else: the unique key decides who was first.
            .col(integer_null("founder").unique_key())
            .col(big_integer("created_at"))
            .to_owned();
        manager.create_table(users).await?;

        let sessions = Table::create()
            .table("sessions")
            .col(binary("token_hash").primary_key())
            .col(big_integer("user_id"))
            .col(text("csrf"))
            .col(boolean("remember"))
            .col(big_integer("created_at"))
            .col(big_integer("last_seen_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("sessions", "user_id")
                    .to("users", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(sessions).await?;
        let sessions_of = Index::create()
            .name("sessions_by_user")
            .table("sessions")
            .col("user_id")
            .to_owned();
        manager.create_index(sessions_of).await?;

        let tokens = Table::create()
            .table("api_tokens")
            .col(big_pk_auto("id"))
            .col(big_integer("user_id"))
            .col(text("name"))
            .col(text("scope"))
            .col(binary("token_hash"))
            .col(big_integer("created_at"))
            .col(big_integer_null("expires_at"))
            .col(big_integer_null("last_used_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("api_tokens", "user_id")
                    .to("users", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(tokens).await?;

        let throttle = Table::create()
            .table("login_throttle")
            .col(text("key").primary_key())
            .col(integer("failures"))
            .col(big_integer("first_at"))
            .col(big_integer("last_at"))
            .to_owned();
        manager.create_table(throttle).await?;
        let stale = Index::create()
            .name("login_throttle_by_time")
            .table("login_throttle")
            .col("last_at")
            .to_owned();
        manager.create_index(stale).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
