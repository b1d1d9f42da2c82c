//! A test, step by step, as the page shows it.

use alert::mail::{MailTest, Step};
use domain::mail::Address;

use crate::locale::Language;

pub(super) struct TestView {
    pub(super) ok: bool,
    pub(super) to: String,
    /// What happened; for a success the server's words.
    pub(super) detail: String,
    pub(super) hint: Option<String>,
    pub(super) steps: Vec<StepView>,
    pub(super) transcript: String,
    /// Whether it used what is stored, or what was typed and is not saved.
    pub(super) saved: bool,
}

pub(super) struct StepView {
    pub(super) ok: bool,
    pub(super) word: String,
    pub(super) ms: u64,
    pub(super) detail: String,
}

impl TestView {
    pub(super) fn new(language: Language, report: &MailTest, to: &Address, saved: bool) -> Self {
        let steps = report.steps.iter().map(|s| StepView {
            ok: s.ok,
            word: language.text(step_key(s.step)).to_string(),
            ms: s.ms,
            detail: s.detail.clone(),
        });
        Self {
            ok: report.ok,
            to: to.to_string(),
            detail: report.detail.clone(),
            // Some failures have nothing to add to what happened.
            hint: report.hint.clone().filter(|h| *h != report.detail),
            steps: steps.collect(),
            transcript: report.transcript.join("\n"),
            saved,
        }
    }
}

const fn step_key(step: Step) -> &'static str {
    match step {
        Step::Dns => "mail-step-dns",
        Step::Policy => "mail-step-policy",
        Step::Connect => "mail-step-connect",
        Step::Tls => "mail-step-tls",
        Step::Greeting => "mail-step-greeting",
        Step::Ehlo => "mail-step-ehlo",
        Step::StartTls => "mail-step-starttls",
        Step::Auth => "mail-step-auth",
        Step::MailFrom => "mail-step-mail-from",
        Step::RcptTo => "mail-step-rcpt-to",
        Step::Data => "mail-step-data",
        Step::Reply => "mail-step-reply",
    }
}
