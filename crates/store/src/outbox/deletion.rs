//! What becomes of the messages about a monitor that is deleted. Its incidents end with it, and whoever was told that one
//! is open hears of the end: a pager would ring on, and a chat say "down", for something that nobody watches any more.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    id::{ChannelId, IncidentId, MonitorId, PolicyId, RotationId},
    policy::{Concern, Step},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, SelectStatement, SimpleExpr},
};

use super::{
    plan::{Addressee, Planned, Told, enabled, told_on_call},
    sweep,
};
use crate::{
    entity::{delivery, escalation, incident, incident_event, monitor},
    error::StoreError,
    escalations::quiet_of,
    incidents::{self, IncidentEventKind, read_label},
    policies::rules_for,
    store::Store,
};

/// Why its incidents and messages end, as it is kept with both.
pub(crate) const MONITOR_DELETED: &str = "The monitor was deleted.";

/// Nobody who sent this message knows that nobody has it: it was sent, is being sent, or was tried. `o` is the opening of
/// what one recipient hears of an incident.
const MAY_HAVE_ARRIVED: &str = "(o.state || '' IN ('sent', 'sending') OR o.attempts > 0)";

/// The rows of the same incident, channel and recipient. They are few, and `+ 0` keeps both databases from looking through
/// those of the channel.
const BESIDE: &str = "o.incident_id = deliveries.incident_id AND o.channel_id + 0 = deliveries.channel_id \
     AND o.recipient = deliveries.recipient";

impl Store {
    /// Before the incidents of `monitor` are closed: their end is planned, and what was not sent yet is cancelled but for
    /// the ends that somebody waits for. What is being sent is left to its attempt when an end follows it. Gives how many
    /// were planned.
    pub(crate) async fn end_messages<C: ConnectionTrait>(
        &self,
        tx: &C,
        monitor: &monitor::Model,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let open = incidents::all_open_of(tx, MonitorId(monitor.id)).await?;
        let mut planned = 0;
        for row in open {
            planned += self.tell_of_deletion(tx, &row, monitor, now).await?;
        }
        for which in [needless(), unsent()] {
            let of_monitor = delivery::Column::IncidentId.in_subquery(incidents_of(MonitorId(monitor.id)));
            sweep::cancel(tx, of_monitor.and(which), MONITOR_DELETED, now).await?;
        }
        Ok(planned)
    }

    async fn tell_of_deletion<C: ConnectionTrait>(
        &self,
        tx: &C,
        row: &incident::Model,
        monitor: &monitor::Model,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut told: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        for (channel, recipient) in may_know(tx, IncidentId(row.id)).await? {
            told.entry(channel).or_default().insert(recipient);
        }
        if told.is_empty() {
            return Ok(0);
        }
        let steps = self.steps_of(tx, row, monitor).await?;
        let on_call = told_on_call(tx, IncidentId(row.id)).await?;
        let mut audience = Vec::new();
        for channel in enabled(tx, told.keys().copied().collect()).await? {
            let id = ChannelId(channel.id);
            let by_duty = |r: &RotationId| on_call.contains(&(id.0, r.0));
            let tells = |s: &&Step| s.channels.contains(&id) || s.rotations.iter().any(by_duty);
            let of_channel: Vec<&Step> = steps.iter().filter(tells).collect();
            let silent = !of_channel.is_empty() && !of_channel.iter().any(|s| s.tells(Concern::Recovered));
            if silent || self.recipients_for(&channel, Event::Resolved)?.is_empty() {
                continue;
            }
            audience.push(Addressee {
                recipients: told.remove(&channel.id).unwrap_or_default(),
                quiet: quiet_of(&of_channel, Concern::Recovered),
                rotation: None,
                channel,
            });
        }
        let over = Planned {
            incident: IncidentId(row.id),
            event: (Event::Resolved, 0),
            at: now,
        };
        self.plan(tx, over, audience, now).await
    }

    /// None where they cannot be read: a damaged policy must not keep anybody from hearing.
    async fn steps_of<C: ConnectionTrait>(
        &self,
        tx: &C,
        row: &incident::Model,
        monitor: &monitor::Model,
    ) -> Result<Vec<Step>, StoreError> {
        let began_with = escalation::Entity::find_by_id(row.id).one(tx).await?;
        let named = monitor.policy_id.or(began_with.and_then(|e| e.policy_id));
        let found = match read_label(row) {
            Ok(label) => rules_for(tx, &label, named.map(PolicyId)).await,
            Err(e) => Err(e),
        };
        match found {
            Ok(rules) => Ok(rules.steps()),
            Err(StoreError::Corrupt { .. }) => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }
}

/// Channel and recipient of openings that may have arrived.
async fn may_know<C: ConnectionTrait>(tx: &C, incident: IncidentId) -> Result<Told, StoreError> {
    let sent = [DeliveryState::Sent.as_str(), DeliveryState::Sending.as_str()];
    let arrived = Condition::any()
        .add(delivery::Column::State.is_in(sent))
        .add(delivery::Column::Attempts.gt(0));
    let rows: Vec<(i64, String)> = delivery::Entity::find()
        .select_only()
        .columns([delivery::Column::ChannelId, delivery::Column::Recipient])
        .filter(delivery::Column::IncidentId.eq(incident.0))
        .filter(delivery::Column::Event.eq(Event::Opened.as_str()))
        .filter(arrived)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows.into_iter().collect())
}

fn incidents_of(monitor: MonitorId) -> SelectStatement {
    incident::Entity::find()
        .select_only()
        .column(incident::Column::Id)
        .filter(incident::Column::MonitorId.eq(monitor.0))
        .filter(incident::Column::Origin.is_null())
        .into_query()
}

/// Ends of what its recipient never heard of.
fn needless() -> SimpleExpr {
    Expr::cust(format!(
        "event = 'incident.resolved' AND state = 'pending' AND 0 = (SELECT COUNT(*) FROM deliveries o \
         WHERE {BESIDE} AND o.event = 'incident.opened' AND {MAY_HAVE_ARRIVED})"
    ))
}

/// Everything else that is not sent. What is being sent is cancelled as well where no end would follow it.
fn unsent() -> SimpleExpr {
    Expr::cust(format!(
        "event <> 'incident.resolved' AND (state = 'pending' OR 0 = (SELECT COUNT(*) FROM deliveries o \
         WHERE {BESIDE} AND o.event = 'incident.resolved' AND o.state || '' <> 'cancelled'))"
    ))
}

/// Those of these incidents that ended because their monitor was deleted.
pub(super) async fn ended_so<C: ConnectionTrait>(
    tx: &C,
    incidents: Vec<i64>,
) -> Result<BTreeSet<i64>, StoreError> {
    if incidents.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<i64> = incident_event::Entity::find()
        .select_only()
        .column(incident_event::Column::IncidentId)
        .filter(incident_event::Column::IncidentId.is_in(incidents))
        .filter(incident_event::Column::Kind.eq(IncidentEventKind::Resolved.as_str()))
        .filter(incident_event::Column::Detail.eq(MONITOR_DELETED))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(ids.into_iter().collect())
}
