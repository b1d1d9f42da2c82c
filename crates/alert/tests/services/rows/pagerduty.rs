use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "pagerduty",
        config: |base| json!({ "server": base, "key": secret("key") }),
        yes: || {
            let body =
                json!({ "status": "success", "message": "Event processed", "dedup_key": "incident-7" });
            Reply::status(202).body(body.to_string())
        },
        reference: Some("incident-7"),
        noes: || {
            let invalid = json!({
                "status": "invalid event", "message": "Event object is invalid",
                "errors": ["Length of 'routing_key' is incorrect (should be 32 characters)"],
            });
            let unknown = json!({
                "status": "invalid event", "message": "Event object is invalid", "errors": ["Invalid routing key"],
            });
            let other = json!({
                "status": "invalid event", "message": "Event object is invalid", "errors": ["'payload.summary' is missing or blank"],
            });
            vec![
                No::new(
                    Reply::status(400).body(invalid.to_string()),
                    Retry::Briefly,
                    "Length of 'routing_key' is incorrect",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    Reply::status(400).body(unknown.to_string()),
                    Retry::Briefly,
                    "Invalid routing key",
                )
                .rejecting(Rejection::Unauthorised),
                // About this event alone.
                No::new(
                    Reply::status(400).body(other.to_string()),
                    Retry::Briefly,
                    "summary",
                ),
                No::new(
                    Reply::status(202).body(other.to_string()),
                    Retry::Briefly,
                    "Event object is invalid",
                ),
                No::new(Reply::status(429), Retry::Backoff, "slow down"),
                No::new(Reply::status(500), Retry::Backoff, "error of its own"),
            ]
        },
        harmless: |request| {
            let body = request.json();
            assert_eq!(body["event_action"], "trigger");
            assert!(body["payload"]["summary"].as_str().unwrap().chars().count() <= 1_024);
            assert_eq!(body["links"].as_array().unwrap().len(), 1);
        },
    }
}
