//! How mails are worded.

use serde_json::{Value, json};

use crate::fixture::{Api, fields, is_time};

#[tokio::test]
async fn the_wording_goes_round() {
    let api = Api::start().await;
    let usual = api.get("/settings/messages").await;
    assert_eq!(usual.status, 200, "{}", usual.text);
    assert_eq!(
        (&usual.body["revision"], &usual.body["subject_style"]),
        (&json!(0), &json!("status"))
    );
    assert_eq!(
        (&usual.body["subject"], &usual.body["saved_at"]),
        (&Value::Null, &Value::Null)
    );
    assert!(
        usual.body["placeholders"]
            .as_array()
            .unwrap()
            .contains(&json!("monitor"))
    );

    let body =
        json!({ "subject_style": "thread", "subject": "#{{incident}} {{monitor}}", "note": "See {{link}}" });
    let saved = api.put("/settings/messages", body.clone()).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&saved.body[name], value);
    }
    assert_eq!(
        (&saved.body["revision"], &saved.body["saved_by"]),
        (&json!(1), &json!("write (ops@example.org)"))
    );
    assert!(is_time(&saved.body["saved_at"]));
    assert_eq!(api.get("/settings/messages").await.body, saved.body);

    let emptied = api.put("/settings/messages", json!({})).await;
    assert_eq!(
        (&emptied.body["revision"], &emptied.body["note"]),
        (&json!(2), &Value::Null)
    );
}

#[tokio::test]
async fn bad_wordings_are_refused_by_field() {
    let api = Api::start().await;
    for (body, field) in [
        (json!({ "subject_style": "loud" }), "subject_style"),
        (json!({ "subject": "{{ 7*7 }}" }), "subject"),
        (json!({ "subject": "a\r\nBcc: x@example.org" }), "subject"),
        (
            json!({ "subject_style": "thread", "subject": "{{status}}" }),
            "subject",
        ),
        (json!({ "note": "{{#each tags}}x{{/each}}" }), "note"),
        (json!({ "note": "x".repeat(4001) }), "note"),
        (json!({ "html": "<b>" }), "html"),
    ] {
        let refused = api.put("/settings/messages", body).await;
        assert_eq!(refused.status, 422, "{field}");
        assert_eq!(fields(&refused), [field]);
    }
    assert_eq!(api.get("/settings/messages").await.body["revision"], 0);
}
