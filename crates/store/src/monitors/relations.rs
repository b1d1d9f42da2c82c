//! Monitors by what binds them to others: names, children, the policy that they name.

use domain::id::{MonitorId, PolicyId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::Monitors;
use crate::{
    entity::{monitor, monitor_parent},
    error::StoreError,
};

type Named = Vec<(MonitorId, String)>;

impl Monitors<'_> {
    /// Whatever is called like one of these, in any spelling of the case.
    pub async fn called(&self, names: &[String]) -> Result<Named, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let keys = names.iter().map(|n| n.to_lowercase());
        self.listed(monitor::Entity::find().filter(monitor::Column::NameKey.is_in(keys)))
            .await
    }

    /// Those that depend on it directly, by name.
    pub async fn children(&self, of: MonitorId, most: u64) -> Result<Named, StoreError> {
        let children = monitor_parent::Entity::find()
            .select_only()
            .column(monitor_parent::Column::MonitorId)
            .filter(monitor_parent::Column::ParentId.eq(of.0))
            .into_query();
        let found = monitor::Entity::find().filter(monitor::Column::Id.in_subquery(children));
        self.listed(found.limit(most)).await
    }

    /// Those that name this policy, by name.
    pub async fn with_policy(&self, policy: PolicyId, most: u64) -> Result<Named, StoreError> {
        let found = monitor::Entity::find().filter(monitor::Column::PolicyId.eq(policy.0));
        self.listed(found.limit(most)).await
    }

    async fn listed(&self, select: sea_orm::Select<monitor::Entity>) -> Result<Named, StoreError> {
        let rows: Vec<(i64, String)> = select
            .select_only()
            .columns([monitor::Column::Id, monitor::Column::Name])
            .order_by_asc(monitor::Column::NameKey)
            .order_by_asc(monitor::Column::Id)
            .into_tuple()
            .all(self.store.inner.db.read())
            .await?;
        Ok(rows.into_iter().map(|(id, name)| (MonitorId(id), name)).collect())
    }
}
