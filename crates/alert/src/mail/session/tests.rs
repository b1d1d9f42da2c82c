use serde_json::json;

use super::*;

#[test]
fn a_password_without_encryption_stays_on_this_machine() {
    let settings = |security: &str, allowed: bool| {
        let body = json!({ "host": "mx.example.org", "port": 25, "security": security, "from": "a@example.org",
                           "allow_insecure_auth": allowed });
        MailSettings::from_json(body, None).unwrap()
    };
    for (security, allowed, remote, expected) in [
        ("none", false, "192.0.2.1:25", false),
        ("none", false, "10.0.0.1:25", false),
        ("none", false, "[2001:db8::1]:25", false),
        ("none", false, "127.0.0.1:25", true),
        ("none", false, "[::1]:25", true),
        ("none", false, "[::ffff:127.0.0.1]:25", true),
        ("none", true, "192.0.2.1:25", true),
        ("tls", false, "192.0.2.1:25", true),
        ("starttls", false, "192.0.2.1:25", true),
    ] {
        let remote = remote.parse().unwrap();
        let may = password_may_travel(&settings(security, allowed), remote);
        assert_eq!(may, expected, "{security} {allowed} {remote}");
    }
}
