//! How far each open incident has come in telling people: what is due is planned, in the transaction of the event that
//! made it due or when its time comes.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    delivery::{Event, MonitorLabel},
    escalation::{Escalation, Situation},
    hold::Hold,
    id::{IncidentId, MonitorId, PolicyId},
    incident::IncidentKind,
    monitor::MonitorConfig,
    outcome::Reason,
    policy::Reminders,
    state::MonitorState,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use crate::{
    entity::{escalation, incident, monitor},
    error::StoreError,
    incidents::{self, IncidentEventKind},
    monitors::{Links, label_of, read_monitor},
    policies::{Rules, rules_for},
    store::Store,
};

mod acts;
mod audience;
mod dependencies;
mod forecast;
mod row;
mod standing;
mod wake;

pub(crate) use acts::drop_reminders;
pub(crate) use audience::quiet_of;
pub(crate) use dependencies::{fails, taken_down_by};
pub use forecast::{Forecast, ForecastStep, Reach};
pub use standing::{NextAct, Standing};
pub(crate) use wake::{let_go, look_again, look_again_at, wake_children};

/// Incidents per transaction, and transactions per look.
const BATCH: u64 = 50;
const BATCHES: usize = 4;
/// Before one whose rows are damaged is looked at again.
const DAMAGED: Duration = Duration::from_mins(10);

/// An open incident with what decides about it.
pub(crate) struct Case {
    pub(crate) incident: IncidentId,
    kind: IncidentKind,
    pub(crate) label: MonitorLabel,
    pub(crate) opened_at: Timestamp,
    pub(crate) rules: Rules,
    pub(crate) escalation: Escalation,
    hold: Option<Hold>,
    acknowledged: bool,
    /// It has just become more urgent.
    worse: bool,
    /// How long its monitor may take to be seen up again.
    patience: Duration,
}

impl Store {
    /// Of an incident that has just been opened.
    pub(crate) async fn begin_escalation<C: ConnectionTrait>(
        &self,
        tx: &C,
        (id, kind, opened_at): (IncidentId, IncidentKind, Timestamp),
        monitor: &monitor::Model,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let known = row::Known::new(id, kind, opened_at);
        let mut case = self.case(tx, known, monitor, now).await?;
        let policy = case.rules.policy.as_ref().map(|(p, _)| p);
        if let Some(policy) = policy {
            incidents::set_severity(tx, id, kind.severity(policy.config.severity)).await?;
        }
        row::insert(tx, &case, policy.map(|p| p.id)).await?;
        self.go_on(tx, &mut case, now).await
    }

    /// Does what is due for an open incident. Nothing for one that is over, or whose monitor is paused or gone.
    pub(crate) async fn carry_on<C: ConnectionTrait>(
        &self,
        tx: &C,
        id: IncidentId,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        match self.open_case(tx, id, now).await? {
            Some(mut case) => self.go_on(tx, &mut case, now).await,
            None => {
                row::stop(tx, id).await?;
                Ok(0)
            }
        }
    }

    /// The monitor is up again. It is over at once, unless that is to be certain first.
    pub(crate) async fn note_recovery<C: ConnectionTrait>(
        &self,
        tx: &C,
        id: IncidentId,
        monitor: &monitor::Model,
        (state, at, now): (&MonitorState, Timestamp, Timestamp),
    ) -> Result<usize, StoreError> {
        let known = row::known(tx, id).await?;
        let mut case = self.case(tx, known, monitor, now).await?;
        let mut planned = 0;
        let flapped = case.escalation.flapping.is_some();
        if flapped || state.flaps(case.kind, now) {
            case.escalation.flapping = Some(now);
        }
        if case.escalation.flapping.is_some() && !flapped {
            incidents::note(tx, id, at, IncidentEventKind::Flapping, "").await?;
            planned += self.tell(tx, &case, (Event::Flapping, at), now).await?;
        }
        let policy = case.rules.policy.as_ref();
        let wait = policy.map_or(Duration::ZERO, |(p, _)| p.config.recovery_after);
        case.escalation.recovered(at, now, wait);
        planned += self.go_on(tx, &mut case, now).await?;
        if case.escalation.recovering.is_some() && case.escalation.next_at.is_some() {
            incidents::note(tx, id, at, IncidentEventKind::Recovering, "").await?;
        }
        Ok(planned)
    }

    /// The monitor is down again before that was told.
    pub(crate) async fn note_relapse<C: ConnectionTrait>(
        &self,
        tx: &C,
        id: IncidentId,
        monitor: &monitor::Model,
        (at, now): (Timestamp, Timestamp),
    ) -> Result<usize, StoreError> {
        let known = row::known(tx, id).await?;
        if known.escalation.recovering.is_none() {
            return Ok(0);
        }
        let mut case = self.case(tx, known, monitor, now).await?;
        case.escalation.relapsed(now);
        incidents::note(tx, id, at, IncidentEventKind::Relapsed, "").await?;
        self.go_on(tx, &mut case, now).await
    }

    /// Whoever was told that it is open is told again, unless something keeps it quiet.
    pub(crate) async fn note_worse<C: ConnectionTrait>(
        &self,
        tx: &C,
        id: IncidentId,
        monitor: &monitor::Model,
        (reason, at, now): (&Reason, Timestamp, Timestamp),
    ) -> Result<usize, StoreError> {
        let known = row::known(tx, id).await?;
        let mut case = self.case(tx, known, monitor, now).await?;
        incidents::worsen(tx, id, at, reason).await?;
        case.worse = true;
        self.go_on(tx, &mut case, now).await
    }

    /// What is due by the clock. A write only when there is something. Of very many the rest is left for the next look, so
    /// that what was planned is sent meanwhile.
    pub(crate) async fn escalate_if_needed(&self, now: Timestamp) -> Result<(), StoreError> {
        for _ in 0..BATCHES {
            let due: Vec<i64> = escalation::Entity::find()
                .select_only()
                .column(escalation::Column::IncidentId)
                .filter(escalation::Column::NextAt.lte(now.as_millis()))
                .order_by_asc(escalation::Column::NextAt)
                .limit(BATCH)
                .into_tuple()
                .all(self.inner.db.read())
                .await?;
            if due.is_empty() {
                return Ok(());
            }
            let tx = self.inner.db.write().await?;
            let mut planned = 0;
            for id in due.into_iter().map(IncidentId) {
                match self.carry_on(&*tx, id, now).await {
                    Ok(n) => planned += n,
                    // It must not hold up all others for ever.
                    Err(StoreError::Corrupt { .. }) => row::put_off(&*tx, id, now.plus(DAMAGED)).await?,
                    Err(e) => return Err(e),
                }
            }
            tx.commit().await?;
            if planned > 0 {
                self.outbox().wake();
            }
        }
        self.outbox().wake();
        Ok(())
    }

    /// `None`: it is over, or its monitor is paused or gone.
    pub(crate) async fn open_case<C: ConnectionTrait>(
        &self,
        tx: &C,
        id: IncidentId,
        now: Timestamp,
    ) -> Result<Option<Case>, StoreError> {
        let of = incident::Entity::find_by_id(id.0)
            .select_only()
            .column(incident::Column::MonitorId)
            .filter(incident::Column::ResolvedAt.is_null())
            .into_query();
        // The monitor is locked first, as whoever records an outcome does it.
        let monitor = monitor::Entity::find()
            .filter(monitor::Column::Id.in_subquery(of))
            .lock_exclusive()
            .one(tx)
            .await?;
        let Some(monitor) = monitor.filter(|m| m.enabled) else {
            return Ok(None);
        };
        let known = row::known(tx, id).await?;
        self.case(tx, known, &monitor, now).await.map(Some)
    }

    async fn case<C: ConnectionTrait>(
        &self,
        tx: &C,
        known: row::Known,
        monitor: &monitor::Model,
        now: Timestamp,
    ) -> Result<Case, StoreError> {
        let read = read_monitor(monitor.clone(), Links::default(), &self.inner.sealer)?;
        let patience = read.config.stale_after(now);
        let id = MonitorId(monitor.id);
        // Before anything is written: see `Store::hold_of`.
        let hold = self
            .anything_holding(tx, (id, &read.config), known.kind, now)
            .await?;
        let label = label_of(id, read.config);
        let named = monitor.policy_id.map(PolicyId).or(known.policy);
        let rules = rules_for(tx, &label, named).await?;
        Ok(Case {
            incident: known.incident,
            kind: known.kind,
            label,
            opened_at: known.opened_at,
            rules,
            escalation: known.escalation,
            hold,
            acknowledged: known.acknowledged,
            worse: false,
            patience,
        })
    }

    async fn go_on<C: ConnectionTrait>(
        &self,
        tx: &C,
        case: &mut Case,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let before = case.escalation.held;
        let steps = case.rules.steps();
        let situation = Situation {
            now,
            acknowledged: case.acknowledged,
            worse: case.worse,
            hold: case.hold,
            grace: case.patience,
            steps: &steps,
            reminders: reminders(case.kind, &case.rules),
        };
        let acts = case.escalation.advance(&situation);
        let after = case.escalation.held;
        let change = match (before, after) {
            (before, Some(hold)) => Some((IncidentEventKind::Held, hold.by))
                .filter(|(_, by)| before.is_none_or(|before| before.by != *by)),
            (Some(hold), None) => Some((IncidentEventKind::Released, hold.by)),
            (None, None) => None,
        };
        if let Some((kind, by)) = change {
            incidents::note(tx, case.incident, now, kind, &by.to_string()).await?;
        }
        let planned = self.perform(tx, case, (&steps, acts), now).await?;
        row::write(tx, case.incident, &case.escalation).await?;
        Ok(planned)
    }

    /// What holds the alerts of this monitor about this back now, whatever it is.
    async fn anything_holding<C: ConnectionTrait>(
        &self,
        tx: &C,
        (id, config): (MonitorId, &MonitorConfig),
        kind: IncidentKind,
        now: Timestamp,
    ) -> Result<Option<Hold>, StoreError> {
        let matched = (id, config.tags.as_slice(), config.target.kind());
        let silenced = self.hold_of(tx, matched, now).await?;
        if kind == IncidentKind::Certificate {
            // It expires whether or not a parent is down.
            return Ok(silenced);
        }
        Ok(dependencies::hold(tx, id).await?.or(silenced))
    }
}

/// Of a certificate people are reminded by its days.
fn reminders(kind: IncidentKind, rules: &Rules) -> Option<Reminders> {
    let (policy, _) = rules.policy.as_ref()?;
    policy
        .config
        .reminders
        .filter(|_| kind != IncidentKind::Certificate)
}

/// `false`: it was opened by a version that could not be silenced.
pub(crate) async fn snooze<C: ConnectionTrait>(
    tx: &C,
    id: IncidentId,
    until: Timestamp,
    by: &str,
) -> Result<bool, StoreError> {
    let row = escalation::ActiveModel {
        snoozed_until: Set(Some(until.as_millis())),
        snoozed_by: Set(Some(by.to_owned())),
        ..Default::default()
    };
    let snoozed = escalation::Entity::update_many()
        .set(row)
        .filter(escalation::Column::IncidentId.eq(id.0))
        .exec(tx)
        .await?;
    Ok(snoozed.rows_affected > 0)
}

/// When something becomes due by the clock; `None`: nothing.
pub(crate) async fn next_due<C: ConnectionTrait>(db: &C) -> Result<Option<Timestamp>, StoreError> {
    let next = escalation::Entity::find()
        .filter(escalation::Column::NextAt.is_not_null())
        .order_by_asc(escalation::Column::NextAt)
        .limit(1)
        .one(db)
        .await?;
    Ok(next.and_then(|row| row.next_at).map(Timestamp::from_millis))
}

impl crate::incidents::Incidents<'_> {
    /// How far it has come in telling people. `None`: it is from before there were policies.
    pub async fn escalation(&self, id: IncidentId) -> Result<Option<Escalation>, StoreError> {
        row::find(self.store.inner.db.read(), id).await
    }

    /// Incidents of other monitors that are held, or were, because this monitor was down.
    pub async fn taken_down(&self, by: MonitorId, since: Timestamp) -> Result<Vec<String>, StoreError> {
        let outage = [(by, since)].into_iter().collect();
        let mut names = taken_down_by(self.store.inner.db.read(), outage).await?;
        Ok(names.remove(&by).unwrap_or_default())
    }
}
