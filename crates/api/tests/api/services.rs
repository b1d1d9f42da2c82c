//! Channels of services: each by its own fields, none with a secret that reads back.

use domain::channel::{ServiceField, Shape, catalogue::SERVICES};
use serde_json::{Map, Value, json};
use testkit::{HttpTarget, Reply};

use crate::fixture::{Api, fields};

fn value(field: &ServiceField) -> String {
    match field.shape {
        Shape::Line(_) => format!("c4n4ry-{}", field.name),
        Shape::Url => "https://own.example/c4n4ry".to_owned(),
        Shape::Choice(known) => known[0].to_owned(),
    }
}

#[tokio::test]
async fn each_goes_round_and_shows_no_secret() {
    let api = Api::start().await;
    for service in SERVICES {
        let kind = service.kind.as_str();
        let config = service
            .fields
            .iter()
            .map(|f| (f.name.to_owned(), value(f).into()));
        let config: Map<String, Value> = config.collect();
        let body = json!({ "name": kind, "kind": kind, "config": config });
        let created = api.post("/channels", body).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let id = created.body["id"].as_i64().unwrap();
        let read = api.get(&format!("/channels/{id}")).await;
        assert_eq!(read.body, created.body);
        for field in service.fields {
            if field.secret {
                assert_eq!(read.body["config"][format!("{}_set", field.name)], true, "{kind}");
                assert!(read.body["config"].get(field.name).is_none(), "{kind}");
            } else {
                assert_eq!(read.body["config"][field.name], value(field), "{kind}");
            }
        }
        if service.fields.iter().all(|f| f.secret || f.shape != Shape::Url) {
            assert!(
                !read.text.contains("c4n4ry-token") && !read.text.contains("c4n4ry-key"),
                "{kind}"
            );
        }
    }
}

#[tokio::test]
async fn a_patch_keeps_what_it_leaves_out_and_a_test_goes_to_the_service() {
    let api = Api::start().await;
    let service = HttpTarget::start().await;
    service.reply(Reply::ok(r#"{"id":"abc"}"#));
    let config = json!({ "server": service.url(""), "topic": "alerts-c4n4ry", "token": "tk_c4n4ry", "priority": "low" });
    let created = api
        .post(
            "/channels",
            json!({ "name": "Phone", "kind": "ntfy", "config": config }),
        )
        .await;
    assert_eq!(created.status, 201, "{}", created.text);
    let path = format!("/channels/{}", created.body["id"]);
    let test = api.post(&format!("{path}/test"), json!({})).await;
    assert_eq!(
        (&test.body["ok"], &test.body["reference"]),
        (&json!(true), &json!("abc")),
        "{}",
        test.text
    );
    let asked = &service.requests()[0];
    assert_eq!(asked.header("authorization"), Some("Bearer tk_c4n4ry"));
    assert_eq!(asked.json()["topic"], "alerts-c4n4ry");

    let changed = api
        .patch(&path, json!({ "config": { "priority": "max", "token": "" } }))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(changed.body["config"]["priority"], "max");
    assert_eq!(changed.body["config"]["token_set"], false);
    assert_eq!(changed.body["config"]["topic_set"], true);
    api.post(&format!("{path}/test"), json!({})).await;
    assert_eq!(service.requests()[1].header("authorization"), None);

    let moved = api
        .patch(&path, json!({ "config": { "server": "https://evil.example" } }))
        .await;
    assert_eq!(
        (moved.status.as_u16(), fields(&moved)),
        (422, vec!["config.topic"]),
        "{}",
        moved.text
    );
    let other = api.patch(&path, json!({ "config": { "room": "x" } })).await;
    assert_eq!(fields(&other), ["config.room"]);
}
