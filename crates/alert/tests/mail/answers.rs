//! What each answer of a server leads to.

use alert::{
    channel::Retry,
    mail::{Class, Deadlines, Step, Symptom},
};
use serde_json::json;
use testkit::{Act, Rule, Script, SmtpServer, Step as At};

use crate::scene::{PASSWORD, USER, assert_failed, deliver, deliver_to, failure, settings, with_login};

#[tokio::test]
async fn only_a_final_2xx_counts() {
    for answer in [
        "554 5.7.1 rejected",
        "354 go on",
        "451 4.3.0 later",
        "299 well",
        "552 5.3.4 too big",
    ] {
        let server = SmtpServer::start(Script::plain().reply(At::FinalDot, answer)).await;
        let done = deliver(&settings(&server, "none", json!({}))).await;
        if answer.starts_with('2') {
            // Second digits beyond 5 do not exist in SMTP.
            assert_failed(&done, Step::Reply, Symptom::NotSmtp);
            continue;
        }
        let failure = failure(&done);
        assert_eq!(failure.step, Step::Reply, "{answer}");
        assert_eq!(done.trace.reply_code, Some(answer[..3].parse().unwrap()));
        let retry = if answer.starts_with('5') {
            Retry::Never
        } else {
            Retry::Backoff
        };
        assert_eq!(failure.retry(), retry, "{answer}");
    }
}

#[tokio::test]
async fn a_connection_cut_after_the_dot_is_not_sent() {
    for act in [Act::Cut, Act::Reset] {
        let server = SmtpServer::start(Script::plain().on(At::FinalDot, act)).await;
        let done = deliver(&settings(&server, "none", json!({}))).await;
        assert_failed(&done, Step::Reply, Symptom::Closed);
        assert_eq!(failure(&done).retry(), Retry::Backoff);
        assert_eq!(server.received().len(), 1);
    }
}

#[tokio::test]
async fn a_yes_that_comes_too_early_is_not_a_yes() {
    // Whoever reads one answer per command would take the second line for the answer to the message.
    for (step, answer) in [
        (At::Data, "354 go on\n250 2.0.0 queued as EVIL"),
        (At::RcptTo, "250 2.1.5 ok\n354 go on\n250 2.0.0 queued as EVIL"),
        (At::Greeting, "220 hello\n250 evil"),
    ] {
        let server = SmtpServer::start(Script::plain().reply(step, answer)).await;
        let done = deliver(&settings(&server, "none", json!({}))).await;
        assert_eq!(failure(&done).symptom, Symptom::OutOfTurn, "{answer}");
        assert!(server.received().is_empty(), "{answer}");
    }
}

#[tokio::test]
async fn the_message_is_not_sent_unless_it_was_asked_for() {
    for answer in ["250 2.0.0 ok", "220 hm", "554 5.5.1 no valid recipients"] {
        let server = SmtpServer::start(Script::plain().reply(At::Data, answer)).await;
        let done = deliver(&settings(&server, "none", json!({}))).await;
        assert_eq!(failure(&done).step, Step::Data, "{answer}");
        assert!(
            !server.commands().iter().any(|c| c.starts_with("Subject")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn one_bad_recipient_of_three_harms_nobody_else() {
    let rule = Rule::on(At::RcptTo, Act::reply("550 5.1.1 no such user")).containing("bad@");
    let server = SmtpServer::start(Script::plain().rule(rule)).await;
    let settings = settings(&server, "none", json!({}));
    let mut sent = Vec::new();
    for to in ["a@example.net", "bad@example.net", "c@example.net"] {
        let done = deliver_to(&settings, to, Deadlines::default()).await;
        if to.starts_with("bad") {
            assert_failed(&done, Step::RcptTo, Symptom::Answer);
            assert_eq!(
                (failure(&done).class, failure(&done).retry()),
                (Class::Recipient, Retry::Never)
            );
        } else {
            assert!(done.result.is_ok(), "{:?}", done.result);
            sent.push(to.to_owned());
        }
    }
    let received: Vec<String> = server.messages().into_iter().flat_map(|m| m.recipients).collect();
    assert_eq!(received, sent);
}

#[tokio::test]
async fn a_wrong_password_is_named_and_tried_once() {
    let server = SmtpServer::start(Script::implicit().login(USER, "another one")).await;
    let done = deliver(&settings(&server, "tls", with_login())).await;
    assert_failed(&done, Step::Auth, Symptom::Answer);
    let failure = failure(&done);
    assert_eq!((failure.class, failure.retry()), (Class::Profile, Retry::Backoff));
    assert_eq!(
        failure.hint(alert::mail::Language::English).unwrap().key,
        "wrong-password"
    );
    assert_eq!(done.trace.reply_code, Some(535));
    assert_eq!(server.auth_attempts().len(), 1);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_mechanism_that_was_offered_by_mistake_is_replaced() {
    let rule = Rule::on(At::Auth, Act::reply("504 5.5.4 not that one")).containing("PLAIN");
    let server = SmtpServer::start(Script::implicit().login(USER, PASSWORD).rule(rule)).await;
    let done = deliver(&settings(&server, "tls", with_login())).await;
    assert!(done.result.is_ok(), "{:?}", done.result);
    let mechanisms: Vec<String> = server.auth_attempts().into_iter().map(|a| a.mechanism).collect();
    assert_eq!(mechanisms, ["PLAIN", "LOGIN"]);
}

#[tokio::test]
async fn refusals_at_each_step_are_sorted() {
    let table = [
        (At::Greeting, "554 no service", Step::Greeting, Class::Profile),
        (At::Greeting, "421 4.3.2 busy", Step::Greeting, Class::Transient),
        (At::Ehlo, "501 bad name", Step::Ehlo, Class::Profile),
        (At::Ehlo, "421 4.3.2 busy", Step::Ehlo, Class::Transient),
        (
            At::MailFrom,
            "553 5.7.1 not yours",
            Step::MailFrom,
            Class::Profile,
        ),
        (At::MailFrom, "451 4.3.0 later", Step::MailFrom, Class::Transient),
        (
            At::RcptTo,
            "554 5.7.1 Relay access denied",
            Step::RcptTo,
            Class::Profile,
        ),
        (At::RcptTo, "450 4.2.0 Greylisted", Step::RcptTo, Class::Transient),
        (At::RcptTo, "251", Step::RcptTo, Class::Transient),
        (At::Data, "451 4.3.0 later", Step::Data, Class::Transient),
        (
            At::FinalDot,
            "550 5.7.60 may not send as",
            Step::Reply,
            Class::Profile,
        ),
    ];
    for (at, answer, step, class) in table {
        let server = SmtpServer::start(Script::plain().reply(at, answer)).await;
        let done = deliver_to(
            &settings(&server, "none", json!({})),
            "me@example.net",
            Deadlines::default(),
        )
        .await;
        if answer == "251" {
            assert!(
                done.result.is_ok(),
                "a code without a text is a yes as well: {:?}",
                done.result
            );
            continue;
        }
        let failure = failure(&done);
        assert_eq!(
            (failure.step, failure.class),
            (step, class),
            "{answer}: {}",
            failure.what
        );
        assert_eq!(
            done.trace.reply_code,
            Some(answer[..3].parse().unwrap()),
            "{answer}"
        );
        assert!(server.messages().is_empty());
    }
}

#[tokio::test]
async fn a_message_larger_than_offered_is_not_sent() {
    let server = SmtpServer::start(Script::plain().capabilities(&["SIZE 20"])).await;
    let done = deliver(&settings(&server, "none", json!({}))).await;
    assert_failed(&done, Step::MailFrom, Symptom::TooLarge);
    assert_eq!(failure(&done).retry(), Retry::Never);
    assert!(!server.commands().iter().any(|c| c.starts_with("MAIL")));
}

#[tokio::test]
async fn letters_beyond_ascii_need_smtputf8() {
    let server = SmtpServer::start(Script::plain()).await;
    let done = deliver_to(
        &settings(&server, "none", json!({})),
        "jürgen@bücher.example",
        Deadlines::default(),
    )
    .await;
    assert!(done.result.is_ok(), "{:?}", done.result);
    let message = &server.messages()[0];
    assert_eq!(message.recipients, ["jürgen@xn--bcher-kva.example"]);
    assert!(message.parameters.contains("SMTPUTF8"), "{}", message.parameters);

    let server = SmtpServer::start(Script::plain().capabilities(&["SIZE 1000000"])).await;
    let plain = settings(&server, "none", json!({}));
    let done = deliver_to(&plain, "jürgen@example.net", Deadlines::default()).await;
    assert_failed(&done, Step::MailFrom, Symptom::Utf8Missing);
    let done = deliver_to(&plain, "j@bücher.example", Deadlines::default()).await;
    assert!(
        done.result.is_ok(),
        "a domain travels in its ASCII form: {:?}",
        done.result
    );
}

#[tokio::test]
async fn what_is_not_a_mail_server_is_named() {
    let server = SmtpServer::start(Script::plain().reply(At::Greeting, "SSH-2.0-OpenSSH_10.0")).await;
    let done = deliver_to(
        &settings(&server, "none", json!({})),
        "me@example.net",
        Deadlines::default(),
    )
    .await;
    assert_failed(&done, Step::Greeting, Symptom::NotSmtp);
    assert!(failure(&done).what.contains("SSH-2.0-OpenSSH"));
}

#[tokio::test]
async fn lines_of_blanks_in_the_answer_to_ehlo_do_no_harm() {
    let server = SmtpServer::start(Script::plain().reply(At::Ehlo, "250-\n250-   \n250-\u{a0}\n250 ")).await;
    let done = deliver(&settings(&server, "none", json!({}))).await;
    assert!(done.result.is_ok(), "{:?}", done.result);
}
