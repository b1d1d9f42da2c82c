//! What a POST prepared and a GET of the same session fetches: an event stream cannot be a POST.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::clock::Timestamp;
use subtle::ConstantTimeEq as _;

use crate::random;

/// A browser comes at once; whoever comes later than this does not come.
const KEPT: Duration = Duration::from_mins(5);
const MOST: usize = 64;

/// Each ticket is good for one fetch by the session that it was given to. In memory only: a restart forgets them.
#[derive(Debug)]
pub(crate) struct Tickets<T>(Mutex<VecDeque<Ticket<T>>>);

#[derive(Debug)]
struct Ticket<T> {
    id: String,
    session: String,
    at: Timestamp,
    thing: T,
}

impl<T> Default for Tickets<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Tickets<T> {
    /// Keeps `thing` for `session` (its form token) and gives the name to fetch it by. Beyond 64 the oldest is dropped.
    /// `None` when the operating system has no randomness.
    pub(crate) fn give(&self, session: &str, thing: T, now: Timestamp) -> Option<String> {
        let id = random::token();
        if id.is_empty() {
            return None;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|t| now.since(t.at) < KEPT);
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(Ticket {
            id: id.clone(),
            session: session.to_owned(),
            at: now,
            thing,
        });
        Some(id)
    }

    /// `None`: there is no such ticket, it is too old, or it was given to somebody else (who keeps it).
    pub(crate) fn redeem(&self, id: &str, session: &str, now: Timestamp) -> Option<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|t| now.since(t.at) < KEPT);
        let same = |a: &str, b: &str| bool::from(a.as_bytes().ct_eq(b.as_bytes()));
        let at = all
            .iter()
            .position(|t| same(&t.id, id) && same(&t.session, session))?;
        all.remove(at).map(|t| t.thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0).plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_ticket_is_good_once_for_its_session_and_for_five_minutes() {
        let tickets = Tickets::default();
        let id = tickets.give("mine", 7, at(0)).unwrap();
        assert_eq!(tickets.redeem(&id, "another", at(1)), None);
        assert_eq!(tickets.redeem("1", "mine", at(1)), None);
        assert_eq!(tickets.redeem(&id, "mine", at(299)), Some(7));
        assert_eq!(tickets.redeem(&id, "mine", at(299)), None);
        let late = tickets.give("mine", 8, at(0)).unwrap();
        assert_eq!(tickets.redeem(&late, "mine", at(300)), None);
    }

    #[test]
    fn the_number_is_bounded() {
        let tickets = Tickets::default();
        let ids: Vec<String> = (0..=MOST).map(|n| tickets.give("s", n, at(0)).unwrap()).collect();
        assert_eq!(tickets.redeem(&ids[0], "s", at(1)), None);
        assert_eq!(tickets.redeem(&ids[1], "s", at(1)), Some(1));
    }
}
