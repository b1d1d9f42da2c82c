//! Acknowledging, snoozing and silencing by the link in a message, and the proof by which that is done.
//!
//! The proof is in the address of a page: incident, channel and recipient, signed with a key that is derived from the
//! master key. Whoever has the message has the proof. It says in whose name it was given, opens this incident and
//! nothing else, and ends with it, or when its recipient gets no messages of the channel any more. A silence by it is of
//! the monitor of this incident, for a day at most: links are forwarded.

use std::time::Duration;

use crate::{
    error::StoreError,
    incidents::{IncidentRow, Snoozed},
    store::Store,
};
use domain::{
    channel::{Channel, ChannelConfig},
    clock::Timestamp,
    id::{ChannelId, IncidentId},
    incident::{Incident, Progress},
    matcher::Matcher,
    monitor::Monitor,
    silence::SilenceDraft,
};

mod signer;

use signer::Proof;
pub(crate) use signer::Signer;

/// So long after the recovery a link still says that it is over.
const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);

/// How long a link can silence a monitor.
const LONGEST_SILENCE: Duration = Duration::from_hours(24);

pub struct Acknowledgements<'a> {
    pub(crate) store: &'a Store,
}

/// What the holder of a link may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    pub incident: Incident,
    /// The name now, or the last one of a monitor that is gone.
    pub monitor_name: String,
    pub monitor_exists: bool,
    /// Nobody is told anything more of it before then: it is snoozed, silenced or under maintenance.
    pub quiet_until: Option<Timestamp>,
    /// In whose name they act, as it is kept with the incident.
    pub by: String,
}

impl Acknowledgements<'_> {
    /// The proof that its holder was told of this incident by this channel, at this address. Empty: the channel has no
    /// addresses, or several of them share the message. Letters, digits, `.`, `-` and `_`.
    pub fn token(&self, incident: IncidentId, channel: ChannelId, recipient: &str) -> String {
        let recipient = recipient.to_ascii_lowercase();
        self.store.inner.ack_signer.sign(&Proof {
            incident,
            channel,
            recipient,
        })
    }

    /// What a proof is about. `None`: it is not one of ours, or not any more.
    pub async fn find(&self, token: &str) -> Result<Option<Errand>, StoreError> {
        let Some(proof) = self.store.inner.ack_signer.open(token) else {
            return Ok(None);
        };
        let Some(row) = self.store.incidents().get(proof.incident).await? else {
            return Ok(None);
        };
        let IncidentRow {
            incident,
            monitor_name,
        } = row;
        let over = incident.resolved_at().map(|at| at.plus(KNOWN_FOR));
        if over.is_some_and(|end| end <= self.store.now()) {
            return Ok(None);
        }
        let channel = self.store.channels().get(proof.channel).await?;
        let Some(by) = channel.and_then(|channel| signature(&channel, &proof)) else {
            return Ok(None);
        };
        let monitor = match incident.origin.monitor() {
            Some(id) => self.store.monitors().get(id).await?,
            None => None,
        };
        Ok(Some(Errand {
            // What is our own is there as long as we are.
            monitor_exists: monitor.is_some() || incident.origin.own().is_some(),
            quiet_until: self.quiet_until(&incident, monitor.as_ref()).await?,
            incident,
            monitor_name,
            by,
        }))
    }

    async fn quiet_until(
        &self,
        incident: &Incident,
        monitor: Option<&Monitor>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(monitor) = monitor.filter(|_| incident.progress == Progress::Open) else {
            return Ok(None);
        };
        let escalation = self.store.incidents().escalation(incident.id).await?;
        let snoozed = escalation.and_then(|e| e.snoozed_until);
        let held = self.store.held(monitor).await?.and_then(|hold| hold.until);
        let now = self.store.now();
        Ok(snoozed.max(held).filter(|until| *until > now))
    }

    /// Acknowledges what the proof is about, and gives what is true then: the first acknowledgement counts, and what is
    /// over stays as it is.
    pub async fn acknowledge(&self, token: &str) -> Result<Option<Errand>, StoreError> {
        let Some(errand) = self.find(token).await? else {
            return Ok(None);
        };
        let incident = self
            .store
            .incidents()
            .acknowledge(errand.incident.id, &errand.by)
            .await?;
        Ok(incident.map(|incident| Errand { incident, ..errand }))
    }

    /// Nobody is told anything more of this incident before `until`, in the name of the holder. `false`: there is nothing
    /// that they could be told. `None`: the proof is not one of ours, or not any more.
    pub async fn snooze(&self, token: &str, until: Timestamp) -> Result<Option<bool>, StoreError> {
        let Some(errand) = self.find(token).await? else {
            return Ok(None);
        };
        let incidents = self.store.incidents();
        let snoozed = incidents.snooze(errand.incident.id, until, &errand.by).await?;
        Ok(snoozed.map(|snoozed| matches!(snoozed, Snoozed::Until(_))))
    }

    /// Nobody is told of the monitor of this incident for that long, a day at most, in the name of the
    /// holder. `false`: the incident is over, or of no monitor that is still there. `None`: the proof is not one of ours, or
    /// not any more.
    pub async fn silence(&self, token: &str, span: Duration) -> Result<Option<bool>, StoreError> {
        let Some(errand) = self.find(token).await? else {
            return Ok(None);
        };
        let monitor = errand.incident.origin.monitor().filter(|_| errand.monitor_exists);
        let Some(monitor) = monitor.filter(|_| errand.incident.is_open()) else {
            return Ok(Some(false));
        };
        let now = self.store.now();
        let draft = SilenceDraft {
            matcher: Matcher::of(monitor),
            reason: format!("By the link of incident #{}", errand.incident.id),
            starts_at: now,
            ends_at: now.plus(span.min(LONGEST_SILENCE)),
        };
        self.store.silences().create(&draft, &errand.by).await?;
        Ok(Some(true))
    }
}

/// Who it was, in the words that are kept. `None`: who gets nothing any more has no say either.
fn signature(channel: &Channel, proof: &Proof) -> Option<String> {
    let config = channel.config.as_ref()?;
    let by = match config {
        ChannelConfig::Email(_) => "by mail",
        ChannelConfig::Webhook(_) | ChannelConfig::Service(_) => "by message",
    };
    if proof.recipient.is_empty() {
        return Some(format!("{} ({by})", channel.name));
    }
    let mut recipients = config.recipients().into_iter();
    let same = |r: &String| r.eq_ignore_ascii_case(&proof.recipient);
    Some(format!("{} ({by})", recipients.find(same)?))
}
