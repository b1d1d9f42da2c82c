use serde_json::json;

use super::*;

#[test]
fn an_address_has_the_time_that_the_settings_say() {
    for (setting, session, expected) in [
        (json!(null), 290, 10),
        (json!("1s"), 290, 1),
        (json!("45s"), 290, 45),
        (json!("1m"), 290, 60),
        (json!("1m"), 20, 20),
    ] {
        let body = json!({ "host": "mx.example.org", "port": 25, "security": "none", "from": "a@example.org",
                           "connect_timeout": setting });
        let settings = MailSettings::from_json(body, None).unwrap();
        let before = Instant::now();
        let wire = Wire::new(Duration::from_secs(session), None, None);
        let until = connect_until(&wire, &settings);
        let expected = Duration::from_secs(expected);
        assert!(
            until >= before + expected && until <= Instant::now() + expected,
            "{setting}"
        );
    }
}

#[test]
fn the_question_for_tls_ends_with_the_session() {
    let deadlines = Deadlines::default();
    for (session, expected) in [(290, 5), (5, 5), (2, 2), (0, 0)] {
        let before = Instant::now();
        let wire = Wire::new(Duration::from_secs(session), None, None);
        let until = probe_until(&wire, deadlines);
        let expected = Duration::from_secs(expected);
        assert!(
            until >= before + expected && until <= Instant::now() + expected,
            "{session} s"
        );
    }
}
