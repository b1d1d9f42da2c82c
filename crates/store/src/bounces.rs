//! Mails that come back: the mark by which a return address leads to its delivery, and what a report changes.
//!
//! A report comes from whoever got hold of the return address, so it is believed as far as the mark in it goes: it can
//! concern the one recipient to whom that address was shown, for two days, and nobody else.

use domain::{
    bounce::{Effect, Status},
    id::DeliveryId,
    mail::{Address, EnvelopeSender},
    recipient::Bounce,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter};

use crate::{entity::delivery, error::StoreError, recipients, store::Store};

mod mark;
pub(crate) use mark::MarkKey;
pub use mark::{MARK_LENGTH, MarkError, VALID_FOR};

/// What is kept of the words of whoever returned a mail, in characters.
const LONGEST_TEXT: usize = 1024;

pub struct Bounces<'a> {
    pub(crate) store: &'a Store,
}

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    pub delivery: DeliveryId,
    pub recipient: String,
    pub effect: Effect,
}

impl Bounces<'_> {
    /// What stands in the return address of a mail (for `%s` in its template): [`MARK_LENGTH`] letters and digits, the
    /// same in upper and lower case, which nobody can make without our key.
    pub fn mark(&self, delivery: DeliveryId) -> String {
        self.store.inner.mark_key.mark(delivery, self.store.now())
    }

    /// The return address of the mail of `delivery`: with its [`Self::mark`], where `template` has a place for one.
    /// `None`: `template` has no room for it.
    pub fn address(&self, template: &EnvelopeSender, delivery: DeliveryId) -> Option<Address> {
        template.address(&self.mark(delivery))
    }

    /// The delivery whose mark stands in `address`, wherever in its local part that is.
    pub fn delivery_of(&self, address: &str) -> Result<DeliveryId, MarkError> {
        self.store.inner.mark_key.find(address, self.store.now())
    }

    /// Writes down that the mail of a delivery came back. `None`: there is no such delivery (any more), or it went to
    /// nobody by mail; nothing was changed. `text`: the words of whoever returned it.
    pub async fn record(
        &self,
        delivery: DeliveryId,
        status: Status,
        text: &str,
    ) -> Result<Option<Returned>, StoreError> {
        let now = self.store.now();
        let effect = status.effect();
        let tx = self.store.inner.db.write().await?;
        let row = delivery::Entity::find_by_id(delivery.0).one(&*tx).await?;
        let Some(row) = row.filter(|r| !r.recipient.is_empty()) else {
            return Ok(None);
        };
        let returned = Returned {
            delivery,
            recipient: row.recipient,
            effect,
        };
        if effect == Effect::Nothing {
            return Ok(Some(returned));
        }
        let bounce = Bounce {
            at: now,
            status: status.to_string(),
            text: domain::text::sanitize(text, LONGEST_TEXT),
        };
        let changed = delivery::ActiveModel {
            bounced_at: Set(Some(now.as_millis())),
            bounce_status: Set(Some(bounce.status.clone())),
            bounce_text: Set(Some(bounce.text.clone())),
            ..Default::default()
        };
        delivery::Entity::update_many()
            .set(changed)
            // A digest that came back is a message about each of its deliveries.
            .filter(
                delivery::Column::Id
                    .eq(delivery.0)
                    .or(delivery::Column::DigestOf.eq(delivery.0)),
            )
            .exec(&*tx)
            .await?;
        let for_good = effect == Effect::Suspend;
        let suspended = recipients::note_bounce(&*tx, &returned.recipient, bounce, for_good, now).await?;
        tx.commit().await?;
        if let Some(why) = suspended {
            recipients::tell_suspended(&returned.recipient, &why);
        }
        Ok(Some(returned))
    }
}
