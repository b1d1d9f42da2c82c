//! Incidents and their events. They outlive their monitor, so they name it and do not refer to it by foreign key.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, text, text_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let incidents = Table::create()
            .table("incidents")
            .col(big_pk_auto("id"))
            .col(big_integer("monitor_id"))
            // The monitor as it was at the opening: name, kind, target, tags.
            .col(text("label"))
            .col(big_integer("since"))
            .col(big_integer("opened_at"))
            .col(text("reason_kind"))
            .col(text("reason_detail"))
            .col(big_integer_null("acknowledged_at"))
            .col(text_null("acknowledged_by"))
            .col(big_integer_null("resolved_at"))
            .to_owned();
        manager.create_table(incidents).await?;
        let of_monitor = Index::create()
            .name("incidents_by_monitor")
            .table("incidents")
            .col("monitor_id")
            .col("id")
            .to_owned();
        manager.create_index(of_monitor).await?;
        // At most one open incident per monitor, whatever the program does.
        let open = Index::create()
            .name("incidents_open")
            .table("incidents")
            .col("monitor_id")
            .unique()
            .cond_where(Expr::col("resolved_at").is_null())
            .to_owned();
        manager.create_index(open).await?;

        let events = Table::create()
            .table("incident_events")
            .col(big_pk_auto("id"))
            .col(big_integer("incident_id"))
            .col(big_integer("at"))
            .col(text("kind"))
            .col(text("detail"))
            .foreign_key(
                ForeignKey::create()
                    .from("incident_events", "incident_id")
                    .to("incidents", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(events).await?;
        let of_incident = Index::create()
            .name("incident_events_by_incident")
            .table("incident_events")
            .col("incident_id")
            .to_owned();
        manager.create_index(of_incident).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
