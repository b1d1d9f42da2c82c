use alert::channel::Retry;
use serde_json::json;
use testkit::Reply;

use crate::row::{No, Row, secret};

pub(super) fn row() -> Row {
    Row {
        kind: "alertmanager",
        config: |base| json!({ "server": format!("{base}/alertmanager/"), "user": "watchbell", "password": secret("password") }),
        yes: || Reply::ok(""),
        reference: None,
        noes: || {
            vec![
                No::new(
                    Reply::status(400).body(json!("start time must be before end time").to_string()),
                    Retry::Briefly,
                    "start time must be before end time",
                ),
                No::new(
                    Reply::status(400)
                        .body(json!({ "code": 601, "message": "labels in body is required" }).to_string()),
                    Retry::Briefly,
                    "labels in body is required",
                ),
                No::new(
                    Reply::status(401).body("Unauthorized"),
                    Retry::Briefly,
                    "the user and the password",
                ),
                No::new(
                    Reply::status(500).body(json!("disk full").to_string()),
                    Retry::Backoff,
                    "error of its own",
                ),
            ]
        },
        harmless: |request| {
            assert_eq!(request.path, "/alertmanager/api/v2/alerts");
            let body = request.json();
            let alert = &body[0];
            // Whoever is paged is decided by labels: a target fills in its own and no other.
            let labels = alert["labels"].as_object().unwrap();
            let names: Vec<&str> = labels.keys().map(String::as_str).collect();
            assert_eq!(
                names,
                ["alertname", "instance", "monitor", "monitor_id", "severity"]
            );
            assert_eq!(labels["alertname"], "WatchbellMonitorDown");
            assert_eq!(labels["severity"], "critical");
            let annotations = alert["annotations"].as_object().unwrap();
            assert!(annotations.keys().eq(["description", "summary"]));
            assert_eq!(alert["generatorURL"], "https://watch.example/incidents/1");
        },
    }
}
