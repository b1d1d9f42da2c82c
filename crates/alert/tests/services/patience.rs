//! A receiver that asks to slow down is asked nothing more by its channel until then, and one that does not answer only
//! now and then.

use std::{sync::Arc, time::Duration};

use domain::{channel::Channel, clock::Clock, delivery::DeliveryState};
use serde_json::{Value, json};
use store::outbox::Delivery;
use testkit::{FakeClock, HttpTarget, Reply, wait_for};

use crate::{
    rows,
    scene::{SOON, Scene},
};

const OUTAGES: usize = 20;
/// What may be on the wire before the first answer is in.
const SIDE_BY_SIDE: usize = 4;

struct Busy {
    scene: Scene,
    clock: Arc<FakeClock>,
    service: HttpTarget,
    channel: Channel,
    config: Value,
    yes: Reply,
}

impl Busy {
    async fn new(kind: &str) -> Self {
        let clock = Arc::new(FakeClock::new());
        let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
        let service = HttpTarget::start().await;
        let row = rows::all().into_iter().find(|row| row.kind == kind);
        let (config, yes) = match row {
            Some(row) => ((row.config)(&service.url("")), (row.yes)()),
            None => (json!({ "url": service.url("/a") }), Reply::status(204)),
        };
        let channel = scene
            .channel(json!({ "name": "Ops", "kind": kind, "config": config }))
            .await;
        Self {
            scene,
            clock,
            service,
            channel,
            config,
            yes,
        }
    }

    async fn outages(&self, n: usize) {
        for i in 0..n {
            let monitor = self.scene.monitor(&format!("Shop {i}"), &[self.channel.id]).await;
            self.scene.down(&monitor).await;
        }
    }

    /// Until so many wait for at least this long and say why.
    async fn waiting(&self, n: usize, at_least: Duration) {
        wait_for(SOON, &format!("{n} of {} wait", self.channel.kind), async || {
            (self.count_waiting("429", at_least).await == n).then_some(())
        })
        .await;
    }

    /// How many wait for at least this long and have this among the words that say why.
    async fn count_waiting(&self, word: &str, at_least: Duration) -> usize {
        let from = self.clock.now().plus(at_least);
        let all = self.scene.deliveries().await;
        let waits = |d: &&Delivery| {
            d.state == DeliveryState::Pending
                && d.next_attempt_at.is_some_and(|at| at >= from)
                && d.reason.as_ref().is_some_and(|why| why.contains(word))
        };
        all.iter().filter(waits).count()
    }
}

#[tokio::test]
async fn one_answer_speaks_for_all_messages_of_a_channel() {
    for kind in ["webhook", "pagerduty", "splunk_on_call", "alertmanager"] {
        let busy = Busy::new(kind).await;
        let minutes = Duration::from_mins(10);
        busy.service
            .reply(Reply::status(429).header("retry-after", "600"));
        busy.outages(OUTAGES).await;
        let running = busy.scene.start();
        busy.waiting(OUTAGES, minutes).await;
        let asked = busy.service.count();
        assert!(asked <= SIDE_BY_SIDE, "{kind}: {asked} requests");
        // Nor does what happens later.
        busy.outages(1).await;
        busy.waiting(OUTAGES + 1, minutes).await;
        assert_eq!(busy.service.count(), asked, "{kind}");
        let now = busy.clock.now();
        assert_eq!(busy.scene.store.outbox().oldest_due(now).await.unwrap(), None);

        busy.service.reply(busy.yes.clone());
        busy.clock.advance(minutes + Duration::from_secs(1));
        busy.scene.store.outbox().wake();
        busy.scene.wait_state(OUTAGES + 1, DeliveryState::Sent).await;
        running.stop().await;
    }
}

#[tokio::test]
async fn a_long_time_is_kept_to_and_whoever_saves_the_channel_ends_it() {
    let busy = Busy::new("pagerduty").await;
    busy.service
        .reply(Reply::status(429).header("retry-after", "20000"));
    busy.outages(1).await;
    let running = busy.scene.start();
    busy.waiting(1, Duration::from_mins(59)).await;
    for _ in 0..4 {
        busy.clock.advance(Duration::from_mins(61));
        busy.scene.store.outbox().wake();
        busy.waiting(1, Duration::from_mins(1)).await;
    }
    assert_eq!(busy.service.count(), 1);
    busy.service.reply(busy.yes.clone());
    let saved = json!({ "name": "Ops", "kind": "pagerduty", "config": busy.config });
    busy.scene.update(busy.channel.id, saved).await;
    busy.scene.wait_state(1, DeliveryState::Sent).await;
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_tried_by_one_message_now_and_then() {
    let busy = Busy::new("webhook").await;
    busy.service.reply(Reply::status(503));
    busy.outages(OUTAGES).await;
    let running = busy.scene.start();
    // What was tried has a time of its own; all others wait.
    let tried = 3 + SIDE_BY_SIDE;
    let waiting = async |least| {
        wait_for(SOON, "the others wait", async || {
            let n = busy.count_waiting("in a row", Duration::from_secs(5)).await;
            (n >= least).then_some(())
        })
        .await;
    };
    waiting(OUTAGES - tried).await;
    let mut asked = busy.service.count();
    assert!((3..=tried).contains(&asked), "{asked} requests");
    for _ in 0..3 {
        busy.clock.advance(Duration::from_mins(6));
        busy.scene.store.outbox().wake();
        wait_for(SOON, "one more request", async || {
            (busy.service.count() > asked).then_some(())
        })
        .await;
        waiting(OUTAGES - 1).await;
        asked += 1;
        assert_eq!(busy.service.count(), asked, "one message finds out");
    }
    busy.service.reply(busy.yes.clone());
    // The longest that one of them waits by itself.
    busy.clock.advance(Duration::from_mins(61));
    busy.scene.store.outbox().wake();
    busy.scene.wait_state(OUTAGES, DeliveryState::Sent).await;
    running.stop().await;
}
