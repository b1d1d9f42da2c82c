//! Silences.

use api::wire::{
    matcher::MatcherBody,
    silence::{SilenceDraft, SilencePatch},
};
use domain::{clock::Timestamp, silence};
use serde_json::{Value, json};

use crate::fixture::{Api, fields, is_time};

fn body(monitor: i64) -> Value {
    json!({"matcher": {"monitors": [monitor]}, "reason": "Moving the rack", "duration": "2h"})
}

fn time(value: &Value) -> Timestamp {
    Timestamp::parse_rfc3339(value.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_silence_is_made_listed_changed_and_ended() {
    let api = Api::start().await;
    let monitor = api.monitor("Shop").await;
    let made = api.post("/silences", body(monitor)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.headers["location"], "http://watch.test/api/v1/silences/1");
    assert_eq!(made.body["state"], "active");
    assert_eq!(made.body["author"], "write (ops@example.org)");
    assert_eq!(made.body["matcher"], json!({"monitors": [monitor]}));
    assert!(is_time(&made.body["ends_at"]) && made.body["ended_by"].is_null());
    assert_eq!(api.get("/silences/1").await.body, made.body);

    let patch = json!({"reason": "Power", "duration": "4h", "matcher": {"all": true}});
    let changed = api.patch("/silences/1", patch).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(
        (&changed.body["reason"], &changed.body["matcher"]),
        (&json!("Power"), &json!({"all": true}))
    );
    assert_eq!(changed.body["starts_at"], made.body["starts_at"]);
    assert!(time(&changed.body["ends_at"]) > time(&made.body["ends_at"]));

    let count = async |state: &str| {
        let list = api.get(&format!("/silences?state={state}")).await;
        list.body["items"].as_array().unwrap().len()
    };
    assert_eq!(
        (count("active").await, count("pending").await, count("over").await),
        (1, 0, 0)
    );
    for _ in 0..2 {
        assert_eq!(api.delete("/silences/1").await.status, 204);
    }
    assert_eq!((count("active").await, count("over").await), (0, 1));
    let over = api.get("/silences/1").await.body;
    assert_eq!(
        (&over["state"], &over["ended_by"]),
        (&json!("over"), &json!("write (ops@example.org)"))
    );
    assert_eq!(
        api.patch("/silences/1", json!({"reason": "Late"})).await.status,
        409
    );
    for path in ["/silences/77", "/silences/x"] {
        assert_eq!(api.get(path).await.status, 404);
        assert_eq!(api.delete(path).await.status, 404);
        assert_eq!(api.patch(path, json!({})).await.status, 404);
    }
}

#[tokio::test]
async fn a_silence_that_makes_no_sense_is_refused_by_field() {
    let api = Api::start().await;
    let monitor = api.monitor("Shop").await;
    let table = [
        (json!({}), vec!["matcher", "reason"]),
        (
            json!({"matcher": {}, "reason": "x", "duration": "2h"}),
            vec!["matcher"],
        ),
        (
            json!({"matcher": {"kinds": ["smoke"]}, "reason": "x", "duration": "2h"}),
            vec!["matcher.kinds"],
        ),
        (
            json!({"matcher": {"monitors": [777]}, "reason": "x", "duration": "2h"}),
            vec!["matcher.monitors"],
        ),
        (
            json!({"matcher": {"all": true}, "reason": "x", "ends_at": "2020-01-01T00:00:00Z"}),
            vec!["ends_at"],
        ),
        (
            json!({"matcher": {"all": true}, "reason": "x", "duration": "91d", "author": "me"}),
            vec!["duration", "author"],
        ),
    ];
    for (body, expected) in table {
        let refused = api.post("/silences", body.clone()).await;
        assert_eq!(refused.status, 422, "{body}");
        assert_eq!(fields(&refused), expected, "{body}");
    }
    api.post("/silences", body(monitor)).await;
    let refused = api
        .patch("/silences/1", json!({"starts_at": "2030-01-01T00:00:00Z"}))
        .await;
    assert_eq!(fields(&refused), ["starts_at"]);
    assert_eq!(fields(&api.get("/silences?state=loud").await), ["state"]);
}

#[tokio::test]
async fn drafts_name_exactly_the_fields_that_the_domain_reads() {
    let api = Api::start().await;
    let hold = |schema: &str, value: &Value| {
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        api.document.hold(&schema, value, "draft");
    };
    let matcher = MatcherBody {
        all: None,
        tags: Some(vec!["prod".into()]),
        monitors: Some(vec![1]),
        kinds: Some(vec!["http".into()]),
    };
    let now = Timestamp::from_millis(1_795_443_600_000);
    let later = Timestamp::from_millis(1_795_447_200_000).to_rfc3339();
    let draft = SilenceDraft {
        matcher: matcher.clone(),
        reason: "Moving".into(),
        starts_at: Some(now.to_rfc3339()),
        ends_at: Some(later.clone()),
        duration: None,
    };
    let by_length = SilenceDraft {
        ends_at: None,
        duration: Some("1h".into()),
        ..draft.clone()
    };
    for draft in [draft, by_length] {
        let body = serde_json::to_value(draft).unwrap();
        hold("SilenceDraft", &body);
        silence::SilenceDraft::from_json(body, now).unwrap();
    }
    let patch = SilencePatch {
        matcher: Some(matcher),
        reason: Some("Power".into()),
        ends_at: Some(later),
        duration: None,
    };
    hold("SilencePatch", &serde_json::to_value(patch).unwrap());
}
