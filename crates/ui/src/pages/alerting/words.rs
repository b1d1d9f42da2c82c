//! What policies and forecasts say in sentences.

use std::{collections::HashMap, time::Duration};

use domain::{
    hours::{Quiet, QuietAction},
    id::RotationId,
    policy::{Reminders, Severity, Step},
};

use crate::{Shell, pages::hours_fields};

/// "At once", "After 10 min".
pub(crate) fn when(shell: &Shell, after: Duration) -> String {
    if after.is_zero() {
        return shell.t("policy-at-once").to_string();
    }
    shell
        .t("policy-after")
        .arg("span", shell.span(&after))
        .to_string()
}

/// The same, with what keeps it from happening.
pub(crate) fn when_unacknowledged(shell: &Shell, after: Duration) -> String {
    if after.is_zero() {
        return when(shell, after);
    }
    shell
        .t("policy-after-unless")
        .arg("span", shell.span(&after))
        .to_string()
}

/// What a step leaves out; `None`: it tells of everything.
pub(crate) fn only(shell: &Shell, of_outages: bool, of_recoveries: bool) -> Option<String> {
    let key = match (of_outages, of_recoveries) {
        (true, true) => return None,
        (true, false) => "policy-only-outages",
        (false, _) => "policy-only-recoveries",
    };
    Some(shell.t(key).to_string())
}

pub(crate) fn reminders(shell: &Shell, reminders: Option<Reminders>) -> String {
    let Some(Reminders { first, longest }) = reminders else {
        return shell.t("policy-no-reminders").to_string();
    };
    let text = if first == longest {
        shell.t("policy-reminders-steady")
    } else {
        shell
            .t("policy-reminders-doubling")
            .arg("longest", shell.span(&longest))
    };
    text.arg("first", shell.span(&first)).to_string()
}

pub(crate) fn recovery(shell: &Shell, after: Duration) -> String {
    if after.is_zero() {
        return shell.t("policy-recovery-at-once").to_string();
    }
    shell
        .t("policy-recovery-after")
        .arg("span", shell.span(&after))
        .to_string()
}

pub(crate) fn severity(shell: &Shell, severity: Severity) -> String {
    let key = match severity {
        Severity::Critical => "severity-critical",
        Severity::Error => "severity-error",
        Severity::Warning => "severity-warning",
        Severity::Info => "severity-info",
    };
    shell.t(key).to_string()
}

/// When a step is quiet, and what becomes of messages then.
pub(crate) fn quiet(shell: &Shell, quiet: &Quiet) -> [String; 2] {
    let hours = hours_fields::summary(shell.language, &quiet.hours);
    let action = match quiet.action {
        QuietAction::Hold => "quiet-summary-hold",
        QuietAction::Digest => "quiet-summary-digest",
    };
    let hours = shell.t("quiet-summary").arg("hours", hours).to_string();
    [hours, shell.t(action).to_string()]
}

/// Who is on call in the rotations of a step.
#[derive(Default)]
pub(crate) struct OnCall {
    pub(crate) people: Option<String>,
    /// There are rotations in which nobody is.
    pub(crate) nobody: Option<String>,
}

/// `names`: of the rotations.
pub(crate) fn on_call(
    shell: &Shell,
    duties: &[(RotationId, Option<String>)],
    names: &HashMap<RotationId, String>,
) -> OnCall {
    let (mut people, mut empty): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    for (rotation, person) in duties {
        match person {
            Some(person) if people.contains(&person.as_str()) => {}
            Some(person) => people.push(person),
            None => {
                let name = names.get(rotation).cloned();
                empty.push(name.unwrap_or_else(|| format!("#{rotation}")));
            }
        }
    }
    let say = |key, arg, names: String| (!names.is_empty()).then(|| shell.t(key).arg(arg, names).to_string());
    OnCall {
        people: say("outlook-on-call", "people", people.join(", ")),
        nobody: say("outlook-nobody-on-call", "rotations", empty.join(", ")),
    }
}

/// Whom a step tells, by the names of channels and rotations that there are.
pub(crate) fn whom(step: &Step, names: &super::policies::Names) -> String {
    let channels = step.channels.iter().map(|id| names.channel(*id));
    let rotations = step.rotations.iter().map(|id| names.rotation(*id));
    let all: Vec<String> = channels.chain(rotations).collect();
    all.join(", ")
}
