//! Alerting policies, how far each incident has come in telling people, and which monitors depend on which.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, integer, text, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let policies = Table::create()
            .table("policies")
            .col(big_pk_auto("id"))
            .col(text("name"))
            .col(text("config"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .to_owned();
        manager.create_table(policies).await?;

        let named = Table::alter()
            .table("monitors")
            .add_column(big_integer_null("policy_id"))
            .to_owned();
        manager.alter_table(named).await?;

        let parents = Table::create()
            .table("monitor_parents")
            .col(big_integer("monitor_id"))
            .col(big_integer("parent_id"))
            .primary_key(Index::create().col("monitor_id").col("parent_id"))
            .foreign_key(
                ForeignKey::create()
                    .from("monitor_parents", "monitor_id")
                    .to("monitors", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .foreign_key(
                ForeignKey::create()
                    .from("monitor_parents", "parent_id")
                    .to("monitors", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(parents).await?;
        let children = Index::create()
            .name("monitor_parents_by_parent")
            .table("monitor_parents")
            .col("parent_id")
            .to_owned();
        manager.create_index(children).await?;

        let severity = Table::alter()
            .table("incidents")
            .add_column(text_null("severity"))
            .to_owned();
        manager.alter_table(severity).await?;

        // What happens more than once in an incident is counted.
        let number = Table::alter()
            .table("deliveries")
            .add_column(integer("number").default(0))
            .to_owned();
        manager.alter_table(number).await?;

        let escalations = Table::create()
            .table("escalations")
            .col(big_integer("incident_id").primary_key())
            .col(big_integer("monitor_id"))
            // The policy may be gone; then the incident has the default one.
            .col(big_integer_null("policy_id"))
            .col(big_integer_null("begun_at"))
            .col(big_integer_null("through_ms"))
            .col(integer("reminders"))
            .col(big_integer_null("told_at"))
            .col(text_null("held_by"))
            .col(big_integer_null("held_until"))
            .col(big_integer_null("taken_down_by"))
            .col(big_integer_null("snoozed_until"))
            .col(text_null("snoozed_by"))
            .col(big_integer_null("recovering_since"))
            .col(big_integer_null("recovering_until"))
            .col(big_integer_null("flapping_at"))
            .col(big_integer_null("next_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("escalations", "incident_id")
                    .to("incidents", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(escalations).await?;
        let due = Index::create()
            .name("escalations_due")
            .table("escalations")
            .col("next_at")
            .cond_where(Expr::col("next_at").is_not_null())
            .to_owned();
        manager.create_index(due).await?;
        let held = Index::create()
            .name("escalations_held")
            .table("escalations")
            .col("held_by")
            .cond_where(Expr::col("held_by").is_not_null())
            .to_owned();
        manager.create_index(held).await?;
        let taken_down = Index::create()
            .name("escalations_taken_down")
            .table("escalations")
            .col("taken_down_by")
            .cond_where(Expr::col("taken_down_by").is_not_null())
            .to_owned();
        manager.create_index(taken_down).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
