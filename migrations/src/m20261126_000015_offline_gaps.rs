//! When we were offline ourselves, and which references of a zone have ever answered.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, text},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let gaps = Table::create()
            .table("offline_gaps")
            .col(big_pk_auto("id"))
            .col(text("zone"))
            .col(big_integer("since"))
            .col(big_integer_null("until"))
            .to_owned();
        manager.create_table(gaps).await?;
        // At most one at a time in each zone.
        let open = Index::create()
            .name("offline_gaps_open")
            .table("offline_gaps")
            .col("zone")
            .unique()
            .cond_where(Expr::col("until").is_null())
            .to_owned();
        manager.create_index(open).await?;

        let answers = Table::create()
            .table("reference_answers")
            .col(text("zone"))
            .col(text("reference"))
            .col(big_integer("answered_at"))
            .primary_key(Index::create().col("zone").col("reference"))
            .to_owned();
        manager.create_table(answers).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
