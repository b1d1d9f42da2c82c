use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::{Value, json};
use testkit::Reply;

use crate::row::{No, Row, secret, texts};

pub(super) fn row() -> Row {
    Row {
        kind: "feishu",
        config: |base| json!({ "url": format!("{base}/open-apis/bot/v2/hook/{}", secret("hook")), "secret": secret("sign") }),
        yes: || {
            let body = json!({ "StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success" });
            Reply::ok(body.to_string())
        },
        reference: None,
        noes: || {
            let no =
                |code: u32, msg: &str| Reply::ok(json!({ "code": code, "data": {}, "msg": msg }).to_string());
            vec![
                No::new(
                    no(19001, "param invalid: incoming webhook access token invalid"),
                    Retry::OnSettings,
                    "enter its new address",
                ),
                No::new(
                    no(
                        19021,
                        "sign match fail or timestamp is not within one hour from current time",
                    ),
                    Retry::Briefly,
                    "the clock of this computer",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(no(19022, "Ip Not Allowed"), Retry::Briefly, "IP whitelist")
                    .rejecting(Rejection::Unauthorised),
                No::new(no(19024, "Key Words Not Found"), Retry::Briefly, "keywords"),
                No::new(no(9499, "Bad Request"), Retry::Briefly, "Bad Request"),
                No::new(no(11232, "frequency limited"), Retry::Backoff, "slow down"),
                No::new(
                    Reply::ok("<html>Log in to this network</html>"),
                    Retry::Briefly,
                    "is not Feishu",
                ),
            ]
        },
        harmless: |request| {
            let body = request.json();
            assert_eq!(body["msg_type"], "interactive");
            assert_plain(&body["card"]);
            assert!(body["sign"].as_str().unwrap().len() == 44 && body["timestamp"].is_string());
            let text = body["card"]["elements"][0]["text"]["content"].as_str().unwrap();
            assert!(text.contains("<script>"), "{text}");
            // The one link is ours.
            let links = texts(&body).into_iter().filter(|t| t.starts_with("http"));
            assert!(links.eq(["https://watch.example/incidents/1"]));
        },
    }
}

/// Whatever shows text is of the kind that reads nothing in it.
fn assert_plain(value: &Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("content") {
                assert_eq!(fields["tag"], "plain_text", "{value}");
            }
            let tag = fields.get("tag").and_then(Value::as_str).unwrap_or("div");
            assert!(
                ["plain_text", "div", "action", "button"].contains(&tag),
                "{value}"
            );
            fields.values().for_each(assert_plain);
        }
        Value::Array(items) => items.iter().for_each(assert_plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
