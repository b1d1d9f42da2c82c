//! Whatever a server answers.

use std::{cell::Cell, time::Duration};

use alert::mail::{Batch, Conversation, Deadlines, Letter};
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
    let ahead = (0_usize..22).prop_map(|before| {
        let mut script = vec![Saying::Usual; before];
        script.push(Saying::UsualAnd(b"250 2.0.0 queued as X\r\n".to_vec()));
        let bytes = b"550 5.7.1 no\r\n".to_vec();
        script.push(Saying::Bytes { bytes, split: None });
        script
    });
    prop_oneof![3 => proptest::collection::vec(saying(), 22), 1 => ahead]
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
        for these in try_join_all(all).await? {
            accepted.set(accepted.get() + these);
        }
        Ok(())
    });
    assert!(accepted.get() > 5, "{} were accepted", accepted.get());
}

/// Letters that may share a connection.
const LETTERS: usize = 3;

/// Gives how many messages were accepted.
async fn converse(security: &str, script: Vec<Saying>) -> Result<usize, TestCaseError> {
    let server = RawServer::start(security == "tls", script).await;
    let settings = plain_settings(server.addr().port(), security);
    let (mailer, batch) = (mailer(hasty()), Batch::default());
    let mut accepted = 0;
    for number in 0..LETTERS {
        let letter = letter_to(&format!("letter-{number}@example.net"));
        let sending = mailer.deliver(&batch, profile(&settings), &letter, &|_| ());
        let done = in_time(hasty(), sending).await?;
        let heard = server.heard();
        let whole = |h: &Heard| {
            h.messages
                .clone()
                .into_iter()
                .filter(|(m, _)| m == &on_the_wire(&letter))
        };
        let copies: Vec<_> = heard.iter().flat_map(whole).collect();
        prop_assert!(copies.len() <= 1, "sent twice: {:?}\n{heard:?}", done.transcript);
        if done.result.is_ok() {
            prop_assert!(
                copies.iter().any(|(_, verdict)| is_yes(verdict)),
                "accepted by nobody: {:?}\n{heard:?}",
                done.transcript
            );
            accepted += 1;
        }
        assert_secret(&done)?;
    }
    if security != "none" {
        for clear in server
            .heard()
            .iter()
            .map(|h| String::from_utf8_lossy(&h.clear).to_uppercase())
        {
            let word = |l: &str| ["AUTH", "MAIL", "RCPT", "DATA"].iter().any(|v| l.starts_with(v));
            prop_assert!(!clear.lines().any(word), "said without encryption: {clear:?}");
        }
    }
    Ok(accepted)
}

/// With its dots doubled, and the one that ends it.
fn on_the_wire(letter: &Letter) -> Vec<u8> {
    let text = String::from_utf8_lossy(letter.bytes());
    let doubled = text.split_inclusive('\n');
    let doubled: String = doubled
        .map(|line| {
            if line.starts_with('.') {
                format!(".{line}")
            } else {
                line.to_owned()
            }
        })
        .collect();
    let end = if doubled.ends_with("\r\n") {
        ".\r\n"
    } else {
        "\r\n.\r\n"
    };
    [doubled.as_bytes(), end.as_bytes()].concat()
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
