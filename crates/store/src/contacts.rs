//! People and how to reach them.

use std::collections::HashMap;

use domain::{
    clock::Timestamp,
    id::{ChannelId, ContactId},
    rotation::{Contact, ContactDraft},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};

use crate::{
    entity::{channel, contact, contact_channel, rotation_override},
    error::StoreError,
    rotations,
    store::Store,
};

pub struct Contacts<'a> {
    pub(crate) store: &'a Store,
}

impl Contacts<'_> {
    /// By name.
    pub async fn all(&self) -> Result<Vec<Contact>, StoreError> {
        let rows = contact::Entity::find()
            .order_by_asc(contact::Column::Name)
            .order_by_asc(contact::Column::Id)
            .all(self.store.inner.db.read())
            .await?;
        with_channels(self.store.inner.db.read(), rows).await
    }

    pub async fn get(&self, id: ContactId) -> Result<Option<Contact>, StoreError> {
        find(self.store.inner.db.read(), id).await
    }

    pub async fn create(&self, draft: &ContactDraft) -> Result<Contact, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        check_channels(&*tx, &draft.channels).await?;
        let row = contact::ActiveModel {
            id: NotSet,
            name: Set(draft.name.clone()),
            created_at: Set(now.as_millis()),
            updated_at: Set(now.as_millis()),
        };
        let id = contact::Entity::insert(row).exec(&*tx).await?.last_insert_id;
        link(&*tx, ContactId(id), &draft.channels).await?;
        tx.commit().await?;
        Ok(stored(ContactId(id), draft))
    }

    /// `None`: there is no such contact.
    pub async fn update(&self, id: ContactId, draft: &ContactDraft) -> Result<Option<Contact>, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let row = contact::ActiveModel {
            name: Set(draft.name.clone()),
            updated_at: Set(now.as_millis()),
            ..Default::default()
        };
        let updated = contact::Entity::update_many()
            .set(row)
            .filter(contact::Column::Id.eq(id.0))
            .exec(&*tx)
            .await?;
        if updated.rows_affected == 0 {
            return Ok(None);
        }
        check_channels(&*tx, &draft.channels).await?;
        contact_channel::Entity::delete_many()
            .filter(contact_channel::Column::ContactId.eq(id.0))
            .exec(&*tx)
            .await?;
        link(&*tx, id, &draft.channels).await?;
        tx.commit().await?;
        Ok(Some(stored(id, draft)))
    }

    /// Refused while a rotation needs them ([`StoreError::ContactInUse`]): in a layer, or in an override that is not
    /// over. `false`: there was none.
    pub async fn delete(&self, id: ContactId) -> Result<bool, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        // Locked first, so that on PostgreSQL whoever puts them into a rotation is done, or sees that they are gone.
        contact::Entity::find_by_id(id.0)
            .lock_exclusive()
            .one(&*tx)
            .await?;
        let rotations = rotations_of(&*tx, id, now).await?;
        if !rotations.is_empty() {
            return Err(StoreError::ContactInUse(rotations));
        }
        let deleted = contact::Entity::delete_by_id(id.0).exec(&*tx).await?;
        tx.commit().await?;
        Ok(deleted.rows_affected > 0)
    }

    /// Names of the rotations that need them.
    pub async fn rotations_of(&self, id: ContactId) -> Result<Vec<String>, StoreError> {
        rotations_of(self.store.inner.db.read(), id, self.store.now()).await
    }
}

async fn rotations_of<C: ConnectionTrait>(
    db: &C,
    id: ContactId,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let overridden: Vec<i64> = rotation_override::Entity::find()
        .select_only()
        .column(rotation_override::Column::RotationId)
        .filter(rotation_override::Column::ContactId.eq(id.0))
        .filter(rotation_override::Column::ToAt.gt(now.as_millis()))
        .into_tuple()
        .all(db)
        .await?;
    let all = rotations::plans(db).await?;
    let uses = |(rotation, plan): &(_, domain::rotation::RotationDraft)| {
        plan.people().contains(&id) || overridden.contains(rotation)
    };
    Ok(all.into_iter().filter(uses).map(|(_, plan)| plan.name).collect())
}

fn stored(id: ContactId, draft: &ContactDraft) -> Contact {
    Contact {
        id,
        name: draft.name.clone(),
        channels: draft.channels.clone(),
    }
}

pub(crate) async fn find<C: ConnectionTrait>(db: &C, id: ContactId) -> Result<Option<Contact>, StoreError> {
    let row = contact::Entity::find_by_id(id.0).one(db).await?;
    Ok(with_channels(db, row.into_iter().collect()).await?.pop())
}

/// They exist, and nobody deletes them before the transaction is over.
pub(crate) async fn check<C: ConnectionTrait>(tx: &C, ids: &[ContactId]) -> Result<(), StoreError> {
    let found: Vec<i64> = contact::Entity::find()
        .filter(contact::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .order_by_asc(contact::Column::Id)
        .lock(LockType::KeyShare)
        .all(tx)
        .await?
        .into_iter()
        .map(|row| row.id)
        .collect();
    match ids.iter().find(|id| !found.contains(&id.0)) {
        Some(unknown) => Err(StoreError::UnknownContact(*unknown)),
        None => Ok(()),
    }
}

async fn check_channels<C: ConnectionTrait>(tx: &C, ids: &[ChannelId]) -> Result<(), StoreError> {
    let found: Vec<i64> = channel::Entity::find()
        .filter(channel::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .order_by_asc(channel::Column::Id)
        .lock(LockType::KeyShare)
        .all(tx)
        .await?
        .into_iter()
        .map(|row| row.id)
        .collect();
    match ids.iter().find(|id| !found.contains(&id.0)) {
        Some(unknown) => Err(StoreError::UnknownChannel(*unknown)),
        None => Ok(()),
    }
}

async fn link<C: ConnectionTrait>(tx: &C, id: ContactId, channels: &[ChannelId]) -> Result<(), StoreError> {
    if channels.is_empty() {
        return Ok(());
    }
    let rows = channels
        .iter()
        .zip(0..)
        .map(|(channel, position)| contact_channel::ActiveModel {
            contact_id: Set(id.0),
            channel_id: Set(channel.0),
            position: Set(position),
        });
    contact_channel::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

async fn with_channels<C: ConnectionTrait>(
    db: &C,
    rows: Vec<contact::Model>,
) -> Result<Vec<Contact>, StoreError> {
    let links = contact_channel::Entity::find()
        .filter(contact_channel::Column::ContactId.is_in(rows.iter().map(|r| r.id)))
        .order_by_asc(contact_channel::Column::Position)
        .all(db)
        .await?;
    let mut channels: HashMap<i64, Vec<ChannelId>> = HashMap::new();
    for link in links {
        channels
            .entry(link.contact_id)
            .or_default()
            .push(ChannelId(link.channel_id));
    }
    let contact = |row: contact::Model| Contact {
        id: ContactId(row.id),
        channels: channels.remove(&row.id).unwrap_or_default(),
        name: row.name,
    };
    Ok(rows.into_iter().map(contact).collect())
}
