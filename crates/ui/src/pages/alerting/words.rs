//! What policies and forecasts say in sentences.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use domain::{
    hours::{Quiet, QuietAction},
    id::RotationId,
    policy::{Concern, Reminders, Severity, Step},
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
pub(crate) fn only(shell: &Shell, events: &BTreeSet<Concern>) -> Option<String> {
    let (ends, begins): (Vec<&Concern>, Vec<&Concern>) =
        events.iter().partition(|concern| **concern == Concern::Recovered);
    let all = Concern::ALL.len() - 1;
    let text = match (begins.len(), ends.is_empty()) {
        (n, false) if n == all => return None,
        (n, true) if n == all => shell.t("policy-only-begins"),
        (0, _) => shell.t("policy-only-ends"),
        (_, false) => shell.t("policy-only-some").arg("what", listed(shell, &begins)),
        (_, true) => shell
            .t("policy-only-some-begin")
            .arg("what", listed(shell, &begins)),
    };
    Some(text.to_string())
}

/// "outages, slow answers and certificates that expire".
fn listed(shell: &Shell, concerns: &[&Concern]) -> String {
    let word = |concern: &&Concern| {
        let key = match concern {
            Concern::Down => "policy-only-down",
            Concern::Degraded => "policy-only-degraded",
            Concern::Certificate => "policy-only-certificate",
            Concern::NoData => "policy-only-no-data",
            Concern::Recovered => "policy-only-recovered",
        };
        shell.t(key).to_string()
    };
    let mut words: Vec<String> = concerns.iter().map(word).collect();
    let Some(last) = words.pop() else {
        return String::new();
    };
    if words.is_empty() {
        return last;
    }
    let first = words.join(&shell.t("policy-only-comma").to_string());
    let text = shell.t("policy-only-and").arg("first", first);
    text.arg("last", last).to_string()
}

/// What the steps of a policy tell of, taken together.
pub(crate) fn told_of<'a>(steps: impl IntoIterator<Item = &'a BTreeSet<Concern>>) -> BTreeSet<Concern> {
    steps.into_iter().flatten().copied().collect()
}

/// `told`: what anybody is told of.
pub(crate) fn reminders(shell: &Shell, reminders: Option<Reminders>, told: &BTreeSet<Concern>) -> String {
    let certificates = told.contains(&Concern::Certificate);
    let others = [Concern::Down, Concern::Degraded, Concern::NoData];
    if certificates && !others.iter().any(|concern| told.contains(concern)) {
        return shell.t("policy-reminders-days").to_string();
    }
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

/// `told`: what anybody is told of.
pub(crate) fn recovery(shell: &Shell, after: Duration, told: &BTreeSet<Concern>) -> String {
    if !told.contains(&Concern::Recovered) {
        return shell.t("policy-recovery-never").to_string();
    }
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
