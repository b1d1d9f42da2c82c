//! Maintenance windows.

use std::time::Duration;

use api::wire::{
    maintenance::{
        MaintenanceCron, MaintenanceDraft, MaintenanceHours, MaintenanceOnce, MaintenanceSpan,
        MaintenanceWeekly, WhenBody,
    },
    matcher::MatcherBody,
};
use domain::{clock::Timestamp, maintenance::MaintenanceConfig};
use serde_json::{Value, json};

use crate::fixture::{Api, fields, is_time, tcp};

const HOUR: Duration = Duration::from_hours(1);

fn around(api: &Api) -> Value {
    let now = api.store.now();
    json!({"from": now.minus(HOUR).to_rfc3339(), "to": now.plus(HOUR).to_rfc3339()})
}

#[tokio::test]
async fn a_monitor_under_maintenance_says_so_until_the_window_is_ended() {
    let api = Api::start().await;
    let body = json!({"title": "New disks", "matcher": {"tags": ["db"]}, "when": around(&api)});
    let made = api.post("/maintenance", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.headers["location"], "http://watch.test/api/v1/maintenance/1");
    assert_eq!(
        (&made.body["state"], &made.body["note"], &made.body["next"]),
        (&json!("active"), &json!(""), &Value::Null)
    );
    assert!(is_time(&made.body["current"]["to"]));

    let mut monitor = tcp("Shop");
    monitor["tags"] = json!(["db"]);
    let monitor = api.post("/monitors", monitor).await.body["id"].as_i64().unwrap();
    let read = api.get(&format!("/monitors/{monitor}")).await.body;
    assert_eq!(read["state"]["status"], "maintenance");
    assert_eq!(read["state"]["maintenance_until"], made.body["current"]["to"]);
    assert_eq!(
        read["state"]["since"], made.body["current"]["from"],
        "begins when it is announced, not before"
    );
    let found = api.get("/monitors?status=maintenance").await.body;
    assert_eq!(found["items"][0]["id"], monitor);
    let checked = api.act(&format!("/monitors/{monitor}/check")).await;
    assert_eq!(checked.status, 200, "checks go on");
    let results = api.get(&format!("/monitors/{monitor}/results")).await.body;
    let last = results["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["maintenance"], true);
    let stats = api.get(&format!("/monitors/{monitor}/stats")).await.body;
    assert_eq!(
        (&stats["down"], &stats["uptime_percent"]),
        (&json!(0), &Value::Null)
    );
    assert!(stats["maintenance"].as_u64().unwrap() > 0);

    let ended = api.act("/maintenance/1/end").await;
    assert_eq!(ended.status, 200, "{}", ended.text);
    assert_eq!(
        (&ended.body["state"], &ended.body["current"]),
        (&json!("over"), &Value::Null)
    );
    assert_eq!(ended.body["exceptions"][0]["by"], "write (ops@example.org)");
    assert!(is_time(&ended.body["exceptions"][0]["ended_at"]));
    assert_eq!(api.act("/maintenance/1/end").await.status, 409);
    let read = api.get(&format!("/monitors/{monitor}")).await.body;
    assert_ne!(read["state"]["status"], "maintenance");
    assert!(read["state"]["maintenance_until"].is_null());
}

#[tokio::test]
async fn one_window_is_called_off_and_happens_after_all() {
    let api = Api::start().await;
    let when = json!({"cron": "0 3 1 1 *", "timezone": "Asia/Shanghai", "duration": "2h"});
    let body = json!({"title": "Yearly", "matcher": {"all": true}, "when": when});
    let made = api.post("/maintenance", body).await.body;
    assert_eq!((&made["state"], &made["when"]), (&json!("pending"), &when));
    let coming = api.get("/upcoming-maintenance?limit=3").await.body;
    assert_eq!(coming["items"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&coming["items"][0]["from"], &coming["items"][0]["title"]),
        (&made["next"]["from"], &json!("Yearly"))
    );

    let first = json!({"from": made["next"]["from"]});
    let cancelled = api.post("/maintenance/1/cancel", first.clone()).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    assert_eq!(cancelled.body["next"]["from"], coming["items"][1]["from"]);
    assert_eq!(cancelled.body["exceptions"][0]["ended_at"], Value::Null);
    for wrong in [
        first.clone(),
        json!({"from": "2030-07-01T00:00:00Z"}),
        json!({}),
        json!({"from": "soon"}),
    ] {
        let refused = api.post("/maintenance/1/cancel", wrong.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), fields(&refused)),
            (422, vec!["from"]),
            "{wrong}"
        );
    }
    let restored = api.post("/maintenance/1/restore", first.clone()).await;
    assert_eq!(
        (restored.status.as_u16(), &restored.body["next"]),
        (200, &made["next"])
    );
    assert_eq!(fields(&api.post("/maintenance/1/restore", first).await), ["from"]);
}

#[tokio::test]
async fn a_window_is_listed_changed_and_deleted() {
    let api = Api::start().await;
    let hours = json!({"hours": {"zone": "Europe/Berlin", "spans": [{"days": ["sat"], "from": "22:00", "to": "04:00"}]}});
    let body = json!({"title": "Nights", "note": "Ask\nme", "matcher": {"kinds": ["tcp"]}, "when": hours});
    let made = api.post("/maintenance", body).await;
    assert_eq!((made.status.as_u16(), &made.body["when"]), (201, &hours));
    let list = api.get("/maintenance").await.body;
    assert_eq!(list["items"], json!([made.body]));
    assert_eq!(api.get("/maintenance?state=over").await.body["items"], json!([]));
    assert_eq!(fields(&api.get("/maintenance?state=x&q=1").await), ["state", "q"]);

    let patch = json!({"title": "Other", "note": null, "matcher": {"tags": ["db"]}, "when": around(&api)});
    let changed = api.patch("/maintenance/1", patch).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(
        (&changed.body["title"], &changed.body["note"]),
        (&json!("Other"), &json!(""))
    );
    assert_eq!(
        changed.body["matcher"],
        json!({"tags": ["db"]}),
        "it comes as a whole"
    );
    assert_eq!(changed.body["state"], "active");
    let refused = api
        .patch("/maintenance/1", json!({"title": null, "colour": "red"}))
        .await;
    assert_eq!(fields(&refused), ["title", "colour"]);
    assert_eq!(api.delete("/maintenance/1").await.status, 204);
    for path in ["/maintenance/1", "/maintenance/x"] {
        assert_eq!(api.get(path).await.status, 404);
        assert_eq!(api.delete(path).await.status, 404);
        assert_eq!(api.act(&format!("{path}/end")).await.status, 404);
    }
}

#[tokio::test]
async fn a_window_that_makes_no_sense_is_refused_by_field() {
    let api = Api::start().await;
    let body = |when: Value| json!({"title": "X", "matcher": {"all": true}, "when": when});
    let table = [
        (json!({}), vec!["title", "matcher", "when"]),
        (body(json!({})), vec!["when"]),
        (
            body(json!({"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T01:00:00Z"})),
            vec!["when.to"],
        ),
        (
            body(json!({"cron": "0 * * * *", "duration": "2h"})),
            vec!["when.duration"],
        ),
        (
            body(json!({"cron": "often", "duration": "1h", "timezone": "UTC"})),
            vec!["when.cron"],
        ),
        (
            body(json!({"hours": {"zone": "Mars", "spans": []}})),
            vec!["when.hours.zone", "when.hours.spans"],
        ),
        (
            json!({"title": "X", "matcher": {"monitors": [777]}, "when": around(&api)}),
            vec!["matcher.monitors"],
        ),
    ];
    for (body, expected) in table {
        let refused = api.post("/maintenance", body.clone()).await;
        assert_eq!(refused.status, 422, "{body}");
        assert_eq!(fields(&refused), expected, "{body}");
    }
}

#[tokio::test]
async fn drafts_name_exactly_the_fields_that_the_domain_reads() {
    let api = Api::start().await;
    let now = Timestamp::from_millis(1_795_443_600_000);
    let ways = [
        WhenBody::Once(MaintenanceOnce {
            from: now.to_rfc3339(),
            to: now.plus(HOUR).to_rfc3339(),
        }),
        WhenBody::Cron(MaintenanceCron {
            cron: "0 2 * * SUN".into(),
            timezone: Some("Europe/Berlin".into()),
            duration: "2h".into(),
        }),
        WhenBody::Weekly(MaintenanceWeekly {
            hours: MaintenanceHours {
                zone: "UTC".into(),
                spans: vec![MaintenanceSpan {
                    days: vec!["sat".into()],
                    from: "22:00".into(),
                    to: "04:00".into(),
                }],
            },
        }),
    ];
    for when in ways {
        let draft = MaintenanceDraft {
            title: "New disks".into(),
            note: Some("Ask me".into()),
            matcher: MatcherBody {
                all: Some(true),
                ..MatcherBody::default()
            },
            when,
        };
        let body = serde_json::to_value(draft).unwrap();
        let schema = json!({ "$ref": "#/components/schemas/MaintenanceDraft" });
        api.document.hold(&schema, &body, "draft");
        MaintenanceConfig::from_json(body, now, None).unwrap();
    }
}
