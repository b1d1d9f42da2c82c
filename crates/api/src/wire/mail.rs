//! Mail settings and their test.

use alert::{
    Course,
    mail::{CertificateReport, MailTest, Step, StepReport},
};
use domain::mail::{Address, Security, breaker::Breaker};
use serde::Serialize;
use store::{
    MailProfile,
    mail::{MailHealth, MailQueue},
};
use utoipa::{ToSchema, openapi::schema::Object};

use super::{
    Time,
    oauth::{OAuthDraft, OAuthView},
    one_of,
};

fn securities() -> Object {
    one_of(Security::ALL.iter().map(|s| s.as_str()))
}

fn mail_states() -> Object {
    one_of(["not_configured", "configured", "failing"])
}

/// What a person sets. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailDraft {
    /// The server's name or address alone.
    #[schema(example = "smtp.example.org")]
    pub host: String,
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
    /// `tls` from the first byte (usually port 465), `starttls` required (usually port 587), or `none`.
    #[schema(schema_with = securities)]
    pub security: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Write-only. Left out: the saved one is kept, as long as server, port, security, certificate check and user name
    /// stay the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Forgets the saved password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear_password: Option<bool>,
    #[schema(example = "watch@example.org")]
    pub from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// What we call ourselves in EHLO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hello_name: Option<String>,
    /// Default `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_certificate: Option<bool>,
    /// An own certificate authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
    /// A password without TLS to somewhere else than this machine. Default `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_insecure_auth: Option<bool>,
    /// A sender in a domain without a dot. Default `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_local_from: Option<bool>,
    /// What people call this profile. Left out: its server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Default `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// `auto` (with the password), `xoauth2` or `none`. Default `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// With `auth` = `xoauth2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuthDraft>,
    /// Where bounces go, if not to `from`. With `%s` before the `@`, each message has a return address of its own.
    #[schema(example = "bounce+%s@example.org")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope_from: Option<String>,
    /// For each address of the server, 1 s to 1 m. Default `10s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<String>,
    /// What the provider takes; more are put together. Left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_minute: Option<u32>,
    /// Recipients of one message. Default 1: everybody has a message of their own and sees no other address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_recipients: Option<u32>,
}

/// What the next message uses.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailView {
    /// `failing`: the latest failure is newer than the latest success and the last save. One refused recipient is none.
    #[schema(schema_with = mail_states)]
    pub state: &'static str,
    /// Counts up with every save; 0 = never saved.
    pub revision: i64,
    pub saved_at: Option<Time>,
    pub saved_by: Option<String>,
    /// The fields that this save changed, by name; a secret is among them when it was set, changed or removed.
    #[schema(example = json!(["host", "password"]))]
    pub changed: Vec<String>,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub security: Option<String>,
    pub username: Option<String>,
    pub password_set: bool,
    pub from: Option<String>,
    pub from_name: Option<String>,
    pub reply_to: Option<String>,
    pub hello_name: Option<String>,
    pub verify_certificate: Option<bool>,
    pub ca_pem: Option<String>,
    pub allow_insecure_auth: Option<bool>,
    pub allow_local_from: Option<bool>,
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub auth: Option<String>,
    pub oauth: Option<OAuthView>,
    pub envelope_from: Option<String>,
    pub connect_timeout: Option<String>,
    pub rate_per_minute: Option<u32>,
    pub max_recipients: Option<u32>,
    pub last_success_at: Option<Time>,
    /// The server's words of then.
    pub last_success: Option<String>,
    pub last_error_at: Option<Time>,
    pub last_error: Option<String>,
    /// Messages that are not sent yet, of all profiles together.
    pub pending: u64,
    pub oldest_pending_at: Option<Time>,
    /// Those among them that nothing is tried for before somebody has changed settings.
    pub waiting: u64,
    pub oldest_waiting_at: Option<Time>,
}

impl MailView {
    pub(crate) fn new(mail: Option<&MailProfile>, status: MailHealth, queue: MailQueue) -> Self {
        let success = status.last_success.as_ref().map(|(at, ..)| *at);
        let error = status.last_error.as_ref().map(|(at, _)| *at);
        let state = match mail.map(|m| Course::of(&status, m.saved_at)) {
            None => "not_configured",
            Some(Course::Fails) => "failing",
            Some(Course::Unused | Course::Works) => "configured",
        };
        let s = mail.map(|m| &m.settings);
        Self {
            state,
            revision: mail.map_or(0, |m| m.revision),
            saved_at: mail.map(|m| Time(m.saved_at)),
            saved_by: mail.map(|m| m.saved_by.clone()),
            changed: mail.map(|m| m.changed.clone()).unwrap_or_default(),
            host: s.map(|s| s.server.host.to_string()),
            port: s.map(|s| s.server.port),
            security: s.map(|s| s.security.to_string()),
            username: s.and_then(|s| Some(s.credentials.as_ref()?.username.clone())),
            password_set: s
                .and_then(|s| s.credentials.as_ref())
                .is_some_and(|c| c.password.is_some()),
            from: s.map(|s| s.from.to_string()),
            from_name: s.and_then(|s| s.from_name.clone()),
            reply_to: s.and_then(|s| s.reply_to.as_ref().map(Address::to_string)),
            hello_name: s.and_then(|s| s.hello_name.clone()),
            verify_certificate: s.map(|s| s.verify_certificate),
            ca_pem: s.and_then(|s| s.ca_pem.clone()),
            allow_insecure_auth: s.map(|s| s.allow_insecure_auth),
            allow_local_from: s.map(|s| s.allow_local_from),
            name: s.and_then(|s| s.name.clone()),
            enabled: s.map(|s| s.enabled),
            auth: s.map(|s| s.auth.to_string()),
            oauth: s.and_then(|s| s.oauth.as_ref().map(Into::into)),
            envelope_from: s.and_then(|s| Some(s.envelope_from.as_ref()?.as_str().to_owned())),
            connect_timeout: s.map(|s| domain::duration::format(s.connect_timeout)),
            rate_per_minute: s.and_then(|s| s.rate_per_minute),
            max_recipients: s.map(|s| s.max_recipients),
            last_success_at: success.map(Time),
            last_success: status.last_success.map(|(_, words, _)| words),
            last_error_at: error.map(Time),
            last_error: status.last_error.map(|(_, words)| words),
            pending: queue.pending,
            oldest_pending_at: queue.oldest_pending.map(Time),
            waiting: queue.waiting,
            oldest_waiting_at: queue.oldest_waiting.map(Time),
        }
    }
}

/// One of several mail servers, with how it does.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailProfileView {
    pub id: i64,
    /// Counted from 0: the primary one.
    pub position: usize,
    /// A message that is due now takes this one.
    pub uses_next: bool,
    /// The step at which the last failure happened.
    pub last_error_step: Option<String>,
    pub breaker: BreakerView,
    #[serde(flatten)]
    pub settings: MailView,
}

/// Whether it is used freely, or tried carefully after failures.
#[derive(Debug, Serialize, ToSchema)]
pub struct BreakerView {
    /// `closed`: every message is tried. `counting`: one message at a time. `open`: single messages, at intervals.
    #[schema(schema_with = breaker_states)]
    pub state: &'static str,
    /// In a row.
    pub failures: u32,
    pub failing_since: Option<Time>,
    /// When the next single message tries.
    pub next_try_at: Option<Time>,
}

fn breaker_states() -> Object {
    one_of(["closed", "counting", "open"])
}

impl BreakerView {
    fn new(breaker: &Breaker) -> Self {
        let state = match (breaker.is_clean(), breaker.open_since()) {
            (true, _) => "closed",
            (false, None) => "counting",
            (false, Some(_)) => "open",
        };
        Self {
            state,
            failures: breaker.failures(),
            failing_since: breaker.failing_since().map(Time),
            next_try_at: breaker.next_try().map(Time),
        }
    }
}

impl MailProfileView {
    pub(crate) fn new(
        position: usize,
        profile: &MailProfile,
        health: MailHealth,
        queue: MailQueue,
        uses_next: bool,
    ) -> Self {
        Self {
            id: profile.id.0,
            position,
            uses_next,
            last_error_step: health.last_error_step.clone(),
            breaker: BreakerView::new(&health.breaker),
            settings: MailView::new(Some(profile), health, queue),
        }
    }
}

/// All mail profiles, the primary one first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailOrder {
    #[schema(example = json!([2, 1]))]
    pub ids: Vec<i64>,
}

/// Where to send a test, and perhaps through what.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailTestRequest {
    /// Default: the address of the person whose token this is.
    #[schema(example = "me@example.org")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Unsaved changes to the settings, laid over the saved ones.
    #[schema(schema_with = mail_patch)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<serde_json::Value>,
    /// Stop before the message: nothing is sent. Default `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

fn mail_patch() -> utoipa::openapi::Ref {
    utoipa::openapi::Ref::from_schema_name("MailPatch")
}

/// What became of it. `ok` means: the server gave its final 2xx; in a dry run, that it would take the recipient.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailTestView {
    pub ok: bool,
    pub dry_run: bool,
    /// `null`: it went through, or nothing could be tried.
    #[schema(example = "auth")]
    pub failed_step: Option<&'static str>,
    /// What happened; for a success the server's words.
    pub detail: String,
    /// Likely cause and what to do.
    pub hint: Option<String>,
    pub steps: Vec<StepView>,
    /// The steps that were ahead when it ended, in order; left out on purpose in a dry run.
    #[schema(example = json!(["mail_from", "rcpt_to", "data", "reply", "inbox"]))]
    pub not_reached: Vec<&'static str>,
    /// What the server presented, also when it was refused. `null`: it came to no TLS handshake.
    pub certificate: Option<ServerCertificateView>,
    /// Seconds since the beginning, then `S:` for the server or `C:` for us. Passwords are not in it.
    pub transcript: Vec<String>,
    pub reply_code: Option<u16>,
    /// The server's own name for the message, if it said one.
    pub queue_id: Option<String>,
    /// `host:port` as it was set up.
    pub server: Option<String>,
    /// The address that was dialled.
    pub remote: Option<String>,
    /// `null`: settings that are not saved.
    pub settings_revision: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// `dns`, `policy`, `connect`, `tls`, `greeting`, `ehlo`, `starttls`, `auth`, `mail_from`, `rcpt_to`, `data`, `reply`,
    /// `inbox` (only a person can look there).
    #[schema(example = "connect")]
    pub step: &'static str,
    pub ok: bool,
    pub ms: u64,
    /// What was seen, in plain words.
    pub detail: String,
}

/// A certificate as people read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerCertificateView {
    #[schema(example = "smtp.example.org")]
    pub subject: String,
    pub issuer: String,
    /// Host names and addresses that it is valid for, at most twenty.
    pub names: Vec<String>,
    #[schema(example = "2026-09-01T00:00:00.000Z")]
    pub not_before: String,
    #[schema(example = "2026-11-30T00:00:00.000Z")]
    pub not_after: String,
    /// Whole days; negative after it has expired.
    pub days_left: i64,
    /// Hexadecimal, bytes separated by colons.
    pub fingerprint_sha256: String,
    /// As the server sent it, the certificate itself first.
    pub chain: Vec<ChainLinkView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChainLinkView {
    pub subject: String,
    pub issuer: String,
    pub not_after: String,
}

impl From<CertificateReport> for ServerCertificateView {
    fn from(c: CertificateReport) -> Self {
        let link = |l: alert::mail::ChainLink| ChainLinkView {
            subject: l.subject,
            issuer: l.issuer,
            not_after: l.not_after,
        };
        Self {
            subject: c.subject,
            issuer: c.issuer,
            names: c.names,
            not_before: c.not_before,
            not_after: c.not_after,
            days_left: c.days_left,
            fingerprint_sha256: c.fingerprint_sha256,
            chain: c.chain.into_iter().map(link).collect(),
        }
    }
}

impl From<MailTest> for MailTestView {
    fn from(t: MailTest) -> Self {
        Self {
            ok: t.ok,
            dry_run: t.dry_run,
            failed_step: t.failed_step.map(Step::as_str),
            detail: t.detail,
            hint: t.hint,
            steps: t.steps.into_iter().map(Into::into).collect(),
            not_reached: t.not_reached.into_iter().map(Step::as_str).collect(),
            certificate: t.certificate.map(Into::into),
            transcript: t.transcript,
            reply_code: t.reply_code,
            queue_id: t.queue_id,
            server: t.server,
            remote: t.remote.map(|r| r.to_string()),
            settings_revision: t.revision,
        }
    }
}

impl From<StepReport> for StepView {
    fn from(s: StepReport) -> Self {
        Self {
            step: s.step.as_str(),
            ok: s.ok,
            ms: s.ms,
            detail: s.detail,
        }
    }
}
