//! From a failed way out to a verdict: whose fault is it, and in which words.

use std::net::SocketAddr;

use domain::outcome::{Fault, FaultKind, Reason, ReasonKind, Verdict};
use egress::{Denied, DialError, ResolveError};

use crate::deadline::{Deadline, words};

pub(crate) fn down(kind: ReasonKind, detail: impl AsRef<str>) -> Verdict {
    Verdict::Down(Reason::new(kind, detail))
}

pub(crate) fn ours(kind: FaultKind, detail: impl AsRef<str>) -> Verdict {
    Verdict::Internal(Fault::new(kind, detail))
}

pub(crate) fn denied(denied: &Denied) -> Verdict {
    ours(FaultKind::Policy, &denied.reason)
}

pub(crate) fn late(deadline: Deadline, doing: &str) -> Verdict {
    down(
        ReasonKind::Timeout,
        format!("No answer within {} ({doing})", words(deadline.total)),
    )
}

pub(crate) fn dial(error: &DialError, deadline: Deadline) -> Verdict {
    match error {
        DialError::Resolve(e) => resolve(e),
        DialError::Denied(e) => denied(e),
        DialError::Connect { .. } => down(ReasonKind::Connect, error.to_string()),
        DialError::Timeout { tried } if tried.is_empty() => no_name(deadline),
        DialError::Timeout { tried } => late(deadline, &format!("connecting to {}", list(tried))),
        DialError::Resources(e) => ours(FaultKind::Resources, e.to_string()),
    }
}

/// The time was over before the resolver knew whose fault the silence was. In doubt it is ours.
pub(crate) fn no_name(deadline: Deadline) -> Verdict {
    let within = words(deadline.total);
    ours(
        FaultKind::Resolver,
        format!(
            "The name was not looked up within {within}. Check the name server of this machine or use a longer timeout."
        ),
    )
}

fn resolve(error: &ResolveError) -> Verdict {
    match error {
        ResolveError::Ours(what) => ours(FaultKind::Resolver, what),
        ResolveError::NotFound(_) | ResolveError::Failed(_) | ResolveError::Timeout => {
            down(ReasonKind::Dns, error.to_string())
        }
    }
}

pub(crate) fn list(addresses: &[SocketAddr]) -> String {
    addresses
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
