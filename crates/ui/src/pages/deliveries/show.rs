//! One message: every attempt at it, what was said, and what became of it.

use std::time::Duration;

use askama::Template;
use axum::extract::Path;
use domain::{
    clock::Timestamp,
    delivery::{Attempt, AttemptVerdict},
    id::{ChannelId, DeliveryId, IncidentId},
    recipient::Bounce,
};
use store::outbox::Delivery;

use super::Line;
use crate::{
    Flash, Section, Shell, SignedIn,
    components::href,
    error::{self, Error},
    shell::page,
};

#[derive(Template)]
#[template(path = "pages/deliveries/show.html")]
pub(crate) struct DeliveryPage {
    shell: Shell,
    line: Line,
    /// Other messages to the same recipient.
    recipient_href: String,
    incident: IncidentId,
    channel: ChannelId,
    message_id: String,
    /// What it travels in.
    digest: Option<DeliveryId>,
    next_attempt_at: Option<Timestamp>,
    expires_at: Timestamp,
    held_until: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    bounce: Option<Bounce>,
    /// Who took the message, and under which name.
    accepted: Option<String>,
    attempts: Vec<Try>,
}

/// One attempt, ready to print.
pub(crate) struct Try {
    number: u32,
    at: Timestamp,
    took: Duration,
    shape: &'static str,
    word: String,
    reason: Option<String>,
    /// The other side's own name for the message.
    reference: Option<String>,
    /// Name of the mail profile.
    profile: Option<String>,
    server: Option<String>,
    remote: Option<String>,
    tls: Option<String>,
    step: Option<String>,
    reply: Option<String>,
    enhanced_code: Option<String>,
    revision: Option<i64>,
    transcript: Option<String>,
}

pub(super) async fn show(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let found = signed_in.store().outbox().get(parse(&id)?).await?;
    let (delivery, attempts) = found.ok_or(Error::NotFound)?;
    let shell = signed_in.shell(Section::Deliveries, "delivery-title");
    page(&view(shell, delivery, attempts))
}

pub(super) fn view(shell: Shell, delivery: Delivery, attempts: Vec<Attempt>) -> DeliveryPage {
    DeliveryPage {
        accepted: attempts.iter().rev().find_map(|a| accepted(&shell, a)),
        recipient_href: href("/deliveries", &[("recipient", &delivery.recipient)]),
        incident: delivery.incident,
        channel: delivery.channel,
        message_id: delivery.message_id.clone(),
        digest: delivery.digest_of,
        next_attempt_at: delivery.next_attempt_at,
        expires_at: delivery.expires_at,
        held_until: delivery.held_until,
        finished_at: delivery.finished_at,
        bounce: delivery.bounce.clone(),
        attempts: attempts.into_iter().rev().map(|a| Try::new(&shell, a)).collect(),
        line: delivery.into(),
        shell,
    }
}

/// "Accepted by … as …": what is known, and not that anybody has read it.
fn accepted(shell: &Shell, attempt: &Attempt) -> Option<String> {
    let AttemptVerdict::Accepted { reference } = &attempt.verdict else {
        return None;
    };
    let server = attempt.server.as_deref()?;
    let text = match reference {
        Some(reference) => shell
            .t("delivery-accepted-as")
            .arg("server", server)
            .arg("reference", reference),
        None => shell.t("delivery-accepted").arg("server", server),
    };
    Some(text.to_string())
}

pub(super) async fn resend(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let id = parse(&id)?;
    match signed_in.store().outbox().resend(id, signed_in.by()).await? {
        Some(new) => {
            tracing::info!(delivery.id = %new, delivery.resend_of = %id, user = signed_in.by(), "delivery resent");
            Ok(
                Flash::good("flash-delivery-resent")
                    .redirect(&signed_in.visit, &format!("/deliveries/{new}")),
            )
        }
        None => Ok(Flash::bad("flash-delivery-channel-gone")
            .redirect(&signed_in.visit, &format!("/deliveries/{id}"))),
    }
}

fn parse(id: &str) -> error::Result<DeliveryId> {
    id.parse().map_err(|_| Error::NotFound)
}

impl Try {
    fn new(shell: &Shell, a: Attempt) -> Self {
        let (shape, word, reason, reference) = match a.verdict {
            AttemptVerdict::Accepted { reference } => ("up", shell.t("attempt-accepted"), None, reference),
            AttemptVerdict::Deferred { reason } => {
                ("degraded", shell.t("attempt-deferred"), Some(reason), None)
            }
            AttemptVerdict::Waiting { reason } => ("unknown", shell.t("attempt-waiting"), Some(reason), None),
            AttemptVerdict::Refused { reason } => ("down", shell.t("attempt-refused"), Some(reason), None),
        };
        let reply = match (a.reply_code, a.reply_text) {
            (Some(code), Some(text)) => Some(format!("{code} {text}")),
            (Some(code), None) => Some(code.to_string()),
            (None, text) => text,
        };
        Self {
            number: a.number,
            at: a.started_at,
            took: a.duration,
            shape,
            word: word.to_string(),
            reason,
            reference,
            profile: a.profile.map(|(_, name)| name),
            server: a.server,
            remote: a.remote.map(|r| r.to_string()),
            tls: a.tls,
            step: a.step,
            reply,
            enhanced_code: a.enhanced_code,
            revision: a.settings_revision,
            transcript: a.transcript,
        }
    }
}
