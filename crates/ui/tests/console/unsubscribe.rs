//! Unsubscribing: by the page, by the provider's one click, and what nobody can do with it.

use domain::{channel::ChannelDraft, id::ChannelId};
use http::{Method, StatusCode};
use serde_json::json;

use crate::visitor::{Scene, Visitor};

const ADDRESS: &str = "me@example.net";
const ONE_CLICK: [(&str, &str); 1] = [("List-Unsubscribe", "One-Click")];

async fn channel(scene: &Scene) -> ChannelId {
    let body =
        json!({ "name": "On <call>", "kind": "email", "config": { "to": [ADDRESS, "you@example.net"] } });
    let draft = ChannelDraft::from_json(body, None).unwrap();
    scene.store.channels().create(&draft).await.unwrap().id
}

fn page(scene: &Scene, channel: ChannelId) -> String {
    format!("/unsubscribe/{}", scene.store.optouts().token(channel, ADDRESS))
}

async fn is_out(scene: &Scene, channel: ChannelId) -> bool {
    scene.store.optouts().contains(channel, ADDRESS).await.unwrap()
}

#[tokio::test]
async fn looking_changes_nothing_and_the_button_does() {
    let scene = Scene::new().await;
    let channel = channel(&scene).await;
    let page = page(&scene, channel);
    let mut stranger = scene.visitor();
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let answer = stranger.send(method, &page, None).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.sets_no_cookie();
    }
    assert!(!is_out(&scene, channel).await, "scanners follow links");
    let asked = stranger.get(&page).await.body;
    assert!(
        asked.contains(ADDRESS) && asked.contains("On &#60;call&#62;") && asked.contains("One-Click"),
        "{asked}"
    );

    let done = stranger.post_bare(&page, &ONE_CLICK).await;
    assert_eq!(done.status, StatusCode::OK, "a redirect would not be followed");
    done.sets_no_cookie();
    assert!(is_out(&scene, channel).await);
    assert!(
        !scene
            .store
            .optouts()
            .contains(channel, "you@example.net")
            .await
            .unwrap()
    );
    assert!(done.body.contains("Send them again"), "{}", done.body);

    let again = stranger.post_bare(&page, &[("do", "again")]).await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(!is_out(&scene, channel).await);
}

#[tokio::test]
async fn a_provider_needs_one_request_and_says_it_twice_without_harm() {
    let scene = Scene::at("https://watch.example").await;
    let channel = channel(&scene).await;
    let page = page(&scene, channel);
    let mut provider = scene.visitor();
    provider
        .headers
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    provider
        .headers
        .insert("origin", "https://mail.example".parse().unwrap());
    for _ in 0..2 {
        let answer = provider.post_bare(&page, &ONE_CLICK).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    assert_eq!(scene.store.optouts().of_channel(channel).await.unwrap().len(), 1);
    let nothing = provider.post_bare(&page, &[("List-Unsubscribe", "Maybe")]).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_not_signed_looks_like_a_page_that_does_not_exist() {
    let scene = Scene::new().await;
    let channel = channel(&scene).await;
    let good = page(&scene, channel);
    let parts: Vec<&str> = good.split('.').collect();
    let mut stranger = scene.visitor();
    let mut bodies = Vec::new();
    for bad in [
        "/unsubscribe/x".to_owned(),
        format!("{good}x"),
        format!("/unsubscribe/2.{}.{}", parts[1], parts[2]),
        format!("{}.{}.AAAAAAAAAAAAAAAAAAAAAA", parts[0], parts[1]),
        format!("/unsubscribe/{}", "a".repeat(5000)),
    ] {
        for method in [Method::GET, Method::POST] {
            let form = (method == Method::POST).then(|| "List-Unsubscribe=One-Click".to_owned());
            let answer = stranger.send(method, &bad, form).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
            answer.sets_no_cookie();
            bodies.push(answer.without_its_id());
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "the answers differ");
    assert!(!is_out(&scene, channel).await);
}

/// Only the body of a POST counts, whatever else says the same.
#[tokio::test]
async fn no_other_way_of_asking_unsubscribes() {
    let scene = Scene::new().await;
    let channel = channel(&scene).await;
    let page = page(&scene, channel);
    let mut stranger = scene.visitor();
    let wished = format!("{page}?List-Unsubscribe=One-Click&_method=POST");
    for (method, path, form, expected) in [
        (Method::GET, &wished, None, StatusCode::OK),
        (Method::HEAD, &wished, None, StatusCode::OK),
        (Method::POST, &wished, Some(""), StatusCode::BAD_REQUEST),
        (
            Method::POST,
            &page,
            Some("list-unsubscribe=one-click"),
            StatusCode::BAD_REQUEST,
        ),
        (
            Method::PUT,
            &page,
            Some("List-Unsubscribe=One-Click"),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (Method::DELETE, &page, None, StatusCode::METHOD_NOT_ALLOWED),
        (
            Method::PATCH,
            &page,
            Some("List-Unsubscribe=One-Click"),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
    ] {
        let answer = stranger.send(method.clone(), path, form.map(str::to_owned)).await;
        assert_eq!(answer.status, expected, "{method} {path}");
    }
    let token = page.rsplit('/').next().unwrap();
    for other in [
        "/channels/1",
        "/settings/mail/tests",
        "/deliveries/recipients/enable",
    ] {
        let answer = stranger
            .post_bare(&format!("{other}?token={token}"), &ONE_CLICK)
            .await;
        assert_ne!(answer.status, StatusCode::OK, "the proof opens {other}");
    }
    assert!(!is_out(&scene, channel).await);
}

#[tokio::test]
async fn a_session_is_neither_needed_nor_touched() {
    let scene = Scene::new().await;
    let channel = channel(&scene).await;
    let page = page(&scene, channel);
    let mut admin = scene.admin().await;
    let answer = admin.get(&page).await;
    answer.sets_no_cookie();
    assert!(!answer.body.contains("name=\"csrf\"") && !answer.body.contains(crate::visitor::EMAIL));
    assert_eq!(
        admin.get("/channels").await.status,
        StatusCode::OK,
        "still signed in"
    );
}

#[tokio::test]
async fn one_client_cannot_ask_without_end() {
    let scene = Scene::new().await;
    let page = page(&scene, channel(&scene).await);
    let mut stranger = scene.visitor();
    let mut last = StatusCode::OK;
    for _ in 0..61 {
        last = stranger.get(&page).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let mut other = scene.visitor();
    other.peer = "192.0.2.8:40000".parse().unwrap();
    assert_eq!(other.get(&page).await.status, StatusCode::OK);
    scene.clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(stranger.get(&page).await.status, StatusCode::OK);
    let large = "x".repeat(9000);
    let answer = stranger.send(Method::POST, &page, Some(large)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_channel_shows_who_is_out_and_takes_them_back() {
    let scene = Scene::new().await;
    let channel = channel(&scene).await;
    let page = page(&scene, channel);
    scene.visitor().post_bare(&page, &ONE_CLICK).await;
    let mut admin: Visitor = scene.admin().await;
    let here = format!("/channels/{channel}");
    let shown = admin.get(&here).await.body;
    assert!(
        shown.contains("Unsubscribed") && shown.contains(ADDRESS),
        "{shown}"
    );
    assert!(!shown.contains("nobody hears of anything"));
    let resubscribe = format!("{here}/resubscribe");
    let back = admin.post(&resubscribe, &[("address", ADDRESS)]).await;
    assert_eq!(
        (back.status, back.location()),
        (StatusCode::SEE_OTHER, here.as_str())
    );
    assert!(!is_out(&scene, channel).await);
    assert!(!admin.get(&here).await.body.contains("Unsubscribed"));
    let twice = admin.post(&resubscribe, &[("address", ADDRESS)]).await;
    assert_eq!(twice.status, StatusCode::NOT_FOUND);

    for address in [ADDRESS, "you@example.net"] {
        scene.store.optouts().add(channel, address).await.unwrap();
    }
    assert!(admin.get(&here).await.body.contains("nobody hears of anything"));
    scene.store.channels().delete(channel).await.unwrap();
    let mut late = scene.visitor();
    let gone = late.get(&page).await;
    assert_eq!(gone.status, StatusCode::OK);
    assert!(gone.body.contains("does not exist any longer"), "{}", gone.body);
    assert_eq!(late.post_bare(&page, &ONE_CLICK).await.status, StatusCode::OK);
}
