use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::json;
use testkit::Reply;

use super::slack::assert_plain;
use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "slack_bot",
        config: |base| json!({ "server": base, "token": secret("xoxb-"), "room": "#alerts" }),
        yes: || {
            let body =
                json!({ "ok": true, "channel": "C1H9RESGL", "ts": "1503435956.000247", "message": {} });
            Reply::ok(body.to_string())
        },
        reference: Some("C1H9RESGL/1503435956.000247"),
        noes: || {
            let no = |word: &str| Reply::ok(json!({ "ok": false, "error": word }).to_string());
            vec![
                No::new(no("invalid_auth"), Retry::Briefly, "Check the token")
                    .rejecting(Rejection::Unauthorised),
                No::new(no("missing_scope"), Retry::Briefly, "chat:write").rejecting(Rejection::Unauthorised),
                No::new(no("not_in_channel"), Retry::Briefly, "Invite the app")
                    .rejecting(Rejection::Unauthorised),
                No::new(no("is_archived"), Retry::Briefly, "another room").rejecting(Rejection::NotFound),
                No::new(no("msg_too_long"), Retry::Briefly, "refuses the message"),
                No::new(no("fatal_error"), Retry::Backoff, "error of its own"),
                No::new(no("ratelimited"), Retry::Backoff, "slow down"),
                No::new(Reply::ok("<html>Welcome</html>"), Retry::Backoff, "as Slack does"),
            ]
        },
        harmless: |request| {
            let body = request.json();
            assert_eq!(body["mrkdwn"], false);
            assert_eq!(body["parse"], "none");
            assert!(body.get("link_names").is_none());
            let text = body["text"].as_str().unwrap();
            assert!(!text.contains(['<', '>']), "{text}");
            for attachment in body["attachments"].as_array().unwrap() {
                assert_plain(attachment);
            }
        },
    }
}
