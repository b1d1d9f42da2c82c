//! Quiet hours of channels and what they hold; people, rotations and overrides.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, integer, text, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("channels", text_null("quiet")),
            // Not sent before, by quiet hours; in the past once it was released.
            ("deliveries", big_integer_null("held_until")),
            // What the hours do with it: `hold` or `digest`.
            ("deliveries", text_null("held_as")),
            // Whose hours they are: `channel` or `step`.
            ("deliveries", text_null("held_by")),
        ] {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }

        let contacts = Table::create()
            .table("contacts")
            .col(big_pk_auto("id"))
            .col(text("name"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .to_owned();
        manager.create_table(contacts).await?;

        let channels = Table::create()
            .table("contact_channels")
            .col(big_integer("contact_id"))
            .col(big_integer("channel_id"))
            .col(integer("position"))
            .primary_key(Index::create().col("contact_id").col("channel_id"))
            .foreign_key(
                ForeignKey::create()
                    .from("contact_channels", "contact_id")
                    .to("contacts", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .foreign_key(
                ForeignKey::create()
                    .from("contact_channels", "channel_id")
                    .to("channels", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(channels).await?;

        let rotations = Table::create()
            .table("rotations")
            .col(big_pk_auto("id"))
            .col(text("name"))
            // Zone and layers.
            .col(text("config"))
            // Another number makes the old address of its feed worthless.
            .col(big_integer("feed"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .to_owned();
        manager.create_table(rotations).await?;

        let overrides = Table::create()
            .table("rotation_overrides")
            .col(big_pk_auto("id"))
            .col(big_integer("rotation_id"))
            .col(big_integer("contact_id"))
            .col(big_integer("from_at"))
            .col(big_integer("to_at"))
            .col(text("note"))
            .col(text("created_by"))
            .col(big_integer("created_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("rotation_overrides", "rotation_id")
                    .to("rotations", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .foreign_key(
                ForeignKey::create()
                    .from("rotation_overrides", "contact_id")
                    .to("contacts", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(overrides).await?;

        for (name, table, column) in [
            ("contact_channels_by_channel", "contact_channels", "channel_id"),
            (
                "rotation_overrides_by_rotation",
                "rotation_overrides",
                "rotation_id",
            ),
            (
                "rotation_overrides_by_contact",
                "rotation_overrides",
                "contact_id",
            ),
        ] {
            let index = Index::create().name(name).table(table).col(column).to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
