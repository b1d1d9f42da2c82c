//! Whatever a server answers.

use std::{cell::Cell, time::Duration};

use alert::mail::{Conversation, Deadlines};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::future::try_join_all;
use proptest::prelude::*;

use super::{
    in_time, plain_settings, profile,
    server::{Heard, RawServer, Saying},
    try_many,
};
use crate::scene::{PASSWORD, USER, letter_to, mailer};

/// So short that a silent server costs little; what is too slow on a busy machine fails, and that is fine here.
fn hasty() -> Deadlines {
    let moment = Duration::from_millis(200);
    Deadlines {
        dns: moment,
        connect: Duration::from_secs(1),
        tls: Duration::from_secs(1),
        greeting: moment,
        silence: Duration::from_secs(30),
        command: moment,
        final_dot: moment,
        farewell: Duration::from_millis(100),
        session: Duration::from_secs(3),
    }
}

fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    let any_bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    let code = || {
        proptest::sample::select(vec![
            "250 ", "250-", "354 ", "334 ", "220 ", "235 ", "421 ", "535-", "599 ",
        ])
    };
    let bits = prop_oneof![
        code().prop_map(|c| c.as_bytes().to_vec()),
        any_bytes(),
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\0".to_vec()),
        Just(b"\x16\x03\x01\x02\x00".to_vec()),
        Just("250-\u{a0}\r\n".as_bytes().to_vec()),
        Just(b"250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n".to_vec()),
        (code(), any_bytes()).prop_map(|(c, b)| [c.as_bytes(), &b[..], b"\r\n"].concat()),
    ];
    let overlong = prop_oneof![Just(1_100_usize), Just(70_000)]
        .prop_map(|n| [b"250 ".to_vec(), vec![b'a'; n], b"\r\n".to_vec()].concat());
    prop_oneof![
        9 => proptest::collection::vec(bits, 0..6).prop_map(|parts| parts.concat()),
        1 => overlong,
        1 => Just(b"250-and so on\r\n".repeat(6_000)),
    ]
}

fn saying() -> impl Strategy<Value = Saying> {
    let code = |codes: Vec<&'static str>| proptest::sample::select(codes);
    let answer = (
        code(vec![
            "250", "220", "354", "235", "334", "421", "451", "550", "555",
        ]),
        "\\PC{0,30}",
    );
    let answer =
        (answer, proptest::option::of(0_usize..20)).prop_map(|((code, text), split)| Saying::Bytes {
            bytes: format!("{code}-{text}\r\n{code} end\r\n").into_bytes(),
            split,
        });
    prop_oneof![
        60 => Just(Saying::Usual),
        3 => answer,
        4 => hostile_bytes().prop_map(|bytes| Saying::Bytes { bytes, split: None }),
        2 => hostile_bytes().prop_map(Saying::UsualAnd),
        1 => code(vec!["250 ", "334 ", "535 ", ""]).prop_map(Saying::Echo),
        1 => Just(Saying::Close),
    ]
}

/// Any moments, or a good conversation with one answer too many, which must not count as the next one: that is a no.
fn script() -> impl Strategy<Value = Vec<Saying>> {
    let ahead = (0_usize..12).prop_map(|before| {
        let mut script = vec![Saying::Usual; before];
        script.push(Saying::UsualAnd(b"250 2.0.0 queued as X\r\n".to_vec()));
        let bytes = b"550 5.7.1 no\r\n".to_vec();
        script.push(Saying::Bytes { bytes, split: None });
        script
    });
    prop_oneof![3 => proptest::collection::vec(saying(), 12), 1 => ahead]
}

/// Conversations at the same time: most of their time is waiting.
const SIDE_BY_SIDE: usize = 8;

#[test]
fn whatever_is_answered_it_ends_in_time_and_only_a_final_yes_counts() {
    let accepted = Cell::new(0);
    let security = proptest::sample::select(vec!["none", "starttls", "starttls", "tls"]);
    let conversations = proptest::collection::vec((security, script()), 1..=SIDE_BY_SIDE);
    try_many(48, conversations, async |conversations| {
        let all = conversations
            .into_iter()
            .map(|(security, script)| converse(security, script));
        for was_accepted in try_join_all(all).await? {
            accepted.set(accepted.get() + usize::from(was_accepted));
        }
        Ok(())
    });
    assert!(accepted.get() > 5, "{} were accepted", accepted.get());
}

/// Gives whether the message was accepted.
async fn converse(security: &str, script: Vec<Saying>) -> Result<bool, TestCaseError> {
    let server = RawServer::start(security == "tls", script).await;
    let settings = plain_settings(server.addr().port(), security);
    let (letter, mailer) = (letter_to("me@example.net"), mailer(hasty()));
    let done = in_time(hasty(), mailer.deliver(profile(&settings), &letter, &|_| ())).await?;
    let heard = server.heard();
    if done.result.is_ok() {
        let yes = |h: &Heard| h.message_ended && is_yes(&h.verdict);
        prop_assert!(
            heard.iter().any(yes),
            "accepted by nobody: {:?}\n{heard:?}",
            done.transcript
        );
    }
    if security != "none" {
        for clear in heard
            .iter()
            .map(|h| String::from_utf8_lossy(&h.clear).to_uppercase())
        {
            let word = |l: &str| ["AUTH", "MAIL", "RCPT", "DATA"].iter().any(|v| l.starts_with(v));
            prop_assert!(!clear.lines().any(word), "said without encryption: {clear:?}");
        }
    }
    assert_secret(&done)?;
    Ok(done.result.is_ok())
}

/// The verdict begins with an answer of 2xx.
fn is_yes(verdict: &[u8]) -> bool {
    verdict.starts_with(b"2") && verdict.contains(&b'\n')
}

fn assert_secret(done: &Conversation) -> Result<(), TestCaseError> {
    let all = format!("{done:?}");
    for secret in [
        PASSWORD.to_owned(),
        STANDARD.encode(PASSWORD),
        STANDARD.encode(format!("\0{USER}\0{PASSWORD}")),
    ] {
        prop_assert!(!all.contains(&secret), "the password is in {all}");
    }
    Ok(())
}
