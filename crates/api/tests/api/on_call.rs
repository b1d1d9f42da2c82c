//! Quiet hours, people, rotations, and who is on call.

use http::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{Api, fields};

async fn channel(api: &Api) -> i64 {
    let body = json!({"name": "Ops", "kind": "email", "config": {"to": ["ops@example.org"]}});
    api.post("/channels", body).await.body["id"].as_i64().unwrap()
}

async fn contact(api: &Api, name: &str, channel: i64) -> i64 {
    let body = json!({"name": name, "channels": [channel]});
    api.post("/contacts", body).await.body["id"].as_i64().unwrap()
}

fn rotation(people: &[i64]) -> Value {
    let handover = json!({"every": 1, "unit": "days", "at": "09:00", "from": "2020-01-01"});
    json!({"name": "Operations", "zone": "UTC",
           "layers": [{"name": "Days", "people": people, "handover": handover, "hours": null}]})
}

#[tokio::test]
async fn the_quiet_hours_of_a_channel_go_round() {
    let api = Api::start().await;
    let path = format!("/channels/{}", channel(&api).await);
    assert_eq!(api.get(&path).await.body["quiet"], Value::Null);
    let quiet = json!({"hours": {"zone": "Europe/Berlin", "spans": [{"days": ["mon", "tue"], "from": "22:00", "to": "07:00"}]}, "action": "hold"});
    let changed = api.patch(&path, json!({"quiet": quiet})).await;
    assert_eq!(changed.body["quiet"], quiet);
    let changed = api
        .patch(&path, json!({"quiet": {"action": "digest"}, "name": "Night"}))
        .await;
    assert_eq!(
        (&changed.body["quiet"]["action"], &changed.body["quiet"]["hours"]),
        (&json!("digest"), &quiet["hours"])
    );
    let refused = api
        .patch(
            &path,
            json!({"quiet": {"hours": {"spans": [{"days": ["mon"], "from": "9"}]}}}),
        )
        .await;
    assert_eq!(refused.status, 422);
    assert_eq!(
        fields(&refused),
        ["quiet.hours.spans.0.from", "quiet.hours.spans.0.to"]
    );
    let changed = api.patch(&path, json!({"quiet": null})).await;
    assert_eq!(changed.body["quiet"], Value::Null);
}

#[tokio::test]
async fn contacts_go_round() {
    let api = Api::start().await;
    let channel = channel(&api).await;
    let created = api
        .post("/contacts", json!({"name": "Ada", "channels": [channel]}))
        .await;
    assert_eq!(created.status, 201);
    let path = format!("/contacts/{}", created.body["id"]);
    assert_eq!(
        created.headers["location"],
        format!("http://watch.test/api/v1{path}")
    );
    assert_eq!(api.get(&path).await.body, created.body);
    assert_eq!(
        api.get("/contacts").await.body,
        json!({"items": [created.body], "next": null})
    );
    assert_eq!(
        api.patch(&path, json!({"name": "Ada L."})).await.body["name"],
        "Ada L."
    );
    for (body, field) in [
        (json!({"channels": []}), "channels"),
        (json!({"channels": [99]}), "channels"),
        (json!({"name": " "}), "name"),
        (json!({"phone": "1"}), "phone"),
    ] {
        let refused = api.patch(&path, body).await;
        assert_eq!(
            (refused.status, fields(&refused)),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field])
        );
    }
    let id = created.body["id"].as_i64().unwrap();
    let rotation = api.post("/rotations", rotation(&[id])).await;
    let needed = api.delete(&path).await;
    assert_eq!(needed.status, 409);
    assert!(
        needed.body["detail"].as_str().unwrap().contains("Operations"),
        "{}",
        needed.body
    );
    api.delete(&format!("/rotations/{}", rotation.body["id"])).await;
    assert_eq!(api.delete(&path).await.status, 204);
    assert_eq!(api.get(&path).await.status, 404);
}

#[tokio::test]
async fn rotations_say_who_is_on_call() {
    let api = Api::start().await;
    let channel = channel(&api).await;
    let (ada, bob) = (
        contact(&api, "Ada", channel).await,
        contact(&api, "Bob", channel).await,
    );
    let created = api.post("/rotations", rotation(&[ada])).await;
    assert_eq!(created.status, 201);
    let path = format!("/rotations/{}", created.body["id"]);
    assert_eq!(api.get(&path).await.body, created.body);
    let now = api.get(&format!("{path}/now")).await.body;
    assert_eq!(
        (&now["contact"]["id"], &now["layer"], &now["override"]),
        (&json!(ada), &json!("Days"), &Value::Null)
    );
    assert_eq!(
        api.get("/on-call").await.body,
        json!({"items": [now], "next": null})
    );

    let takes_over =
        json!({"contact": bob, "from": "2000-01-01T00:00:00Z", "to": "2000-12-01T00:00:00Z", "note": "Swap"});
    let added = api.post(&format!("{path}/overrides"), takes_over).await;
    assert_eq!(
        (added.status, &added.body["contact"], &added.body["note"]),
        (StatusCode::CREATED, &json!(bob), &json!("Swap"))
    );
    let shifts = api
        .get(&format!(
            "{path}/shifts?from=2000-11-30T00:00:00Z&to=2000-12-02T00:00:00Z"
        ))
        .await
        .body;
    assert_eq!(
        shifts["items"],
        json!([
            {"from": "2000-11-30T00:00:00.000Z", "to": "2000-12-01T00:00:00.000Z", "contact": bob, "layer": null, "override": added.body["id"]},
            {"from": "2000-12-01T00:00:00.000Z", "to": "2000-12-02T00:00:00.000Z", "contact": null, "layer": null, "override": null},
        ])
    );
    let removed = format!("/overrides/{}", added.body["id"]);
    assert_eq!(api.delete(&removed).await.status, 204);
    assert_eq!(api.delete(&removed).await.status, 404);

    let changed = api.patch(&path, json!({"name": "Nights"})).await;
    assert_eq!(
        (&changed.body["name"], &changed.body["layers"]),
        (&json!("Nights"), &created.body["layers"])
    );
    let refused = api
        .patch(&path, json!({"layers": rotation(&[ada, 99])["layers"]}))
        .await;
    assert_eq!(
        (refused.status, fields(&refused)),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["layers.0.people"])
    );
    let refused = api
        .post(
            &format!("{path}/overrides"),
            json!({"contact": 99, "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}),
        )
        .await;
    assert_eq!(
        (refused.status, fields(&refused)),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["contact"])
    );
    for query in [
        "from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z",
        "from=2026-01-01T00:00:00Z&to=2028-01-01T00:00:00Z",
        "from=x",
    ] {
        assert_eq!(
            api.get(&format!("{path}/shifts?{query}")).await.status,
            422,
            "{query}"
        );
    }
    assert_eq!(api.delete(&path).await.status, 204);
    for gone in [path.clone(), format!("{path}/now"), format!("{path}/shifts")] {
        assert_eq!(api.get(&gone).await.status, 404, "{gone}");
    }
}
