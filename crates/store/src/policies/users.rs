//! Which monitors a policy is for.

use std::collections::HashMap;

use domain::{id::PolicyId, monitor::Monitor, policy::Policy};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Cond, Expr, ExprTrait},
};

use super::{Because, Policies, choose};
use crate::{
    entity::{channel, monitor, monitor_channel, monitor_tag},
    error::StoreError,
    monitors::label_of,
};

impl Policies<'_> {
    /// How many monitors name each policy; those that none names are left out.
    pub async fn users(&self) -> Result<HashMap<PolicyId, u64>, StoreError> {
        let rows: Vec<(Option<i64>, i64)> = monitor::Entity::find()
            .select_only()
            .column(monitor::Column::PolicyId)
            .column_as(Expr::col(monitor::Column::Id).count(), "n")
            .filter(monitor::Column::PolicyId.is_not_null())
            .group_by(monitor::Column::PolicyId)
            .into_tuple()
            .all(self.store.inner.db.read())
            .await?;
        let counted = rows
            .into_iter()
            .filter_map(|(id, n)| Some((PolicyId(id?), u64::try_from(n).unwrap_or(0))));
        Ok(counted.collect())
    }

    /// What a monitor has, or would have if it named none and `without` were gone.
    pub async fn by_rule(
        &self,
        monitor: &Monitor,
        without: Option<PolicyId>,
    ) -> Result<Option<(Policy, Because)>, StoreError> {
        let mut policies = self.all().await?;
        policies.retain(|p| Some(p.id) != without);
        let label = label_of(monitor.id, monitor.config.clone());
        Ok(choose(policies, &label, None, monitor.config.channels.is_empty()))
    }

    /// How many enabled monitors have nobody to tell: no policy, and no channel of their own that is switched on.
    pub async fn unheard(&self) -> Result<u64, StoreError> {
        let policies = self.all().await?;
        let default = policies.iter().any(|p| p.config.default);
        let tags: Vec<String> = policies.into_iter().flat_map(|p| p.config.tags).collect();
        let own = monitor_channel::Entity::find()
            .select_only()
            .column(monitor_channel::Column::MonitorId);
        let enabled = channel::Entity::find()
            .select_only()
            .column(channel::Column::Id)
            .filter(channel::Column::Enabled.eq(true))
            .into_query();
        let working = own
            .clone()
            .filter(monitor_channel::Column::ChannelId.in_subquery(enabled));
        // Channels of its own are an answer, even where they are switched off.
        let mut without_rule = Cond::any().add(monitor::Column::Id.in_subquery(own.into_query()));
        if !default {
            let tagged = monitor_tag::Entity::find()
                .select_only()
                .column(monitor_tag::Column::MonitorId)
                .filter(monitor_tag::Column::Tag.is_in(tags))
                .into_query();
            without_rule = without_rule.add(monitor::Column::Id.not_in_subquery(tagged));
        }
        Ok(monitor::Entity::find()
            .filter(monitor::Column::Enabled.eq(true))
            .filter(monitor::Column::PolicyId.is_null())
            .filter(monitor::Column::Id.not_in_subquery(working.into_query()))
            .filter(without_rule)
            .count(self.store.inner.db.read())
            .await?)
    }
}
