//! Messages as they leave: golden files, read back with a parser that is not ours, and hostile input.

use std::time::Duration;

use domain::delivery::MonitorLabel;
use domain::{
    clock::Timestamp,
    delivery::{Event, Notice, Subject},
    id::{DeliveryId, IncidentId, MonitorId},
    incident::{Incident, Progress},
    mail::{Address, MailSettings},
    outcome::{Reason, ReasonKind},
};
use mail_parser::{HeaderValue, MessageParser, MimeHeaders};
use proptest::prelude::*;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::{ComposeError, Language, notice_letter, test_letter};
use crate::mail::Letter;

/// 2026-11-23 14:02:05 UTC.
const SINCE: Timestamp = Timestamp::from_millis(1_795_442_525_000);
const OPENING_ID: &str = "01939d1c-0000-7000-8000-000000000001@example.org";

fn settings() -> MailSettings {
    MailSettings::from_json(
        json!({ "host": "smtp.example.org", "port": 465, "security": "tls", "from": "watch@example.org",
                "from_name": "Watchbell", "reply_to": "ops@example.org" }),
        None,
    )
    .unwrap()
}

fn public_url() -> Url {
    Url::parse("https://watch.example.org").unwrap()
}

fn opened() -> Notice {
    Notice {
        delivery: DeliveryId(Uuid::from_u128(0x0193_9d1c_0000_7000_8000_0000_0000_0001)),
        event: Event::Opened,
        at: SINCE.plus(Duration::from_secs(5)),
        recipient: "me@example.net".to_owned(),
        channel_name: "Ops".to_owned(),
        subject: Some(Subject {
            incident: Incident {
                id: IncidentId(7),
                monitor: MonitorId(3),
                since: SINCE,
                opened_at: SINCE.plus(Duration::from_secs(5)),
                reason: Reason::new(ReasonKind::Connect, "Connection refused by 192.0.2.1:443."),
                progress: Progress::Open,
            },
            monitor: MonitorLabel {
                id: MonitorId(3),
                name: "Shop <front> & \"Co\"".to_owned(),
                kind: "http".to_owned(),
                target: "https://shop.example/health?a=1&b=2".to_owned(),
                tags: vec!["prod".to_owned()],
            },
        }),
        message_id: OPENING_ID.to_owned(),
        thread: None,
    }
}

fn resolved(thread: Option<&str>) -> Notice {
    let mut notice = opened();
    notice.event = Event::Resolved;
    notice.message_id = "01939d1c-0000-7000-8000-000000000002@example.org".to_owned();
    notice.thread = thread.map(ToOwned::to_owned);
    if let Some(subject) = &mut notice.subject {
        subject.incident.progress = Progress::Resolved {
            at: SINCE.plus(Duration::from_mins(12)),
            acknowledged: Some((SINCE.plus(Duration::from_mins(2)), "ana".to_owned())),
        };
    }
    notice
}

fn letter(notice: &Notice, language: Language) -> Letter {
    let now = SINCE.plus(Duration::from_mins(15));
    notice_letter(notice, &settings(), &public_url(), language, now).unwrap()
}

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

macro_rules! golden {
    ($name:literal, $letter:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots", omit_expression => true }, {
            insta::assert_snapshot!($name, shown(&$letter));
        });
    };
}

#[test]
fn golden_opened() {
    golden!("opened_en", letter(&opened(), Language::English));
    golden!("opened_zh", letter(&opened(), Language::SimplifiedChinese));
}

#[test]
fn golden_resolved() {
    golden!(
        "resolved_en",
        letter(&resolved(Some(OPENING_ID)), Language::English)
    );
    golden!(
        "resolved_alone_zh",
        letter(&resolved(None), Language::SimplifiedChinese)
    );
}

#[test]
fn golden_test() {
    let to = Address::parse("to", "me@example.net").unwrap();
    let id = Uuid::from_u128(0x0193_9d1c_0000_7000_8000_0000_0000_0009);
    golden!(
        "test_en",
        test_letter(&settings(), &to, Language::English, SINCE, id).unwrap()
    );
}

#[test]
fn every_event_renders_in_every_language() {
    for event in Event::ALL {
        for language in Language::ALL {
            for subject in [true, false] {
                let mut notice = opened();
                notice.event = *event;
                if !subject {
                    notice.subject = None;
                }
                let text = shown(&letter(&notice, language));
                assert!(
                    !text.contains("mail-") && !text.contains("hint-"),
                    "{event} {language:?}: {text}"
                );
            }
        }
    }
}

#[test]
fn headers_say_where_it_belongs() {
    let down = letter(&opened(), Language::English);
    let up = letter(&resolved(Some(OPENING_ID)), Language::English);
    let (down, up) = (
        MessageParser::default().parse(down.bytes()).unwrap(),
        MessageParser::default().parse(up.bytes()).unwrap(),
    );
    assert_eq!(down.message_id(), Some(OPENING_ID));
    assert_eq!(down.subject(), Some("[DOWN] Shop <front> & \"Co\""));
    assert_eq!(down.header("In-Reply-To"), None);
    assert_eq!(down.date().unwrap().to_rfc3339(), "2026-11-23T14:17:05Z");
    assert_eq!(up.subject(), Some("[UP] Shop <front> & \"Co\""));
    for name in ["In-Reply-To", "References"] {
        assert_eq!(
            up.header(name),
            Some(&HeaderValue::Text(OPENING_ID.into())),
            "{name}"
        );
    }
    for (name, value) in [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
    ] {
        assert_eq!(down.header(name).and_then(HeaderValue::as_text), Some(value));
    }
    assert!(
        down.header_raw("List-Id")
            .unwrap()
            .contains("<watchbell.example.org>")
    );
    assert!(
        down.header_raw("List-Unsubscribe")
            .unwrap()
            .contains("<https://watch.example.org/channels>")
    );
    for absent in ["List-Unsubscribe-Post", "Precedence", "Bcc", "Cc"] {
        assert_eq!(down.header(absent), None, "{absent}");
    }
}

#[test]
fn a_retry_gives_the_same_bytes_but_for_the_time() {
    let (first, second) = (
        letter(&opened(), Language::English),
        letter(&opened(), Language::English),
    );
    assert_eq!(first.bytes(), second.bytes());
}

#[test]
fn a_link_that_only_works_here_is_no_way_to_unsubscribe() {
    for local in [
        "http://127.0.0.1:8380",
        "http://localhost:8380",
        "http://[::1]:8380",
    ] {
        let url = Url::parse(local).unwrap();
        let letter = notice_letter(&opened(), &settings(), &url, Language::English, SINCE).unwrap();
        assert!(
            !String::from_utf8_lossy(letter.bytes()).contains("List-Unsubscribe"),
            "{local}"
        );
    }
}

#[test]
fn the_text_part_is_first_and_complete() {
    let letter = letter(&opened(), Language::English);
    let message = MessageParser::default().parse(letter.bytes()).unwrap();
    let kinds: Vec<_> = message
        .parts
        .iter()
        .filter_map(|p| p.content_type())
        .map(|c| c.subtype().unwrap())
        .collect();
    assert_eq!(kinds, ["alternative", "plain", "html"]);
    let text = message.body_text(0).unwrap();
    for needed in [
        "Shop <front> & \"Co\" is down",
        "https://shop.example/health?a=1&b=2",
        "2026-11-23 14:02:05 UTC (15 minutes ago)",
        "Connection refused by 192.0.2.1:443.",
        "https://watch.example.org/incidents/7",
        "me@example.net gets this",
        "channel \"Ops\"",
        "https://watch.example.org/channels",
    ] {
        assert!(text.contains(needed), "{needed}: {text}");
    }
    assert!(
        letter.bytes().split(|b| *b == b'\n').all(|line| line.len() < 200),
        "long lines"
    );
    assert!(
        letter.bytes().len() < 100 * 1024,
        "larger than what mail programs show"
    );
}

#[test]
fn html_is_escaped_and_loads_nothing() {
    let mut notice = opened();
    if let Some(subject) = &mut notice.subject {
        subject.monitor.name = "<img src=https://evil.example/x>".to_owned();
        subject.incident.reason.detail = "</td><script>alert(1)</script>".to_owned();
    }
    let letter = letter(&notice, Language::English);
    let message = MessageParser::default().parse(letter.bytes()).unwrap();
    let html = message.body_html(0).unwrap();
    assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
    for external in ["src=", "url(", "@import", "<link", "javascript:"] {
        let mine = html.replace("src=https://evil", "");
        assert!(!mine.contains(external), "{external}");
    }
    for href in html.split("href=\"").skip(1) {
        assert!(href.starts_with("https://watch.example.org/"), "{href}");
    }
}

#[test]
fn a_recipient_that_is_no_address_is_refused_before_anything_is_sent() {
    for bad in [
        "",
        "nobody",
        "a@b\r\nRCPT TO:<c@d.example>",
        "a@@b.example",
        "<a@b.example>",
    ] {
        let mut notice = opened();
        notice.recipient = bad.to_owned();
        let result = notice_letter(&notice, &settings(), &public_url(), Language::English, SINCE);
        assert!(matches!(result, Err(ComposeError::Recipient)), "{bad:?}");
    }
}

#[test]
fn a_clock_that_is_far_off_does_no_harm() {
    for now in [i64::MIN, -1, 0, 253_402_300_800_000, i64::MAX] {
        let now = Timestamp::from_millis(now);
        let letter = notice_letter(&opened(), &settings(), &public_url(), Language::English, now);
        assert!(letter.is_ok());
    }
}

#[test]
fn addresses_beyond_ascii_are_left_to_the_server() {
    let mut notice = opened();
    notice.recipient = "jürgen@bücher.example".to_owned();
    let letter = letter(&notice, Language::English);
    assert_eq!(letter.to.as_str(), "jürgen@xn--bcher-kva.example");
    let raw = String::from_utf8_lossy(letter.bytes()).into_owned();
    assert!(raw.contains("\r\nTo: jürgen@xn--bcher-kva.example\r\n"), "{raw}");
}

fn hostile() -> impl Strategy<Value = String> {
    let bits = prop_oneof![
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("\n.\n".to_owned()),
        Just("\0".to_owned()),
        Just("\"".to_owned()),
        Just("=?utf-8?q?=0D=0A?=".to_owned()),
        Just("Bcc: x@evil.example".to_owned()),
        Just("{{ 7*7 }}{% raw %}".to_owned()),
        Just("{ $n }".to_owned()),
        Just("\u{202e}\u{2028}".to_owned()),
        Just("商店🛒é".to_owned()),
        any::<char>().prop_map(String::from),
        "[ -~]{0,40}",
    ];
    proptest::collection::vec(bits, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_recipient_breaks_a_message(local in "\\PC{1,20}", domain in "\\PC{1,20}", whole in hostile()) {
        for recipient in [format!("{local}@{domain}.example"), format!("{local}@example.org"), whole] {
            let mut notice = opened();
            notice.recipient = recipient;
            if let Ok(letter) = notice_letter(&notice, &settings(), &public_url(), Language::English, SINCE) {
                let raw = String::from_utf8_lossy(letter.bytes());
                let (head, _) = raw.split_once("\r\n\r\n").unwrap();
                prop_assert_eq!(head.matches("\r\nTo: ").count(), 1);
                prop_assert_eq!(head.matches("\r\nSubject: ").count(), 1);
            }
        }
    }

    #[test]
    fn no_input_breaks_a_message(
        name in hostile(), reason in hostile(), target in hostile(), channel in hostile(),
        tag in hostile(), id in hostile(), by in hostile(), from_name in hostile(),
    ) {
        let mut settings = settings();
        settings.from_name = Some(from_name);
        let mut notice = resolved(Some(&id));
        notice.channel_name = channel;
        notice.message_id = id;
        if let Some(subject) = &mut notice.subject {
            subject.monitor.name = name;
            subject.monitor.target = target;
            subject.monitor.tags = vec![tag];
            subject.incident.reason.detail = reason;
            subject.incident.progress = Progress::Acknowledged { at: SINCE, by };
        }
        let letter = notice_letter(&notice, &settings, &public_url(), Language::English, SINCE).unwrap();
        let raw = std::str::from_utf8(letter.bytes()).unwrap();
        prop_assert!(raw.is_ascii());
        let (head, _) = raw.split_once("\r\n\r\n").unwrap();
        let allowed = ["From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Id",
            "Reply-To", "In-Reply-To", "References", "List-Unsubscribe", "MIME-Version", "Content-Type"];
        for line in head.split("\r\n").filter(|l| !l.starts_with([' ', '\t'])) {
            let header = line.split(':').next().unwrap();
            prop_assert!(allowed.contains(&header), "{}", line);
            prop_assert!(line.len() < 998);
        }
        let message = MessageParser::default().parse(letter.bytes()).unwrap();
        prop_assert_eq!(message.parts.len(), 3);
        prop_assert_eq!(message.to().unwrap().first().unwrap().address(), Some("me@example.net"));
        prop_assert_eq!(message.from().unwrap().first().unwrap().address(), Some("watch@example.org"));
    }
}
