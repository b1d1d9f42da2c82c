//! Troubles of Watchbell itself: incidents whose origin is no monitor.
//!
//! They are told by the same outbox to those who look after Watchbell ([`crate::General::operations_channels`]); never by
//! the channel that is in trouble. A trouble of which nobody could be told while it lasted is opened without a word and
//! told when it is over.

use std::collections::BTreeSet;

use domain::{
    clock::Timestamp,
    delivery::{Event, MonitorLabel},
    id::{ChannelId, IncidentId, MonitorId},
    incident::{Incident, IncidentKind, Origin},
    outcome::Reason,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    entity::{channel, incident},
    error::StoreError,
    incidents::{self, read_incident},
    outbox::plan::{self, Addressee, Planned},
    settings,
    store::Store,
};

/// What stands where a monitor has its kind.
const KIND: &str = "watchbell";

pub struct Troubles<'a> {
    pub(crate) store: &'a Store,
}

/// Something that is wrong with us, or with our means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// No monitor.
    pub origin: Origin,
    pub since: Timestamp,
    pub reason: Reason,
}

impl Troubles<'_> {
    /// Opens an incident, or gives the one that is open already. `tell`: whoever looks after Watchbell hears of it now.
    pub async fn open(&self, trouble: &Trouble, tell: bool) -> Result<IncidentId, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let id = self.open_within(&*tx, trouble, tell).await?;
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(id)
    }

    /// The same in a transaction of the caller, who wakes the outbox when it is committed.
    pub(crate) async fn open_within<C: ConnectionTrait>(
        &self,
        tx: &C,
        trouble: &Trouble,
        tell: bool,
    ) -> Result<IncidentId, StoreError> {
        let Some(key) = trouble.origin.own() else {
            return Err(StoreError::NotOurs);
        };
        if let Some(open) = incidents::find_open_own(tx, &key).await? {
            return Ok(IncidentId(open.id));
        }
        let now = self.store.now();
        let label = label(tx, &trouble.origin).await?;
        let of = (&trouble.origin, IncidentKind::Down, label);
        let id = incidents::open(tx, of, trouble.since, now, &trouble.reason).await?;
        if tell {
            self.tell(tx, (id, &trouble.origin), Event::Opened, now).await?;
        }
        Ok(id)
    }

    /// Resolves the open incident of this origin. `tell`: whoever looks after Watchbell hears of it, whether or not they
    /// heard of its beginning. `None`: none was open, and nobody is told.
    pub async fn resolve(
        &self,
        origin: &Origin,
        at: Timestamp,
        tell: bool,
    ) -> Result<Option<IncidentId>, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let id = self.resolve_within(&*tx, origin, at, (tell, "")).await?;
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(id)
    }

    /// The same in a transaction of the caller, who wakes the outbox when it is committed. `detail` is kept with the
    /// incident.
    pub(crate) async fn resolve_within<C: ConnectionTrait>(
        &self,
        tx: &C,
        origin: &Origin,
        at: Timestamp,
        (tell, detail): (bool, &str),
    ) -> Result<Option<IncidentId>, StoreError> {
        let Some(key) = origin.own() else {
            return Err(StoreError::NotOurs);
        };
        let Some(open) = incidents::find_open_own(tx, &key).await? else {
            return Ok(None);
        };
        let id = IncidentId(open.id);
        incidents::resolve(tx, id, at, detail).await?;
        if tell {
            self.tell(tx, (id, origin), Event::Resolved, at).await?;
        }
        Ok(Some(id))
    }

    /// What is open now, oldest first.
    pub async fn all_open(&self) -> Result<Vec<Incident>, StoreError> {
        let rows = incident::Entity::find()
            .filter(incident::Column::Origin.is_not_null())
            .filter(incident::Column::ResolvedAt.is_null())
            .order_by_asc(incident::Column::Id)
            .all(self.store.inner.db.read())
            .await?;
        rows.into_iter().map(read_incident).collect()
    }

    /// The channels by which a trouble would be told now: of anything but a channel, with `None`.
    pub async fn heard_by(&self, except: Option<ChannelId>) -> Result<BTreeSet<ChannelId>, StoreError> {
        let ids = listeners(self.store.inner.db.read(), except).await?;
        Ok(ids.into_iter().map(ChannelId).collect())
    }

    /// Whoever looks after Watchbell now, and of what comes later whoever heard of the beginning.
    pub(crate) async fn tell<C: ConnectionTrait>(
        &self,
        tx: &C,
        (incident, origin): (IncidentId, &Origin),
        event: Event,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let listening = heard_by(tx, origin).await?;
        let told = plan::told(tx, incident).await?;
        let all = listening.iter().copied().chain(told.iter().map(|(id, _)| *id));
        let mut audience = Vec::new();
        for channel in plan::enabled(tx, all.collect()).await? {
            let willing = self.store.recipients_for(&channel, event)?;
            if willing.is_empty() {
                continue;
            }
            let of_channel = told.iter().filter(|(id, _)| *id == channel.id);
            let mut recipients: BTreeSet<String> = of_channel.map(|(_, r)| r.clone()).collect();
            if listening.contains(&channel.id) {
                recipients.extend(willing);
            }
            audience.push(Addressee::new(channel, recipients));
        }
        let planned = Planned {
            incident,
            event: (event, 0),
            at,
        };
        self.store.plan(tx, planned, audience, self.store.now()).await?;
        Ok(())
    }
}

/// What messages say of the origin: names alone, which are the same in every language.
async fn label<C: ConnectionTrait>(tx: &C, origin: &Origin) -> Result<MonitorLabel, StoreError> {
    let name = match origin {
        Origin::Monitor(id) => id.to_string(),
        Origin::Zone(name) => name.clone(),
        Origin::Channel(id) => {
            let row = channel::Entity::find_by_id(id.0).one(tx).await?;
            row.map_or_else(|| id.to_string(), |row| row.name)
        }
    };
    Ok(MonitorLabel {
        id: MonitorId(0),
        name: format!("Watchbell: {name}"),
        kind: KIND.to_owned(),
        target: name,
        tags: Vec::new(),
    })
}

/// Channels that hear of a trouble with this origin.
async fn heard_by<C: ConnectionTrait>(tx: &C, origin: &Origin) -> Result<Vec<i64>, StoreError> {
    let except = match origin {
        Origin::Channel(id) => Some(*id),
        Origin::Zone(_) | Origin::Monitor(_) => None,
    };
    listeners(tx, except).await
}

/// Those that were chosen, as far as they are switched on; if none of them works, or nobody chose, all that are switched
/// on: somebody is to hear.
async fn listeners<C: ConnectionTrait>(db: &C, except: Option<ChannelId>) -> Result<Vec<i64>, StoreError> {
    let chosen = match settings::general(db).await {
        Ok(general) => general.operations_channels,
        // Damaged settings must not keep a trouble from being told.
        Err(StoreError::Corrupt { .. }) => None,
        Err(e) => return Err(e),
    };
    let mut enabled = channel::Entity::find()
        .filter(channel::Column::Enabled.eq(true))
        .order_by_asc(channel::Column::Id);
    if let Some(except) = except {
        enabled = enabled.filter(channel::Column::Id.ne(except.0));
    }
    let enabled = enabled.all(db).await?;
    let is_chosen = |c: &&channel::Model| chosen.as_ref().is_some_and(|ids| ids.contains(&ChannelId(c.id)));
    let works = |c: &channel::Model| c.attention_at.is_none();
    if enabled.iter().filter(is_chosen).any(works) {
        Ok(enabled.iter().filter(is_chosen).map(|c| c.id).collect())
    } else {
        Ok(enabled.iter().map(|c| c.id).collect())
    }
}
