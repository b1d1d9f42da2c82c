use std::time::Duration;

use alert::channel::Retry;
use serde_json::{Value, json};
use testkit::Reply;

use crate::row::{ACKNOWLEDGE, No, Row, secret, unescaped, unsigned};

const ID: &str = "1175473984673812480";

pub(super) fn row() -> Row {
    Row {
        kind: "discord",
        config: |base| {
            let hook = secret("hook");
            json!({ "url": format!("{base}/api/webhooks/1175473000000000000/{hook}?thread_id=42") })
        },
        yes: || Reply::ok(json!({ "id": ID, "type": 0, "content": "", "channel_id": "42" }).to_string()),
        reference: Some(ID),
        noes: || {
            let no = |status: u16, code: u32, message: &str| {
                Reply::status(status).body(json!({ "code": code, "message": message }).to_string())
            };
            let slow =
                json!({ "message": "You are being rate limited.", "retry_after": 64.57, "global": false });
            vec![
                No::new(
                    no(404, 10_015, "Unknown Webhook"),
                    Retry::Briefly,
                    "Make a new one",
                ),
                No::new(
                    no(401, 50_027, "Invalid Webhook Token"),
                    Retry::Briefly,
                    "Make a new one",
                ),
                No::new(
                    no(
                        400,
                        220_001,
                        "Webhooks posted to forum channels must have a thread_name or thread_id",
                    ),
                    Retry::Briefly,
                    "thread_id",
                ),
                No::new(
                    no(400, 50_035, "Invalid Form Body"),
                    Retry::Briefly,
                    "refuses the message",
                ),
                No::new(
                    no(403, 200_000, "Message was blocked by automatic moderation"),
                    Retry::Briefly,
                    "filter",
                ),
                No::new(
                    Reply::status(429).body(slow.to_string()),
                    Retry::After(Duration::from_millis(64_570)),
                    "slow down",
                ),
                No::new(Reply::status(502), Retry::Backoff, "error of its own"),
            ]
        },
        harmless: |request| {
            let body = request.json();
            assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
            let embed = &body["embeds"][0];
            assert_inert(&body["content"]);
            assert_inert(&embed["title"]);
            let description = unsigned(embed["description"].as_str().unwrap());
            let (rest, acknowledge) = description.rsplit_once('\n').unwrap();
            let (facts, link) = rest.rsplit_once('\n').unwrap();
            assert_eq!(
                link,
                "[See the incident in Watchbell](<https://watch.example/incidents/1>)"
            );
            assert_eq!(acknowledge, format!("[Acknowledge](<{ACKNOWLEDGE}(signature)>)"));
            for line in facts.lines() {
                let (label, value) = line.split_once(":** ").unwrap();
                assert!(label.starts_with("**"), "{line}");
                assert_inert(&value.into());
            }
        },
    }
}

fn assert_inert(value: &Value) {
    let text = value.as_str().unwrap();
    assert!(!unescaped(text, "*_~`|<>@#(:"), "{text}");
}
