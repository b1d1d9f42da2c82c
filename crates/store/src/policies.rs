//! Alerting policies, and which of them a monitor has.

use domain::{
    clock::Timestamp,
    delivery::MonitorLabel,
    id::{ChannelId, PolicyId, RotationId},
    policy::{Policy, PolicyConfig, Step},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::{
    entity::{channel, monitor, monitor_channel, policy},
    error::{StoreError, corrupt},
    escalations, rotations,
    store::Store,
};

mod users;

const TABLE: &str = "policies";

pub struct Policies<'a> {
    pub(crate) store: &'a Store,
}

/// Why a monitor has its policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The monitor names it.
    Named,
    /// The first policy that has this tag of the monitor.
    Tag(String),
    Default,
}

/// Who is told of an incident of a monitor: its own channels at once, and then whoever its policy says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rules {
    /// Of the monitor itself.
    pub(crate) channels: Vec<ChannelId>,
    pub(crate) policy: Option<(Policy, Because)>,
}

impl Rules {
    /// The own channels as a step, and those of the policy; the earliest first.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let own = (!self.channels.is_empty()).then(|| Step::at_once(self.channels.clone()));
        let of_policy = self.policy.iter().flat_map(|(p, _)| p.config.steps.clone());
        own.into_iter().chain(of_policy).collect()
    }
}

impl Policies<'_> {
    pub async fn create(&self, config: &PolicyConfig) -> Result<Policy, StoreError> {
        let now = self.store.now().as_millis();
        let tx = self.store.inner.db.write().await?;
        self.check_targets(&*tx, config).await?;
        let row = policy::ActiveModel {
            id: NotSet,
            name: Set(config.name.clone()),
            config: Set(config.to_json().to_string()),
            created_at: Set(now),
            updated_at: Set(now),
        };
        let id = policy::Entity::insert(row).exec(&*tx).await?.last_insert_id;
        let id = PolicyId(id);
        if config.default {
            only_default(&*tx, id).await?;
        }
        tx.commit().await?;
        Ok(Policy {
            id,
            config: config.clone(),
        })
    }

    /// Open incidents go on by what it says now.
    pub async fn update(&self, id: PolicyId, config: &PolicyConfig) -> Result<Option<Policy>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        self.check_targets(&*tx, config).await?;
        if !write(&*tx, id, config, now).await? {
            return Ok(None);
        }
        if config.default {
            only_default(&*tx, id).await?;
        }
        escalations::look_again(&*tx, now).await?;
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(Some(Policy {
            id,
            config: config.clone(),
        }))
    }

    /// Monitors that name it, and its open incidents, have what the rules give them. `false`: there was none.
    pub async fn delete(&self, id: PolicyId) -> Result<bool, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        // Their revision stays: what is checked does not change.
        monitor::Entity::update_many()
            .col_expr(monitor::Column::PolicyId, Option::<i64>::None.into())
            .filter(monitor::Column::PolicyId.eq(id.0))
            .exec(&*tx)
            .await?;
        let deleted = policy::Entity::delete_by_id(id.0).exec(&*tx).await?;
        escalations::look_again(&*tx, now).await?;
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(deleted.rows_affected > 0)
    }

    pub async fn get(&self, id: PolicyId) -> Result<Option<Policy>, StoreError> {
        let row = policy::Entity::find_by_id(id.0)
            .one(self.store.inner.db.read())
            .await?;
        row.map(read).transpose()
    }

    /// In the order in which their tags are tried.
    pub async fn all(&self) -> Result<Vec<Policy>, StoreError> {
        all(self.store.inner.db.read()).await
    }

    /// How many monitors name it.
    pub async fn named_by(&self, id: PolicyId) -> Result<u64, StoreError> {
        use sea_orm::PaginatorTrait;
        Ok(monitor::Entity::find()
            .filter(monitor::Column::PolicyId.eq(id.0))
            .count(self.store.inner.db.read())
            .await?)
    }

    async fn check_targets<C: ConnectionTrait>(
        &self,
        tx: &C,
        config: &PolicyConfig,
    ) -> Result<(), StoreError> {
        let wanted = config.channels();
        let known: Vec<i64> = channel::Entity::find()
            .select_only()
            .column(channel::Column::Id)
            .filter(channel::Column::Id.is_in(wanted.iter().map(|c| c.0)))
            .into_tuple()
            .all(tx)
            .await?;
        if let Some(unknown) = wanted.iter().find(|c| !known.contains(&c.0)) {
            return Err(StoreError::UnknownChannel(*unknown));
        }
        for id in config.rotations() {
            if !rotations::exists(tx, id).await? {
                return Err(StoreError::UnknownRotation(id));
            }
        }
        Ok(())
    }
}

/// Who hears of an incident of this monitor. `named`: the policy that it names, or that its open incident has.
pub(crate) async fn rules_for<C: ConnectionTrait>(
    db: &C,
    monitor: &MonitorLabel,
    named: Option<PolicyId>,
) -> Result<Rules, StoreError> {
    let channels: Vec<i64> = monitor_channel::Entity::find()
        .select_only()
        .column(monitor_channel::Column::ChannelId)
        .filter(monitor_channel::Column::MonitorId.eq(monitor.id.0))
        .order_by_asc(monitor_channel::Column::ChannelId)
        .into_tuple()
        .all(db)
        .await?;
    let channels: Vec<ChannelId> = channels.into_iter().map(ChannelId).collect();
    let policies = all(db).await?;
    let policy = choose(policies, monitor, named, channels.is_empty());
    Ok(Rules { channels, policy })
}

/// A policy that was named counts. Channels of its own are an answer too; otherwise the first policy with one of its
/// tags, or the default one.
fn choose(
    policies: Vec<Policy>,
    monitor: &MonitorLabel,
    named: Option<PolicyId>,
    by_rule: bool,
) -> Option<(Policy, Because)> {
    let mut default = None;
    let mut tagged = None;
    for policy in policies {
        if named == Some(policy.id) {
            return Some((policy, Because::Named));
        }
        if let (None, Some(tag)) = (&tagged, policy.config.matching_tag(&monitor.tags)) {
            let because = Because::Tag(tag.to_owned());
            tagged = Some((policy, because));
        } else if policy.config.default {
            default = Some((policy, Because::Default));
        }
    }
    tagged.or(default).filter(|_| by_rule)
}

pub(crate) async fn check<C: ConnectionTrait>(tx: &C, id: Option<PolicyId>) -> Result<(), StoreError> {
    let Some(id) = id else { return Ok(()) };
    match policy::Entity::find_by_id(id.0).one(tx).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::UnknownPolicy(id)),
    }
}

/// A channel that is deleted tells nobody any more.
pub(crate) async fn forget_channel<C: ConnectionTrait>(
    tx: &C,
    id: ChannelId,
    now: Timestamp,
) -> Result<(), StoreError> {
    forget(tx, now, |step| step.channels.retain(|c| *c != id)).await
}

/// The same for an on-call rotation.
pub(crate) async fn forget_rotation<C: ConnectionTrait>(
    tx: &C,
    id: RotationId,
    now: Timestamp,
) -> Result<(), StoreError> {
    forget(tx, now, |step| step.rotations.retain(|r| *r != id)).await
}

async fn forget<C: ConnectionTrait>(
    tx: &C,
    now: Timestamp,
    take_out: impl Fn(&mut Step),
) -> Result<(), StoreError> {
    for mut policy in all(tx).await? {
        let before = policy.config.steps.clone();
        policy.config.steps.iter_mut().for_each(&take_out);
        policy
            .config
            .steps
            .retain(|s| !(s.channels.is_empty() && s.rotations.is_empty()));
        if policy.config.steps.is_empty() {
            return Err(StoreError::NobodyLeft(policy.config.name));
        }
        if policy.config.steps != before {
            write(tx, policy.id, &policy.config, now).await?;
        }
    }
    Ok(())
}

async fn write<C: ConnectionTrait>(
    tx: &C,
    id: PolicyId,
    config: &PolicyConfig,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = policy::ActiveModel {
        name: Set(config.name.clone()),
        config: Set(config.to_json().to_string()),
        updated_at: Set(now.as_millis()),
        ..Default::default()
    };
    let written = policy::Entity::update_many()
        .set(row)
        .filter(policy::Column::Id.eq(id.0))
        .exec(tx)
        .await?;
    Ok(written.rows_affected > 0)
}

/// There is one default at most: the one that was saved last.
async fn only_default<C: ConnectionTrait>(tx: &C, id: PolicyId) -> Result<(), StoreError> {
    for mut other in all(tx).await? {
        if other.id != id && other.config.default {
            other.config.default = false;
            let row = policy::ActiveModel {
                config: Set(other.config.to_json().to_string()),
                ..Default::default()
            };
            policy::Entity::update_many()
                .set(row)
                .filter(policy::Column::Id.eq(other.id.0))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

/// Damaged rows are left out (and logged): one of them must not keep an outage from being recorded.
async fn all<C: ConnectionTrait>(db: &C) -> Result<Vec<Policy>, StoreError> {
    let rows = policy::Entity::find()
        .order_by_asc(policy::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|row| read(row).ok()).collect())
}

fn read(row: policy::Model) -> Result<Policy, StoreError> {
    let damaged = || corrupt(TABLE, row.id, "config");
    let value = serde_json::from_str(&row.config).map_err(|_| damaged())?;
    let config = PolicyConfig::from_json(value).map_err(|_| damaged())?;
    Ok(Policy {
        id: PolicyId(row.id),
        config,
    })
}
