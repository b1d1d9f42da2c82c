//! Doing what an escalation says: who is told, by which deliveries.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    escalation::Act,
    hours::Quiet,
    id::{ChannelId, IncidentId, RotationId},
    policy::{Concern, Step},
    rotation::Contact,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{ExprTrait, SimpleExpr},
};

use super::{Case, wake};
use crate::{
    entity::delivery,
    error::StoreError,
    incidents::{self, IncidentEventKind},
    outbox::{
        self,
        plan::{Addressee, Planned, Told, enabled, told, told_itself},
    },
    store::Store,
};

/// One rotation of a step.
pub(super) struct Duty {
    pub(super) rotation: RotationId,
    /// Who is on call; `None`: nobody.
    pub(super) person: Option<Contact>,
}

impl Store {
    pub(super) async fn perform<C: ConnectionTrait>(
        &self,
        tx: &C,
        case: &mut Case,
        (steps, acts): (&[Step], Vec<Act>),
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut planned = 0;
        // Whoever is told by two steps, or by a step and a reminder, at the same time is told once.
        let mut at_once = Told::new();
        let before = match acts.as_slice() {
            [] => return Ok(0),
            _ => told(tx, case.incident).await?,
        };
        for act in acts {
            planned += match act {
                Act::Tell(n) => match steps.get(n) {
                    Some(step) => self.run(tx, case, step, (&before, &mut at_once), now).await?,
                    None => 0,
                },
                Act::Remind(number) => self.remind(tx, case, number, (&at_once, now)).await?,
                Act::Resolve(at) => self.resolve(tx, case, at, now).await?,
            };
        }
        Ok(planned)
    }

    /// Those who hear of it for the first time hear of the opening; the others are reminded.
    async fn run<C: ConnectionTrait>(
        &self,
        tx: &C,
        case: &mut Case,
        step: &Step,
        (before, at_once): (&Told, &mut Told),
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        if !step.tells(case.kind.concern()) {
            return Ok(0);
        }
        let duties = self.duties(tx, step, now).await?;
        for duty in &duties {
            let (kind, detail) = match &duty.person {
                Some(person) => (IncidentEventKind::OnCall, person.name.clone()),
                None => (IncidentEventKind::NobodyOnCall, duty.rotation.to_string()),
            };
            incidents::note(tx, case.incident, now, kind, &detail).await?;
        }
        let all = self.addressees(tx, (step, &duties), Event::Opened).await?;
        let (mut first, mut again) = (Vec::new(), Vec::new());
        for addressee in all {
            let ear = |r: &String| (addressee.channel.id, r.clone());
            let mut recipients = addressee.recipients.clone();
            recipients.retain(|r| at_once.insert(ear(r)));
            let (old, new) = recipients.into_iter().partition(|r| before.contains(&ear(r)));
            first.push(Addressee {
                recipients: new,
                ..addressee.clone()
            });
            again.push(Addressee {
                recipients: old,
                ..addressee
            });
        }
        let opened = Planned {
            incident: case.incident,
            event: (Event::Opened, 0),
            at: case.opened_at,
        };
        let mut planned = self.plan(tx, opened, first, now).await?;
        if again.iter().any(|a| !a.recipients.is_empty()) {
            case.escalation.reminders = case.escalation.reminders.saturating_add(1);
            let reminder = Planned {
                event: (Event::Reminder, case.escalation.reminders),
                at: now,
                ..opened
            };
            planned += self.plan(tx, reminder, again, now).await?;
        }
        Ok(planned)
    }

    /// Whoever a step tells at the same time needs no reminder. One that nobody could be told yet makes room for this one.
    async fn remind<C: ConnectionTrait>(
        &self,
        tx: &C,
        case: &Case,
        number: u32,
        (at_once, now): (&Told, Timestamp),
    ) -> Result<usize, StoreError> {
        let mut audience = self.followers(tx, case, Event::Reminder).await?;
        for addressee in &mut audience {
            let channel = addressee.channel.id;
            addressee
                .recipients
                .retain(|r| !at_once.contains(&(channel, r.clone())));
        }
        // Those of the steps of this look have higher numbers.
        let earlier = pending_reminders(case.incident).and(delivery::Column::Number.lt(number));
        outbox::cancel(tx, earlier, "A later reminder takes its place.", now).await?;
        let planned = Planned {
            incident: case.incident,
            event: (Event::Reminder, number),
            at: now,
        };
        self.plan(tx, planned, audience, now).await
    }

    async fn resolve<C: ConnectionTrait>(
        &self,
        tx: &C,
        case: &mut Case,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        incidents::resolve(tx, case.incident, at, "").await?;
        // Nothing that is over is found by what held it.
        case.escalation.held = None;
        wake::wake_children(tx, case.label.id, now).await?;
        let audience = self.followers(tx, case, Event::Resolved).await?;
        let planned = Planned {
            incident: case.incident,
            event: (Event::Resolved, 0),
            at,
        };
        self.plan(tx, planned, audience, now).await
    }

    /// Tells those who were told of the opening.
    pub(crate) async fn tell<C: ConnectionTrait>(
        &self,
        tx: &C,
        case: &Case,
        (event, at): (Event, Timestamp),
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let audience = self.followers(tx, case, event).await?;
        let planned = Planned {
            incident: case.incident,
            event: (event, 0),
            at,
        };
        self.plan(tx, planned, audience, now).await
    }

    /// The recipients of a step's channels, and of those of whoever is on call in its rotations, that are switched on and
    /// want to hear of `event`.
    pub(super) async fn addressees<C: ConnectionTrait>(
        &self,
        tx: &C,
        (step, duties): (&Step, &[Duty]),
        event: Event,
    ) -> Result<Vec<Addressee>, StoreError> {
        let of_people = duties
            .iter()
            .filter_map(|d| d.person.as_ref())
            .flat_map(|p| &p.channels);
        let all = step.channels.iter().chain(of_people).map(|c| c.0).collect();
        let mut audience = Vec::new();
        for channel in enabled(tx, all).await? {
            let recipients = self.recipients_for(&channel, event)?;
            audience.push(Addressee {
                channel,
                recipients,
                quiet: step.quiet.clone(),
            });
        }
        Ok(audience)
    }

    /// Who is on call in the rotations of a step.
    pub(super) async fn duties<C: ConnectionTrait>(
        &self,
        tx: &C,
        step: &Step,
        now: Timestamp,
    ) -> Result<Vec<Duty>, StoreError> {
        let mut duties = Vec::with_capacity(step.rotations.len());
        for rotation in step.rotations.iter().copied() {
            let person = match self.rotations().on_call_channels(tx, rotation, now).await {
                Ok(found) => found.map(|(person, _)| person),
                // A damaged rotation must not keep the others from being told.
                Err(StoreError::Corrupt { .. }) => None,
                Err(e) => return Err(e),
            };
            duties.push(Duty { rotation, person });
        }
        Ok(duties)
    }

    /// Whoever hears of what comes after the opening: those who were told of it, even if the policy or the channel was
    /// changed since, for nobody is left believing in an outage; and channels that want to hear of this and not of openings. Of
    /// a recovery hears nobody whose step does not tell of recoveries.
    async fn followers<C: ConnectionTrait>(
        &self,
        tx: &C,
        case: &Case,
        event: Event,
    ) -> Result<Vec<Addressee>, StoreError> {
        let mut wanted: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        let of_opening = match event {
            // A channel that stands in does so again when it has to.
            Event::Reminder => told_itself(tx, case.incident).await?,
            _ => told(tx, case.incident).await?,
        };
        for (channel, recipient) in of_opening {
            wanted.entry(channel).or_default().insert(recipient);
        }
        let steps = case.rules.steps();
        let run = |step: &&Step| {
            case.escalation
                .through
                .is_some_and(|through| step.after <= through)
        };
        let reached: BTreeSet<i64> = steps
            .iter()
            .filter(run)
            .flat_map(|s| &s.channels)
            .map(|c| c.0)
            .collect();
        let all = wanted.keys().copied().chain(reached.iter().copied()).collect();
        let mut audience = Vec::new();
        for channel in enabled(tx, all).await? {
            let of_channel: Vec<&Step> = steps
                .iter()
                .filter(|s| s.channels.contains(&ChannelId(channel.id)))
                .collect();
            let silent = !of_channel.is_empty() && !of_channel.iter().any(|s| s.tells(Concern::Recovered));
            if event == Event::Resolved && silent {
                continue;
            }
            let willing = self.recipients_for(&channel, event)?;
            if willing.is_empty() {
                continue;
            }
            let mut recipients = wanted.remove(&channel.id).unwrap_or_default();
            let of_openings = of_channel.iter().any(|s| s.tells(case.kind.concern()));
            let by_choice = of_openings && self.recipients_for(&channel, Event::Opened)?.is_empty();
            let of_ends_only = !of_channel.iter().any(|s| s.tells_of_openings());
            let of_its_end = event == Event::Resolved && of_ends_only;
            if reached.contains(&channel.id) && (by_choice || of_its_end) {
                recipients.extend(willing);
            }
            audience.push(Addressee {
                quiet: quiet_of(&of_channel),
                channel,
                recipients,
            });
        }
        Ok(audience)
    }
}

/// Without those that a person had sent again.
fn pending_reminders(incident: IncidentId) -> SimpleExpr {
    delivery::Column::IncidentId
        .eq(incident.0)
        .and(delivery::Column::Event.eq(Event::Reminder.as_str()))
        .and(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
        .and(delivery::Column::RequestedBy.is_null())
}

/// Somebody takes care of it, or wants to hear nothing for now: what was to remind them and is not sent yet is of no use.
pub(crate) async fn drop_reminders<C: ConnectionTrait>(
    tx: &C,
    incident: IncidentId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    outbox::cancel(tx, pending_reminders(incident), reason, now).await?;
    Ok(())
}

fn quiet_of(steps: &[&Step]) -> Option<Quiet> {
    steps.first()?.quiet.clone()
}
