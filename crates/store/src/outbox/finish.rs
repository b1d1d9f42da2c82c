//! Recording how an attempt ended: the attempt and the row's new state in one transaction, if the claim still holds.

use std::time::Duration;

use domain::{
    attention::Rejection,
    channel::Channel,
    clock::Timestamp,
    delivery::{Attempt, AttemptVerdict, DeliveryState, LONGEST_TRANSCRIPT},
    id::ProfileId,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::{Lease, Next, Outbox, bring_forward, digest, fallback, sweep::unleased};
use crate::{
    channels::{self, standing},
    entity::{attempt, channel, delivery, transcript},
    error::{StoreError, corrupt},
    mail, optouts, recipients,
};

impl Outbox<'_> {
    /// Records the attempt and what comes next. `false`: the claim was lost (its lease ran out, or the row was
    /// cancelled); nothing was written.
    pub async fn finish(&self, lease: &Lease, attempt: &Attempt, next: Next) -> Result<bool, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let Some(row) = held(lease).one(&*tx).await? else {
            return Ok(false);
        };
        // Of a digest the row is one of many, whatever happens to it happens to all.
        let reason = reason_of(attempt);
        let Some(channel) = standing::lock(&*tx, row.channel_id).await? else {
            return Ok(false);
        };
        let next = match next {
            // Somebody is to hear of it if the address comes back after all.
            Next::Failed if knows_gone(&channel, attempt)? => Next::Wait,
            Next::Wait | Next::Retry { .. } if self.corrected_since(&*tx, &row, attempt, now).await? => {
                Next::Retry { at: now }
            }
            next => next,
        };
        let changed = delivery::ActiveModel {
            state: Set(state_after(next).to_string()),
            waiting: Set(next == Next::Wait),
            reason: Set(Some(reason.clone())),
            next_attempt_at: Set(match next {
                Next::Retry { at } => Some(at.as_millis()),
                Next::Sent | Next::Wait | Next::Failed => None,
            }),
            finished_at: Set(state_after(next).is_final().then_some(now.as_millis())),
            interruptions: Set(0),
            ..unleased()
        };
        let failure = (next != Next::Sent).then_some(reason.as_str());
        // First the channel and then the row, as everybody who takes both.
        let result = (attempt, next, reason.as_str());
        self.store.note_result(&*tx, &channel, &row, result, now).await?;
        if update_held(lease).set(changed).exec(&*tx).await?.rows_affected == 0 {
            return Ok(false);
        }
        let written = attempt::Entity::insert(write_attempt(&row, attempt)?)
            .exec(&*tx)
            .await?;
        if let Some(said) = &attempt.transcript {
            let said = transcript::ActiveModel {
                attempt_id: Set(written.last_insert_id),
                at: Set(now.as_millis()),
                body: Set(cut(said, LONGEST_TRANSCRIPT).to_owned()),
            };
            transcript::Entity::insert(said)
                .exec_without_returning(&*tx)
                .await?;
        }
        match next {
            Next::Sent => fallback::settle(&*tx, &row, &rows_of(lease), now).await?,
            Next::Failed if lease.digest.is_some() => {
                self.store.ask_fallbacks(&*tx, failed(lease), now).await?;
            }
            Next::Failed => self.store.stand_in(&*tx, &row, now).await?,
            // The other channel may have told it while this one was trying.
            Next::Retry { .. } | Next::Wait => {
                fallback::settle_told(&*tx, row.channel_id, &rows_of(lease), now).await?;
            }
        }
        let mut suspended = None;
        // Only mail has settings of its own beside the channel's.
        if let (Some((profile, _)), Some(revision)) = (&attempt.profile, attempt.settings_revision) {
            let words = attempt.reply_text.as_deref().unwrap_or_default();
            let failure = failure.map(|what| (what, attempt.step.as_deref()));
            mail::note(&*tx, *profile, now, failure, words, revision).await?;
            suspended = recipients::note_attempt(&*tx, &row.recipient, attempt, now).await?;
        }
        tx.commit().await?;
        if let Some(why) = suspended {
            recipients::tell_suspended(&row.recipient, &why);
        }
        // A recovery may have waited for this row.
        self.wake();
        Ok(true)
    }

    /// The channel as it is stored now, while the claim holds. `None`: the claim was lost, its channel is gone or
    /// was switched off, or the recipient unsubscribed; do not send.
    pub async fn still_held(&self, lease: &Lease) -> Result<Option<Channel>, StoreError> {
        let db = self.store.inner.db.read();
        let Some(row) = held(lease).one(db).await? else {
            return Ok(None);
        };
        // Given back, it is cancelled by the next claim.
        if optouts::is_out(db, &row).await? {
            return Ok(None);
        }
        let channel = channel::Entity::find_by_id(row.channel_id).one(db).await?;
        channel
            .filter(|c| c.enabled)
            .map(|c| channels::read_channel(c, &self.store.inner.sealer))
            .transpose()
    }

    /// Gives back claims that cannot be sent before `until`, and says why; their attempts do not count. They are due at
    /// once when mail changed since `seen` ([`crate::mail::Mail::changes`]): what made others due did not see these.
    pub async fn postpone(
        &self,
        leases: &[&Lease],
        until: Timestamp,
        why: &str,
        seen: u64,
    ) -> Result<(), StoreError> {
        let why = Some(why.to_owned());
        self.return_claims(leases, until, why).await?;
        // Looked at after the commit: whoever changes mail later than this sees the rows as pending.
        if self.store.mail().changed_since(seen) {
            let now = self.store.now();
            let tx = self.store.inner.db.write().await?;
            for lease in leases {
                bring_forward(&*tx, rows_of(lease), now).await?;
            }
            tx.commit().await?;
            self.wake();
        }
        Ok(())
    }

    /// Gives back a claim that was not sent; its attempt does not count. `false`: it was not ours any more.
    pub async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        let given_back = self.return_claims(&[lease], self.store.now(), None).await?;
        Ok(given_back > 0)
    }

    /// How many of them were ours.
    async fn return_claims(
        &self,
        leases: &[&Lease],
        due: Timestamp,
        why: Option<String>,
    ) -> Result<u64, StoreError> {
        let now = self.store.now();
        let tx = self.store.inner.db.write().await?;
        let mut given = 0;
        for lease in leases {
            let given_back = delivery::ActiveModel {
                state: Set(DeliveryState::Pending.to_string()),
                next_attempt_at: Set(Some(due.as_millis())),
                reason: why.clone().map_or(NotSet, |why| Set(Some(why))),
                ..unleased()
            };
            let Some(row) = held(lease).one(&*tx).await? else {
                continue;
            };
            update_held(lease)
                .set(given_back)
                .col_expr(
                    delivery::Column::Attempts,
                    Expr::col(delivery::Column::Attempts).sub(1),
                )
                .exec(&*tx)
                .await?;
            given += 1;
            // The other channel may have told it while this one had it.
            fallback::settle_told(&*tx, row.channel_id, &rows_of(lease), now).await?;
        }
        tx.commit().await?;
        self.wake();
        Ok(given)
    }

    /// Whether somebody saved what the attempt failed on while it was running: then waiting for a save would wait for
    /// ever. Times after `now` are of a clock that was set back; they say nothing, and would say it again and again.
    async fn corrected_since<C: ConnectionTrait>(
        &self,
        tx: &C,
        row: &delivery::Model,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let meanwhile = attempt.started_at.as_millis()..=now.as_millis();
        let Some(channel) = channel::Entity::find_by_id(row.channel_id).one(tx).await? else {
            return Ok(false);
        };
        // What was never saved again was not corrected.
        if channel.updated_at > channel.created_at && meanwhile.contains(&channel.updated_at) {
            return Ok(true);
        }
        if channel.kind != mail::EMAIL {
            return Ok(false);
        }
        let used = attempt.profile.as_ref().map(|(id, _)| *id);
        if let (Some(id), Some(revision)) = (used, attempt.settings_revision) {
            let current = mail::saved(tx, id).await?;
            if current.is_some_and(|(current, _)| current > revision) {
                return Ok(true);
            }
        }
        // It did not get as far as reading them, or there were none, or another profile was saved.
        let saved = mail::last_saved(tx, used).await?;
        Ok(saved.is_some_and(|at| meanwhile.contains(&at.as_millis())))
    }
}

fn rows_of(lease: &Lease) -> SimpleExpr {
    digest::of_claim(lease.delivery.0, lease.digest)
}

/// Of a digest any row for which the claim holds, the leader if it is one of them.
fn held(lease: &Lease) -> sea_orm::Select<delivery::Entity> {
    delivery::Entity::find()
        .filter(rows_of(lease))
        .filter(delivery::Column::LeaseToken.eq(lease.token))
        .filter(delivery::Column::State.eq(DeliveryState::Sending.as_str()))
        .order_by_asc(delivery::Column::Follows)
        .limit(1)
}

/// Those of a claim that its attempt has ended for good.
fn failed(lease: &Lease) -> Condition {
    Condition::all()
        .add(rows_of(lease))
        .add(delivery::Column::State.eq(DeliveryState::Failed.as_str()))
}

fn update_held(lease: &Lease) -> UpdateMany<delivery::Entity> {
    delivery::Entity::update_many()
        .filter(rows_of(lease))
        .filter(delivery::Column::LeaseToken.eq(lease.token))
        .filter(delivery::Column::State.eq(DeliveryState::Sending.as_str()))
}

/// Nobody is at this address any more, and that was known before the attempt.
fn knows_gone(channel: &channel::Model, attempt: &Attempt) -> Result<bool, StoreError> {
    let known = standing::read_standing(channel)?.attention;
    let known = known.is_some_and(|a| standing::is_disabled(channel, &a));
    Ok(known && attempt.rejection == Some(Rejection::Gone))
}

fn state_after(next: Next) -> DeliveryState {
    match next {
        Next::Sent => DeliveryState::Sent,
        Next::Retry { .. } | Next::Wait => DeliveryState::Pending,
        Next::Failed => DeliveryState::Failed,
    }
}

/// At most `longest` bytes of `text`, by whole lines if there is a line end in them.
fn cut(text: &str, longest: usize) -> &str {
    if text.len() <= longest {
        return text;
    }
    let head = &text[..text.floor_char_boundary(longest)];
    head.rfind('\n').map_or(head, |end| &head[..end])
}

/// What the list of deliveries says of the row after this attempt.
fn reason_of(attempt: &Attempt) -> String {
    match &attempt.verdict {
        AttemptVerdict::Accepted { reference } => {
            let by = attempt.server.as_deref().unwrap_or("the receiver");
            match reference {
                Some(r) => format!("Accepted by {by} as {r}."),
                None => format!("Accepted by {by}."),
            }
        }
        AttemptVerdict::Deferred { reason }
        | AttemptVerdict::Waiting { reason }
        | AttemptVerdict::Refused { reason } => reason.clone(),
    }
}

fn write_attempt(row: &delivery::Model, attempt: &Attempt) -> Result<attempt::ActiveModel, StoreError> {
    let verdict = serde_json::to_string(&attempt.verdict);
    Ok(attempt::ActiveModel {
        id: NotSet,
        delivery_id: Set(digest::kept_with(row)),
        number: Set(attempt.number as i32),
        started_at: Set(attempt.started_at.as_millis()),
        duration_ms: Set(i64::try_from(attempt.duration.as_millis()).unwrap_or(i64::MAX)),
        settings_revision: Set(attempt.settings_revision),
        remote: Set(attempt.remote.map(|r| r.to_string())),
        server: Set(attempt.server.clone()),
        step: Set(attempt.step.clone()),
        reply_code: Set(attempt.reply_code.map(i32::from)),
        reply_text: Set(attempt.reply_text.clone()),
        verdict: Set(verdict.map_err(|_| corrupt("delivery_attempts", row.id, "verdict"))?),
        profile_id: Set(attempt.profile.as_ref().map(|(id, _)| id.0)),
        profile_name: Set(attempt.profile.as_ref().map(|(_, name)| name.clone())),
        tls: Set(attempt.tls.clone()),
        enhanced_code: Set(attempt.enhanced_code.clone()),
    })
}

/// An attempt that nobody came back from. When it began is not known: it stands at the time at which it was missed.
pub(super) async fn note_interrupted<C: ConnectionTrait>(
    tx: &C,
    row: &delivery::Model,
    now: Timestamp,
) -> Result<(), StoreError> {
    let reason = "Watchbell was stopped, or hung, while it had this message to send. Whether it was sent is not known.";
    let reason = reason.to_owned();
    let attempt = Attempt {
        number: u32::try_from(row.attempts).unwrap_or(0),
        started_at: now,
        duration: Duration::ZERO,
        profile: None,
        settings_revision: None,
        remote: None,
        server: None,
        step: None,
        tls: None,
        reply_code: None,
        enhanced_code: None,
        reply_text: None,
        verdict: if row.finished_at.is_some() {
            AttemptVerdict::Refused { reason }
        } else {
            AttemptVerdict::Deferred { reason }
        },
        transcript: None,
        rejection: None,
    };
    attempt::Entity::insert(write_attempt(row, &attempt)?)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Without its transcript.
pub(super) fn read_attempt(row: attempt::Model) -> Result<Attempt, StoreError> {
    let damaged = |column| corrupt("delivery_attempts", row.id, column);
    Ok(Attempt {
        number: u32::try_from(row.number).map_err(|_| damaged("number"))?,
        started_at: Timestamp::from_millis(row.started_at),
        duration: Duration::from_millis(u64::try_from(row.duration_ms).unwrap_or(0)),
        settings_revision: row.settings_revision,
        remote: row
            .remote
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| damaged("remote"))?,
        server: row.server,
        step: row.step,
        reply_code: row
            .reply_code
            .map(u16::try_from)
            .transpose()
            .map_err(|_| damaged("reply_code"))?,
        reply_text: row.reply_text,
        profile: row
            .profile_id
            .map(|id| (ProfileId(id), row.profile_name.unwrap_or_default())),
        tls: row.tls,
        enhanced_code: row.enhanced_code,
        verdict: serde_json::from_str(&row.verdict).map_err(|_| damaged("verdict"))?,
        transcript: None,
        rejection: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_lines_and_never_within_a_letter() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("a\nbc\nd", 5), "a\nbc");
        assert_eq!(cut("ééé", 3), "é");
    }
}
