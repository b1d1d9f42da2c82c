use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "ntfy",
        config: |base| json!({ "server": base, "topic": secret("topic"), "token": secret("token"), "priority": "max" }),
        yes: || {
            Reply::ok(json!({ "id": "hwQ2YpKdmg", "time": 1_635_528_741, "event": "message" }).to_string())
        },
        reference: Some("hwQ2YpKdmg"),
        noes: || {
            let no = |status: u16, code: u32, error: &str| {
                Reply::status(status)
                    .body(json!({ "code": code, "http": status, "error": error }).to_string())
            };
            vec![
                No::new(
                    no(401, 40101, "unauthorized"),
                    Retry::Briefly,
                    "does not let us in",
                ),
                No::new(no(403, 40301, "forbidden"), Retry::Briefly, "does not let us in")
                    .rejecting(Rejection::Unauthorised),
                No::new(
                    no(429, 42901, "limit reached: too many requests"),
                    Retry::Backoff,
                    "slow down",
                ),
                No::new(
                    no(400, 40009, "invalid request: topic invalid"),
                    Retry::Briefly,
                    "topic invalid",
                ),
                No::new(
                    no(507, 50701, "insufficient storage"),
                    Retry::Backoff,
                    "error of its own",
                ),
            ]
        },
        harmless: |request| {
            let body = request.json();
            // Without this, ntfy shows text as it is.
            assert!(body.get("markdown").is_none());
            assert!(body["message"].as_str().unwrap().contains("<script>"));
            assert_eq!(body["actions"].as_array().unwrap().len(), 2);
            assert!(
                body["click"]
                    .as_str()
                    .unwrap()
                    .starts_with("https://watch.example/")
            );
        },
    }
}
