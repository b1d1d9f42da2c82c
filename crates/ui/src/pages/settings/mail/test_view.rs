//! A test, step by step, as the page shows it: while it runs and when it has ended.

use alert::mail::{CertificateReport, MailTest, Step, StepReport, not_reached};
use askama::{Template, filters::HtmlSafe};
use domain::mail::Address;

use super::{stored::Target, trial::Trial};
use crate::{
    components::Mark,
    locale::{Language, Text},
};

/// The card.
#[derive(Template)]
#[template(path = "pages/settings/mail/test.html")]
pub(super) struct TestView {
    language: Language,
    phase: Phase,
    to: String,
    dry_run: bool,
    /// What happened; for a success the server's words.
    detail: String,
    /// Who took the message, and under which name.
    accepted: Option<String>,
    hint: Option<String>,
    steps: Steps,
    certificate: Option<CertificateReport>,
    /// It was refused, so it is open to see.
    certificate_refused: bool,
    transcript: String,
    /// It used what was typed, and not what is stored.
    is_typed: bool,
    /// The revision that it saved, and where that is seen.
    pub(super) saved: Option<(i64, String)>,
    /// Where the script watches it.
    pub(super) ticket: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Passed,
    Failed,
    /// It passed, and the settings could not be written.
    NotSaved,
}

impl HtmlSafe for TestView {}

impl TestView {
    pub(super) fn new(language: Language, report: &MailTest, to: &Address, is_typed: bool) -> Self {
        Self {
            phase: if report.ok { Phase::Passed } else { Phase::Failed },
            dry_run: report.dry_run,
            detail: report.detail.clone(),
            accepted: accepted(language, report),
            // Some failures have nothing to add to what happened.
            hint: report.hint.clone().filter(|h| *h != report.detail),
            steps: Steps::of(language, report),
            certificate: report.certificate.clone(),
            certificate_refused: report.failed_step == Some(Step::Tls),
            transcript: report.transcript.join("\n"),
            is_typed,
            ..Self::blank(language, to)
        }
    }

    /// Of this mail server, whose sender is looked at by the page that its last step leads to.
    pub(super) fn of(mut self, target: Target) -> Self {
        for (href, _) in self.steps.steps.iter_mut().filter_map(|s| s.link.as_mut()) {
            *href = target.deliverability();
        }
        self
    }

    /// Before the first step.
    pub(super) fn running(language: Language, trial: &Trial) -> Self {
        Self {
            dry_run: trial.dry_run,
            steps: Steps::so_far(language, &trial.plan, &[], trial.dry_run),
            is_typed: trial.typed.is_some(),
            ..Self::blank(language, &trial.to)
        }
    }

    pub(super) fn not_saved(language: Language, to: &Address) -> Self {
        Self {
            phase: Phase::NotSaved,
            ..Self::blank(language, to)
        }
    }

    fn blank(language: Language, to: &Address) -> Self {
        Self {
            language,
            phase: Phase::Running,
            to: to.to_string(),
            dry_run: false,
            detail: String::new(),
            accepted: None,
            hint: None,
            steps: Steps::default(),
            certificate: None,
            certificate_refused: false,
            transcript: String::new(),
            is_typed: false,
            saved: None,
            ticket: None,
        }
    }

    fn t(&self, key: &str) -> Text {
        self.language.text(key)
    }

    /// The day of a moment in RFC 3339.
    #[expect(clippy::unused_self, reason = "templates call methods of the view")]
    fn day<'a>(&self, moment: &'a str) -> &'a str {
        moment.get(..10).unwrap_or(moment)
    }

    fn mark(&self) -> Mark {
        let (shape, key) = match (self.phase, self.dry_run) {
            (Phase::Running, _) => ("pending", "mail-test-running"),
            (Phase::Passed, false) => ("up", "mail-test-ok"),
            (Phase::Passed, true) => ("up", "mail-test-rehearsed"),
            (Phase::Failed, _) => ("down", "mail-test-failed"),
            (Phase::NotSaved, _) => ("degraded", "mail-test-unsaved"),
        };
        Mark::new(shape, self.t(key).to_string())
    }
}

/// As the log says it of a delivery. `None`: nothing was sent, or it is not known to whom.
fn accepted(language: Language, report: &MailTest) -> Option<String> {
    let server = report.server.as_ref().filter(|_| report.ok && !report.dry_run)?;
    let text = match &report.queue_id {
        Some(id) => language
            .text("delivery-accepted-as")
            .arg("server", server)
            .arg("reference", id),
        None => language.text("delivery-accepted").arg("server", server),
    };
    Some(text.to_string())
}

/// The list of steps: those that were taken, and those that are ahead.
#[derive(Default, Template)]
#[template(path = "pages/settings/mail/test-steps.html")]
pub(super) struct Steps {
    /// What a screen reader is told while the test goes on: the latest step alone.
    latest: String,
    steps: Vec<StepView>,
}

impl HtmlSafe for Steps {}

struct StepView {
    mark: Mark,
    took: Option<u64>,
    detail: String,
    /// It is under way.
    now: bool,
    /// It was not taken (yet).
    ahead: bool,
    /// Only a person can look there; the page that says what helps mail to arrive.
    link: Option<(String, String)>,
}

impl Steps {
    /// While the test runs: the first step that is ahead is under way.
    pub(super) fn so_far(language: Language, plan: &[Step], taken: &[StepReport], dry_run: bool) -> Self {
        let mut list = Self::build(language, taken, &not_reached(plan, taken), dry_run, "");
        if let Some(step) = list.steps.iter_mut().find(|s| s.ahead) {
            step.now = true;
        }
        list
    }

    fn of(language: Language, report: &MailTest) -> Self {
        let rest = if report.dry_run && report.ok {
            "mail-step-left-out"
        } else {
            "mail-step-not-reached"
        };
        Self::build(language, &report.steps, &report.not_reached, report.dry_run, rest)
    }

    fn build(language: Language, taken: &[StepReport], ahead: &[Step], dry_run: bool, rest: &str) -> Self {
        let word = |step: Step| language.text(step_key(step)).to_string();
        let last = taken.len().saturating_sub(1);
        let mut steps: Vec<StepView> = taken
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let shape = match (s.ok, s.step) {
                    // Whether it arrived is not ours to say.
                    (true, Step::Inbox) => "pending",
                    (true, _) => "up",
                    // The conversation went on: another address, another way to log in.
                    (false, _) if i < last => "degraded",
                    (false, _) => "down",
                };
                let link = (s.step == Step::Inbox).then(|| {
                    (
                        Target::Primary.deliverability(),
                        language.text("mail-look-deliverability").to_string(),
                    )
                });
                StepView {
                    mark: Mark::new(shape, word(s.step)),
                    took: (s.step != Step::Inbox).then_some(s.ms),
                    detail: s.detail.clone(),
                    now: false,
                    ahead: false,
                    link,
                }
            })
            .collect();
        steps.extend(ahead.iter().map(|step| {
            let left_out = dry_run && matches!(step, Step::Data | Step::Reply | Step::Inbox);
            let key = if left_out { "mail-step-left-out" } else { rest };
            StepView {
                mark: Mark::new("pending", word(*step)),
                took: None,
                detail: if key.is_empty() {
                    String::new()
                } else {
                    language.text(key).to_string()
                },
                now: false,
                ahead: true,
                link: None,
            }
        }));
        let latest = taken.last().map(|s| format!("{}: {}", word(s.step), s.detail));
        Self {
            latest: latest.unwrap_or_default(),
            steps,
        }
    }
}

/// The key of a step's name, by its name in the store.
pub(super) fn named(step: &str) -> Option<&'static str> {
    let all = [
        Step::Dns,
        Step::Policy,
        Step::Connect,
        Step::Tls,
        Step::Greeting,
        Step::Ehlo,
        Step::StartTls,
        Step::Auth,
        Step::MailFrom,
        Step::RcptTo,
        Step::Data,
        Step::Reply,
    ];
    all.into_iter().find(|s| s.as_str() == step).map(step_key)
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
        Step::Inbox => "mail-step-inbox",
    }
}
