//! Is it us? An outcome is held against its zone before it counts.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    id::MonitorId,
    outcome::{FaultKind, Outcome, Verdict},
    reach::{Change, Ruling, Seen, Sign, ZoneName, offline_fault},
    state::{Known, MonitorState, Transition, advance},
};
use tokio::time::Instant;

use super::Engine;
use crate::{check::Check, entry::Work, queue::Due, zones::Checked};

/// After a time offline all monitors of the zone are checked within this long, not all at once.
const ROUND: Duration = Duration::from_secs(10);

impl<C: Check> Engine<C> {
    /// The outcome of a monitor whose check is through; the check began at `begun`.
    pub(super) fn fold(&mut self, id: MonitorId, outcome: Outcome, begun: Instant) {
        let now = self.now();
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        self.gauges
            .checks
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        entry.heard = Some(now.wall);
        let zone = entry.monitor.config.zone.clone();
        let before = entry.trusted_state(&outcome);
        let turns_bad = is_well(&before);
        let (_, transition) = advance(before, &outcome, entry.monitor.config.thresholds);
        let seen = Seen {
            monitor: id,
            sign: Sign::of(&zone, &outcome),
            at: outcome.at,
            begun: self.zones.moment(begun),
            now: self.zones.moment(now.instant),
            turns_bad,
            opens: match transition {
                Some(Transition::Opened { since, .. }) => Some(since),
                Some(Transition::Worsened { .. } | Transition::Resolved { .. }) | None => None,
            },
            members: self.zones.members(&zone),
        };
        let (ruling, change) = self.zones.see(&zone, seen);
        self.zone_changed(&zone, change);
        match ruling {
            Ruling::Stands => self.settle(id, outcome),
            Ruling::Offline { since } => self.settle(id, unknown(outcome, &zone, since)),
            Ruling::Wait => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.work = Work::Judging {
                        since: now.instant,
                        outcome: Box::new(outcome),
                    };
                    self.zones.wait(&zone, id);
                }
            }
        }
        self.zones.ask_due(&self.store, &self.check, now.instant);
    }

    /// `None`: it was dropped because everything stops.
    pub(super) fn self_checked(&mut self, checked: Option<Checked>) {
        let Some(checked) = checked else { return };
        let change = self.zones.answer(&checked, self.now());
        self.zone_changed(&checked.zone, change);
        for id in self.zones.release(&checked.zone) {
            self.judged(id, &checked.zone);
        }
    }

    fn judged(&mut self, id: MonitorId, zone: &ZoneName) {
        let offline = self.zones.offline_since(zone);
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        // It may have been edited meanwhile, and wait for another zone by now.
        if entry.monitor.config.zone != *zone || !matches!(entry.work, Work::Judging { .. }) {
            return;
        }
        if let Work::Judging { outcome, .. } = std::mem::replace(&mut entry.work, Work::Idle) {
            match offline {
                Some(since) => self.settle(id, unknown(*outcome, zone, since)),
                None => self.settle(id, *outcome),
            }
        }
    }

    /// It waited too long for a verdict: in doubt somebody is told.
    pub(super) fn stop_judging(&mut self, id: MonitorId) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if let Work::Judging { outcome, .. } = std::mem::replace(&mut entry.work, Work::Idle) {
            self.settle(id, *outcome);
        }
    }

    fn zone_changed(&mut self, zone: &ZoneName, change: Change) {
        let now = self.now();
        self.zones.record(zone, change, now.wall);
        match change {
            Change::None => {}
            Change::Began { since } => self.doubt(zone, since),
            Change::Ended { .. } => self.look_again(zone),
        }
    }

    /// The failures that were seen before it was found out were the network's.
    fn doubt(&mut self, zone: &ZoneName, since: Timestamp) {
        let fault = offline_fault(zone, since);
        for entry in self.entries.values_mut() {
            if entry.monitor.config.zone != *zone {
                continue;
            }
            for sample in entry.suspect.drain(..).filter(|s| s.at >= since) {
                self.store.samples().push(sample.doubted(&fault));
            }
        }
    }

    fn look_again(&mut self, zone: &ZoneName) {
        let now = self.now();
        let members = self.zones.members(zone).max(1);
        let step = ROUND / u32::try_from(members).unwrap_or(u32::MAX);
        let mut turn = Duration::ZERO;
        for (id, entry) in &mut self.entries {
            if entry.monitor.config.zone != *zone {
                continue;
            }
            // What was seen before and while the network went says nothing about the target.
            entry.fresh = true;
            let at = now.instant + turn;
            self.queue.bring_forward(*id, Due { at, tick: None });
            turn += step;
        }
    }
}

/// Not failing, as far as is known.
fn is_well(state: &MonitorState) -> bool {
    state.doubt.is_none()
        && matches!(
            state.known,
            Known::Pending { failing: None } | Known::Up { failing: None, .. }
        )
}

fn unknown(outcome: Outcome, zone: &ZoneName, since: Timestamp) -> Outcome {
    Outcome {
        verdict: Verdict::Internal(offline_fault(zone, since)),
        ..outcome
    }
}

/// Whether this outcome is unknown because we were offline.
pub(crate) fn is_offline(outcome: &Outcome) -> bool {
    matches!(&outcome.verdict, Verdict::Internal(fault) if fault.kind == FaultKind::SelfOffline)
}
