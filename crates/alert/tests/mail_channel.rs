//! Alerts by mail: a real store, the dispatcher, and a scripted mail server.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::{sync::Arc, time::Duration};

use alert::{Through, channel::Retry, mail::Trial};
use domain::{
    clock::Clock,
    delivery::{AttemptVerdict, DeliveryState, Event},
    id::ChannelId,
    incident::Progress,
    mail::{Address, MailSettings},
    mail_message::MessageSettings,
};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use store::General;
use testkit::{
    Act, Canary, FakeClock, Logs, Rule, Script, SmtpServer, Step, WallClock, WebhookSink, smtp::Message,
    tls::ca_pem, wait_until,
};

mod scene;
use scene::{SOON, Scene};

async fn scene() -> Scene {
    Scene::new(Arc::new(WallClock)).await
}

async fn email(scene: &Scene, to: &[&str]) -> ChannelId {
    let body = json!({ "name": "Ops", "kind": "email", "config": { "to": to } });
    scene.channel(body).await.id
}

/// Saves mail settings; gives their revision.
async fn set_up(scene: &Scene, server: &SmtpServer, over: Value) -> i64 {
    let mut all = json!({ "host": "127.0.0.1", "port": server.port(), "security": "none", "from": "watch@example.org" });
    if let Value::Object(over) = over {
        for (name, value) in over {
            all[name] = value;
        }
    }
    let settings = MailSettings::from_json(all, None).unwrap();
    scene
        .store
        .mail()
        .save_primary(&settings, "ana")
        .await
        .unwrap()
        .revision
}

#[tokio::test]
async fn what_was_said_is_kept_with_each_attempt_and_holds_no_password() {
    let (scene, canary) = (scene().await, Canary::new());
    let server = SmtpServer::start(
        Script::implicit()
            .login("watch", canary.value())
            .rule(Rule::on(Step::RcptTo, Act::reply("451 4.7.1 greylisted")).times(1)),
    )
    .await;
    let over = json!({
        "username": "watch", "password": canary.value(), "security": "tls", "host": "localhost", "ca_pem": ca_pem(),
    });
    set_up(&scene, &server, over).await;
    let channel = email(&scene, &["me@example.net"]).await;
    let monitor = scene.monitor("Shop", &[channel]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    let tried = scene.wait_attempts(1).await;
    let attempt = scene.attempts(tried[0].id).await.remove(0);
    let said = attempt.transcript.unwrap();
    assert!(
        said.starts_with('+') && said.contains(" s C: RCPT TO") && said.contains(" s S: 451 4.7.1"),
        "{said}"
    );
    assert!(said.contains("C: AUTH PLAIN ***"), "{said}");
    canary.assert_absent("the transcript", said);
    running.stop().await;
}

#[tokio::test]
async fn without_settings_the_message_waits_and_saving_them_sends_it() {
    let (scene, server) = (scene().await, SmtpServer::start(Script::plain()).await);
    let channel = email(&scene, &["me@example.net"]).await;
    let monitor = scene.monitor("Shop", &[channel]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    let waiting = scene.wait_attempts(1).await;
    assert_eq!(waiting[0].state, DeliveryState::Pending);
    let attempt = scene.attempts(waiting[0].id).await.remove(0);
    assert_eq!(
        (attempt.settings_revision, attempt.remote, attempt.step),
        (None, None, None)
    );
    let AttemptVerdict::Waiting { reason } = attempt.verdict else {
        panic!("{:?}", attempt.verdict)
    };
    assert!(reason.contains("Settings > Mail"), "{reason}");
    assert_eq!(server.connection_count(), 0);

    let revision = set_up(&scene, &server, json!({})).await;
    let sent = scene.wait_state(1, DeliveryState::Sent).await;
    let attempts = scene.attempts(sent[0].id).await;
    let last = attempts.last().unwrap();
    assert_eq!(
        (last.settings_revision, last.remote),
        (Some(revision), Some(server.addr()))
    );
    assert_eq!(
        (last.step.as_deref(), last.reply_code),
        (Some("reply"), Some(250))
    );
    assert_eq!(
        last.verdict,
        AttemptVerdict::Accepted {
            reference: Some("TK000001".to_owned())
        }
    );
    assert_eq!(
        server.messages()[0].header("Subject").as_deref(),
        Some("[DOWN] Shop")
    );
    running.stop().await;
}

#[tokio::test]
async fn the_next_alert_uses_the_settings_of_that_moment() {
    let scene = scene().await;
    let (a, b) = (
        SmtpServer::start(Script::plain()).await,
        SmtpServer::start(Script::plain()).await,
    );
    let channel = email(&scene, &["me@example.net"]).await;
    let monitor = scene.monitor("Shop", &[channel]).await;
    let first = set_up(&scene, &a, json!({})).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_state(1, DeliveryState::Sent).await;
    let second = set_up(&scene, &b, json!({ "from": "other@example.com" })).await;
    scene.up(&monitor).await;
    let sent = scene.wait_state(2, DeliveryState::Sent).await;
    assert_eq!((a.messages().len(), b.messages().len()), (1, 1));
    let mut used = Vec::new();
    for delivery in &sent {
        used.push(scene.attempts(delivery.id).await.remove(0).settings_revision);
    }
    assert_eq!(used, [Some(first), Some(second)]);

    let (down, up) = (&a.messages()[0], &b.messages()[0]);
    assert_eq!(up.from, "other@example.com");
    assert_eq!(up.header("Subject").as_deref(), Some("[UP] Shop"));
    for name in ["In-Reply-To", "References"] {
        assert_eq!(up.header(name), down.header("Message-ID"), "{name}");
    }
    running.stop().await;
}

#[tokio::test]
async fn each_recipient_has_a_message_and_a_fate_of_its_own() {
    let scene = scene().await;
    let rule = Rule::on(Step::RcptTo, Act::reply("550 5.1.1 no such user")).containing("bad@");
    let server = SmtpServer::start(Script::plain().rule(rule)).await;
    set_up(&scene, &server, json!({})).await;
    let channel = email(&scene, &["a@example.net", "bad@example.net", "c@example.net"]).await;
    let monitor = scene.monitor("Shop", &[channel]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_state(2, DeliveryState::Sent).await;
    let failed = scene.wait_state(1, DeliveryState::Failed).await;
    assert_eq!(failed[0].recipient, "bad@example.net");
    assert!(server.messages().iter().all(|m| m.recipients.len() == 1));
    let mut ids: Vec<_> = server.messages().iter().map(|m| m.header("Message-ID")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2);
    for message in server.messages() {
        let others = ["a@", "bad@", "c@"]
            .iter()
            .filter(|a| message.text().contains(&format!("{a}example.net")))
            .count();
        assert_eq!(others, 1, "nobody learns who else is told");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_password_keeps_the_message_until_it_is_corrected() {
    let (clock, canary) = (Arc::new(FakeClock::new()), Canary::new());
    let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let logs = Logs::default();
    let _guard = logs.capture();
    let server = SmtpServer::start(Script::implicit().login("watch", "right one")).await;
    let over = |password: &str| json!({ "security": "tls", "ca_pem": ca_pem(), "username": "watch", "password": password });
    set_up(&scene, &server, over(canary.value())).await;
    let channel = email(&scene, &["me@example.net"]).await;
    let monitor = scene.monitor("Shop", &[channel]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    let tried = scene.wait_attempts(1).await;
    assert_eq!(tried[0].state, DeliveryState::Pending);
    let attempts = scene.attempts(tried[0].id).await;
    assert_eq!(
        (attempts[0].step.as_deref(), attempts[0].reply_code),
        (Some("auth"), Some(535))
    );
    canary.assert_absent("the attempt", format!("{attempts:?}"));
    set_up(&scene, &server, over("right one")).await;
    // Past the first wait of the table, jitter included.
    clock.advance(Duration::from_secs(40));
    scene.wait_state(1, DeliveryState::Sent).await;
    running.stop().await;
    assert!(!logs.text().is_empty());
    canary.assert_absent("the log", logs.text());
}

#[tokio::test]
async fn only_the_final_yes_makes_it_sent() {
    let scene = scene().await;
    let server = SmtpServer::start(Script::plain()).await;
    server.rule(
        Rule::on(Step::FinalDot, Act::reply("554 5.6.0 never"))
            .containing(".")
            .times(1),
    );
    set_up(&scene, &server, json!({})).await;
    let channel = email(&scene, &["me@example.net"]).await;
    let monitor = scene.monitor("Shop", &[channel]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_state(1, DeliveryState::Failed).await;
    wait_until(SOON, "the message was received and refused", || {
        server.received().len() == 1
    })
    .await;
    assert!(server.messages().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn messages_speak_the_language_of_the_installation() {
    let (scene, server) = (scene().await, SmtpServer::start(Script::plain()).await);
    set_up(&scene, &server, json!({})).await;
    let general = General {
        language: Some("zh-CN".to_owned()),
        ..General::default()
    };
    scene
        .store
        .settings()
        .save_general(&general, "ana")
        .await
        .unwrap();
    let channel = email(&scene, &["me@example.net"]).await;
    let monitor = scene.monitor("商店", &[channel]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_state(1, DeliveryState::Sent).await;
    assert!(server.messages()[0].text().contains("lang=3D\"zh-CN\""));
    running.stop().await;
}

#[tokio::test]
async fn a_test_uses_what_is_saved_or_what_is_not_saved_yet() {
    let scene = scene().await;
    let (saved, unsaved) = (
        SmtpServer::start(Script::plain()).await,
        SmtpServer::start(Script::plain()).await,
    );
    let to = Address::parse("to", "me@example.net").unwrap();
    let test = scene
        .alert
        .test_mail(Through::Primary, &to, Trial::default())
        .await;
    assert!(!test.ok && test.steps.is_empty());

    let revision = set_up(&scene, &saved, json!({})).await;
    let test = scene
        .alert
        .test_mail(Through::Primary, &to, Trial::default())
        .await;
    assert!(test.ok, "{}", test.detail);
    assert_eq!((test.revision, saved.messages().len()), (Some(revision), 1));

    let overlay =
        json!({ "host": "127.0.0.1", "port": unsaved.port(), "security": "none", "from": "new@example.org" });
    let overlay = MailSettings::from_json(overlay, None).unwrap();
    let test = scene
        .alert
        .test_mail(Through::Unsaved(Box::new(overlay)), &to, Trial::default())
        .await;
    assert!(test.ok, "{}", test.detail);
    assert_eq!(test.revision, None);
    assert_eq!((saved.messages().len(), unsaved.messages().len()), (1, 1));
}

#[tokio::test]
async fn a_channel_has_a_language_and_a_time_zone_of_its_own() {
    let (scene, server) = (scene().await, SmtpServer::start(Script::plain()).await);
    set_up(&scene, &server, json!({})).await;
    let config = json!({ "to": ["me@example.net"], "language": "zh-CN", "timezone": "Asia/Shanghai" });
    let body = json!({ "name": "Ops", "kind": "email", "config": config });
    let channel = scene.channel(body).await.id;
    let monitor = scene.monitor("商店", &[channel]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_state(1, DeliveryState::Sent).await;
    let text = server.messages()[0].text().clone();
    assert!(
        text.contains("lang=3D\"zh-CN\"") && text.contains("+08:00 Asia/Shanghai"),
        "{text}"
    );
    running.stop().await;
}

#[tokio::test]
async fn tests_and_the_weekly_mail_tell_the_time_of_the_installation() {
    let (scene, server) = (scene().await, SmtpServer::start(Script::plain()).await);
    set_up(&scene, &server, json!({})).await;
    let to = Address::parse("to", "me@example.net").unwrap();
    let general = General {
        timezone: Some("Asia/Shanghai".to_owned()),
        canary_to: Some(to.clone()),
        ..General::default()
    };
    scene
        .store
        .settings()
        .save_general(&general, "ana")
        .await
        .unwrap();
    let test = scene
        .alert
        .test_mail(Through::Primary, &to, Trial::default())
        .await;
    assert!(test.ok, "{}", test.detail);
    scene.alert.send_canary().await.unwrap();
    let messages = server.messages();
    assert_eq!(messages.len(), 2);
    for message in messages {
        assert!(
            message.text().contains("+08:00 Asia/Shanghai"),
            "{}",
            message.text()
        );
    }
}

#[tokio::test]
async fn the_next_message_is_worded_as_saved() {
    let (scene, server) = (scene().await, SmtpServer::start(Script::plain()).await);
    set_up(&scene, &server, json!({})).await;
    let channel = email(&scene, &["me@example.net"]).await;
    let monitor = scene.monitor("Shop", &[channel]).await;
    let running = scene.start();
    let wording = json!({ "subject_style": "thread", "note": "Call Ana about {{monitor}}." });
    let wording = MessageSettings::from_json(wording).unwrap();
    scene
        .store
        .settings()
        .save_message(&wording, "ana")
        .await
        .unwrap();
    scene.down(&monitor).await;
    scene.wait_state(1, DeliveryState::Sent).await;
    scene.up(&monitor).await;
    scene.wait_state(2, DeliveryState::Sent).await;
    let messages = server.messages();
    let subjects: Vec<_> = messages.iter().map(|m| m.header("Subject").unwrap()).collect();
    assert_eq!(subjects, ["Incident #1: Shop", "Re: Incident #1: Shop"]);
    assert!(messages.iter().all(|m| m.text().contains("Call Ana about Shop.")));
    assert_eq!(messages[1].header("References"), messages[0].header("Message-ID"));
    running.stop().await;
}

#[tokio::test]
async fn who_unsubscribed_hears_nothing_more_and_a_test_says_so() {
    let (scene, server) = (scene().await, SmtpServer::start(Script::plain()).await);
    set_up(&scene, &server, json!({})).await;
    let body =
        json!({ "name": "Ops", "kind": "email", "config": { "to": ["me@example.net", "you@example.net"] } });
    let channel = scene.channel(body).await;
    let monitor = scene.monitor("Shop", &[channel.id]).await;
    scene
        .store
        .optouts()
        .add(channel.id, "ME@example.net")
        .await
        .unwrap();
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_state(1, DeliveryState::Sent).await;
    assert_eq!(
        server.messages()[0].header("To").as_deref(),
        Some("you@example.net")
    );
    scene.alert.send_test(&channel).await.unwrap();
    assert_eq!(server.messages().len(), 2);
    scene
        .store
        .optouts()
        .add(channel.id, "you@example.net")
        .await
        .unwrap();
    let refused = scene.alert.send_test(&channel).await.unwrap_err();
    assert!(refused.reason.contains("unsubscribed"), "{}", refused.reason);
    assert_eq!(server.messages().len(), 2);
    running.stop().await;
}

/// The limit of a profile holds for tests as well; thirty a minute has room for three at once.
#[tokio::test]
async fn a_test_of_a_channel_takes_no_more_than_its_profile_may_send() {
    let clock = Arc::new(FakeClock::new());
    let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let server = SmtpServer::start(Script::plain()).await;
    set_up(&scene, &server, json!({ "rate_per_minute": 30, "name": "Relay" })).await;
    let to: Vec<String> = (0..5).map(|n| format!("r{n}@example.net")).collect();
    let body = json!({ "name": "Ops", "kind": "email", "config": { "to": to } });
    let channel = scene.channel(body).await;
    let full = scene.alert.send_test(&channel).await.unwrap_err();
    assert_eq!(server.messages().len(), 3);
    for said in [
        "Relay takes 30 messages a minute",
        "3 of 5 test messages were accepted",
    ] {
        assert!(full.reason.contains(said), "{}", full.reason);
    }
    let Retry::After(wait) = full.retry else {
        panic!("{:?}", full.retry)
    };
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_secs(3),
        "{wait:?}"
    );
    assert!(
        scene
            .alert
            .send_test(&channel)
            .await
            .unwrap_err()
            .reason
            .contains("0 of 5")
    );
    assert_eq!(server.messages().len(), 3);

    clock.advance(Duration::from_mins(1));
    let two = json!({ "name": "Ops", "kind": "email", "config": { "to": to[..2] } });
    scene.update(channel.id, two).await;
    let channel = scene.store.channels().get(channel.id).await.unwrap().unwrap();
    scene.alert.send_test(&channel).await.unwrap();
    assert_eq!(server.messages().len(), 5);
}

/// The proof in the link for acknowledging that a mail carries, as its reader follows it.
fn proof_in(message: &Message) -> String {
    let text = message.text();
    let parsed = MessageParser::default().parse(&text).unwrap();
    let text = parsed.body_text(0).unwrap().into_owned();
    let (_, link) = text.split_once("https://watch.example/ack/").unwrap();
    link.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn the_link_in_a_mail_acknowledges_and_the_others_hear_of_it() {
    let clock = Arc::new(FakeClock::new());
    let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let later = Rule::on(Step::RcptTo, Act::reply("451 4.7.1 greylisted")).containing("slow@");
    let server = SmtpServer::start(Script::plain().rule(later)).await;
    set_up(&scene, &server, json!({})).await;
    let mail = email(&scene, &["me@example.net", "you@example.net", "slow@example.net"]).await;
    let sink = WebhookSink::start().await;
    let hook = scene.webhook("Hook", &sink.url()).await;
    let monitor = scene.monitor("Shop", &[mail, hook]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_state(3, DeliveryState::Sent).await;
    let waiting = scene.wait_attempts(1).await;
    let waiting = waiting
        .into_iter()
        .find(|d| d.recipient == "slow@example.net")
        .unwrap();
    assert_eq!(waiting.state, DeliveryState::Pending);

    let messages = server.messages();
    let mine = |m: &&Message| m.recipients == ["me@example.net"];
    let proof = proof_in(messages.iter().find(mine).unwrap());
    let links = scene.store.acknowledgements();
    let done = links.acknowledge(&proof).await.unwrap().unwrap();
    let by = "me@example.net (by mail)".to_owned();
    let acknowledged = Progress::Acknowledged { at: clock.now(), by };
    assert_eq!(done.incident.progress, acknowledged);

    let requests = sink.wait_for(2, SOON).await;
    assert_eq!(requests[1].json()["type"], "incident.acknowledged");
    assert_eq!(
        requests[1].json()["data"]["incident"]["acknowledged_by"],
        "me@example.net (by mail)"
    );
    let sent = scene.wait_state(6, DeliveryState::Sent).await;
    let told = sent.iter().filter(|d| d.event == Event::Acknowledged).count();
    assert_eq!(told, 3);
    let told = server.messages();
    let told: Vec<_> = told
        .iter()
        .filter(|m| m.header("Subject").as_deref() == Some("[ACK] Shop"))
        .collect();
    assert_eq!(told.len(), 2);
    for message in told {
        assert!(
            message.text().contains("me@example.net (by mail)"),
            "{}",
            message.text()
        );
        assert!(!message.text().contains("/ack/"), "there is nothing left to do");
    }

    // What waits goes on waiting as long as it would have.
    let rows = scene.deliveries().await;
    let row = rows.iter().find(|d| d.id == waiting.id).unwrap();
    assert_eq!(
        (row.state, row.attempts, row.next_attempt_at),
        (DeliveryState::Pending, 1, waiting.next_attempt_at)
    );
    running.stop().await;
}

/// One link in a mail for several: nobody can tell which of them followed it.
#[tokio::test]
async fn who_share_a_mail_acknowledge_as_their_channel() {
    let (scene, server) = (scene().await, SmtpServer::start(Script::plain()).await);
    set_up(&scene, &server, json!({ "max_recipients": 10 })).await;
    let mail = email(&scene, &["me@example.net", "you@example.net"]).await;
    let monitor = scene.monitor("Shop", &[mail]).await;
    scene.down(&monitor).await;
    let running = scene.start();
    scene.wait_state(2, DeliveryState::Sent).await;
    let messages = server.messages();
    assert_eq!(messages.len(), 1);
    let links = scene.store.acknowledgements();
    let found = links.find(&proof_in(&messages[0])).await.unwrap().unwrap();
    assert_eq!(found.by, "Ops (by mail)");
    running.stop().await;
}
