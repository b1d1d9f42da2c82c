//! Monitors that were created, edited, paused, resumed or deleted while the engine runs.

use std::collections::HashMap;

use domain::{id::MonitorId, monitor::Monitor, outcome::Outcome, state::MonitorState};
use tokio::sync::oneshot;

use super::Engine;
use crate::{
    check::Check,
    entry::{Entry, Work},
    loading::Loaded,
};

impl<C: Check> Engine<C> {
    /// `None`: the read crashed; its row was reported.
    pub(super) fn loaded(&mut self, loaded: Option<Loaded>) {
        match loaded {
            None | Some(Loaded::Census(None)) => {}
            Some(Loaded::Census(Some(enabled))) => self.compare(&enabled),
            Some(Loaded::Damaged(id)) => {
                // Its waiters are dropped: there will be no check.
                let _ = self.loads.end(&self.store, id);
            }
            Some(Loaded::One(id, found)) => {
                let Some(waiters) = self.loads.end(&self.store, id) else {
                    return;
                };
                match found {
                    Some(found) if found.0.config.enabled => self.adopt(found.0, found.1, waiters),
                    Some(_) | None => self.forget(id),
                }
            }
        }
    }

    fn adopt(&mut self, monitor: Monitor, state: MonitorState, waiters: Vec<oneshot::Sender<Outcome>>) {
        let (id, now) = (monitor.id, self.now());
        let known = self.entries.get(&id).map(|e| e.monitor.revision);
        if known == Some(monitor.revision) {
            if !waiters.is_empty() {
                self.check_for(id, waiters);
            }
            return;
        }
        self.interrupt(id);
        let mut entry = Entry::new(monitor, state);
        self.zones.enter(&entry.monitor.config.zone);
        if let Some(before) = self.entries.remove(&id) {
            self.zones.leave(&before.monitor.config.zone);
            entry.heard = before.heard;
            entry.fresh = before.fresh;
            entry.waiters = before.waiters;
            entry.later = before.later;
            if matches!(before.work, Work::Recording) {
                // What was read is from after the edit: the database takes that outcome no more, or took it before.
                entry.work = Work::Recording;
                entry.again = true;
            }
        }
        entry.waiters.extend(waiters);
        self.queue.set(id, entry.next_tick(now.wall, now));
        let idle = matches!(entry.work, Work::Idle);
        self.entries.insert(id, entry);
        if idle {
            self.check_again(id, now);
        }
    }

    /// Paused or deleted. Whoever waits for a check of it hears that there is none.
    fn forget(&mut self, id: MonitorId) {
        self.interrupt(id);
        self.queue.set(id, None);
        if let Some(entry) = self.entries.remove(&id) {
            self.zones.leave(&entry.monitor.config.zone);
        }
    }

    /// Finds changes that nobody announced: another instance, or a command beside this process.
    fn compare(&mut self, enabled: &HashMap<MonitorId, i64>) {
        let differs =
            |id: &MonitorId| self.entries.get(id).map(|e| e.monitor.revision) != enabled.get(id).copied();
        let ids = enabled.keys().chain(self.entries.keys());
        let mut changed: Vec<MonitorId> = ids.filter(|id| differs(id)).copied().collect();
        changed.sort_unstable();
        changed.dedup();
        for id in changed {
            self.loads.begin(&self.store, id);
        }
    }
}
