use alert::channel::Retry;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret, texts};

pub(super) fn row() -> Row {
    Row {
        kind: "splunk_on_call",
        config: |base| json!({ "server": base, "key": secret("key"), "route": "database" }),
        yes: || Reply::ok(json!({ "result": "success", "entity_id": "incident-7" }).to_string()),
        reference: Some("incident-7"),
        noes: || {
            let failure = json!({ "result": "failure", "message": "Missing message_type" });
            vec![
                No::new(
                    Reply::status(400).body(failure.to_string()),
                    Retry::Briefly,
                    "Missing message_type",
                ),
                No::new(
                    Reply::ok(
                        json!({ "result": "failure", "messages": ["Unknown routing key"] }).to_string(),
                    ),
                    Retry::Briefly,
                    "Unknown routing key",
                ),
                No::new(Reply::status(404), Retry::Briefly, "does not know the address"),
                No::new(Reply::status(429), Retry::Backoff, "slow down"),
                No::new(Reply::ok("<html>"), Retry::Briefly, "is not Splunk On-Call"),
            ]
        },
        harmless: |request| {
            assert!(
                request.path.starts_with("/integrations/generic/20131114/alert/"),
                "{}",
                request.path
            );
            assert!(request.path.ends_with("/database"), "{}", request.path);
            let body = request.json();
            assert_eq!(body["message_type"], "CRITICAL");
            assert_eq!(body["entity_id"], "watch.example/incidents/1");
            assert!(body["state_message"].as_str().unwrap().contains("<script>"));
            // It makes links and pictures of annotations alone.
            let annotations: Vec<_> = body
                .as_object()
                .unwrap()
                .keys()
                .filter(|k| k.starts_with("vo_"))
                .collect();
            assert_eq!(annotations, ["vo_annotate.u.Watchbell"]);
            let links = texts(&body).into_iter().filter(|t| t.starts_with("http"));
            assert!(links.eq(["https://watch.example/incidents/1"]));
        },
    }
}
