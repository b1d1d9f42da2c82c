//! Messages as they leave, read back with a parser that is not ours.
//!
//! Each golden file holds the headers as they travel and both parts decoded; beside it every field is held against what
//! went in. The parts are also left in `target/mail-samples`, for people to look at.

use domain::{delivery::Event, mail::Address};
use mail_parser::HeaderValue;

use super::*;
use crate::message::{Occasion, test_letter};

/// Headers as they travel, and both parts decoded: what a reader of the golden file wants to see.
fn shown(letter: &Letter) -> String {
    let message = MessageParser::default().parse(letter.bytes()).unwrap();
    let raw = String::from_utf8_lossy(letter.bytes());
    let (head, _) = raw.split_once("\r\n\r\n").unwrap();
    format!(
        "{}\n\n=== text ===\n{}\n=== html ===\n{}",
        head.replace("\r\n", "\n"),
        message.body_text(0).unwrap().replace("\r\n", "\n"),
        message.body_html(0).unwrap().replace("\r\n", "\n"),
    )
}

/// What a message must say in its headers.
struct Expected<'a> {
    subject: &'a str,
    id: &'a str,
    answers: Option<&'a str>,
    list: &'a str,
    unsubscribe: bool,
}

fn golden(name: &str, letter: &Letter, expected: &Expected<'_>) {
    let message = parsed(letter);
    let one = |address: Option<&mail_parser::Address<'_>>| {
        let first = address.unwrap().first().unwrap();
        (
            first.name().map(str::to_owned),
            first.address().unwrap().to_owned(),
        )
    };
    assert_eq!(
        one(message.from()),
        (Some("Watchbell".to_owned()), "watch@example.org".to_owned()),
        "{name}"
    );
    assert_eq!(one(message.to()), (None, "me@example.net".to_owned()), "{name}");
    assert_eq!(
        one(message.reply_to()),
        (None, "ops@example.org".to_owned()),
        "{name}"
    );
    assert_eq!(
        message.date().unwrap().to_timestamp(),
        SINCE.as_seconds() + 15 * 60,
        "{name}"
    );
    assert_eq!(message.subject(), Some(expected.subject), "{name}");
    assert_eq!(message.message_id(), Some(expected.id), "{name}");
    for header in ["In-Reply-To", "References"] {
        let value = message.header(header).and_then(HeaderValue::as_text);
        assert_eq!(value, expected.answers, "{name} {header}");
    }
    let raw = |header: &'static str| message.header_raw(header).map(str::trim);
    assert_eq!(raw("Auto-Submitted"), Some("auto-generated"), "{name}");
    assert_eq!(raw("X-Auto-Response-Suppress"), Some("All"), "{name}");
    assert_eq!(raw("List-Id"), Some(expected.list), "{name}");
    assert_eq!(raw("List-Unsubscribe").is_some(), expected.unsubscribe, "{name}");
    assert_eq!(
        raw("List-Unsubscribe-Post"),
        expected.unsubscribe.then_some("List-Unsubscribe=One-Click"),
        "{name}"
    );
    assert_eq!(
        (
            message.text_body_count(),
            message.html_body_count(),
            message.attachment_count()
        ),
        (1, 1, 0),
        "{name}"
    );
    keep(name, letter);
}

pub(super) fn keep(name: &str, letter: &Letter) {
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "../snapshots", omit_expression => true }, {
        insta::assert_snapshot!(name, shown(letter));
    });
    sample(name, letter);
}

/// For people to look at.
fn sample(name: &str, letter: &Letter) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/mail-samples");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.html")), html_of(letter)).unwrap();
    std::fs::write(folder.join(format!("{name}.txt")), text_of(letter)).unwrap();
}

const LIST: &str = "Watchbell Ops <channel-1.watchbell.example.org>";
const UP_ID: &str = "01939d1c-0000-7000-8000-000000000002@example.org";

#[test]
fn golden_opened() {
    for (name, language) in [
        ("opened_en", Language::English),
        ("opened_zh", Language::SimplifiedChinese),
    ] {
        let expected = Expected {
            subject: "[DOWN] Shop <front> & \"Co\"",
            id: OPENING_ID,
            answers: None,
            list: LIST,
            unsubscribe: true,
        };
        golden(name, &letter(&opened(), language), &expected);
    }
}

#[test]
fn golden_resolved() {
    let expected = |answers| Expected {
        subject: "[UP] Shop <front> & \"Co\"",
        id: UP_ID,
        answers,
        list: LIST,
        unsubscribe: true,
    };
    let follow_up = letter(&resolved(Some(OPENING_ID)), Language::English);
    golden("resolved_en", &follow_up, &expected(Some(OPENING_ID)));
    let alone = letter(&resolved(None), Language::SimplifiedChinese);
    golden("resolved_alone_zh", &alone, &expected(None));
}

#[test]
fn golden_in_a_conversation() {
    let mut desk = Desk::new(Language::English).worded(json!({
        "subject_style": "thread", "note": "Runbook:\nhttps://wiki.example/{{kind}}",
    }));
    desk.reader.zone = Tz::Europe__Berlin;
    let mut notice = opened();
    (notice.event, notice.thread) = (Event::Reminder, Some(OPENING_ID.to_owned()));
    notice.message_id = UP_ID.to_owned();
    let expected = Expected {
        subject: "Re: Incident #7: Shop <front> & \"Co\"",
        id: UP_ID,
        answers: Some(OPENING_ID),
        list: LIST,
        unsubscribe: true,
    };
    golden("reminder_thread_en", &desk.write(&notice).unwrap(), &expected);
}

#[test]
fn golden_slow_and_fast_again() {
    let mut notice = resolved(Some(OPENING_ID));
    let subject = notice.subject.as_mut().unwrap();
    subject.incident.kind = domain::incident::IncidentKind::Degraded;
    subject.incident.reason = Reason::new(ReasonKind::Slow, "The check took 1.24 s, more than 800 ms.");
    let expected = Expected {
        subject: "[OK] Shop <front> & \"Co\"",
        id: UP_ID,
        answers: Some(OPENING_ID),
        list: LIST,
        unsubscribe: true,
    };
    golden("degraded_over_en", &letter(&notice, Language::English), &expected);
}

/// Nobody reads "down" where nothing is known.
#[test]
fn golden_no_data() {
    let mut notice = opened();
    let subject = notice.subject.as_mut().unwrap();
    subject.incident.kind = domain::incident::IncidentKind::NoData;
    subject.incident.reason = Reason::new(
        ReasonKind::NoData,
        "ICMP needs a privilege that Watchbell does not have.",
    );
    let expected = Expected {
        subject: "[NO DATA] Shop <front> & \"Co\"",
        id: OPENING_ID,
        answers: None,
        list: LIST,
        unsubscribe: true,
    };
    golden("no_data_en", &letter(&notice, Language::English), &expected);
}

#[test]
fn golden_certificate() {
    let mut notice = opened();
    let subject = notice.subject.as_mut().unwrap();
    subject.incident.kind = domain::incident::IncidentKind::Certificate;
    subject.monitor.name = "网上商店".to_owned();
    subject.incident.reason = Reason::new(ReasonKind::Tls, "证书将于 2026-12-01 到期（还剩 8 天）。");
    subject.checks.truncate(2);
    let expected = Expected {
        subject: "[CERT] 网上商店",
        id: OPENING_ID,
        answers: None,
        list: LIST,
        unsubscribe: true,
    };
    golden(
        "certificate_zh",
        &letter(&notice, Language::SimplifiedChinese),
        &expected,
    );
}

#[test]
fn golden_hostile() {
    let mut notice = opened();
    let subject = notice.subject.as_mut().unwrap();
    subject.monitor.name = format!(
        "<b>Shop</b>\r\nBcc: x@evil.example {}",
        "eu-west-1-production-".repeat(20)
    );
    subject.monitor.target = format!("https://shop.example/{}", "a".repeat(300));
    subject.incident.reason.detail =
        "The certificate names \u{202e}elpmaxe.live\u{202c} <script>alert(1)</script>, several words follow so that the line is long.".to_owned();
    let mut settings = Desk::new(Language::English);
    settings.settings.from_name = Some("Watchbell".to_owned());
    let letter = settings.write(&notice).unwrap();
    let subject = parsed(&letter).subject().unwrap().to_owned();
    assert!(
        subject.starts_with("[DOWN] <b>Shop</b>  Bcc: x@evil.example eu-west-1"),
        "{subject}"
    );
    let expected = Expected {
        subject: &subject,
        id: OPENING_ID,
        answers: None,
        list: LIST,
        unsubscribe: true,
    };
    golden("hostile_en", &letter, &expected);
}

/// What travels together where the server takes no more: names, answers and an outage that is over.
fn together(count: u64) -> Notice {
    let one = |n: u64| {
        let mut notice = if n % 3 == 2 { resolved(None) } else { opened() };
        let subject = notice.subject.as_mut().unwrap();
        subject.incident.id = IncidentId(n as i64);
        subject.incident.since = SINCE.minus(Duration::from_mins(n));
        subject.monitor.name = match n % 3 {
            0 => format!("<b>Shop {n}</b>\r\nBcc: x@evil.example"),
            1 => format!("网上商店 {n} \u{202e}elpmaxe.live\u{202c}"),
            _ => format!("{n}-{}", "eu-west-1-production-".repeat(20)),
        };
        subject.incident.reason.detail = "</td><script>alert(1)</script>\r\n.\r\nQUIT".to_owned();
        notice
    };
    let mut all = (0..count).map(one);
    let mut first = all.next().unwrap();
    first.also = all.collect();
    first
}

#[test]
fn golden_several_in_one() {
    for (name, count, language, subject) in [
        (
            "digest_en",
            3,
            Language::English,
            "[2 DOWN, 1 UP] <b>Shop 0</b>  Bcc: x@evil.example, 网上商店 1  elpmaxe.live, 2-eu-west-1-production-eu-west…on-eu-west-1-production-eu-w…",
        ),
        (
            "digest_list_zh",
            12,
            Language::SimplifiedChinese,
            "[8 DOWN, 4 UP] <b>Shop 0</b>  Bcc: x@evil.example, 网上商店 1  elpmaxe.live, 2-eu-west-1-production-eu-west…on-eu-west-1-production-eu-w… 等，另有 9 个",
        ),
    ] {
        let expected = Expected {
            subject,
            id: OPENING_ID,
            answers: None,
            list: LIST,
            unsubscribe: true,
        };
        golden(name, &letter(&together(count), language), &expected);
    }
}

#[test]
fn golden_shared() {
    let mut notice = opened();
    let subject = notice.subject.as_mut().unwrap();
    subject.monitor.name = "<b>Shop</b>\r\nBcc: x@evil.example".to_owned();
    subject.incident.reason.detail = "</td><script>alert(1)</script>".to_owned();
    notice.shared_with = vec!["you@example.net".to_owned(), "they@example.com".to_owned()];
    let letter = letter(&notice, Language::English);
    let to: Vec<_> = parsed(&letter)
        .to()
        .unwrap()
        .iter()
        .map(|a| a.address().unwrap().to_owned())
        .collect();
    assert_eq!(to, ["me@example.net", "you@example.net", "they@example.com"]);
    let expected = Expected {
        subject: "[DOWN] <b>Shop</b>  Bcc: x@evil.example",
        id: OPENING_ID,
        answers: None,
        list: LIST,
        // One of them must not unsubscribe the others.
        unsubscribe: false,
    };
    golden("shared_en", &letter, &expected);
}

#[test]
fn golden_test() {
    let to = Address::parse("to", "me@example.net").unwrap();
    let id = Uuid::from_u128(0x0193_9d1c_0000_7000_8000_0000_0000_0009);
    let reader = Desk::new(Language::English).reader;
    let expected = Expected {
        subject: "[TEST] Watchbell mail settings",
        id: "01939d1c-0000-7000-8000-000000000009@example.org",
        answers: None,
        list: "Watchbell <watchbell.example.org>",
        unsubscribe: false,
    };
    golden(
        "test_en",
        &test_letter(&settings(), &to, reader, id, Occasion::Test).unwrap(),
        &expected,
    );
    let mut notice = opened();
    (notice.event, notice.subject) = (Event::Test, None);
    let expected = Expected {
        subject: "[TEST] Ops",
        id: OPENING_ID,
        list: LIST,
        unsubscribe: true,
        ..expected
    };
    golden("channel_test_en", &letter(&notice, Language::English), &expected);
}
