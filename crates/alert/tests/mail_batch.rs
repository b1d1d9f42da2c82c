//! The mails of a batch share their connection, and nothing that happens to it costs a mail or brings it twice.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{delivery::DeliveryState, id::ChannelId, mail::MailSettings, monitor::Monitor};
use serde_json::{Value, json};
use testkit::{Act, Hold, Rule, Script, SmtpServer, Step, WallClock, smtp::Message, tls::ca_pem, wait_until};

mod scene;
use scene::{SOON, Scene};

struct Post {
    scene: Scene,
    server: SmtpServer,
    channel: ChannelId,
}

impl Post {
    async fn with(script: Script, security: &str, to: &[&str]) -> Self {
        let scene = Scene::new(Arc::new(WallClock)).await;
        let server = SmtpServer::start(script).await;
        save(&scene, &server, security, json!({})).await;
        let body = json!({ "name": "Ops", "kind": "email", "config": { "to": to } });
        let channel = scene.channel(body).await.id;
        Self {
            scene,
            server,
            channel,
        }
    }

    async fn plain() -> Self {
        Self::with(Script::plain(), "none", &["me@example.net"]).await
    }

    /// One mail to each of so many recipients; all of them are due before the dispatcher starts.
    async fn mails(&self, n: usize) {
        let to: Vec<_> = (0..n).map(|i| format!("r{i:02}@example.net")).collect();
        let body = json!({ "name": "Ops", "kind": "email", "config": { "to": to } });
        self.scene.update(self.channel, body).await;
        self.outage().await;
    }

    async fn outage(&self) -> Monitor {
        let monitor = self.scene.monitor("Shop", &[self.channel]).await;
        self.scene.down(&monitor).await;
        monitor
    }

    /// Each arrived once, in order and at the first attempt.
    async fn all_arrive(&self, n: usize) -> Vec<Message> {
        let running = self.scene.start();
        let rows = self.scene.wait_state(n, DeliveryState::Sent).await;
        running.stop().await;
        assert!(rows.iter().all(|row| row.attempts == 1), "{rows:#?}");
        let messages = self.server.messages();
        let ids: Vec<_> = messages.iter().filter_map(|m| m.header("Message-ID")).collect();
        let expected: Vec<_> = rows.iter().map(|row| format!("<{}>", row.message_id)).collect();
        assert_eq!(ids, expected);
        messages
    }

    fn verbs(&self, connection: usize) -> Vec<String> {
        let said = self.server.log(connection);
        let verb = |line: &String| Some(line.strip_prefix("C: ")?.split(' ').next()?.to_owned());
        said.iter().filter_map(verb).collect()
    }

    async fn transcripts(&self) -> Vec<String> {
        let mut all = Vec::new();
        for row in self.scene.deliveries().await {
            let attempts = self.scene.attempts(row.id).await;
            all.extend(attempts.into_iter().filter_map(|a| a.transcript));
        }
        all
    }
}

async fn save(scene: &Scene, server: &SmtpServer, security: &str, over: Value) {
    let mut body = json!({
        "host": "127.0.0.1", "port": server.port(), "security": security, "from": "watch@example.org",
    });
    if security != "none" {
        body["ca_pem"] = ca_pem().into();
    }
    if let Value::Object(over) = over {
        for (name, value) in over {
            body[name] = value;
        }
    }
    let settings = MailSettings::from_json(body, None).unwrap();
    scene.store.mail().save_primary(&settings, "ana").await.unwrap();
}

fn connections(messages: &[Message]) -> Vec<usize> {
    messages.iter().map(|m| m.connection).collect()
}

#[tokio::test]
async fn twenty_mails_share_a_connection_and_a_login() {
    for (script, security) in [
        (Script::plain(), "none"),
        (Script::starttls(), "starttls"),
        (Script::implicit(), "tls"),
    ] {
        let post = Post::with(script.login("watch", "secret"), security, &["me@example.net"]).await;
        let login = json!({ "username": "watch", "password": "secret" });
        save(&post.scene, &post.server, security, login).await;
        post.mails(25).await;
        let messages = post.all_arrive(25).await;
        let mut expected = vec![1; 20];
        expected.extend([2; 5]);
        assert_eq!(connections(&messages), expected, "{security}");
        assert_eq!(post.server.auth_attempts().len(), 2, "{security}");
        let mails = ["MAIL", "RCPT", "DATA"].repeat(20);
        for (connection, count) in [(1, 20), (2, 5)] {
            let mut verbs = post.verbs(connection);
            let first = verbs.iter().position(|v| v == "MAIL").unwrap();
            verbs.drain(..first);
            assert_eq!(verbs.pop().as_deref(), Some("QUIT"), "{security}");
            assert_eq!(verbs, mails[..3 * count], "nothing in between: {security}");
        }
        let ids: HashSet<_> = messages.iter().map(|m| m.header("Message-ID")).collect();
        assert_eq!(ids.len(), 25);
        for (i, transcript) in post.transcripts().await.iter().enumerate() {
            let shared = transcript.contains("which is open and has taken");
            assert_eq!(shared, i % 20 != 0, "{transcript}");
            assert_eq!(transcript.matches("C: MAIL FROM").count(), 1, "{transcript}");
            assert!(!transcript.contains("secret"), "{transcript}");
        }
    }
}

#[tokio::test]
async fn a_batch_that_is_over_says_goodbye_at_once() {
    let post = Post::plain().await;
    let running = post.scene.start();
    let monitor = post.outage().await;
    for i in 0..2 {
        if i == 1 {
            post.scene.up(&monitor).await;
        }
        post.scene.wait_state(i + 1, DeliveryState::Sent).await;
        wait_until(Duration::from_secs(2), "the connection is closed", || {
            let all = post.server.connections();
            all.len() == i + 1 && all.iter().all(|c| c.closed_at.is_some())
        })
        .await;
        assert_eq!(post.verbs(i + 1).last().map(String::as_str), Some("QUIT"));
    }
    running.stop().await;
}

#[tokio::test]
async fn a_connection_that_takes_no_further_mail_costs_nothing() {
    let late = |step, act| Rule::on(step, act).after(1).times(1);
    let often = |reply: &str| Rule::on(Step::FinalDot, Act::reply(reply));
    let last = Act::LastReply("250 2.0.0 ok".into());
    for (what, rule, expected) in [
        (
            "it hangs up after each",
            Rule::on(Step::FinalDot, last),
            [1, 2, 3, 4],
        ),
        (
            "it says yes twice",
            often("250 2.0.0 ok\n250 2.0.0 ok"),
            [1, 2, 3, 4],
        ),
        (
            "it says yes and no",
            often("250 2.0.0 ok\n550 5.7.1 no"),
            [1, 2, 3, 4],
        ),
        (
            "it has waited long",
            often("250 2.0.0 ok\n421 4.4.2 idle"),
            [1, 2, 3, 4],
        ),
        (
            "too many",
            late(Step::MailFrom, Act::reply("421 4.7.0 too many")),
            [1, 2, 2, 2],
        ),
        (
            "too many yet",
            late(Step::MailFrom, Act::reply("451 4.7.0 too many")),
            [1, 2, 2, 2],
        ),
        (
            "lost its place",
            late(Step::MailFrom, Act::reply("503 5.5.1 EHLO first")),
            [1, 2, 2, 2],
        ),
        ("cut", late(Step::MailFrom, Act::Cut), [1, 2, 2, 2]),
        ("reset", late(Step::MailFrom, Act::Reset), [1, 2, 2, 2]),
        ("cut at the recipient", late(Step::RcptTo, Act::Cut), [1, 2, 2, 2]),
        (
            "too many at the recipient",
            late(Step::RcptTo, Act::reply("421 4.7.0 too many")),
            [1, 2, 2, 2],
        ),
        ("cut before the message", late(Step::Data, Act::Cut), [1, 2, 2, 2]),
        (
            "no before the message",
            late(Step::Data, Act::reply("554 5.5.1 no")),
            [1, 2, 2, 2],
        ),
    ] {
        let post = Post::plain().await;
        post.server.rule(rule);
        post.mails(4).await;
        let messages = post.all_arrive(4).await;
        assert_eq!(connections(&messages), expected, "{what}");
        assert_eq!(post.server.received().len(), 4, "{what}");
        let second = &post.transcripts().await[1];
        assert!(second.contains("takes no further message"), "{what}: {second}");
    }
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_is_a_failed_attempt() {
    let post = Post::plain().await;
    post.server
        .rule(Rule::on(Step::FinalDot, Act::Cut).after(1).times(1));
    post.mails(4).await;
    let running = post.scene.start();
    let rows = post.scene.wait_state(4, DeliveryState::Sent).await;
    running.stop().await;
    let attempts: Vec<_> = rows.iter().map(|row| row.attempts).collect();
    assert_eq!(attempts, [1, 2, 1, 1]);
    let first = &post.scene.attempts(rows[1].id).await[0];
    assert_eq!(first.step.as_deref(), Some("reply"));
    // It came twice, and says so by its id.
    let ids = post.server.received().into_iter().map(|m| m.header("Message-ID"));
    let ids: Vec<_> = ids.collect();
    let second = format!("<{}>", rows[1].message_id);
    let copies = ids.iter().filter(|id| id.as_ref() == Some(&second));
    assert_eq!((ids.len(), copies.count()), (5, 2));
}

#[tokio::test]
async fn a_recipient_who_is_refused_ends_the_connection_and_nothing_else() {
    let post = Post::with(
        Script::plain(),
        "none",
        &["a@example.net", "bad@example.net", "c@example.net"],
    )
    .await;
    let no = Act::reply("550 5.1.1 no such user");
    post.server
        .rule(Rule::on(Step::RcptTo, no).containing("bad@example.net"));
    post.outage().await;
    let running = post.scene.start();
    post.scene.wait_state(2, DeliveryState::Sent).await;
    let failed = post.scene.wait_state(1, DeliveryState::Failed).await;
    running.stop().await;
    assert_eq!(failed[0].recipient, "bad@example.net");
    assert_eq!(post.server.messages().len(), 2);
    for connection in post.server.connections() {
        let refused = connection.log.iter().position(|line| line.starts_with("S: 550"));
        let after = &connection.log[refused.unwrap_or(connection.log.len() - 1)..];
        assert!(!after.iter().any(|line| line.starts_with("C: MAIL")), "{after:?}");
    }
}

#[tokio::test]
async fn what_is_saved_in_the_middle_is_used_by_the_next_mail() {
    let post = Post::plain().await;
    let other = SmtpServer::start(Script::plain()).await;
    let hold = post.server.hold(Step::FinalDot);
    post.mails(5).await;
    let running = post.scene.start();
    hold.reached(SOON).await;
    hold.release();
    hold.reached(SOON).await;
    save(&post.scene, &other, "none", json!({})).await;
    hold.open();
    post.scene.wait_state(5, DeliveryState::Sent).await;
    running.stop().await;
    assert_eq!(connections(&post.server.messages()), [1, 1]);
    assert_eq!(connections(&other.messages()), [1, 1, 1]);
    assert_eq!(post.verbs(1).last().map(String::as_str), Some("QUIT"));
}

/// One mail hangs for long: the others go by a connection of theirs, which does not wait for ever.
#[tokio::test]
async fn a_connection_that_waits_for_nothing_is_closed() {
    let post = Post::plain().await;
    let hold = Hold::new();
    post.server
        .rule(Rule::on(Step::FinalDot, Act::Hold(hold.clone())).connection(1));
    post.mails(4).await;
    let running = post.scene.start();
    post.scene.wait_state(3, DeliveryState::Sent).await;
    assert_eq!(connections(&post.server.messages()), [2, 2, 2]);
    wait_until(SOON, "the connection is closed", || {
        post.server.connections()[1].closed_at.is_some()
    })
    .await;
    let connection = &post.server.connections()[1];
    let waited = connection.closed_at.unwrap() - post.server.messages()[2].at;
    assert!(
        waited >= Duration::from_secs(5) && waited < Duration::from_secs(8),
        "{waited:?}"
    );
    assert_eq!(post.verbs(2).last().map(String::as_str), Some("QUIT"));
    hold.open();
    post.scene.wait_state(4, DeliveryState::Sent).await;
    running.stop().await;
}
