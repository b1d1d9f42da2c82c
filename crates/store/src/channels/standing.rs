//! What the receivers behind the channels make of us, and what follows from it: see [`domain::attention`].

use domain::{
    attention::{Attention, Rejection, Standing, Word},
    channel::ChannelKind,
    clock::Timestamp,
    delivery::{Attempt, DeliveryState},
    id::ChannelId,
    incident::Origin,
    outcome::{Reason, ReasonKind},
    recipient,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{ExprTrait, LockType},
};

use super::{Channels, TABLE};
use crate::{
    entity::{channel, delivery},
    error::{StoreError, corrupt},
    outbox::{self, Next},
    store::Store,
    troubles::Trouble,
};

/// A channel that somebody has to look after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neglected {
    pub channel: ChannelId,
    pub name: String,
    pub attention: Attention,
}

impl Channels<'_> {
    /// Those that need attention, by name.
    pub async fn neglected(&self) -> Result<Vec<Neglected>, StoreError> {
        let rows = channel::Entity::find()
            .filter(channel::Column::AttentionAt.is_not_null())
            .order_by_asc(channel::Column::Name)
            .all(self.store.inner.db.read())
            .await?;
        let mut neglected = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(attention) = read_standing(&row)?.attention {
                let channel = ChannelId(row.id);
                neglected.push(Neglected {
                    channel,
                    name: row.name,
                    attention,
                });
            }
        }
        Ok(neglected)
    }

    /// Somebody tried it, and it works. What waits because it did not is due.
    pub async fn works(&self, id: ChannelId) -> Result<(), StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let Some(row) = lock(&*tx, id.0).await? else {
            return Ok(());
        };
        let before = read_standing(&row)?;
        if before == Standing::default() {
            return Ok(());
        }
        let after = Standing::default();
        write(&*tx, id.0, written(&after)).await?;
        self.store
            .follow(&*tx, &row, (&before, &after), true, now)
            .await?;
        tx.commit().await?;
        self.store.outbox().wake();
        Ok(())
    }
}

impl Store {
    /// Writes what an attempt says about its channel: how it ended, for the list of channels, and how it stands with the
    /// receiver. `reason` is the attempt's, in words.
    pub(crate) async fn note_result<C: ConnectionTrait>(
        &self,
        tx: &C,
        channel: &channel::Model,
        row: &delivery::Model,
        (attempt, next, reason): (&Attempt, Next, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let before = read_standing(channel)?;
        let word = match attempt.rejection {
            _ if next == Next::Sent => Word::Works,
            Some(rejection) => match next {
                Next::Wait | Next::Failed => Word::Dismisses(rejection),
                Next::Sent | Next::Retry { .. } => Word::Rejects(rejection),
            },
            None if attempt.reply_code.is_some() => Word::Otherwise,
            None => Word::Nothing,
        };
        let words = (reason, attempt.reply_text.as_deref());
        let after = before.clone().learn(word, now, words);
        let mut changed = written(&after);
        if next == Next::Sent {
            changed.last_success_at = Set(Some(now.as_millis()));
        } else if !recipient::is_refusal_for_good(attempt) || !others_hear(tx, row).await? {
            changed.last_failure_at = Set(Some(now.as_millis()));
            changed.last_failure = Set(Some(reason.to_owned()));
        }
        write(tx, channel.id, changed).await?;
        self.follow(tx, channel, (&before, &after), true, now).await
    }

    /// What follows when a channel begins or ceases to need attention. `tell`: those who look after Watchbell hear of its
    /// end; they always hear of its beginning.
    pub(super) async fn follow<C: ConnectionTrait>(
        &self,
        tx: &C,
        channel: &channel::Model,
        (before, after): (&Standing, &Standing),
        tell: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let origin = Origin::Channel(ChannelId(channel.id));
        match (&before.attention, &after.attention) {
            (None, Some(attention)) => {
                tracing::warn!(
                    channel.id, channel.name, rejection = %attention.rejection, reason = attention.reason,
                    "channel needs attention"
                );
                let trouble = Trouble {
                    origin,
                    since: now,
                    reason: Reason::new(ReasonKind::Status, &attention.reason),
                };
                self.troubles().open_within(tx, &trouble, true).await?;
            }
            // One that was corrected may still have its incident.
            _ if before.rejected_as.is_some() && after.rejected_as.is_none() => {
                let told = (tell, "");
                let over = self.troubles().resolve_within(tx, &origin, now, told).await?;
                if over.is_some() {
                    tracing::info!(channel.id, channel.name, "channel needs no attention any more");
                }
                let of_channel = delivery::Column::ChannelId.eq(channel.id);
                if before.attention.is_some() {
                    outbox::bring_forward(tx, of_channel, now).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The row of a channel, for whoever changes it. Planning goes on meanwhile.
pub(crate) async fn lock<C: ConnectionTrait>(tx: &C, id: i64) -> Result<Option<channel::Model>, StoreError> {
    Ok(channel::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?)
}

/// Whether nothing goes out by this channel before a person says so.
pub(crate) fn is_disabled(channel: &channel::Model, attention: &Attention) -> bool {
    ChannelKind::parse(&channel.kind).is_some_and(|kind| attention.disables(kind))
}

pub(crate) fn read_standing(row: &channel::Model) -> Result<Standing, StoreError> {
    let damaged = |column| corrupt(TABLE, row.id, column);
    let rejected_as = row
        .refused_as
        .as_deref()
        .map(|text| Rejection::parse(text).ok_or_else(|| damaged("refused_as")))
        .transpose()?;
    let attention = match row.attention_at {
        Some(at) => Some(Attention {
            since: Timestamp::from_millis(at),
            rejection: rejected_as.ok_or_else(|| damaged("refused_as"))?,
            reason: row.attention_reason.clone().unwrap_or_default(),
            said: row.attention_said.clone(),
            until: Timestamp::from_millis(row.attention_until.unwrap_or(at)),
        }),
        None => None,
    };
    Ok(Standing {
        rejected_as,
        rejections: u32::try_from(row.refusals).map_err(|_| damaged("refusals"))?,
        attention,
    })
}

pub(crate) fn written(standing: &Standing) -> channel::ActiveModel {
    let attention = standing.attention.as_ref();
    channel::ActiveModel {
        refused_as: Set(standing.rejected_as.map(|r| r.to_string())),
        refusals: Set(i32::try_from(standing.rejections).unwrap_or(i32::MAX)),
        attention_at: Set(attention.map(|a| a.since.as_millis())),
        attention_reason: Set(attention.map(|a| a.reason.clone())),
        attention_said: Set(attention.and_then(|a| a.said.clone())),
        attention_until: Set(attention.map(|a| a.until.as_millis())),
        ..Default::default()
    }
}

pub(crate) async fn write<C: ConnectionTrait>(
    tx: &C,
    id: i64,
    changed: channel::ActiveModel,
) -> Result<(), StoreError> {
    channel::Entity::update_many()
        .set(changed)
        .filter(channel::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether another recipient of the channel heard of the same event, or still may: then it is the recipient that is
/// refused, and the channel works.
async fn others_hear<C: ConnectionTrait>(tx: &C, row: &delivery::Model) -> Result<bool, StoreError> {
    let heard = delivery::Column::State.eq(DeliveryState::Sent.as_str());
    let other = delivery::Entity::find()
        .filter(delivery::Column::IncidentId.eq(row.incident_id))
        .filter(delivery::Column::Event.eq(row.event.as_str()))
        .filter(delivery::Column::ChannelId.eq(row.channel_id))
        .filter(delivery::Column::Id.ne(row.id))
        .filter(heard.or(delivery::Column::FinishedAt.is_null()))
        .limit(1)
        .one(tx)
        .await?;
    Ok(other.is_some())
}
