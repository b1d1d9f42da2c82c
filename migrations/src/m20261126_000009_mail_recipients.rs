//! What is known of each mail address, the transcripts of attempts, bounces, and the indexes of the log's filters.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, text, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let recipients = Table::create()
            .table("mail_recipients")
            .col(text("address_key").primary_key())
            // As it was written last.
            .col(text("address"))
            .col(big_integer_null("last_sent_at"))
            .col(big_integer_null("refused_first_at"))
            .col(big_integer_null("refused_last_at"))
            .col(text_null("last_refusal"))
            .col(integer("refusals"))
            .col(big_integer_null("bounced_at"))
            .col(text_null("bounce_status"))
            .col(text_null("bounce_text"))
            .col(big_integer_null("suspended_at"))
            .col(text_null("suspended_why"))
            .col(big_integer("updated_at"))
            .to_owned();
        manager.create_table(recipients).await?;
        // Every claim of mail asks who is suspended; usually nobody is.
        let suspended = Index::create()
            .name("mail_recipients_suspended")
            .table("mail_recipients")
            .col("address_key")
            .cond_where(Expr::col("suspended_at").is_not_null())
            .to_owned();
        manager.create_index(suspended).await?;

        let transcripts = Table::create()
            .table("delivery_transcripts")
            .col(big_integer("attempt_id").primary_key())
            .col(big_integer("at"))
            .col(text("body"))
            .foreign_key(
                ForeignKey::create()
                    .from("delivery_transcripts", "attempt_id")
                    .to("delivery_attempts", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(transcripts).await?;

        for column in [
            // Who had it sent again.
            text_null("requested_by"),
            big_integer_null("bounced_at"),
            text_null("bounce_status"),
            text_null("bounce_text"),
        ] {
            let add = Table::alter().table("deliveries").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }

        for (name, table, columns) in [
            (
                "delivery_transcripts_by_time",
                "delivery_transcripts",
                &["at"][..],
            ),
            ("deliveries_by_recipient", "deliveries", &["recipient", "id"]),
            ("deliveries_by_event", "deliveries", &["event", "id"]),
        ] {
            let mut index = Index::create().name(name).table(table).to_owned();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        let by_profile = Index::create()
            .name("delivery_attempts_by_profile")
            .table("delivery_attempts")
            .col("profile_id")
            .col("delivery_id")
            .cond_where(Expr::col("profile_id").is_not_null())
            .to_owned();
        manager.create_index(by_profile).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
