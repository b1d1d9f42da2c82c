use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "apprise",
        config: |base| json!({ "server": base, "key": secret("key"), "tag": "on-call" }),
        yes: || Reply::ok(json!({ "error": null, "details": [] }).to_string()),
        reference: None,
        noes: || {
            let no = |status: u16, error: &str| {
                Reply::status(status).body(json!({ "error": error, "details": [] }).to_string())
            };
            vec![
                No::new(no(200, "nothing was sent"), Retry::Briefly, "nothing was sent"),
                No::new(Reply::status(204), Retry::Briefly, "no services under the key")
                    .rejecting(Rejection::NotFound),
                No::new(
                    no(424, "One or more notification could not be sent"),
                    Retry::Briefly,
                    "Not all services",
                ),
                No::new(
                    no(400, "Payload lacks minimum requirements"),
                    Retry::Briefly,
                    "minimum requirements",
                ),
                No::new(
                    no(500, "An error occurred accessing configuration"),
                    Retry::Backoff,
                    "error of its own",
                ),
                No::new(no(404, ""), Retry::Briefly, "does not know the address"),
            ]
        },
        harmless: |request| {
            let body = request.json();
            // It makes mark-up of what it is told is mark-up.
            assert_eq!(body["format"], "text");
            assert_eq!(
                (&body["type"], &body["tag"]),
                (&json!("failure"), &json!("on-call"))
            );
            let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(fields, ["body", "format", "tag", "title", "type"]);
            let text = body["body"].as_str().unwrap();
            assert!(
                text.contains("<script>") && text.ends_with("https://watch.example/incidents/1"),
                "{text}"
            );
        },
    }
}
