//! Several mail profiles: which one a message takes, what stands in for what, and what travels together.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::{sync::Arc, time::Duration};

use domain::{
    clock::Clock,
    delivery::{AttemptVerdict, DeliveryState},
    gathering::WINDOW,
    id::{ChannelId, ProfileId},
    mail::MailSettings,
};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use store::General;
use testkit::{Act, FakeClock, Rule, Script, SmtpServer, Step, wait_for};

mod scene;
use scene::{Running, SOON, Scene};

struct Post {
    clock: Arc<FakeClock>,
    scene: Scene,
}

impl Post {
    async fn new() -> Self {
        let clock = Arc::new(FakeClock::new());
        let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
        Self { clock, scene }
    }

    async fn profile(&self, server: &SmtpServer, over: Value) -> ProfileId {
        let settings = settings(server, over);
        self.scene.store.mail().create(&settings, "ana").await.unwrap().id
    }

    async fn channel(&self, over: Value) -> ChannelId {
        let mut body = json!({ "name": "Ops", "kind": "email", "config": { "to": ["me@example.net"] } });
        lay(&mut body["config"], over);
        self.scene.channel(body).await.id
    }

    async fn outage(&self, name: &str, channel: ChannelId) {
        let monitor = self.scene.monitor(name, &[channel]).await;
        self.scene.down(&monitor).await;
    }

    /// Lets time pass in small steps until `done`; what is due in between happens.
    async fn pass(&self, most: Duration, what: &str, done: impl AsyncFn() -> bool) {
        let end = self.clock.now().plus(most);
        while !done().await {
            assert!(self.clock.now() < end, "in vain: {what}");
            self.clock.advance(Duration::from_secs(5));
            self.scene.store.outbox().wake();
            self.settled().await;
        }
    }

    /// Nothing is due or being sent.
    async fn settled(&self) {
        wait_for(SOON, "nothing is due", async || self.rests().await.then_some(())).await;
    }

    async fn rests(&self) -> bool {
        let now = self.clock.now();
        let rows = self.scene.deliveries().await;
        rows.iter().all(|d| {
            let later = d.next_attempt_at.is_some_and(|at| at > now);
            d.state.is_final() || (d.state == DeliveryState::Pending && (later || d.waiting))
        })
    }
}

fn lay(under: &mut Value, over: Value) {
    if let Value::Object(over) = over {
        for (name, value) in over {
            under[name] = value;
        }
    }
}

fn settings(server: &SmtpServer, over: Value) -> MailSettings {
    let mut all = json!({ "host": "127.0.0.1", "port": server.port(), "security": "none", "from": "watch@example.org" });
    lay(&mut all, over);
    MailSettings::from_json(all, None).unwrap()
}

async fn stop(running: Running) {
    running.stop().await;
}

#[tokio::test]
async fn after_two_minutes_the_next_profile_stands_in_and_the_first_comes_back() {
    let post = Post::new().await;
    let (first, second) = (
        SmtpServer::start(Script::plain()).await,
        SmtpServer::start(Script::plain()).await,
    );
    let primary = post.profile(&first, json!({ "name": "First" })).await;
    post.profile(&second, json!({ "name": "Second", "from": "spare@example.org" }))
        .await;
    first.close().await;
    let channel = post.channel(json!({})).await;
    let running = post.scene.start();
    let began = post.clock.now();
    post.outage("Shop", channel).await;
    post.pass(
        Duration::from_mins(4),
        "the second profile stands in",
        async || !second.messages().is_empty(),
    )
    .await;
    let waited = post.clock.now().since(began);
    assert!(
        waited >= Duration::from_mins(2) && waited <= Duration::from_secs(135),
        "{waited:?}"
    );
    post.scene.wait_state(1, DeliveryState::Sent).await;
    let rows = post.scene.deliveries().await;
    let attempts = post.scene.attempts(rows[0].id).await;
    let names: Vec<_> = attempts
        .iter()
        .map(|a| a.profile.as_ref().unwrap().1.as_str())
        .collect();
    assert_eq!(names.last(), Some(&"Second"), "{names:?}");
    assert!(
        names[..names.len() - 1].iter().all(|n| *n == "First"),
        "{names:?}"
    );
    let sent = second.messages();
    assert_eq!(sent[0].from, "spare@example.org");
    assert_eq!(
        sent[0].header("Message-ID").unwrap(),
        format!("<{}>", rows[0].message_id)
    );

    // While the first is still down, the next message does not wait two minutes again.
    post.outage("Blog", channel).await;
    post.pass(Duration::from_secs(45), "the second message", async || {
        second.messages().len() == 2
    })
    .await;

    first.reopen();
    assert!(post.scene.store.mail().try_now(primary).await.unwrap());
    post.clock.advance(WINDOW);
    post.outage("Wiki", channel).await;
    post.scene.wait_state(3, DeliveryState::Sent).await;
    assert_eq!((first.messages().len(), second.messages().len()), (1, 2));
    stop(running).await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_stood_in_for_as_soon_as_one_that_is_down() {
    // How long the mailer waits for it each time, and when the mail is out by the other one.
    for (silence, most) in [(30, 155), (290, 295)] {
        let post = Post::new().await;
        let (first, second) = (
            SmtpServer::start(Script::plain()).await,
            SmtpServer::start(Script::plain()).await,
        );
        post.profile(&first, json!({ "name": "First" })).await;
        post.profile(&second, json!({ "name": "Second" })).await;
        let gate = first.hold(Step::Connect);
        first.on(Step::Greeting, Act::reply("421 4.3.2 too late"));
        let channel = post.channel(json!({})).await;
        let running = post.scene.start();
        let began = post.clock.now();
        post.outage("Shop", channel).await;
        let mut tries = 0;
        while second.messages().is_empty() {
            let waited = post.clock.now().since(began).as_secs();
            assert!(
                waited < most,
                "silent for {silence} s a try: in vain after {waited} s"
            );
            let called = wait_for(SOON, "a try or rest", async || {
                let called = first.connection_count() > tries;
                (called || post.rests().await).then_some(called)
            })
            .await;
            if called {
                tries += 1;
                post.clock.advance(Duration::from_secs(silence));
                gate.release();
            } else {
                post.clock.advance(Duration::from_secs(5));
                post.scene.store.outbox().wake();
            }
        }
        post.scene.wait_state(1, DeliveryState::Sent).await;
        stop(running).await;
    }
}

#[tokio::test]
async fn while_a_message_hangs_the_others_go_another_way() {
    let login = json!({ "username": "watch", "password": "x" });
    for (script, login) in [
        (Script::plain(), json!({})),
        (Script::plain().login("watch", "x"), login),
    ] {
        let post = Post::new().await;
        let (first, second) = (
            SmtpServer::start(script).await,
            SmtpServer::start(Script::plain()).await,
        );
        post.profile(&first, login).await;
        post.profile(&second, json!({})).await;
        let gate = first.hold(Step::Ehlo);
        let channel = post.channel(json!({})).await;
        let running = post.scene.start();
        post.outage("Shop", channel).await;
        gate.reached(SOON).await;
        post.clock.advance(Duration::from_mins(2));
        post.outage("Blog", channel).await;
        post.scene.wait_state(1, DeliveryState::Sent).await;
        assert_eq!((first.connection_count(), second.messages().len()), (1, 1));

        gate.open();
        post.scene.wait_state(2, DeliveryState::Sent).await;
        post.clock.advance(WINDOW);
        post.outage("Wiki", channel).await;
        post.scene.wait_state(3, DeliveryState::Sent).await;
        assert_eq!((first.messages().len(), second.messages().len()), (2, 1));
        stop(running).await;
    }
}

#[tokio::test]
async fn a_channel_names_the_profile_that_it_takes_first() {
    let post = Post::new().await;
    let (first, second) = (
        SmtpServer::start(Script::plain()).await,
        SmtpServer::start(Script::plain()).await,
    );
    post.profile(&first, json!({})).await;
    let named = post.profile(&second, json!({})).await;
    let running = post.scene.start();
    let channel = post.channel(json!({ "profile": named.0 })).await;
    post.outage("Shop", channel).await;
    post.scene.wait_state(1, DeliveryState::Sent).await;
    assert_eq!((first.connection_count(), second.messages().len()), (0, 1));

    // A profile that is gone leaves its channels to the others.
    assert!(post.scene.store.mail().delete(named).await.unwrap());
    post.clock.advance(WINDOW);
    post.outage("Blog", channel).await;
    post.scene.wait_state(2, DeliveryState::Sent).await;
    assert_eq!((first.messages().len(), second.messages().len()), (1, 1));
    stop(running).await;
}

#[tokio::test]
async fn what_is_switched_off_is_not_used_and_says_so() {
    let post = Post::new().await;
    let server = SmtpServer::start(Script::plain()).await;
    let id = post.profile(&server, json!({ "enabled": false })).await;
    // What was saved during an attempt is tried at once; this was saved before.
    post.clock.advance(Duration::from_secs(1));
    let channel = post.channel(json!({})).await;
    let running = post.scene.start();
    post.outage("Shop", channel).await;
    let waiting = post.scene.wait_attempts(1).await;
    assert!(waiting[0].waiting && waiting[0].reason.as_ref().unwrap().contains("switched off"));
    assert_eq!(server.connection_count(), 0);
    let on = settings(&server, json!({}));
    post.scene
        .store
        .mail()
        .save(id, &on, "ana")
        .await
        .unwrap()
        .unwrap();
    post.scene.wait_state(1, DeliveryState::Sent).await;
    stop(running).await;
}

#[tokio::test]
async fn a_dead_server_is_left_alone_and_asked_again_by_one_message() {
    let post = Post::new().await;
    let server = SmtpServer::start(Script::plain()).await;
    server.on(Step::Greeting, Act::reply("554 5.3.2 closed for today"));
    let id = post.profile(&server, json!({})).await;
    let to: Vec<_> = (0..20).map(|i| format!("r{i:02}@example.net")).collect();
    let channel = post.channel(json!({ "to": to })).await;
    post.outage("Shop", channel).await;
    let running = post.scene.start();
    post.settled().await;
    assert_eq!(
        server.connection_count(),
        5,
        "it opens after five failures in a row"
    );
    let health = post.scene.store.mail().health(id).await.unwrap();
    assert!(health.breaker.open_since().is_some());
    assert_eq!(health.last_error_step.as_deref(), Some("greeting"));
    post.pass(Duration::from_mins(2), "one message asks", async || {
        server.connection_count() > 5
    })
    .await;
    assert_eq!(server.connection_count(), 6);
    server.behave();
    post.pass(Duration::from_mins(3), "everything is sent", async || {
        server.messages().len() == 20
    })
    .await;
    assert_eq!(server.received().len(), 20, "each once");
    stop(running).await;
}

#[tokio::test]
async fn what_the_provider_has_no_room_for_travels_together() {
    const INCIDENTS: usize = 30;
    let post = Post::new().await;
    let server = SmtpServer::start(Script::plain()).await;
    post.profile(&server, json!({ "rate_per_minute": 10 })).await;
    let channel = post.channel(json!({})).await;
    for i in 0..INCIDENTS {
        post.outage(&format!("Shop {i:02}"), channel).await;
    }
    let running = post.scene.start();
    post.pass(Duration::from_mins(1), "everything is sent", async || {
        let rows = post.scene.deliveries().await;
        rows.iter().all(|d| d.state == DeliveryState::Sent)
    })
    .await;
    let messages = server.messages();
    assert!(messages.len() <= 11, "{} in a minute", messages.len());
    let texts: Vec<String> = messages
        .iter()
        .map(|m| {
            MessageParser::default()
                .parse(&m.data)
                .unwrap()
                .body_text(0)
                .unwrap()
                .into_owned()
        })
        .collect();
    for i in 0..INCIDENTS {
        let name = format!("Shop {i:02}");
        let told = texts.iter().filter(|t| t.contains(&name)).count();
        assert_eq!(told, 1, "{name}");
    }
    let subject = messages
        .iter()
        .filter_map(|m| m.header("Subject"))
        .max_by_key(String::len)
        .unwrap();
    assert!(
        subject.contains(" DOWN] Shop ") && subject.contains(" more"),
        "{subject}"
    );
    // What travelled together is one message, and an answer to it belongs to all of them.
    let ids: std::collections::HashSet<_> = post
        .scene
        .deliveries()
        .await
        .into_iter()
        .map(|d| d.message_id)
        .collect();
    assert_eq!(ids.len(), messages.len());
    stop(running).await;
}

#[tokio::test]
async fn a_retry_of_what_travelled_together_is_the_same_message() {
    let post = Post::new().await;
    let server = SmtpServer::start(Script::plain()).await;
    post.profile(&server, json!({ "rate_per_minute": 1 })).await;
    let channel = post.channel(json!({})).await;
    let running = post.scene.start();
    post.outage("Shop", channel).await;
    post.scene.wait_state(1, DeliveryState::Sent).await;
    server.rule(Rule::on(Step::FinalDot, Act::reply("451 4.3.0 later")).times(1));
    for name in ["Blog", "Wiki"] {
        post.outage(name, channel).await;
    }
    post.pass(Duration::from_mins(5), "everything is sent", async || {
        let rows = post.scene.deliveries().await;
        rows.iter().all(|d| d.state == DeliveryState::Sent)
    })
    .await;
    let received = server.received();
    let ids: Vec<_> = received.iter().map(|m| m.header("Message-ID")).collect();
    assert_eq!(
        received.len(),
        3,
        "the first, and the two others refused once and sent once"
    );
    assert_eq!(ids[1], ids[2]);
    assert!(ids[0] != ids[1]);
    stop(running).await;
}

#[tokio::test]
async fn what_may_have_arrived_keeps_its_id_when_others_travel_together() {
    let post = Post::new().await;
    let server = SmtpServer::start(Script::plain()).await;
    // Room for two messages at once.
    post.profile(&server, json!({ "rate_per_minute": 20 })).await;
    server.rule(Rule::on(Step::FinalDot, Act::Cut).times(1));
    let channel = post.channel(json!({})).await;
    let running = post.scene.start();
    post.outage("Shop", channel).await;
    post.scene.wait_attempts(1).await;
    stop(running).await;
    assert_eq!(server.received().len(), 1, "received, and no answer came");

    post.clock.advance(Duration::from_secs(40));
    for name in ["Wiki", "Forum", "Board", "Desk", "List", "Chat", "Code"] {
        post.outage(name, channel).await;
    }
    let running = post.scene.start();
    post.pass(Duration::from_mins(2), "everything is sent", async || {
        let rows = post.scene.deliveries().await;
        rows.iter().all(|d| d.state == DeliveryState::Sent)
    })
    .await;
    stop(running).await;
    let about = |name: &str| {
        let mut received = server.received();
        received.retain(|m| m.text().contains(name));
        received
            .into_iter()
            .map(|m| m.header("Message-ID").unwrap())
            .collect::<Vec<_>>()
    };
    let copies = about("Shop");
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0], copies[1], "a receiver drops the second copy");
    assert_eq!(about("Forum"), about("Board"), "what is new travels together");
}

#[tokio::test]
async fn of_three_recipients_two_have_their_mail_once_and_the_log_names_the_third() {
    for shared in [1, 10] {
        let post = Post::new().await;
        let server = SmtpServer::start(Script::plain()).await;
        server.rule(
            Rule::on(
                Step::RcptTo,
                Act::reply("550 5.1.1 <bad@example.net>: no such user"),
            )
            .containing("bad@example.net"),
        );
        post.profile(&server, json!({ "max_recipients": shared })).await;
        let to = json!({ "to": ["a@example.net", "bad@example.net", "c@example.net"] });
        let channel = post.channel(to).await;
        let running = post.scene.start();
        post.outage("Shop", channel).await;
        post.scene.wait_state(2, DeliveryState::Sent).await;
        let failed = post.scene.wait_state(1, DeliveryState::Failed).await;
        stop(running).await;

        let mut reached: Vec<_> = server.messages().into_iter().flat_map(|m| m.recipients).collect();
        reached.sort();
        assert_eq!(reached, ["a@example.net", "c@example.net"], "shared by {shared}");
        assert_eq!(server.messages().len(), if shared == 1 { 2 } else { 1 });
        assert_eq!(failed[0].recipient, "bad@example.net");
        let attempts = post.scene.attempts(failed[0].id).await;
        let last = attempts.last().unwrap();
        assert_eq!(
            (
                last.step.as_deref(),
                last.reply_code,
                last.enhanced_code.as_deref()
            ),
            (Some("rcpt_to"), Some(550), Some("5.1.1"))
        );
        assert!(last.reply_text.as_ref().unwrap().contains("no such user"));
        assert!(matches!(&last.verdict, AttemptVerdict::Refused { .. }));
    }
}

#[tokio::test]
async fn a_mail_a_week_goes_through_every_profile() {
    let post = Post::new().await;
    let (first, second) = (
        SmtpServer::start(Script::plain()).await,
        SmtpServer::start(Script::plain()).await,
    );
    let one = post.profile(&first, json!({})).await;
    let two = post.profile(&second, json!({})).await;
    let alert = &post.scene.alert;
    alert.send_canary().await.unwrap();
    assert_eq!(first.connection_count(), 0, "nobody asked for it");

    let general = General {
        canary_to: domain::mail::Address::parse("to", "me@example.net").ok(),
        ..General::default()
    };
    post.scene
        .store
        .settings()
        .save_general(&general, "ana")
        .await
        .unwrap();
    second.rule(Rule::on(Step::RcptTo, Act::reply("550 5.1.1 no such user")).times(1));
    alert.send_canary().await.unwrap();
    alert.send_canary().await.unwrap();
    assert_eq!((first.messages().len(), second.connection_count()), (1, 1));
    post.clock.advance(Duration::from_hours(25));
    let mail = post.scene.store.mail();
    let of_an_alert = Some(("550 5.1.1 no such user", None));
    mail.note_message(two, 1, of_an_alert, "").await.unwrap();
    alert.send_canary().await.unwrap();
    assert_eq!(
        second.messages().len(),
        1,
        "a refused one is tried again the next day, whatever became of other mails"
    );
    for id in [one, two] {
        let health = mail.health(id).await.unwrap();
        assert_eq!(health.canary.error, None);
        assert!(health.canary.at.is_some() && health.last_success.is_some());
    }
    post.clock.advance(Duration::from_hours(5 * 24));
    alert.send_canary().await.unwrap();
    assert_eq!(first.messages().len(), 1);
    post.clock.advance(Duration::from_hours(49));
    alert.send_canary().await.unwrap();
    assert_eq!((first.messages().len(), second.messages().len()), (2, 2));
}

#[tokio::test]
async fn when_all_are_refused_each_has_its_own_reason() {
    let post = Post::new().await;
    let server = SmtpServer::start(Script::plain()).await;
    server.rule(Rule::on(Step::RcptTo, Act::reply("550 5.1.1 no such user")).containing("bad@example.net"));
    server.rule(
        Rule::on(Step::RcptTo, Act::reply("451 4.7.1 greylisted"))
            .containing("new@example.net")
            .times(1),
    );
    post.profile(&server, json!({ "max_recipients": 10 })).await;
    let channel = post
        .channel(json!({ "to": ["bad@example.net", "new@example.net"] }))
        .await;
    let running = post.scene.start();
    post.outage("Shop", channel).await;
    let failed = post.scene.wait_state(1, DeliveryState::Failed).await;
    assert_eq!(failed[0].recipient, "bad@example.net");
    post.pass(
        Duration::from_mins(2),
        "the other one is tried again",
        async || server.messages().len() == 1,
    )
    .await;
    assert_eq!(server.messages()[0].recipients, ["new@example.net"]);
    stop(running).await;
}

/// An address that the server has no way to be told is its owner's trouble alone.
#[tokio::test]
async fn an_address_beyond_ascii_keeps_no_other_recipient_from_its_mail() {
    for utf8 in [false, true] {
        let post = Post::new().await;
        let offered: &[&str] = if utf8 {
            &["SMTPUTF8", "8BITMIME"]
        } else {
            &["8BITMIME"]
        };
        let server = SmtpServer::start(Script::plain().capabilities(offered)).await;
        post.profile(&server, json!({ "max_recipients": 10 })).await;
        let to = ["jürgen@example.net", "a@example.net", "c@example.net"];
        let channel = post.channel(json!({ "to": to })).await;
        let running = post.scene.start();
        post.outage("Shop", channel).await;
        post.scene
            .wait_state(if utf8 { 3 } else { 2 }, DeliveryState::Sent)
            .await;
        if !utf8 {
            let failed = post.scene.wait_state(1, DeliveryState::Failed).await;
            assert_eq!(failed[0].recipient, to[0]);
            let attempts = post.scene.attempts(failed[0].id).await;
            assert!(
                matches!(&attempts[0].verdict, AttemptVerdict::Refused { reason } if reason.contains("SMTPUTF8")),
                "{attempts:?}"
            );
        }
        stop(running).await;

        let messages = server.messages();
        assert_eq!(messages.len(), 1);
        let mut reached = messages[0].recipients.clone();
        reached.sort();
        let expected = if utf8 { &to[..] } else { &to[1..] };
        let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
        expected.sort();
        assert_eq!(reached, expected);
        let (head, _) = messages[0]
            .text()
            .split_once("\r\n\r\n")
            .map(|(h, b)| (h.to_owned(), b.len()))
            .unwrap();
        assert_eq!(head.is_ascii(), !utf8, "{head}");
        assert_eq!(messages[0].parameters.contains("SMTPUTF8"), utf8);
        // A mail that several got, by whatever way, unsubscribes nobody.
        assert!(!head.contains("List-Unsubscribe"), "{head}");
    }
}

/// Where a mail comes back to is not whom it is from.
#[tokio::test]
async fn a_mail_comes_back_to_where_the_settings_say() {
    let to = json!({ "to": ["a@example.net", "b@example.net"] });
    for (envelope, shared) in [
        (json!(null), 1),
        (json!("bounces@example.org"), 1),
        (json!("bounces@example.org"), 10),
        (json!("bounce+%s@bounces.example"), 1),
        (json!("bounce+%s@bounces.example"), 10),
    ] {
        let post = Post::new().await;
        let server = SmtpServer::start(Script::plain()).await;
        post.profile(
            &server,
            json!({ "envelope_from": envelope, "max_recipients": shared }),
        )
        .await;
        let channel = post.channel(to.clone()).await;
        let running = post.scene.start();
        post.outage("Shop", channel).await;
        let sent = post.scene.wait_state(2, DeliveryState::Sent).await;
        stop(running).await;

        let messages = server.messages();
        assert_eq!(messages.len(), if shared == 1 { 2 } else { 1 });
        for message in messages {
            assert_eq!(message.header("From").unwrap(), "watch@example.org");
            let from = message.from.as_str();
            match envelope.as_str() {
                Some("bounces@example.org") => assert_eq!(from, "bounces@example.org"),
                // One return address for several would blame the first for each of them.
                Some(_) if shared == 1 => {
                    assert!(
                        from.starts_with("bounce+") && from.ends_with("@bounces.example"),
                        "{from}"
                    );
                    let delivery = post.scene.store.bounces().delivery_of(from).unwrap();
                    let of = sent.iter().find(|d| d.id == delivery).unwrap();
                    assert_eq!(message.recipients, [of.recipient.as_str()]);
                }
                _ => assert_eq!(from, "watch@example.org"),
            }
        }
    }
}
