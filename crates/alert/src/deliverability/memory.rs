//! What was found lately, so that reading a page twice asks DNS once.

use std::{collections::HashMap, time::Duration};

use domain::{clock::Timestamp, deliverability::Subject};
use parking_lot::Mutex;

use super::Looked;

const KEPT: Duration = Duration::from_hours(1);
/// Subjects; the oldest makes room.
const MOST: usize = 64;

#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<Subject, Looked>>);

impl Memory {
    pub(super) fn recall(&self, subject: &Subject, now: Timestamp) -> Option<Looked> {
        let found = self.0.lock().get(subject).cloned()?;
        // A clock that was set back makes nothing younger.
        (found.at <= now && now.since(found.at) < KEPT).then_some(found)
    }

    pub(super) fn keep(&self, subject: Subject, looked: Looked) {
        let mut all = self.0.lock();
        if all.len() >= MOST && !all.contains_key(&subject) {
            let oldest = all.iter().min_by_key(|(_, l)| l.at).map(|(s, _)| s.clone());
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
        all.insert(subject, looked);
    }

    pub(super) fn forget(&self, subject: &Subject) {
        self.0.lock().remove(subject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(i: usize) -> Subject {
        Subject::parse(&format!("d{i}.example.org"), "", "", None).unwrap()
    }

    fn looked(at: Timestamp) -> Looked {
        Looked {
            findings: Vec::new().into(),
            at,
        }
    }

    #[test]
    fn it_lasts_an_hour_and_is_bounded() {
        let start = Timestamp::from_millis(1_000_000);
        let memory = Memory::default();
        memory.keep(subject(0), looked(start));
        assert!(
            memory
                .recall(&subject(0), start.plus(Duration::from_secs(3599)))
                .is_some()
        );
        assert!(memory.recall(&subject(0), start.plus(KEPT)).is_none());
        assert!(
            memory
                .recall(&subject(0), start.minus(Duration::from_secs(1)))
                .is_none()
        );
        assert!(memory.recall(&subject(1), start).is_none());
        for i in 1..200 {
            memory.keep(subject(i), looked(start.plus(Duration::from_secs(i as u64))));
        }
        assert_eq!(memory.0.lock().len(), MOST);
        let end = start.plus(Duration::from_secs(200));
        assert!(memory.recall(&subject(0), end).is_none());
        assert!(memory.recall(&subject(199), end).is_some());
        memory.forget(&subject(199));
        assert!(memory.recall(&subject(199), end).is_none());
    }
}
