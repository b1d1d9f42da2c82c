//! The dead-man's switch is pinged while the whole loop works, and not when a part of it does not.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose scene cannot be set fails at once and loudly"
)]

use std::{sync::Arc, time::Duration};

use alert::dead_man::{DeadManSwitch, Pulse, Status};
use domain::{
    clock::{Clock, Timestamp},
    dead_man::DeadMan,
    retry::RetryPolicy,
};
use parking_lot::Mutex;
use serde_json::json;
use testkit::{FakeClock, HttpTarget, Logs, Reply, wait_for};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::scene::{SOON, Scene};

/// What goes wrong.
type Fault = fn(&mut Pulse);

mod scene;

const KEY: &str = "c4n4ry-of-the-switch";

struct Desk {
    scene: Scene,
    clock: Arc<FakeClock>,
    receiver: HttpTarget,
    pulse: Arc<Mutex<Pulse>>,
    switch: DeadManSwitch,
    stop: CancellationToken,
}

fn well(now: Timestamp) -> Pulse {
    Pulse {
        scheduler_tick: now,
        scheduler_behind: Duration::ZERO,
        dispatcher_tick: now,
    }
}

impl Desk {
    async fn new() -> Self {
        let clock = Arc::new(FakeClock::new());
        let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
        let receiver = HttpTarget::start().await;
        let pulse = Arc::new(Mutex::new(well(clock.now())));
        let switch = scene.alert.dead_man().clone();
        let stop = CancellationToken::new();
        let felt = Arc::clone(&pulse);
        switch.start(Arc::new(move || *felt.lock()), &TaskTracker::new(), stop.clone());
        Self {
            scene,
            clock,
            receiver,
            pulse,
            switch,
            stop,
        }
    }

    async fn save(&self, method: &str) {
        let body =
            json!({ "url": self.receiver.url(&format!("/ping/{KEY}")), "method": method, "every": "1h" });
        let settings = DeadMan::from_json(body, &DeadMan::default()).unwrap();
        self.scene.store.dead_man().save(&settings, "me").await.unwrap();
    }

    /// The next round, now.
    async fn round(&self, done: impl Fn(&Status, usize) -> bool) -> Status {
        self.switch.changed();
        wait_for(SOON, "a round of the switch", || async {
            let status = self.switch.status();
            done(&status, self.receiver.count()).then_some(status)
        })
        .await
    }

    async fn pinged(&self) {
        let before = self.receiver.count();
        let status = self
            .round(|s, n| n > before && s.last.is_some() && s.silent.is_none())
            .await;
        assert!(status.last.unwrap().answer.is_ok());
    }

    /// Nothing is sent, for this reason alone.
    async fn silent(&self, code: &str) {
        let status = self.round(|s, _| s.silent.is_some()).await;
        let (_, why) = status.silent.unwrap();
        let codes: Vec<&str> = why.iter().map(alert::dead_man::Why::code).collect();
        assert_eq!(codes, [code]);
        // A round that was under way may have asked still; those after it do not.
        let asked = self.receiver.count();
        self.round(|s, _| s.silent.is_some()).await;
        assert_eq!(self.receiver.count(), asked, "{code}");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn it_is_asked_as_it_was_set_up_and_not_before() {
    let desk = Desk::new().await;
    for method in ["GET", "POST", "HEAD"] {
        desk.save(method).await;
        desk.pinged().await;
    }
    let asked = desk.receiver.requests();
    let mut methods: Vec<&str> = asked.iter().map(|r| r.method.as_str()).collect();
    methods.dedup();
    assert_eq!(methods, ["GET", "POST", "HEAD"]);
    assert!(asked.iter().all(|r| r.path == format!("/ping/{KEY}")));
    let off = DeadMan {
        enabled: false,
        ..desk.scene.store.dead_man().get().await.unwrap().settings
    };
    desk.scene.store.dead_man().save(&off, "me").await.unwrap();
    desk.round(|s, _| *s == Status::default()).await;
    assert_eq!(desk.receiver.count(), asked.len());
}

#[tokio::test]
async fn each_part_that_does_not_work_keeps_it_silent_until_it_works_again() {
    let desk = Desk::new().await;
    desk.save("GET").await;
    desk.pinged().await;
    let now = desk.clock.now();
    let faults: [(&str, Fault); 3] = [
        ("no_checks", |p| {
            p.scheduler_tick = p.scheduler_tick.minus(Duration::from_secs(31));
        }),
        ("behind", |p| p.scheduler_behind = Duration::from_secs(31)),
        ("not_sending", |p| {
            p.dispatcher_tick = p.dispatcher_tick.minus(Duration::from_secs(31));
        }),
    ];
    for (code, fault) in faults {
        fault(&mut desk.pulse.lock());
        desk.silent(code).await;
        *desk.pulse.lock() = well(now);
        desk.pinged().await;
    }
}

#[tokio::test]
async fn a_database_that_takes_no_write_keeps_it_silent() {
    let desk = Desk::new().await;
    desk.save("GET").await;
    desk.pinged().await;
    desk.scene.store.close().await;
    desk.silent("not_stored").await;
}

#[tokio::test]
async fn messages_that_nobody_takes_keep_it_silent_and_those_that_wait_for_something_do_not() {
    let desk = Desk::new().await;
    desk.save("GET").await;
    let hook = desk
        .scene
        .webhook("Hook", &desk.receiver.url("/gone/nowhere"))
        .await;
    let monitor = desk.scene.monitor("Shop", &[hook]).await;
    desk.scene.down(&monitor).await;
    desk.pinged().await;
    desk.clock.advance(Duration::from_mins(6));
    *desk.pulse.lock() = well(desk.clock.now());
    desk.silent("messages_wait").await;
    // Somebody takes it, and its receiver fails: it is due later.
    let lease = Duration::from_mins(10);
    let outbox = desk.scene.store.outbox();
    let claimed = outbox
        .claim(hook, &store::outbox::Terms::new(1, lease))
        .await
        .unwrap()
        .remove(0);
    desk.pinged().await;
    let later = desk
        .clock
        .now()
        .plus(RetryPolicy::HTTP.delay(1, 0.5) + Duration::from_mins(9));
    outbox
        .postpone(&[&claimed.lease], later, "The receiver fails.", 0)
        .await
        .unwrap();
    desk.pinged().await;
}

#[tokio::test]
async fn a_receiver_that_fails_is_shown_and_logged_once_and_its_address_never() {
    let logs = Logs::default();
    let guard = logs.capture();
    let desk = Desk::new().await;
    desk.save("GET").await;
    desk.receiver
        .reply(Reply::status(503).body(format!("no /ping/{KEY}")));
    for n in 1..=3 {
        let status = desk.round(|s, count| count >= n && s.last.is_some()).await;
        let reason = status.last.unwrap().answer.unwrap_err();
        assert!(reason.contains("503") && !reason.contains(KEY), "{reason}");
        assert_eq!(status.silent, None);
    }
    desk.receiver.reply(Reply::status(200));
    desk.pinged().await;
    drop(guard);
    let text = logs.text();
    assert_eq!(text.matches("was not taken").count(), 1, "{text}");
    assert!(!text.contains(KEY), "{text}");
    let stored = desk.scene.store.dead_man().get().await.unwrap();
    assert!(!format!("{stored:?}").contains(KEY));
}
