//! Maintenance windows: planned, looked at beforehand, open, ended, called off.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    id::MaintenanceId,
    maintenance::{Maintenance, When},
};
use http::StatusCode;
use serde_json::json;

use crate::visitor::{Scene, monitor};

async fn stored(scene: &Scene, id: i64) -> Maintenance {
    let found = scene.store.maintenances().get(MaintenanceId(id)).await.unwrap();
    found.unwrap()
}

fn local(at: Timestamp) -> String {
    domain::zone::print_local(at, domain::zone::Tz::UTC)
}

#[tokio::test]
async fn maintenance_starts_now_for_a_tag_and_is_seen_everywhere_until_it_ends() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    monitor(&scene, json!({"name": "Shop", "tags": ["prod"]})).await;
    monitor(&scene, json!({"name": "Router"})).await;
    let empty = admin.get("/maintenance").await.body;
    assert!(empty.contains("No maintenance is planned"), "{empty}");
    let refused = admin
        .post("/maintenance/now", &[("what", "Shopp"), ("length", "2h")])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("There is no monitor &#34;Shopp&#34;")
            && refused.body.contains("value=\"Shopp\"")
    );
    assert!(refused.body.contains("<option value=\"2h\" selected>"));

    let started = admin
        .post("/maintenance/now", &[("what", "prod"), ("length", "2h")])
        .await;
    assert_eq!(started.location(), "/maintenance", "{}", started.body);
    let made = stored(&scene, 1).await;
    let end = scene.store.now().plus(Duration::from_hours(2));
    assert_eq!(
        (made.active(scene.store.now()), made.config.matcher.to_json()),
        (Some(end), json!({"tags": ["prod"]}))
    );
    let list = admin.get("/maintenance").await.body;
    assert!(
        list.contains("Maintenance: prod") && list.contains("href=\"/monitors/1\">Shop"),
        "{list}"
    );
    let page = admin.get("/monitors/1").await.body;
    assert!(
        page.contains("Under maintenance: nobody is told") && page.contains("href=\"/maintenance/1\""),
        "{page}"
    );
    assert!(page.contains("class=\"mark maintenance\""), "{page}");
    let filtered = admin.get("/monitors?status=maintenance").await.body;
    assert!(
        filtered.contains(">Shop<") && !filtered.contains(">Router<"),
        "{filtered}"
    );
    assert!(admin.get("/").await.body.contains("Under maintenance"));

    scene.clock.advance(Duration::from_mins(1));
    admin.post("/maintenance/1/end", &[]).await;
    let list = admin.get("/maintenance").await.body;
    assert!(
        list.contains("What is still wrong is told now") && list.contains("No maintenance is planned"),
        "{list}"
    );
    let page = admin.get("/maintenance/1").await.body;
    assert!(
        page.contains("Ended early by me@example.org") && page.contains("It is over"),
        "{page}"
    );
    assert!(
        !admin
            .get("/monitors/1")
            .await
            .body
            .contains("Under maintenance: nobody")
    );
    let one = admin
        .post("/maintenance/now", &[("what", "router"), ("length", "30m")])
        .await;
    assert_eq!(one.location(), "/maintenance");
    assert_eq!(
        stored(&scene, 2).await.config.matcher.to_json(),
        json!({"monitors": [2]})
    );
}

#[tokio::test]
async fn a_window_is_looked_at_before_it_is_saved_and_one_of_them_is_called_off() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    monitor(&scene, json!({"name": "Shop"})).await;
    let form = admin.get("/maintenance/new?monitor=1").await.body;
    assert!(
        form.contains("#1 Shop") && form.contains("name=\"when.hours.spans.0.from\""),
        "{form}"
    );
    let mut typed = vec![
        ("title", "Updates"),
        ("matcher.monitors", "#1 Shop"),
        ("way", "cron"),
        ("when.cron", "0 2 * * SUN"),
        ("when.timezone", "Europe/Berlin"),
        ("when.duration", "2h"),
        ("preview", "on"),
    ];
    let preview = admin.post("/maintenance", &typed).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert!(preview.body.contains("It would be open") && preview.body.contains("Nothing is saved yet"));
    assert!(preview.body.contains("value=\"0 2 * * SUN\""), "{}", preview.body);
    assert_eq!(preview.body.matches("<li><time").count(), 5, "{}", preview.body);
    assert!(
        scene
            .store
            .maintenances()
            .get(MaintenanceId(1))
            .await
            .unwrap()
            .is_none()
    );
    typed.pop();
    assert_eq!(
        admin.post("/maintenance", &typed).await.location(),
        "/maintenance"
    );
    let made = stored(&scene, 1).await;
    let next = made.next(scene.store.now()).unwrap();
    let list = admin.get("/maintenance").await.body;
    assert!(list.contains("0 2 * * SUN (Europe/Berlin), 2 h each"), "{list}");

    let from = next.from.to_rfc3339();
    let off = admin.post("/maintenance/1/cancel", &[("from", &from)]).await;
    assert_eq!(off.location(), "/maintenance/1");
    assert_ne!(stored(&scene, 1).await.next(scene.store.now()), Some(next));
    let page = admin.get("/maintenance/1").await.body;
    assert!(page.contains("called off by me@example.org"), "{page}");
    admin.post("/maintenance/1/cancel", &[("from", &from)]).await;
    assert!(
        admin
            .get("/maintenance/1")
            .await
            .body
            .contains("Nothing was changed")
    );
    admin.post("/maintenance/1/restore", &[("from", &from)]).await;
    assert_eq!(stored(&scene, 1).await.next(scene.store.now()), Some(next));

    let ask = admin.get("/maintenance/1/delete").await.body;
    assert!(ask.contains("Delete the maintenance window Updates?"), "{ask}");
    assert_eq!(
        admin.post("/maintenance/1/delete", &[]).await.location(),
        "/maintenance"
    );
    assert_eq!(admin.get("/maintenance/1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn hours_of_the_week_grow_by_a_row_and_complaints_stand_at_theirs() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let typed = [
        ("title", "Nights"),
        ("matcher.all", "on"),
        ("way", "weekly"),
        ("when.hours.zone", "Europe/Berlin"),
        ("when.hours.spans.0.from", ""),
        ("when.hours.spans.0.to", ""),
        ("when.hours.spans.1.days.sat", "on"),
        ("when.hours.spans.1.from", "22:00"),
        ("when.hours.spans.1.to", "04:00"),
        ("when.hours.spans.2.from", "01:00"),
        ("when.hours.spans.2.to", ""),
    ];
    let refused = admin.post("/maintenance", &typed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("Choose at least one day"),
        "{}",
        refused.body
    );
    assert!(
        refused.body.contains("id=\"when-hours-spans-1-to-error\""),
        "{}",
        refused.body
    );
    assert!(
        refused.body.contains("name=\"when.hours.spans.2.from\""),
        "an empty row for the next"
    );
    assert!(
        refused
            .body
            .contains("name=\"when.hours.spans.0.days.sat\" checked"),
        "{}",
        refused.body
    );
    let saved = admin.post("/maintenance", &typed[..9]).await;
    assert_eq!(saved.location(), "/maintenance", "{}", saved.body);
    let list = admin.get("/maintenance").await.body;
    assert!(list.contains("Sat 22:00–04:00 (Europe/Berlin)"), "{list}");
    let page = admin.get("/maintenance/1").await.body;
    assert!(
        page.contains("name=\"when.hours.spans.0.days.sat\" checked") && page.contains("value=\"22:00\""),
        "{page}"
    );
}

#[tokio::test]
async fn a_window_that_is_open_is_edited_without_being_moved() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let now = scene.store.now();
    let (from, to) = (
        local(now.minus(Duration::from_hours(1))),
        local(now.plus(Duration::from_hours(1))),
    );
    let typed = [
        ("title", "Disks"),
        ("note", "Ask me\r\nor her"),
        ("matcher.all", "on"),
        ("way", "once"),
        ("when.from", from.as_str()),
        ("when.to", to.as_str()),
    ];
    assert_eq!(
        admin.post("/maintenance", &typed).await.location(),
        "/maintenance"
    );
    let made = stored(&scene, 1).await;
    let window = made.window(now).unwrap();
    assert_eq!(
        (window.from, made.config.note.as_str()),
        (now, "Ask me\nor her"),
        "it begins now"
    );
    scene.clock.advance(Duration::from_mins(10));
    let from = local(window.from);
    let mut again = typed;
    again[0].1 = "New disks";
    again[4].1 = &from;
    assert_eq!(
        admin.post("/maintenance/1", &again).await.location(),
        "/maintenance"
    );
    let renamed = stored(&scene, 1).await;
    assert_eq!(
        (renamed.config.title.as_str(), renamed.config.when),
        ("New disks", When::Once(window))
    );
    let wrong = [
        ("title", ""),
        ("way", "once"),
        ("when.from", "x"),
        ("when.to", ""),
    ];
    let refused = admin.post("/maintenance/1", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for id in ["title-error", "when-from-error", "when-to-error"] {
        assert!(
            refused.body.contains(&format!("id=\"{id}\"")),
            "{id}: {}",
            refused.body
        );
    }
    assert!(refused.body.contains("Say which monitors"), "{}", refused.body);
}
