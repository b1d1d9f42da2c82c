use std::time::Duration;

use alert::channel::Retry;
use serde_json::json;
use testkit::Reply;

use super::mattermost::assert_code;
use crate::row::{No, Row, secret, together};

pub(super) fn row() -> Row {
    Row {
        kind: "rocket_chat",
        config: |base| json!({ "url": format!("{base}/hooks/65f0c0ffee/{}", secret("hook")) }),
        yes: || Reply::ok(json!({ "success": true }).to_string()),
        reference: None,
        noes: || {
            let no = |status: u16, error: &str| {
                Reply::status(status).body(json!({ "success": false, "error": error }).to_string())
            };
            vec![
                No::new(
                    no(404, "Invalid integration id or token provided."),
                    Retry::Briefly,
                    "Enter the address",
                ),
                No::new(no(400, "invalid-channel"), Retry::Briefly, "invalid-channel"),
                No::new(
                    no(200, "error-running-script"),
                    Retry::Briefly,
                    "error-running-script",
                ),
                No::new(
                    Reply::status(503).body("Service Unavailable"),
                    Retry::Backoff,
                    "is enabled",
                ),
                No::new(
                    no(429, "error-too-many-requests").header("x-ratelimit-reset", "9999999999999"),
                    Retry::After(Duration::from_hours(24)),
                    "slow down",
                ),
            ]
        },
        harmless: |request| {
            let body = request.json();
            let text = body["text"].as_str().unwrap();
            // Looked at for mentions, code or not.
            assert!(!together(text, "@#<"), "{text}");
            assert_eq!(text.matches('`').count(), 2, "{text}");
            assert!(text.starts_with('`') && text.ends_with('`'), "{text}");
            let attachment = &body["attachments"][0];
            assert!(attachment.get("text").is_none() && attachment.get("description").is_none());
            assert_eq!(attachment["title_link"], "https://watch.example/incidents/1");
            assert_code(&attachment["fields"]);
        },
    }
}
