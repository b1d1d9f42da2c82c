//! One outcome, one transaction: the state, the incident, every outbox row and the sample, or nothing.

use domain::{
    clock::Timestamp,
    id::{IncidentId, MonitorId},
    incident::Origin,
    outcome::Outcome,
    state::{MonitorState, Transition},
};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};

use crate::{
    crash_point, entity::monitor, error::StoreError, escalations, incidents, monitors::write_state,
    samples::Sample, store::Store,
};

/// An outcome that changed a monitor's state.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub monitor: MonitorId,
    /// Of the configuration that was checked.
    pub revision: i64,
    pub outcome: Outcome,
    pub state: MonitorState,
    /// At most one of each kind.
    pub transitions: Vec<Transition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    Stored {
        /// What the transitions opened, made worse or resolved.
        incidents: Vec<IncidentId>,
        /// Outbox rows that were planned.
        deliveries: usize,
    },
    /// The monitor was edited, paused or deleted since the check began. Nothing was written.
    Stale,
}

impl Store {
    /// Durable when it returns. The sample of this outcome is written with it: do not push it as well.
    pub async fn record(&self, recorded: Recorded) -> Result<Record, StoreError> {
        let now = self.now();
        self.inner.journal.ready(&self.inner.db, now).await?;
        let tx = self.inner.db.write().await?;
        // Locked, so that on PostgreSQL an edit or a deletion waits, or we see it.
        let current = monitor::Entity::find_by_id(recorded.monitor.0)
            .lock_exclusive()
            .one(&*tx)
            .await?;
        let Some(current) = current.filter(|m| m.revision == recorded.revision) else {
            return Ok(Record::Stale);
        };
        write_state(&*tx, recorded.monitor, &recorded.state, now).await?;
        let (mut incidents, mut deliveries) = (Vec::new(), 0);
        for transition in &recorded.transitions {
            let (incident, planned) = self.apply(&*tx, &recorded, &current, transition, now).await?;
            incidents.extend(incident);
            deliveries += planned;
        }
        if !escalations::fails(&recorded.state) {
            escalations::wake_children(&*tx, recorded.monitor, now).await?;
        }
        let sample = Sample::from_outcome(recorded.monitor, &recorded.outcome);
        let journaled = self.inner.journal.write_one(&*tx, &sample).await?;
        if !recorded.transitions.is_empty() {
            crash_point!("before_commit");
        }
        tx.commit().await?;
        if !recorded.transitions.is_empty() {
            crash_point!("after_commit");
        }
        self.inner.journal.committed(journaled, sample);
        if deliveries > 0 {
            self.outbox().wake();
        }
        Ok(Record::Stored {
            incidents,
            deliveries,
        })
    }

    async fn apply<C: ConnectionTrait>(
        &self,
        tx: &C,
        recorded: &Recorded,
        monitor: &monitor::Model,
        transition: &Transition,
        now: Timestamp,
    ) -> Result<(Option<IncidentId>, usize), StoreError> {
        let origin = Origin::Monitor(recorded.monitor);
        let open = incidents::find_open(tx, recorded.monitor, transition.kind()).await?;
        let open = open.map(|row| IncidentId(row.id));
        let at = recorded.outcome.at;
        match (transition, open) {
            // The incident that is open already is this one.
            (Transition::Opened { .. }, Some(id)) => {
                let planned = self.note_relapse(tx, id, monitor, (at, now)).await?;
                Ok((Some(id), planned))
            }
            (Transition::Worsened { reason, .. }, Some(id)) => {
                let planned = self.note_worse(tx, id, monitor, (reason, at, now)).await?;
                Ok((Some(id), planned))
            }
            (Transition::Worsened { .. } | Transition::Resolved { .. }, None) => Ok((None, 0)),
            (Transition::Opened { kind, since, reason }, None) => {
                let label = self.monitors().label(monitor.clone())?;
                let of = (&origin, *kind, label);
                let id = incidents::open(tx, of, *since, at, reason).await?;
                let planned = self.begin_escalation(tx, (id, *kind, at), monitor, now).await?;
                Ok((Some(id), planned))
            }
            (Transition::Resolved { at, .. }, Some(id)) => {
                let known = (&recorded.state, *at, now);
                let planned = self.note_recovery(tx, id, monitor, known).await?;
                Ok((Some(id), planned))
            }
        }
    }
}
