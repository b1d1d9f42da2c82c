use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::{Value, json};
use testkit::Reply;

use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "slack",
        config: |base| json!({ "url": format!("{base}/services/T0001/B0001/{}", secret("hook")) }),
        yes: || Reply::ok("ok"),
        reference: None,
        noes: || {
            vec![
                No::new(
                    Reply::status(404).body("no_service"),
                    Retry::Briefly,
                    "Make a new one",
                ),
                No::new(
                    Reply::status(410).body("channel_is_archived"),
                    Retry::Briefly,
                    "Make a new one",
                ),
                No::new(
                    Reply::status(403).body("invalid_token"),
                    Retry::Briefly,
                    "Make a new one",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    Reply::status(400).body("invalid_payload"),
                    Retry::Briefly,
                    "refuses the message",
                ),
                No::new(
                    Reply::status(500).body("rollup_error"),
                    Retry::Backoff,
                    "error of its own",
                ),
            ]
        },
        harmless: |request| {
            let body = request.json();
            assert_eq!(body["mrkdwn"], false);
            let text = body["text"].as_str().unwrap();
            assert!(!text.contains(['<', '>']), "{text}");
            // Wherever else there is a text, Slack is told that it is plain.
            for attachment in body["attachments"].as_array().unwrap() {
                assert_plain(attachment);
            }
        },
    }
}

pub(super) fn assert_plain(value: &Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("text") && fields["text"].is_string() {
                assert_eq!(fields["type"], "plain_text", "{value}");
            }
            fields.values().for_each(assert_plain);
        }
        Value::Array(items) => items.iter().for_each(assert_plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
