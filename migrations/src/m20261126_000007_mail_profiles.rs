//! Several mail profiles with an order, what is known of each, and what an attempt used of them.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, text_null, uuid_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A deleted one keeps its row, so that its number never means another one in the log of attempts.
        let profiles = Table::create()
            .table("mail_profiles")
            .col(big_integer("id").primary_key())
            .col(integer("position"))
            .col(big_integer("created_at"))
            .col(big_integer_null("deleted_at"))
            .to_owned();
        manager.create_table(profiles).await?;
        // The settings that there were are the first profile.
        manager
            .get_connection()
            .execute_unprepared(
                "INSERT INTO mail_profiles (id, position, created_at) \
                 SELECT 1, 0, saved_at FROM settings WHERE scope = 'mail' AND revision = 1",
            )
            .await?;

        let added = [
            ("mail_status", text_null("error_step")),
            ("mail_status", text_null("breaker")),
            ("mail_status", big_integer_null("breaker_revision")),
            ("mail_status", big_integer_null("canary_at")),
            ("mail_status", text_null("canary_error")),
            ("delivery_attempts", big_integer_null("profile_id")),
            ("delivery_attempts", text_null("profile_name")),
            ("delivery_attempts", text_null("tls")),
            ("delivery_attempts", text_null("enhanced_code")),
            // The first row of those that travel in one message.
            ("deliveries", uuid_null("digest_of")),
            // The row that this one stands in for.
            ("deliveries", uuid_null("fallback_of")),
            // When another one was planned to stand in for it.
            ("deliveries", big_integer_null("fallback_at")),
            ("channels", big_integer_null("fallback_id")),
        ];
        for (table, column) in added {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
