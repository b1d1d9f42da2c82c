//! Where telling people of an incident stands: what comes next, or what keeps it from coming.

use std::collections::HashMap;

use domain::{
    clock::Timestamp,
    id::RotationId,
    incident::{Incident, Progress},
};
use store::{NextAct, Standing, Store};

use crate::{
    Shell, error,
    pages::alerting::{self, Held, words},
};

/// The answer to "what happens next?", and the rest of what is known.
pub(crate) struct Stand {
    pub(super) shape: &'static str,
    pub(super) headline: String,
    /// When that is.
    pub(super) at: Option<Timestamp>,
    /// Why, or who.
    pub(super) detail: Option<String>,
    pub(super) held: Option<Held>,
    /// In the rotations of the next step.
    pub(super) on_call: words::OnCall,
    /// Address and name.
    pub(super) policy: Option<(String, String)>,
    pub(super) reminders: u32,
    pub(super) snoozed: bool,
    /// It can be put off: something may still be told.
    pub(super) open: bool,
}

pub(super) async fn read(
    store: &Store,
    shell: &Shell,
    incident: &Incident,
    standing: &Standing,
) -> error::Result<Stand> {
    let held = match standing.escalation.held {
        Some(hold) => Some(Held::read(store, shell, hold).await?),
        None => None,
    };
    let rotations = alerting::rotations(store).await?.into_iter().collect();
    Ok(view(shell, incident, standing, (held, &rotations)))
}

/// `rotations`: what they are called.
pub(super) fn view(
    shell: &Shell,
    incident: &Incident,
    standing: &Standing,
    (held, rotations): (Option<Held>, &HashMap<RotationId, String>),
) -> Stand {
    let e = &standing.escalation;
    let acknowledged = matches!(incident.progress, Progress::Acknowledged { .. });
    let mut detail = None;
    let mut on_call = words::OnCall::default();
    // What an escalation looks at first comes first.
    let (shape, key, at) = if let Some(recovering) = e.recovering {
        ("degraded", "standing-recovering", Some(recovering.until))
    } else if e.flapping.is_some() {
        ("degraded", "standing-flapping", e.next_at)
    } else if acknowledged {
        ("maintenance", "standing-acknowledged", None)
    } else if let Some(until) = e.snoozed_until {
        detail = standing
            .snoozed_by
            .as_ref()
            .map(|by| shell.t("standing-snoozed-by").arg("by", by).to_string());
        ("paused", "standing-snoozed", Some(until))
    } else if held.is_some() {
        ("paused", "standing-held", None)
    } else if let Some(next) = &standing.next {
        if let NextAct::Step { on_call: duties, .. } = next {
            on_call = words::on_call(shell, duties, rotations);
        }
        let (key, words) = next_act(shell, next);
        detail = words;
        ("pending", key, e.next_at)
    } else if standing.tells {
        ("unknown", "standing-done", None)
    } else {
        ("down", "standing-nobody", None)
    };
    Stand {
        shape,
        headline: shell.t(key).to_string(),
        at,
        detail,
        held: held.filter(|_| key == "standing-held"),
        on_call,
        policy: standing
            .policy
            .as_ref()
            .map(|(id, name)| (format!("/policies/{id}"), name.clone())),
        reminders: e.reminders,
        snoozed: e.snoozed_until.is_some() && !acknowledged,
        open: incident.is_open() && !acknowledged,
    }
}

fn next_act(shell: &Shell, next: &NextAct) -> (&'static str, Option<String>) {
    match next {
        NextAct::Step {
            after,
            reaches,
            on_call,
        } => {
            let heard = reaches.iter().filter(|r| !r.recipients.is_empty());
            let names: Vec<&str> = heard.map(|r| r.name.as_str()).collect();
            let unmanned = on_call.iter().any(|(_, person)| person.is_none());
            if names.is_empty() && unmanned {
                return ("standing-step", None);
            }
            if names.is_empty() {
                return ("standing-step", Some(shell.t("standing-step-deaf").to_string()));
            }
            let text = shell
                .t("policy-step-says")
                .arg("when", words::when(shell, *after));
            (
                "standing-step",
                Some(text.arg("whom", names.join(", ")).to_string()),
            )
        }
        NextAct::Reminder(number) => {
            let text = shell.t("standing-reminder-number").count("n", number);
            ("standing-reminder", Some(text.to_string()))
        }
    }
}

/// Why there is no delivery (a text key).
pub(super) fn why_nobody(incident: &Incident, standing: Option<&Standing>) -> &'static str {
    // Before there were policies, an incident told the channels of its monitor at once or nobody.
    let Some(standing) = standing else {
        return "nobody-no-channel";
    };
    let e = &standing.escalation;
    match (incident.is_open(), standing.tells) {
        _ if e.told_at.is_some() => "nobody-heard",
        (true, _) if e.held.is_some() => "nobody-held",
        (false, _) if e.held.is_some() => "nobody-was-held",
        (true, true) => "nobody-yet",
        (false, true) => "nobody-in-time",
        (_, false) => "nobody-no-channel",
    }
}
