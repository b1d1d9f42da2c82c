//! Ids of messages that belong to no delivery.

use domain::clock::Timestamp;
use uuid::Uuid;

/// A UUIDv7 of this time. `None`: the operating system gives no random numbers.
pub(crate) fn fresh(now: Timestamp) -> Option<Uuid> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).ok()?;
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    Some(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}
