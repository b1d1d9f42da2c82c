//! What would happen if a monitor went down now: by the same rules and the same functions as when it does.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    channel::ChannelKind,
    clock::Timestamp,
    delivery::Event,
    hold::Hold,
    id::{ChannelId, MonitorId, PolicyId, RotationId},
    incident::IncidentKind,
    policy::{Concern, Reminders, Severity},
};
use sea_orm::EntityTrait;

use crate::{
    entity::monitor,
    error::{StoreError, corrupt},
    monitors::{Links, label_of, read_monitor},
    outbox::plan::Addressee,
    policies::{Because, rules_for},
    store::Store,
};

/// Who is told, and when, if nobody acknowledges it.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    pub policy: Option<(PolicyId, String, Because)>,
    pub severity: Severity,
    /// Nobody is told before this ends.
    pub hold: Option<Hold>,
    /// The earliest first. Empty: nobody is told.
    pub steps: Vec<ForecastStep>,
    pub reminders: Option<Reminders>,
    /// So long the monitor must be up again before anybody hears of it.
    pub recovery_after: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ForecastStep {
    pub after: Duration,
    pub reaches: Vec<Reach>,
    /// Its rotations and who is on call in them now, by name.
    pub on_call: Vec<(RotationId, Option<String>)>,
    /// What it tells of.
    pub events: BTreeSet<Concern>,
}

/// One channel of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    pub channel: ChannelId,
    pub name: String,
    pub kind: ChannelKind,
    /// Empty: the channel wants to hear of other things only. Channels without recipients of their own have one, the empty
    /// text.
    pub recipients: Vec<String>,
}

impl Store {
    /// `None`: there is no such monitor.
    pub async fn forecast(&self, id: MonitorId, now: Timestamp) -> Result<Option<Forecast>, StoreError> {
        let db = self.inner.db.read();
        let Some(row) = monitor::Entity::find_by_id(id.0).one(db).await? else {
            return Ok(None);
        };
        let named = row.policy_id.map(PolicyId);
        let config = read_monitor(row, Links::default(), &self.inner.sealer)?.config;
        let hold = self
            .anything_holding(db, (id, &config), IncidentKind::Down, now)
            .await?;
        let label = label_of(id, config);
        let rules = rules_for(db, &label, named).await?;
        let mut steps = Vec::new();
        for step in rules.steps() {
            let duties = self.duties(db, &step, now).await?;
            let audience = self.addressees(db, (&step, &duties), Event::Opened).await?;
            let reaches: Result<Vec<Reach>, StoreError> = audience.into_iter().map(reach).collect();
            steps.push(ForecastStep {
                after: step.after,
                reaches: reaches?,
                on_call: duties
                    .into_iter()
                    .map(|d| (d.rotation, d.person.map(|p| p.name)))
                    .collect(),
                events: step.events,
            });
        }
        let policy = rules.policy.as_ref().map(|(p, _)| &p.config);
        Ok(Some(Forecast {
            severity: policy.map_or(Severity::Critical, |p| p.severity),
            hold,
            steps,
            reminders: policy.and_then(|p| p.reminders),
            recovery_after: policy.map_or(Duration::ZERO, |p| p.recovery_after),
            policy: rules.policy.map(|(p, because)| (p.id, p.config.name, because)),
        }))
    }
}

pub(super) fn reach(addressee: Addressee) -> Result<Reach, StoreError> {
    let channel = addressee.channel;
    let kind = ChannelKind::parse(&channel.kind).ok_or_else(|| corrupt("channels", channel.id, "kind"))?;
    Ok(Reach {
        channel: ChannelId(channel.id),
        name: channel.name,
        kind,
        recipients: addressee.recipients.into_iter().collect(),
    })
}
