//! Channels, monitors, and what is known of each monitor.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, binary_null, boolean, text, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let channels = Table::create()
            .table("channels")
            .col(big_pk_auto("id"))
            .col(text("name"))
            .col(text("kind"))
            .col(boolean("enabled"))
            .col(text("config"))
            .col(binary_null("sealed"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .col(big_integer_null("last_success_at"))
            .col(big_integer_null("last_failure_at"))
            .col(text_null("last_failure"))
            .to_owned();
        manager.create_table(channels).await?;

        let monitors = Table::create()
            .table("monitors")
            .col(big_pk_auto("id"))
            .col(big_integer("revision"))
            .col(text("name"))
            .col(text("name_key"))
            .col(text("kind"))
            .col(boolean("enabled"))
            .col(text("config"))
            .col(binary_null("sealed"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .to_owned();
        manager.create_table(monitors).await?;
        let by_name = Index::create()
            .name("monitors_by_name")
            .table("monitors")
            .col("name_key")
            .col("id")
            .to_owned();
        manager.create_index(by_name).await?;

        let states = Table::create()
            .table("monitor_states")
            .col(big_integer("monitor_id").primary_key())
            .col(text("status"))
            .col(text("state"))
            .col(big_integer("updated_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("monitor_states", "monitor_id")
                    .to("monitors", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(states).await?;

        let tags = Table::create()
            .table("monitor_tags")
            .col(text("tag"))
            .col(big_integer("monitor_id"))
            .primary_key(Index::create().col("tag").col("monitor_id"))
            .foreign_key(
                ForeignKey::create()
                    .from("monitor_tags", "monitor_id")
                    .to("monitors", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(tags).await?;
        let tags_of = Index::create()
            .name("monitor_tags_by_monitor")
            .table("monitor_tags")
            .col("monitor_id")
            .to_owned();
        manager.create_index(tags_of).await?;

        let links = Table::create()
            .table("monitor_channels")
            .col(big_integer("monitor_id"))
            .col(big_integer("channel_id"))
            .primary_key(Index::create().col("monitor_id").col("channel_id"))
            .foreign_key(
                ForeignKey::create()
                    .from("monitor_channels", "monitor_id")
                    .to("monitors", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .foreign_key(
                ForeignKey::create()
                    .from("monitor_channels", "channel_id")
                    .to("channels", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(links).await?;
        let monitors_of = Index::create()
            .name("monitor_channels_by_channel")
            .table("monitor_channels")
            .col("channel_id")
            .to_owned();
        manager.create_index(monitors_of).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
