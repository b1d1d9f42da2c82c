use alert::channel::Retry;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "wecom",
        config: |base| json!({ "url": format!("{base}/cgi-bin/webhook/send?key={}", secret("key")) }),
        yes: || Reply::ok(json!({ "errcode": 0, "errmsg": "ok" }).to_string()),
        reference: None,
        noes: || {
            let no = |code: i64, message: &str| {
                Reply::ok(json!({ "errcode": code, "errmsg": message }).to_string())
            };
            vec![
                No::new(
                    no(
                        93_000,
                        "invalid webhook url, hint: [1726032284347804201022717], from ip: 192.0.2.1",
                    ),
                    Retry::OnSettings,
                    "enter its new address",
                ),
                No::new(
                    no(93_000, "Invalid input : content exceed max length"),
                    Retry::Briefly,
                    "exceed max length",
                ),
                No::new(no(45_009, "api freq out of limit"), Retry::Backoff, "slow down"),
                No::new(no(-1, "system busy"), Retry::Backoff, "busy"),
                No::new(
                    no(40_058, "invalid Request Parameter"),
                    Retry::Briefly,
                    "Parameter",
                ),
                No::new(Reply::ok("ok"), Retry::Briefly, "is not WeCom"),
            ]
        },
        harmless: |request| {
            let body = request.json();
            assert_eq!(body["msgtype"], "text");
            assert_eq!(body["text"]["mentioned_list"], json!([]));
            assert_eq!(body["text"]["mentioned_mobile_list"], json!([]));
            let text = body["text"]["content"].as_str().unwrap();
            assert!(text.contains("<script>") && !text.contains("<@"), "{text}");
            assert!(text.len() <= 2_048, "{} bytes", text.len());
            assert!(text.ends_with("https://watch.example/incidents/1"), "{text}");
        },
    }
}
