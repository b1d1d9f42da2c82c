//! Who may start: a line per host, then a line for the workers.
//!
//! A place at the host is taken before a worker is waited for, so that a slow host's monitors stand in their own line
//! and never in the common one.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use domain::id::MonitorId;

pub(crate) struct Lines {
    free_workers: usize,
    per_host: usize,
    /// These have a place at their host.
    ready: VecDeque<MonitorId>,
    hosts: HashMap<Arc<str>, HostLine>,
}

#[derive(Default)]
struct HostLine {
    /// Places taken: running or ready.
    taken: usize,
    waiting: VecDeque<MonitorId>,
}

impl Lines {
    pub(crate) fn new(workers: usize, per_host: usize) -> Self {
        Self {
            free_workers: workers.max(1),
            per_host: per_host.max(1),
            ready: VecDeque::new(),
            hosts: HashMap::new(),
        }
    }

    /// Gets in line, at its head when `urgent`. The caller sees to it that nobody stands there twice.
    pub(crate) fn join(&mut self, id: MonitorId, host: &Arc<str>, urgent: bool) {
        let at_host = self.hosts.entry(Arc::clone(host)).or_default();
        let line = if at_host.taken < self.per_host {
            at_host.taken += 1;
            &mut self.ready
        } else {
            &mut at_host.waiting
        };
        if urgent {
            line.push_front(id);
        } else {
            line.push_back(id);
        }
    }

    /// The next that may start; it has a worker now.
    pub(crate) fn start(&mut self) -> Option<MonitorId> {
        if self.free_workers == 0 {
            return None;
        }
        let id = self.ready.pop_front()?;
        self.free_workers -= 1;
        Some(id)
    }

    /// A check ended: its worker and its place at the host are free.
    pub(crate) fn end(&mut self, host: &Arc<str>) {
        self.free_workers += 1;
        self.give_place(host);
    }

    /// Leaves the line before it was its turn. `false`: it did not stand there.
    pub(crate) fn leave(&mut self, id: MonitorId, host: &Arc<str>) -> bool {
        if let Some(at) = self.ready.iter().position(|r| *r == id) {
            self.ready.remove(at);
            self.give_place(host);
            return true;
        }
        let Some(at_host) = self.hosts.get_mut(host) else {
            return false;
        };
        match at_host.waiting.iter().position(|w| *w == id) {
            Some(at) => at_host.waiting.remove(at).is_some(),
            None => false,
        }
    }

    pub(crate) fn contains(&self, id: MonitorId, host: &Arc<str>) -> bool {
        let at_host = self.hosts.get(host).map(|h| &h.waiting);
        self.ready.contains(&id) || at_host.is_some_and(|w| w.contains(&id))
    }

    fn give_place(&mut self, host: &Arc<str>) {
        let Some(at_host) = self.hosts.get_mut(host) else {
            return;
        };
        if let Some(next) = at_host.waiting.pop_front() {
            self.ready.push_back(next);
            return;
        }
        at_host.taken -= 1;
        if at_host.taken == 0 {
            self.hosts.remove(host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(lines: &mut Lines) -> Vec<i64> {
        std::iter::from_fn(|| lines.start()).map(|id| id.0).collect()
    }

    #[test]
    fn a_full_host_does_not_stand_in_the_way_of_another() {
        let (slow, quick): (Arc<str>, Arc<str>) = ("slow".into(), "quick".into());
        let mut lines = Lines::new(3, 2);
        for id in 1..=4 {
            lines.join(MonitorId(id), &slow, false);
        }
        lines.join(MonitorId(5), &quick, false);
        assert_eq!(started(&mut lines), [1, 2, 5]);
        lines.end(&slow);
        assert_eq!(started(&mut lines), [3]);
        lines.end(&quick);
        assert_eq!(
            started(&mut lines),
            [0; 0],
            "both places at the slow host are taken"
        );
    }

    #[test]
    fn leaving_passes_the_place_on() {
        let host: Arc<str> = "host".into();
        let mut lines = Lines::new(1, 1);
        lines.join(MonitorId(1), &host, false);
        lines.join(MonitorId(2), &host, false);
        lines.join(MonitorId(3), &host, true);
        assert!(lines.leave(MonitorId(1), &host));
        assert!(!lines.leave(MonitorId(1), &host));
        assert_eq!(started(&mut lines), [3]);
        assert!(lines.leave(MonitorId(2), &host));
        lines.end(&host);
        assert!(lines.hosts.is_empty(), "nothing is kept of a host without checks");
        assert_eq!(lines.free_workers, 1);
    }

    #[test]
    fn workers_bound_everything() {
        let mut lines = Lines::new(2, 8);
        for id in 1..=5 {
            lines.join(MonitorId(id), &format!("host{id}").into(), false);
        }
        assert_eq!(started(&mut lines), [1, 2]);
        lines.end(&"host1".into());
        assert_eq!(started(&mut lines), [3]);
    }
}
