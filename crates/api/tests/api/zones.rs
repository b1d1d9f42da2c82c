//! The zones and their references.

use serde_json::{Value, json};

use crate::fixture::{Api, fields, is_time, paused};

#[tokio::test]
async fn the_zones_go_round() {
    let api = Api::start().await;
    let usual = api.get("/settings/zones").await;
    assert_eq!(usual.status, 200, "{}", usual.text);
    assert_eq!(
        (
            &usual.body["revision"],
            &usual.body["saved_at"],
            &usual.body["gaps"]
        ),
        (&json!(0), &Value::Null, &json!([]))
    );
    let wan = &usual.body["zones"][0];
    assert_eq!(
        (&wan["name"], &wan["offline_since"]),
        (&json!("wan"), &Value::Null)
    );
    assert_eq!(
        wan["references"][0],
        json!({ "address": "1.1.1.1:443", "answered_at": null })
    );
    assert_eq!(
        usual.body["zones"][1],
        json!({ "name": "lan", "references": [], "offline_since": null })
    );

    let body = json!({ "zones": [
        { "name": "wan", "references": [] },
        { "name": "office-vpn", "references": ["10.8.0.1:22"] },
    ] });
    let saved = api.put("/settings/zones", body).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    let names: Vec<&Value> = saved.body["zones"]
        .as_array()
        .unwrap()
        .iter()
        .map(|z| &z["name"])
        .collect();
    assert_eq!(names, ["wan", "lan", "office-vpn"]);
    assert_eq!(saved.body["zones"][0]["references"], json!([]));
    assert!(is_time(&saved.body["saved_at"]));
    assert_eq!(saved.body["saved_by"], "write (ops@example.org)");
    assert_eq!(api.get("/settings/zones").await.body, saved.body);

    let refused = api
        .put(
            "/settings/zones",
            json!({ "zones": [{ "name": "x", "references": ["nonsense"] }] }),
        )
        .await;
    assert_eq!(
        (refused.status.as_u16(), fields(&refused)),
        (422, vec!["zones.0.references"])
    );
    assert_eq!(api.get("/settings/zones").await.body["revision"], 1);
}

#[tokio::test]
async fn a_monitor_is_in_a_zone_that_exists_and_stays_while_it_is() {
    let api = Api::start().await;
    let with = |zone: &str| {
        let mut body = paused("Shop");
        body["zone"] = json!(zone);
        body
    };
    let unknown = api.post("/monitors", with("office-vpn")).await;
    assert_eq!((unknown.status.as_u16(), fields(&unknown)), (422, vec!["zone"]));
    let local = api.post("/monitors", paused("By its address")).await;
    assert_eq!(local.body["zone"], "lan");

    let vpn = json!({ "zones": [{ "name": "office-vpn" }] });
    assert_eq!(api.put("/settings/zones", vpn).await.status, 200);
    let made = api.post("/monitors", with("office-vpn")).await;
    assert_eq!(
        (made.status.as_u16(), &made.body["zone"]),
        (201, &json!("office-vpn"))
    );
    let path = format!("/monitors/{}", made.body["id"]);

    let refused = api.put("/settings/zones", json!({ "zones": [] })).await;
    assert_eq!((refused.status.as_u16(), fields(&refused)), (422, vec!["zones"]));
    assert!(refused.text.contains("office-vpn"), "{}", refused.text);
    assert_eq!(
        api.patch(&path, json!({ "zone": "wan" })).await.body["zone"],
        "wan"
    );
    assert_eq!(
        api.put("/settings/zones", json!({ "zones": [] })).await.status,
        200
    );
    let gone = api.patch(&path, json!({ "zone": "office-vpn" })).await;
    assert_eq!((gone.status.as_u16(), fields(&gone)), (422, vec!["zone"]));
}
