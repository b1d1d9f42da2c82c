//! How a mail profile does, in one word: the same for the console and for the API.

use domain::clock::Timestamp;
use store::mail::MailHealth;

use crate::mail::Step;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Nothing is known of the present settings.
    Unused,
    Works,
    /// Its latest failure is newer than its latest success.
    Fails,
}

impl Course {
    /// Of settings that were saved then: a failure from before may be what the save cured.
    pub fn of(health: &MailHealth, saved_at: Timestamp) -> Self {
        let succeeded = health.last_success.as_ref().map(|(at, ..)| *at);
        // A server that works and refuses one recipient has not failed.
        let one_recipient = succeeded.is_some()
            && health.breaker.is_clean()
            && health.last_error_step.as_deref() == Some(Step::RcptTo.as_str());
        let failed = health
            .last_error
            .as_ref()
            .map(|(at, _)| *at)
            .filter(|at| !one_recipient && Some(*at) > succeeded);
        match (succeeded, failed) {
            (_, Some(at)) if at > saved_at => Self::Fails,
            (Some(_), None) => Self::Works,
            (None, None) | (_, Some(_)) => Self::Unused,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::mail::breaker::{Breaker, Fault};

    use super::*;

    #[test]
    fn a_server_that_refuses_one_recipient_has_not_failed() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let before = |minutes: u64| now.minus(Duration::from_mins(minutes));
        let open = Breaker::default().failed(Fault::Failed, before(1), before(1));
        let health = |success: Option<u64>, error: Option<(u64, &str)>, breaker: &Breaker| MailHealth {
            last_success: success.map(|m| (before(m), "250 ok".to_owned(), 1)),
            last_error: error.map(|(m, _)| (before(m), "550 no".to_owned())),
            last_error_step: error.map(|(_, step)| step.to_owned()),
            breaker: breaker.clone(),
            ..MailHealth::default()
        };
        let well = Breaker::default();
        for (health, saved, expected) in [
            (health(None, None, &well), 60, Course::Unused),
            (health(Some(5), None, &well), 60, Course::Works),
            (health(Some(5), Some((9, "auth")), &well), 60, Course::Works),
            (health(Some(9), Some((5, "auth")), &well), 60, Course::Fails),
            (health(Some(9), Some((5, "rcpt_to")), &well), 60, Course::Works),
            // Nothing was ever accepted, or the profile itself fails.
            (health(None, Some((5, "rcpt_to")), &well), 60, Course::Fails),
            (health(Some(9), Some((5, "rcpt_to")), &open), 60, Course::Fails),
            // What failed before the save may be cured.
            (health(Some(9), Some((5, "auth")), &well), 2, Course::Unused),
            (health(None, Some((5, "auth")), &well), 2, Course::Unused),
        ] {
            assert_eq!(
                Course::of(&health, before(saved)),
                expected,
                "{health:?}, saved {saved} m ago"
            );
        }
    }
}
