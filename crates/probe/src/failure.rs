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
        DialError::Timeout { tried } if tried.is_empty() => late(deadline, "looking up the name"),
        DialError::Timeout { tried } => late(deadline, &format!("connecting to {}", list(tried))),
        DialError::Resources(e) => ours(FaultKind::Resources, e.to_string()),
    }
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
