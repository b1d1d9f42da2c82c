//! Who is on call when: rotations, what overrides them, and the secret addresses of their calendars.

use domain::{
    clock::Timestamp,
    id::{ChannelId, ContactId, OverrideId, RotationId},
    rotation::{Contact, Override, OverrideDraft, Rotation, RotationDraft, on_call},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use serde_json::Value;

use crate::{
    contacts,
    entity::{rotation, rotation_override},
    error::{StoreError, corrupt},
    policies,
    store::Store,
};

mod feed;

pub(crate) use feed::Signer;

const TABLE: &str = "rotations";

pub struct Rotations<'a> {
    pub(crate) store: &'a Store,
}

/// A rotation as its calendar tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    pub rotation: Rotation,
    /// When the rotation or one of its overrides was changed last.
    pub changed_at: Timestamp,
}

impl Rotations<'_> {
    /// By name, with their overrides.
    pub async fn all(&self) -> Result<Vec<Rotation>, StoreError> {
        let db = self.store.inner.db.read();
        let rows = rotation::Entity::find()
            .order_by_asc(rotation::Column::Id)
            .all(db)
            .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            all.push(complete(db, &row).await?);
        }
        all.sort_by(|a, b| (&a.plan.name, a.id).cmp(&(&b.plan.name, b.id)));
        Ok(all)
    }

    pub async fn get(&self, id: RotationId) -> Result<Option<Rotation>, StoreError> {
        find(self.store.inner.db.read(), id).await
    }

    pub async fn create(&self, draft: &RotationDraft) -> Result<Rotation, StoreError> {
        let now = self.store.now().as_millis();
        let tx = self.store.inner.db.write().await?;
        contacts::check(&*tx, &draft.people()).await?;
        let row = rotation::ActiveModel {
            id: NotSet,
            name: Set(draft.name.clone()),
            config: Set(draft.to_json().to_string()),
            feed: Set(feed::new_number()?),
            created_at: Set(now),
            updated_at: Set(now),
        };
        let id = rotation::Entity::insert(row).exec(&*tx).await?.last_insert_id;
        tx.commit().await?;
        Ok(Rotation {
            id: RotationId(id),
            plan: draft.clone(),
            overrides: Vec::new(),
        })
    }

    /// `None`: there is no such rotation. Overrides stay.
    pub async fn update(
        &self,
        id: RotationId,
        draft: &RotationDraft,
    ) -> Result<Option<Rotation>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let row = rotation::ActiveModel {
            name: Set(draft.name.clone()),
            config: Set(draft.to_json().to_string()),
            updated_at: Set(now.as_millis()),
            ..Default::default()
        };
        if !change(&*tx, id, row).await? {
            return Ok(None);
        }
        contacts::check(&*tx, &draft.people()).await?;
        let rotation = find(&*tx, id).await?;
        tx.commit().await?;
        Ok(rotation)
    }

    /// `false`: there was none.
    pub async fn delete(&self, id: RotationId) -> Result<bool, StoreError> {
        let tx = self.store.inner.db.write().await?;
        policies::forget_rotation(&*tx, id, self.store.now()).await?;
        let deleted = rotation::Entity::delete_by_id(id.0).exec(&*tx).await?;
        tx.commit().await?;
        Ok(deleted.rows_affected > 0)
    }

    /// `None`: there is no such rotation.
    pub async fn add_override(
        &self,
        id: RotationId,
        draft: &OverrideDraft,
        by: &str,
    ) -> Result<Option<Override>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        if !touch(&*tx, id, now).await? {
            return Ok(None);
        }
        contacts::check(&*tx, &[draft.contact]).await?;
        let row = rotation_override::ActiveModel {
            id: NotSet,
            rotation_id: Set(id.0),
            contact_id: Set(draft.contact.0),
            from_at: Set(draft.from.as_millis()),
            to_at: Set(draft.to.as_millis()),
            note: Set(draft.note.clone()),
            created_by: Set(by.to_owned()),
            created_at: Set(now.as_millis()),
        };
        let added = rotation_override::Entity::insert(row)
            .exec(&*tx)
            .await?
            .last_insert_id;
        tx.commit().await?;
        Ok(Some(Override {
            id: OverrideId(added),
            contact: draft.contact,
            from: draft.from,
            to: draft.to,
            note: draft.note.clone(),
            by: by.to_owned(),
        }))
    }

    /// The rotation that it was of. `None`: there is no such override.
    pub async fn remove_override(&self, id: OverrideId) -> Result<Option<RotationId>, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let Some(row) = rotation_override::Entity::find_by_id(id.0).one(&*tx).await? else {
            return Ok(None);
        };
        rotation_override::Entity::delete_by_id(id.0).exec(&*tx).await?;
        let rotation = RotationId(row.rotation_id);
        touch(&*tx, rotation, self.store.now()).await?;
        tx.commit().await?;
        Ok(Some(rotation))
    }

    /// Who is on call in this rotation now, with the ways to reach them. `None`: nobody, or there is no such rotation.
    pub async fn on_call(&self, id: RotationId) -> Result<Option<(Contact, Vec<ChannelId>)>, StoreError> {
        self.on_call_channels(self.store.inner.db.read(), id, self.store.now())
            .await
    }

    /// The same as seen by a transaction. Channels may be switched off; planning looks at that.
    pub(crate) async fn on_call_channels<C: ConnectionTrait>(
        &self,
        tx: &C,
        id: RotationId,
        now: Timestamp,
    ) -> Result<Option<(Contact, Vec<ChannelId>)>, StoreError> {
        let Some(rotation) = find(tx, id).await? else {
            return Ok(None);
        };
        let Some(duty) = on_call(&rotation, now) else {
            return Ok(None);
        };
        let contact = contacts::find(tx, duty.contact).await?;
        Ok(contact.map(|contact| {
            let channels = contact.channels.clone();
            (contact, channels)
        }))
    }

    /// What the address of its calendar ends in. Whoever knows it may read the calendar.
    pub async fn feed_token(&self, id: RotationId) -> Result<Option<String>, StoreError> {
        let row = rotation::Entity::find_by_id(id.0)
            .one(self.store.inner.db.read())
            .await?;
        Ok(row.map(|row| self.store.inner.feed_signer.sign(id, row.feed)))
    }

    /// The old address of its calendar is worthless from now on. `false`: there is no such rotation.
    pub async fn renew_feed(&self, id: RotationId) -> Result<bool, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let row = rotation::ActiveModel {
            feed: Set(feed::new_number()?),
            ..Default::default()
        };
        let renewed = change(&*tx, id, row).await?;
        tx.commit().await?;
        Ok(renewed)
    }

    /// `None`: this address is not one of ours, or not any more.
    pub async fn by_feed_token(&self, token: &str) -> Result<Option<Feed>, StoreError> {
        let Some((id, number)) = self.store.inner.feed_signer.open(token) else {
            return Ok(None);
        };
        let db = self.store.inner.db.read();
        let row = rotation::Entity::find_by_id(id.0)
            .filter(rotation::Column::Feed.eq(number))
            .one(db)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        Ok(Some(Feed {
            rotation: complete(db, &row).await?,
            changed_at: Timestamp::from_millis(row.updated_at),
        }))
    }
}

async fn change<C: ConnectionTrait>(
    tx: &C,
    id: RotationId,
    row: rotation::ActiveModel,
) -> Result<bool, StoreError> {
    let changed = rotation::Entity::update_many()
        .set(row)
        .filter(rotation::Column::Id.eq(id.0))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected > 0)
}

async fn touch<C: ConnectionTrait>(tx: &C, id: RotationId, now: Timestamp) -> Result<bool, StoreError> {
    let row = rotation::ActiveModel {
        updated_at: Set(now.as_millis()),
        ..Default::default()
    };
    change(tx, id, row).await
}

async fn find<C: ConnectionTrait>(db: &C, id: RotationId) -> Result<Option<Rotation>, StoreError> {
    match rotation::Entity::find_by_id(id.0).one(db).await? {
        Some(row) => complete(db, &row).await.map(Some),
        None => Ok(None),
    }
}

/// Number and plan of each rotation.
pub(crate) async fn plans<C: ConnectionTrait>(db: &C) -> Result<Vec<(i64, RotationDraft)>, StoreError> {
    let rows = rotation::Entity::find()
        .order_by_asc(rotation::Column::Name)
        .all(db)
        .await?;
    rows.iter().map(|row| Ok((row.id, read_plan(row)?))).collect()
}

fn read_plan(row: &rotation::Model) -> Result<RotationDraft, StoreError> {
    let damaged = || corrupt(TABLE, row.id, "config");
    let value: Value = serde_json::from_str(&row.config).map_err(|_| damaged())?;
    RotationDraft::from_json(value).map_err(|_| damaged())
}

async fn complete<C: ConnectionTrait>(db: &C, row: &rotation::Model) -> Result<Rotation, StoreError> {
    let overrides = rotation_override::Entity::find()
        .filter(rotation_override::Column::RotationId.eq(row.id))
        .order_by_asc(rotation_override::Column::Id)
        .all(db)
        .await?;
    let read = |row: rotation_override::Model| Override {
        id: OverrideId(row.id),
        contact: ContactId(row.contact_id),
        from: Timestamp::from_millis(row.from_at),
        to: Timestamp::from_millis(row.to_at),
        note: row.note,
        by: row.created_by,
    };
    Ok(Rotation {
        id: RotationId(row.id),
        plan: read_plan(row)?,
        overrides: overrides.into_iter().map(read).collect(),
    })
}

pub(crate) async fn exists<C: ConnectionTrait>(tx: &C, id: RotationId) -> Result<bool, StoreError> {
    Ok(rotation::Entity::find_by_id(id.0).one(tx).await?.is_some())
}
