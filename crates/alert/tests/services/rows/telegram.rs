use std::time::Duration;

use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::{Value, json};
use testkit::Reply;

use crate::row::{No, Row, secret, together};

pub(super) fn row() -> Row {
    Row {
        kind: "telegram",
        config: |base| json!({ "server": base, "token": format!("123456:{}", secret("token")), "room": "-1001557912345", "thread": "7" }),
        yes: || {
            let chat = json!({ "id": -1_001_557_912_345_i64, "type": "supergroup", "title": "Ops" });
            Reply::ok(json!({ "ok": true, "result": { "message_id": 42, "chat": chat } }).to_string())
        },
        reference: Some("-1001557912345/42"),
        noes: || {
            let no = |status: u16, description: &str, parameters: Value| {
                let body = json!({
                    "ok": false, "error_code": status, "description": description, "parameters": parameters,
                });
                Reply::status(status).body(body.to_string())
            };
            vec![
                No::new(
                    no(401, "Unauthorized", json!({})),
                    Retry::Briefly,
                    "Check the token",
                ),
                No::new(no(404, "Not Found", json!({})), Retry::Briefly, "Check the token"),
                No::new(
                    no(400, "Bad Request: chat not found", json!({})),
                    Retry::Briefly,
                    "write to the bot first",
                )
                .rejecting(Rejection::NotFound),
                No::new(
                    no(
                        400,
                        "Bad Request: group chat was upgraded to a supergroup chat",
                        json!({ "migrate_to_chat_id": -1_001_557_912_346_i64 }),
                    ),
                    Retry::OnSettings,
                    "Enter -1001557912346",
                ),
                No::new(
                    no(400, "Bad Request: message thread not found", json!({})),
                    Retry::Briefly,
                    "Check the topic",
                ),
                No::new(
                    no(
                        403,
                        "Forbidden: bot was kicked from the supergroup chat",
                        json!({}),
                    ),
                    Retry::Briefly,
                    "Let the bot in again",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    no(
                        400,
                        "Bad Request: not enough rights to send text messages to the chat",
                        json!({}),
                    ),
                    Retry::Briefly,
                    "Allow the bot",
                )
                .rejecting(Rejection::Unauthorised),
                No::new(
                    no(
                        429,
                        "Too Many Requests: retry after 35",
                        json!({ "retry_after": 35 }),
                    ),
                    Retry::After(Duration::from_secs(35)),
                    "slow down",
                ),
                No::new(Reply::ok("<html>"), Retry::Backoff, "as Telegram does"),
            ]
        },
        harmless: |request| {
            let body = request.json();
            assert!(body.get("parse_mode").is_none());
            assert_eq!(body["link_preview_options"]["is_disabled"], true);
            // Outside of code there is nothing of others but the headline, and its marks mean nothing.
            let text: Vec<u16> = body["text"].as_str().unwrap().encode_utf16().collect();
            let mut free = String::new();
            let mut done = 0;
            for entity in body["entities"].as_array().unwrap() {
                let (at, long) = (place(&entity["offset"]), place(&entity["length"]));
                let part = String::from_utf16(&text[at..at + long]).unwrap();
                match entity["type"].as_str().unwrap() {
                    "code" => assert!(!part.contains('\n'), "{part}"),
                    "bold" => assert!(!together(&part, "@#$/.:"), "{part}"),
                    other => panic!("{other}"),
                }
                free.push_str(&String::from_utf16(&text[done..at]).unwrap());
                done = at + long;
            }
            free.push_str(&String::from_utf16(&text[done..]).unwrap());
            assert_eq!(
                free,
                "\nTarget: \nSince: \nSo far: \nReason: \nSee the incident in Watchbell: https://watch.example/incidents/1"
            );
        },
    }
}

fn place(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}
