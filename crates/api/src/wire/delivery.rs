//! Deliveries and their attempts.

use domain::delivery::{Attempt, AttemptVerdict, DeliveryState, Event};
use serde::Serialize;
use store::outbox::Delivery;
use utoipa::{ToSchema, openapi::schema::Object};
use uuid::Uuid;

use super::{Time, ms, one_of};

fn states() -> Object {
    one_of(DeliveryState::ALL.iter().map(|s| s.as_str()))
}

fn events() -> Object {
    one_of(Event::ALL.iter().map(|e| e.as_str()))
}

fn verdicts() -> Object {
    one_of(["accepted", "deferred", "waiting", "refused"])
}

/// One message for one recipient of one channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// A UUIDv7. It goes out as `webhook-id` and in the `Message-ID`, the same on every retry.
    pub id: Uuid,
    #[schema(schema_with = events)]
    pub event: &'static str,
    /// When it happened.
    pub event_at: Time,
    pub incident_id: i64,
    pub monitor_name: String,
    pub channel_id: i64,
    pub channel_name: String,
    /// A mail address; empty for a webhook.
    pub recipient: String,
    /// `sent` means: the other side gave its final yes.
    #[schema(schema_with = states)]
    pub state: &'static str,
    /// Why it stands there.
    pub reason: Option<String>,
    pub created_at: Time,
    /// Pending until settings are corrected.
    pub waiting: bool,
    /// `null` while it waits, is being sent, or is final.
    pub next_attempt_at: Option<Time>,
    /// No attempt is made after this.
    pub expires_at: Time,
    pub finished_at: Option<Time>,
    pub attempt_count: u32,
    /// Without angle brackets.
    pub message_id: String,
}

/// A delivery with every attempt at it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryDetail {
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// Oldest first.
    pub attempts: Vec<AttemptView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptView {
    pub number: u32,
    pub started_at: Time,
    pub duration_ms: f64,
    /// Of the mail settings that were used.
    pub settings_revision: Option<i64>,
    /// The address that was dialled.
    pub remote: Option<String>,
    /// `host:port` as it was set up.
    pub server: Option<String>,
    /// The last step that was reached.
    pub step: Option<String>,
    pub reply_code: Option<u16>,
    /// The other side's words.
    pub reply_text: Option<String>,
    #[schema(schema_with = verdicts)]
    pub verdict: &'static str,
    /// The other side's own name for the message, if it said one.
    pub reference: Option<String>,
    pub reason: Option<String>,
}

/// The new delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct Resent {
    pub id: Uuid,
}

impl From<Delivery> for DeliveryView {
    fn from(d: Delivery) -> Self {
        Self {
            id: d.id.0,
            event: d.event.as_str(),
            event_at: Time(d.event_at),
            incident_id: d.incident.0,
            monitor_name: d.monitor_name,
            channel_id: d.channel.0,
            channel_name: d.channel_name,
            recipient: d.recipient,
            state: d.state.as_str(),
            reason: d.reason,
            created_at: Time(d.created_at),
            waiting: d.waiting,
            next_attempt_at: d.next_attempt_at.map(Time),
            expires_at: Time(d.expires_at),
            finished_at: d.finished_at.map(Time),
            attempt_count: d.attempts,
            message_id: d.message_id,
        }
    }
}

impl From<Attempt> for AttemptView {
    fn from(a: Attempt) -> Self {
        let (verdict, reference, reason) = match a.verdict {
            AttemptVerdict::Accepted { reference } => ("accepted", reference, None),
            AttemptVerdict::Deferred { reason } => ("deferred", None, Some(reason)),
            AttemptVerdict::Waiting { reason } => ("waiting", None, Some(reason)),
            AttemptVerdict::Refused { reason } => ("refused", None, Some(reason)),
        };
        Self {
            number: a.number,
            started_at: Time(a.started_at),
            duration_ms: ms(a.duration),
            settings_revision: a.settings_revision,
            remote: a.remote.map(|r| r.to_string()),
            server: a.server,
            step: a.step,
            reply_code: a.reply_code,
            reply_text: a.reply_text,
            verdict,
            reference,
            reason,
        }
    }
}
