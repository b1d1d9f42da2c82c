//! Whom a step tells, and who hears of what comes after it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    clock::Timestamp,
    delivery::Event,
    hours::Quiet,
    id::{ChannelId, RotationId},
    policy::{Concern, Step},
    rotation::Contact,
};
use sea_orm::ConnectionTrait;

use super::Case;
use crate::{
    error::StoreError,
    outbox::plan::{Addressee, enabled, told, told_itself, told_on_call},
    store::Store,
};

/// One rotation of a step.
pub(super) struct Duty {
    pub(super) rotation: RotationId,
    /// Who is on call; `None`: nobody.
    pub(super) person: Option<Contact>,
}

impl Store {
    /// The recipients of a step's channels, and of those of whoever is on call in its rotations, that are switched on and
    /// want to hear of `event`.
    pub(super) async fn addressees<C: ConnectionTrait>(
        &self,
        tx: &C,
        (step, duties): (&Step, &[Duty]),
        event: Event,
    ) -> Result<Vec<Addressee>, StoreError> {
        let mut reached = reach(step, duties);
        let mut audience = Vec::new();
        for channel in enabled(tx, reached.keys().copied().collect()).await? {
            audience.push(Addressee {
                recipients: self.recipients_for(&channel, event)?,
                quiet: step.quiet.clone(),
                rotation: reached.remove(&channel.id).flatten(),
                channel,
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
    /// changed since, for nobody is left believing in an outage; and channels that want to hear of this and not of openings,
    /// those of whoever is on call now among them. What they hear, and when, is as the steps say that were run and tell
    /// them: also those by whose rotation they were told, whoever is on call there now.
    pub(super) async fn followers<C: ConnectionTrait>(
        &self,
        tx: &C,
        case: &Case,
        (event, now): (Event, Timestamp),
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
        let mut run = case.rules.steps();
        run.retain(|step| {
            let through = case.escalation.through;
            through.is_some_and(|through| step.after <= through)
        });
        let on_call = if run.iter().all(|step| step.rotations.is_empty()) {
            BTreeSet::new()
        } else {
            told_on_call(tx, case.incident).await?
        };
        // By step.
        let mut reached: Vec<BTreeMap<i64, Option<RotationId>>> = Vec::with_capacity(run.len());
        for step in &run {
            reached.push(reach(step, &self.duties(tx, step, now).await?));
        }
        let about = match event {
            Event::Resolved => Concern::Recovered,
            _ => case.kind.concern(),
        };
        let all = reached.iter().flat_map(BTreeMap::keys).chain(wanted.keys());
        let mut audience = Vec::new();
        for channel in enabled(tx, all.copied().collect()).await? {
            let mut recipients = wanted.remove(&channel.id).unwrap_or_default();
            let declines = self.recipients_for(&channel, Event::Opened)?.is_empty();
            let tells = |step: &Step, reached: &BTreeMap<i64, Option<RotationId>>| {
                let by = |r: &RotationId| on_call.contains(&(channel.id, r.0));
                let through_duty = if recipients.is_empty() {
                    // Whoever came on call after the opening was not told of it.
                    reached.contains_key(&channel.id) && (declines || !step.tells_of_openings())
                } else {
                    step.rotations.iter().any(by)
                };
                through_duty || step.channels.contains(&ChannelId(channel.id))
            };
            let of_channel: Vec<&Step> = run
                .iter()
                .zip(&reached)
                .filter(|(step, reached)| tells(step, reached))
                .map(|(step, _)| step)
                .collect();
            let silent = !of_channel.is_empty() && !of_channel.iter().any(|s| s.tells(Concern::Recovered));
            if event == Event::Resolved && silent {
                continue;
            }
            let willing = self.recipients_for(&channel, event)?;
            if willing.is_empty() {
                continue;
            }
            let of_openings = of_channel.iter().any(|s| s.tells(case.kind.concern()));
            let by_choice = of_openings && declines;
            let of_ends_only = !of_channel.iter().any(|s| s.tells_of_openings());
            let somebody_told = run.iter().any(|s| s.tells(case.kind.concern()));
            let of_its_end = event == Event::Resolved && of_ends_only && somebody_told;
            if !of_channel.is_empty() && (by_choice || of_its_end) {
                recipients.extend(willing);
            }
            audience.push(Addressee {
                quiet: quiet_of(&of_channel, about),
                ..Addressee::new(channel, recipients)
            });
        }
        Ok(audience)
    }
}

/// Channels of a step, and the rotation by which each is reached; `None`: the step names it.
fn reach(step: &Step, duties: &[Duty]) -> BTreeMap<i64, Option<RotationId>> {
    let mut reached = BTreeMap::new();
    for duty in duties {
        for channel in duty.person.iter().flat_map(|p| &p.channels) {
            reached.entry(channel.0).or_insert(Some(duty.rotation));
        }
    }
    reached.extend(step.channels.iter().map(|c| (c.0, None)));
    reached
}

/// When a channel is told of this: in the hours of the step that told it last, and at any time where one of its steps has
/// none.
pub(crate) fn quiet_of(steps: &[&Step], about: Concern) -> Option<Quiet> {
    let of_this: Vec<&Step> = steps.iter().copied().filter(|s| s.tells(about)).collect();
    let steps = if of_this.is_empty() { steps } else { &of_this };
    let hours: Option<Vec<&Quiet>> = steps.iter().map(|s| s.quiet.as_ref()).collect();
    hours?.last().copied().cloned()
}
