//! The password shows nowhere, whatever the server does with it.

use std::time::Duration;

use alert::mail::{Conversation, Deadlines, Language, Profile, Trial};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use testkit::{Act, Canary, FakeClock, Rule, Script, SmtpServer, Step as At};

use crate::scene::{USER, deliver_to, mailer, recipient, settings};

fn assert_clean(canary: &Canary, done: &Conversation) {
    canary.assert_absent("the transcript", done.transcript.join("\n"));
    canary.assert_absent("the steps", format!("{:?}", done.steps));
    canary.assert_absent("the trace", format!("{:?}", done.trace));
    canary.assert_absent("the result", format!("{:?}", done.result));
    let both = STANDARD.encode(format!("\0{USER}\0{}", canary.value()));
    assert!(!format!("{done:?}").contains(&both));
}

#[tokio::test]
async fn no_transcript_holds_the_password() {
    for mechanisms in ["PLAIN", "LOGIN"] {
        for welcome in [true, false] {
            let canary = Canary::new();
            let known = if welcome { canary.value() } else { "another one" };
            let script = Script::implicit().login(USER, known).mechanisms(mechanisms);
            let server = SmtpServer::start(script).await;
            let over = json!({ "username": USER, "password": canary.value() });
            let settings = settings(&server, "tls", over);
            let done = deliver_to(&settings, "me@example.net", Deadlines::default()).await;
            assert_eq!(done.result.is_ok(), welcome);
            assert_eq!(server.auth_attempts()[0].password, canary.value());
            assert_clean(&canary, &done);
            let transcript = done.transcript.join("\n");
            assert!(
                transcript.contains("***") && transcript.contains(&format!("C: AUTH {mechanisms}")),
                "{transcript}"
            );
            canary.assert_absent("the settings", format!("{settings:?}"));
        }
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_password_is_not_repeated() {
    let canary = Canary::new();
    for echo in [
        canary.value().to_owned(),
        STANDARD.encode(canary.value()),
        STANDARD.encode(format!("\0{USER}\0{}", canary.value())),
    ] {
        let reply = format!("535-5.7.8 you said {echo}\n535 5.7.8 and {echo} is wrong");
        let server = SmtpServer::start(
            Script::implicit()
                .login(USER, "x")
                .rule(Rule::on(At::Auth, Act::reply(reply))),
        )
        .await;
        let over = json!({ "username": USER, "password": canary.value() });
        let done = deliver_to(
            &settings(&server, "tls", over),
            "me@example.net",
            Deadlines::default(),
        )
        .await;
        assert!(done.result.is_err());
        assert_clean(&canary, &done);
    }
}

#[tokio::test]
async fn garbage_that_holds_the_password_is_not_repeated() {
    let canary = Canary::new();
    // One of the answers never ends.
    let deadlines = Deadlines {
        command: Duration::from_secs(2),
        ..Deadlines::default()
    };
    let over = json!({ "username": USER, "password": canary.value() });
    let garbage = format!("huh? {}", canary.value());
    let unfinished = format!("535-you said {}", canary.value());
    for reply in [garbage, unfinished] {
        let script = Script::implicit().login(USER, "x").reply(At::Auth, &reply);
        let server = SmtpServer::start(script).await;
        let done = deliver_to(
            &settings(&server, "tls", over.clone()),
            "me@example.net",
            deadlines,
        )
        .await;
        assert!(done.result.is_err());
        assert_clean(&canary, &done);
    }
}

#[tokio::test]
async fn the_message_is_summed_up() {
    let server = SmtpServer::start(Script::plain()).await;
    let done = deliver_to(
        &settings(&server, "none", json!({})),
        "me@example.net",
        Deadlines::default(),
    )
    .await;
    let transcript = done.transcript.join("\n");
    assert!(!transcript.contains("Subject: hello"), "{transcript}");
    assert!(transcript.contains("C: (the message, "), "{transcript}");
    assert!(
        done.transcript[0].ends_with(" s S: 220 testkit ESMTP"),
        "{transcript}"
    );
    assert!(transcript.ends_with(" s S: 221 2.0.0 bye"), "{transcript}");
    assert_eq!(done.trace.transcript.as_deref(), Some(transcript.as_str()));
}

#[tokio::test]
async fn the_result_of_a_test_holds_no_password() {
    let canary = Canary::new();
    let server = SmtpServer::start(Script::implicit().login(USER, "another one")).await;
    let settings = settings(
        &server,
        "tls",
        json!({ "username": USER, "password": canary.value() }),
    );
    let profile = Profile {
        settings: &settings,
        stored: None,
    };
    let test = mailer(Deadlines::default())
        .test(
            profile,
            &recipient(),
            (Language::English, domain::zone::Tz::UTC),
            &FakeClock::new(),
            Trial::default(),
        )
        .await;
    canary.assert_absent("the test", serde_json::to_string(&test).unwrap());
}
