//! Silences, from a monitor's page to the history.

use std::time::Duration;

use domain::{id::SilenceId, silence::SilenceState};
use http::StatusCode;
use serde_json::json;

use crate::visitor::{Scene, monitor};

const FORM: [(&str, &str); 4] = [
    ("matcher.monitors", "#1 Shop"),
    ("matcher.tags", ""),
    ("reason", "Moving the rack"),
    ("length", "2h"),
];

#[tokio::test]
async fn a_monitor_is_silenced_from_its_page_extended_and_heard_again() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    monitor(&scene, json!({"name": "Shop", "tags": ["prod"]})).await;
    let empty = admin.get("/silences").await.body;
    assert!(
        empty.contains("Nothing is silenced") && empty.contains("href=\"/silences/new\""),
        "{empty}"
    );
    let page = admin.get("/monitors/1").await.body;
    assert!(page.contains("href=\"/silences/new?monitor=1\""), "{page}");
    let form = admin.get("/silences/new?monitor=1&tag=prod").await.body;
    assert!(
        form.contains("#1 Shop") && form.contains("value=\"prod\""),
        "{form}"
    );

    let created = admin.post("/silences", &FORM).await;
    assert_eq!(created.location(), "/silences", "{}", created.body);
    let list = admin.get("/silences").await.body;
    assert!(
        list.contains("Silenced: Moving the rack") && list.contains("href=\"/monitors/1\">Shop"),
        "{list}"
    );
    let silence = scene.store.silences().get(SilenceId(1)).await.unwrap().unwrap();
    assert_eq!(
        (silence.author.as_str(), silence.ends_at),
        ("me@example.org", scene.store.now().plus(Duration::from_hours(2)))
    );
    let page = admin.get("/monitors/1").await.body;
    assert!(
        page.contains("Silenced by me@example.org") && page.contains("href=\"/silences/1\">Moving the rack"),
        "{page}"
    );

    admin.post("/silences/1/extend", &[]).await;
    let longer = scene.store.silences().get(SilenceId(1)).await.unwrap().unwrap();
    assert_eq!(longer.ends_at, silence.ends_at.plus(Duration::from_hours(1)));
    let edit = admin.get("/silences/1").await.body;
    assert!(
        edit.contains("#1 Shop") && edit.contains("value=\"Moving the rack\""),
        "{edit}"
    );
    let end = domain::zone::print_local(longer.ends_at, domain::zone::Tz::UTC);
    let changes = [
        ("matcher.tags", "prod"),
        ("matcher.kinds.tcp", "on"),
        ("reason", "Power"),
        ("ends_at", &end),
    ];
    assert_eq!(admin.post("/silences/1", &changes).await.location(), "/silences");
    let changed = scene.store.silences().get(SilenceId(1)).await.unwrap().unwrap();
    assert_eq!(
        changed.matcher.to_json(),
        json!({"tags": ["prod"], "kinds": ["tcp"]})
    );
    assert_eq!(
        (changed.reason.as_str(), changed.ends_at),
        ("Power", longer.ends_at),
        "not cut to the minute"
    );

    admin.post("/silences/1/end", &[]).await;
    let over = scene.store.silences().get(SilenceId(1)).await.unwrap().unwrap();
    assert_eq!(over.state(scene.store.now()), SilenceState::Over);
    let list = admin.get("/silences").await.body;
    assert!(
        list.contains("Nothing is silenced") && list.contains("ended by me@example.org"),
        "{list}"
    );
    let late = admin.post("/silences/1/extend", &[]).await;
    assert_eq!(late.location(), "/silences");
    assert!(admin.get("/silences").await.body.contains("It is over already"));
    assert!(
        !admin.get("/silences/1").await.body.contains("name=\"reason\""),
        "nothing to change"
    );
    assert_eq!(admin.get("/silences/77").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_it_and_what_was_typed_stays() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    monitor(&scene, json!({"name": "Shop"})).await;
    monitor(&scene, json!({"name": "Twin"})).await;
    monitor(&scene, json!({"name": "twin"})).await;
    let wrong = [
        ("matcher.monitors", "shop\nTwin\nNobody"),
        ("matcher.tags", "prod"),
        ("reason", ""),
        ("length", "exactly"),
        ("ends_at", "2020-01-01T09:00"),
    ];
    let refused = admin.post("/silences", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for words in [
        "There is no monitor &#34;Nobody&#34;",
        "Several monitors are called &#34;Twin&#34;. Write the number of one: #2, #3.",
        "id=\"reason-error\"",
        "This has passed already",
        "shop\nTwin\nNobody</textarea>",
        "value=\"2020-01-01T09:00\"",
        "value=\"prod\"",
    ] {
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    let nothing = admin
        .post("/silences", &[("reason", "x"), ("length", "1h")])
        .await;
    assert!(nothing.body.contains("Say which monitors"), "{}", nothing.body);
    let unknown = admin
        .post(
            "/silences",
            &[("matcher.monitors", "#77"), ("reason", "x"), ("length", "1h")],
        )
        .await;
    assert!(
        unknown.body.contains("There is no monitor with the number 77"),
        "{}",
        unknown.body
    );
    let garbage = [
        ("matcher.all", "on"),
        ("reason", "x"),
        ("length", "exactly"),
        ("ends_at", "soon"),
    ];
    let garbage = admin.post("/silences", &garbage).await;
    assert!(
        garbage.body.contains("Write a date and a time"),
        "{}",
        garbage.body
    );
    assert!(scene.store.silences().get(SilenceId(1)).await.unwrap().is_none());

    let everything = [
        ("matcher.all", "on"),
        ("matcher.tags", "ignored"),
        ("reason", "x"),
        ("length", "morning"),
    ];
    assert_eq!(admin.post("/silences", &everything).await.location(), "/silences");
    let silence = scene.store.silences().get(SilenceId(1)).await.unwrap().unwrap();
    assert!(silence.matcher.is_everything());
    assert_eq!(
        Some(silence.ends_at),
        domain::zone::next_morning(scene.store.now(), domain::zone::Tz::UTC)
    );
    let list = admin.get("/silences").await.body;
    assert!(list.contains("All monitors"), "{list}");
}
