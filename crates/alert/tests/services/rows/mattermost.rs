use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::{Value, json};
use testkit::Reply;

use crate::row::{No, Row, secret, together};

pub(super) fn row() -> Row {
    Row {
        kind: "mattermost",
        config: |base| json!({ "url": format!("{base}/hooks/{}", secret("hook")), "room": "town-square" }),
        yes: || Reply::ok("ok"),
        reference: None,
        noes: || {
            let no = |status: u16, id: &str| {
                let error =
                    json!({ "id": id, "message": "No.", "detailed_error": "", "status_code": status });
                Reply::status(status).body(error.to_string())
            };
            vec![
                No::new(
                    no(200, "web.incoming_webhook.text.app_error"),
                    Retry::Briefly,
                    "Make a new webhook",
                ),
                No::new(
                    no(400, "web.incoming_webhook.invalid.app_error"),
                    Retry::Briefly,
                    "Make a new webhook",
                )
                .rejecting(Rejection::NotFound),
                No::new(
                    no(501, "web.incoming_webhook.disabled.app_error"),
                    Retry::Briefly,
                    "turned off",
                )
                .rejecting(Rejection::NotFound),
                No::new(
                    no(403, "web.incoming_webhook.channel_locked.app_error"),
                    Retry::Briefly,
                    "leave the room empty",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    no(404, "web.incoming_webhook.channel.app_error"),
                    Retry::Briefly,
                    "Check the room",
                ),
                No::new(
                    no(403, "web.incoming_webhook.permissions.app_error"),
                    Retry::Briefly,
                    "may not write there",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    no(500, "app.post.save.app_error"),
                    Retry::Backoff,
                    "error of its own",
                ),
            ]
        },
        harmless: |request| {
            let body = request.json();
            assert_eq!(body["channel"], "town-square");
            // It would be read for mentions.
            assert!(body.get("text").is_none());
            let attachment = &body["attachments"][0];
            assert!(attachment.get("text").is_none() && attachment.get("pretext").is_none());
            // Where there is a link, the title is plain.
            assert_eq!(attachment["title_link"], "https://watch.example/incidents/1");
            assert_unread(&attachment["title"]);
            assert_unread(&attachment["fallback"]);
            assert_code(&attachment["fields"]);
        },
    }
}

fn assert_unread(value: &Value) {
    assert!(!together(value.as_str().unwrap(), "<"), "{value}");
}

/// Each value is one piece of code, and nothing is outside of it.
pub(super) fn assert_code(fields: &Value) {
    for field in fields.as_array().unwrap() {
        let value = field["value"].as_str().unwrap();
        let inside = value.strip_prefix('`').and_then(|v| v.strip_suffix('`')).unwrap();
        assert!(!inside.contains(['`', '\n']), "{value}");
        assert_unread(&inside.into());
    }
}
