//! What providers gave for logging in to mail servers: one authorization per mail profile.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, binary, text, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mail_tokens = Table::create()
            .table("mail_tokens")
            .col(big_integer("profile_id").primary_key())
            .col(text("binding"))
            .col(binary("sealed"))
            .col(text("state"))
            .col(text_null("detail"))
            .col(big_integer("expires_at"))
            .col(big_integer("connected_at"))
            .col(big_integer("refreshed_at"))
            .to_owned();
        manager.create_table(mail_tokens).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
