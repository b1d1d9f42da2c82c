//! What each save of settings changed, by the names of the fields.

use sea_orm_migration::{prelude::*, schema::text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let changed = Table::alter()
            .table("settings")
            .add_column(text_null("changed"))
            .to_owned();
        manager.alter_table(changed).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
