//! The steps of one conversation, each with its time and a sentence.

use std::{fmt, time::Duration};

use serde::Serialize;
use tokio::time::Instant;

/// Where a conversation stands, by the names of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Dns,
    Policy,
    Connect,
    Tls,
    Greeting,
    Ehlo,
    #[serde(rename = "starttls")]
    StartTls,
    Auth,
    MailFrom,
    RcptTo,
    /// The DATA command, before the message.
    Data,
    /// The final answer after the message.
    Reply,
}

impl Step {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Policy => "policy",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::MailFrom => "mail_from",
            Self::RcptTo => "rcpt_to",
            Self::Data => "data",
            Self::Reply => "reply",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finished step. A step may occur twice: EHLO is said again after STARTTLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepReport {
    pub step: Step,
    pub ok: bool,
    /// Milliseconds.
    pub ms: u64,
    /// What was seen, in plain words.
    pub detail: String,
}

/// Hears of each step when it is finished, while the conversation goes on. It must not block.
pub type Observer<'a> = &'a (dyn Fn(&StepReport) + Send + Sync);

/// Writes the reports and keeps the time of the step that is under way.
pub(super) struct Progress<'a> {
    observer: Observer<'a>,
    reports: Vec<StepReport>,
    current: Step,
    since: Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(observer: Observer<'a>) -> Self {
        Self {
            observer,
            reports: Vec::new(),
            current: Step::Dns,
            since: Instant::now(),
        }
    }

    pub(super) fn begin(&mut self, step: Step) {
        self.current = step;
        self.since = Instant::now();
    }

    /// The step that was begun last: where the conversation got to.
    pub(super) fn current(&self) -> Step {
        self.current
    }

    pub(super) fn passed(&mut self, detail: impl AsRef<str>) {
        self.report(self.current, true, self.since.elapsed(), detail.as_ref());
    }

    /// Time since the step that is under way was begun.
    pub(super) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// A step whose time somebody else measured.
    pub(super) fn report(&mut self, step: Step, ok: bool, took: Duration, detail: &str) {
        self.current = step;
        let report = StepReport {
            step,
            ok,
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            detail: domain::text::sanitize(detail, 600),
        };
        (self.observer)(&report);
        self.reports.push(report);
    }

    pub(super) fn into_reports(self) -> Vec<StepReport> {
        self.reports
    }
}
