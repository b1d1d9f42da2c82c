//! Local times as forms have them.

use domain::{
    clock::Timestamp,
    zone::{self, Tz, next_morning, parse_local, print_local},
};

fn berlin() -> Tz {
    zone::parse("zone", "Europe/Berlin").expect("a zone")
}

#[test]
fn a_local_time_is_read_where_clocks_change_as_well() {
    let table = [
        ("2026-11-26T20:00", Ok("2026-11-26T19:00:00.000Z")),
        ("2026-07-01T08:30:15", Ok("2026-07-01T06:30:15.000Z")),
        (" 2026-07-01 08:30 ", Ok("2026-07-01T06:30:00.000Z")),
        ("2026-10-25T02:30", Ok("2026-10-25T00:30:00.000Z")),
        ("2027-03-28T02:30", Err("local-time-skipped")),
        ("2026-02-30T12:00", Err("local-time-invalid")),
        ("tomorrow", Err("local-time-invalid")),
        ("", Err("local-time-invalid")),
    ];
    for (text, expected) in table {
        let read = parse_local("from", text, berlin());
        let read = read.map(Timestamp::to_rfc3339).map_err(|e| e.code);
        assert_eq!(read, expected.map(str::to_owned), "{text}");
    }
}

#[test]
fn what_is_printed_is_read_again() {
    let at = Timestamp::parse_rfc3339("2027-03-28T01:00:00Z").expect("a time");
    let text = print_local(at, berlin());
    assert_eq!(text, "2027-03-28T03:00");
    assert_eq!(parse_local("from", &text, berlin()).ok(), Some(at));
}

#[test]
fn the_next_morning_is_the_one_of_tomorrow() {
    let morning = |text: &str| {
        let at = Timestamp::parse_rfc3339(text).expect("a time");
        next_morning(at, berlin()).map(Timestamp::to_rfc3339)
    };
    let expected = Some("2026-11-27T08:00:00.000Z".to_owned());
    assert_eq!(morning("2026-11-26T12:00:00Z"), expected);
    assert_eq!(
        morning("2026-11-25T23:30:00Z"),
        expected,
        "after midnight it is of the next day"
    );
    assert_eq!(
        morning("2027-03-27T12:00:00Z"),
        Some("2027-03-28T07:00:00.000Z".to_owned())
    );
}
