//! Deliveries that travel in one digest, and the windows in which the messages of a channel are collected.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, boolean, uuid_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let windows = Table::create()
            .table("channel_windows")
            .col(big_integer("channel_id").primary_key())
            .col(big_integer_null("down_ends_at"))
            .col(boolean("down_collected"))
            .col(big_integer_null("up_ends_at"))
            .col(boolean("up_collected"))
            .col(big_integer_null("minor_ends_at"))
            .col(boolean("minor_collected"))
            .foreign_key(
                ForeignKey::create()
                    .from("channel_windows", "channel_id")
                    .to("channels", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(windows).await?;

        for column in [
            // The first row of those that share a letter: one event, several recipients.
            uuid_null("letter_of"),
            // It is claimed and finished with the one row of its digest that does not.
            boolean("follows").default(false).to_owned(),
        ] {
            let add = Table::alter().table("deliveries").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        // What was put together by its letter so far keeps its letter.
        for moved in [
            "UPDATE deliveries SET letter_of = digest_of WHERE digest_of IS NOT NULL",
            "UPDATE deliveries SET digest_of = NULL WHERE digest_of IS NOT NULL",
        ] {
            manager.get_connection().execute_unprepared(moved).await?;
        }

        let by_digest = Index::create()
            .name("deliveries_by_digest")
            .table("deliveries")
            .col("digest_of")
            .col("follows")
            .col("id")
            .cond_where(Expr::col("digest_of").is_not_null())
            .to_owned();
        manager.create_index(by_digest).await?;
        // Of an incident one asks for an event. Without the event in it SQLite looks through all rows of that event
        // instead, which are thousands when everything goes down at once.
        let by_incident = Index::drop()
            .name("deliveries_by_incident")
            .table("deliveries")
            .if_exists()
            .to_owned();
        manager.drop_index(by_incident).await?;
        let of_incident = Index::create()
            .name("deliveries_of_incident")
            .table("deliveries")
            .col("incident_id")
            .col("event")
            .to_owned();
        manager.create_index(of_incident).await?;
        // What expires next is asked at every step of the dispatcher.
        let by_expiry = Index::create()
            .name("deliveries_by_expiry")
            .table("deliveries")
            .col("expires_at")
            .cond_where(Expr::col("finished_at").is_null())
            .to_owned();
        manager.create_index(by_expiry).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
