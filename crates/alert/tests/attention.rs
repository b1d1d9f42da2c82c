//! A channel whose receiver is gone, from the answer to those who hear of it.

use std::{sync::Arc, time::Duration};

use alert::channel::Retry;
use domain::{
    attention::Rejection,
    clock::Clock,
    delivery::{DeliveryState, Event},
};
use testkit::{FakeClock, HttpTarget, Reply, wait_for};

use crate::scene::{SOON, Scene};

mod scene;

#[tokio::test]
async fn a_webhook_that_is_gone_is_told_of_by_another_and_left_alone_until_a_test_succeeds() {
    let clock = Arc::new(FakeClock::new());
    let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let (gone, well) = (HttpTarget::start().await, HttpTarget::start().await);
    gone.reply(Reply::status(410).body("moved away"));
    let hook = scene.webhook("Hook", &gone.url("/a")).await;
    let other = scene.webhook("Other", &well.url("/b")).await;
    let monitor = scene.monitor("Shop", &[hook]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    let told = well.wait_for_requests(1, SOON).await;
    let body = told[0].json();
    assert_eq!(body["type"], Event::Opened.as_str());
    assert_eq!(body["data"]["incident"]["origin"], format!("channel:{hook}"));
    assert!(body["data"]["monitor"].is_null());
    let reason = body["data"]["incident"]["reason"]["detail"].as_str().unwrap();
    assert!(reason.contains("410"), "{reason}");

    // What comes now waits, and is not sent there.
    let second = scene.monitor("Blog", &[hook]).await;
    scene.down(&second).await;
    wait_for(SOON, "the message waits", || async {
        let health = scene.store.channels().health(&[hook]).await.unwrap();
        (health[&hook].waiting == 1).then_some(())
    })
    .await;
    clock.advance(Duration::from_hours(2));
    assert_eq!(gone.count(), 1);

    let channel = scene.store.channels().get(hook).await.unwrap().unwrap();
    let refused = scene.alert.send_test(&channel).await.unwrap_err();
    assert_eq!(
        (refused.retry, refused.trace.rejection),
        (Retry::Never, Some(Rejection::Gone))
    );
    gone.reply(Reply::status(204));
    scene.alert.send_test(&channel).await.unwrap();
    gone.wait_for_requests(4, SOON).await;
    let told = well.wait_for_requests(2, SOON).await;
    assert_eq!(told[1].json()["type"], Event::Resolved.as_str());
    running.stop().await;
    let health = scene.store.channels().health(&[hook, other]).await.unwrap();
    assert_eq!(
        (health[&hook].attention.clone(), health[&hook].waiting),
        (None, 0)
    );
    assert!(scene.store.troubles().all_open().await.unwrap().is_empty());
    let states: Vec<DeliveryState> = scene.deliveries().await.iter().map(|d| d.state).collect();
    assert!(states.contains(&DeliveryState::Failed), "{states:?}");
}
