//! What checks measured: a journal in time order, one block per monitor and closed hour, and rollups.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_pk_auto, binary, integer},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Appended once per flush; nothing in it is keyed by monitor, so a flush touches one page and not one per
        // monitor.
        let journal = Table::create()
            .table("sample_journal")
            .col(big_pk_auto("id"))
            .col(big_integer("base_hour"))
            .col(big_integer("last_hour"))
            .col(binary("body"))
            .to_owned();
        manager.create_table(journal).await?;

        let blocks = Table::create()
            .table("sample_blocks")
            .col(big_integer("monitor_id"))
            .col(big_integer("hour"))
            .col(binary("body"))
            .primary_key(Index::create().col("monitor_id").col("hour"))
            .to_owned();
        manager.create_table(blocks).await?;
        let blocks_by_hour = Index::create()
            .name("sample_blocks_by_hour")
            .table("sample_blocks")
            .col("hour")
            .to_owned();
        manager.create_index(blocks_by_hour).await?;

        let rollups = Table::create()
            .table("sample_rollups")
            .col(big_integer("monitor_id"))
            // Length of the span in hours: 1 or 24.
            .col(integer("span"))
            .col(big_integer("start"))
            .col(big_integer("up"))
            .col(big_integer("down"))
            .col(big_integer("unknown"))
            .col(big_integer("covered_ms"))
            // Latency histogram and sums of the phases.
            .col(binary("detail"))
            .primary_key(Index::create().col("monitor_id").col("span").col("start"))
            .to_owned();
        manager.create_table(rollups).await?;
        let rollups_by_start = Index::create()
            .name("sample_rollups_by_start")
            .table("sample_rollups")
            .col("span")
            .col("start")
            .to_owned();
        manager.create_index(rollups_by_start).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
