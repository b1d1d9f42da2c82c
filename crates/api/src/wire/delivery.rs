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
    /// Of reminders, from 1; other events have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
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
    /// The quiet hours of the channel hold it until then, or did.
    pub held_until: Option<Time>,
    /// No attempt is made after this.
    pub expires_at: Time,
    pub finished_at: Option<Time>,
    pub attempt_count: u32,
    /// Without angle brackets.
    pub message_id: String,
    /// It travels in one message with others: the delivery whose id the message has. Its attempts are those of all.
    pub digest_of: Option<Uuid>,
    /// Who had it sent again; `null`: it was planned by its event.
    pub requested_by: Option<String>,
    /// It came back after a server had accepted it.
    pub bounce: Option<BounceView>,
}

/// A mail that came back.
#[derive(Debug, Serialize, ToSchema)]
pub struct BounceView {
    pub at: Time,
    /// RFC 3463.
    #[schema(example = "5.1.1")]
    pub status: String,
    /// The words of whoever returned it.
    pub text: String,
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
    /// The mail profile that was used.
    pub profile_id: Option<i64>,
    /// Its name of then.
    pub profile: Option<String>,
    /// Of the mail settings that were used.
    pub settings_revision: Option<i64>,
    /// The address that was dialled.
    pub remote: Option<String>,
    /// `host:port` as it was set up.
    pub server: Option<String>,
    /// The last step that was reached.
    pub step: Option<String>,
    /// The version of TLS; `null`: unencrypted, or not got so far.
    #[schema(example = "TLS 1.3")]
    pub tls: Option<String>,
    pub reply_code: Option<u16>,
    /// RFC 3463, where the server said one.
    #[schema(example = "5.7.8")]
    pub enhanced_code: Option<String>,
    /// The other side's words.
    pub reply_text: Option<String>,
    #[schema(schema_with = verdicts)]
    pub verdict: &'static str,
    /// The other side's own name for the message, if it said one.
    pub reference: Option<String>,
    pub reason: Option<String>,
    /// What was said, line by line, without secrets; kept for 30 days.
    pub transcript: Option<String>,
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
            number: (d.number > 0).then_some(d.number),
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
            held_until: d.held_until.map(Time),
            expires_at: Time(d.expires_at),
            finished_at: d.finished_at.map(Time),
            attempt_count: d.attempts,
            message_id: d.message_id,
            digest_of: d.digest_of.map(|id| id.0),
            requested_by: d.requested_by,
            bounce: d.bounce.map(|b| BounceView {
                at: Time(b.at),
                status: b.status,
                text: b.text,
            }),
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
        let (profile_id, profile) = a.profile.map(|(id, name)| (id.0, name)).unzip();
        Self {
            number: a.number,
            started_at: Time(a.started_at),
            duration_ms: ms(a.duration),
            profile_id,
            profile,
            settings_revision: a.settings_revision,
            remote: a.remote.map(|r| r.to_string()),
            server: a.server,
            step: a.step,
            tls: a.tls,
            reply_code: a.reply_code,
            enhanced_code: a.enhanced_code,
            reply_text: a.reply_text,
            verdict,
            reference,
            reason,
            transcript: a.transcript,
        }
    }
}
