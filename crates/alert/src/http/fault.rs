//! Why no HTTP answer came, from the kinds of the errors below and never from their wording.

use std::{error::Error, io};

use egress::DialError;

/// Where it ended and a sentence for a person.
pub(super) struct Fault {
    pub(super) step: &'static str,
    pub(super) reason: String,
}

/// `error` must have lost its URL already.
pub(super) fn explain(error: reqwest::Error) -> Fault {
    let connecting = error.is_connect();
    let mut next: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(cause) = next {
        if let Some(fault) = of_cause(cause, connecting) {
            return fault;
        }
        next = cause.source();
    }
    if connecting {
        Fault {
            step: "connect",
            reason: "The receiver cannot be reached.".to_owned(),
        }
    } else {
        Fault {
            step: "reply",
            reason: "The connection ended before the receiver had answered.".to_owned(),
        }
    }
}

fn of_cause(cause: &(dyn Error + 'static), connecting: bool) -> Option<Fault> {
    if let Some(error) = cause.downcast_ref::<DialError>() {
        return Some(of_dial(error));
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(Fault {
            step: "tls",
            reason: format!("No secure connection to the receiver: {error}"),
        });
    }
    let error = cause.downcast_ref::<io::Error>()?;
    // A custom I/O error leaves itself out of `source()`.
    if let Some(inner) = error.get_ref()
        && let Some(fault) = of_cause(inner, connecting)
    {
        return Some(fault);
    }
    let step = if connecting { "connect" } else { "reply" };
    Some(of_io(error.kind(), step))
}

/// The resolver of the client is the dialer's.
fn of_dial(error: &DialError) -> Fault {
    let step = match error {
        DialError::Denied(_) => "policy",
        DialError::Resolve(_) => "dns",
        DialError::Connect { .. } | DialError::Timeout { .. } | DialError::Resources(_) => "connect",
    };
    Fault {
        step,
        reason: error.to_string(),
    }
}

fn of_io(kind: io::ErrorKind, step: &'static str) -> Fault {
    let reason = match kind {
        io::ErrorKind::ConnectionRefused => "The receiver refuses connections.",
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            "The receiver broke the connection off."
        }
        io::ErrorKind::UnexpectedEof => "The connection ended before the receiver had answered.",
        io::ErrorKind::TimedOut => "The receiver cannot be reached in time.",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "There is no way to the receiver's network."
        }
        _ => {
            return Fault {
                step,
                reason: format!("The connection to the receiver failed: {kind}."),
            };
        }
    };
    Fault {
        step,
        reason: reason.to_owned(),
    }
}
