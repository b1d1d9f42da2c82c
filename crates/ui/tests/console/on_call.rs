//! Quiet hours in the form of a channel, and the pages about who is on call.

use domain::{channel::ChannelDraft, hours::QuietAction, id::ChannelId};
use http::{StatusCode, header};
use serde_json::json;

use crate::visitor::Scene;

async fn channel(scene: &Scene) -> ChannelId {
    let body = json!({ "name": "Ops", "kind": "email", "config": { "to": ["me@example.org"] } });
    let draft = ChannelDraft::from_json(body, None).unwrap();
    scene.store.channels().create(&draft).await.unwrap().id
}

#[tokio::test]
async fn a_channel_gets_quiet_hours_and_loses_them_again() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let id = channel(&scene).await;
    let page = format!("/channels/{id}");
    let mut form = vec![
        ("kind", "email"),
        ("name", "Ops"),
        ("config.to", "me@example.org"),
        ("quiet.action", "hold"),
        ("quiet.hours.zone", "Europe/Berlin"),
        // The first row was emptied, the second one is filled in.
        ("quiet.hours.spans.0.from", ""),
        ("quiet.hours.spans.0.to", ""),
        ("quiet.hours.spans.1.days.mon", "on"),
        ("quiet.hours.spans.1.days.tue", "on"),
        ("quiet.hours.spans.1.from", "22:00"),
        ("quiet.hours.spans.1.to", "7:00"),
    ];
    let refused = admin.post(&page, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("This is not a time of day"),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("value=\"7:00\""), "nothing typed is lost");
    form.pop();
    form.push(("quiet.hours.spans.1.to", "07:00"));
    assert_eq!(admin.post(&page, &form).await.status, StatusCode::SEE_OTHER);
    let quiet = scene
        .store
        .channels()
        .get(id)
        .await
        .unwrap()
        .unwrap()
        .quiet
        .unwrap();
    assert_eq!((quiet.action, quiet.hours.spans().len()), (QuietAction::Hold, 1));
    let shown = admin.get(&page).await.body;
    assert!(
        shown.contains("Quiet 22:00–07:00 Mon, Tue (Europe/Berlin)"),
        "{shown}"
    );
    // Switching it off and on keeps them.
    admin.post(&format!("{page}/disable"), &[]).await;
    assert!(
        scene
            .store
            .channels()
            .get(id)
            .await
            .unwrap()
            .unwrap()
            .quiet
            .is_some()
    );
    let none = [
        ("kind", "email"),
        ("name", "Ops"),
        ("config.to", "me@example.org"),
        ("quiet.action", ""),
    ];
    assert_eq!(admin.post(&page, &none).await.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.store.channels().get(id).await.unwrap().unwrap().quiet, None);
}

#[tokio::test]
async fn people_take_turns_somebody_takes_over_and_a_calendar_tells_it() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    assert!(
        admin.get("/on-call").await.body.contains("/channels/new"),
        "first there is a channel"
    );
    let way = format!("channels.{}", channel(&scene).await);
    assert!(
        admin.get("/on-call").await.body.contains("/on-call/contacts/new"),
        "then there is somebody"
    );
    let refused = admin.post("/on-call/contacts", &[("name", "Ada")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for name in ["Ada", "Bob <b>"] {
        let saved = admin
            .post("/on-call/contacts", &[("name", name), (&way, "on")])
            .await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER);
    }
    let mut form = vec![
        ("name", "Operations"),
        ("zone", "Europe/Berlin"),
        ("layers", "1"),
        ("layers.0.name", "Days"),
        ("layers.0.people.0", "1"),
        ("layers.0.people.1", "2"),
        ("layers.0.handover.every", "1"),
        ("layers.0.handover.unit", "days"),
        ("layers.0.handover.at", "09:00"),
        ("layers.0.handover.from", "2025-12-30"),
        ("do", "add"),
    ];
    let more = admin.post("/on-call/rotations", &form).await;
    assert_eq!(more.status, StatusCode::OK);
    assert!(
        more.body.contains("name=\"layers.1.name\"") && more.body.contains("value=\"Days\""),
        "{}",
        more.body
    );
    assert!(
        scene.store.rotations().all().await.unwrap().is_empty(),
        "nothing is saved"
    );
    form.pop();
    let saved = admin.post("/on-call/rotations", &form).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let page = saved.headers[header::LOCATION].to_str().unwrap().to_owned();
    // The clock stands at 2026-01-01T00:00Z, which is one o'clock in Berlin.
    let shown = admin.get(&page).await.body;
    assert!(
        shown.contains("Bob &#60;b&#62;") && !shown.contains("Bob <b>"),
        "{shown}"
    );
    assert!(shown.contains("until Thu 2026-01-01 09:00"), "{shown}");

    let takes = |to: &'static str| {
        [
            ("contact", "1"),
            ("from", "2026-01-01T00:30"),
            ("to", to),
            ("note", "Swap"),
        ]
    };
    let refused = admin
        .post(&format!("{page}/overrides"), &takes("2025-12-31T00:30"))
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("The end must be later") && refused.body.contains("value=\"Swap\""));
    let taken = admin
        .post(&format!("{page}/overrides"), &takes("2026-01-01T06:00"))
        .await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER);
    let shown = admin.get("/on-call").await.body;
    assert!(
        shown.contains("takes over: Swap") && shown.contains("until Thu 2026-01-01 06:00"),
        "{shown}"
    );

    let rotation = scene.store.rotations().all().await.unwrap().remove(0);
    let token = scene
        .store
        .rotations()
        .feed_token(rotation.id)
        .await
        .unwrap()
        .unwrap();
    let feed = format!("/on-call/feed/{token}.ics");
    assert!(
        admin
            .get(&page)
            .await
            .body
            .contains(&format!("http://127.0.0.1:8380{feed}"))
    );
    let mut stranger = scene.visitor();
    let calendar = stranger.get(&feed).await;
    assert_eq!(calendar.status, StatusCode::OK);
    assert_eq!(
        calendar.headers[header::CONTENT_TYPE],
        "text/calendar; charset=utf-8"
    );
    assert!(
        !calendar.headers.contains_key(header::SET_COOKIE),
        "no session is begun"
    );
    assert!(
        calendar.body.starts_with("BEGIN:VCALENDAR\r\n") && calendar.body.contains("DESCRIPTION:Swap"),
        "{}",
        calendar.body
    );
    for wrong in [feed.replace(".ics", ""), "/on-call/feed/1.2..x.ics".to_owned()] {
        assert_eq!(
            stranger.get(&wrong).await.status,
            StatusCode::NOT_FOUND,
            "{wrong}"
        );
    }
    assert_ne!(
        stranger.get(&page).await.status,
        StatusCode::OK,
        "the page needs a session"
    );
    assert_eq!(
        admin.get(&format!("{page}/renew")).await.status,
        StatusCode::OK,
        "it asks first"
    );
    admin.post(&format!("{page}/renew"), &[]).await;
    assert_eq!(stranger.get(&feed).await.status, StatusCode::NOT_FOUND);

    let needed = admin.get("/on-call/contacts/1/delete").await.body;
    assert!(needed.contains("They are needed by: Operations"), "{needed}");
    admin.post("/on-call/contacts/1/delete", &[]).await;
    assert_eq!(scene.store.contacts().all().await.unwrap().len(), 2);
    let id = rotation.overrides[0].id;
    admin.post(&format!("/on-call/overrides/{id}/remove"), &[]).await;
    assert!(
        scene
            .store
            .rotations()
            .get(rotation.id)
            .await
            .unwrap()
            .unwrap()
            .overrides
            .is_empty()
    );
    admin.post(&format!("{page}/delete"), &[]).await;
    assert!(scene.store.rotations().all().await.unwrap().is_empty());
    admin.post("/on-call/contacts/1/delete", &[]).await;
    assert_eq!(scene.store.contacts().all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_calendar_is_not_asked_for_without_end() {
    let scene = Scene::new().await;
    let mut stranger = scene.visitor();
    for _ in 0..60 {
        assert_eq!(
            stranger.get("/on-call/feed/1.2..x.ics").await.status,
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(
        stranger.get("/on-call/feed/1.2..x.ics").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
}
