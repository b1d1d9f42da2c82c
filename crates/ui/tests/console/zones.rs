//! Settings > Network, and the zone of a monitor.

use domain::reach::ZoneName;
use http::StatusCode;

use crate::visitor::Scene;

const PAGE: &str = "/settings/zones";

#[tokio::test]
async fn zones_are_made_changed_refused_and_removed() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let page = admin.get(PAGE).await.body;
    for text in ["1.1.1.1:443", "9.9.9.9:443", "No self-check", "None so far."] {
        assert!(page.contains(text), "{text}");
    }

    let wrong = [
        ("zones.0.name", "wan"),
        ("zones.0.references", "1.1.1.1"),
        ("zones.1.name", "lan"),
        ("zones.1.references", ""),
        ("new.name", "Office VPN"),
        ("new.references", "10.8.0.1:22"),
    ];
    let refused = admin.post(PAGE, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in [
        "zones-0-references-error",
        "new-name-error",
        "Office VPN",
        "10.8.0.1:22",
    ] {
        assert!(refused.body.contains(text), "{text}");
    }

    let mut good = wrong;
    good[1].1 = "192.0.2.1:9";
    good[4].1 = "office-vpn";
    assert_eq!(admin.post(PAGE, &good).await.status, StatusCode::SEE_OTHER);
    let page = admin.get(PAGE).await.body;
    assert!(
        page.contains("office-vpn") && page.contains("192.0.2.1:9"),
        "{page}"
    );
    assert!(!page.contains("1.1.1.1:443\n"));

    let form = admin.get("/monitors/new?kind=tcp").await.body;
    assert!(form.contains("value=\"office-vpn\""), "{form}");
    let monitor = [
        ("kind", "tcp"),
        ("name", "Shop"),
        ("target.host", "127.0.0.1"),
        ("target.port", "9"),
        ("rhythm", "every"),
        ("schedule.every", "1h"),
        ("zone", "office-vpn"),
    ];
    let made = admin.post("/monitors", &monitor).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    assert!(admin.get(made.location()).await.body.contains("Zone: office-vpn"));

    let remove = [
        ("zones.0.name", "wan"),
        ("zones.0.references", "192.0.2.1:9"),
        ("zones.1.name", "lan"),
        ("zones.2.name", "office-vpn"),
        ("zones.2.references", "10.8.0.1:22"),
        ("zones.2.remove", "on"),
    ];
    let used = admin.post(PAGE, &remove).await;
    assert_eq!(used.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(used.body.contains("1 monitors are in the zone"), "{}", used.body);
    admin.post(&format!("{}/delete", made.location()), &[]).await;
    assert_eq!(admin.post(PAGE, &remove).await.status, StatusCode::SEE_OTHER);
    let zones = scene.store.settings().zones().await.unwrap().zones;
    let vpn = ZoneName::parse("zone", "office-vpn").unwrap();
    assert!(zones.get(&vpn).is_none());
}

#[tokio::test]
async fn a_gap_is_listed() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let since = scene.store.now();
    scene.store.gaps().begin(&ZoneName::wan(), since).await.unwrap();
    scene.clock.advance(std::time::Duration::from_mins(15));
    let until = scene.store.now();
    scene.store.gaps().end(&ZoneName::wan(), until).await.unwrap();
    let page = admin.get(PAGE).await.body;
    assert!(
        page.contains("Times offline") && page.contains("15 min"),
        "{page}"
    );
}
