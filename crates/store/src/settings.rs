//! Settings as immutable revisions. Whoever uses one reads it at the moment of use. Those of mail are in [`crate::mail`].

use domain::{
    clock::Timestamp,
    id::ChannelId,
    mail::Address,
    mail_message::MessageSettings,
    reach::{ZoneName, Zones},
    zone::{self, Tz},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    database::is_duplicate,
    entity::setting,
    error::{StoreError, corrupt},
    store::Store,
};

pub(crate) const TABLE: &str = "settings";
const GENERAL: &str = "general";
const MESSAGE: &str = "message";
const ZONES: &str = "zones";

pub struct Settings<'a> {
    pub(crate) store: &'a Store,
}

/// How mails are worded. Revision 0 is what there is before anybody saved anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageRevision {
    pub revision: i64,
    pub settings: MessageSettings,
    /// When and by whom.
    pub saved: Option<(Timestamp, String)>,
}

/// The zones and their references. Revision 0 is what there is before anybody saved anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZonesRevision {
    pub revision: i64,
    pub zones: Zones,
    /// When and by whom.
    pub saved: Option<(Timestamp, String)>,
}

/// What does not belong to mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct General {
    /// `/metrics` answers without a token.
    pub metrics_open: bool,
    /// Language of pages and messages; `None` = the visitor's, and English in messages.
    pub language: Option<String>,
    /// In which the times in messages are, by its IANA name; `None` = UTC.
    pub timezone: Option<String>,
    /// Where the weekly mail goes that shows that mail still works; `None`: there is none.
    pub canary_to: Option<Address>,
    /// Who hears of Watchbell's own troubles; `None` = every channel.
    pub operations_channels: Option<Vec<ChannelId>>,
    /// Somebody read that one way of being called is one too few, and said that it is enough.
    pub one_kind_is_enough: bool,
}

impl General {
    /// UTC where there is no choice, and for a name that a later database of zones does not know any more.
    pub fn zone(&self) -> Tz {
        let chosen = self
            .timezone
            .as_deref()
            .and_then(|name| zone::parse("timezone", name).ok());
        chosen.unwrap_or(Tz::UTC)
    }
}

impl Settings<'_> {
    /// How mails are worded; the usual way when nobody chose another.
    pub async fn message(&self) -> Result<MessageRevision, StoreError> {
        let Some(row) = latest(self.store.inner.db.read(), MESSAGE).await? else {
            return Ok(MessageRevision::default());
        };
        let damaged = || corrupt(TABLE, format!("{MESSAGE}/{}", row.revision), "body");
        let body: Value = serde_json::from_str(&row.body).map_err(|_| damaged())?;
        Ok(MessageRevision {
            revision: row.revision,
            settings: MessageSettings::from_json(body).map_err(|_| damaged())?,
            saved: Some((Timestamp::from_millis(row.saved_at), row.saved_by)),
        })
    }

    /// The very next message is worded so.
    pub async fn save_message(
        &self,
        settings: &MessageSettings,
        by: &str,
    ) -> Result<MessageRevision, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let revision = next_revision(&*tx, MESSAGE).await?;
        let body = settings.to_json().to_string();
        insert(&*tx, row(MESSAGE, revision, body, now, by)).await?;
        tx.commit().await?;
        Ok(MessageRevision {
            revision,
            settings: settings.clone(),
            saved: Some((now, by.to_owned())),
        })
    }

    /// The usual zones when nobody saved others.
    pub async fn zones(&self) -> Result<ZonesRevision, StoreError> {
        read_zones(self.store.inner.db.read()).await
    }

    /// The very next self-check asks these. A zone that monitors are in stays.
    pub async fn save_zones(&self, zones: &Zones, by: &str) -> Result<ZonesRevision, StoreError> {
        let now = self.store.now();
        let used = self.store.monitors().zones_in_use().await?;
        let gone = used.into_iter().find(|(zone, _)| zones.get(zone).is_none());
        if let Some((zone, monitors)) = gone {
            return Err(StoreError::ZoneInUse { zone, monitors });
        }
        let tx = self.store.inner.db.write().await?;
        let revision = next_revision(&*tx, ZONES).await?;
        let body = zones.to_json().to_string();
        insert(&*tx, row(ZONES, revision, body, now, by)).await?;
        tx.commit().await?;
        Ok(ZonesRevision {
            revision,
            zones: zones.clone(),
            saved: Some((now, by.to_owned())),
        })
    }

    pub async fn general(&self) -> Result<General, StoreError> {
        general(self.store.inner.db.read()).await
    }

    pub async fn save_general(&self, general: &General, by: &str) -> Result<(), StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let revision = next_revision(&*tx, GENERAL).await?;
        let body = serde_json::to_string(general).map_err(|_| corrupt(TABLE, GENERAL, "body"))?;
        insert(&*tx, row(GENERAL, revision, body, now, by)).await?;
        tx.commit().await
    }
}

async fn read_zones<C: ConnectionTrait>(db: &C) -> Result<ZonesRevision, StoreError> {
    let Some(row) = latest(db, ZONES).await? else {
        return Ok(ZonesRevision::default());
    };
    let damaged = || corrupt(TABLE, format!("{ZONES}/{}", row.revision), "body");
    let body: Value = serde_json::from_str(&row.body).map_err(|_| damaged())?;
    Ok(ZonesRevision {
        revision: row.revision,
        zones: Zones::from_json(body).map_err(|_| damaged())?,
        saved: Some((Timestamp::from_millis(row.saved_at), row.saved_by)),
    })
}

/// Refuses a zone that nobody set up.
pub(crate) async fn must_exist<C: ConnectionTrait>(tx: &C, zone: &ZoneName) -> Result<(), StoreError> {
    if zone.is_built_in() || read_zones(tx).await?.zones.get(zone).is_some() {
        return Ok(());
    }
    Err(StoreError::UnknownZone(zone.clone()))
}

pub(crate) async fn general<C: ConnectionTrait>(db: &C) -> Result<General, StoreError> {
    match latest(db, GENERAL).await? {
        Some(row) => {
            let place = format!("{GENERAL}/{}", row.revision);
            serde_json::from_str(&row.body).map_err(|_| corrupt(TABLE, place, "body"))
        }
        None => Ok(General::default()),
    }
}

pub(crate) async fn latest<C: ConnectionTrait>(
    db: &C,
    scope: &str,
) -> Result<Option<setting::Model>, StoreError> {
    Ok(setting::Entity::find()
        .filter(setting::Column::Scope.eq(scope))
        .order_by_desc(setting::Column::Revision)
        .one(db)
        .await?)
}

pub(crate) async fn next_revision<C: ConnectionTrait>(tx: &C, scope: &str) -> Result<i64, StoreError> {
    Ok(latest(tx, scope).await?.map_or(0, |row| row.revision) + 1)
}

/// A revision without secrets.
pub(crate) fn row(
    scope: &str,
    revision: i64,
    body: String,
    now: Timestamp,
    by: &str,
) -> setting::ActiveModel {
    setting::ActiveModel {
        scope: Set(scope.to_owned()),
        revision: Set(revision),
        body: Set(body),
        saved_at: Set(now.as_millis()),
        saved_by: Set(by.to_owned()),
        ..Default::default()
    }
}

pub(crate) async fn insert<C: ConnectionTrait>(tx: &C, row: setting::ActiveModel) -> Result<(), StoreError> {
    match setting::Entity::insert(row).exec_without_returning(tx).await {
        Ok(_) => Ok(()),
        // Two saved at once: the other one has this revision.
        Err(e) if is_duplicate(&e) => Err(StoreError::Busy),
        Err(e) => Err(e.into()),
    }
}
