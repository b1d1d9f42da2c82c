use std::time::Duration;

use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::{Value, json};
use testkit::Reply;

use crate::row::{No, Row, secret, together, unsigned};

pub(super) fn row() -> Row {
    Row {
        kind: "matrix",
        config: |base| json!({ "server": base, "token": secret("token"), "room": "!636q39766251:example.com" }),
        yes: || Reply::ok(json!({ "event_id": "$YUwRidLecu:example.com" }).to_string()),
        reference: Some("$YUwRidLecu:example.com"),
        noes: || {
            let no = |status: u16, more: Value| Reply::status(status).body(more.to_string());
            let error = |code: &str| json!({ "errcode": code, "error": "No." });
            vec![
                No::new(no(401, error("M_UNKNOWN_TOKEN")), Retry::Briefly, "Log in anew"),
                No::new(no(403, error("M_FORBIDDEN")), Retry::Briefly, "Invite it")
                    .rejecting(Rejection::Unauthorised),
                No::new(
                    no(403, error("M_USER_DEACTIVATED")),
                    Retry::Briefly,
                    "Use another one",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    no(404, error("M_UNRECOGNIZED")),
                    Retry::Briefly,
                    "Check the room and the address",
                ),
                No::new(
                    no(
                        429,
                        json!({ "errcode": "M_LIMIT_EXCEEDED", "error": "Too many requests", "retry_after_ms": 2_000 }),
                    ),
                    Retry::After(Duration::from_secs(2)),
                    "slow down",
                ),
                No::new(
                    no(413, error("M_TOO_LARGE")),
                    Retry::Briefly,
                    "refuses the message",
                ),
                No::new(Reply::ok("<html>"), Retry::Backoff, "as a homeserver does"),
            ]
        },
        harmless: |request| {
            assert_eq!(request.method, "PUT");
            let body = request.json();
            assert_eq!(body["m.mentions"], json!({}));
            assert!(!together(body["body"].as_str().unwrap(), "@"));
            // Taken apart by our own tags, there is no other.
            let mut rest = unsigned(body["formatted_body"].as_str().unwrap());
            for ours in [
                "<a href=\"https://watch.example/incidents/1\">",
                "<a href=\"https://watch.example/ack/1.1..(signature)\">",
                "<span data-mx-color=\"#d1242f\">",
                "</span>",
                "</a>",
                "<strong>",
                "</strong>",
                "<p>",
                "</p>",
                "<ul>",
                "</ul>",
                "<li>",
                "</li>",
            ] {
                rest = rest.replace(ours, "\n");
            }
            for line in rest.lines() {
                match line.split_once("<code>") {
                    Some((_, value)) => {
                        let value = value.strip_suffix("</code>").unwrap();
                        assert!(!value.contains(['<', '>']), "{value}");
                    }
                    None => assert!(!line.contains(['<', '>']) && !together(line, "@#.:/"), "{line}"),
                }
            }
        },
    }
}
