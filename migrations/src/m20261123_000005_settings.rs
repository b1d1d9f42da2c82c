//! Settings as revisions that never change, and single values of the installation.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, binary, binary_null, integer, text, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let settings = Table::create()
            .table("settings")
            .col(text("scope"))
            .col(big_integer("revision"))
            .col(text("body"))
            .col(binary_null("sealed"))
            .col(big_integer("saved_at"))
            .col(text("saved_by"))
            .primary_key(Index::create().col("scope").col("revision"))
            .to_owned();
        manager.create_table(settings).await?;

        let mail_status = Table::create()
            .table("mail_status")
            .col(integer("id").primary_key())
            .col(big_integer_null("success_at"))
            .col(text_null("success_text"))
            .col(big_integer_null("success_revision"))
            .col(big_integer_null("error_at"))
            .col(text_null("error_text"))
            .to_owned();
        manager.create_table(mail_status).await?;

        let installation = Table::create()
            .table("installation")
            .col(text("key").primary_key())
            .col(binary("value"))
            .to_owned();
        manager.create_table(installation).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
