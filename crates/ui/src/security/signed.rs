//! Pages that prove themselves by a signature in their address: no session is read or begun there, and looking at them
//! changes nothing, because scanners and previews follow links.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::ration::Ration;
use http::StatusCode;

use crate::{Visit, error::Error};

/// Unsubscribing from a channel.
pub(crate) const UNSUBSCRIBE: &str = "/unsubscribe/";
/// Acknowledging an incident, or having it quiet.
pub(crate) const ACKNOWLEDGE: &str = "/ack/";

/// The calendar of a rotation.
pub(crate) const CALENDAR: &str = "/on-call/feed/";

/// Requests of one client in a minute. Mail providers send few, each from many addresses.
const MOST: usize = 60;
const WINDOW: Duration = Duration::from_mins(1);
/// Bytes of a form.
pub(crate) const LONGEST_BODY: usize = 8 * 1024;

fn prefix(path: &str) -> Option<&'static str> {
    [UNSUBSCRIBE, ACKNOWLEDGE, CALENDAR]
        .into_iter()
        .find(|p| path.starts_with(p))
}

/// Whether the gate asks for nothing else than the address.
pub(crate) fn is_signed(path: &str) -> bool {
    prefix(path).is_some()
}

/// What of an address the log may say: who reads it must not be able to use it.
pub(crate) fn unsigned(path: &str) -> &str {
    prefix(path).unwrap_or(path)
}

/// How often each client asked for the pages of one kind lately.
#[derive(Clone, Debug)]
pub(crate) struct Turnstile(Arc<Mutex<Ration<IpAddr>>>);

impl Default for Turnstile {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Ration::new(MOST, WINDOW))))
    }
}

impl Turnstile {
    /// Counts one request of this client, or refuses it.
    pub(crate) fn pass(&self, visit: &Visit) -> Result<(), Error> {
        let mut ration = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = ration.take(visit.client, visit.app.now());
        counted.map_err(|_| Error::Refused(StatusCode::TOO_MANY_REQUESTS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_hears_nothing_that_opens_a_page() {
        for (path, said) in [
            ("/ack/7.1..c2lnbmF0dXJl", "/ack/"),
            ("/unsubscribe/1.bWU.c2lnbmF0dXJl", "/unsubscribe/"),
            ("/on-call/feed/7.4711..c2lnbmF0dXJl.ics", "/on-call/feed/"),
            ("/on-call/7", "/on-call/7"),
            ("/incidents/7", "/incidents/7"),
            ("/ack", "/ack"),
        ] {
            assert_eq!(unsigned(path), said);
            assert_eq!(is_signed(path), path != said);
        }
    }
}
