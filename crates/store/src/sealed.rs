//! Which secrets only another key opens.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::{
    entity::{channel, mail_token, monitor},
    error::StoreError,
    seal::Sealer,
};

/// Whether a channel, a monitor, an authorization for mail or the current revision of a setting holds a secret that `sealer` cannot open.
pub(crate) async fn any_foreign<C: ConnectionTrait>(tx: &C, sealer: &Sealer) -> Result<bool, StoreError> {
    let channels: Vec<Vec<u8>> = channel::Entity::find()
        .select_only()
        .column(channel::Column::Sealed)
        .filter(channel::Column::Sealed.is_not_null())
        .into_tuple()
        .all(tx)
        .await?;
    let monitors: Vec<Vec<u8>> = monitor::Entity::find()
        .select_only()
        .column(monitor::Column::Sealed)
        .filter(monitor::Column::Sealed.is_not_null())
        .into_tuple()
        .all(tx)
        .await?;
    let tokens: Vec<Vec<u8>> = mail_token::Entity::find()
        .select_only()
        .column(mail_token::Column::Sealed)
        .into_tuple()
        .all(tx)
        .await?;
    let mail = crate::mail::sealed(tx).await?;
    let dead_man = crate::dead_man::sealed(tx).await?;
    let mut all = channels
        .iter()
        .chain(&monitors)
        .chain(&tokens)
        .chain(&mail)
        .chain(&dead_man);
    Ok(all.any(|sealed| !sealed.starts_with(sealer.prefix())))
}
