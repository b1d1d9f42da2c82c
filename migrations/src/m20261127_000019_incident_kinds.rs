//! Incidents of a monitor beside its outage: it is slow, its certificate is about to expire, or nothing is known of it.

use sea_orm_migration::{prelude::*, schema::text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let kind = Table::alter()
            .table("incidents")
            .add_column(text("kind").default("down").to_owned())
            .to_owned();
        manager.alter_table(kind).await?;
        let of_monitor = Index::drop().name("incidents_open").table("incidents").to_owned();
        manager.drop_index(of_monitor).await?;
        // At most one open incident of each kind per monitor.
        let of_kind = Index::create()
            .name("incidents_open")
            .table("incidents")
            .col("monitor_id")
            .col("kind")
            .unique()
            .cond_where(Expr::col("resolved_at").is_null())
            .cond_where(Expr::col("origin").is_null())
            .to_owned();
        manager.create_index(of_kind).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
