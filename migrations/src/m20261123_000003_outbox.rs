//! The outbox and the attempts. A delivery outlives its channel as the record of what was (not) sent.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, big_pk_auto, boolean, integer, integer_null, pk_uuid, text, text_null,
        uuid, uuid_null,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let deliveries = Table::create()
            .table("deliveries")
            .col(pk_uuid("id"))
            .col(text("dedup_key"))
            .col(big_integer("incident_id"))
            .col(text("event"))
            .col(big_integer("event_at"))
            .col(big_integer("channel_id"))
            .col(text("channel_name"))
            .col(text("recipient"))
            .col(text("state"))
            .col(boolean("waiting"))
            .col(text_null("reason"))
            .col(text("message_id"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("next_attempt_at"))
            .col(integer("attempts"))
            .col(integer("interruptions"))
            .col(uuid_null("lease_token"))
            .col(big_integer_null("lease_until"))
            .col(uuid_null("claimed_by"))
            .col(big_integer_null("finished_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("deliveries", "incident_id")
                    .to("incidents", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(deliveries).await?;
        let dedup = Index::create()
            .name("deliveries_dedup")
            .table("deliveries")
            .col("dedup_key")
            .unique()
            .to_owned();
        manager.create_index(dedup).await?;
        // The dispatcher looks at unfinished rows only; history must not slow it down.
        let due = Index::create()
            .name("deliveries_due")
            .table("deliveries")
            .col("channel_id")
            .col("next_attempt_at")
            .cond_where(Expr::col("finished_at").is_null())
            .to_owned();
        manager.create_index(due).await?;
        for (name, column) in [
            ("deliveries_by_incident", "incident_id"),
            ("deliveries_by_channel", "channel_id"),
            ("deliveries_by_state", "state"),
        ] {
            let index = Index::create()
                .name(name)
                .table("deliveries")
                .col(column)
                .col("id")
                .to_owned();
            manager.create_index(index).await?;
        }

        let attempts = Table::create()
            .table("delivery_attempts")
            .col(big_pk_auto("id"))
            .col(uuid("delivery_id"))
            .col(integer("number"))
            .col(big_integer("started_at"))
            .col(big_integer("duration_ms"))
            .col(big_integer_null("settings_revision"))
            .col(text_null("remote"))
            .col(text_null("server"))
            .col(text_null("step"))
            .col(integer_null("reply_code"))
            .col(text_null("reply_text"))
            .col(text("verdict"))
            .foreign_key(
                ForeignKey::create()
                    .from("delivery_attempts", "delivery_id")
                    .to("deliveries", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(attempts).await?;
        let of_delivery = Index::create()
            .name("delivery_attempts_by_delivery")
            .table("delivery_attempts")
            .col("delivery_id")
            .to_owned();
        manager.create_index(of_delivery).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
