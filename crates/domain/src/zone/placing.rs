//! From a local time to the moments that it stands for.

use chrono::{LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{GapInfo, Tz};

use crate::clock::Timestamp;

/// How often a local time happens in its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placing {
    Once(Timestamp),
    /// The clocks were set back over it.
    Twice {
        first: Timestamp,
        second: Timestamp,
    },
    /// The clocks were set forward over it.
    Never {
        /// The first moment after the gap.
        gap_end: Timestamp,
        /// When it would have been, had the clocks not been touched.
        unmoved: Timestamp,
    },
}

impl Placing {
    /// When a run at this local time really happens.
    pub(crate) fn runs(self, repeating: bool) -> [Option<Timestamp>; 2] {
        match self {
            Self::Once(t) => [Some(t), None],
            Self::Twice { first, second } => [Some(first), repeating.then_some(second)],
            Self::Never { unmoved, .. } if repeating => [Some(unmoved), None],
            Self::Never { gap_end, .. } => [Some(gap_end), None],
        }
    }
}

/// The first moment at which the clock on the wall shows `local` or later: of a time that exists twice the first one,
/// of one that does not exist the end of the gap. A later local time never gives an earlier moment.
pub(crate) fn first_moment(zone: Tz, local: NaiveDateTime) -> Timestamp {
    match place(zone, local) {
        Placing::Once(t) | Placing::Twice { first: t, .. } | Placing::Never { gap_end: t, .. } => t,
    }
}

/// What the clock on the wall shows. `None` where the calendar ends.
pub(crate) fn local_time(zone: Tz, at: Timestamp) -> Option<NaiveDateTime> {
    let utc = at.to_utc().naive_utc();
    let offset = zone.offset_from_utc_datetime(&utc).fix();
    utc.checked_add_offset(offset)
}

pub(crate) fn place(zone: Tz, local: NaiveDateTime) -> Placing {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(t) => Placing::Once(Timestamp::from_utc(t.to_utc())),
        LocalResult::Ambiguous(a, b) => {
            let (a, b) = (Timestamp::from_utc(a.to_utc()), Timestamp::from_utc(b.to_utc()));
            Placing::Twice {
                first: a.min(b),
                second: a.max(b),
            }
        }
        LocalResult::None => {
            let gap = GapInfo::new(&local, &zone);
            let before = gap
                .as_ref()
                .and_then(|g| g.begin.as_ref())
                .map_or_else(|| zone.offset_from_utc_datetime(&local).fix(), |(_, o)| o.fix());
            let unmoved = local - TimeDelta::seconds(i64::from(before.local_minus_utc()));
            let unmoved = Timestamp::from_utc(unmoved.and_utc());
            let gap_end = gap
                .and_then(|g| g.end)
                .map_or(unmoved, |t| Timestamp::from_utc(t.to_utc()));
            Placing::Never { gap_end, unmoved }
        }
    }
}
