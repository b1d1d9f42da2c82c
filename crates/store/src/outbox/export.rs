//! The log as a table for spreadsheets: read in batches while it is being sent, so that its length costs no memory.

use std::collections::HashMap;

use domain::{
    csv,
    delivery::{Attempt, AttemptVerdict},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{Delivery, DeliveryFilter, Outbox, finish::read_attempt};
use crate::{entity::attempt, error::StoreError, store::Store};

/// Deliveries per batch, each with all of its attempts.
const BATCH: u32 = 100;

const COLUMNS: [&str; 30] = [
    "delivery_id",
    "planned_at",
    "event",
    "event_at",
    "incident",
    "monitor",
    "channel",
    "recipient",
    "state",
    "reason",
    "requested_by",
    "message_id",
    "finished_at",
    "bounced_at",
    "bounce_status",
    "attempt",
    "attempted_at",
    "duration_ms",
    "profile",
    "settings_revision",
    "server",
    "remote",
    "tls",
    "step",
    "reply_code",
    "enhanced_code",
    "reply_text",
    "verdict",
    "attempt_reason",
    "queue_id",
];

/// The log being read. Latest delivery first, its attempts in their order.
pub struct Export {
    store: Store,
    filter: DeliveryFilter,
    began: bool,
    done: bool,
}

impl Outbox<'_> {
    /// One line for each attempt, and one for each delivery without any. The cursor and the limit of the filter do not
    /// count.
    pub fn export(&self, filter: DeliveryFilter) -> Export {
        Export {
            store: self.store.clone(),
            filter: DeliveryFilter {
                cursor: None,
                limit: BATCH,
                ..filter
            },
            began: false,
            done: false,
        }
    }
}

impl Export {
    /// The next lines of CSV (RFC 4180, UTF-8); the first ones begin with the names of the columns. `None`: that was all.
    pub async fn next(&mut self) -> Result<Option<String>, StoreError> {
        if self.done {
            return Ok(None);
        }
        let page = self.store.outbox().page(&self.filter).await?;
        self.done = page.next.is_none();
        self.filter.cursor = page.next;
        let attempts = self.attempts(&page.items).await?;
        let mut lines = String::new();
        if !self.began {
            self.began = true;
            lines.push_str(&csv::line(COLUMNS));
        }
        for delivery in &page.items {
            // Those of a digest belong to each of its deliveries.
            let kept_with = delivery.digest_of.unwrap_or(delivery.id).0;
            let tried = attempts.get(&kept_with).map_or(&[][..], Vec::as_slice);
            if tried.is_empty() {
                lines.push_str(&line(delivery, None));
            }
            for attempt in tried {
                lines.push_str(&line(delivery, Some(attempt)));
            }
        }
        Ok(Some(lines))
    }

    async fn attempts(&self, deliveries: &[Delivery]) -> Result<HashMap<Uuid, Vec<Attempt>>, StoreError> {
        let rows = attempt::Entity::find()
            .filter(
                attempt::Column::DeliveryId.is_in(deliveries.iter().map(|d| d.digest_of.unwrap_or(d.id).0)),
            )
            .order_by_asc(attempt::Column::Id)
            .all(self.store.inner.db.read())
            .await?;
        let mut attempts: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
        for row in rows {
            attempts
                .entry(row.delivery_id)
                .or_default()
                .push(read_attempt(row)?);
        }
        Ok(attempts)
    }
}

fn line(d: &Delivery, a: Option<&Attempt>) -> String {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let bounce = d.bounce.as_ref();
    let mut cells = vec![
        d.id.to_string(),
        d.created_at.to_rfc3339(),
        d.event.to_string(),
        d.event_at.to_rfc3339(),
        d.incident.to_string(),
        d.monitor_name.clone(),
        d.channel_name.clone(),
        d.recipient.clone(),
        d.state.to_string(),
        text(&d.reason),
        text(&d.requested_by),
        d.message_id.clone(),
        d.finished_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
        bounce.map(|b| b.at.to_rfc3339()).unwrap_or_default(),
        bounce.map(|b| b.status.clone()).unwrap_or_default(),
    ];
    if let Some(a) = a {
        let (verdict, reason, queue_id) = match &a.verdict {
            AttemptVerdict::Accepted { reference } => ("accepted", "", reference.as_deref()),
            AttemptVerdict::Deferred { reason } => ("deferred", reason.as_str(), None),
            AttemptVerdict::Waiting { reason } => ("waiting", reason.as_str(), None),
            AttemptVerdict::Refused { reason } => ("refused", reason.as_str(), None),
        };
        cells.extend([
            a.number.to_string(),
            a.started_at.to_rfc3339(),
            a.duration.as_millis().to_string(),
            a.profile
                .as_ref()
                .map(|(_, name)| name.clone())
                .unwrap_or_default(),
            a.settings_revision.map(|r| r.to_string()).unwrap_or_default(),
            text(&a.server),
            a.remote.map(|r| r.to_string()).unwrap_or_default(),
            text(&a.tls),
            text(&a.step),
            a.reply_code.map(|c| c.to_string()).unwrap_or_default(),
            text(&a.enhanced_code),
            text(&a.reply_text),
            verdict.to_owned(),
            reason.to_owned(),
            queue_id.unwrap_or_default().to_owned(),
        ]);
    }
    cells.resize(COLUMNS.len(), String::new());
    csv::line(cells.iter().map(String::as_str))
}
