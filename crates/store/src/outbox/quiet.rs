//! Quiet hours hold messages back. They do so at the row, when it is planned: an incident, its events and who is told of
//! them are as without them, and what waits is seen in the log with its time.
//!
//! A held row is due when the hours end, and its time to live begins then. What became of its incident meanwhile is
//! looked at when the rows of the channel are claimed: [`settle`] drops what is over or told by a later message,
//! [`gather`] puts together what is told in one message.

use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    hours::{LONGEST_STRETCH, Quiet, QuietAction},
    id::{ChannelId, IncidentId},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

mod silenced;

use super::plan::{self, Addressee, Told};
use crate::{
    channels::read_quiet,
    entity::{channel, delivery},
    error::StoreError,
    store::Store,
};

const BY_CHANNEL: &str = "channel";
const BY_STEP: &str = "step";
/// By a silence or a maintenance window that was there when the hours ended.
const BY_HOLD: &str = "hold";

/// A message that is not sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldPlan {
    pub(crate) until: Timestamp,
    /// All of them travel in one message then; otherwise each by itself, if it is still true.
    pub(crate) digest: bool,
    /// The hours of the policy's step hold it, and not those of the channel alone.
    pub(crate) by_step: bool,
    /// In words.
    pub(crate) why: String,
}

/// Whether a message that comes up now is held back, and until when. Where one's hours begin as the other's end, it is
/// held until both are over; whose hours end last decides what becomes of it then.
pub(crate) fn holds(channel: Option<&Quiet>, step: Option<&Quiet>, now: Timestamp) -> Option<HeldPlan> {
    let horizon = now.plus(LONGEST_STRETCH);
    let (mut until, mut last, mut by_step) = (now, None, false);
    while let Some((end, quiet, of_step)) = [(channel, false), (step, true)]
        .into_iter()
        .filter_map(|(quiet, of_step)| Some((quiet?.hours.until(until)?, quiet?, of_step)))
        .max_by_key(|(end, _, of_step)| (*end, !of_step))
        && until < horizon
    {
        (until, last) = (end.min(horizon), Some((quiet, of_step)));
        by_step |= of_step;
    }
    let (quiet, of_step) = last?;
    let whose = if of_step { "the step" } else { "the channel" };
    let when = match quiet.hours.wall(until) {
        Some((_, minute)) if until.since(now) < std::time::Duration::from_hours(24) => minute.to_string(),
        Some((day, minute)) => format!("{day} {minute}"),
        None => until.to_string(),
    };
    Some(HeldPlan {
        until,
        digest: quiet.action == QuietAction::Digest,
        by_step,
        why: format!("Held until {when} by the quiet hours of {whose}."),
    })
}

/// What every new row for this channel has in common, held back where its hours or those of the step say so.
pub(super) fn fresh(
    channel: &channel::Model,
    step: Option<&Quiet>,
    event: Event,
    now: Timestamp,
) -> delivery::ActiveModel {
    // Hours that cannot be read keep nobody from being told.
    let quiet = read_quiet(channel).unwrap_or_default();
    let row = plan::fresh(event, now);
    match holds(quiet.as_ref(), step, now) {
        None => row,
        Some(plan) => held(row, &plan, event),
    }
}

fn held(row: delivery::ActiveModel, plan: &HeldPlan, event: Event) -> delivery::ActiveModel {
    delivery::ActiveModel {
        held_by: Set(Some(if plan.by_step { BY_STEP } else { BY_CHANNEL }.to_owned())),
        expires_at: Set(expiry(plan.until, event).as_millis()),
        ..put_off(row, plan)
    }
}

fn released(why: &str, now: Timestamp) -> delivery::ActiveModel {
    delivery::ActiveModel {
        held_until: Set(Some(now.as_millis())),
        next_attempt_at: Set(Some(now.as_millis())),
        reason: Set(Some(format!("Released: {why}."))),
        ..Default::default()
    }
}

fn put_off(row: delivery::ActiveModel, plan: &HeldPlan) -> delivery::ActiveModel {
    let action = if plan.digest {
        QuietAction::Digest
    } else {
        QuietAction::Hold
    };
    delivery::ActiveModel {
        held_until: Set(Some(plan.until.as_millis())),
        held_as: Set(Some(action.as_str().to_owned())),
        next_attempt_at: Set(Some(plan.until.as_millis())),
        reason: Set(Some(plan.why.clone())),
        ..row
    }
}

fn expiry(release: Timestamp, event: Event) -> Timestamp {
    release.plus(event.time_to_live())
}

/// Held back now. Such a row is nobody's to bring forward.
pub(crate) fn is_held(now: Timestamp) -> SimpleExpr {
    // Not true and not unknown where there is no time.
    Expr::col(delivery::Column::HeldUntil)
        .if_null(0_i64)
        .gt(now.as_millis())
}

/// Since when a row can be sent: planned, or released.
pub(super) fn sendable_since() -> SimpleExpr {
    Expr::col(delivery::Column::HeldUntil).if_null(Expr::col(delivery::Column::CreatedAt))
}

/// Held back, and by no clock that was set back since.
pub(super) fn is_plausibly_held(now: Timestamp) -> SimpleExpr {
    let horizon = now.plus(LONGEST_STRETCH);
    is_held(now).and(delivery::Column::HeldUntil.lte(horizon.as_millis()))
}

fn pending() -> Condition {
    Condition::all()
        .add(delivery::Column::FinishedAt.is_null())
        .add(delivery::Column::State.eq(DeliveryState::Pending.as_str()))
}

/// The hours of a channel were saved: what they held is held by the new ones, or due. What a step's hours hold as well
/// keeps its time.
pub(crate) async fn hold_anew<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    quiet: Option<&Quiet>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let of_channel = Condition::all()
        .add(delivery::Column::ChannelId.eq(channel.0))
        .add(delivery::Column::HeldBy.eq(BY_CHANNEL))
        .add(is_held(now));
    let (until, row) = match holds(quiet, None, now) {
        Some(plan) => (plan.until, put_off(delivery::ActiveModel::default(), &plan)),
        None => (now, released("the quiet hours of the channel were changed", now)),
    };
    for event in Event::ALL {
        let row = delivery::ActiveModel {
            expires_at: Set(expiry(until, *event).as_millis()),
            ..row.clone()
        };
        delivery::Entity::update_many()
            .set(row)
            .filter(pending())
            .filter(of_channel.clone())
            .filter(delivery::Column::Event.eq(event.as_str()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// A step tells these now: an opening that quiet hours still hold from them is held no longer than the step holds it.
/// Gives whose openings those are, for nobody is reminded of what they do not know, and how many were brought forward.
pub(crate) async fn tell_sooner<C: ConnectionTrait>(
    tx: &C,
    incident: IncidentId,
    audience: &[Addressee],
    now: Timestamp,
) -> Result<(Told, usize), StoreError> {
    let waiting: Vec<(uuid::Uuid, i64, String, i64)> = delivery::Entity::find()
        .select_only()
        .columns([
            delivery::Column::Id,
            delivery::Column::ChannelId,
            delivery::Column::Recipient,
            delivery::Column::HeldUntil,
        ])
        .filter(opening())
        .filter(delivery::Column::IncidentId.eq(incident.0))
        .filter(is_held(now))
        .into_tuple()
        .all(tx)
        .await?;
    let (mut unaware, mut moved) = (Told::new(), 0);
    for (id, channel, recipient, until) in waiting {
        let tells = |a: &&Addressee| a.channel.id == channel && a.recipients.contains(&recipient);
        let Some(addressee) = audience.iter().find(tells) else {
            continue;
        };
        unaware.insert((channel, recipient));
        let of_channel = read_quiet(&addressee.channel).unwrap_or_default();
        let plan = holds(of_channel.as_ref(), addressee.quiet.as_ref(), now);
        if plan.as_ref().map_or(now, |plan| plan.until).as_millis() >= until {
            continue;
        }
        let mut row = match plan {
            Some(plan) => held(delivery::ActiveModel::default(), &plan, Event::Opened),
            None => delivery::ActiveModel {
                expires_at: Set(expiry(now, Event::Opened).as_millis()),
                ..released("a step without these quiet hours tells it", now)
            },
        };
        if let Some(rotation) = addressee.rotation {
            row.rotation_id = Set(Some(rotation.0));
        }
        delivery::Entity::update_many()
            .set(row)
            .filter(delivery::Column::Id.eq(id))
            .exec(tx)
            .await?;
        moved += 1;
    }
    Ok((unaware, moved))
}

/// An opening that nobody was sent yet; not what a person had sent again.
fn opening() -> Condition {
    pending()
        .add(delivery::Column::Event.eq(Event::Opened.as_str()))
        .add(delivery::Column::Attempts.eq(0))
        .add(delivery::Column::RequestedBy.is_null())
}

/// Silences or windows were changed: what they put off is looked at when it is claimed.
pub(crate) async fn look_again<C: ConnectionTrait>(tx: &C, now: Timestamp) -> Result<(), StoreError> {
    let row = delivery::ActiveModel {
        expires_at: Set(expiry(now, Event::Opened).as_millis()),
        ..released("silences or maintenance windows were changed", now)
    };
    delivery::Entity::update_many()
        .set(row)
        .filter(opening())
        .filter(delivery::Column::HeldBy.eq(BY_HOLD))
        .filter(is_held(now))
        .exec(tx)
        .await?;
    Ok(())
}

/// A recipient who was not told of the opening, because quiet hours held it, needs not hear of an incident that was over
/// before they ended. `+ 0` keeps both databases from looking through the rows of the channel.
const OVER: &str = "UPDATE deliveries SET state = 'cancelled', reason = 'Over before the quiet hours ended.', \
     finished_at = $1, next_attempt_at = NULL, waiting = FALSE \
     WHERE channel_id = $2 AND finished_at IS NULL AND state = 'pending' AND requested_by IS NULL \
     AND 0 < (SELECT COUNT(*) FROM deliveries o JOIN deliveries r ON r.incident_id = o.incident_id \
       WHERE o.incident_id = deliveries.incident_id AND o.channel_id + 0 = deliveries.channel_id \
       AND o.recipient = deliveries.recipient AND o.event = 'incident.opened' AND o.finished_at IS NULL \
       AND o.state || '' = 'pending' AND o.held_as = 'hold' AND o.attempts = 0 \
       AND r.channel_id + 0 = o.channel_id AND r.recipient = o.recipient AND r.event = 'incident.resolved' \
       AND r.finished_at IS NULL AND r.state || '' = 'pending' AND r.created_at <= o.held_until)";

/// Of held reminders the last one is told, and none beside the opening.
const TOLD_LATER: &str = "UPDATE deliveries SET state = 'cancelled', reason = 'Told by another message when the quiet hours ended.', \
     finished_at = $1, next_attempt_at = NULL, waiting = FALSE \
     WHERE channel_id = $2 AND finished_at IS NULL AND state = 'pending' AND event = 'incident.reminder' \
     AND held_until IS NOT NULL AND attempts = 0 \
     AND 0 < (SELECT COUNT(*) FROM deliveries o \
       WHERE o.incident_id = deliveries.incident_id AND o.channel_id + 0 = deliveries.channel_id \
       AND o.recipient = deliveries.recipient AND o.finished_at IS NULL AND o.state || '' = 'pending' \
       AND o.held_until IS NOT NULL AND o.attempts = 0 AND (o.event = 'incident.opened' OR \
         (o.event = 'incident.reminder' AND (o.created_at > deliveries.created_at \
           OR (o.created_at = deliveries.created_at AND o.id > deliveries.id)))))";

/// Drops what needs not be told any more, and puts off what must not be told yet. Before openings are merged into their
/// recoveries.
pub(super) async fn settle<C: ConnectionTrait>(
    store: &Store,
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), StoreError> {
    // Usually there is nothing of the kind, and claims are many.
    let any = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(pending())
        .filter(delivery::Column::ChannelId.eq(channel.0))
        .filter(delivery::Column::HeldUntil.is_not_null())
        .limit(1)
        .into_tuple::<uuid::Uuid>()
        .one(tx)
        .await?;
    if any.is_none() {
        return Ok(());
    }
    // Before rows of deliveries are locked: whoever ends a silence does it in this order.
    let in_force = store.in_force_within(tx, now).await?;
    for sql in [OVER, TOLD_LATER] {
        let values = [now.as_millis().into(), channel.0.into()];
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        tx.execute_raw(statement).await?;
    }
    silenced::put_off(tx, &in_force, channel, now).await
}

/// Everything that was held for one recipient to be told in one message travels together, under the id of the first.
pub(super) async fn gather<C: ConnectionTrait>(
    tx: &C,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let released = || {
        pending()
            .add(delivery::Column::ChannelId.eq(channel.0))
            .add(delivery::Column::HeldAs.eq(QuietAction::Digest.as_str()))
            .add(delivery::Column::HeldUntil.lte(now.as_millis()))
            .add(delivery::Column::Attempts.eq(0))
            .add(delivery::Column::DigestOf.is_null())
    };
    let recipients: Vec<(String, i64)> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Recipient)
        .column_as(delivery::Column::Id.count(), "n")
        .filter(released())
        .group_by(delivery::Column::Recipient)
        .into_tuple()
        .all(tx)
        .await?;
    for (recipient, _) in recipients.into_iter().filter(|(_, n)| *n > 1) {
        let of_recipient = || released().add(delivery::Column::Recipient.eq(recipient.as_str()));
        let first = delivery::Entity::find()
            .filter(of_recipient())
            .order_by_asc(delivery::Column::CreatedAt)
            .order_by_asc(delivery::Column::IncidentId)
            .order_by_asc(delivery::Column::Id)
            .one(tx)
            .await?;
        let Some(first) = first else { continue };
        let together = delivery::ActiveModel {
            digest_of: Set(Some(first.id)),
            message_id: Set(first.message_id),
            ..Default::default()
        };
        delivery::Entity::update_many()
            .set(together)
            .col_expr(
                delivery::Column::Follows,
                Expr::col(delivery::Column::Id).ne(first.id),
            )
            .filter(of_recipient())
            .exec(tx)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn quiet(from: &str, to: &str, action: &str) -> Quiet {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let spans = json!([{ "days": days, "from": from, "to": to }]);
        let hours = json!({ "zone": "Europe/Berlin", "spans": spans });
        Quiet::from_json("", json!({ "hours": hours, "action": action })).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_message_is_held_until_nobody_is_quiet_any_more() {
        let night = quiet("22:00", "07:00", "hold");
        let morning = quiet("06:30", "09:00", "digest");
        // Thursday, 23:30 in Berlin.
        let now = at("2026-11-26T22:30:00Z");
        assert_eq!(holds(None, None, now), None);
        assert_eq!(holds(None, Some(&morning), now), None);
        let plan = holds(Some(&night), None, now).unwrap();
        assert_eq!(plan.until, at("2026-11-27T06:00:00Z"));
        assert_eq!(plan.why, "Held until 07:00 by the quiet hours of the channel.");
        assert!(!plan.digest && !plan.by_step);
        let plan = holds(Some(&night), Some(&morning), now).unwrap();
        assert_eq!(plan.until, at("2026-11-27T08:00:00Z"));
        assert_eq!(plan.why, "Held until 09:00 by the quiet hours of the step.");
        assert!(plan.digest && plan.by_step);
        let plan = holds(Some(&morning), Some(&night), now).unwrap();
        assert_eq!(plan.why, "Held until 09:00 by the quiet hours of the channel.");
        assert!(plan.digest && plan.by_step, "the step holds it as well");
    }

    #[test]
    fn hours_that_take_turns_for_ever_let_it_go_after_eight_days() {
        let (day, night) = (quiet("07:00", "22:00", "hold"), quiet("22:00", "07:00", "hold"));
        let now = at("2026-11-26T22:30:00Z");
        let plan = holds(Some(&day), Some(&night), now).unwrap();
        assert_eq!(plan.until.since(now), LONGEST_STRETCH);
        let long = quiet("22:00", "21:59", "hold");
        let plan = holds(Some(&long), None, at("2026-11-26T21:00:00Z")).unwrap();
        assert_eq!(
            plan.until.since(at("2026-11-26T21:00:00Z")),
            Duration::from_mins(23 * 60 + 59)
        );
    }
}
