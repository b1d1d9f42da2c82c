//! Times, durations and subjects, as people read them.

use std::time::Duration;

use chrono::{Datelike as _, Offset as _};
use domain::{clock::Timestamp, language, mail_message::LONGEST_SUBJECT, text::is_unsafe, zone::Tz};
use fluent::FluentValue;
use store::General;

use super::Language;

/// Who reads it, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    pub(crate) language: Language,
    pub(crate) zone: Tz,
    pub(crate) now: Timestamp,
}

impl Reader {
    /// What the channel says of its readers, else what is usual here.
    pub(crate) fn new(
        general: &General,
        (language, zone): (Option<language::Language>, Option<Tz>),
        now: Timestamp,
    ) -> Self {
        let language = match language {
            Some(language) => Some(language.as_str()),
            None => general.language.as_deref(),
        };
        Self {
            language: language.map_or(Language::English, Language::of),
            zone: zone.unwrap_or_else(|| general.zone()),
            now,
        }
    }

    pub(super) fn text(self, key: &str) -> String {
        self.language.text(key)
    }

    pub(super) fn text_with(self, key: &str, values: &[(&'static str, FluentValue<'_>)]) -> String {
        self.language.text_with(key, values)
    }

    /// `2026-11-23 22:02:05 +08:00 Asia/Shanghai`; `2026-11-23 14:02:05 UTC`. Abbreviations such as CST would mean
    /// different things to different people.
    pub(super) fn absolute(self, at: Timestamp) -> String {
        format!("{} {}", self.clock(at), self.zone_at(at))
    }

    /// `2026-11-23 22:02:05`, in the zone that [`Self::zone_at`] names.
    pub(super) fn clock(self, at: Timestamp) -> String {
        let utc = at.to_utc();
        let format = "%Y-%m-%d %H:%M:%S";
        if is_usual(at) {
            utc.with_timezone(&self.zone).format(format).to_string()
        } else {
            utc.format(format).to_string()
        }
    }

    /// `+08:00 Asia/Shanghai`, `UTC`.
    pub(super) fn zone_at(self, at: Timestamp) -> String {
        if self.zone == Tz::UTC || !is_usual(at) {
            return "UTC".to_owned();
        }
        let offset = at.to_utc().with_timezone(&self.zone).offset().fix();
        format!("{offset} {}", self.zone.name())
    }

    /// `2026-11-23 14:02:05 UTC (3 minutes ago)`. What lies ahead has no second half: clocks differ by a little.
    pub(super) fn moment(self, at: Timestamp) -> String {
        if at > self.now {
            return self.absolute(at);
        }
        let passed = self.duration(self.now.since(at));
        let ago = self.text_with("relative-past", &[("duration", passed.into())]);
        format!("{} ({ago})", self.absolute(at))
    }

    /// The two largest units: `2 hours 5 minutes`.
    pub(super) fn duration(self, d: Duration) -> String {
        let seconds = d.as_secs();
        let parts = [
            ("duration-days", seconds / 86_400),
            ("duration-hours", seconds / 3_600 % 24),
            ("duration-minutes", seconds / 60 % 60),
            ("duration-seconds", seconds % 60),
        ];
        let Some(first) = parts.iter().position(|(_, n)| *n > 0) else {
            return self.text("duration-instant");
        };
        let words: Vec<String> = parts[first..]
            .iter()
            .take(2)
            .filter(|(_, n)| *n > 0)
            .map(|(key, n)| self.text_with(key, &[("n", (*n).into())]))
            .collect();
        words.join(" ")
    }
}

/// Years in which zones have an offset and dates four digits; arithmetic beyond them could overflow.
fn is_usual(at: Timestamp) -> bool {
    (1970..=9998).contains(&at.to_utc().year())
}

/// A measured time: `87 ms`, `1.24 s`.
pub(super) fn latency(d: Duration) -> String {
    match d.as_millis() {
        0 => "< 1 ms".to_owned(),
        ms @ 1..1000 => format!("{ms} ms"),
        _ => format!("{:.2} s", d.as_secs_f64()),
    }
}

/// `[DOWN] name`: the word in front is the same in every language, because people filter by it.
pub(super) fn tagged_subject(word: &str, name: &str) -> String {
    let room = LONGEST_SUBJECT.saturating_sub(word.chars().count() + "[] ".len());
    format!("[{word}] {}", shortened(&one_line(name), room))
}

/// One line of at most `most` characters. `write` puts a name into its words; it is the name that is cut, as long as
/// some of it is left, because the words around it say what it is about.
pub(super) fn subject_about(name: &str, most: usize, write: impl Fn(&str) -> String) -> String {
    let whole = one_line(&write(name));
    let Some(excess) = whole.chars().count().checked_sub(most).filter(|n| *n > 0) else {
        return whole;
    };
    // It may stand there twice.
    let count = name.chars().count().max(1);
    let words = one_line(&write("")).chars().count();
    let times = (whole.chars().count().saturating_sub(words) / count).max(1);
    let room = count.saturating_sub(excess.div_ceil(times)).max(SHORTEST_NAME);
    shortened(&one_line(&write(&shortened(name, room))), most)
}

fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
    spaced.trim().to_owned()
}

/// Of a name, so that one is still known by it.
const SHORTEST_NAME: usize = 20;

/// Cut in the middle: names of one family differ at their ends.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(1);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{}…{}", start.trim_end(), end.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_442_705_000);

    fn reader(language: Language, zone: Tz) -> Reader {
        Reader {
            language,
            zone,
            now: NOW,
        }
    }

    #[test]
    fn durations_name_their_two_largest_units() {
        for (seconds, english, chinese) in [
            (0, "less than a second", "不到一秒"),
            (1, "1 second", "1 秒"),
            (60, "1 minute", "1 分钟"),
            (61, "1 minute 1 second", "1 分钟 1 秒"),
            (3_605, "1 hour", "1 小时"),
            (7_500, "2 hours 5 minutes", "2 小时 5 分钟"),
            (90_061, "1 day 1 hour", "1 天 1 小时"),
        ] {
            let d = Duration::from_secs(seconds);
            assert_eq!(reader(Language::English, Tz::UTC).duration(d), english);
            assert_eq!(reader(Language::SimplifiedChinese, Tz::UTC).duration(d), chinese);
        }
    }

    #[test]
    fn moments_are_absolute_in_the_zone_of_the_reader_and_relative() {
        let at = NOW.minus(Duration::from_mins(3));
        for (zone, expected) in [
            (Tz::UTC, "2026-11-23 14:02:05 UTC (3 minutes ago)"),
            (
                Tz::Asia__Shanghai,
                "2026-11-23 22:02:05 +08:00 Asia/Shanghai (3 minutes ago)",
            ),
            (
                Tz::America__New_York,
                "2026-11-23 09:02:05 -05:00 America/New_York (3 minutes ago)",
            ),
            (
                Tz::Asia__Kathmandu,
                "2026-11-23 19:47:05 +05:45 Asia/Kathmandu (3 minutes ago)",
            ),
        ] {
            assert_eq!(reader(Language::English, zone).moment(at), expected);
        }
        let ahead = NOW.plus(Duration::from_secs(1));
        assert_eq!(
            reader(Language::English, Tz::UTC).moment(ahead),
            "2026-11-23 14:05:06 UTC"
        );
    }

    #[test]
    fn the_offset_is_that_of_the_moment_and_not_of_today() {
        let summer = Timestamp::parse_rfc3339("2026-07-01T12:00:00Z").unwrap();
        let text = reader(Language::English, Tz::Europe__Berlin).absolute(summer);
        assert_eq!(text, "2026-07-01 14:00:00 +02:00 Europe/Berlin");
    }

    #[test]
    fn a_clock_that_is_far_off_does_no_harm() {
        for millis in [i64::MIN, -1, 253_402_300_800_000, 8_210_266_876_799_999, i64::MAX] {
            for zone in [Tz::UTC, Tz::Pacific__Kiritimati, Tz::Pacific__Pago_Pago] {
                assert!(
                    !reader(Language::English, zone)
                        .moment(Timestamp::from_millis(millis))
                        .is_empty()
                );
            }
        }
    }

    #[test]
    fn subjects_are_one_short_line() {
        assert_eq!(
            tagged_subject("DOWN", "Shop\r\nBcc: a@b"),
            "[DOWN] Shop  Bcc: a@b"
        );
        let long = tagged_subject("DOWN", &format!("{}-eu-1", "a".repeat(200)));
        assert_eq!(long.chars().count(), 150);
        assert!(long.starts_with("[DOWN] aaa") && long.ends_with("a-eu-1") && long.contains('…'));
        let chinese = tagged_subject("UP", &"商店".repeat(100));
        assert!(chinese.chars().count() <= 150, "{chinese}");
    }

    #[test]
    fn it_is_the_name_that_is_cut() {
        let name = format!("{}-eu-1", "a".repeat(300));
        assert_eq!(subject_about(" a\nb ", 150, |n| format!("{n} ")), "a b");
        for write in [
            |n: &str| format!("Incident #7: {n}"),
            |n: &str| format!("{n} via the channel of operations"),
            |n: &str| format!("{n} ({n}) of 7"),
        ] {
            let subject = subject_about(&name, 146, write);
            let (before, after) = {
                let words = write("|");
                let (before, rest) = words.split_once('|').unwrap();
                (before.to_owned(), rest.rsplit('|').next().unwrap().to_owned())
            };
            assert!(
                subject.starts_with(&before) && subject.ends_with(&after),
                "{subject}"
            );
            assert!(subject.contains("-eu-1"), "{subject}");
            let length = subject.chars().count();
            assert!((140..=146).contains(&length), "{length}: {subject}");
        }
        // Words that are too long by themselves.
        let words = "x".repeat(1000);
        let subject = subject_about(&name, 146, |n| format!("{n}{words}"));
        assert_eq!(subject.chars().count(), 146);
    }
}
