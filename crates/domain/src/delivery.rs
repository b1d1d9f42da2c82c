//! From an event to a message for one recipient of one channel, and what became of it.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    attention::Rejection,
    clock::Timestamp,
    id::{ChannelId, DeliveryId, IncidentId, MonitorId, ProfileId},
    incident::{Incident, IncidentKind, Origin},
    outcome::named,
};

named! {
    /// What happened, by the names that webhooks carry.
    Event {
        Opened = "incident.opened",
        Reminder = "incident.reminder",
        Acknowledged = "incident.acknowledged",
        /// It changes so often that nobody is told of each change any more.
        Flapping = "incident.flapping",
        Resolved = "incident.resolved",
        Test = "test",
    }
}

impl Event {
    /// As webhooks name what happened to an incident of this kind.
    pub const fn name_of(self, kind: IncidentKind) -> &'static str {
        match (self, kind) {
            (Self::Opened | Self::Reminder, IncidentKind::Certificate) => "monitor.certificate_expiring",
            _ => self.as_str(),
        }
    }

    /// After this long an undelivered message is stale and expires, visibly.
    pub const fn time_to_live(self) -> Duration {
        match self {
            Self::Opened | Self::Resolved | Self::Flapping => Duration::from_hours(24),
            Self::Acknowledged | Self::Reminder | Self::Test => Duration::from_hours(1),
        }
    }
}

named! {
    /// Where a delivery stands. The last four are final.
    DeliveryState {
        Pending = "pending",
        Sending = "sending",
        Sent = "sent",
        Failed = "failed",
        Expired = "expired",
        Cancelled = "cancelled",
    }
}

impl DeliveryState {
    pub const fn is_final(self) -> bool {
        match self {
            Self::Pending | Self::Sending => false,
            Self::Sent | Self::Failed | Self::Expired | Self::Cancelled => true,
        }
    }
}

/// One recipient hears of one event of one incident through one channel once: the unique key of the outbox. What happens
/// more than once in an incident (a reminder) has a number; 0: it has none.
pub fn dedup_key(
    incident: IncidentId,
    (event, number): (Event, u32),
    channel: ChannelId,
    recipient: &str,
) -> String {
    let recipient = recipient.to_ascii_lowercase();
    match number {
        0 => format!("{incident}:{event}:{channel}:{recipient}"),
        n => format!("{incident}:{event}#{n}:{channel}:{recipient}"),
    }
}

/// Everything that a channel may say. It is put together when the delivery is claimed, from what is then true.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub delivery: DeliveryId,
    pub event: Event,
    /// When it happened (not when it is sent).
    pub at: Timestamp,
    pub recipient: String,
    pub channel: ChannelId,
    pub channel_name: String,
    /// `None` for a test.
    pub subject: Option<Subject>,
    /// Fixed when the delivery was planned; the same on every retry. Without angle brackets.
    pub message_id: String,
    /// The `Message-ID` of this recipient's message about the opening, if that one was accepted by a server.
    pub thread: Option<String>,
    /// What the other side called that message when it accepted it, if it is a service that gives its messages names.
    pub thread_reference: Option<String>,
    /// Further events of the same recipient that travel in the same message.
    pub also: Vec<Notice>,
    /// Those of them that are only counted.
    pub counted: Vec<(Happening, u64)>,
    /// Further recipients of the same message.
    pub shared_with: Vec<String>,
}

impl Notice {
    /// Whether it tells of several events.
    pub fn is_digest(&self) -> bool {
        !self.also.is_empty() || !self.counted.is_empty()
    }

    /// How many events it tells of.
    pub fn count(&self) -> u64 {
        let counted: u64 = self.counted.iter().map(|(_, n)| n).sum();
        1 + self.also.len() as u64 + counted
    }
}

/// What happened, to what: messages have a word for it.
pub type Happening = (Event, IncidentKind);

/// So many events of a digest are described; the others are counted.
pub const DESCRIBED: usize = 50;

/// What the message is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    pub incident: Incident,
    /// As the monitor is called now.
    pub monitor: MonitorLabel,
    /// As it was called when the incident opened: what others know the incident by must not change while it lasts.
    pub opened_as: MonitorLabel,
    /// The latest checks of the monitor, oldest first, at most [`LAST_CHECKS`]. Empty when they cannot be read.
    pub checks: Vec<LastCheck>,
    /// Monitors whose outages were taken for this one, by name.
    pub took_down: Vec<String>,
    /// The incident is over because its monitor was deleted.
    pub deleted: bool,
}

impl Subject {
    /// What a message has its words for.
    pub fn about(&self) -> (&Origin, IncidentKind) {
        (&self.incident.origin, self.incident.kind)
    }
}

/// So many checks a message shows.
pub const LAST_CHECKS: usize = 5;

/// One check as a message tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastCheck {
    pub at: Timestamp,
    pub result: CheckResult,
    /// Of the whole check, when the target answered.
    pub latency: Option<Duration>,
    /// Why it was not up.
    pub reason: Option<String>,
}

named! {
    /// What a check found.
    CheckResult {
        Up = "up",
        Down = "down",
        /// A fault of our own.
        Unknown = "unknown",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorLabel {
    pub id: MonitorId,
    pub name: String,
    pub kind: String,
    /// As [`crate::target::Target`] prints itself.
    pub target: String,
    pub tags: Vec<String>,
}

/// One try at delivering, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub number: u32,
    pub started_at: Timestamp,
    pub duration: Duration,
    /// The mail profile that was used, by its id and by its name of then.
    pub profile: Option<(ProfileId, String)>,
    /// Revision of the settings that were used (mail), if any.
    pub settings_revision: Option<i64>,
    /// The address that was actually dialled.
    pub remote: Option<SocketAddr>,
    /// `host:port` of the server as set up.
    pub server: Option<String>,
    /// The last step that was reached: `dns`, `connect`, `auth`, `rcpt_to`, `reply`, …
    pub step: Option<String>,
    /// The version of TLS, as `TLS 1.3`; `None`: unencrypted, or not got so far.
    pub tls: Option<String>,
    pub reply_code: Option<u16>,
    /// As `5.7.8` (RFC 3463), where the server said one.
    pub enhanced_code: Option<String>,
    /// The other side's words, sanitised, at most 1 KiB.
    pub reply_text: Option<String>,
    pub verdict: AttemptVerdict,
    /// What was said, line by line, without secrets; at most [`LONGEST_TRANSCRIPT`] bytes. Kept for a shorter time than
    /// the attempt.
    pub transcript: Option<String>,
    /// The other side's no is about the channel, which remembers it; it is not kept with the attempt.
    pub rejection: Option<Rejection>,
}

/// Bytes of a transcript.
pub const LONGEST_TRANSCRIPT: usize = 64 * 1024;

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum AttemptVerdict {
    /// The other side gave its final yes. `reference` is its own name for the message (queue id), if it said one.
    Accepted { reference: Option<String> },
    /// Not now.
    Deferred { reason: String },
    /// Not this way until a person changes something; released by saving the settings that it waits for.
    Waiting { reason: String },
    /// Never.
    Refused { reason: String },
}
