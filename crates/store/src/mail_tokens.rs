//! What a provider gave for logging in to a mail server, sealed; one authorization per mail profile.
//!
//! An authorization is bound to what it was given for: the provider's client, the account, and the mail server that
//! hears the access token. When any of that changes it is forgotten, and until then it is not found: a token goes to no
//! other server than the one that a person saw when they let us in.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{clock::Timestamp, id::ProfileId, mail::MailSettings};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    entity::mail_token,
    error::{StoreError, corrupt},
    mail, outbox,
    seal::{Place, Sealer},
    store::Store,
};

const TABLE: &str = "mail_tokens";

pub struct MailTokens<'a> {
    pub(crate) store: &'a Store,
}

/// An authorization with its secrets.
#[derive(Clone, Debug)]
pub struct Grant {
    pub status: GrantStatus,
    /// `None`: sealed with a key that we do not have.
    pub tokens: Option<GrantTokens>,
}

#[derive(Clone, Debug)]
pub struct GrantTokens {
    pub access: SecretString,
    pub refresh: SecretString,
}

/// What may be shown of an authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantStatus {
    pub state: GrantState,
    /// Sealed with a key that we do not have: a person must connect again.
    pub locked: bool,
    /// When the access token ends; it is renewed before.
    pub expires_at: Timestamp,
    /// When a person let us in.
    pub connected_at: Timestamp,
    /// When the access token was last given.
    pub refreshed_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantState {
    Ok,
    /// The provider takes it no more, in its words. Not tried again before a person has done something.
    NeedsAttention {
        kind: String,
        detail: String,
    },
}

const OK: &str = "ok";

impl MailTokens<'_> {
    /// `None`: nobody has connected this profile, or what it is connected for is not what `settings` say.
    pub async fn get(
        &self,
        profile: ProfileId,
        settings: &MailSettings,
    ) -> Result<Option<Grant>, StoreError> {
        let Some(binding) = binding(settings) else {
            return Ok(None);
        };
        let row = mail_token::Entity::find_by_id(profile.0)
            .filter(mail_token::Column::Binding.eq(binding))
            .one(self.store.inner.db.read())
            .await?;
        row.map(|row| read(row, &self.store.inner.sealer)).transpose()
    }

    /// The profile whose authorization was given for exactly what `settings` say: settings that are not saved have none
    /// of their own.
    pub async fn given_for(&self, settings: &MailSettings) -> Result<Option<ProfileId>, StoreError> {
        let Some(binding) = binding(settings) else {
            return Ok(None);
        };
        let row = mail_token::Entity::find()
            .filter(mail_token::Column::Binding.eq(binding))
            .order_by_asc(mail_token::Column::ProfileId)
            .one(self.store.inner.db.read())
            .await?;
        Ok(row.map(|row| ProfileId(row.profile_id)))
    }

    /// A person has let us in: replaces what was there. Mails that waited become due.
    pub async fn connect(
        &self,
        profile: ProfileId,
        settings: &MailSettings,
        access: &SecretString,
        refresh: &SecretString,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(binding) = binding(settings) else {
            return Ok(());
        };
        let now = self.store.now();
        let sealed = self.sealed(profile, access, refresh)?;
        let row = mail_token::ActiveModel {
            profile_id: Set(profile.0),
            binding: Set(binding),
            sealed: Set(sealed),
            state: Set(OK.to_owned()),
            detail: Set(None),
            expires_at: Set(expires_at.as_millis()),
            connected_at: Set(now.as_millis()),
            refreshed_at: Set(now.as_millis()),
        };
        use mail_token::Column;
        let replace = OnConflict::column(Column::ProfileId)
            .update_columns([
                Column::Binding,
                Column::Sealed,
                Column::State,
                Column::Detail,
                Column::ExpiresAt,
                Column::ConnectedAt,
                Column::RefreshedAt,
            ])
            .to_owned();
        let tx = self.store.inner.db.write().await?;
        mail_token::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(&*tx)
            .await?;
        outbox::bring_forward(&*tx, mail::of_mail(), now).await?;
        self.store.commit_secret(tx).await?;
        self.store.outbox().wake();
        Ok(())
    }

    /// The provider gave a new access token. `false`: the authorization was forgotten meanwhile, and stays so.
    pub async fn refreshed(
        &self,
        profile: ProfileId,
        settings: &MailSettings,
        access: &SecretString,
        refresh: &SecretString,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = mail_token::ActiveModel {
            sealed: Set(self.sealed(profile, access, refresh)?),
            state: Set(OK.to_owned()),
            detail: Set(None),
            expires_at: Set(expires_at.as_millis()),
            refreshed_at: Set(self.store.now().as_millis()),
            ..Default::default()
        };
        self.update(profile, settings, row).await
    }

    /// The provider takes the authorization no more. `kind` is a stable name, `detail` its words, without secrets.
    pub async fn needs_attention(
        &self,
        profile: ProfileId,
        settings: &MailSettings,
        kind: &str,
        detail: &str,
    ) -> Result<bool, StoreError> {
        let row = mail_token::ActiveModel {
            state: Set(kind.to_owned()),
            detail: Set(Some(detail.to_owned())),
            ..Default::default()
        };
        self.update(profile, settings, row).await
    }

    /// `false`: there was none.
    pub async fn forget(&self, profile: ProfileId) -> Result<bool, StoreError> {
        let tx = self.store.inner.db.write().await?;
        let forgotten = delete(&*tx, profile).await?;
        self.store.commit_secret(tx).await?;
        Ok(forgotten)
    }

    async fn update(
        &self,
        profile: ProfileId,
        settings: &MailSettings,
        row: mail_token::ActiveModel,
    ) -> Result<bool, StoreError> {
        let Some(binding) = binding(settings) else {
            return Ok(false);
        };
        let tx = self.store.inner.db.write().await?;
        let updated = mail_token::Entity::update_many()
            .set(row)
            .filter(mail_token::Column::ProfileId.eq(profile.0))
            .filter(mail_token::Column::Binding.eq(binding))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(updated.rows_affected > 0)
    }

    fn sealed(
        &self,
        profile: ProfileId,
        access: &SecretString,
        refresh: &SecretString,
    ) -> Result<Vec<u8>, StoreError> {
        let secrets = json!({ "access": access.expose_secret(), "refresh": refresh.expose_secret() });
        let place = Place {
            table: TABLE,
            row: &profile.0,
        };
        let sealer = &self.store.inner.sealer;
        sealer.seal(place, &SecretString::from(secrets.to_string()))
    }
}

/// In the transaction that saves `settings`: what was not given for them is forgotten, and what the provider refused is
/// tried once more, for the client's secret may be a new one.
pub(crate) async fn settle<C: ConnectionTrait>(
    tx: &C,
    profile: ProfileId,
    settings: &MailSettings,
) -> Result<(), StoreError> {
    let Some(binding) = binding(settings) else {
        delete(tx, profile).await?;
        return Ok(());
    };
    mail_token::Entity::delete_many()
        .filter(mail_token::Column::ProfileId.eq(profile.0))
        .filter(mail_token::Column::Binding.ne(binding))
        .exec(tx)
        .await?;
    let again = mail_token::ActiveModel {
        state: Set(OK.to_owned()),
        detail: Set(None),
        ..Default::default()
    };
    mail_token::Entity::update_many()
        .set(again)
        .filter(mail_token::Column::ProfileId.eq(profile.0))
        .exec(tx)
        .await?;
    Ok(())
}

/// In the transaction that deletes the profile.
pub(crate) async fn delete<C: ConnectionTrait>(tx: &C, profile: ProfileId) -> Result<bool, StoreError> {
    let deleted = mail_token::Entity::delete_by_id(profile.0).exec(tx).await?;
    Ok(deleted.rows_affected > 0)
}

/// When a person let us in last.
pub(crate) async fn last_connected<C: ConnectionTrait>(db: &C) -> Result<Option<Timestamp>, StoreError> {
    let last: Option<Option<i64>> = mail_token::Entity::find()
        .select_only()
        .column_as(mail_token::Column::ConnectedAt.max(), "last")
        .into_tuple()
        .one(db)
        .await?;
    Ok(last.flatten().map(Timestamp::from_millis))
}

/// A digest, for the custom authority alone may have 64 KiB.
fn binding(settings: &MailSettings) -> Option<String> {
    let binding = settings.authorization_binding()?.to_string();
    let digest = Sha256::digest(binding.as_bytes());
    Some(URL_SAFE_NO_PAD.encode(digest))
}

fn read(row: mail_token::Model, sealer: &Sealer) -> Result<Grant, StoreError> {
    let place = Place {
        table: TABLE,
        row: &row.profile_id,
    };
    let tokens = match sealer.open(place, &row.sealed)? {
        None => None,
        Some(secret) => {
            let value = crate::seal::json(&secret);
            let member = |name: &str| {
                let text = value.as_ref()?.get(name).and_then(Value::as_str)?;
                Some(SecretString::from(text))
            };
            let tokens = (|| {
                Some(GrantTokens {
                    access: member("access")?,
                    refresh: member("refresh")?,
                })
            })();
            Some(tokens.ok_or_else(|| corrupt(TABLE, row.profile_id, "sealed"))?)
        }
    };
    let state = if row.state == OK {
        GrantState::Ok
    } else {
        GrantState::NeedsAttention {
            kind: row.state,
            detail: row.detail.unwrap_or_default(),
        }
    };
    Ok(Grant {
        status: GrantStatus {
            state,
            locked: tokens.is_none(),
            expires_at: Timestamp::from_millis(row.expires_at),
            connected_at: Timestamp::from_millis(row.connected_at),
            refreshed_at: Timestamp::from_millis(row.refreshed_at),
        },
        tokens,
    })
}
