//! Incidents and deliveries.

use std::time::Duration;

use domain::{
    incident::Origin,
    outcome::{Reason, ReasonKind},
};
use serde_json::{Value, json};
use store::Trouble;
use testkit::{TcpTarget, wait_for};

use crate::fixture::{Api, is_time, tcp};

/// A monitor with a mail channel that is found down; nothing dispatches here, so its messages wait.
pub(crate) async fn outage(api: &Api) -> (i64, i64, i64) {
    let channel =
        json!({"name": "Ops", "kind": "email", "config": {"to": ["ops@example.org", "two@example.org"]}});
    let channel = api.post("/channels", channel).await.body["id"].as_i64().unwrap();
    let target = TcpTarget::start().await;
    let port = target.addr().port();
    drop(target);
    let mut body = tcp("Database");
    body["target"] = json!({"host": "127.0.0.1", "port": port});
    body["channels"] = json!([channel]);
    let monitor = api.post("/monitors", body).await;
    assert_eq!(monitor.status, 201, "{}", monitor.text);
    let monitor = monitor.body["id"].as_i64().unwrap();
    let incident = wait_for(
        Duration::from_secs(10),
        "the first check opens an incident",
        || async {
            let list = api.get(&format!("/incidents?monitor={monitor}")).await;
            list.body["items"][0]["id"].as_i64()
        },
    )
    .await;
    (monitor, channel, incident)
}

#[tokio::test]
async fn a_trouble_of_watchbell_itself_is_of_no_monitor() {
    let api = Api::start().await;
    let trouble = Trouble {
        origin: Origin::Zone("wan".to_owned()),
        since: api.store.now(),
        reason: Reason::new(ReasonKind::Connect, "None of the reference targets answered."),
    };
    let id = api.store.troubles().open(&trouble, true).await.unwrap();
    let incident = api.get(&format!("/incidents/{id}")).await;
    assert_eq!(incident.status, 200, "{}", incident.text);
    assert_eq!(incident.body["monitor_id"], Value::Null);
    assert_eq!(incident.body["monitor_name"], "Watchbell: wan");
    assert_eq!(incident.body["origin"], "zone:wan");
    let list = api.get("/incidents?state=open").await;
    assert_eq!(list.body["items"][0]["origin"], "zone:wan");
    assert_eq!(api.act(&format!("/incidents/{id}/ack")).await.status, 200);
}

#[tokio::test]
async fn an_incident_tells_its_story() {
    let api = Api::start().await;
    let (monitor, _, id) = outage(&api).await;
    let incident = api.get(&format!("/incidents/{id}")).await;
    assert_eq!(incident.status, 200);
    assert_eq!(incident.body["state"], "open");
    assert_eq!(incident.body["monitor_id"], monitor);
    assert_eq!(incident.body["monitor_name"], "Database");
    assert_eq!(incident.body["reason_kind"], "connect");
    assert!(is_time(&incident.body["since"]));
    assert_eq!(incident.body["events"][0]["event"], "opened");
    assert_eq!(incident.body["deliveries"].as_array().unwrap().len(), 2);
    let read = api.get(&format!("/monitors/{monitor}")).await;
    assert_eq!(read.body["state"]["status"], "down");
    assert_eq!(read.body["state"]["reason"], incident.body["reason"]);

    let path = format!("/incidents/{id}/ack");
    let acknowledged = api.act(&path).await;
    assert_eq!(acknowledged.status, 200);
    assert_eq!(acknowledged.body["acknowledged_by"], "write (ops@example.org)");
    assert_eq!(acknowledged.body["state"], "open", "acknowledged is not resolved");
    let again = api.act(&path).await;
    assert_eq!(
        again.body["acknowledged_at"],
        acknowledged.body["acknowledged_at"]
    );

    let count = async |query: &str| {
        let answer = api.get(&format!("/incidents?{query}")).await;
        answer.body["items"].as_array().unwrap().len()
    };
    assert_eq!(count("state=open").await, 1);
    assert_eq!(count("state=resolved").await, 0);
    assert_eq!(count(&format!("monitor={monitor}")).await, 1);
    assert_eq!(count("monitor=777").await, 0);
}

#[tokio::test]
async fn a_delivery_is_found_and_sent_again() {
    let api = Api::start().await;
    let (_, channel, incident) = outage(&api).await;
    let list = api
        .get(&format!("/deliveries?incident={incident}&channel={channel}"))
        .await;
    let items = list.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let id = items[0]["id"].as_str().unwrap();
    assert_eq!(items[0]["event"], "incident.opened");
    let one = api.get(&format!("/deliveries/{id}")).await;
    assert_eq!(one.body["id"], id);
    assert_eq!(one.body["attempts"], json!([]));
    let message_id = one.body["message_id"].as_str().unwrap();
    assert!(message_id.starts_with(id), "{message_id}");
    let again = api.act(&format!("/deliveries/{id}/resend")).await;
    assert_eq!(again.status, 201);
    let new = again.body["id"].as_str().unwrap();
    assert_ne!(new, id);
    assert_eq!(
        again.headers["location"],
        format!("http://watch.test/api/v1/deliveries/{new}")
    );
    assert_eq!(api.get(&format!("/deliveries/{new}")).await.status, 200);
    let pages = [
        api.get("/deliveries?limit=2").await,
        api.get("/deliveries?state=sent").await,
    ];
    assert_eq!(pages[0].body["items"].as_array().unwrap().len(), 2);
    assert!(pages[0].body["next"].is_string());
    assert_eq!(pages[1].body, json!({"items": [], "next": Value::Null}));
}

#[tokio::test]
async fn deliveries_are_filtered_and_exported() {
    let api = Api::start().await;
    let (monitor, channel, incident) = outage(&api).await;
    let count = async |query: &str| {
        let answer = api.get(&format!("/deliveries?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["items"].as_array().unwrap().len()
    };
    for (query, expected) in [
        (
            format!("monitor={monitor}&event=incident.opened&state=pending"),
            2,
        ),
        ("monitor=777".to_owned(), 0),
        ("event=test".to_owned(), 0),
        ("recipient=TWO%40example.org".to_owned(), 1),
        ("recipient=example".to_owned(), 2),
        ("recipient=nobody".to_owned(), 0),
        ("profile=1".to_owned(), 0),
        ("from=2020-01-01T00:00:00Z&to=2120-01-01T00:00:00Z".to_owned(), 2),
        ("to=2020-01-01T00:00:00Z".to_owned(), 0),
    ] {
        assert_eq!(count(&query).await, expected, "{query}");
    }
    let wrong = api
        .get("/deliveries?event=x&monitor=y&from=yesterday&profile=z")
        .await;
    assert_eq!(
        (wrong.status.as_u16(), crate::fixture::fields(&wrong).len()),
        (422, 4)
    );

    let id = api.get("/deliveries").await.body["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    api.act(&format!("/deliveries/{id}/resend")).await;
    let again = api.get("/deliveries?limit=1").await;
    assert_eq!(again.body["items"][0]["requested_by"], "write (ops@example.org)");
    let table = api
        .get(&format!("/deliveries.csv?channel={channel}&incident={incident}"))
        .await;
    assert_eq!(table.status, 200);
    assert!(
        table.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    let lines: Vec<&str> = table.text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 4, "{}", table.text);
    assert!(lines[0].starts_with("delivery_id,") && lines[1].contains("write (ops@example.org)"));
    assert_eq!(api.get("/deliveries.csv?limit=1").await.status, 422);
    assert_eq!(api.get("/deliveries.csv?state=x").await.status, 422);
}
