use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "gotify",
        config: |base| json!({ "server": format!("{base}/gotify"), "token": secret("token"), "priority": "10" }),
        yes: || {
            Reply::ok(
                json!({ "id": 25, "appid": 5, "message": "…", "title": "…", "priority": 10 }).to_string(),
            )
        },
        reference: Some("25"),
        noes: || {
            let no = |code: u16, error: &str, described: &str| {
                let body = json!({ "error": error, "errorCode": code, "errorDescription": described });
                Reply::status(code).body(body.to_string())
            };
            vec![
                No::new(
                    no(
                        401,
                        "Unauthorized",
                        "you need to provide a valid access token or user credentials to access this api",
                    ),
                    Retry::Briefly,
                    "of an application",
                ),
                No::new(
                    no(403, "Forbidden", "you are not allowed to access this api"),
                    Retry::Briefly,
                    "of an application",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    no(400, "Bad Request", "Field 'message' is required"),
                    Retry::Briefly,
                    "is required",
                ),
                No::new(
                    no(500, "Internal Server Error", "database is locked"),
                    Retry::Backoff,
                    "error of its own",
                ),
                No::new(Reply::ok("{}"), Retry::Briefly, "is not Gotify"),
            ]
        },
        harmless: |request| {
            assert_eq!(request.path, "/gotify/message");
            let body = request.json();
            let display = json!({ "client::display": { "contentType": "text/plain" },
                "client::notification": { "click": { "url": "https://watch.example/incidents/1" } } });
            assert_eq!(body["extras"], display);
            assert_eq!(body["priority"], 10);
            assert!(body["message"].as_str().unwrap().contains("<script>"));
        },
    }
}
