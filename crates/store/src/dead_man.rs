//! The settings of the dead-man's switch, and what it looks at in the database.

use domain::{clock::Timestamp, dead_man::DeadMan};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    entity::{installation, setting},
    error::{StoreError, corrupt},
    seal::{self, Place},
    settings::{self, TABLE},
    store::Store,
};

const SCOPE: &str = "dead_man";
/// Where the time of the last beat is written.
const BEAT: &str = "last_beat";

/// Handle of [`Store::dead_man`].
pub struct DeadManSwitch<'a> {
    pub(crate) store: &'a Store,
}

/// As it is stored. Revision 0 is what there is before anybody saved anything.
#[derive(Clone, Debug, Default)]
pub struct DeadManRevision {
    pub revision: i64,
    pub settings: DeadMan,
    /// The address was sealed with another key.
    pub locked: bool,
}

impl DeadManSwitch<'_> {
    pub async fn get(&self) -> Result<DeadManRevision, StoreError> {
        read(self.store, self.store.inner.db.read()).await
    }

    /// The very next ping uses it.
    pub async fn save(&self, settings: &DeadMan, by: &str) -> Result<DeadManRevision, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let revision = settings::next_revision(&*tx, SCOPE).await?;
        let name = format!("{SCOPE}/{revision}");
        let place = Place {
            table: TABLE,
            row: &name,
        };
        let secret = settings.url.as_ref().map(|url| {
            let url = secrecy::ExposeSecret::expose_secret(url);
            SecretString::from(json!({ "url": url }).to_string())
        });
        let sealer = &self.store.inner.sealer;
        let sealed = secret.map(|s| sealer.seal(place, &s)).transpose()?;
        // An address that was replaced must be of no use to anybody.
        setting::Entity::update_many()
            .col_expr(setting::Column::Sealed, Expr::value(None::<Vec<u8>>))
            .filter(setting::Column::Scope.eq(SCOPE))
            .exec(&*tx)
            .await?;
        let row = setting::ActiveModel {
            sealed: Set(sealed),
            ..settings::row(SCOPE, revision, settings.to_json().to_string(), now, by)
        };
        settings::insert(&*tx, row).await?;
        self.store.commit_secret(tx).await?;
        Ok(DeadManRevision {
            revision,
            settings: settings.clone(),
            locked: false,
        })
    }

    /// Writes something, for real: that it returns shows that the database takes what is written.
    pub async fn beat(&self, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.store.inner.db.write().await?;
        let row = installation::ActiveModel {
            key: Set(BEAT.to_owned()),
            value: Set(now.as_millis().to_string().into_bytes()),
        };
        installation::Entity::insert(row)
            .on_conflict(
                OnConflict::column(installation::Column::Key)
                    .update_column(installation::Column::Value)
                    .to_owned(),
            )
            .exec_without_returning(&*tx)
            .await?;
        tx.commit().await
    }
}

/// The sealed address of the current revision.
pub(crate) async fn sealed<C: ConnectionTrait>(db: &C) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(settings::latest(db, SCOPE).await?.and_then(|row| row.sealed))
}

async fn read<C: ConnectionTrait>(store: &Store, db: &C) -> Result<DeadManRevision, StoreError> {
    let Some(row) = settings::latest(db, SCOPE).await? else {
        return Ok(DeadManRevision::default());
    };
    let name = format!("{SCOPE}/{}", row.revision);
    let damaged = |column| corrupt(TABLE, &name, column);
    let place = Place {
        table: TABLE,
        row: &name,
    };
    let opened = match &row.sealed {
        Some(sealed) => Some(store.inner.sealer.open(place, sealed)?),
        None => None,
    };
    let locked = matches!(opened, Some(None));
    let mut body: Value = serde_json::from_str(&row.body).map_err(|_| damaged("body"))?;
    // Locked, it is switched off as far as anybody can use it; that it is meant to be on is kept.
    let enabled = body["enabled"].as_bool().unwrap_or_default();
    if let Some(secret) = opened.flatten() {
        let secret = seal::json(&secret).ok_or_else(|| damaged("sealed"))?;
        domain::sealed::join(&mut body, secret);
    } else {
        body["enabled"] = false.into();
    }
    let mut settings = DeadMan::from_json(body, &DeadMan::default()).map_err(|_| damaged("body"))?;
    settings.enabled = enabled;
    Ok(DeadManRevision {
        revision: row.revision,
        settings,
        locked,
    })
}
