//! Times, durations and subjects, as people read them.

use std::time::Duration;

use domain::{clock::Timestamp, text::is_unsafe};

use super::Language;

/// RFC 5322 recommends 78 characters and forbids more than 998; mail programs cut far earlier than the latter.
const LONGEST_SUBJECT: usize = 150;

/// `2026-11-23 14:02:05 UTC`.
pub(super) fn absolute(at: Timestamp) -> String {
    at.to_utc().format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-11-23 14:02:05 UTC (3 minutes ago)`. What lies ahead has no second half: clocks differ by a little.
pub(super) fn moment(at: Timestamp, now: Timestamp, language: Language) -> String {
    if at > now {
        return absolute(at);
    }
    let ago = language.text_with(
        "relative-past",
        &[("duration", duration(now.since(at), language).into())],
    );
    format!("{} ({ago})", absolute(at))
}

/// The two largest units: `2 hours 5 minutes`.
pub(super) fn duration(d: Duration, language: Language) -> String {
    let seconds = d.as_secs();
    let parts = [
        ("duration-days", seconds / 86_400),
        ("duration-hours", seconds / 3_600 % 24),
        ("duration-minutes", seconds / 60 % 60),
        ("duration-seconds", seconds % 60),
    ];
    let Some(first) = parts.iter().position(|(_, n)| *n > 0) else {
        return language.text("duration-instant");
    };
    let words: Vec<String> = parts[first..]
        .iter()
        .take(2)
        .filter(|(_, n)| *n > 0)
        .map(|(key, n)| language.text_with(key, &[("n", (*n).into())]))
        .collect();
    words.join(" ")
}

/// `[DOWN] name`: the word in front is the same in every language, because people filter by it.
pub(super) fn subject(word: &str, name: &str) -> String {
    let name: String = name
        .trim()
        .chars()
        .map(|c| if is_unsafe(c) { ' ' } else { c })
        .collect();
    let room = LONGEST_SUBJECT.saturating_sub(word.chars().count() + "[] ".len());
    format!("[{word}] {}", shortened(&name, room))
}

/// Cut in the middle: names of one family differ at their ends.
fn shortened(text: &str, most: usize) -> String {
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
            assert_eq!(duration(d, Language::English), english);
            assert_eq!(duration(d, Language::SimplifiedChinese), chinese);
        }
    }

    #[test]
    fn moments_are_absolute_and_relative() {
        let at = Timestamp::from_millis(1_795_442_525_000);
        let now = at.plus(Duration::from_mins(3));
        assert_eq!(
            moment(at, now, Language::English),
            "2026-11-23 14:02:05 UTC (3 minutes ago)"
        );
        assert_eq!(moment(now, at, Language::English), "2026-11-23 14:05:05 UTC");
    }

    #[test]
    fn subjects_are_one_short_line() {
        assert_eq!(subject("DOWN", "Shop\r\nBcc: a@b"), "[DOWN] Shop  Bcc: a@b");
        let long = subject("DOWN", &format!("{}-eu-1", "a".repeat(200)));
        assert_eq!(long.chars().count(), 150);
        assert!(long.starts_with("[DOWN] aaa") && long.ends_with("a-eu-1") && long.contains('…'));
        let chinese = subject("UP", &"商店".repeat(100));
        assert!(chinese.chars().count() <= 150, "{chinese}");
    }
}
