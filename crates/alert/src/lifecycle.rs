//! What is told to whoever keeps an incident of its own for each of ours: pagers, and alerts that fire until they are
//! resolved.

use std::borrow::Cow;

use domain::delivery::{Event, Notice};

/// An old message about an incident that is over, sent again, says that it is over: otherwise it would open what nothing
/// resolves any more.
pub(crate) fn current(notice: &Notice) -> Cow<'_, Notice> {
    let over = notice.subject.as_ref().and_then(|s| s.incident.resolved_at());
    match (notice.event, over) {
        (Event::Resolved | Event::Test, _) | (_, None) => Cow::Borrowed(notice),
        (_, Some(at)) => Cow::Owned(Notice {
            event: Event::Resolved,
            at,
            ..notice.clone()
        }),
    }
}
