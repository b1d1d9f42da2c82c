//! When the weekly mail was tried last, whatever else became of the profile.

use sea_orm_migration::{prelude::*, schema::big_integer_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tried = Table::alter()
            .table("mail_status")
            .add_column(big_integer_null("canary_tried_at"))
            .to_owned();
        manager.alter_table(tried).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
