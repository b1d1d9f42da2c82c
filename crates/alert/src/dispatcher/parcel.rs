//! What travels in one message. Usually that is one delivery. Where a mail profile takes no more messages now, the
//! deliveries of one recipient travel together, so that none is dropped; where it takes several recipients, those of one
//! event do. Which ones belong together is stored before anything is sent, and never changed once something may have
//! been: a retry, also one after a crash, is the same message under the same id.

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
    pub(super) messages: Option<usize>,
    /// Recipients of one message.
    pub(super) recipients: usize,
}

impl Parcel {
    pub(super) fn first(&self) -> &Claimed {
        &self.first
    }

    pub(super) fn claims(&self) -> impl Iterator<Item = &Claimed> {
        std::iter::once(&self.first).chain(&self.also)
    }

    pub(super) fn len(&self) -> usize {
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

/// Puts together what belongs together, in the order of the claims. True when something was put together for want of
/// room.
pub(super) async fn pack(store: &Store, claims: Vec<Claimed>, room: Room) -> (Vec<Parcel>, bool) {
    let mut parcels = regroup(claims);
    if room.recipients > 1 {
        parcels = bundle(store, parcels, room.recipients, |c| {
            Key::Event(c.notice.subject.as_ref()?.incident.id, c.notice.event).into()
        })
        .await;
    }
    let lacking = room.messages.is_some_and(|most| parcels.len() > most);
    if lacking {
        parcels = bundle(store, parcels, usize::MAX, |c| {
            Some(Key::Recipient(c.notice.recipient.clone()))
        })
        .await;
    }
    (parcels, lacking)
}

/// What deliveries have in common that may travel together.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Recipient(String),
    Event(IncidentId, Event),
}

/// By what was stored earlier.
fn regroup(claims: Vec<Claimed>) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::with_capacity(claims.len());
    let mut places: HashMap<DeliveryId, usize> = HashMap::new();
    for claimed in claims {
        match claimed
            .travels_with
            .map(|with| (with, places.get(&with).copied()))
        {
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
async fn bundle(
    store: &Store,
    parcels: Vec<Parcel>,
    most: usize,
    key: impl Fn(&Claimed) -> Option<Key>,
) -> Vec<Parcel> {
    let mut packed: Vec<Parcel> = Vec::with_capacity(parcels.len());
    let mut places: HashMap<Key, usize> = HashMap::new();
    for parcel in parcels {
        let first = &parcel.first;
        let single = parcel.also.is_empty() && first.travels_with.is_none() && first.attempt == 1;
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
        let new = parcel.len() > 1 && parcel.first.travels_with.is_none();
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
