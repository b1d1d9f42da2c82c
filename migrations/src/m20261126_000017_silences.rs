//! Silences, maintenance windows, and the share of the samples that were taken under maintenance.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, text, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let silences = Table::create()
            .table("silences")
            .col(big_pk_auto("id"))
            .col(text("matcher"))
            .col(text("author"))
            .col(text("reason"))
            .col(big_integer("created_at"))
            .col(big_integer("starts_at"))
            .col(big_integer("ends_at"))
            // Who ended it before its time.
            .col(text_null("ended_by"))
            .to_owned();
        manager.create_table(silences).await?;
        // Those that are not over are asked for often; the history grows.
        let by_end = Index::create()
            .name("silences_by_end")
            .table("silences")
            .col("ends_at")
            .to_owned();
        manager.create_index(by_end).await?;

        let maintenances = Table::create()
            .table("maintenances")
            .col(big_pk_auto("id"))
            .col(text("config"))
            .col(text("author"))
            .col(big_integer("created_at"))
            // When its last window ends; none for those that repeat.
            .col(big_integer_null("last_end"))
            .to_owned();
        manager.create_table(maintenances).await?;

        let exceptions = Table::create()
            .table("maintenance_exceptions")
            .col(big_integer("maintenance_id"))
            .col(big_integer("starts_at"))
            .col(big_integer("ends_at"))
            .col(text("made_by"))
            .col(big_integer("made_at"))
            .primary_key(Index::create().col("maintenance_id").col("starts_at"))
            .foreign_key(
                ForeignKey::create()
                    .name("maintenance_exceptions_maintenance")
                    .from("maintenance_exceptions", "maintenance_id")
                    .to("maintenances", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(exceptions).await?;

        for column in ["maintenance", "excluded_ms"] {
            let rollups = Table::alter()
                .table("sample_rollups")
                .add_column(big_integer(column).default(0))
                .to_owned();
            manager.alter_table(rollups).await?;
        }

        // Changes with every silence and window. It is there from the beginning, so that it can be locked.
        let version = Query::insert()
            .into_table("installation")
            .columns(["key", "value"])
            .values_panic(["holds_version".into(), Vec::<u8>::new().into()])
            .to_owned();
        manager.exec_stmt(version).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
