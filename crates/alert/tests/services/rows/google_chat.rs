use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret, together};

pub(super) fn row() -> Row {
    Row {
        kind: "google_chat",
        config: |base| {
            let token = secret("token");
            json!({ "url": format!("{base}/v1/spaces/AAAAabcdEFG/messages?key=AIzaSyExampleKey&token={token}") })
        },
        yes: || {
            let message = "spaces/AAAAabcdEFG/messages/UBHHVc_AAAA.UBHHVc_AAAA";
            Reply::ok(
                json!({ "name": message, "thread": { "name": "spaces/AAAAabcdEFG/threads/x" } }).to_string(),
            )
        },
        reference: None,
        noes: || {
            let no = |code: u16, status: &str, message: &str| {
                let error = json!({ "error": { "code": code, "message": message, "status": status } });
                Reply::status(code).body(error.to_string())
            };
            vec![
                No::new(
                    no(404, "NOT_FOUND", "Space not found."),
                    Retry::Briefly,
                    "Make a new webhook",
                ),
                No::new(
                    no(
                        403,
                        "PERMISSION_DENIED",
                        "Method doesn't allow unregistered callers.",
                    ),
                    Retry::Briefly,
                    "with key and token",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    no(400, "INVALID_ARGUMENT", "Message is too long."),
                    Retry::Briefly,
                    "Message is too long",
                ),
                No::new(
                    no(
                        400,
                        "INVALID_ARGUMENT",
                        "API key not valid. Please pass a valid API key.",
                    ),
                    Retry::Briefly,
                    "API key not valid",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    no(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted."),
                    Retry::Backoff,
                    "slow down",
                ),
                No::new(
                    no(503, "UNAVAILABLE", "The service is unavailable."),
                    Retry::Backoff,
                    "own",
                ),
            ]
        },
        harmless: |request| {
            assert!(request.body.len() <= 32_000);
            assert!(request.path.contains("&messageReplyOption="), "{}", request.path);
            let body = request.json();
            assert_eq!(body["thread"]["threadKey"], "watch.example/incidents/1");
            // A text would read mentions and links.
            assert!(body.get("text").is_none());
            let card = &body["cardsV2"][0]["card"];
            for plain in [&body["fallbackText"], &card["header"]["title"]] {
                assert!(!together(plain.as_str().unwrap(), "<&*_~`"), "{plain}");
            }
            let mut links = 0;
            for widget in card["sections"][0]["widgets"].as_array().unwrap() {
                links += usize::from(widget.get("buttonList").is_some());
                if let Some(text) = widget["decoratedText"]["text"].as_str() {
                    assert!(!text.contains(['<', '>']), "{text}");
                    assert!(widget["decoratedText"].get("onClick").is_none());
                }
            }
            assert_eq!(links, 1);
        },
    }
}
