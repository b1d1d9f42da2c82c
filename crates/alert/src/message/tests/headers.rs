//! Where a message belongs, and how to stop it.

use mail_parser::HeaderValue;

use super::*;

#[test]
fn headers_say_where_it_belongs() {
    let down = letter(&opened(), Language::English);
    let up = letter(&resolved(Some(OPENING_ID)), Language::English);
    let (down, up) = (parsed(&down), parsed(&up));
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
            .contains("Watchbell Ops <channel-1.watchbell.example.org>")
    );
    for absent in ["Precedence", "Bcc", "Cc"] {
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
        let mut desk = Desk::new(Language::English);
        desk.public_url = Url::parse(local).unwrap();
        let letter = desk.write(&opened()).unwrap();
        assert!(
            !String::from_utf8_lossy(letter.bytes()).contains("List-Unsubscribe"),
            "{local}"
        );
    }
}

#[test]
fn one_click_is_offered_where_it_is_encrypted() {
    let page = format!("https://watch.example.org/unsubscribe/{TOKEN}");
    let letter = letter(&opened(), Language::English);
    let message = parsed(&letter);
    let ways = message
        .header_raw("List-Unsubscribe")
        .unwrap()
        .split_whitespace()
        .collect::<Vec<_>>();
    assert_eq!(
        ways,
        [
            format!("<{page}>,"),
            "<mailto:ops@example.org?subject=unsubscribe>".to_owned()
        ]
    );
    assert_eq!(
        message.header_raw("List-Unsubscribe-Post").unwrap().trim(),
        "List-Unsubscribe=One-Click"
    );
    assert!(text_of(&letter).contains(&format!("\n{page}\n")) || text_of(&letter).ends_with(&page));
    assert!(html_of(&letter).contains(&format!("href=\"{page}\"")));
}

#[test]
fn over_plain_http_there_is_a_page_and_no_promise_of_one_click() {
    let mut desk = Desk::new(Language::English);
    desk.public_url = Url::parse("http://watch.lan:8380").unwrap();
    desk.settings.reply_to = None;
    let letter = desk.write(&opened()).unwrap();
    let message = parsed(&letter);
    let page = format!("<http://watch.lan:8380/unsubscribe/{TOKEN}>");
    assert_eq!(message.header_raw("List-Unsubscribe").unwrap().trim(), page);
    assert_eq!(message.header("List-Unsubscribe-Post"), None);
}

#[test]
fn each_channel_is_a_list_of_its_own() {
    for (name, expected) in [
        ("Ops", "Watchbell Ops <channel-9.watchbell.example.org>"),
        ("值班", "Watchbell channel <channel-9.watchbell.example.org>"),
        (
            "a\"<b>\r\nBcc: x",
            "Watchbell channel <channel-9.watchbell.example.org>",
        ),
    ] {
        let mut notice = opened();
        notice.channel = ChannelId(9);
        notice.channel_name = name.to_owned();
        let letter = letter(&notice, Language::English);
        assert_eq!(parsed(&letter).header_raw("List-Id").unwrap().trim(), expected);
    }
}
