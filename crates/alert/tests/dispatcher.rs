//! The dispatcher against a real store and real receivers.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose scene cannot be set fails at once and loudly"
)]

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    clock::Clock,
    delivery::{AttemptVerdict, DeliveryState, Event},
    id::ChannelId,
};
use serde_json::json;
use store::{General, outbox::Terms};
use testkit::{FakeClock, Reply, Request, WallClock, WebhookSink, wait_for, wait_until};

mod scene;
use scene::{Running, SOON, Scene};

/// The longest first two waits of the table, jitter included, and a bit.
const FIRST_WAIT: Duration = Duration::from_millis(6_100);
const SECOND_WAIT: Duration = Duration::from_millis(36_100);

async fn with_fake_clock() -> (Arc<FakeClock>, Scene) {
    let clock = Arc::new(FakeClock::new());
    let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    (clock, scene)
}

fn ids(requests: &[Request]) -> Vec<String> {
    let id = |r: &Request| r.header("webhook-id").unwrap().to_owned();
    requests.iter().map(id).collect()
}

fn types(requests: &[Request]) -> Vec<String> {
    let kind = |r: &Request| r.json()["type"].as_str().unwrap().to_owned();
    requests.iter().map(kind).collect()
}

#[tokio::test]
async fn an_outage_and_its_end_arrive_at_once_and_are_kept() {
    let (scene, sink) = (Scene::new(Arc::new(WallClock)).await, WebhookSink::start().await);
    let hook = scene.webhook("Hook", &sink.url()).await;
    let monitor = scene.monitor("Shop", &[hook]).await;
    let running = scene.start();

    let begun = Instant::now();
    scene.down(&monitor).await;
    sink.wait_for(1, SOON).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    scene.wait_state(1, DeliveryState::Sent).await;
    scene.up(&monitor).await;
    let requests = sink.wait_for(2, SOON).await;
    assert_eq!(types(&requests), ["incident.opened", "incident.resolved"]);
    assert_eq!(requests[0].json()["data"]["monitor"]["name"], "Shop");
    assert_eq!(requests[1].json()["data"]["incident"]["state"], "resolved");

    let sent = scene.wait_state(2, DeliveryState::Sent).await;
    for (delivery, request) in sent.iter().zip(&requests) {
        assert_eq!(
            request.header("webhook-id").unwrap(),
            format!("msg_{}", delivery.id)
        );
        let attempts = scene.attempts(delivery.id).await;
        assert_eq!(attempts.len(), 1);
        assert_eq!(attempts[0].number, 1);
        assert_eq!(attempts[0].reply_code, Some(204));
        assert_eq!(attempts[0].remote, Some(sink.target().addr()));
        assert_eq!(attempts[0].verdict, AttemptVerdict::Accepted { reference: None });
    }
    assert_eq!(scene.backlog().await.pending, 0);
    let health = running.handle.health();
    assert_eq!(health.in_flight, 0);
    assert!(scene.clock.now().since(health.last_tick) < Duration::from_secs(5));
    assert!(running.stop().await < Duration::from_secs(2));
}

#[tokio::test]
async fn every_retry_carries_the_same_id_and_a_time_of_its_own() {
    let (clock, scene) = with_fake_clock().await;
    let sink = WebhookSink::start().await;
    let hook = scene.webhook("Hook", &sink.url()).await;
    let monitor = scene.monitor("Shop", &[hook]).await;
    sink.target().then(Reply::status(503));
    sink.target().then(Reply::reset());
    let running = scene.start();
    scene.down(&monitor).await;
    for (attempt, wait) in [(1, FIRST_WAIT), (2, SECOND_WAIT)] {
        let row = scene.wait_attempts(attempt).await.remove(0);
        assert_eq!(row.state, DeliveryState::Pending);
        assert!(row.reason.is_some());
        clock.advance(wait);
        scene.store.outbox().wake();
    }
    let sent = scene.wait_state(1, DeliveryState::Sent).await;
    let requests = sink.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(ids(&requests).into_iter().collect::<HashSet<_>>().len(), 1);
    let times: HashSet<_> = requests.iter().map(|r| r.header("webhook-timestamp")).collect();
    assert_eq!(times.len(), 3);
    let attempts = scene.attempts(sent[0].id).await;
    let codes: Vec<_> = attempts.iter().map(|a| a.reply_code).collect();
    assert_eq!(codes, [Some(503), None, Some(204)]);
    running.stop().await;
}

#[tokio::test]
async fn retry_after_decides_when() {
    let (clock, scene) = with_fake_clock().await;
    let sink = WebhookSink::start().await;
    let hook = scene.webhook("Hook", &sink.url()).await;
    let monitor = scene.monitor("Shop", &[hook]).await;
    sink.target()
        .then(Reply::status(429).header("retry-after", "120"));
    let running = scene.start();
    scene.down(&monitor).await;
    let row = scene.wait_attempts(1).await.remove(0);
    assert_eq!(
        row.next_attempt_at,
        Some(clock.now().plus(Duration::from_mins(2)))
    );
    clock.advance(Duration::from_secs(119));
    scene.store.outbox().wake();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(sink.requests().len(), 1);
    clock.advance(Duration::from_secs(1));
    scene.store.outbox().wake();
    scene.wait_state(1, DeliveryState::Sent).await;
    running.stop().await;
}

#[tokio::test]
async fn a_permanent_looking_answer_gets_three_tries_and_gone_gets_one() {
    let (clock, scene) = with_fake_clock().await;
    let (missing, gone) = (WebhookSink::start().await, WebhookSink::start().await);
    missing.target().respond(404);
    gone.target().respond(410);
    let channels = [
        scene.webhook("Missing", &missing.url()).await,
        scene.webhook("Gone", &gone.url()).await,
    ];
    // That the channels are in trouble is told elsewhere.
    let elsewhere = WebhookSink::start().await;
    let general = General {
        operations_channels: Some(vec![scene.webhook("Elsewhere", &elsewhere.url()).await]),
        ..General::default()
    };
    scene.store.settings().save_general(&general, "me").await.unwrap();
    let monitor = scene.monitor("Shop", &channels).await;
    let running = scene.start();
    scene.down(&monitor).await;
    let failed = scene.wait_state(1, DeliveryState::Failed).await;
    assert_eq!(failed[0].channel, channels[1]);
    for (attempt, wait) in [(1, FIRST_WAIT), (2, SECOND_WAIT)] {
        missing.wait_for(attempt, SOON).await;
        wait_for(SOON, "the result", async || {
            let rows = scene.deliveries().await;
            let row = rows.into_iter().find(|d| d.channel == channels[0]).unwrap();
            (row.state == DeliveryState::Pending).then_some(())
        })
        .await;
        clock.advance(wait);
        scene.store.outbox().wake();
    }
    let failed = scene.wait_state(2, DeliveryState::Failed).await;
    assert!(failed.iter().all(|d| d.reason.is_some()));
    assert_eq!((missing.requests().len(), gone.requests().len()), (3, 1));
    running.stop().await;
}

#[tokio::test]
async fn a_channel_that_hangs_delays_no_other() {
    let scene = Scene::new(Arc::new(WallClock)).await;
    let (hanging, fast) = (WebhookSink::start().await, WebhookSink::start().await);
    hanging.target().reply(Reply::hang());
    let channels = [
        scene.webhook("Hanging", &hanging.url()).await,
        scene.webhook("Fast", &fast.url()).await,
    ];
    let running = scene.start();
    let mut monitors = Vec::new();
    for i in 0..20 {
        monitors.push(scene.monitor(&format!("Shop {i}"), &channels).await);
    }
    for monitor in &monitors {
        scene.down(monitor).await;
    }
    let last = Instant::now();
    fast.wait_for(20, SOON).await;
    assert!(last.elapsed() < Duration::from_secs(1), "{:?}", last.elapsed());
    // The hanging one has no more than its few connections.
    assert!(hanging.requests().len() <= 4);
    wait_until(SOON, "the fast ones are written down", || {
        running.handle.health().in_flight <= 4
    })
    .await;
}

/// Of all deliveries together.
async fn attempts(scene: &Scene) -> u32 {
    scene.deliveries().await.iter().map(|d| d.attempts).sum()
}

#[tokio::test]
async fn a_hundred_messages_survive_a_receiver_that_was_down() {
    let (clock, scene) = with_fake_clock().await;
    let sink = WebhookSink::start().await;
    sink.target().close().await;
    let hook = scene.webhook("Hook", &sink.url()).await;
    let running = scene.start();
    for i in 0..100 {
        let monitor = scene.monitor(&format!("Shop {i}"), &[hook]).await;
        scene.down(&monitor).await;
    }
    // A few of them were tried, which speaks for all.
    wait_for(SOON, "each says why it waits", async || {
        let all = scene.deliveries().await;
        (all.len() == 100 && all.iter().all(|d| d.reason.is_some())).then_some(())
    })
    .await;
    for _ in 0..2 {
        // Longer than a pause.
        clock.advance(Duration::from_mins(6));
        scene.store.outbox().wake();
        let before = attempts(&scene).await;
        wait_for(SOON, "one finds out", async || {
            (attempts(&scene).await > before).then_some(())
        })
        .await;
    }
    // Ten at most: four side by side before it is known, and one at a time since.
    assert!(attempts(&scene).await <= 10);
    let all = scene.deliveries().await;
    assert!(all.iter().all(|d| !d.state.is_final()), "none is given up");
    sink.target().reopen();
    clock.advance(Duration::from_hours(1));
    scene.store.outbox().wake();
    scene.wait_state(100, DeliveryState::Sent).await;
    let requests = sink.requests();
    assert_eq!(requests.len(), 100);
    assert_eq!(ids(&requests).into_iter().collect::<HashSet<_>>().len(), 100);
    assert_eq!(scene.backlog().await.pending, 0);
    running.stop().await;
}

#[tokio::test]
async fn what_is_pending_at_the_start_goes_out_at_once() {
    let (scene, sink) = (Scene::new(Arc::new(WallClock)).await, WebhookSink::start().await);
    let hook = scene.webhook("Hook", &sink.url()).await;
    for i in 0..10 {
        let monitor = scene.monitor(&format!("Shop {i}"), &[hook]).await;
        scene.down(&monitor).await;
    }
    scene.store.close().await;
    let begun = Instant::now();
    let after = scene.again().await;
    let running = after.start();
    sink.wait_for(10, SOON).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    running.stop().await;
}

#[tokio::test]
async fn a_claim_whose_owner_died_is_sent_again_under_its_id() {
    let (clock, scene) = with_fake_clock().await;
    let sink = WebhookSink::start().await;
    let hook = scene.webhook("Hook", &sink.url()).await;
    let monitor = scene.monitor("Shop", &[hook]).await;
    scene.down(&monitor).await;
    let lease = Duration::from_mins(10);
    let claimed = scene
        .store
        .outbox()
        .claim(hook, &Terms::new(10, lease))
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    let running = scene.start();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(sink.requests().len(), 0, "the lease still holds");
    clock.advance(lease + Duration::from_secs(1));
    scene.store.outbox().wake();
    let requests = sink.wait_for(1, SOON).await;
    assert_eq!(ids(&requests), [format!("msg_{}", claimed[0].notice.delivery)]);
    let sent = scene.wait_state(1, DeliveryState::Sent).await;
    assert_eq!(sent[0].attempts, 2);
    running.stop().await;
}

/// Monitors that go down and up while the receiver misbehaves at random: nobody hears of an end before the beginning.
#[tokio::test]
async fn the_recovery_never_comes_before_the_outage() {
    let (clock, scene) = with_fake_clock().await;
    let sink = WebhookSink::start().await;
    let hook = scene.webhook("Hook", &sink.url()).await;
    let running = scene.start();
    let mut monitors = Vec::new();
    for i in 0..12 {
        monitors.push(scene.monitor(&format!("Shop {i}"), &[hook]).await);
        // Every third answer is a failure.
        sink.target().then(Reply::status(204));
        sink.target().then(Reply::status(503));
        sink.target().then(Reply::status(204));
    }
    for monitor in &monitors {
        scene.down(monitor).await;
    }
    sink.wait_for(6, SOON).await;
    for monitor in &monitors {
        scene.up(monitor).await;
    }
    wait_for(Duration::from_secs(30), "everything settled", async || {
        clock.advance(FIRST_WAIT);
        scene.store.outbox().wake();
        tokio::time::sleep(Duration::from_millis(50)).await;
        (scene.backlog().await.pending == 0).then_some(())
    })
    .await;
    running.stop().await;

    let mut heard: HashMap<i64, Vec<String>> = HashMap::new();
    let accepted: HashSet<String> = scene
        .deliveries()
        .await
        .iter()
        .filter(|d| d.state == DeliveryState::Sent)
        .map(|d| format!("msg_{}", d.id))
        .collect();
    for request in sink.requests() {
        if accepted.contains(request.header("webhook-id").unwrap()) {
            let incident = request.json()["data"]["incident"]["id"].as_i64().unwrap();
            let kinds = heard.entry(incident).or_default();
            kinds.extend(types(std::slice::from_ref(&request)));
            kinds.dedup();
        }
    }
    assert_eq!(heard.len(), 12);
    for (incident, kinds) in heard {
        assert!(
            kinds == ["incident.opened", "incident.resolved"] || kinds == ["incident.resolved"],
            "{incident}: {kinds:?}"
        );
    }
}

#[tokio::test]
async fn an_outage_that_is_over_before_it_could_be_sent_is_one_message() {
    let (clock, scene) = with_fake_clock().await;
    let sink = WebhookSink::start().await;
    sink.target().close().await;
    let hook = scene.webhook("Hook", &sink.url()).await;
    let monitor = scene.monitor("Shop", &[hook]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_attempts(1).await;
    clock.advance(Duration::from_secs(1));
    scene.up(&monitor).await;
    sink.target().reopen();
    clock.advance(SECOND_WAIT);
    scene.store.outbox().wake();
    let requests = sink.wait_for(1, SOON).await;
    scene.wait_state(1, DeliveryState::Sent).await;
    assert_eq!(types(&requests), ["incident.resolved"]);
    let cancelled = scene.wait_state(1, DeliveryState::Cancelled).await;
    assert_eq!(cancelled[0].event, Event::Opened);
    assert_eq!(sink.requests().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_corrected_channel_sends_what_waited() {
    let scene = Scene::new(Arc::new(WallClock)).await;
    let (wrong, right) = (WebhookSink::start().await, WebhookSink::start().await);
    wrong.target().respond(503);
    let hook = scene.webhook("Hook", &wrong.url()).await;
    let monitor = scene.monitor("Shop", &[hook]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_attempts(1).await;
    scene
        .update(
            hook,
            json!({"name": "Hook", "kind": "webhook", "config": {"url": right.url()}}),
        )
        .await;
    right.wait_for(1, SOON).await;
    running.stop().await;
}

/// Eight messages claimed together, four of them on their way to a slow receiver.
async fn half_on_their_way() -> (Scene, WebhookSink, ChannelId, Running) {
    let (scene, slow) = (Scene::new(Arc::new(WallClock)).await, WebhookSink::start().await);
    slow.target()
        .reply(Reply::status(204).delay(Duration::from_secs(1)));
    let hook = scene.webhook("Hook", &slow.url()).await;
    for i in 0..8 {
        let monitor = scene.monitor(&format!("Shop {i}"), &[hook]).await;
        scene.down(&monitor).await;
    }
    let running = scene.start();
    slow.wait_for(4, SOON).await;
    assert!(
        scene
            .deliveries()
            .await
            .iter()
            .all(|d| d.state == DeliveryState::Sending)
    );
    (scene, slow, hook, running)
}

#[tokio::test]
async fn a_corrected_url_is_used_by_what_was_claimed_before() {
    let (scene, old, hook, running) = half_on_their_way().await;
    let new = WebhookSink::start().await;
    let body = json!({"name": "Hook", "kind": "webhook", "config": {"url": new.url()}});
    scene.update(hook, body).await;
    new.wait_for(4, SOON).await;
    scene.wait_state(8, DeliveryState::Sent).await;
    assert_eq!((old.requests().len(), new.requests().len()), (4, 4));
    running.stop().await;
}

#[tokio::test]
async fn a_channel_that_is_switched_off_or_deleted_sends_nothing_that_was_claimed_before() {
    let (scene, sink, hook, running) = half_on_their_way().await;
    let body = json!({"name": "Hook", "kind": "webhook", "enabled": false, "config": {"url": sink.url()}});
    scene.update(hook, body).await;
    scene.wait_state(4, DeliveryState::Sent).await;
    let kept = scene.wait_state(4, DeliveryState::Pending).await;
    assert!(kept.iter().all(|d| d.attempts == 0));
    running.stop().await;
    assert_eq!(sink.requests().len(), 4);

    let (scene, sink, hook, running) = half_on_their_way().await;
    assert!(scene.store.channels().delete(hook).await.unwrap());
    wait_until(SOON, "nothing is on its way", || {
        running.handle.health().in_flight == 0
    })
    .await;
    running.stop().await;
    assert_eq!(sink.requests().len(), 4);
}

#[tokio::test]
async fn a_stop_lets_the_message_on_its_way_arrive() {
    let (scene, sink) = (Scene::new(Arc::new(WallClock)).await, WebhookSink::start().await);
    sink.target()
        .reply(Reply::status(204).delay(Duration::from_secs(1)));
    let hook = scene.webhook("Hook", &sink.url()).await;
    let running = scene.start();
    for i in 0..6 {
        let monitor = scene.monitor(&format!("Shop {i}"), &[hook]).await;
        scene.down(&monitor).await;
    }
    wait_until(SOON, "four on their way", || {
        running.handle.health().in_flight == 4
    })
    .await;
    let took = running.stop().await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    let states: Vec<_> = scene.deliveries().await.iter().map(|d| d.state).collect();
    let count = |state| states.iter().filter(|s| **s == state).count();
    assert_eq!(
        (count(DeliveryState::Sent), count(DeliveryState::Pending)),
        (4, 2)
    );
    assert_eq!(sink.requests().len(), 4);
}

/// 500 monitors go down at once: from the commit of each to the request about it. The goal of a release build is a p99
/// of 50 ms; here, unoptimised and beside other tests, only that nothing is lost and nothing takes long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_at_once_are_all_on_their_way_soon() {
    let (scene, sink) = (
        Arc::new(Scene::new(Arc::new(WallClock)).await),
        WebhookSink::start().await,
    );
    let hook = scene.webhook("Hook", &sink.url()).await;
    let mut monitors = Vec::new();
    for i in 0..500 {
        monitors.push(scene.monitor(&format!("Shop {i}"), &[hook]).await);
    }
    let running = scene.start();
    let mut outages = tokio::task::JoinSet::new();
    for monitor in monitors {
        let scene = Arc::clone(&scene);
        outages.spawn(async move {
            scene.down(&monitor).await;
            (monitor.id.0, Instant::now())
        });
    }
    let committed: HashMap<i64, Instant> = outages.join_all().await.into_iter().collect();
    let requests = sink.wait_for(500, Duration::from_secs(30)).await;
    let mut latency: Vec<Duration> = requests
        .iter()
        .map(|r| {
            let monitor = r.json()["data"]["monitor"]["id"].as_i64().unwrap();
            r.at.saturating_duration_since(committed[&monitor])
        })
        .collect();
    latency.sort_unstable();
    let (p50, p99) = (latency[250], latency[495]);
    assert!(p99 < Duration::from_secs(10), "p50 {p50:?}, p99 {p99:?}");
    scene.wait_state(500, DeliveryState::Sent).await;
    assert_eq!(
        ids(&sink.requests()).into_iter().collect::<HashSet<_>>().len(),
        500
    );
    running.stop().await;
}
