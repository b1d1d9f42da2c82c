//! A mail password that the server refuses: few logins, no lost message.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{clock::Clock, delivery::DeliveryState, mail::MailSettings};
use serde_json::json;
use testkit::{Act, FakeClock, Hold, Rule, Script, SmtpServer, Step, tls::ca_pem, wait_for, wait_until};

mod scene;
use scene::{Running, SOON, Scene};

const MAILS: usize = 20;

struct Login {
    clock: Arc<FakeClock>,
    scene: Scene,
    server: SmtpServer,
    running: Running,
}

impl Login {
    /// Twenty people are about to be told with this password; the server takes "right one".
    async fn with(password: &str) -> Self {
        let clock = Arc::new(FakeClock::new());
        let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
        let server = SmtpServer::start(Script::implicit().login("watch", "right one")).await;
        save(&scene, &server, password).await;
        let to: Vec<_> = (0..MAILS).map(|i| format!("r{i:02}@example.net")).collect();
        let to = json!({ "name": "Ops", "kind": "email", "config": { "to": to } });
        let channel = scene.channel(to).await.id;
        let monitor = scene.monitor("Shop", &[channel]).await;
        scene.down(&monitor).await;
        let running = scene.start();
        Self {
            clock,
            scene,
            server,
            running,
        }
    }

    fn logins(&self) -> usize {
        self.server.auth_attempts().len()
    }

    /// Waits until every message has been dealt with for now.
    async fn settled(&self) {
        wait_for(SOON, "nothing is due", async || {
            let now = self.clock.now();
            let rows = self.scene.deliveries().await;
            rows.iter()
                .all(|d| {
                    let later = d.next_attempt_at.is_some_and(|at| at > now);
                    d.state.is_final() || (d.state == DeliveryState::Pending && later)
                })
                .then_some(())
        })
        .await;
    }

    async fn minutes_pass(&self, minutes: u64) {
        for _ in 0..minutes {
            self.clock.advance(Duration::from_mins(1));
            self.scene.store.outbox().wake();
            self.settled().await;
        }
    }

    /// Every message arrives, and arrives once.
    async fn all_arrive(self) {
        self.scene.wait_state(MAILS, DeliveryState::Sent).await;
        self.running.stop().await;
        let messages = self.server.messages();
        let ids: HashSet<_> = messages.iter().map(|m| m.header("Message-ID")).collect();
        assert_eq!((messages.len(), ids.len()), (MAILS, MAILS));
    }

    /// In the order of the outbox.
    async fn assert_in_order(&self) {
        let messages = self.server.messages();
        let ids: Vec<_> = messages.iter().filter_map(|m| m.header("Message-ID")).collect();
        let rows = self.scene.deliveries().await;
        let expected: Vec<_> = rows.iter().map(|row| format!("<{}>", row.message_id)).collect();
        assert_eq!(ids, expected);
    }
}

async fn save(scene: &Scene, server: &SmtpServer, password: &str) {
    let settings = json!({
        "host": "127.0.0.1", "port": server.port(), "from": "watch@example.org",
        "security": "tls", "ca_pem": ca_pem(), "username": "watch", "password": password,
    });
    let settings = MailSettings::from_json(settings, None).unwrap();
    scene.store.mail().save_primary(&settings, "ana").await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_tried_four_times_an_hour_and_the_right_one_sends_everything() {
    let login = Login::with("wrong").await;
    login.settled().await;
    assert_eq!(login.logins(), 1, "the others wait for the answer to the first");
    let rows = login.scene.deliveries().await;
    assert_eq!(
        rows.iter().map(|d| d.attempts).sum::<u32>(),
        1,
        "no attempt counts that was none"
    );
    assert!(rows.iter().all(|d| !d.waiting));
    assert!(rows.iter().all(|d| d.reason.as_ref().unwrap().contains("535")));
    login.minutes_pass(59).await;
    assert_eq!(login.logins(), 4);

    save(&login.scene, &login.server, "right one").await;
    login.scene.wait_state(MAILS, DeliveryState::Sent).await;
    login.assert_in_order().await;
    login.all_arrive().await;
}

#[tokio::test]
async fn other_wrong_settings_are_tried_once_as_well() {
    let login = Login::with("wrong").await;
    login.settled().await;
    save(&login.scene, &login.server, "wrong too").await;
    wait_for(SOON, "the second password is tried", async || {
        (login.logins() == 2).then_some(())
    })
    .await;
    login.settled().await;
    assert_eq!(login.logins(), 2);
    login.running.stop().await;
}

#[tokio::test]
async fn a_server_that_takes_the_password_later_gets_everything_without_a_save() {
    let login = Login::with("right one").await;
    // Overrules the password: a fault of the server that passes.
    login
        .server
        .on(Step::Auth, Act::reply("535 5.7.8 not at the moment"));
    login.settled().await;
    login.server.behave();
    login.minutes_pass(16).await;
    login.all_arrive().await;
}

#[tokio::test]
async fn while_the_first_login_hangs_the_others_are_not_tried_and_lose_nothing() {
    let login = Login::with("right one").await;
    let hold = login.server.hold(Step::Auth);
    hold.reached(SOON).await;
    wait_until(SOON, "others have their turn", || {
        login.running.handle.health().in_flight > 1
    })
    .await;
    assert_eq!(login.server.connection_count(), 1);
    hold.open();
    login.all_arrive().await;
}

#[tokio::test]
async fn a_message_that_hangs_after_its_login_holds_up_no_other() {
    let login = Login::with("right one").await;
    let hold = Hold::new();
    let stuck = Rule::on(Step::FinalDot, Act::Hold(hold.clone())).connection(1);
    login.server.rule(stuck);
    login.scene.wait_state(MAILS - 1, DeliveryState::Sent).await;
    hold.open();
    login.all_arrive().await;
}
