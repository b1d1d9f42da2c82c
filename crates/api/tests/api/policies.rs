//! Policies, what they would do, and putting an incident off.

use serde_json::{Value, json};

use crate::{
    fixture::{Answer, Api, fields, is_time, paused},
    incidents::outage,
};

async fn channel(api: &Api, name: &str) -> i64 {
    let body = json!({"name": name, "kind": "email", "config": {"to": [format!("{name}@example.org")]}});
    let answer = api.post("/channels", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["id"].as_i64().unwrap()
}

fn night_shift(first: i64, second: i64) -> Value {
    json!({
        "name": "Night shift",
        "severity": "error",
        "steps": [
            {"after": "10m", "channels": [second], "events": ["down"]},
            {"channels": [first], "quiet": {"action": "hold", "hours": {
                "zone": "Europe/Berlin", "spans": [{"days": ["mon", "sun"], "from": "22:00", "to": "07:00"}]}}},
        ],
        "reminders": {"first": "30m"},
        "recovery_after": "2m",
        "tags": ["prod", "eu"],
    })
}

async fn policy(api: &Api, body: Value) -> i64 {
    let answer = api.post("/policies", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["id"].as_i64().unwrap()
}

#[tokio::test]
async fn a_policy_is_made_read_changed_and_deleted() {
    let api = Api::start().await;
    let (chat, pager) = (channel(&api, "chat").await, channel(&api, "pager").await);
    let made = api.post("/policies", night_shift(chat, pager)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.body["id"].as_i64().unwrap();
    assert_eq!(
        made.headers["location"],
        format!("http://watch.test/api/v1/policies/{id}")
    );
    assert_eq!(
        made.body["steps"][0]["channels"],
        json!([chat]),
        "the earliest first"
    );
    assert_eq!(made.body["steps"][0]["after"], "0s");
    assert_eq!(
        made.body["steps"][0]["events"],
        json!(["down", "degraded", "certificate", "no_data", "recovered"])
    );
    assert_eq!(
        made.body["steps"][0]["quiet"]["hours"]["spans"][0]["days"],
        json!(["mon", "sun"])
    );
    assert_eq!(made.body["steps"][1]["events"], json!(["down"]));
    assert_eq!(made.body["reminders"], json!({"first": "30m", "longest": "1d"}));
    assert_eq!(made.body["monitors"], 0);

    let mut monitor = paused("Shop");
    monitor["policy"] = json!(id);
    let monitor = api.post("/monitors", monitor).await;
    assert_eq!(monitor.body["policy"], id);
    assert_eq!(api.get(&format!("/policies/{id}")).await.body["monitors"], 1);
    let list = api.get("/policies").await;
    assert_eq!(list.body["items"][0]["monitors"], 1);

    let patch = json!({"reminders": null, "default": true, "steps": [{"channels": [pager]}]});
    let changed = api.patch(&format!("/policies/{id}"), patch).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(changed.body["reminders"], Value::Null);
    assert_eq!(changed.body["severity"], "error", "what is left out stays");
    assert_eq!(changed.body["steps"].as_array().unwrap().len(), 1);
    let other = policy(
        &api,
        json!({"name": "Day", "default": true, "steps": [{"channels": [chat]}]}),
    )
    .await;
    let first = api.get(&format!("/policies/{id}")).await;
    assert_eq!(first.body["default"], false, "there is one default at most");
    assert_eq!(api.get(&format!("/policies/{other}")).await.body["default"], true);

    assert_eq!(api.delete(&format!("/policies/{id}")).await.status, 204);
    assert_eq!(api.delete(&format!("/policies/{id}")).await.status, 404);
    let path = format!("/monitors/{}", monitor.body["id"]);
    assert_eq!(api.get(&path).await.body["policy"], Value::Null);
    let forecast = api.get(&format!("{path}/forecast")).await;
    assert_eq!(forecast.body["policy"]["because"], "default", "{}", forecast.text);
}

#[tokio::test]
async fn what_a_policy_or_a_monitor_names_has_to_be_there() {
    let api = Api::start().await;
    let chat = channel(&api, "chat").await;
    let refused = |answer: &Answer, field: &str, code: &str| {
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert_eq!(fields(answer), [field], "{}", answer.text);
        assert_eq!(answer.body["errors"][0]["code"], code);
    };
    // Named as it was written, not as it is sorted.
    let body = json!({"name": "x", "steps": [{"after": "1h", "channels": [chat]}, {"channels": [chat, 99]}]});
    refused(
        &api.post("/policies", body).await,
        "steps.1.channels",
        "channel-unknown",
    );
    let empty = json!({"name": "x", "steps": []});
    refused(&api.post("/policies", empty).await, "steps", "steps-none");
    let nobody = json!({"name": "x", "steps": [{"channels": [chat]}, {"after": "5m"}]});
    refused(
        &api.post("/policies", nobody).await,
        "steps.1.channels",
        "step-nobody",
    );
    let shrink =
        json!({"name": "x", "steps": [{"channels": [chat]}], "reminders": {"first": "2h", "longest": "1h"}});
    refused(
        &api.post("/policies", shrink).await,
        "reminders.longest",
        "reminders-shrink",
    );
    let id = policy(&api, json!({"name": "x", "steps": [{"channels": [chat]}]})).await;
    let patch = api
        .patch(&format!("/policies/{id}"), json!({"steps": [{"channels": [98]}]}))
        .await;
    refused(&patch, "steps.0.channels", "channel-unknown");
    refused(
        &api.patch(&format!("/policies/{id}"), json!({"colour": 1})).await,
        "colour",
        "unknown-field",
    );

    let with = |field: &str, value: Value| {
        let mut body = paused("Shop");
        body[field] = value;
        body
    };
    refused(
        &api.post("/monitors", with("policy", json!(77))).await,
        "policy",
        "policy-unknown",
    );
    refused(
        &api.post("/monitors", with("parents", json!([77]))).await,
        "parents",
        "parent-unknown",
    );
    let parent = api.monitor("Router").await;
    let child = api.post("/monitors", with("parents", json!([parent]))).await;
    assert_eq!(child.body["parents"], json!([parent]), "{}", child.text);
    let loops = json!({"parents": [child.body["id"]]});
    refused(
        &api.patch(&format!("/monitors/{parent}"), loops).await,
        "parents",
        "depends-on-itself",
    );
    let path = format!("/monitors/{}", child.body["id"]);
    assert_eq!(
        api.patch(&path, json!({"parents": null})).await.body["parents"],
        json!([])
    );

    let gone = api.delete(&format!("/channels/{chat}")).await;
    assert_eq!(gone.status, 409, "{}", gone.text);
    assert!(
        gone.body["detail"].as_str().unwrap().contains("\"x\""),
        "{}",
        gone.text
    );
    assert_eq!(api.get(&format!("/channels/{chat}")).await.status, 200);
}

#[tokio::test]
async fn a_forecast_says_who_would_hear_of_it() {
    let api = Api::start().await;
    let (chat, pager) = (channel(&api, "chat").await, channel(&api, "pager").await);
    let id = policy(&api, night_shift(chat, pager)).await;
    let mut body = paused("Shop");
    body["tags"] = json!(["prod"]);
    let monitor = api.post("/monitors", body).await.body["id"].as_i64().unwrap();
    let path = format!("/monitors/{monitor}/forecast");
    let forecast = api.get(&path).await.body;
    assert_eq!(
        forecast["policy"],
        json!({"id": id, "name": "Night shift", "because": "tag", "tag": "prod"})
    );
    assert_eq!(
        (&forecast["severity"], &forecast["tells"]),
        (&json!("error"), &json!(true))
    );
    assert_eq!(forecast["held"], Value::Null);
    assert_eq!(forecast["recovery_after"], "2m");
    let first = &forecast["steps"][0];
    assert_eq!(first["channels"][0]["name"], "chat");
    assert_eq!(first["channels"][0]["recipients"], json!(["chat@example.org"]));
    assert_eq!(forecast["steps"][1]["after"], "10m");
    assert_eq!(forecast["steps"][1]["events"], json!(["down"]));

    for channel in [chat, pager] {
        api.patch(&format!("/channels/{channel}"), json!({"enabled": false}))
            .await;
    }
    let silent = api.get(&path).await.body;
    assert_eq!(
        (&silent["tells"], &silent["steps"][0]["channels"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(api.get("/monitors/99/forecast").await.status, 404);
}

#[tokio::test]
async fn an_incident_is_put_off_and_goes_on() {
    let api = Api::start().await;
    let (_, _, id) = outage(&api).await;
    let before = api.get(&format!("/incidents/{id}")).await.body;
    assert_eq!(before["severity"], "critical");
    assert_eq!(before["escalation"]["policy"], Value::Null);
    assert!(is_time(&before["escalation"]["begun_at"]));
    assert_eq!(before["escalation"]["snoozed_until"], Value::Null);
    assert_eq!(
        api.get("/incidents").await.body["items"][0]["severity"],
        "critical"
    );

    let path = format!("/incidents/{id}/snooze");
    assert_eq!(api.delete(&path).await.status, 409, "it is not snoozed");
    for (body, field) in [
        (json!({}), "for"),
        (json!({"for": "30s"}), "for"),
        (json!({"for": "8d"}), "for"),
        (json!({"for": "2h", "until": "x"}), "until"),
    ] {
        let refused = api.post(&path, body).await;
        assert_eq!((refused.status.as_u16(), fields(&refused)), (422, vec![field]));
    }
    let snoozed = api.post(&path, json!({"for": "2h"})).await;
    assert_eq!(snoozed.status, 200, "{}", snoozed.text);
    let escalation = &snoozed.body["escalation"];
    assert!(is_time(&escalation["snoozed_until"]));
    assert_eq!(escalation["snoozed_until"], escalation["next_at"]);
    assert_eq!(escalation["snoozed_by"], "write (ops@example.org)");
    let events = snoozed.body["events"].as_array().unwrap();
    assert_eq!(events.last().unwrap()["event"], "snoozed");

    let woken = api.delete(&path).await;
    assert_eq!(woken.status, 200, "{}", woken.text);
    assert_eq!(woken.body["escalation"]["snoozed_until"], Value::Null);
    assert_eq!(
        woken.body["escalation"]["reminders"], 1,
        "it goes on with a reminder"
    );
    let reminders: Vec<&Value> = woken.body["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|d| d["event"] == "incident.reminder")
        .collect();
    assert_eq!(reminders.len(), 2);
    assert!(reminders.iter().all(|d| d["number"] == 1));

    api.act(&format!("/incidents/{id}/ack")).await;
    assert_eq!(api.post(&path, json!({"for": "2h"})).await.status, 409);
    assert_eq!(
        api.post("/incidents/99/snooze", json!({"for": "2h"}))
            .await
            .status,
        404
    );
    assert_eq!(api.delete("/incidents/99/snooze").await.status, 404);
}

#[tokio::test]
async fn a_forecast_names_who_is_on_call_and_where_nobody_is() {
    let api = Api::start().await;
    let phone = channel(&api, "phone").await;
    let ada = json!({"name": "Ada", "channels": [phone]});
    let ada = api.post("/contacts", ada).await.body["id"].clone();
    let mut rotations = Vec::new();
    for (name, from) in [("Operations", "2020-01-01"), ("Next year", "2099-01-01")] {
        let handover = json!({"every": 1, "unit": "days", "at": "09:00", "from": from});
        let layers = json!([{"name": "Days", "people": [ada], "handover": handover, "hours": null}]);
        let body = json!({"name": name, "zone": "UTC", "layers": layers});
        let created = api.post("/rotations", body).await;
        rotations.push(created.body["id"].as_i64().unwrap());
    }
    let steps = json!([{"rotations": [rotations[0]]}, {"after": "1h", "rotations": rotations}]);
    let id = policy(&api, json!({"name": "People", "steps": steps, "default": true})).await;
    let monitor = api.post("/monitors", paused("Shop")).await.body["id"].clone();
    let forecast = api.get(&format!("/monitors/{monitor}/forecast")).await.body;
    assert_eq!(
        (&forecast["policy"]["id"], &forecast["tells"]),
        (&json!(id), &json!(true))
    );
    let first = &forecast["steps"][0];
    assert_eq!(first["channels"][0]["name"], "phone");
    assert_eq!(
        first["on_call"],
        json!([{"rotation": rotations[0], "person": "Ada"}])
    );
    assert_eq!(
        forecast["steps"][1]["on_call"],
        json!([{"rotation": rotations[0], "person": "Ada"}, {"rotation": rotations[1], "person": null}])
    );
}
