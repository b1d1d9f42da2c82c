//! Who does not want the mails of a channel any more.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let optouts = Table::create()
            .table("mail_optouts")
            .col(big_integer("channel_id"))
            // The address in lower case: people write theirs in more than one way.
            .col(text("address_key"))
            .col(big_integer("at"))
            .primary_key(Index::create().col("channel_id").col("address_key"))
            .foreign_key(
                ForeignKey::create()
                    .from("mail_optouts", "channel_id")
                    .to("channels", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(optouts).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
