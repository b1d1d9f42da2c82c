//! What was claimed as notices, put together from what is true now.

use std::{cmp::Reverse, collections::HashMap};

use domain::{
    channel::Channel,
    clock::Timestamp,
    delivery::{DESCRIBED, DeliveryState, Event, Happening, MonitorLabel, Notice, Subject},
    id::DeliveryId,
    incident::IncidentKind,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func, IntoColumnRef, Query},
};
use uuid::Uuid;

use super::{Claimed, Lease, deletion, digest, sweep};
use crate::{
    entity::{delivery, incident, monitor},
    error::{StoreError, corrupt},
    escalations,
    incidents::{read_incident, read_label},
    store::Store,
};

/// A claimed row and what follows it: the first of them, and how many others there are of each sort.
struct Taken {
    leader: delivery::Model,
    also: Vec<delivery::Model>,
    counted: Vec<(Happening, u64)>,
}

impl Store {
    /// A row that cannot be read fails alone: it must not hold up the others for ever.
    pub(super) async fn describe<C: ConnectionTrait>(
        &self,
        tx: &C,
        leaders: Vec<delivery::Model>,
        token: Uuid,
        channel: &Channel,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut taken = Vec::with_capacity(leaders.len());
        for leader in leaders {
            taken.push(with_followers(tx, leader, token).await?);
        }
        let rows: Vec<&delivery::Model> = taken
            .iter()
            .flat_map(|t| std::iter::once(&t.leader).chain(&t.also))
            .collect();
        let incidents = incident::Entity::find()
            .filter(incident::Column::Id.is_in(rows.iter().map(|r| r.incident_id)))
            .all(tx)
            .await?;
        let monitors = monitor::Entity::find()
            .filter(monitor::Column::Id.is_in(incidents.iter().map(|i| i.monitor_id)))
            .all(tx)
            .await?;
        // As a monitor is called now, or as it was when the incident opened.
        let labels = monitors.into_iter().map(|m| (m.id, self.monitors().label(m)));
        let labels: HashMap<i64, MonitorLabel> = labels.filter_map(|(id, l)| Some((id, l.ok()?))).collect();
        let gone = incidents
            .iter()
            .filter(|i| i.origin.is_none() && !labels.contains_key(&i.monitor_id));
        let deleted = deletion::ended_so(tx, gone.map(|i| i.id).collect()).await?;
        let incidents: HashMap<i64, incident::Model> = incidents.into_iter().map(|i| (i.id, i)).collect();
        let threads = threads(tx, &rows).await?;
        let mut claimed = Vec::with_capacity(taken.len());
        for Taken {
            leader,
            also,
            counted,
        } in taken
        {
            let lease = Lease {
                delivery: DeliveryId(leader.id),
                token,
                digest: leader.digest_of,
            };
            let (attempts, expires_at, letter) = (leader.attempts, leader.expires_at, leader.letter_of);
            let mut notices = Vec::with_capacity(1 + also.len());
            for row in std::iter::once(leader).chain(also) {
                let id = row.id;
                let thread = threads.get(&(row.incident_id, row.recipient.clone())).cloned();
                let described = match incidents.get(&row.incident_id) {
                    Some(incident) => {
                        let label = labels.get(&incident.monitor_id).cloned();
                        let deleted = deleted.contains(&incident.id);
                        describe_one(row, (incident, label, deleted), channel, thread)
                    }
                    None => Err(corrupt("deliveries", id, "incident_id")),
                };
                match described {
                    Ok(notice) => notices.push(notice),
                    Err(e @ StoreError::Corrupt { .. }) => give_up(tx, id, &e, now).await?,
                    Err(e) => return Err(e),
                }
            }
            let mut notices = notices.into_iter();
            // Of a digest of which nothing can be read the rest is taken up again when the lease is over.
            let Some(mut notice) = notices.next() else {
                continue;
            };
            notice.also = notices.collect();
            notice.counted = counted;
            claimed.push(Claimed {
                notice,
                attempt: attempts as u32,
                lease,
                channel: channel.clone(),
                expires_at: Timestamp::from_millis(expires_at),
                shares_with: letter.map(DeliveryId),
            });
        }
        self.add_taken_down(tx, &mut claimed).await?;
        Ok(claimed)
    }

    /// Whom each outage took down, as far as it is told by itself: a digest has no room for it.
    async fn add_taken_down<C: ConnectionTrait>(
        &self,
        tx: &C,
        claimed: &mut [Claimed],
    ) -> Result<(), StoreError> {
        let alone = claimed.iter_mut().filter(|c| !c.notice.is_digest());
        let outage = |s: &&mut Subject| s.incident.kind == IncidentKind::Down;
        let subjects = alone.filter_map(|c| c.notice.subject.as_mut()).filter(outage);
        let subjects: Vec<&mut Subject> = subjects.collect();
        let outages = subjects.iter().filter_map(|s| {
            let monitor = s.incident.origin.monitor()?;
            Some((monitor, s.incident.since))
        });
        let mut names = escalations::taken_down_by(tx, outages.collect()).await?;
        for subject in subjects {
            let monitor = subject.incident.origin.monitor();
            subject.took_down = monitor.and_then(|m| names.remove(&m)).unwrap_or_default();
        }
        Ok(())
    }
}

async fn with_followers<C: ConnectionTrait>(
    tx: &C,
    leader: delivery::Model,
    token: Uuid,
) -> Result<Taken, StoreError> {
    let (mut also, mut counted) = (Vec::new(), Vec::new());
    if let Some(digest) = leader.digest_of {
        use delivery::Column;
        let followers = || {
            delivery::Entity::find()
                .filter(Column::DigestOf.eq(digest))
                .filter(Column::LeaseToken.eq(token))
                .filter(Column::Follows.eq(true))
        };
        also = followers()
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::IncidentId)
            .order_by_asc(Column::Id)
            .limit(DESCRIBED as u64 - 1)
            .all(tx)
            .await?;
        counted = count_followers(tx, (digest, token), &also).await?;
    }
    Ok(Taken {
        leader,
        also,
        counted,
    })
}

/// Followers beside those that are described.
async fn count_followers<C: ConnectionTrait>(
    tx: &C,
    (digest, token): (Uuid, Uuid),
    described: &[delivery::Model],
) -> Result<Vec<(Happening, u64)>, StoreError> {
    let of_delivery = |column| Expr::col((delivery::Entity, column));
    let select = Query::select()
        .expr(of_delivery(delivery::Column::Event))
        .expr(Expr::col((incident::Entity, incident::Column::Kind)))
        .expr_as(Func::count(of_delivery(delivery::Column::Id)), "n")
        .from(delivery::Entity)
        .inner_join(
            incident::Entity,
            of_delivery(delivery::Column::IncidentId).equals((incident::Entity, incident::Column::Id)),
        )
        .and_where(of_delivery(delivery::Column::DigestOf).eq(digest))
        .and_where(of_delivery(delivery::Column::LeaseToken).eq(token))
        .and_where(of_delivery(delivery::Column::Follows).eq(true))
        .and_where(of_delivery(delivery::Column::Id).is_not_in(described.iter().map(|row| row.id)))
        .group_by_columns([
            (delivery::Entity, delivery::Column::Event).into_column_ref(),
            (incident::Entity, incident::Column::Kind).into_column_ref(),
        ])
        .to_owned();
    let mut counted = Vec::new();
    for row in tx.query_all(&select).await? {
        let (event, kind): (String, String) = (row.try_get("", "event")?, row.try_get("", "kind")?);
        let n: i64 = row.try_get("", "n")?;
        if let (Some(event), Some(kind)) = (Event::parse(&event), IncidentKind::parse(&kind)) {
            counted.push(((event, kind), n.unsigned_abs()));
        }
    }
    Ok(counted)
}

async fn give_up<C: ConnectionTrait>(
    tx: &C,
    id: Uuid,
    why: &StoreError,
    now: Timestamp,
) -> Result<(), StoreError> {
    let failed = delivery::ActiveModel {
        state: Set(DeliveryState::Failed.to_string()),
        reason: Set(Some(format!("This message cannot be put together: {why}."))),
        finished_at: Set(Some(now.as_millis())),
        ..sweep::unleased()
    };
    delivery::Entity::update_many()
        .set(failed)
        .filter(delivery::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

fn describe_one(
    row: delivery::Model,
    (incident, label, deleted): (&incident::Model, Option<MonitorLabel>, bool),
    channel: &Channel,
    thread: Option<String>,
) -> Result<Notice, StoreError> {
    let event = Event::parse(&row.event).ok_or_else(|| corrupt("deliveries", row.id, "event"))?;
    let (monitor, opened_as) = match (label, read_label(incident)) {
        (Some(now), then) => (now.clone(), then.unwrap_or(now)),
        (None, then) => {
            let then = then?;
            (then.clone(), then)
        }
    };
    let subject = Subject {
        incident: read_incident(incident.clone())?,
        monitor,
        opened_as,
        // Read when the transaction is over.
        checks: Vec::new(),
        took_down: Vec::new(),
        deleted,
    };
    Ok(Notice {
        delivery: DeliveryId(digest::kept_with(&row)),
        event,
        at: Timestamp::from_millis(row.event_at),
        recipient: row.recipient,
        channel: channel.id,
        channel_name: channel.name.clone(),
        subject: Some(subject),
        message_id: row.message_id,
        thread: thread.filter(|_| event != Event::Opened),
        thread_reference: None,
        also: Vec::new(),
        counted: Vec::new(),
        shared_with: Vec::new(),
    })
}

/// The `Message-ID` of the opening that a recipient has, by incident and recipient: the first one, not a copy that
/// somebody had sent again.
async fn threads<C: ConnectionTrait>(
    tx: &C,
    rows: &[&delivery::Model],
) -> Result<HashMap<(i64, String), String>, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(HashMap::new());
    };
    let mut sent = delivery::Entity::find()
        .filter(delivery::Column::IncidentId.is_in(rows.iter().map(|r| r.incident_id)))
        .filter(delivery::Column::ChannelId.eq(first.channel_id))
        .filter(delivery::Column::Event.eq(Event::Opened.as_str()))
        .filter(delivery::Column::State.eq(DeliveryState::Sent.as_str()))
        .all(tx)
        .await?;
    // Of several the last one counts.
    sent.sort_by_key(|r| (r.requested_by.is_none(), Reverse(r.created_at)));
    Ok(sent
        .into_iter()
        .map(|r| ((r.incident_id, r.recipient), r.message_id))
        .collect())
}
