//! Who is due when.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use domain::{clock::Timestamp, id::MonitorId};
use tokio::time::Instant;

/// The same moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) instant: Instant,
    pub(crate) wall: Timestamp,
}

impl Moment {
    pub(crate) fn instant_of(self, wall: Timestamp) -> Instant {
        self.instant + wall.since(self.wall)
    }

    /// How far the wall clock has moved against the monotonic one since `earlier`, either way.
    pub(crate) fn jump_since(self, earlier: Self) -> Duration {
        let expected = earlier
            .wall
            .plus(self.instant.saturating_duration_since(earlier.instant));
        self.wall.since(expected).max(expected.since(self.wall))
    }
}

/// The next check of one monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    /// The regular time that it keeps; `None` for a check out of turn.
    pub(crate) tick: Option<Timestamp>,
}

/// At most one due time per monitor, ordered by time.
#[derive(Default)]
pub(crate) struct DueQueue {
    by_time: BTreeSet<(Instant, MonitorId)>,
    of: HashMap<MonitorId, Due>,
}

impl DueQueue {
    pub(crate) fn set(&mut self, id: MonitorId, due: Option<Due>) {
        let before = match due {
            Some(due) => self.of.insert(id, due),
            None => self.of.remove(&id),
        };
        if let Some(before) = before {
            self.by_time.remove(&(before.at, id));
        }
        if let Some(due) = due {
            self.by_time.insert((due.at, id));
        }
    }

    /// Moves it forward; a later time than the present one changes nothing.
    pub(crate) fn bring_forward(&mut self, id: MonitorId, due: Due) {
        if self.of.get(&id).is_none_or(|present| due.at < present.at) {
            self.set(id, Some(due));
        }
    }

    pub(crate) fn get(&self, id: MonitorId) -> Option<Due> {
        self.of.get(&id).copied()
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes out the first that is due by `now`.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(MonitorId, Due)> {
        let (at, id) = *self.by_time.first()?;
        if at > now {
            return None;
        }
        self.by_time.pop_first();
        self.of.remove(&id).map(|due| (id, due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(at: Instant) -> Due {
        Due { at, tick: None }
    }

    #[test]
    fn gives_what_is_due_in_order_and_once() {
        let t = Instant::now();
        let ms = Duration::from_millis;
        let mut queue = DueQueue::default();
        queue.set(MonitorId(1), Some(due(t + ms(20))));
        queue.set(MonitorId(2), Some(due(t + ms(10))));
        queue.set(MonitorId(3), Some(due(t + ms(30))));
        queue.set(MonitorId(3), None);
        // Moving replaces, and moving forward never delays.
        queue.set(MonitorId(1), Some(due(t + ms(5))));
        queue.bring_forward(MonitorId(1), due(t + ms(15)));
        assert_eq!(queue.next(), Some(t + ms(5)));
        let order: Vec<i64> = std::iter::from_fn(|| queue.pop(t + ms(100)))
            .map(|(id, _)| id.0)
            .collect();
        assert_eq!(order, [1, 2]);
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn a_jump_is_seen_in_either_direction() {
        let start = Moment {
            instant: Instant::now(),
            wall: Timestamp::from_millis(1_000_000),
        };
        let later = |wall_ms: i64| Moment {
            instant: start.instant + Duration::from_secs(1),
            wall: Timestamp::from_millis(1_000_000 + wall_ms),
        };
        assert_eq!(later(1_000).jump_since(start), Duration::ZERO);
        assert_eq!(later(61_000).jump_since(start), Duration::from_mins(1));
        assert_eq!(later(-59_000).jump_since(start), Duration::from_mins(1));
    }
}
