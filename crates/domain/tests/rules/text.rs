//! Text from outside, and durations.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    duration,
    text::{is_unsafe, parse_line, sanitize},
};
use proptest::prelude::*;

#[test]
fn what_a_server_said_becomes_one_harmless_line() {
    for (text, max, kept) in [
        ("250 ok", 20, "250 ok"),
        ("  a\r\nb\tc  ", 20, "a  b c"),
        ("\u{1b}[31mred\u{1b}[0m", 20, "[31mred [0m"),
        ("pay\u{202e}exe.gpj", 20, "pay exe.gpj"),
        ("a\u{2028}b\0c", 20, "a b c"),
        ("一二三四五", 3, "一二三…"),
        ("abc", 3, "abc"),
        ("<script>", 20, "<script>"),
        ("", 20, ""),
    ] {
        assert_eq!(sanitize(text, max).trim_start(), kept, "{text:?}");
    }
}

proptest! {
    #[test]
    fn sanitised_text_is_short_and_safe(text in any::<String>(), max in 1..400usize) {
        let safe = sanitize(&text, max);
        prop_assert!(safe.chars().count() <= max + 1);
        prop_assert!(!safe.chars().any(is_unsafe));
    }

    #[test]
    fn a_line_is_a_line(text in any::<String>(), max in 1..100usize) {
        if let Ok(line) = parse_line("name", &text, max) {
            prop_assert!(!line.is_empty() && line.chars().count() <= max);
            prop_assert!(!line.chars().any(is_unsafe));
            prop_assert_eq!(line.trim(), line.as_str());
        }
    }

    #[test]
    fn a_duration_reads_back_as_itself(ms in 0..u64::MAX / 2) {
        let d = Duration::from_millis(ms);
        prop_assert_eq!(duration::parse("d", &duration::format(d)), Ok(d));
    }

    #[test]
    fn no_text_makes_the_duration_reader_fall_over(text in "\\PC{0,30}") {
        let _ = duration::parse("d", &text);
    }

    #[test]
    fn a_moment_reads_back_as_itself(ms in 0..4_000_000_000_000i64) {
        let t = Timestamp::from_millis(ms);
        prop_assert_eq!(Timestamp::parse_rfc3339(&t.to_rfc3339()), Some(t));
    }

    #[test]
    fn moments_saturate(ms in any::<i64>(), d in any::<u64>()) {
        let (t, d) = (Timestamp::from_millis(ms), Duration::from_millis(d));
        prop_assert!(t.plus(d) >= t && t.minus(d) <= t);
        prop_assert_eq!(t.minus(d).since(t), Duration::ZERO);
    }
}

#[test]
fn durations_as_people_write_them() {
    for (text, ms, short) in [
        ("500ms", 500, "500ms"),
        ("30s", 30_000, "30s"),
        (" 90 s ", 90_000, "90s"),
        ("120s", 120_000, "2m"),
        ("2h", 7_200_000, "2h"),
        ("48h", 172_800_000, "2d"),
        ("0m", 0, "0s"),
    ] {
        let d = duration::parse("d", text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(
            (d, duration::format(d)),
            (Duration::from_millis(ms), short.to_owned()),
            "{text}"
        );
    }
    for text in [
        "",
        "30",
        "s",
        "1.5h",
        "-1s",
        "1 week",
        "99999999999999999999s",
        "18446744073709551615d",
        "３s",
    ] {
        assert_eq!(
            duration::parse("d", text).map_err(|e| e.code),
            Err("duration-invalid"),
            "{text}"
        );
    }
}

#[test]
fn a_megabyte_is_refused_for_its_length() {
    let e = parse_line("name", &"x".repeat(1 << 20), 120).map_err(|e| e.code);
    assert_eq!(e, Err("too-long"));
    assert!(parse_line("name", &"漢".repeat(120), 120).is_ok());
    assert_eq!(
        parse_line("name", &"漢".repeat(121), 120).map_err(|e| e.code),
        Err("too-long")
    );
}
