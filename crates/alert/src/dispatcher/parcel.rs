//! What travels in one message. Usually that is one claim, of one delivery or of a digest, which the store has put
//! together. Where a mail profile takes several recipients, those of one event share a letter. Which ones do is stored
//! before anything is sent, and never changed once something may have been: a retry, also one after a crash, is the same
//! message under the same id.

use std::collections::HashMap;

use domain::{
    delivery::{Event, Notice},
    id::{DeliveryId, IncidentId},
};
use store::{Store, outbox::Claimed};

/// Deliveries of one message: at least one.
pub(super) struct Parcel {
    first: Claimed,
    also: Vec<Claimed>,
}

/// What the profile that would be used now has room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Messages; `None`: any number.
    pub(super) messages: Option<u32>,
    /// Recipients of one message.
    pub(super) recipients: usize,
}

impl Room {
    pub(super) const FREE: Self = Self {
        messages: None,
        recipients: 1,
    };
}

impl Parcel {
    pub(super) fn first(&self) -> &Claimed {
        &self.first
    }

    pub(super) fn claims(&self) -> impl Iterator<Item = &Claimed> {
        std::iter::once(&self.first).chain(&self.also)
    }

    fn len(&self) -> usize {
        1 + self.also.len()
    }

    /// Whichever of them is left to send: it is this message.
    fn take_id(&mut self, message_id: &str) {
        for claimed in std::iter::once(&mut self.first).chain(&mut self.also) {
            message_id.clone_into(&mut claimed.notice.message_id);
        }
    }

    /// Without those that `keep` does not want; `None` when nothing is left.
    pub(super) fn notice(&self, keep: impl Fn(&Claimed) -> bool) -> Option<Notice> {
        let mut kept = self.claims().filter(|c| keep(c));
        let mut notice = kept.next()?.notice.clone();
        for other in kept {
            if other.notice.recipient == notice.recipient {
                notice.also.push(other.notice.clone());
            } else {
                notice.shared_with.push(other.notice.recipient.clone());
            }
        }
        Some(notice)
    }
}

impl From<Claimed> for Parcel {
    fn from(first: Claimed) -> Self {
        Self {
            first,
            also: Vec::new(),
        }
    }
}

/// Puts together what shares a letter, in the order of the claims.
pub(super) async fn pack(store: &Store, claims: Vec<Claimed>, recipients: usize) -> Vec<Parcel> {
    let parcels = regroup(claims);
    if recipients > 1 {
        share(store, parcels, recipients).await
    } else {
        parcels
    }
}

/// What those have in common who may share a letter.
type Key = (IncidentId, Event);

fn key(claimed: &Claimed) -> Option<Key> {
    let notice = &claimed.notice;
    Some((notice.subject.as_ref()?.incident.id, notice.event)).filter(|_| !notice.is_digest())
}

/// By what was stored earlier.
fn regroup(claims: Vec<Claimed>) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::with_capacity(claims.len());
    let mut places: HashMap<DeliveryId, usize> = HashMap::new();
    for claimed in claims {
        match claimed.shares_with.map(|with| (with, places.get(&with).copied())) {
            Some((_, Some(place))) => parcels[place].also.push(claimed),
            Some((with, None)) => {
                places.insert(with, parcels.len());
                parcels.push(claimed.into());
            }
            None => parcels.push(claimed.into()),
        }
    }
    parcels
}

/// Puts single deliveries with the same key together, at most `most` of them, and stores that. One that was tried before
/// stays by itself: whatever became of the try, the receiver may have it, and under its own id.
async fn share(store: &Store, parcels: Vec<Parcel>, most: usize) -> Vec<Parcel> {
    let mut packed: Vec<Parcel> = Vec::with_capacity(parcels.len());
    let mut places: HashMap<Key, usize> = HashMap::new();
    for parcel in parcels {
        let first = &parcel.first;
        let single = parcel.also.is_empty() && first.shares_with.is_none() && first.attempt == 1;
        let Some(key) = key(&parcel.first).filter(|_| single) else {
            packed.push(parcel);
            continue;
        };
        match places.get(&key) {
            Some(place) if packed[*place].len() < most => packed[*place].also.push(parcel.first),
            _ => {
                places.insert(key, packed.len());
                packed.push(parcel);
            }
        }
    }
    let mut stored = Vec::with_capacity(packed.len());
    for mut parcel in packed {
        let new = parcel.len() > 1 && parcel.first.shares_with.is_none();
        if new {
            let leases: Vec<_> = parcel.claims().map(|c| &c.lease).collect();
            match store.outbox().bundle(&leases).await {
                Ok(message_id) => parcel.take_id(&message_id),
                Err(error) => {
                    tracing::warn!(error = %error, "deliveries could not be put together; each goes by itself");
                    let singles = std::mem::take(&mut parcel.also);
                    stored.push(parcel);
                    stored.extend(singles.into_iter().map(Parcel::from));
                    continue;
                }
            }
        }
        stored.push(parcel);
    }
    stored
}
