//! By which rotation somebody was told, so that what comes after it keeps to the rules of that step.

use sea_orm_migration::{prelude::*, schema::big_integer_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let rotation = Table::alter()
            .table("deliveries")
            // Not a key: the rotation may be deleted. Null: a step, or the monitor, names the channel.
            .add_column(big_integer_null("rotation_id"))
            .to_owned();
        manager.alter_table(rotation).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
