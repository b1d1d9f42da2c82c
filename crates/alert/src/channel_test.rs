//! What the limit of a mail profile says to the messages of a channel's test.

use domain::clock::Timestamp;
use store::MailProfile;

use crate::{
    channel::{Retry, SendError, Trace},
    dispatcher::Delay,
};

/// Alerts need the room as well, so nobody waits for it here: a test of a channel with many recipients ends where the
/// room does, and says how far it came.
pub(crate) fn no_room(
    profile: &MailProfile,
    delay: &Delay,
    (sent, all): (usize, usize),
    now: Timestamp,
) -> SendError {
    let reason = format!(
        "{} takes {} messages a minute, and there is no room for another one now: {sent} of {all} test messages were \
         accepted, the others were not tried. Wait a moment before the next test, or raise the limit.",
        profile.settings.title(),
        profile.settings.rate_per_minute.unwrap_or_default(),
    );
    let wait = Retry::After(delay.until.since(now));
    SendError::new(wait, reason, Trace::of_profile(profile))
}
