use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "dingtalk",
        config: |base| json!({ "url": format!("{base}/robot/send?access_token={}", secret("token")), "secret": secret("sign") }),
        yes: || Reply::ok(json!({ "errcode": 0, "errmsg": "ok" }).to_string()),
        reference: None,
        noes: || {
            let no = |code: i64, message: &str| {
                Reply::ok(json!({ "errcode": code, "errmsg": message }).to_string())
            };
            vec![
                No::new(no(310_000, "keywords not in content"), Retry::Briefly, "keywords"),
                No::new(no(310_000, "sign not match"), Retry::Briefly, "signature")
                    .rejecting(Rejection::Unauthorised),
                No::new(no(310_000, "invalid timestamp"), Retry::Briefly, "the clock")
                    .rejecting(Rejection::Unauthorised),
                No::new(
                    no(310_000, "ip 192.0.2.1 not in whitelist"),
                    Retry::Briefly,
                    "the robot's list",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    no(300_005, "token is not exist"),
                    Retry::OnSettings,
                    "enter its new address",
                ),
                No::new(no(400_102, "bot is stopped"), Retry::Briefly, "Turn it on")
                    .rejecting(Rejection::NotFound),
                No::new(
                    no(130_101, "send too fast, exceed 20 times per minute"),
                    Retry::Backoff,
                    "slow down",
                ),
                No::new(no(-1, "system busy"), Retry::Backoff, "busy"),
                No::new(
                    no(40_035, "missing parameter"),
                    Retry::Briefly,
                    "missing parameter",
                ),
                No::new(Reply::ok(""), Retry::Briefly, "is not DingTalk"),
            ]
        },
        harmless: |request| {
            assert!(
                request.path.contains("&timestamp=") && request.path.contains("&sign="),
                "{}",
                request.path
            );
            let body = request.json();
            // Only these two read anything in a message: the type says mark-up, `at` says whom to call.
            assert_eq!(body["msgtype"], "text");
            assert_eq!(
                body["at"],
                json!({ "atMobiles": [], "atUserIds": [], "isAtAll": false })
            );
            let text = body["text"]["content"].as_str().unwrap();
            assert!(text.contains("<script>") && text.len() <= 20_000, "{text}");
            assert!(text.ends_with("https://watch.example/incidents/1"), "{text}");
        },
    }
}
