//! When the messages of one channel go out: the first one at once, those that come soon after it together.
//!
//! Outages have windows of their own, recoveries others, and what may wait others again: good news never holds up bad
//! news. A window begins with a message that is sent at once. What is planned within it is due when it ends, and while
//! windows end with something in them a new one follows. So however many events there are, their messages go out at
//! most once in [`WINDOW`], and an event that comes alone is never held up.

use std::time::Duration;

use crate::{clock::Timestamp, delivery::Event};

/// So long messages are collected.
pub const WINDOW: Duration = Duration::from_secs(30);
/// Of one recipient and one kind of event; more than these travel together.
pub const MOST_SINGLE: u32 = 5;
/// Messages that one recipient gets by one channel in an hour. What is over it travels in the next digest.
pub const MOST_PER_HOUR: u32 = 60;

/// The windows of one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gathering {
    pub down: Window,
    pub up: Window,
    /// Of what nobody has to hear at once (reminders, acknowledgements): it never holds up an outage.
    pub minor: Window,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// `None`: there was none yet.
    pub ends_at: Option<Timestamp>,
    /// Something waits for its end.
    pub collected: bool,
}

impl Gathering {
    /// When a message about `event` that is planned `now` is due; the windows are then as they are left.
    pub fn plan(&mut self, event: Event, now: Timestamp) -> Timestamp {
        match event {
            Event::Opened | Event::Flapping => self.down.plan(now),
            Event::Resolved => self.up.plan(now),
            Event::Reminder | Event::Acknowledged => self.minor.plan(now),
            // A person waits for it.
            Event::Test => now,
        }
    }
}

impl Window {
    fn plan(&mut self, now: Timestamp) -> Timestamp {
        let Some(end) = self.end(now) else {
            *self = Self {
                ends_at: Some(now.plus(WINDOW)),
                collected: false,
            };
            return now;
        };
        *self = Self {
            ends_at: Some(end),
            collected: true,
        };
        end
    }

    /// Of the window that is running now.
    fn end(&self, now: Timestamp) -> Option<Timestamp> {
        let end = self.ends_at?;
        if end > now {
            // One that ends later was begun by a clock that was set back since.
            return (end <= now.plus(WINDOW)).then_some(end);
        }
        let next = end.plus(WINDOW);
        (self.collected && next > now).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn due(gathering: &mut Gathering, event: Event, now: i64) -> i64 {
        gathering.plan(event, at(now)).as_millis()
    }

    #[test]
    fn the_first_goes_at_once_and_the_next_ones_when_the_window_ends() {
        let mut g = Gathering::default();
        for (now, goes) in [
            (1_000, 1_000),
            (1_001, 31_000),
            (30_999, 31_000),
            // What was collected has just gone: the next window follows.
            (31_000, 61_000),
            (60_000, 61_000),
            // Nothing came for a whole window.
            (91_000, 91_000),
            // Nothing was collected in this one.
            (121_000, 121_000),
        ] {
            assert_eq!(due(&mut g, Event::Opened, now), goes, "{now}");
        }
    }

    #[test]
    fn what_may_wait_never_holds_up_an_outage() {
        let mut g = Gathering::default();
        assert_eq!(due(&mut g, Event::Reminder, 0), 0);
        assert_eq!(due(&mut g, Event::Reminder, 1), 30_000, "many are collected");
        assert_eq!(due(&mut g, Event::Opened, 2), 2);
        assert_eq!(due(&mut g, Event::Opened, 3), 30_002);
        assert_eq!(due(&mut g, Event::Acknowledged, 3), 30_000);
        assert_eq!(due(&mut g, Event::Test, 4), 4);
        assert_eq!(due(&mut g, Event::Resolved, 5), 5);
        assert_eq!(due(&mut g, Event::Resolved, 6), 30_005);
    }

    #[test]
    fn a_clock_that_was_set_back_holds_up_nothing() {
        let mut g = Gathering::default();
        due(&mut g, Event::Opened, 1_000_000);
        assert_eq!(due(&mut g, Event::Opened, 5), 5);
    }

    proptest! {
        #[test]
        fn messages_go_out_once_in_a_window_and_nothing_waits_for_longer(
            steps in proptest::collection::vec(0_i64..40_000, 1..200),
        ) {
            let (mut g, mut now, mut times) = (Gathering::default(), 0, Vec::new());
            for step in steps {
                now += step;
                let goes = due(&mut g, Event::Opened, now);
                prop_assert!((now..=now + 30_000).contains(&goes));
                times.push(goes);
            }
            times.dedup();
            prop_assert!(times.windows(2).all(|w| w[1] - w[0] >= 30_000), "{times:?}");
        }
    }
}
