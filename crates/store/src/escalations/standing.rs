//! Where telling people of an incident stands, and what comes next: by the same rules as when it comes.

use std::time::Duration;

use domain::{
    delivery::Event,
    escalation::{Act, Escalation, Situation},
    id::{IncidentId, MonitorId, PolicyId, RotationId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    forecast::{Reach, reach},
    reminders, row,
};
use crate::{
    entity::{escalation, incident, monitor, policy},
    error::StoreError,
    incidents::{Incidents, read_kind},
    monitors::{Links, label_of, read_monitor},
    policies::rules_for,
    store::Store,
};

#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub escalation: Escalation,
    /// `None`: it has none, or the one that it had was deleted.
    pub policy: Option<(PolicyId, String)>,
    /// Who wanted to hear nothing for a while.
    pub snoozed_by: Option<String>,
    /// A step tells somebody, now or later.
    pub tells: bool,
    /// What is done at [`Escalation::next_at`], if it is left alone until then. `None`: nothing that anybody hears of, or
    /// it is held back, snoozed, recovering or flapping.
    pub next: Option<NextAct>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NextAct {
    /// So long after the beginning of the escalation.
    Step {
        after: Duration,
        reaches: Vec<Reach>,
        /// Its rotations and who is on call in them then, by name.
        on_call: Vec<(RotationId, Option<String>)>,
    },
    /// With its number, from 1.
    Reminder(u32),
}

impl Incidents<'_> {
    /// `None`: it was opened by a version without policies.
    pub async fn standing(&self, id: IncidentId) -> Result<Option<Standing>, StoreError> {
        let db = self.store.inner.db.read();
        let Some(row) = escalation::Entity::find_by_id(id.0).one(db).await? else {
            return Ok(None);
        };
        let (had, snoozed_by) = (row.policy_id, row.snoozed_by.clone());
        let monitor = MonitorId(row.monitor_id);
        let escalation = row::read(row)?;
        let open = incident::Entity::find_by_id(id.0)
            .filter(incident::Column::ResolvedAt.is_null())
            .one(db)
            .await?;
        let kind = open.as_ref().map(read_kind).transpose()?.unwrap_or_default();
        let monitor = match open {
            Some(_) => monitor::Entity::find_by_id(monitor.0).one(db).await?,
            None => None,
        };
        let Some(monitor) = monitor else {
            // It is over: what counts is what it had.
            let policy = match had {
                Some(had) => policy::Entity::find_by_id(had).one(db).await?,
                None => None,
            };
            return Ok(Some(Standing {
                tells: had.is_some(),
                policy: policy.map(|p| (PolicyId(p.id), p.name)),
                snoozed_by,
                next: None,
                escalation,
            }));
        };
        let named = monitor.policy_id.or(had).map(PolicyId);
        let (of, config) = (
            MonitorId(monitor.id),
            read_monitor(monitor, Links::default(), &self.store.inner.sealer)?,
        );
        let config = config.config;
        let grace = config.stale_after(self.store.now());
        let rules = rules_for(db, &label_of(of, config), named).await?;
        let steps = rules.steps();
        let policy = rules.policy.as_ref().map(|(p, _)| p);
        let left_alone = escalation.held.is_none()
            && escalation.snoozed_until.is_none()
            && escalation.recovering.is_none()
            && escalation.flapping.is_none();
        let next = match escalation.next_at.filter(|_| left_alone) {
            Some(at) => {
                let situation = Situation {
                    now: at,
                    acknowledged: false,
                    worse: false,
                    hold: None,
                    grace,
                    steps: &steps,
                    reminders: reminders(kind, &rules),
                };
                next_act(self.store, escalation, &situation).await?
            }
            None => None,
        };
        Ok(Some(Standing {
            escalation,
            tells: steps.iter().any(|step| step.tells(kind.concern())),
            policy: policy.map(|p| (p.id, p.config.name.clone())),
            snoozed_by,
            next,
        }))
    }
}

/// What the escalation does at the time of the situation.
async fn next_act(
    store: &Store,
    mut escalation: Escalation,
    situation: &Situation<'_>,
) -> Result<Option<NextAct>, StoreError> {
    let acts = escalation.advance(situation);
    let told: Vec<usize> = acts
        .iter()
        .filter_map(|act| match act {
            Act::Tell(n) => Some(*n),
            Act::Remind(_) | Act::Resolve(_) => None,
        })
        .collect();
    let mut after = None;
    let mut reaches = Vec::new();
    let mut on_call = Vec::new();
    let db = store.inner.db.read();
    for step in told.into_iter().filter_map(|n| situation.steps.get(n)) {
        after = after.max(Some(step.after));
        let duties = store.duties(db, step, situation.now).await?;
        for addressee in store.addressees(db, (step, &duties), Event::Opened).await? {
            reaches.push(reach(addressee)?);
        }
        on_call.extend(duties.into_iter().map(|d| (d.rotation, d.person.map(|p| p.name))));
    }
    if let Some(after) = after {
        return Ok(Some(NextAct::Step {
            after,
            reaches,
            on_call,
        }));
    }
    Ok(acts.into_iter().find_map(|act| match act {
        Act::Remind(number) => Some(NextAct::Reminder(number)),
        Act::Tell(_) | Act::Resolve(_) => None,
    }))
}
