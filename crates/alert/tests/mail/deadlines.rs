//! Servers that are slow, endless or silent.

use std::time::{Duration, Instant};

use alert::mail::{Batch, Class, Conversation, Deadlines, Step, Symptom};
use serde_json::json;
use testkit::{Act, Rule, Script, SmtpServer, Step as At, wait_until};

use crate::scene::{assert_failed, deliver_to, failure, full_listener, letter_to, mailer, settings, short};

/// A busy machine is late; a missing deadline is later.
const SLACK: Duration = Duration::from_secs(5);

async fn timed(script: Script, deadlines: Deadlines) -> (Conversation, Duration, SmtpServer) {
    let server = SmtpServer::start(script).await;
    let settings = settings(&server, "none", json!({}));
    let begun = Instant::now();
    let done = deliver_to(&settings, "me@example.net", deadlines).await;
    (done, begun.elapsed(), server)
}

#[track_caller]
fn assert_about(took: Duration, expected: Duration) {
    assert!(took >= expected, "{took:?} instead of {expected:?}");
    assert!(took < expected + SLACK, "{took:?} instead of {expected:?}");
}

#[tokio::test]
async fn silence_ends_at_the_deadline_of_its_step() {
    let d = short();
    for (at, step, expected) in [
        // And then the question whether it speaks TLS, which this server answers by staying silent.
        (At::Ehlo, Step::Ehlo, d.command),
        (At::MailFrom, Step::MailFrom, d.command),
        (At::RcptTo, Step::RcptTo, d.command),
        (At::Data, Step::Data, d.command),
        (At::FinalDot, Step::Reply, d.final_dot),
    ] {
        let (done, took, _server) = timed(Script::plain().on(at, Act::Never), d).await;
        assert_failed(&done, step, Symptom::AnswerTimeout);
        assert_eq!(failure(&done).class, Class::Transient);
        assert_about(took, expected);
    }
}

#[tokio::test]
async fn a_silent_greeting_is_asked_for_tls_and_then_left() {
    let mut d = short();
    d.tls = Duration::from_millis(300);
    let (done, took, _server) = timed(Script::plain().on(At::Greeting, Act::Never), d).await;
    assert_failed(&done, Step::Greeting, Symptom::AnswerTimeout);
    assert_about(took, d.greeting + d.tls);
}

#[tokio::test]
async fn a_tarpit_ends_when_silence_would_have() {
    let d = short();
    for (at, step, expected) in [
        (At::MailFrom, Step::MailFrom, d.command),
        (At::FinalDot, Step::Reply, d.final_dot),
    ] {
        let script = Script::plain().on(at, Act::Tarpit { bytes_per_second: 5 });
        let (done, took, _server) = timed(script, d).await;
        assert_failed(&done, step, Symptom::AnswerTimeout);
        assert!(
            failure(&done).what.contains("began with: 2"),
            "{}",
            failure(&done).what
        );
        assert_about(took, expected);
    }
}

#[tokio::test]
async fn an_endless_answer_ends_at_the_cap() {
    let endless = "250-and another thing\n".repeat(10_000) + "250 ok";
    for at in [At::Ehlo, At::MailFrom, At::FinalDot] {
        let (done, took, _server) = timed(Script::plain().reply(at, &endless), Deadlines::default()).await;
        assert_eq!(failure(&done).symptom, Symptom::TooLong);
        assert!(took < Duration::from_secs(15), "{took:?}");
    }
    let (done, _, _server) = timed(
        Script::plain().reply(At::Greeting, &"2".repeat(200_000)),
        Deadlines::default(),
    )
    .await;
    assert_eq!(failure(&done).symptom, Symptom::TooLong);
}

#[tokio::test]
async fn the_whole_session_has_an_end() {
    let mut d = short();
    d.command = Duration::from_secs(10);
    d.session = Duration::from_millis(1_500);
    let mut script = Script::plain();
    for at in [At::Ehlo, At::MailFrom, At::RcptTo, At::Data, At::FinalDot] {
        script = script.on(at, Act::Delay(Duration::from_millis(500)));
    }
    let (done, took, server) = timed(script, d).await;
    assert_eq!(failure(&done).symptom, Symptom::AnswerTimeout);
    assert_about(took, d.session);
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn a_goodbye_that_is_not_answered_changes_nothing() {
    for act in [Act::Never, Act::Cut, Act::reply("500 what")] {
        let (done, took, _server) = timed(Script::plain().on(At::Quit, act), Deadlines::default()).await;
        assert!(done.result.is_ok(), "{:?}", done.result);
        assert!(took < Deadlines::default().farewell + SLACK, "{took:?}");
    }
}

#[tokio::test]
async fn whoever_gives_up_leaves_no_connection_behind() {
    let server = SmtpServer::start(Script::plain()).await;
    let hold = server.hold(At::FinalDot);
    let settings = settings(&server, "none", json!({}));
    let mailer = mailer(Deadlines::default());
    let letter = letter_to("me@example.net");
    {
        let profile = alert::mail::Profile {
            settings: &settings,
            stored: None,
        };
        let alone = Batch::single();
        let sending = mailer.deliver(&alone, profile, &letter, &|_| ());
        tokio::select! {
            done = sending => panic!("{:?}", done.result),
            () = hold.reached(Duration::from_secs(5)) => {}
        }
    }
    hold.open();
    wait_until(Duration::from_secs(5), "the connection is closed", || {
        server.connections().iter().all(|c| c.closed_at.is_some())
    })
    .await;
    // The next message has a connection of its own and its own answer.
    server.behave();
    server.rule(Rule::on(At::FinalDot, Act::reply("554 5.7.1 not this one")));
    let done = deliver_to(&settings, "me@example.net", Deadlines::default()).await;
    assert_eq!(failure(&done).step, Step::Reply);
    assert_eq!(server.connection_count(), 2);
}

#[tokio::test]
async fn the_time_to_connect_is_that_of_the_settings_within_the_session() {
    let server = SmtpServer::start(Script::plain()).await;
    let full = full_listener().await;
    let port = full.port;
    for (setting, session, expected) in [("1s", 20, 1), ("1m", 2, 2)] {
        let settings = settings(
            &server,
            "none",
            json!({ "port": port, "connect_timeout": setting }),
        );
        let deadlines = Deadlines {
            session: Duration::from_secs(session),
            ..short()
        };
        let begun = Instant::now();
        let done = deliver_to(&settings, "me@example.net", deadlines).await;
        assert_failed(&done, Step::Connect, Symptom::ConnectTimeout);
        assert_about(begun.elapsed(), Duration::from_secs(expected));
    }
}
