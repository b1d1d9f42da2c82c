//! Doing what an escalation says: who is told, by which deliveries.

use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    escalation::Act,
    id::IncidentId,
    policy::Step,
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
        plan::{Addressee, Planned, Told, told},
    },
    store::Store,
};

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

    /// Those who hear of it for the first time hear of the opening; the others are reminded. Whose opening waits for the
    /// end of quiet hours knows nothing yet: it comes as soon as this step allows it.
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
        let (unaware, moved) = if before.is_empty() && at_once.is_empty() {
            (Told::new(), 0)
        } else {
            outbox::tell_sooner(tx, case.incident, &all, now).await?
        };
        let (mut first, mut again) = (Vec::new(), Vec::new());
        for addressee in all {
            let ear = |r: &String| (addressee.channel.id, r.clone());
            let mut recipients = addressee.recipients.clone();
            recipients.retain(|r| at_once.insert(ear(r)));
            recipients.retain(|r| !unaware.contains(&ear(r)));
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
        let mut planned = moved + self.plan(tx, opened, first, now).await?;
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
        let mut audience = self.followers(tx, case, (Event::Reminder, now)).await?;
        leave_out(&mut audience, at_once);
        let (unaware, moved) = outbox::tell_sooner(tx, case.incident, &audience, now).await?;
        leave_out(&mut audience, &unaware);
        // Those of the steps of this look have higher numbers.
        let earlier = pending_reminders(case.incident).and(delivery::Column::Number.lt(number));
        outbox::cancel(tx, earlier, "A later reminder takes its place.", now).await?;
        let planned = Planned {
            incident: case.incident,
            event: (Event::Reminder, number),
            at: now,
        };
        Ok(moved + self.plan(tx, planned, audience, now).await?)
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
        let audience = self.followers(tx, case, (Event::Resolved, now)).await?;
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
        let audience = self.followers(tx, case, (event, now)).await?;
        let planned = Planned {
            incident: case.incident,
            event: (event, 0),
            at,
        };
        self.plan(tx, planned, audience, now).await
    }
}

fn leave_out(audience: &mut [Addressee], ears: &Told) {
    for addressee in audience {
        let channel = addressee.channel.id;
        addressee
            .recipients
            .retain(|r| !ears.contains(&(channel, r.clone())));
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
