//! The steps of one conversation, each with its time and a sentence.

use std::{fmt, time::Duration};

use domain::mail::{MailSettings, Security};
use serde::Serialize;
use tokio::time::Instant;

use super::certificate::CertificateReport;

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
    /// The mailbox of the recipient: only a person can look there.
    Inbox,
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
            Self::Inbox => "inbox",
        }
    }

    /// Every step of a test with these settings, in order, as it goes when nothing goes wrong.
    pub fn plan(settings: &MailSettings) -> Vec<Self> {
        let mut plan = vec![Self::Dns, Self::Policy, Self::Connect];
        plan.extend_from_slice(match settings.security {
            Security::Tls => &[Self::Tls, Self::Greeting, Self::Ehlo],
            Security::StartTls => &[Self::Greeting, Self::Ehlo, Self::StartTls, Self::Tls, Self::Ehlo],
            Security::None => &[Self::Greeting, Self::Ehlo],
        });
        if settings.credentials.is_some() {
            plan.push(Self::Auth);
        }
        plan.extend([Self::MailFrom, Self::RcptTo, Self::Data, Self::Reply, Self::Inbox]);
        plan
    }
}

/// What is left of a plan after these reports. A step that was tried more than once (several addresses, several ways to
/// log in) counts as one.
pub fn not_reached(plan: &[Step], reports: &[StepReport]) -> Vec<Step> {
    let mut left = plan.iter().copied().peekable();
    let mut last = None;
    for report in reports {
        if left.peek() == Some(&report.step) {
            last = left.next();
        } else if last != Some(report.step) {
            // Out of plan (the conversation knows best): go on behind it where the plan has it at all.
            let mut ahead = left.clone();
            if ahead.any(|step| step == report.step) {
                left = ahead;
                last = Some(report.step);
            }
        }
    }
    left.collect()
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
    certificate: Option<CertificateReport>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(observer: Observer<'a>) -> Self {
        Self {
            observer,
            reports: Vec::new(),
            current: Step::Dns,
            since: Instant::now(),
            certificate: None,
        }
    }

    /// What the server presented, for the report.
    pub(super) fn saw(&mut self, certificate: Option<CertificateReport>) {
        self.certificate = certificate.or(self.certificate.take());
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

    /// A try that failed while others remain.
    pub(super) fn missed(&mut self, detail: &str) {
        self.report(self.current, false, self.since.elapsed(), detail);
    }

    pub(super) fn into_parts(self) -> (Vec<StepReport>, Option<CertificateReport>) {
        (self.reports, self.certificate)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(security: &str, login: bool) -> MailSettings {
        let mut body =
            json!({ "host": "127.0.0.1", "port": 2525, "security": security, "from": "a@example.org" });
        if login {
            body["username"] = "u".into();
            body["password"] = "secret".into();
        }
        MailSettings::from_json(body, None).unwrap()
    }

    fn reports(steps: &[Step]) -> Vec<StepReport> {
        let report = |step: &Step| StepReport {
            step: *step,
            ok: true,
            ms: 1,
            detail: String::new(),
        };
        steps.iter().map(report).collect()
    }

    #[test]
    fn what_was_not_reached_is_the_rest_of_the_plan() {
        use Step::*;
        let cases: [(&str, bool, &[Step], &[Step]); 6] = [
            (
                "tls",
                true,
                &[Dns, Policy, Connect],
                &[Tls, Greeting, Ehlo, Auth, MailFrom, RcptTo, Data, Reply, Inbox],
            ),
            (
                "tls",
                false,
                &[Dns, Policy],
                &[Connect, Tls, Greeting, Ehlo, MailFrom, RcptTo, Data, Reply, Inbox],
            ),
            (
                "starttls",
                true,
                &[Dns, Policy, Connect, Greeting, Ehlo],
                &[StartTls, Tls, Ehlo, Auth, MailFrom, RcptTo, Data, Reply, Inbox],
            ),
            (
                "starttls",
                false,
                &[
                    Dns, Policy, Connect, Greeting, Ehlo, StartTls, Tls, Ehlo, MailFrom,
                ],
                &[RcptTo, Data, Reply, Inbox],
            ),
            (
                "none",
                false,
                &[Dns, Policy, Connect, Connect, Connect],
                &[Greeting, Ehlo, MailFrom, RcptTo, Data, Reply, Inbox],
            ),
            (
                "none",
                true,
                &[
                    Dns, Policy, Connect, Greeting, Ehlo, Auth, Auth, MailFrom, RcptTo, Data, Reply, Inbox,
                ],
                &[],
            ),
        ];
        for (security, login, taken, left) in cases {
            let plan = Step::plan(&settings(security, login));
            assert_eq!(not_reached(&plan, &reports(taken)), left, "{security} {taken:?}");
        }
    }
}
