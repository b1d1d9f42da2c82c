use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret, together, unescaped};

pub(super) fn row() -> Row {
    Row {
        kind: "teams",
        config: |base| {
            let path =
                "powerautomate/automations/direct/workflows/86ffea6392fe4f3f/triggers/manual/paths/invoke";
            let query = "api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0";
            json!({ "url": format!("{base}/{path}?{query}&sig={}", secret("sig")) })
        },
        yes: || Reply::status(202),
        reference: None,
        noes: || {
            let no = |status: u16, code: &str| {
                let error = json!({ "error": { "code": code, "message": "Could not be completed." } });
                Reply::status(status).body(error.to_string())
            };
            vec![
                No::new(
                    no(400, "WorkflowTriggerIsNotEnabled"),
                    Retry::Briefly,
                    "Turn it on",
                )
                .rejecting(Rejection::NotFound),
                No::new(no(404, "WorkflowNotFound"), Retry::Briefly, "Make a new one"),
                No::new(
                    no(401, "DirectApiAuthorizationRequired"),
                    Retry::Briefly,
                    "Let anyone trigger it",
                ),
                No::new(
                    no(400, "TriggerInputSchemaMismatch"),
                    Retry::Briefly,
                    "does not take cards",
                ),
                No::new(no(429, "WorkflowRunRateExceeded"), Retry::Backoff, "slow down"),
                No::new(
                    Reply::ok(
                        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x",
                    ),
                    Retry::Backoff,
                    "did not deliver",
                ),
                No::new(
                    Reply::ok("Webhook message delivery failed with error: HTTP error 413"),
                    Retry::Briefly,
                    "did not deliver",
                ),
            ]
        },
        harmless: |request| {
            assert!(request.body.len() < 28_000);
            let body = request.json();
            let card = &body["attachments"][0]["content"];
            // Without these nobody is mentioned, whatever a text says.
            assert_eq!(card["msteams"], json!({ "width": "Full" }));
            assert_eq!(card["actions"].as_array().unwrap().len(), 2);
            for (i, block) in card["body"].as_array().unwrap().iter().enumerate() {
                assert_eq!(block["type"], "TextBlock");
                let text = block["text"].as_str().unwrap();
                let others = match i {
                    0 => text.strip_prefix('\u{2060}').unwrap(),
                    _ => text.split_once(":** ").unwrap().1,
                };
                assert!(!unescaped(others, "*_`~[]<"), "{text}");
                assert!(!together(others, "]{"), "{text}");
            }
        },
    }
}
