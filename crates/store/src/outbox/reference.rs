//! What the other side called the message about an opening, for services that change it or answer it. An opening that was
//! told in a digest has none: that message is about others as well.

use std::collections::HashMap;

use domain::delivery::{AttemptVerdict, DeliveryState, Event};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::Claimed;
use crate::{
    entity::{attempt, delivery},
    error::StoreError,
};

/// Adds it to each notice about something that came after the opening. `claimed` are of one channel.
pub(super) async fn add_references<C: ConnectionTrait>(
    tx: &C,
    claimed: &mut [Claimed],
) -> Result<(), StoreError> {
    let later = |c: &Claimed| {
        // What is about several changes no message about one.
        let one = c.notice.event != Event::Opened && !c.notice.is_digest();
        one.then_some(c.notice.subject.as_ref()?.incident.id)
    };
    let incidents: Vec<i64> = claimed.iter().filter_map(later).map(|id| id.0).collect();
    let Some(channel) = claimed
        .first()
        .map(|c| c.channel.id)
        .filter(|_| !incidents.is_empty())
    else {
        return Ok(());
    };
    let openings = delivery::Entity::find()
        .filter(delivery::Column::IncidentId.is_in(incidents))
        .filter(delivery::Column::ChannelId.eq(channel.0))
        .filter(delivery::Column::Event.eq(Event::Opened.as_str()))
        .filter(delivery::Column::DigestOf.is_null())
        .filter(delivery::Column::State.eq(DeliveryState::Sent.as_str()))
        .all(tx)
        .await?;
    let attempts = attempt::Entity::find()
        .filter(attempt::Column::DeliveryId.is_in(openings.iter().map(|o| o.id)))
        .all(tx)
        .await?;
    let named = attempts.into_iter().filter_map(|a| {
        let verdict = serde_json::from_str(&a.verdict).ok()?;
        let AttemptVerdict::Accepted { reference } = verdict else {
            return None;
        };
        Some((a.delivery_id, reference?))
    });
    let named: HashMap<_, String> = named.collect();
    let of = |opening: delivery::Model| {
        let reference = named.get(&opening.id)?.clone();
        Some(((opening.incident_id, opening.recipient), reference))
    };
    let references: HashMap<(i64, String), String> = openings.into_iter().filter_map(of).collect();
    for one in claimed {
        if let Some(incident) = later(one) {
            let key = (incident.0, one.notice.recipient.clone());
            one.notice.thread_reference = references.get(&key).cloned();
        }
    }
    Ok(())
}
