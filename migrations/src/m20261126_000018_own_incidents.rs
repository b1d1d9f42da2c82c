//! Watchbell's own troubles are incidents too, and channels whose receivers want no more are noted.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer_null, integer, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `zone:wan`, `channel:7`; null for a monitor. Those have no monitor, and 0 in its column.
        let origin = Table::alter()
            .table("incidents")
            .add_column(text_null("origin"))
            .to_owned();
        manager.alter_table(origin).await?;
        let of_any = Index::drop().name("incidents_open").table("incidents").to_owned();
        manager.drop_index(of_any).await?;
        // At most one open incident per monitor, and per origin of our own.
        let of_monitor = Index::create()
            .name("incidents_open")
            .table("incidents")
            .col("monitor_id")
            .unique()
            .cond_where(Expr::col("resolved_at").is_null())
            .cond_where(Expr::col("origin").is_null())
            .to_owned();
        manager.create_index(of_monitor).await?;
        let of_origin = Index::create()
            .name("incidents_open_own")
            .table("incidents")
            .col("origin")
            .unique()
            .cond_where(Expr::col("resolved_at").is_null())
            .cond_where(Expr::col("origin").is_not_null())
            .to_owned();
        manager.create_index(of_origin).await?;

        for column in [
            // What the receiver said the last time it refused us as such, and how often in a row.
            text_null("refused_as"),
            integer("refusals").default(0).to_owned(),
            // Since when it needs attention, what happened, and the receiver's words.
            big_integer_null("attention_at"),
            text_null("attention_reason"),
            text_null("attention_said"),
            // Before this nothing is tried, but what a person asks for.
            big_integer_null("attention_until"),
        ] {
            let channels = Table::alter().table("channels").add_column(column).to_owned();
            manager.alter_table(channels).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
