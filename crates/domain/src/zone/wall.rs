//! What the clock on the wall shows, for pages that are about a zone and not about their reader.

use chrono::{Datelike, Days, NaiveTime, Timelike, Weekday};

use super::{Tz, first_moment, local_time};
use crate::clock::Timestamp;

/// A moment as it reads in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wall {
    /// `2026-11-30`.
    pub date: String,
    pub weekday: Weekday,
    /// `09:00`.
    pub time: String,
}

/// A day in a zone, from its first moment to that of the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: String,
    pub weekday: Weekday,
    pub begin: Timestamp,
    pub end: Timestamp,
}

impl Wall {
    /// `None` where the calendar ends.
    pub fn of(zone: Tz, at: Timestamp) -> Option<Self> {
        let local = local_time(zone, at)?;
        Some(Self {
            date: local.format("%Y-%m-%d").to_string(),
            weekday: local.weekday(),
            time: format!("{:02}:{:02}", local.hour(), local.minute()),
        })
    }
}

/// The day that holds `at` and those after it, `count` in all.
pub fn days(zone: Tz, at: Timestamp, count: u64) -> Vec<Day> {
    let Some(first) = local_time(zone, at).map(|l| l.date()) else {
        return Vec::new();
    };
    let midnight = |n: u64| {
        let date = first.checked_add_days(Days::new(n))?;
        Some((date, first_moment(zone, date.and_time(NaiveTime::MIN))))
    };
    (0..count)
        .filter_map(|n| {
            let ((date, begin), (_, end)) = (midnight(n)?, midnight(n + 1)?);
            Some(Day {
                date: date.format("%Y-%m-%d").to_string(),
                weekday: date.weekday(),
                begin,
                end,
            })
        })
        // One that a zone skipped.
        .filter(|day| day.begin < day.end)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn the_wall_shows_what_its_zone_says() {
        let wall = Wall::of(Tz::Europe__Berlin, at("2026-11-30T08:00:00Z")).unwrap();
        assert_eq!(
            (wall.date.as_str(), wall.weekday, wall.time.as_str()),
            ("2026-11-30", Weekday::Mon, "09:00")
        );
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let days = days(Tz::Europe__Berlin, at("2026-03-28T12:00:00Z"), 3);
        let hours: Vec<u64> = days
            .iter()
            .map(|d| d.end.since(d.begin).as_secs() / 3600)
            .collect();
        assert_eq!(hours, [24, 23, 24]);
        assert_eq!(
            (days[1].date.as_str(), days[1].weekday),
            ("2026-03-29", Weekday::Sun)
        );
        let samoa = super::days(Tz::Pacific__Apia, at("2011-12-29T20:00:00Z"), 3);
        let dates: Vec<&str> = samoa.iter().map(|d| d.date.as_str()).collect();
        assert_eq!(dates, ["2011-12-29", "2011-12-31"]);
    }
}
