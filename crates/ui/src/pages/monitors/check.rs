//! "Check now": one check with everything that it saw.

use std::time::Duration;

use askama::Template;
use axum::extract::Path;
use domain::{
    clock::Timestamp,
    outcome::{Certificate, Evidence, Outcome, Phases, Verdict},
    state::Status,
};

use super::find;
use crate::{Flash, Section, Shell, SignedIn, error, shell::page};

#[derive(Template)]
#[template(path = "pages/monitors/check.html")]
pub(crate) struct CheckPage {
    pub(super) shell: Shell,
    pub(super) href: String,
    pub(super) name: String,
    pub(super) at: Timestamp,
    pub(super) status: Status,
    /// Kind and sentence of what was wrong.
    pub(super) reason: Option<(&'static str, String)>,
    pub(super) steps: Vec<Step>,
    pub(super) total: Duration,
    pub(super) evidence: Evidence,
    pub(super) certificate: Option<Papers>,
}

/// One phase as a bar on the line of the whole check; in thousandths of it.
pub(crate) struct Step {
    pub(super) label: String,
    pub(super) class: &'static str,
    pub(super) took: Duration,
    pub(super) x: u32,
    pub(super) width: u32,
}

/// A certificate and how long it still holds.
pub(crate) struct Papers {
    pub(super) certificate: Certificate,
    pub(super) left: Option<Duration>,
}

/// The answer to a POST and not a redirect: it shows one check, and that is kept nowhere in this detail.
pub(super) async fn check(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let (monitor, _) = find(signed_in.store(), &id).await?;
    let href = format!("/monitors/{}", monitor.id);
    match signed_in.visit.app.scheduler.check_now(monitor.id).await {
        Some(outcome) => {
            let shell = signed_in.shell(Section::Monitors, "check-title");
            page(&view(shell, href, monitor.config.name, outcome))
        }
        None => Ok(Flash::bad("flash-monitor-not-checked").redirect(&signed_in.visit, &href)),
    }
}

pub(super) fn view(shell: Shell, href: String, name: String, outcome: Outcome) -> CheckPage {
    let (status, reason) = match outcome.verdict {
        Verdict::Up => (Status::Up, None),
        Verdict::Down(r) => (Status::Down, Some((r.kind.as_str(), r.detail))),
        Verdict::Internal(f) => (Status::Unknown, Some((f.kind.as_str(), f.detail))),
    };
    let now = shell.now;
    CheckPage {
        steps: steps(&shell, &outcome.phases),
        href,
        name,
        at: outcome.at,
        status,
        reason,
        total: outcome.phases.total,
        certificate: outcome.evidence.certificate.clone().map(|certificate| Papers {
            left: (certificate.not_after > now).then(|| certificate.not_after.since(now)),
            certificate,
        }),
        evidence: *outcome.evidence,
        shell,
    }
}

fn steps(shell: &Shell, phases: &Phases) -> Vec<Step> {
    let named = [
        (shell.t("phase-dns"), "dns", phases.dns),
        (shell.t("phase-connect"), "connect", phases.connect),
        (shell.t("phase-tls"), "tls", phases.tls),
        (shell.t("phase-wait"), "wait", phases.wait),
        (shell.t("phase-transfer"), "transfer", phases.transfer),
    ];
    let total = phases.total.as_secs_f64().max(0.000_001);
    let share = |d: Duration| ((d.as_secs_f64() / total * 1000.0).round() as u32).min(1000);
    let mut x = 0;
    named
        .into_iter()
        .filter_map(|(label, class, took)| {
            let took = took?;
            let width = share(took).clamp(4, 1000 - x.min(996));
            let step = Step {
                label: label.to_string(),
                class,
                took,
                x,
                width,
            };
            x = (x + share(took)).min(996);
            Some(step)
        })
        .collect()
}
