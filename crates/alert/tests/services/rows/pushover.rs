use std::time::Duration;

use alert::channel::Retry;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, fields, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "pushover",
        config: |base| {
            json!({
                "server": base, "token": secret("token"), "user": secret("user"), "priority": "emergency", "sound": "siren",
            })
        },
        yes: || {
            let body = json!({
                "status": 1, "request": "647d2300-702c-4b38-8b2f-d56326ae460b", "receipt": "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy",
            });
            Reply::ok(body.to_string())
        },
        reference: Some("rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"),
        noes: || {
            let no = |field: &str, error: &str| {
                let body = json!({ field: "invalid", "errors": [error], "status": 0, "request": "5042853c" });
                Reply::status(400).body(body.to_string())
            };
            vec![
                No::new(
                    no("token", "application token is invalid"),
                    Retry::OnSettings,
                    "Check the API token",
                ),
                No::new(
                    no(
                        "user",
                        "user identifier is not a valid user, group, or subscribed user key",
                    ),
                    Retry::OnSettings,
                    "Check the user key",
                ),
                No::new(
                    no("message", "message cannot be blank"),
                    Retry::Briefly,
                    "message cannot be blank",
                ),
                No::new(
                    Reply::status(429)
                        .header("X-Limit-App-Limit", "10000")
                        .header("X-Limit-App-Remaining", "0")
                        .header("X-Limit-App-Reset", "4102444800"),
                    Retry::After(Duration::from_hours(24)),
                    "wait for the next month",
                ),
                No::new(Reply::status(429), Retry::Backoff, "slow down"),
                No::new(Reply::ok("<html>"), Retry::Briefly, "is not Pushover"),
            ]
        },
        harmless: |request| {
            assert_eq!(request.path, "/1/messages.json");
            let fields = fields(request);
            // With neither of these, Pushover shows text as it is.
            assert!(!fields.contains_key("html") && !fields.contains_key("monospace"));
            assert!(fields["message"].contains("<script>") && fields["message"].chars().count() <= 1_024);
            assert!(fields["title"].chars().count() <= 250);
            assert_eq!(fields["url"], "https://watch.example/incidents/1");
            assert_eq!(
                (fields["priority"].as_str(), fields["retry"].as_str()),
                ("2", "60")
            );
            assert_eq!(fields["tags"].len(), 32);
        },
    }
}
