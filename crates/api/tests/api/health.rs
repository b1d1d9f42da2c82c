//! Who hears of Watchbell's own troubles, and the dead-man's switch.

use domain::{
    attention::Rejection,
    delivery::{Attempt, AttemptVerdict},
    id::ChannelId,
};
use serde_json::{Value, json};
use store::outbox::Next;

use crate::{
    fixture::{Api, fields, is_time},
    incidents::outage,
};

async fn hook(api: &Api, name: &str, enabled: bool) -> i64 {
    let body = json!({"name": name, "kind": "webhook", "enabled": enabled, "config": {"url": "https://hook.example/x"}});
    api.post("/channels", body).await.body["id"].as_i64().unwrap()
}

#[tokio::test]
async fn who_hears_of_troubles_is_every_channel_or_those_that_were_chosen() {
    let api = Api::start().await;
    let none = api.get("/settings/operations").await;
    assert_eq!(none.body, json!({"channels": null, "heard_by": []}));
    let (one, two, off) = (
        hook(&api, "One", true).await,
        hook(&api, "Two", true).await,
        hook(&api, "Off", false).await,
    );
    let all = api.get("/settings/operations").await;
    assert_eq!(all.body, json!({"channels": null, "heard_by": [one, two]}));
    let chosen = api
        .put("/settings/operations", json!({"channels": [two, off]}))
        .await;
    assert_eq!(chosen.status, 200, "{}", chosen.text);
    assert_eq!(chosen.body, json!({"channels": [two, off], "heard_by": [two]}));
    let refused = api
        .put("/settings/operations", json!({"channels": [99], "people": 1}))
        .await;
    assert_eq!(refused.status, 422);
    assert_eq!(fields(&refused), ["channels", "people"]);
    let reset = api.put("/settings/operations", json!({})).await;
    assert_eq!(reset.body["channels"], Value::Null);
}

#[tokio::test]
async fn the_switch_is_set_up_and_its_address_is_not_read_back() {
    let api = Api::start().await;
    let before = api.get("/settings/dead-man").await;
    assert_eq!(before.status, 200);
    assert_eq!(
        (&before.body["revision"], &before.body["enabled"]),
        (&json!(0), &json!(false))
    );
    let refused = api
        .put("/settings/dead-man", json!({"every": "1s", "fail": true}))
        .await;
    assert_eq!(refused.status, 422);
    assert_eq!(fields(&refused), ["url", "every", "fail"]);
    let body = json!({"url": "https://hc.example/ping/c4n4ry", "every": "2m", "method": "HEAD"});
    let saved = api.put("/settings/dead-man", body).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert_eq!(saved.body["origin"], "https://hc.example");
    assert_eq!(saved.body["url_set"], true);
    assert_eq!(
        (&saved.body["every"], &saved.body["patience"]),
        (&json!("2m"), &json!("5m"))
    );
    assert!(!saved.text.contains("c4n4ry"));
    // The address stays.
    let off = api.put("/settings/dead-man", json!({"enabled": false})).await;
    assert_eq!(
        (&off.body["url_set"], &off.body["revision"]),
        (&json!(true), &json!(2))
    );
}

#[tokio::test]
async fn a_channel_that_needs_attention_says_why() {
    let api = Api::start().await;
    let (_, channel, _) = outage(&api).await;
    let id = ChannelId(channel);
    let outbox = api.store.outbox();
    let lease = std::time::Duration::from_mins(10);
    let claimed = outbox
        .claim(id, &store::outbox::Terms::new(1, lease))
        .await
        .unwrap()
        .remove(0);
    let attempt = Attempt {
        number: 1,
        started_at: api.store.now(),
        duration: lease,
        profile: None,
        settings_revision: None,
        remote: None,
        server: None,
        step: None,
        tls: None,
        reply_code: Some(410),
        enhanced_code: None,
        reply_text: Some("moved away".to_owned()),
        verdict: AttemptVerdict::Refused {
            reason: "It is gone (410).".to_owned(),
        },
        transcript: None,
        rejection: Some(Rejection::Gone),
    };
    assert!(
        outbox
            .finish(&claimed.lease, &attempt, Next::Failed)
            .await
            .unwrap()
    );
    let read = api.get(&format!("/channels/{channel}")).await;
    let attention = &read.body["health"]["attention"];
    assert_eq!(attention["rejection"], "gone");
    assert_eq!(attention["reason"], "It is gone (410).");
    assert_eq!(attention["said"], "moved away");
    assert!(is_time(&attention["since"]) && is_time(&attention["next_try_at"]));
    let origin = json!(format!("channel:{channel}"));
    let open = api.get("/incidents?state=open").await;
    let items = open.body["items"].as_array().unwrap();
    assert!(items.iter().any(|i| i["origin"] == origin), "{}", open.text);
}
