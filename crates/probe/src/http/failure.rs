//! Why a request came to nothing, in words.

use std::{error::Error, io, net::SocketAddr};

use domain::outcome::{Certificate, ReasonKind, Verdict};
use egress::{DialError, tls::Captured};
use url::Url;

use super::trace::Marks;
use crate::{
    certificate,
    deadline::Deadline,
    failure::{self, down, late, list, no_name},
};

/// What was seen of a request until it failed.
pub(super) struct Scene<'a> {
    pub(super) url: &'a Url,
    pub(super) marks: &'a Marks,
    pub(super) captured: &'a Captured,
    pub(super) leaf: Option<&'a Certificate>,
    pub(super) deadline: Deadline,
}

impl Scene<'_> {
    /// No answer before the deadline: during which step?
    pub(super) fn late(&self) -> Verdict {
        let m = self.marks;
        let doing = if m.connect_end.is_some() {
            "waiting for the first byte".to_owned()
        } else if self.captured.started.is_some() {
            format!("during the TLS handshake with {}", self.remote())
        } else if m.dns_start.is_some() && m.dns_end.is_none() {
            return no_name(self.deadline);
        } else {
            format!("connecting to {}", self.remote())
        };
        late(self.deadline, &doing)
    }

    pub(super) fn verdict(&self, error: &reqwest::Error) -> Verdict {
        if let Some(e) = DialError::in_chain(error) {
            return failure::dial(e, self.deadline);
        }
        if let Some(e) = find::<rustls::Error>(error).filter(|_| error.is_connect()) {
            return certificate::refused(e, self.leaf, &self.remote());
        }
        let io = find::<io::Error>(error);
        if error.is_connect() {
            return match io {
                Some(e) if self.captured.started.is_none() => self.no_connection(e),
                Some(e) if e.kind() == io::ErrorKind::TimedOut => self.late(),
                Some(e) => down(
                    ReasonKind::Tls,
                    format!("{} {}", self.remote(), ended(e, "the TLS handshake")),
                ),
                None if error.is_timeout() => self.late(),
                None => down(
                    ReasonKind::Connect,
                    format!("Could not connect to {}: {}", self.remote(), root(error)),
                ),
            };
        }
        if error.is_timeout() {
            return self.late();
        }
        let protocol = |detail: String| down(ReasonKind::Protocol, detail);
        match (find::<hyper::Error>(error), io) {
            (Some(e), _) if e.is_parse_too_large() => {
                protocol("The answer has too many or too long headers".to_owned())
            }
            (Some(e), _) if e.is_parse() => {
                protocol(format!("The answer of {} is not valid HTTP ({e})", self.remote()))
            }
            (Some(e), _) if e.is_incomplete_message() => protocol(format!(
                "{} closed the connection without an answer",
                self.remote()
            )),
            (_, Some(e)) => protocol(format!("{} {}", self.remote(), ended(e, "the answer"))),
            _ => protocol(format!(
                "{} did not answer properly: {}",
                self.remote(),
                root(error)
            )),
        }
    }

    fn no_connection(&self, error: &io::Error) -> Verdict {
        let tried = self.tried();
        let Some(first) = tried.first() else {
            return down(
                ReasonKind::Connect,
                format!("Could not connect to {}: {error}", self.remote()),
            );
        };
        // The client keeps the error to itself; an equal one can be sorted like those of our own dialer.
        let equal = error
            .raw_os_error()
            .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
        let sorted = match DialError::from_connect(equal, *first) {
            DialError::Connect { error, .. } => DialError::Connect { error, tried },
            DialError::Timeout { .. } => DialError::Timeout { tried },
            other => other,
        };
        failure::dial(&sorted, self.deadline)
    }

    fn tried(&self) -> Vec<SocketAddr> {
        let port = self.url.port_or_known_default().unwrap_or(0);
        match self.url.host() {
            Some(url::Host::Ipv4(ip)) => vec![SocketAddr::new(ip.into(), port)],
            Some(url::Host::Ipv6(ip)) => vec![SocketAddr::new(ip.into(), port)],
            _ => self
                .marks
                .addresses
                .iter()
                .map(|a| SocketAddr::new(a.ip(), port))
                .collect(),
        }
    }

    /// Who we talk to: the addresses that are known, or the name.
    fn remote(&self) -> String {
        let tried = self.tried();
        if tried.is_empty() {
            self.url.host_str().unwrap_or_default().to_owned()
        } else {
            list(&tried)
        }
    }
}

/// The body broke off.
pub(super) fn body(error: &reqwest::Error, read: u64) -> Verdict {
    let detail = match (find::<hyper::Error>(error), find::<io::Error>(error)) {
        (Some(e), _) if e.is_incomplete_message() || e.is_body_write_aborted() => {
            format!("The connection closed before the body was complete ({read} bytes read)")
        }
        (Some(e), _) if e.is_parse() => format!("The body is not valid HTTP ({e}; {read} bytes read)"),
        (_, Some(e)) if e.kind() == io::ErrorKind::ConnectionReset => {
            format!("The connection was reset before the body was complete ({read} bytes read)")
        }
        (_, Some(e)) if e.kind() == io::ErrorKind::UnexpectedEof => {
            format!("The connection closed before the body was complete ({read} bytes read)")
        }
        _ => format!("The body could not be read: {} ({read} bytes read)", root(error)),
    };
    down(ReasonKind::Body, detail)
}

fn ended(error: &io::Error, during: &str) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset => format!("reset the connection during {during}"),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            format!("closed the connection during {during}")
        }
        _ => format!("broke off during {during}: {error}"),
    }
}

/// The deepest cause: what the layers above only repeat.
fn root(error: &dyn Error) -> String {
    let mut last = error.to_string();
    let mut next = error.source();
    while let Some(e) = next {
        last = e.to_string();
        next = e.source();
    }
    last
}

/// The first error of a type in the chain. An `io::Error` hides what it wraps from `source()`.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(e) = next {
        if let Some(found) = e.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(inner) = e.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = find::<E>(inner)
        {
            return Some(found);
        }
        next = e.source();
    }
    None
}
