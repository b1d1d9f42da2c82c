use alert::channel::Retry;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "bark",
        config: |base| json!({ "server": base, "key": secret("key"), "level": "critical" }),
        yes: || {
            Reply::ok(json!({ "code": 200, "message": "success", "timestamp": 1_795_700_000 }).to_string())
        },
        reference: None,
        noes: || {
            let no = |status: u16, code: u16, message: &str| {
                let body = json!({ "code": code, "message": message, "timestamp": 1_795_700_000 });
                Reply::status(status).body(body.to_string())
            };
            vec![
                No::new(
                    no(
                        400,
                        400,
                        "failed to get device token: failed to get [x] device token from database",
                    ),
                    Retry::OnSettings,
                    "enter the key that it shows",
                ),
                No::new(
                    no(500, 500, "push failed: APNs push failed: BadDeviceToken"),
                    Retry::OnSettings,
                    "enter the key that it shows",
                ),
                No::new(
                    no(500, 500, "push failed: connection reset by peer"),
                    Retry::Backoff,
                    "error of its own",
                ),
                No::new(
                    no(400, 400, "request bind failed"),
                    Retry::Briefly,
                    "request bind failed",
                ),
                No::new(
                    no(200, 500, "push failed: timeout"),
                    Retry::Backoff,
                    "push failed: timeout",
                ),
                No::new(Reply::ok("ok"), Retry::Briefly, "is not Bark"),
            ]
        },
        harmless: |request| {
            assert_eq!(request.path, "/push");
            let body = request.json();
            let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
            // No `markdown`, no `image`, no `icon`, no `action`: what is left is text.
            assert_eq!(fields, ["body", "device_key", "group", "level", "title", "url"]);
            assert!(body["body"].as_str().unwrap().contains("<script>"));
            assert_eq!(body["url"], "https://watch.example/incidents/1");
            assert!(request.body.len() < 4_096);
        },
    }
}
