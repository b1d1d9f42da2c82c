//! The zones as the engine sees them: who is in which, who waits for a self-check, and the self-checks under way.

use std::{
    collections::{BTreeSet, HashMap},
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use domain::{
    clock::Timestamp,
    id::MonitorId,
    reach::{Change, DEADLINE, Reach, Ruling, Seen, Watch, ZoneName},
};
use futures_util::FutureExt;
use store::{Store, StoreError};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{check::Check, gaps::Note, handle::Gauges, queue::Moment};

/// Reading the settings and asking.
const LONGEST: Duration = DEADLINE.saturating_mul(2);

/// A self-check that ended.
pub(crate) struct Checked {
    pub(crate) zone: ZoneName,
    thorough: bool,
    reach: Reach,
}

pub(crate) struct Zones {
    /// Moments are counted from here.
    start: Instant,
    watches: HashMap<ZoneName, Watch>,
    /// Enabled monitors.
    members: HashMap<ZoneName, usize>,
    waiting: HashMap<ZoneName, Vec<MonitorId>>,
    /// A reference of these answered in an earlier run.
    trusted: BTreeSet<ZoneName>,
    pub(crate) checks: JoinSet<Checked>,
    notes: mpsc::UnboundedSender<Note>,
    gauges: Arc<Gauges>,
}

impl Zones {
    /// Reads what earlier runs left.
    pub(crate) async fn load(
        store: &Store,
        start: Instant,
        notes: mpsc::UnboundedSender<Note>,
        gauges: Arc<Gauges>,
    ) -> Result<Self, StoreError> {
        let settings = store.settings().zones().await?;
        let answers = store.gaps().answers(&settings.zones).await?;
        let mut zones = Self {
            start,
            watches: HashMap::new(),
            members: HashMap::new(),
            waiting: HashMap::new(),
            trusted: answers.into_keys().map(|(zone, _)| zone).collect(),
            checks: JoinSet::new(),
            notes,
            gauges,
        };
        for gap in store.gaps().open().await? {
            let watch = Watch::new(true, Some(gap.since), Duration::ZERO);
            zones.watches.insert(gap.zone, watch);
        }
        zones.publish();
        Ok(zones)
    }

    pub(crate) fn enter(&mut self, zone: &ZoneName) {
        *self.members.entry(zone.clone()).or_default() += 1;
        if !self.watches.contains_key(zone) {
            let watch = Watch::new(self.trusted.contains(zone), None, Duration::ZERO);
            self.watches.insert(zone.clone(), watch);
        }
    }

    pub(crate) fn leave(&mut self, zone: &ZoneName) {
        if let Some(n) = self.members.get_mut(zone) {
            *n = n.saturating_sub(1);
        }
    }

    pub(crate) fn members(&self, zone: &ZoneName) -> usize {
        self.members.get(zone).copied().unwrap_or_default()
    }

    pub(crate) fn moment(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.start)
    }

    pub(crate) fn see(&mut self, zone: &ZoneName, seen: Seen) -> (Ruling, Change) {
        match self.watches.get_mut(zone) {
            Some(watch) => watch.see(seen),
            None => (Ruling::Stands, Change::None),
        }
    }

    pub(crate) fn offline_since(&self, zone: &ZoneName) -> Option<Timestamp> {
        self.watches.get(zone)?.offline_since()
    }

    pub(crate) fn wait(&mut self, zone: &ZoneName, id: MonitorId) {
        self.waiting.entry(zone.clone()).or_default().push(id);
    }

    /// Everybody who waited for this zone.
    pub(crate) fn release(&mut self, zone: &ZoneName) -> Vec<MonitorId> {
        self.waiting.remove(zone).unwrap_or_default()
    }

    /// The settings changed.
    pub(crate) fn set_up_anew(&mut self, now: Instant) {
        let now = self.moment(now);
        for watch in self.watches.values_mut() {
            watch.set_up_anew(now);
        }
    }

    /// Begins every self-check that is due, one at a time for each zone.
    pub(crate) fn ask_due<C: Check>(&mut self, store: &Store, check: &C, now: Instant) {
        let at = self.moment(now);
        for (zone, watch) in &mut self.watches {
            let members = self.members.get(zone).copied().unwrap_or_default();
            if !watch.wants_check(at, members) {
                continue;
            }
            // With time to spare everybody is heard, so that the page can say who answers.
            let thorough = !self.waiting.contains_key(zone) && watch.offline_since().is_none();
            watch.ask(at);
            self.gauges.self_checks.fetch_add(1, Relaxed);
            let asking = ask(store.clone(), check.clone(), zone.clone(), thorough);
            let zone = zone.clone();
            self.checks.spawn(async move {
                let asked = timeout(LONGEST, AssertUnwindSafe(asking).catch_unwind()).await;
                let reach = match asked {
                    Ok(Ok(reach)) => reach,
                    Ok(Err(_)) | Err(_) => {
                        tracing::error!(zone = %zone, "a self-check broke");
                        Reach::Unclear
                    }
                };
                Checked {
                    zone,
                    thorough,
                    reach,
                }
            });
        }
    }

    /// A self-check is through.
    pub(crate) fn answer(&mut self, checked: &Checked, now: Moment) -> Change {
        let at = self.moment(now.instant);
        let Some(watch) = self.watches.get_mut(&checked.zone) else {
            return Change::None;
        };
        let trusted = watch.is_trusted();
        let change = watch.answer(checked.reach, at, now.wall);
        match (trusted, watch.is_trusted()) {
            (true, false) => {
                tracing::warn!(
                    zone = %checked.zone,
                    "none of the references of this zone answers although monitors do; there is no self-check until one answers"
                );
                self.note(Note::Distrusted {
                    zone: checked.zone.clone(),
                });
            }
            // To be remembered it has to be asked at leisure.
            (false, true) if !checked.thorough => watch.set_up_anew(at),
            (false, _) | (true, true) => {}
        }
        change
    }

    /// Puts the change on record.
    pub(crate) fn record(&self, zone: &ZoneName, change: Change, at: Timestamp) {
        let zone = zone.clone();
        match change {
            Change::None => return,
            Change::Began { since } => {
                tracing::warn!(zone = %zone, since = %since, "offline: no reference of this zone answers");
                self.note(Note::Began { zone, since });
            }
            Change::Ended { since } => {
                tracing::warn!(zone = %zone, since = %since, until = %at, "online again");
                self.note(Note::Ended { zone, until: at });
            }
        }
        self.publish();
    }

    fn note(&self, note: Note) {
        // Nobody listens: everything stops, and the next start reads what is open.
        let _ = self.notes.send(note);
    }

    fn publish(&self) {
        let offline = self
            .watches
            .iter()
            .filter_map(|(zone, watch)| Some((zone.clone(), watch.offline_since()?)));
        let mut offline: Vec<_> = offline.collect();
        offline.sort();
        *self.gauges.offline.lock() = offline;
    }
}

async fn ask<C: Check>(store: Store, check: C, name: ZoneName, thorough: bool) -> Reach {
    let zones = match store.settings().zones().await {
        Ok(stored) => stored.zones,
        Err(error) => {
            tracing::warn!(zone = %name, error = %error, "the references of a zone could not be read");
            return Reach::Unclear;
        }
    };
    let Some(zone) = zones.get(&name).filter(|z| !z.references.is_empty()) else {
        return Reach::NoReferences;
    };
    let asked = check.ask(zone.clone(), thorough).await;
    if thorough {
        let noted = store
            .gaps()
            .note_answers(&name, &zone.references, &asked.answered, store.now())
            .await;
        if let Err(error) = noted {
            tracing::warn!(zone = %name, error = %error, "which references answered could not be noted");
        }
    }
    asked.reach
}
