//! Settings as immutable revisions. Whoever uses one reads it at the moment of use.

use domain::{
    clock::Timestamp,
    mail::MailSettings,
    mail_message::MessageSettings,
    zone::{self, Tz},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, sea_query::OnConflict,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    database::is_duplicate,
    entity::{channel, delivery, mail_status, setting},
    error::{StoreError, corrupt},
    outbox,
    seal::{Place, Sealer},
    store::Store,
};

const TABLE: &str = "settings";
pub(crate) const MAIL: &str = "mail";
const GENERAL: &str = "general";
const MESSAGE: &str = "message";
pub(crate) const EMAIL: &str = "email";

pub struct Settings<'a> {
    pub(crate) store: &'a Store,
}

#[derive(Clone, Debug)]
pub struct MailRevision {
    pub revision: i64,
    pub settings: MailSettings,
    pub saved_at: Timestamp,
    pub saved_by: String,
}

/// How mails are worded. Revision 0 is what there is before anybody saved anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageRevision {
    pub revision: i64,
    pub settings: MessageSettings,
    /// When and by whom.
    pub saved: Option<(Timestamp, String)>,
}

/// What became of the latest mails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailStatus {
    /// When, the server's words, and the revision that was used.
    pub last_success: Option<(Timestamp, String, i64)>,
    pub last_error: Option<(Timestamp, String)>,
    /// Mails that wait until somebody corrects the settings.
    pub waiting: u64,
    pub oldest_waiting: Option<Timestamp>,
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
    /// `None`: mail was never set up.
    pub async fn mail(&self) -> Result<Option<MailRevision>, StoreError> {
        self.mail_with(self.store.inner.db.read()).await
    }

    pub(crate) async fn mail_with<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<Option<MailRevision>, StoreError> {
        let row = latest(db, MAIL).await?;
        row.map(|row| read_mail(row, &self.store.inner.sealer))
            .transpose()
    }

    /// Pending mails become due: what they failed on may be corrected.
    pub async fn save_mail(&self, settings: &MailSettings, by: &str) -> Result<MailRevision, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let revision = next_revision(&*tx, MAIL).await?;
        let row_name = format!("{MAIL}/{revision}");
        let place = Place {
            table: TABLE,
            row: &row_name,
        };
        let secrets = settings.secrets();
        let sealed = secrets
            .map(|s| self.store.inner.sealer.seal(place, &s))
            .transpose()?;
        let body = settings.to_json().to_string();
        insert(&*tx, MAIL, revision, body, sealed, now, by).await?;
        let mail_channels = channel::Entity::find()
            .select_only()
            .column(channel::Column::Id)
            .filter(channel::Column::Kind.eq(EMAIL))
            .into_query();
        let of_mail = delivery::Column::ChannelId.in_subquery(mail_channels);
        outbox::bring_forward(&*tx, of_mail, now).await?;
        self.store.commit_secret(tx).await?;
        self.store.outbox().wake();
        Ok(MailRevision {
            revision,
            settings: settings.clone(),
            saved_at: now,
            saved_by: by.to_owned(),
        })
    }

    pub async fn mail_status(&self) -> Result<MailStatus, StoreError> {
        let db = self.store.inner.db.read();
        let row = mail_status::Entity::find_by_id(1).one(db).await?;
        let mail_channels = channel::Entity::find()
            .select_only()
            .column(channel::Column::Id)
            .filter(channel::Column::Kind.eq(EMAIL))
            .into_query();
        let waiting: Option<(i64, Option<i64>)> = delivery::Entity::find()
            .select_only()
            .column_as(delivery::Column::Id.count(), "n")
            .column_as(delivery::Column::CreatedAt.min(), "oldest")
            .filter(delivery::Column::FinishedAt.is_null())
            .filter(delivery::Column::Waiting.eq(true))
            .filter(delivery::Column::ChannelId.in_subquery(mail_channels))
            .into_tuple()
            .one(db)
            .await?;
        let (waiting, oldest) = waiting.unwrap_or_default();
        let mut status = MailStatus {
            waiting: waiting as u64,
            oldest_waiting: oldest.map(Timestamp::from_millis),
            ..MailStatus::default()
        };
        if let Some(row) = row {
            let success = row.success_at.zip(row.success_revision);
            status.last_success = success.map(|(at, revision)| {
                let words = row.success_text.unwrap_or_default();
                (Timestamp::from_millis(at), words, revision)
            });
            status.last_error = row
                .error_at
                .map(|at| (Timestamp::from_millis(at), row.error_text.unwrap_or_default()));
        }
        Ok(status)
    }

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
        insert(&*tx, MESSAGE, revision, body, None, now, by).await?;
        tx.commit().await?;
        Ok(MessageRevision {
            revision,
            settings: settings.clone(),
            saved: Some((now, by.to_owned())),
        })
    }

    pub async fn general(&self) -> Result<General, StoreError> {
        match latest(self.store.inner.db.read(), GENERAL).await? {
            Some(row) => {
                let place = format!("{GENERAL}/{}", row.revision);
                serde_json::from_str(&row.body).map_err(|_| corrupt(TABLE, place, "body"))
            }
            None => Ok(General::default()),
        }
    }

    pub async fn save_general(&self, general: &General, by: &str) -> Result<(), StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let revision = next_revision(&*tx, GENERAL).await?;
        let body = serde_json::to_string(general).map_err(|_| corrupt(TABLE, GENERAL, "body"))?;
        insert(&*tx, GENERAL, revision, body, None, now, by).await?;
        tx.commit().await
    }
}

fn read_mail(row: setting::Model, sealer: &Sealer) -> Result<MailRevision, StoreError> {
    let row_name = format!("{MAIL}/{}", row.revision);
    let body: Value = serde_json::from_str(&row.body).map_err(|_| corrupt(TABLE, &row_name, "body"))?;
    let place = Place {
        table: TABLE,
        row: &row_name,
    };
    let secret = match &row.sealed {
        Some(sealed) => sealer.open(place, sealed)?,
        None => None,
    };
    let secret = secret
        .map(|s| crate::seal::json(&s).ok_or_else(|| corrupt(TABLE, &row_name, "sealed")))
        .transpose()?;
    Ok(MailRevision {
        revision: row.revision,
        settings: MailSettings::from_stored(body, secret).map_err(|_| corrupt(TABLE, &row_name, "body"))?,
        saved_at: Timestamp::from_millis(row.saved_at),
        saved_by: row.saved_by,
    })
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

async fn next_revision<C: ConnectionTrait>(tx: &C, scope: &str) -> Result<i64, StoreError> {
    Ok(latest(tx, scope).await?.map_or(0, |row| row.revision) + 1)
}

async fn insert<C: ConnectionTrait>(
    tx: &C,
    scope: &str,
    revision: i64,
    body: String,
    sealed: Option<Vec<u8>>,
    now: Timestamp,
    by: &str,
) -> Result<(), StoreError> {
    let row = setting::ActiveModel {
        scope: Set(scope.to_owned()),
        revision: Set(revision),
        body: Set(body),
        sealed: Set(sealed),
        saved_at: Set(now.as_millis()),
        saved_by: Set(by.to_owned()),
    };
    match setting::Entity::insert(row).exec_without_returning(tx).await {
        Ok(_) => Ok(()),
        // Two saved at once: the other one has this revision.
        Err(e) if is_duplicate(&e) => Err(StoreError::Busy),
        Err(e) => Err(e.into()),
    }
}

/// Notes how a mail ended, for the settings page. `words` are the server's.
pub(crate) async fn note_mail<C: ConnectionTrait>(
    tx: &C,
    at: Timestamp,
    failure: Option<&str>,
    words: &str,
    revision: i64,
) -> Result<(), StoreError> {
    use mail_status::Column;
    let (row, columns) = match failure {
        None => (
            mail_status::ActiveModel {
                id: Set(1),
                success_at: Set(Some(at.as_millis())),
                success_text: Set(Some(words.to_owned())),
                success_revision: Set(Some(revision)),
                ..Default::default()
            },
            vec![Column::SuccessAt, Column::SuccessText, Column::SuccessRevision],
        ),
        Some(reason) => (
            mail_status::ActiveModel {
                id: Set(1),
                error_at: Set(Some(at.as_millis())),
                error_text: Set(Some(reason.to_owned())),
                ..Default::default()
            },
            vec![Column::ErrorAt, Column::ErrorText],
        ),
    };
    mail_status::Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Id).update_columns(columns).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
