//! Where messages go.

use std::collections::HashMap;

use domain::{
    attention::{Attention, Standing},
    channel::{Channel, ChannelConfig, ChannelDraft, ChannelKind, EmailChannel},
    clock::Timestamp,
    hours::Quiet,
    id::{ChannelId, MonitorId},
    incident::Origin,
};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait},
};
use serde_json::Value;

use crate::{
    entity::{channel, delivery, monitor_channel},
    error::{StoreError, corrupt},
    mail, outbox, policies,
    seal::{Place, Sealer},
    store::Store,
};

pub(crate) mod standing;

const TABLE: &str = "channels";

pub struct Channels<'a> {
    pub(crate) store: &'a Store,
}

/// What became of a channel's latest messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelHealth {
    pub last_success: Option<Timestamp>,
    /// When, and why in words.
    pub last_failure: Option<(Timestamp, String)>,
    /// Deliveries that are not final yet.
    pub pending: u64,
    /// Those among them that wait until somebody corrects the settings.
    pub waiting: u64,
    /// The receiver refuses us as such, and somebody has to look after it.
    pub attention: Option<Attention>,
}

impl Channels<'_> {
    pub async fn create(&self, draft: &ChannelDraft) -> Result<Channel, StoreError> {
        let now = self.store.now().as_millis();
        let tx = self.store.inner.db.write().await?;
        check_fallback(&*tx, draft, None).await?;
        check_profile(&*tx, draft, None).await?;
        let row = channel::ActiveModel {
            id: NotSet,
            name: Set(draft.name.clone()),
            kind: Set(draft.config.kind().to_string()),
            enabled: Set(draft.enabled),
            fallback_id: Set(draft.fallback.map(|id| id.0)),
            config: Set(draft.config.to_json().to_string()),
            sealed: Set(None),
            quiet: Set(draft.quiet.as_ref().map(|q| q.to_json().to_string())),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        let id = channel::Entity::insert(row).exec(&*tx).await?.last_insert_id;
        if let Some(sealed) = self.sealed(id, &draft.config)? {
            let row = channel::ActiveModel {
                id: Unchanged(id),
                sealed: Set(Some(sealed)),
                ..Default::default()
            };
            channel::Entity::update(row).exec(&*tx).await?;
        }
        self.store.commit_secret(tx).await?;
        Ok(stored(ChannelId(id), draft))
    }

    pub async fn get(&self, id: ChannelId) -> Result<Option<Channel>, StoreError> {
        let row = channel::Entity::find_by_id(id.0)
            .one(self.store.inner.db.read())
            .await?;
        row.map(|r| read_channel(r, &self.store.inner.sealer)).transpose()
    }

    /// Its pending deliveries become due: what they failed on may be corrected.
    pub async fn update(&self, id: ChannelId, draft: &ChannelDraft) -> Result<Option<Channel>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let Some(before) = standing::lock(&*tx, id.0).await? else {
            return Ok(None);
        };
        check_fallback(&*tx, draft, Some(id)).await?;
        check_profile(&*tx, draft, Some(id)).await?;
        let stood = standing::read_standing(&before)?;
        // What nobody uses is in nobody's way.
        let stands = if draft.enabled {
            stood.clone().corrected()
        } else {
            Standing::default()
        };
        let row = channel::ActiveModel {
            name: Set(draft.name.clone()),
            kind: Set(draft.config.kind().to_string()),
            enabled: Set(draft.enabled),
            fallback_id: Set(draft.fallback.map(|id| id.0)),
            config: Set(draft.config.to_json().to_string()),
            sealed: Set(self.sealed(id.0, &draft.config)?),
            quiet: Set(draft.quiet.as_ref().map(|q| q.to_json().to_string())),
            updated_at: Set(now.as_millis()),
            ..standing::written(&stands)
        };
        standing::write(&*tx, id.0, row).await?;
        let change = (&stood, &stands);
        self.store.follow(&*tx, &before, change, false, now).await?;
        outbox::bring_forward(&*tx, delivery::Column::ChannelId.eq(id.0), now).await?;
        outbox::hold_anew(&*tx, id, draft.quiet.as_ref(), now).await?;
        self.store.commit_secret(tx).await?;
        self.store.outbox().wake();
        Ok(Some(stored(id, draft)))
    }

    /// Its pending deliveries are cancelled. `false`: there was none.
    pub async fn delete(&self, id: ChannelId) -> Result<bool, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        // Locked first, so that on PostgreSQL whoever plans for it is done, or sees that it is gone.
        channel::Entity::find_by_id(id.0)
            .lock_exclusive()
            .one(&*tx)
            .await?;
        let of_channel = delivery::Column::ChannelId.eq(id.0);
        outbox::cancel(&*tx, of_channel, "The channel was deleted.", now).await?;
        policies::forget_channel(&*tx, id, now).await?;
        let (own, untold) = (Origin::Channel(id), (false, "The channel was deleted."));
        self.store
            .troubles()
            .resolve_within(&*tx, &own, now, untold)
            .await?;
        channel::Entity::update_many()
            .col_expr(channel::Column::FallbackId, Expr::value(None::<i64>))
            .filter(channel::Column::FallbackId.eq(id.0))
            .exec(&*tx)
            .await?;
        let deleted = channel::Entity::delete_by_id(id.0).exec(&*tx).await?;
        self.store.commit_secret(tx).await?;
        Ok(deleted.rows_affected > 0)
    }

    /// By name.
    pub async fn all(&self) -> Result<Vec<Channel>, StoreError> {
        let rows = channel::Entity::find()
            .order_by_asc(channel::Column::Name)
            .order_by_asc(channel::Column::Id)
            .all(self.store.inner.db.read())
            .await?;
        self.read(rows)
    }

    pub async fn for_monitor(&self, monitor: MonitorId) -> Result<Vec<Channel>, StoreError> {
        let links = monitor_channel::Entity::find()
            .select_only()
            .column(monitor_channel::Column::ChannelId)
            .filter(monitor_channel::Column::MonitorId.eq(monitor.0))
            .into_query();
        let rows = channel::Entity::find()
            .filter(channel::Column::Id.in_subquery(links))
            .order_by_asc(channel::Column::Id)
            .all(self.store.inner.db.read())
            .await?;
        self.read(rows)
    }

    pub async fn health(&self, ids: &[ChannelId]) -> Result<HashMap<ChannelId, ChannelHealth>, StoreError> {
        let db = self.store.inner.db.read();
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let rows = channel::Entity::find()
            .filter(channel::Column::Id.is_in(ids.iter().copied()))
            .all(db)
            .await?;
        let unfinished: Vec<(i64, bool, i64)> = delivery::Entity::find()
            .select_only()
            .column(delivery::Column::ChannelId)
            .column(delivery::Column::Waiting)
            .column_as(Expr::col(delivery::Column::Id).count(), "n")
            .filter(delivery::Column::FinishedAt.is_null())
            .filter(delivery::Column::ChannelId.is_in(ids))
            .group_by(delivery::Column::ChannelId)
            .group_by(delivery::Column::Waiting)
            .into_tuple()
            .all(db)
            .await?;
        let (mut pending, mut waiting) = (HashMap::new(), HashMap::new());
        for (channel, waits, n) in unfinished {
            *pending.entry(channel).or_insert(0) += n as u64;
            if waits {
                waiting.insert(channel, n as u64);
            }
        }
        let health = rows.into_iter().map(|row| {
            let health = ChannelHealth {
                attention: standing::read_standing(&row)?.attention,
                last_success: row.last_success_at.map(Timestamp::from_millis),
                last_failure: row
                    .last_failure_at
                    .map(|at| (Timestamp::from_millis(at), row.last_failure.unwrap_or_default())),
                pending: pending.remove(&row.id).unwrap_or_default(),
                waiting: waiting.remove(&row.id).unwrap_or_default(),
            };
            Ok((ChannelId(row.id), health))
        });
        health.collect()
    }

    fn sealed(&self, id: i64, config: &ChannelConfig) -> Result<Option<Vec<u8>>, StoreError> {
        let place = Place {
            table: TABLE,
            row: &id,
        };
        let secrets = config.secrets();
        secrets
            .map(|s| self.store.inner.sealer.seal(place, &s))
            .transpose()
    }

    fn read(&self, rows: Vec<channel::Model>) -> Result<Vec<Channel>, StoreError> {
        rows.into_iter()
            .map(|r| read_channel(r, &self.store.inner.sealer))
            .collect()
    }
}

/// A fallback is another channel that exists.
async fn check_fallback<C: ConnectionTrait>(
    tx: &C,
    draft: &ChannelDraft,
    own: Option<ChannelId>,
) -> Result<(), StoreError> {
    let Some(fallback) = draft.fallback else {
        return Ok(());
    };
    let found = channel::Entity::find_by_id(fallback.0).one(tx).await?;
    match found {
        Some(_) if own != Some(fallback) => Ok(()),
        _ => Err(StoreError::UnknownChannel(fallback)),
    }
}

/// A mail profile that a channel begins to name exists. One that was named before and deleted since may stay: the others
/// are used in order.
async fn check_profile<C: ConnectionTrait>(
    tx: &C,
    draft: &ChannelDraft,
    own: Option<ChannelId>,
) -> Result<(), StoreError> {
    let ChannelConfig::Email(EmailChannel {
        profile: Some(profile),
        ..
    }) = &draft.config
    else {
        return Ok(());
    };
    if mail::exists(tx, *profile).await? {
        return Ok(());
    }
    let before = match own {
        Some(id) => channel::Entity::find_by_id(id.0).one(tx).await?,
        None => None,
    };
    let config: Option<Value> = before.and_then(|row| serde_json::from_str(&row.config).ok());
    let named = config.and_then(|config| config.get("profile")?.as_i64());
    if named == Some(profile.0) {
        Ok(())
    } else {
        Err(StoreError::UnknownProfile(*profile))
    }
}

fn stored(id: ChannelId, draft: &ChannelDraft) -> Channel {
    Channel {
        id,
        name: draft.name.clone(),
        kind: draft.config.kind(),
        enabled: draft.enabled,
        fallback: draft.fallback,
        quiet: draft.quiet.clone(),
        config: Some(draft.config.clone()),
    }
}

pub(crate) fn read_channel(row: channel::Model, sealer: &Sealer) -> Result<Channel, StoreError> {
    let kind = ChannelKind::parse(&row.kind).ok_or_else(|| corrupt(TABLE, row.id, "kind"))?;
    let mut value: Value = serde_json::from_str(&row.config).map_err(|_| corrupt(TABLE, row.id, "config"))?;
    let place = Place {
        table: TABLE,
        row: &row.id,
    };
    let secret = match &row.sealed {
        Some(sealed) => Some(sealer.open(place, sealed)?),
        None => None,
    };
    let config = match secret {
        // Sealed with another key.
        Some(None) => None,
        Some(Some(secret)) => {
            let secret = crate::seal::json(&secret).ok_or_else(|| corrupt(TABLE, row.id, "sealed"))?;
            domain::sealed::join(&mut value, secret);
            Some(value)
        }
        None => Some(value),
    };
    let config = config
        .map(|v| ChannelConfig::from_json("", kind, v, None))
        .transpose()
        .map_err(|_| corrupt(TABLE, row.id, "config"))?;
    let quiet = read_quiet(&row).map_err(|()| corrupt(TABLE, row.id, "quiet"))?;
    Ok(Channel {
        id: ChannelId(row.id),
        name: row.name,
        kind,
        enabled: row.enabled,
        fallback: row.fallback_id.map(ChannelId),
        quiet,
        config,
    })
}

/// The quiet hours of a channel; an error where they do not parse.
pub(crate) fn read_quiet(row: &channel::Model) -> Result<Option<Quiet>, ()> {
    let Some(text) = &row.quiet else {
        return Ok(None);
    };
    let value = serde_json::from_str(text).map_err(|_| ())?;
    Quiet::from_json("", value).map(Some).map_err(|_| ())
}
